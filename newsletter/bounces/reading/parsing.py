"""Parsing of an email in the bounce mailbox.

A complaint (RFC 5965) and a delivery report (RFC 3464) speak for themselves. Prose counts only where a mail daemon
wrote it: a person's automatic reply may well say that a mailbox "does not exist any more". `Auto-Submitted` is no help,
since a third of all bounces carry it.
"""

import re
from collections.abc import Iterable
from email.message import Message
from typing import NamedTuple

from newsletter.bounces.reading.amazon import NOT_PERMANENT, notification
from newsletter.bounces.reading.judgement import RefusedDelivery, kind_of, stage_of
from newsletter.bounces.reading.model import BounceKind, Returned
from newsletter.bounces.reading.parts import Fields, Parts, addresses, field, take_apart
from newsletter.bounces.reading.words import cause_of_words, fault_of_status, fault_of_words, redacted_line
from newsletter.domain.outcome import Fault
from newsletter.mime.parsing import MALFORMED, parse

LARGEST, LONGEST_LINE, MOST_LINES = 200_000, 998, 3_000
"""How much of an email is looked at: octets of all of it and of a line, and lines."""

LONGEST_TEXT = 300
_STATUS_WITHIN = 20_000
_DAEMON = re.compile(
    r"mailer[-_.]?daemon|poo?st[-_.]?master|mail[-_.]?(?:delivery|administrator)|mdaemon|^<>$|system administrator"
    r"|delivery (?:sub)?system|antivirus|mail system",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"undeliver|returned mail|mail(?: message)? (?:delivery|system) (?:fail|error|warning)|failure notice"
    r"|(?:delivery|message) (?:has )?(?:fail|status|report)|failed (?:mail|delivery)|mail (?:delivery )?failed"
    r"|not (?:been )?delivered|non remis|non recapitabile|delivery failure|mail failure|automatically rejected"
    r"|unzustellbar|zustellfehler|nicht zugestellt|kan ikke leveres|ikke levert|no se puede entregar|no entregado"
    r"|n[aã]o (?:foi )?entreg|onbestelbaar|недоставлен|не доставлен|配信不能|配信できません",
    re.IGNORECASE,
)
"""Subjects of failed deliveries; in other languages, those of Exchange and Domino."""

_PASSED_ON = re.compile(r"^(?:re|fwd?|sv|vs|vb|aw|wg|tr|rv|enc|antw)\s?:", re.IGNORECASE)
"""Prefixes of replies and forwarded messages, which people write."""

_CONFIRM = re.compile(
    r"confirm (?:your|this|the) (?:message|e?-?mail)\b|(?:verify|authenticate) yourself|until you (?:verify|confirm)"
    r"|challenge[/ -]response|awaits? (?:your|moderator)[^.\n]{0,20}(?:confirmation|approval)"
    r"|\bheld (?:because|until|for|pending)[^.]{0,120}(?:confirm|verif|moderat|approv|review)",
    re.IGNORECASE,
)
"""Requests to confirm a message, of TMDA, Boxbe and Spam Arrest, and Mailman's to wait for a moderator."""

_DELAYED = re.compile(
    r"(?:not yet been|has been (?:delayed|postponed)|still being retried|warning message only|will be retried"
    r"|could not send message for past|(?<!no further delivery )attempts will (?:continue|be made)|message delayed"
    r"|just a warning|continue to (?:try|attempt)|delivery attempts will continue|delayed \d+ hours)",
    re.IGNORECASE,
)
_AUTOMATIC = re.compile(
    r"^(?:auto(?:mati(?:c|sk|sches?))?[- ]?(?:reply|response|svar|antwort)|automatische antwort|out of (?:the )?office"
    r"|away |abwesen|frav[æe]r|frånvaro|r[ée]ponse automatique|absence du bureau|respuesta autom[áa]tica"
    r"|resposta autom[áa]tica|risposta automatica|автоответ|自動(?:応答|返信|回覆)|自动(?:回复|答复))",
    re.IGNORECASE,
)
_AUTOMATIC_REPORTS = ("disposition-notification", "tlsrpt")
"""Types of reports that are no bounces: read receipts (RFC 8098) and reports on TLS (RFC 8460)."""

