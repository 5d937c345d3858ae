"""Base64 (RFC 2045 6.8) that can be split for recipients' values.

A value is encoded together with the text around it, so that whole groups of three octets stand on its lines, whatever
its length is. Spaces fill the last group: in HTML they stand at the end of a tag, in plain text at the end of a line.
"""

import re
from base64 import encodebytes
from collections.abc import Iterable
from dataclasses import replace

from newsletter.domain.encoded_email import Piece, Slot

_END_OF_TAG = re.compile(r"[^\]>-](?=>)")
_END_OF_LINE = re.compile(r"(?=\r\n)")


def encode(octets: bytes) -> bytes:
    """Return octets in lines of at most 76, each with its CRLF."""
    return encodebytes(octets).replace(b"\n", b"\r\n")


def encode_value(slot: Slot, value: bytes) -> bytes:
    """Return a recipient's value with the text around its slot, in lines of its own."""
    before, after = slot.around or ("", "")
    whole = before.encode() + value + after.encode()
    return encode(whole + b" " * (-len(whole) % 3))


def encode_pieces(parts: Iterable[str | Slot], *, html: bool) -> tuple[Piece, ...] | None:
    """Encode texts, whose lines end with "\\n", around slots; None if there is no room for spaces behind a slot."""
    end = _END_OF_TAG if html else _END_OF_LINE
    pieces: list[Piece] = []
    slot: Slot | None = None
    text = ""
    for part in (*parts, None):
        if isinstance(part, str):
            text += part.replace("\n", "\r\n")
            continue
        if slot is not None:
            match = end.search(text)
            if match is None:
                return None
            pieces.append(replace(slot, around=(slot.around[0] if slot.around else "", text[: match.end()])))
            text = text[match.end() :]
        at = _cut(text) if part is not None else len(text)
        pieces.append(encode(text[:at].encode()))
        slot, text = (replace(part, around=(text[at:], "")) if part is not None else None), ""
    return tuple(piece for piece in pieces if piece)


def _cut(text: str) -> int:
    """Return up to which character a text has whole groups of three octets, at most."""
    end, size = len(text), len(text.encode())
    while size % 3:
        end -= 1
        size -= len(text[end].encode())
    return end
