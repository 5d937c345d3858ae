"""A bounce taken apart: its report (RFC 3464, RFC 5965), its text, and the returned email.

Promises: whatever the octets are, there is an answer; nothing is decoded twice, and no part is read beyond `LONGEST`.
"""

import re
from binascii import a2b_base64
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.message import Message
from html import unescape

from newsletter.mime.parsing import MALFORMED

LONGEST, LONGEST_HTML = 100_000, 20_000
_ADDRESS = re.compile(r"[^\x00-\x20\x7f\s<>()\[\]\"',:;\\\ud800-\udfff]{1,128}@[A-Za-z0-9._-]*[A-Za-z0-9]")
_CUT = re.compile(
    r"^.{0,40}(?:below this line|below the next line is|copy of the message|(?:original|unsent|returned) mes?sage"
    r"(?: follows|:| ?-+|\s*$)|message headers follow|header of the original|returned mail follows"
    r"|message text follows|old message:|mensaje original|first part of the message|start of returned message"
    r"|the mail headers|including headers|includes? a copy of)",
    re.IGNORECASE | re.MULTILINE,
)
_FIRST_HEADER = re.compile(r"^(?:received|return-path|from|delivered-to|dkim-signature):", re.IGNORECASE | re.MULTILINE)
_TAG = re.compile(
    r"<(?:style|script)\b.*?(?:</(?:style|script)>|\Z)|<!--.*?(?:-->|\Z)|</?[a-z!][^<>@]*>", re.IGNORECASE | re.DOTALL
)
_IN_PROSE = re.compile(r"^final-recipient:", re.IGNORECASE | re.MULTILINE)
_FEEDBACK_IN_PROSE = re.compile(r"^feedback-type:", re.IGNORECASE | re.MULTILINE)
_COMPLAINED = re.compile(r"^(?:original-rcpt-to|removal-recipient):(.*)", re.IGNORECASE | re.MULTILINE)
_QUOTED_LINE = re.compile(r"^>(?!>> ?[A-Za-z]{4}).*$", re.MULTILINE)
_RETURNED = (
    "message/rfc822",
    "message/global",
    "message/rfc822-headers",
    "message/global-headers",
    "text/rfc822-headers",
    "text/rfc822-header",
)

Fields = dict[str, str]
"""A block of fields: names in lower case, values on one line."""


@dataclass(frozen=True, slots=True)
class Parts:
    """`blocks` are those of the delivery report, `feedback` the fields of a feedback report, {} if it is missing."""

    headers: Fields
    blocks: tuple[Fields, ...]
    feedback: Fields
    prose: str
    original: str


def take_apart(mail: Message) -> Parts:
    """Return the parts of a parsed mail."""
    blocks: list[Fields] = []
    feedback: Fields = {}
    prose, original = "", ""
    for part, kind in _leaves(mail):
        if kind in ("message/delivery-status", "message/global-delivery-status"):
            blocks += _blocks(part)
        elif kind == "message/feedback-report":
            feedback = feedback or _feedback(text_of(part))
        elif kind in _RETURNED:
            original = original or _returned(part)
        elif kind.startswith(("text/", "multipart/")) and len(prose) < LONGEST:
            prose += "\n" + _plain(text_of(part), kind)
    blocks = blocks or _blocks_in(prose)
    feedback = feedback or _feedback_in(prose)
    prose, rest = _cut(prose)
    return Parts(_headers(mail), tuple(blocks), feedback, _QUOTED_LINE.sub("", prose), original or rest)


def addresses(text: str) -> tuple[str, ...]:
    """Return what looks like addresses, in order, each once; at most 200."""
    unique = dict.fromkeys(match[0] for match, _ in zip(_ADDRESS.finditer(text[:LONGEST]), range(400), strict=False))
    return tuple(unique)[:200]


def field(text: str, name: str) -> str:
    """Return the first field of that name in a block of headers, unfolded; "" if it is missing."""
    match = re.search(rf"^{name}:[ \t]*(.*(?:\r?\n[ \t]+.*)*)", text[:LONGEST], re.IGNORECASE | re.MULTILINE)
    return " ".join(match[1].split()) if match else ""


def _leaves(mail: Message) -> Iterator[tuple[Message, str]]:
    """Parts that are to be read, with their type: nothing of what is inside a returned mail, but a `multipart` whose
    boundary never comes, which is text.
    """
    parts = [mail]
    while parts:
        part = parts.pop(0)
        kind = part.get_content_type()
        if kind.startswith("message/") or not part.is_multipart():
            yield part, kind
        else:
            parts[:0] = _nested(part)


def _nested(part: Message) -> list[Message]:
    """Return the messages or parts inside a part; getting the payload of any other part decodes it, which can raise."""
    payload = part.get_payload() if part.is_multipart() else []
    return [each for each in payload if isinstance(each, Message)] if isinstance(payload, list) else []