_STATUS = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])", re.ASCII)
_LISTED = re.compile(
    r"^[ \t]*+(?:[45]\d\d[ \t]++(?:[45]\.\d\.\d[ \t]++)?|recipient:|to:|[^\n:<>@]{0,40}not be delivered to:)?"
    r"[ \t*<\"]*+([^\s<>\"@]++@[^\s<>\":]++)[>\"]?(?::|\s|\.\.\.)",
    re.MULTILINE | re.IGNORECASE,
)
_BAD_CATEGORIES = ("bad-mailbox", "bad-domain")
_NOT_DELIVERED = re.compile(
    r"\b(?:could|can|was|has)(?: not|n't)(?: been| be)? delivered to[:\s<]{1,9}\S{1,64}@", re.IGNORECASE
)
_JUNK_OF = "x-hmxmroriginalrecipient"
"""The field that Microsoft's Junk Mail Reporting Program adds to our message when it sends a complaint."""
_LATER, _NEVER = ("delayed",), ("fail", "error")
_NO_COMPLAINT = ("auth-failure", "not-spam", "dmarc")


def read(raw: bytes) -> Returned:
    """Return what an email reports; `Kind.UNKNOWN` if it isn't recognized. Never raises an exception."""
    try:
        # The beginning has the report of a bounce; long lines are cut (RFC 5322 2.1.1).
        lines = raw[:LARGEST].splitlines()[:MOST_LINES]
        mail = parse(b"\n".join(line[:LONGEST_LINE] for line in lines))
        parts = take_apart(mail)
        parts = notification(raw[:LARGEST], parts.headers) or parts
    except MALFORMED:
        return Returned(BounceKind.UNKNOWN)
    verdict = _verdict(mail, parts)
    return Returned(
        kind=verdict.kind,
        delayed=verdict.delayed,
        fault=verdict.fault,
        recipients=tuple(address for address in verdict.recipients if address.isprintable()),
        status=verdict.status,
        text=_storable(redacted_line(verdict.words[:2_000])[:LONGEST_TEXT]),
        to=_came_to(mail),
        about=_about(parts),
        senders=addresses(str(mail.get("from", "")))[:1],
        message_id=_storable(parts.headers.get("message-id", "")).strip("<> "),
        original_id=_storable(field(parts.original, "message-id")).strip("<> "),
        unsubscribe=_storable(field(parts.original, "list-unsubscribe")),
    )


def read_reply(reply: str, *, permanent: bool | None) -> tuple[BounceKind, Fault, str, str]:
    """Return kind, fault, status and text of a receiving server's reply that a provider passes on.

    `permanent` is what the provider says; None if it says nothing. Words about the sender, the content or a mailbox
    that exists count for more: providers call refused spam permanent too.
    """
    status = _status_of(reply)
    fault = fault_of_words(reply) or fault_of_status(status)
    text = redacted_line(reply[:LARGEST])[:LONGEST_TEXT]
    if permanent is False:
        return BounceKind.SOFT, Fault.MAILBOX if fault is Fault.RECIPIENT else fault, status, text
    if permanent and fault is Fault.NONE:
        return BounceKind.HARD, Fault.RECIPIENT, status, text
    refusal = RefusedDelivery(fault, cause_of_words(reply), status, reply, stage_of(reply))
    return kind_of(refusal, confirmed=bool(permanent)), fault, status, text


class _Verdict(NamedTuple):
    """What an email says; see `Returned`."""

    kind: BounceKind
    fault: Fault = Fault.NONE
    recipients: tuple[str, ...] = ()
    status: str = ""
    words: str = ""
    delayed: bool = False


def _verdict(mail: Message, parts: Parts) -> _Verdict:
    if parts.feedback:
        return _complaint(parts)
    blocks = [block for block in parts.blocks if block.get("action")]
    if blocks and not _is_passed_on(parts.headers):
        return _report(parts, blocks)
    if reported := field(parts.original, _JUNK_OF):
        return _Verdict(BounceKind.COMPLAINT, Fault.NONE, addresses(reported), "", "abuse")
    if _is_a_daemons(parts):
        return _prose(mail, parts)
    return _Verdict(BounceKind.NOTHING if _is_automatic(parts.headers) else BounceKind.UNKNOWN)


def _complaint(parts: Parts) -> _Verdict:
    kind = parts.feedback.get("feedback-type", "other").lower()
    if kind in _NO_COMPLAINT or "auth-failure" in parts.feedback:
        return _Verdict(BounceKind.NOTHING, words=kind)
    addresses_named = parts.feedback.get("original-rcpt-to") or parts.feedback.get("removal-recipient") or ""
    recipients = addresses(addresses_named) or addresses(field(parts.original, "to"))
    return _Verdict(BounceKind.COMPLAINT, Fault.NONE, recipients, "", kind)


