"""From a server's reply to the outcome of an attempt: accepted, deferred or refused, and what caused it.

Only "no such mailbox" is about the recipient and may change a subscription. Refusals because of the sender, the
connection or the content are not. Follows RFC 3463 if the reply has an enhanced status, otherwise the code, the phase
and the text.
"""

import re
from collections.abc import Collection, Mapping

from newsletter.delivery.reply import Reply, redact_address
from newsletter.domain.outcome import Fault, Outcome, OutcomeKind, TextEnum
from newsletter.messages import Message, Param, delivery as messages


class Phase(TextEnum):
    """The step of an SMTP session that a reply answers."""

    CONNECT = "CONNECT"
    GREETING = "GREETING"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    DOT = "DOT"
    EMPTY_DATA = "EMPTY_DATA"
    RSET = "RSET"
    QUIT = "QUIT"

    @property
    def shown(self) -> Param:
        """The step as part of a sentence: a command's name, or a message."""
        message = _STEPS.get(self)
        return message() if message else self.value


_STEPS = {
    Phase.GREETING: messages.GREETING,
    Phase.DOT: messages.FINAL_DOT,
    Phase.EMPTY_DATA: messages.EMPTY_DATA,
}

_SUCCESS: Mapping[Phase, Collection[int]] = {
    Phase.GREETING: (220,),
    Phase.EHLO: (250,),
    Phase.STARTTLS: (220,),
    Phase.AUTH: (235, 334),
    Phase.DATA: (354,),
}
_POSITIVE = range(200, 300)

_NO_SUCH_MAILBOX = re.compile(
    r"(?:user|recipient|mailbox|account|address|alias)[^.]{0,30}(?:unknown|not found|not exist|n't exist)"
    r"|(?:unknown|no such|invalid) (?:\w+ )?(?:user|recipient|mailbox|account|address|alias)|user doesn",
    re.IGNORECASE,
)
_MAILBOX_WORDS = re.compile(
    r"mail ?box|inbox|user|recipient|account|address|alias|full|storage|quota|disabled|inactive|too much", re.IGNORECASE
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
    "1": Fault.RECIPIENT,
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
    "1.5": Fault.MAILBOX,
    "1.7": Fault.POLICY,
    "1.8": Fault.POLICY,
    "1.9": Fault.MAILBOX,
    "2.3": Fault.CONTENT,
    "3.4": Fault.CONTENT,
    "4.1": Fault.MAILBOX,
    "4.4": Fault.RECIPIENT,
    "4.5": Fault.POLICY,
    "6.7": Fault.RECIPIENT,
}


def is_valid_reply(phase: Phase, code: int) -> bool:
    """Return whether a command of this phase can be answered with this code (RFC 5321 4.3.2, 3207 4, 4954 4)."""
    if phase is Phase.QUIT:
        return code in (221, 421)
    return code >= 400 or code in _SUCCESS.get(phase, _POSITIVE)


def accepted(number: int, attempt: int, reply: Reply, at: float) -> Outcome:
    """Return the outcome of an accepted message, with the server's queue id if the reply has one."""
    return Outcome(number, attempt, OutcomeKind.ACCEPTED, at, code=reply.code, queue_id=queue_id(reply))


def queue_id(reply: Reply) -> str:
    """Return the queue id in a reply to the final dot, or ""."""
    line = reply.lines[0]
    words = line[6:] if line[1:2] == b"." else line
    match = _QUEUED.search(words)
    return (match[1] or match[2] or b"").decode("ascii", "replace")[:80] if match else ""


def from_reply(number: int, attempt: int, phase: Phase, reply: Reply, at: float) -> Outcome:
    """Return the outcome of a reply other than 2yz or 421 to MAIL, RCPT, DATA or the final dot.

    A refused login is not about the recipient, whose message is sent once the login works.
    """
    kind = OutcomeKind.DEFERRED if reply.code < 500 or reply.code in REFUSED_LOGIN else OutcomeKind.REFUSED
    text, status = reply.text, reply.status
    fault = fault_of(phase, reply.code, status, text)
    wait = requested_wait(text) if kind is OutcomeKind.DEFERRED else None
    return Outcome(number, attempt, kind, at, fault, reply.code, status, text, retry_after=wait)


def refused_locally(number: int, attempt: int, fault: Fault, status: str, problem: Message, at: float) -> Outcome:
    """Return the outcome of a message that can't be sent to this recipient, for which no server was asked."""
    return Outcome(number, attempt, OutcomeKind.REFUSED, at, fault, 0, status, problem=problem)


def disconnected(number: int, attempt: int, problem: Message, at: float, reply: Reply | None = None) -> Outcome:
    """Return the outcome of a message that was not delivered because the connection broke, or 421 came, too often."""
    outcome = Outcome(number, attempt, OutcomeKind.DEFERRED, at, Fault.CONNECTION)
    if reply is None:
        return outcome._replace(problem=problem)
    return outcome._replace(code=reply.code, status=reply.status, text=reply.text)


def unknown(number: int, attempt: int, problem: Message, at: float) -> Outcome:
    """Return the outcome of a message whose final dot was written, but not replied to: it may have been accepted or
    not.
    """
    return Outcome(number, attempt, OutcomeKind.UNKNOWN, at, Fault.CONNECTION, problem=problem)


def redacted(outcome: Outcome, address: str) -> Outcome:
    """Return the outcome without the address, or the part before its `@`, in its texts, which are kept for long."""
    if outcome.problem:
        return outcome._replace(problem=outcome.problem.changed(lambda text: redact_address(text, address)))
    return outcome._replace(text=redact_address(outcome.text, address)) if outcome.text else outcome


def fault_of(phase: Phase, code: int, status: str, text: str) -> Fault:
    """Return what caused a refusal or deferral."""
    if code in REFUSED_LOGIN:
        return Fault.POLICY
    if status:
        _, subject, detail = status.split(".")
        if subject in _SUBJECTS:
            return _DETAILS.get(f"{subject}.{detail}", _SUBJECTS[subject])
    return _fault_of_words(phase, code, text)


def _fault_of_words(phase: Phase, code: int, text: str) -> Fault:
    """Return the cause without a status. Replies to MAIL are about the sender, those to RCPT about the mailbox if they
    name it.
    """
    if phase is Phase.MAIL or _QUOTA_WORDS.search(text):
        return Fault.POLICY
    if phase is Phase.RCPT:
        if _NO_SUCH_MAILBOX.search(text) and code >= 500:
            return Fault.RECIPIENT
        if code == 554 or _POLICY_WORDS.search(text):
            return Fault.POLICY
        return Fault.MAILBOX if code < 500 or _MAILBOX_WORDS.search(text) else Fault.POLICY
    if phase is Phase.DOT and code >= 500:
        return Fault.POLICY if _POLICY_WORDS.search(text) else Fault.CONTENT
    return Fault.CONNECTION


def requested_wait(text: str) -> float | None:
    """Return the seconds that a server asks to wait ("greylisted for 300 seconds"), at most a day, or None."""
    match = _WAIT.search(text)
    return min(int(match[1]) * _UNITS[match[2][0].lower()], _LONGEST_WAIT) if match else None


def counts_against_sender(outcome: Outcome) -> bool:
    """Return whether other recipients' messages would be refused as well: policy, content, a server that is not able
    to, or an exhausted quota.
    """
    if outcome.kind is OutcomeKind.REFUSED:
        return outcome.fault in (Fault.POLICY, Fault.CONTENT, Fault.CONNECTION)
    return outcome.fault is Fault.POLICY and _QUOTA_WORDS.search(outcome.text) is not None
