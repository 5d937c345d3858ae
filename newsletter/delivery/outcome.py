"""From a server's reply to the outcome of an attempt: taken, later, never; and whose fault it was.

Only "no such mailbox" is the reader's fault and may touch a subscription. What a server holds against the
sender, the connection or the mail is ours. Follows RFC 3463 where the reply has an enhanced status, else the
code, the phase and words.
"""

import re

from newsletter.delivery.reply import Reply, nameless
from newsletter.mail import Fault, Kind, Outcome, Word


class Phase(Word):
    """Which step of an SMTP session a reply answers."""

    CONNECT = "connecting"
    GREETING = "the greeting"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    DOT = "the final dot"
    LONE = "a lone dot"
    RSET = "RSET"
    QUIT = "QUIT"


_NO_SUCH_MAILBOX = re.compile(
    r"(?:user|recipient|mailbox|account|address|alias)[^.]{0,30}(?:unknown|not found|not exist|n't exist)"
    r"|(?:unknown|no such|invalid) (?:\w+ )?(?:user|recipient|mailbox|account|address|alias)|user doesn",
    re.IGNORECASE,
)
_POLICY_WORDS = re.compile(
    r"spam|block|black ?list|reputation|polic|relay|denied|authenticat|spf|dkim|dmarc|rate limit|throttl|sender",
    re.IGNORECASE,
)
_QUOTA_WORDS = re.compile(
    r"(?:daily|sending|user|message) (?:\w+ )?(?:quota|limit)|quota exceeded|throttling failure", re.IGNORECASE
)
_QUEUED = re.compile(rb"(?:queued as|\bid[ =])\s*<?([^\s<>]+)|^(?:ok:?\s+)?((?=\S*\d)[0-9A-Za-z.-]{6,80})\b", re.I)
_WAIT = re.compile(r"(?:in|after|for|wait)\s+(\d{1,6})\s*(sec|s\b|min|m\b|hour|h\b)", re.IGNORECASE)
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
REFUSED_LOGIN = (530, 534, 535, 538)
_LONGEST_WAIT = 86_400.0

# RFC 3463: the subject (second number) of a status, and the details that mean something else.
_SUBJECTS = {
    "1": Fault.READER,
    "2": Fault.MAILBOX,
    "3": Fault.CONNECTION,
    "4": Fault.CONNECTION,
    "5": Fault.POLICY,
    "6": Fault.CONTENT,
    "7": Fault.POLICY,
}
_DETAILS = {
    "1.0": Fault.MAILBOX,
    "1.4": Fault.MAILBOX,
    "1.7": Fault.POLICY,
    "1.8": Fault.POLICY,
    "2.3": Fault.CONTENT,
    "3.4": Fault.CONTENT,
    "4.1": Fault.MAILBOX,
    "4.4": Fault.READER,
    "4.5": Fault.POLICY,
    "6.7": Fault.READER,
}


def accepted(number: int, attempt: int, reply: Reply, at: float) -> Outcome:
    """The server took the mail; what it calls the mail is kept where it says so."""
    return Outcome(number, attempt, Kind.ACCEPTED, at, code=reply.code, queue_id=queue_id(reply))


def queue_id(reply: Reply) -> str:
    """What the server named the mail in its reply to the final dot, "" where it named nothing."""
    line = reply.lines[0]
    words = line[6:] if line[1:2] == b"." else line
    found = _QUEUED.search(words)
    return (found[1] or found[2] or b"").decode("ascii", "replace")[:80] if found else ""


def verdict(number: int, attempt: int, phase: Phase, reply: Reply, at: float) -> Outcome:
    """What a reply other than 2yz or 421 to MAIL, RCPT, DATA or the final dot means for this reader.

    A refused login is nothing against the reader, who gets the mail when it is mended.
    """
    kind = Kind.DEFERRED if reply.code < 500 or reply.code in REFUSED_LOGIN else Kind.REFUSED
    text, status = reply.text, reply.status
    fault = fault_of(phase, reply.code, status, text)
    wait = wait_of(text) if kind is Kind.DEFERRED else None
    return Outcome(number, attempt, kind, at, fault, reply.code, status, text, retry_after=wait)


def refused_here(number: int, attempt: int, fault: Fault, status: str, text: str, at: float) -> Outcome:
    """A refusal without asking: the mail could not go out to this reader as it is."""
    return Outcome(number, attempt, Kind.REFUSED, at, fault, 0, status, text)


def broken(number: int, attempt: int, problem: str, at: float, reply: Reply | None = None) -> Outcome:
    """Certainly not taken, and left for a later try: the connection broke, or 421 came, too often."""
    code, status = (reply.code, reply.status) if reply else (0, "")
    return Outcome(number, attempt, Kind.DEFERRED, at, Fault.CONNECTION, code, status, problem)


def unknown(number: int, attempt: int, problem: str, at: float) -> Outcome:
    """The final dot was written and no reply came: taken or not, nobody can tell."""
    return Outcome(number, attempt, Kind.UNKNOWN, at, Fault.CONNECTION, text=problem)


def without(outcome: Outcome, address: str) -> Outcome:
    """The outcome, its text naming neither the address nor what stands before the `@`: it is kept for long."""
    if not outcome.text:
        return outcome
    text = nameless(outcome.text, address)
    o = outcome
    return Outcome(o.number, o.attempt, o.kind, o.at, o.fault, o.code, o.status, text, o.queue_id, o.retry_after)


def fault_of(phase: Phase, code: int, status: str, text: str) -> Fault:
    """Whose fault a refusal or deferral is."""
    if code in (530, 535, 534, 538):
        return Fault.POLICY
    if status:
        _, subject, detail = status.split(".")
        if subject in _SUBJECTS:
            return _DETAILS.get(f"{subject}.{detail}", _SUBJECTS[subject])
    return _fault_of_words(phase, code, text)


def _fault_of_words(phase: Phase, code: int, text: str) -> Fault:
    """Without a status. What is said to MAIL is about the sender, to RCPT mostly about the mailbox."""
    if phase is Phase.MAIL or _QUOTA_WORDS.search(text):
        return Fault.POLICY
    if phase is Phase.RCPT:
        if _NO_SUCH_MAILBOX.search(text) and code >= 500:
            return Fault.READER
        return Fault.POLICY if code == 554 or _POLICY_WORDS.search(text) else Fault.MAILBOX
    if phase is Phase.DOT and code >= 500:
        return Fault.POLICY if _POLICY_WORDS.search(text) else Fault.CONTENT
    return Fault.CONNECTION


def wait_of(text: str) -> float | None:
    """The seconds that a server asks to wait ("greylisted for 300 seconds"), at most a day, or None."""
    found = _WAIT.search(text)
    return min(int(found[1]) * _UNITS[found[2][0].lower()], _LONGEST_WAIT) if found else None


def held_against_us(outcome: Outcome) -> bool:
    """A refusal that other readers' mails would meet as well: policy, content, or a quota that is used up."""
    if outcome.kind is Kind.REFUSED:
        return outcome.fault in (Fault.POLICY, Fault.CONTENT)
    return outcome.fault is Fault.POLICY and _QUOTA_WORDS.search(outcome.text) is not None


def no_such_mailbox(outcome: Outcome) -> bool:
    """The only refusal that may touch a subscription at once."""
    return outcome.kind is Kind.REFUSED and outcome.fault is Fault.READER