def _report(parts: Parts, blocks: list[Fields]) -> _Verdict:
    """Return what a delivery report says: the failures in it, else the delays, else nothing to be done.

    One about several recipients is hard only if it is for each of them.
    """
    failed = [block for block in blocks if block["action"].lower().startswith(_NEVER)]
    delayed = [block for block in blocks if block["action"].lower().startswith(_LATER)]
    if not failed and not delayed:
        return _Verdict(BounceKind.NOTHING, words=blocks[0]["action"])
    chosen = failed or delayed
    recipients = tuple(dict.fromkeys(a for block in chosen for a in _recipient(block)))
    recipients = recipients or addresses(parts.headers.get("x-failed-recipients", ""))
    verdicts = [_block(block, parts, recipients) for block in chosen]
    kind, fault, status, diagnostic = next(
        (verdict for verdict in verdicts if verdict[0] is not BounceKind.HARD), verdicts[0]
    )
    words = diagnostic or _near(parts.prose, recipients)
    return _Verdict(kind if failed else BounceKind.SOFT, fault, recipients, status, words, delayed=not failed)


def _block(block: Fields, parts: Parts, recipients: tuple[str, ...]) -> tuple[BounceKind, Fault, str, str]:
    """Return what a report says about one recipient: the kind if it failed, the fault, the status and the server's
    reply.
    """
    diagnostic = block.get("diagnostic-code", "")
    status = _status_of(diagnostic) or _status_of(block.get("status", ""))
    if _names_the_sender(diagnostic, parts, recipients):
        return BounceKind.SOFT, Fault.POLICY, status, diagnostic
    fault = _fault(diagnostic, parts.prose, status)
    if NOT_PERMANENT in block:
        return BounceKind.SOFT, fault, status, diagnostic
    reply = diagnostic or _near(parts.prose, recipients)
    stage = stage_of(f"{diagnostic}\n{parts.prose}")
    refusal = RefusedDelivery(fault, cause_of_words(diagnostic) or cause_of_words(parts.prose), status, reply, stage)
    category = block.get("x-powermta-bouncecategory", "").lower()
    return kind_of(refusal, confirmed=category in _BAD_CATEGORIES), fault, status, diagnostic


def _names_the_sender(reply: str, parts: Parts, recipients: tuple[str, ...]) -> bool:
    """Return whether the only addresses in a reply are the sender's: it refuses the sender, whatever its words."""
    senders = addresses(f"{field(parts.original, 'from')} {parts.headers.get('to', '')}")
    addresses_named = {address.lower() for address in addresses(reply)}
    return bool(addresses_named) and addresses_named <= {address.lower() for address in senders} - {
        recipient.lower() for recipient in recipients
    }


def _prose(mail: Message, parts: Parts) -> _Verdict:
    later, never = _failures(mail, parts.prose)
    named = addresses(parts.headers.get("x-failed-recipients", "")) or never or later
    listed = named or _on_its_own(parts.prose)
    recipients = listed or addresses(field(parts.original, "to"))[:1] or _only_address(parts)
    nearby = _near(parts.prose, recipients)
    status = _status_of(nearby)
    subject = parts.headers.get("subject", "")
    if (later and not never) or _DELAYED.search(f"{subject}\n{parts.prose}"):
        return _Verdict(BounceKind.SOFT, _fault(nearby, "", status), recipients, status, nearby, delayed=True)
    fault = _fault(nearby, parts.prose, status)
    from_daemon = _is_a_daemon(parts.headers)
    says_something = named or _FAILED.search(subject) or fault is not Fault.NONE
    if not says_something or not (from_daemon or listed or addresses(field(parts.original, "to"))):
        return _Verdict(BounceKind.UNKNOWN)
    cause = cause_of_words(nearby) or cause_of_words(parts.prose)
    return _Verdict(
        kind_of(RefusedDelivery(fault, cause, status, nearby, stage_of(nearby))), fault, recipients, status, nearby
    )


def _fault(text: str, prose: str, status: str) -> Fault:
    """Return the server's own words, then its status, then what its daemon tells people."""
    return fault_of_words(text) or fault_of_status(status) or fault_of_words(prose)


