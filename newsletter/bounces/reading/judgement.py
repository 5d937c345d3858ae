"""Whether a refusal proves that a mailbox does not exist.

Only that ends a subscription at once, so it takes a reason to believe the words "no such user":

- The refusal is permanent (5yz, RFC 5321 4.2.1), and answers the recipient, not the connection or the sender.
  Filters that refuse a whole message often call the recipient unknown.
- The words name a missing mailbox or domain. With a status of a bad destination (RFC 3463 3.2) or a refused RCPT, a
  bare "rejected" or "mailbox unavailable" is enough. A reply that another server quotes without naming the command or a
  status that says more than X.0.0 proves nothing: it may have answered the message.
- A refusal of the message counts if words and status agree. Sendmail prints the reply to a pipelined RCPT below DATA,
  and servers that speak LMTP answer for each recipient after the message (RFC 2033 4.2).
- A missing domain counts in the words of the server that wrote the report, since it looked the domain up. In the
  reply of another server, "unknown host" may mean the sender's.
- A status that describes a mailbox that exists (X.2.z), the sender (X.1.7, X.1.8) or a policy (X.7.z) contradicts such
  words. X.7.27 is a null MX of the sender's domain (RFC 7505 4.2).
- Of the statuses about addresses (X.1.z), only those that the registry (RFC 5248) or a service has for a missing
  recipient count: X.1.5 and X.1.9 are for successes, X.1.7 and X.1.8 are about the sender.
- What a service documents as "no such mailbox" counts whatever its status.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from newsletter.bounces.reading.model import BounceKind
from newsletter.bounces.reading.rules import Cause
from newsletter.domain.outcome import Fault

_BEFORE = (
    r"(?:(?:reply|response|answer) to (?:the )?|server for |5\d\d |after (?:pipelined |sending )?|during |>>> ?|smtp:"
    r"|smtp command\s{1,4}|\[)"
)
_STAGE = re.compile(
    rf"(?P<recipient>{_BEFORE}rcpt\b|\[rcpt_to\]|\brcpt to (?:command|generated|failed|was rejected)"
    r"|(?:does|did) not like recipient|\(state 1[34]\)|recipients? (?:was|were) rejected by"
    r"|server has rejected address)"
    rf"|(?P<message>{_BEFORE}(?:(?:end of |final )?data\b|body\b)|end of data|after i sent the message"
    r"|\(state 1[5678]\))"
    rf"|{_BEFORE}(?:mail\b|mail_from|initial connection|(?:ehlo|helo|starttls|auth)\b)"
    r"|(?:does|did) not like sender|sender was rejected|greeting failed|\(state (?:[89]|1[12])\)",
    re.IGNORECASE,
)

_POSTFIX_OF_RECIPIENT = re.compile("recipient address rejected", re.IGNORECASE)
"""Postfix words its refusals of RCPT so (smtpd(8))."""
_NONE_LEFT = re.compile(r"^<<< (?:503|5\d\d[^\n]{0,40}no valid recipients)", re.IGNORECASE | re.MULTILINE)

_CODE = re.compile(r"(?<![\d.])([45]\d\d)[ -]", re.ASCII)
_QUOTED = re.compile(r"(?<![\d.])5\d\d(?![\d.])", re.ASCII)
_BAD_DESTINATION = re.compile(r"5\.(?:1\.(?:[012346]|10|351)|4\.(?:[14]|310))", re.ASCII)
_CONTRADICTING = re.compile(r"5\.(?:[27]\.|1\.[78]\b)", re.ASCII)
_SPECIFIC = re.compile(r"5\.[1-9]\.", re.ASCII)
_EXPLICIT = (Cause.NO_MAILBOX, Cause.CLOSED, Cause.NO_DOMAIN)
_MAILBOX_UNAVAILABLE = re.compile(
    r"550\b.{0,40}requested action not taken: mailbox unavailable", re.IGNORECASE | re.DOTALL
)


class Stage(StrEnum):
    """What was refused, by the SMTP command as reports name it (RFC 5321 4.3.2); NOT_SAID if they don't.

    A server that refuses RCPT speaks about the recipient. One that refuses MAIL has not looked at the recipient yet,
    and one that refuses DATA has accepted the recipient before: filters often answer "user unknown" to a whole message.
    """

    RECIPIENT = "recipient"
    MESSAGE = "message"
    SENDER = "sender"
    NOT_SAID = ""


@dataclass(frozen=True, slots=True)
class RefusedDelivery:
    """A refusal of one recipient: its fault, the cause that its words name, its status, the reply, and the command."""

    fault: Fault
    cause: Cause
    status: str
    reply: str
    stage: Stage

    @property
    def temporary(self) -> bool:
        """Whether the server may accept the message later; the status counts more than the code."""
        code = _CODE.search(self.reply)
        return self.status.startswith("4") or (not self.status and code is not None and code[1].startswith("4"))


def stage_of(text: str) -> Stage:
    """Return which command the first refusal in a report answered.

    Sendmail pipelines RCPT and DATA, and lists the reply to RCPT below DATA. The reply to DATA then says that there is
    no recipient.
    """
    match = _STAGE.search(text)
    if not match:
        return Stage.RECIPIENT if _POSTFIX_OF_RECIPIENT.search(text) else Stage.NOT_SAID
    if match["recipient"] or _NONE_LEFT.search(text):
        return Stage.RECIPIENT
    return Stage.MESSAGE if match["message"] else Stage.SENDER


def kind_of(refusal: RefusedDelivery, *, confirmed: bool = False) -> BounceKind:
    """Return `hard` if the refusal proves that the mailbox or its domain is missing for good, else `soft`.

    `confirmed`: the sending service has judged the same.
    """
    if refusal.fault is not Fault.RECIPIENT or refusal.temporary or refusal.stage is Stage.SENDER:
        return BounceKind.SOFT
    if refusal.cause is Cause.DOCUMENTED:
        return BounceKind.HARD
    if _CONTRADICTING.match(refusal.status):
        return BounceKind.SOFT
    return BounceKind.HARD if confirmed or _is_proven(refusal) else BounceKind.SOFT


def _is_proven(refusal: RefusedDelivery) -> bool:
    bad_destination = _BAD_DESTINATION.fullmatch(refusal.status) is not None
    explicit = refusal.cause in _EXPLICIT or _MAILBOX_UNAVAILABLE.search(refusal.reply) is not None
    if refusal.stage is Stage.MESSAGE:
        return bad_destination and explicit
    return (
        refusal.stage is Stage.RECIPIENT
        or bad_destination
        or not _QUOTED.search(refusal.reply)
        or (explicit and _SPECIFIC.match(refusal.status) is not None)
    )
