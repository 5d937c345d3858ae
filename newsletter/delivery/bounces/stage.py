"""The SMTP command that a server refused, as reports name it (RFC 5321 4.3.2).

A server that refuses RCPT speaks about the recipient. One that refuses MAIL has not looked at the recipient yet, and
one that refuses DATA has accepted the recipient before: filters often answer "user unknown" to a whole message.
"""

import re
from enum import StrEnum


class Stage(StrEnum):
    """What was refused: the recipient, the message, the connection or the sender, or it isn't said."""

    RECIPIENT = "recipient"
    MESSAGE = "message"
    SENDER = "sender"
    NOT_SAID = ""


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