def _failures(mail: Message, prose: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the recipients that the library finds delayed and failed; none if it fails on the email."""
    from flufl.bounce import all_failures  # its 25 modules are needed once there is such an email

    try:
        later, never = all_failures(mail)
    except MALFORMED:
        return (), ()
    return _named(later, prose), _named(never, prose)


def _named(octets: Iterable[bytes], prose: str) -> tuple[str, ...]:
    """Return addresses as text: those that the server's own text names, if there are any, else all."""
    names = sorted(address.decode("ascii", "replace").removeprefix("mailto:") for address in octets)
    return tuple(name for name in names if name.lower() in prose.lower()) or tuple(names)


def _recipient(block: Fields) -> tuple[str, ...]:
    """Return the address that a block of a report is about: one with a whole domain if there is any."""
    values = (block.get(name, "") for name in ("final-recipient", "original-recipient", "x-actual-recipient"))
    recipients = [address for value in values for address in addresses(value.partition(";")[2] or value)[:1]]
    return tuple(sorted(recipients, key=lambda address: "." not in address.rpartition("@")[2])[:1])


def _on_its_own(prose: str) -> tuple[str, ...]:
    """Return the addresses that begin a line, as daemons list those that failed; at most 50."""
    names = (match[1] for match, _ in zip(_LISTED.finditer(prose), range(50), strict=False))
    return addresses("\n".join(names))


def _only_address(parts: Parts) -> tuple[str, ...]:
    """Return the address that the daemon's text names, if it names only one besides the daemon's and the sender's."""
    headers = parts.headers
    others = {a.lower() for a in addresses(f"{headers.get('from', '')} {headers.get('to', '')}")}
    candidates = {a.lower(): a for a in addresses(parts.prose) if a.lower() not in others}
    return tuple(candidates.values()) if len(candidates) == 1 else ()


def _near(prose: str, recipients: tuple[str, ...]) -> str:
    """Return the text from the first recipient on, where servers quote each other."""
    place = min((at for r in recipients if (at := prose.lower().find(r.lower())) >= 0), default=0)
    return prose[max(0, place - 60) :][:1_500]


def _status_of(text: str) -> str:
    """Return the first enhanced status with a subject (X.1 to X.7), else the first.

    A server that gives none of its own (5.0.z) often quotes the next one's after it.
    """
    codes = [match[1] for match in _STATUS.finditer(text[:_STATUS_WITHIN])]
    return next((status for status in codes if not status[1:].startswith(".0.")), codes[0] if codes else "")


def _is_a_daemons(parts: Parts) -> bool:
    """Return whether a mail system wrote a message: it says so, or the message has no return path and reports a
    failure.

    Reports have none (RFC 5321 4.5.5). Automatic replies have none either (RFC 3834 3.3), but don't name an address
    that a message could not be delivered to.
    """
    headers = parts.headers
    if _is_a_daemon(headers):
        return True
    if _is_automatic(headers) or _is_passed_on(headers) or _CONFIRM.search(parts.prose):
        return False
    no_return_path = headers.get("return-path") == "<>"
    return bool(_FAILED.search(headers.get("subject", "")) or (no_return_path and _NOT_DELIVERED.search(parts.prose)))


def _is_a_daemon(headers: Fields) -> bool:
    """Return whether the sender of a message is a mail system."""
    if _AUTOMATIC.search(headers.get("subject", "")):
        return False
    return bool(_DAEMON.search(headers.get("from", ""))) or "delivery-status" in headers.get("content-type", "")


def _is_passed_on(headers: Fields) -> bool:
    """Return whether a person replies to a message or forwards it."""
    return bool(_PASSED_ON.search(headers.get("subject", ""))) and not _is_a_daemon(headers)


def _is_automatic(headers: Fields) -> bool:
    """Return whether the headers mark it as an automatic reply (RFC 3834), as from a list, or as another report."""
    return (
        headers.get("auto-submitted", "").lower().startswith("auto-")
        or any(name in headers for name in ("x-autoreply", "x-autorespond", "list-id"))
        or headers.get("precedence", "").lower() in ("auto_reply", "bulk", "list", "junk")
        or any(kind in headers.get("content-type", "").lower() for kind in _AUTOMATIC_REPORTS)
        or _AUTOMATIC.search(headers.get("subject", "")) is not None
    )


def _came_to(mail: Message) -> tuple[str, ...]:
    names = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to", "cc")
    return addresses(" ".join(str(value) for name in names for value in mail.get_all(name, [])))


def _about(parts: Parts) -> tuple[str, ...]:
    texts = [*parts.feedback.values(), *(v for block in parts.blocks for v in block.values()), parts.original]
    return addresses("\n".join(texts))


def _storable(text: str) -> str:
    """Return a text without lone surrogates, which some codecs decode and no database stores."""
    return text.encode("utf-8", "ignore").decode()
