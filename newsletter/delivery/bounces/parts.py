"""A mail that came back, taken apart: its report (RFC 3464, RFC 5965), its prose, and the mail that it brings back.

Promises: whatever the octets are, there is an answer; nothing is decoded twice, and no part is read beyond `LONGEST`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.message import Message
from html import unescape

LONGEST, LONGEST_HTML = 100_000, 20_000
_ADDRESS = re.compile(r"[^\x00-\x20\x7f\s<>()\[\]\"',:;\\]{1,128}@[A-Za-z0-9._-]*[A-Za-z0-9]")
_CUT = re.compile(
    r"^.{0,40}(?:below this line|below the next line is|copy of the message|(?:original|unsent|returned) mes?sage"
    r"(?: follows|:| ?-+|\s*$)|message headers follow|header of the original|returned mail follows"
    r"|message text follows|old message:|mensaje original|first part of the message|start of returned message"
    r"|the mail headers|including headers|includes? a copy of)",
    re.IGNORECASE | re.MULTILINE,
)
_FIRST_HEADER = re.compile(r"^(?:received|return-path|from|delivered-to|dkim-signature):", re.IGNORECASE | re.MULTILINE)
_TAG = re.compile(r"<(?:style|script)\b.*?</(?:style|script)>|<!--.*?-->|</?[a-z!][^<>@]*>", re.IGNORECASE | re.DOTALL)
_IN_PROSE = re.compile(r"^final-recipient:", re.IGNORECASE | re.MULTILINE)
_QUOTED_LINE = re.compile(r"^>.*$", re.MULTILINE)

Fields = dict[str, str]
"""A block of fields: names in lower case, values on one line."""


@dataclass(frozen=True, slots=True)
class Parts:
    """`blocks` are those of the delivery report, `feedback` the fields of a feedback report, {} where there is none."""

    headers: Fields
    blocks: tuple[Fields, ...]
    feedback: Fields
    prose: str
    original: str


def take_apart(mail: Message) -> Parts:
    """The parts of a parsed mail."""
    blocks: list[Fields] = []
    feedback: Fields = {}
    prose, original = "", ""
    for part, kind in _leaves(mail):
        if kind in ("message/delivery-status", "message/global-delivery-status"):
            blocks += _blocks(part)
        elif kind == "message/feedback-report":
            feedback = _fields(_text(part))
        elif kind in ("message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers"):
            original = original or _returned(part)
        elif kind.startswith(("text/", "multipart/")) and len(prose) < LONGEST:
            prose += "\n" + _plain(_text(part), kind)
    blocks = blocks or _blocks_in(prose)
    prose, rest = _cut(prose)
    return Parts(_headers(mail), tuple(blocks), feedback, _QUOTED_LINE.sub("", prose), original or rest)


def addresses(text: str) -> tuple[str, ...]:
    """What looks like addresses, in order, each once; at most 200."""
    found = dict.fromkeys(match[0] for match, _ in zip(_ADDRESS.finditer(text[:LONGEST]), range(400), strict=False))
    return tuple(found)[:200]


def field(text: str, name: str) -> str:
    """The first field of that name in a block of headers, unfolded; "" where there is none."""
    found = re.search(rf"^{name}:[ \t]*(.*(?:\r?\n[ \t]+.*)*)", text[:LONGEST], re.IGNORECASE | re.MULTILINE)
    return " ".join(found[1].split()) if found else ""


def _leaves(mail: Message) -> Iterator[tuple[Message, str]]:
    """Parts that are to be read, with their type: nothing of what is inside a returned mail, but a `multipart` whose
    boundary never comes, which is text.
    """
    waiting = [mail]
    while waiting:
        part = waiting.pop(0)
        kind = part.get_content_type()
        inside = part.get_payload()
        if kind.startswith("message/") or not isinstance(inside, list):
            yield part, kind
        else:
            waiting[:0] = [each for each in inside if isinstance(each, Message)]


def _blocks(part: Message) -> list[Fields]:
    inside = part.get_payload()
    if isinstance(inside, list):
        return [_headers(block) for block in inside if isinstance(block, Message)]
    return [_fields(block) for block in re.split(r"\r?\n[ \t]*\r?\n", _text(part)) if block.strip()]


def _blocks_in(prose: str) -> list[Fields]:
    """A report that was written into the prose, or whose boundary was lost."""
    found = (_fields(each) for each in re.split(r"\r?\n[ \t]*\r?\n", prose) if _IN_PROSE.search(each))
    return [block for block in found if "action" in block]


def _returned(part: Message) -> str:
    """The header of the mail that is brought back."""
    inside = part.get_payload()
    if isinstance(inside, list) and inside and isinstance(inside[0], Message):
        return "\n".join(f"{name}: {value}" for name, value in inside[0].items())[:LONGEST]
    return re.split(r"\r?\n\r?\n", _text(part).lstrip(), maxsplit=1)[0]


def _headers(mail: Message) -> Fields:
    return {name.lower(): _one_line(str(value)) for name, value in reversed(mail.items())}


def _fields(text: str) -> Fields:
    unfolded = re.sub(r"\r?\n[ \t]+", " ", text)
    pairs = (line.partition(":") for line in unfolded.splitlines() if ":" in line)
    return {name.strip().lower(): " ".join(value.split()) for name, _, value in reversed(list(pairs))}


def _one_line(value: str) -> str:
    try:
        value = str(make_header(decode_header(value)))
    except (LookupError, ValueError, AssertionError):
        value = value.encode("utf-8", "replace").decode("utf-8")
    return " ".join(value.split())[:4_000]


def _text(part: Message) -> str:
    inside = part.get_payload(decode=True)
    if not isinstance(inside, bytes):
        nested = part.get_payload()
        text = "\n".join(map(str, nested)) if isinstance(nested, list) else str(nested)
        return text[:LONGEST].encode("utf-8", "replace").decode("utf-8")
    charset = part.get_content_charset() or "utf-8"
    try:
        return inside[:LONGEST].decode(charset, "replace")
    except (LookupError, ValueError):
        return inside[:LONGEST].decode("latin-1")


def _plain(text: str, kind: str) -> str:
    return unescape(_TAG.sub(" ", text[:LONGEST_HTML])) if kind == "text/html" else text


def _cut(prose: str) -> tuple[str, str]:
    """What the server says, and what it brings back below it."""
    found = _CUT.search(prose) or _FIRST_HEADER.search(prose)
    if not found:
        return prose, ""
    rest = prose[found.start() :]
    header = _FIRST_HEADER.search(rest)
    start = header.start() if header else 0
    return prose[: found.start()], re.split(r"\r?\n\r?\n", rest[start:], maxsplit=1)[0]
