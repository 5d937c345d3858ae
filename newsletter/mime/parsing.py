"""Parsing of emails that anyone may have sent, and that may be malformed."""

import re
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message
from email.parser import BytesHeaderParser

MALFORMED = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MessageError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What the standard library's email package and its codecs raise for malformed messages."""

LONGEST_FIELD = 2_000
"""Octets of a field of MIME (Content-Type, Content-Disposition) that are looked at. The parser of the standard library
takes quadratic time for their parameters: 31 seconds for 180,000 semicolons behind a quotation mark.
"""
_MIME_FIELD = re.compile(rb"(?i)(?:(?<=[\r\n])|\A)content-[a-z-]{1,40}:[^\r\n]*(?:(?:\r\n|\r|\n)[ \t][^\r\n]*)*")


def parse(raw: bytes) -> Message:
    """Parse a message; one whose structure is malformed keeps its header and has its body as text."""
    raw = _MIME_FIELD.sub(lambda match: match[0][:LONGEST_FIELD], raw)
    try:
        return message_from_bytes(raw)
    except MALFORMED:
        return BytesHeaderParser().parsebytes(raw)