def _blocks(part: Message) -> list[Fields]:
    """Return the blocks of a delivery report; the parser knows only those of the first of its two types (RFC 6533
    6).
    """
    if part.get_content_type() == "message/delivery-status" and part.is_multipart() and not _encoded(part):
        return [_headers(block) for block in _nested(part)]
    return [_fields(block) for block in re.split(r"\r?\n[ \t]*\r?\n", text_of(part)) if block.strip()]


def _feedback(text: str) -> Fields:
    """Return the fields of a feedback report, with all the recipients that it names (RFC 5965 3.2 allows several)."""
    fields = _fields(text)
    recipients = addresses("\n".join(_COMPLAINED.findall(text)))
    return {**fields, "original-rcpt-to": " ".join(recipients)} if recipients else fields


def _feedback_in(prose: str) -> Fields:
    """Return a feedback report without its media type, recognized by its required fields (RFC 5965 3.1)."""
    blocks = (_feedback(block) for block in re.split(r"\r?\n[ \t]*\r?\n", prose) if _FEEDBACK_IN_PROSE.search(block))
    return next((fields for fields in blocks if "version" in fields and "user-agent" in fields), {})


def _blocks_in(prose: str) -> list[Fields]:
    """Return a report that was written into the prose, or whose boundary was lost."""
    blocks = (_fields(text) for text in re.split(r"\r?\n[ \t]*\r?\n", prose) if _IN_PROSE.search(text))
    return [block for block in blocks if "action" in block]


def _returned(part: Message) -> str:
    """Return the header of the returned email."""
    for mail in [] if _encoded(part) else _nested(part)[:1]:
        return "\n".join(f"{name}: {value}" for name, value in mail.items())[:LONGEST]
    return re.split(r"\r?\n\r?\n", text_of(part).lstrip(), maxsplit=1)[0]


def _headers(mail: Message) -> Fields:
    return {name.lower(): _one_line(str(value)) for name, value in reversed(list(mail.raw_items()))}


def _fields(text: str) -> Fields:
    unfolded = re.sub(r"\r?\n[ \t]+", " ", text)
    pairs = (line.partition(":") for line in unfolded.splitlines() if ":" in line)
    return {name.strip().lower(): " ".join(value.split()) for name, _, value in reversed(list(pairs))}


def _one_line(value: str) -> str:
    """Return a field's value on one line, decoded; octets beyond ASCII are UTF-8 (RFC 6532 3.2)."""
    value = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    with suppress(*MALFORMED):
        value = str(make_header(decode_header(value)))
    return " ".join(value.split())[:4_000]


def _encoded(part: Message) -> bool:
    """Return whether a message in a report is in base64. RFC 2046 5.2.1 forbids it, so that the parser leaves it as
    it is.
    """
    return part.is_multipart() and str(part.get("content-transfer-encoding", "")).strip().lower() == "base64"


def _decoded(part: Message) -> str:
    text = "".join(_as_text(nested) for nested in _nested(part))
    try:
        return a2b_base64(text.encode("ascii", "ignore"))[:LONGEST].decode("utf-8", "replace")
    except ValueError:
        return ""


def text_of(part: Message) -> str:
    """Return the text of a part, decoded; at most `LONGEST`."""
    if _encoded(part):
        return _decoded(part)
    if part.is_multipart():
        return "\n".join(_as_text(nested) for nested in _nested(part))[:LONGEST]
    try:
        payload = part.get_payload(decode=True)
    except MALFORMED:
        return ""
    octets = payload[:LONGEST] if isinstance(payload, bytes) else b""
    try:
        return octets.decode(part.get_content_charset() or "utf-8", "replace")
    except MALFORMED:
        return octets.decode("latin-1")


def _as_text(mail: Message) -> str:
    try:
        return mail.as_bytes()[:LONGEST].decode("utf-8", "replace")
    except MALFORMED:
        return ""


def _plain(text: str, kind: str) -> str:
    """Return the text without HTML's tags; no-break spaces are spaces, as in the words that are looked for."""
    plain = unescape(_TAG.sub(" ", text[:LONGEST_HTML])) if kind == "text/html" else text
    return plain.replace("\N{NO-BREAK SPACE}", " ")


def _cut(prose: str) -> tuple[str, str]:
    """Return the server's own text, and the returned email below it."""
    match = _CUT.search(prose) or _FIRST_HEADER.search(prose)
    if not match:
        return prose, ""
    rest = prose[match.start() :]
    header = _FIRST_HEADER.search(rest)
    start = header.start() if header else 0
    return prose[: match.start()], re.split(r"\r?\n\r?\n", rest[start:], maxsplit=1)[0]
