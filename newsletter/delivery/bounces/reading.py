"""From the octets of a mail in the bounce mailbox to what it says.

A complaint (RFC 5965) and a delivery report (RFC 3464) speak for themselves. Prose counts only where a mail daemon
wrote it: a person's automatic reply may well say that a mailbox "does not exist any more". `Auto-Submitted` is no help,
since a third of all bounces carry it.
"""

import logging
import re
from collections.abc import Iterable
from email import message_from_bytes
from email.message import Message

from flufl.bounce import all_failures

from newsletter.delivery.bounces.model import Kind, Returned
from newsletter.delivery.bounces.parts import Fields, Parts, addresses, field, take_apart
from newsletter.delivery.bounces.words import fault_of_status, fault_of_words, without_addresses
from newsletter.mail import Fault

LARGEST, LONGEST_LINE, MOST_LINES = 200_000, 998, 3_000
"""How much of a mail is looked at: octets of all of it and of a line, and lines."""

LONGEST_TEXT = 300
_DAEMON = re.compile(
    r"mailer[-_.]?daemon|poo?st[-_.]?master|mail[-_.]?(?:delivery|administrator)|mdaemon|^<>$|system administrator"
    r"|delivery (?:sub)?system|antivirus|mail system",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"undeliver|returned mail|mail(?: message)? (?:delivery|system) (?:fail|error|warning)|failure notice"
    r"|(?:delivery|message) (?:has )?(?:fail|status|report)|failed (?:mail|delivery)|mail (?:delivery )?failed"
    r"|not (?:been )?delivered|non remis|non recapitabile|delivery failure|mail failure|automatically rejected",
    re.IGNORECASE,
)
_DELAYED = re.compile(
    r"(?:not yet been|has been (?:delayed|postponed)|still being retried|warning message only|will be retried"
    r"|could not send message for past|attempts will (?:continue|be made)|message delayed|just a warning"
    r"|continue to (?:try|attempt)|delivery attempts will continue|delayed \d+ hours)",
    re.IGNORECASE,
)
_AUTOMATIC = re.compile(
    r"^(?:auto(?:matic)?[- ]?(?:reply|response|svar)|out of (?:the )?office|away |abwesen)", re.IGNORECASE
)
_STATUS = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])", re.ASCII)
_CODE = re.compile(r"(?<![\d.])([45]\d\d)[ -]", re.ASCII)
_LISTED = re.compile(
    r"^(?:recipient:|to:)?[ \t*<\"]*([^\s<>\"]+@[^\s<>\":]+)[>\"]?(?::|\s|\.\.\.)", re.MULTILINE | re.IGNORECASE
)
_AFTER_DATA = re.compile(r"end of data|reply to (?:final )?data", re.IGNORECASE)
_LATER, _NEVER = ("delayed",), ("failed", "fail", "error", "failure")
_NO_COMPLAINT = ("auth-failure", "not-spam", "dmarc")

# The library writes the whole of a mail that it can't read into its log.
logging.getLogger("flufl.bounce").disabled = True


def read(raw: bytes) -> Returned:
    """What a mail says; `Kind.UNKNOWN` where that can't be told, and never an exception."""
    try:
        mail = message_from_bytes(_bounded(raw))
        parts = take_apart(mail)
    except RecursionError:
        return Returned(Kind.UNKNOWN)
    kind, fault, found, status, words = _verdict(mail, parts)
    return Returned(
        kind=kind,
        fault=fault,
        recipients=tuple(address for address in found if address.isprintable()),
        status=status,
        text=_told(words),
        to=_came_to(mail),
        about=_about(parts),
        message_id=parts.headers.get("message-id", "").strip("<> "),
        original_id=field(parts.original, "message-id").strip("<> "),
        unsubscribe=field(parts.original, "list-unsubscribe"),
    )


def _bounded(raw: bytes) -> bytes:
    """The beginning of a mail, no line longer than RFC 5322 2.1.1 allows; a bounce says what it says there."""
    return b"\n".join(line[:LONGEST_LINE] for line in raw[:LARGEST].splitlines()[:MOST_LINES])


Verdict = tuple[Kind, Fault, tuple[str, ...], str, str]


def _verdict(mail: Message, parts: Parts) -> Verdict:
    if parts.feedback:
        return _complaint(parts)
    acted = [block for block in parts.blocks if block.get("action")]
    if acted:
        return _report(parts, acted)
    if _is_a_daemons(parts.headers):
        return _prose(mail, parts)
    kind = Kind.NOTHING if _is_automatic(parts.headers) else Kind.UNKNOWN
    return kind, Fault.NONE, (), "", ""


def _complaint(parts: Parts) -> Verdict:
    kind = parts.feedback.get("feedback-type", "").lower()
    if kind in _NO_COMPLAINT or not kind:
        return Kind.NOTHING, Fault.NONE, (), "", kind
    named = parts.feedback.get("original-rcpt-to") or parts.feedback.get("removal-recipient") or ""
    recipients = addresses(named) or addresses(field(parts.original, "to"))
    return Kind.COMPLAINT, Fault.NONE, recipients, "", kind


def _report(parts: Parts, blocks: list[Fields]) -> Verdict:
    """What a delivery report says: the failures in it, else the delays, else nothing to be done."""
    failed = [block for block in blocks if block["action"].lower().startswith(_NEVER)]
    delayed = [block for block in blocks if block["action"].lower().startswith(_LATER)]
    if not failed and not delayed:
        return Kind.NOTHING, Fault.NONE, (), "", blocks[0]["action"]
    chosen = failed or delayed
    said = " ".join(block.get("diagnostic-code", "") for block in chosen).strip()
    status = _status_of(said) or next((s for block in chosen if (s := _status_of(block.get("status", "")))), "")
    recipients = tuple(dict.fromkeys(a for block in chosen for a in _recipient(block)))
    fault = _fault(said, parts.prose, status)
    kind = Kind.DELAYED if not failed else _kind(fault, status, f"{said}\n{parts.prose}")
    return kind, fault, recipients, status, said or _near(parts.prose, recipients)


def _prose(mail: Message, parts: Parts) -> Verdict:
    later, never = _failures(mail, parts.prose)
    named = addresses(parts.headers.get("x-failed-recipients", "")) or never or later
    recipients = named or _on_its_own(parts.prose) or addresses(field(parts.original, "to"))[:1]
    said = _near(parts.prose, recipients)
    status = _status_of(said)
    subject = parts.headers.get("subject", "")
    if (later and not never) or _DELAYED.search(f"{subject}\n{parts.prose}"):
        return Kind.DELAYED, _fault(said, "", status), recipients, status, said
    fault = _fault(said, parts.prose, status)
    if not named and not _FAILED.search(subject) and fault is Fault.NONE:
        return Kind.UNKNOWN, Fault.NONE, (), "", ""
    return _kind(fault, status, said), fault, recipients, status, said


def _fault(said: str, prose: str, status: str) -> Fault:
    """The server's own words, then its status, then what its daemon tells people."""
    return fault_of_words(said) or fault_of_status(status) or fault_of_words(prose)


def _kind(fault: Fault, status: str, said: str) -> Kind:
    """`hard` only where a mailbox is missing for good: not where a 4yz ran out of time, nor where it is there after
    all, since its state is told (X.2.z) or the whole mail was taken in before a filter called its owner unknown.
    """
    code = _CODE.search(said)
    temporary = status.startswith("4") or (not status and code is not None and code[1].startswith("4"))
    there = status.startswith("5.2.") or _AFTER_DATA.search(said)
    return Kind.SOFT if temporary or there or fault is not Fault.READER else Kind.HARD


def _failures(mail: Message, prose: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Whom the library finds delayed and failed; nobody where it stumbles over the mail."""
    try:
        later, never = all_failures(mail)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, AssertionError, RecursionError):
        return (), ()
    return _named(later, prose), _named(never, prose)


def _named(found: Iterable[bytes], prose: str) -> tuple[str, ...]:
    """Addresses as text; those that the server's own words name, where there are such."""
    names = sorted(address.decode("ascii", "replace").removeprefix("mailto:") for address in found)
    return tuple(name for name in names if name.lower() in prose.lower()) or tuple(names)


def _recipient(block: Fields) -> tuple[str, ...]:
    for name in ("original-recipient", "final-recipient", "x-actual-recipient"):
        found = addresses(block.get(name, "").partition(";")[2] or block.get(name, ""))
        if found:
            return found[:1]
    return ()


def _on_its_own(prose: str) -> tuple[str, ...]:
    """The first address that begins a line, as daemons list those that failed."""
    found = _LISTED.search(prose)
    return (found[1],) if found else ()


def _near(prose: str, recipients: tuple[str, ...]) -> str:
    """What is said from the first recipient on, which is where servers quote each other."""
    place = min((at for r in recipients if (at := prose.lower().find(r.lower())) >= 0), default=0)
    return prose[max(0, place - 60) :][:1_500]


def _status_of(text: str) -> str:
    found = _STATUS.search(text)
    return found[1] if found else ""


def _is_a_daemons(headers: Fields) -> bool:
    sender = headers.get("from", "")
    return bool(_DAEMON.search(sender) or _FAILED.search(headers.get("subject", "")))


def _is_automatic(headers: Fields) -> bool:
    """An automatic reply (RFC 3834), by what it says of itself."""
    return (
        headers.get("auto-submitted", "").lower().startswith("auto-replied")
        or "x-autoreply" in headers
        or "x-autorespond" in headers
        or headers.get("precedence", "").lower() == "auto_reply"
        or _AUTOMATIC.search(headers.get("subject", "")) is not None
    )


def _came_to(mail: Message) -> tuple[str, ...]:
    names = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to", "cc")
    return addresses(" ".join(str(value) for name in names for value in mail.get_all(name, [])))


def _about(parts: Parts) -> tuple[str, ...]:
    said = [*parts.feedback.values(), *(v for block in parts.blocks for v in block.values()), parts.original]
    return addresses("\n".join(said))


def _told(words: str) -> str:
    return without_addresses(words[:2_000])[:LONGEST_TEXT]
