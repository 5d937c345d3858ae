"""Quoted-printable (RFC 2045 6.7) that can be split for a recipient's values and needs no dot-stuffing.

No line is over 76 octets, or begins with a dot (RFC 5321 4.5.2) or with "From " (which mbox files would change).
"""

import re
from collections.abc import Iterable

from newsletter.domain.encoded_email import Piece

SOFT_BREAK = b"=\r\n"
# Two less than the 75 that stand before "=": a first character may have to be written as three.
_WIDTH = 73

_SAFE = {*range(33, 127), 9, 32} - {ord("=")}
_TABLE = {octet: chr(octet) if octet in _SAFE else f"={octet:02X}" for octet in range(256)}


_PLAIN_VALUE = re.compile(rb"(?!From )[ !-\-/-<>-~]*[!-\-/-<>-~]")
"""Octets that need no encoding in any position; a dot might begin a line."""


def encode_value(octets: bytes) -> bytes:
    """Encode a recipient's value, which has its own line; for a short one, this takes one regular expression."""
    return octets if len(octets) <= _WIDTH and _PLAIN_VALUE.fullmatch(octets) else encode(octets.decode())


def encode(text: str) -> bytes:
    """Return a text whose lines end with "\\n", encoded; line ends become CRLF."""
    return b"\r\n".join(_line(line) for line in text.encode().split(b"\n"))


def encode_pieces(parts: Iterable[str | Piece]) -> tuple[Piece, ...]:
    """Encode texts, keep slots and bytes, and put soft line breaks around them, so that a value has its own line.

    A value of up to 75 encoded octets stays within the limit of a line, whatever is around it.
    """
    pieces: list[Piece] = []
    for part in parts:
        if isinstance(part, str):
            pieces.append(encode(part))
        else:
            pieces.extend((SOFT_BREAK, part, SOFT_BREAK))
    return merged(pieces)


def merged(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Join neighbouring bytes into one piece, and remove empty ones."""
    joined: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, bytes) and joined and isinstance(joined[-1], bytes):
            joined[-1] += piece
        elif piece:
            joined.append(piece)
    return tuple(joined)


def _line(line: bytes) -> bytes:
    """Encode one line: octets outside of printable ASCII, and white space at the end, as =XX (RFC 2045 6.7)."""
    text = line.decode("latin-1").translate(_TABLE)
    if text.endswith((" ", "\t")):
        text = f"{text[:-1]}={ord(text[-1]):02X}"
    rows = []
    while len(text) > _WIDTH:
        end = _cut(text)
        rows.append(_guard(text[:end]))
        text = text[end:]
    rows.append(_guard(text))
    return "=\r\n".join(rows).encode("ascii")


def _cut(text: str) -> int:
    """Return where a row may end: at the width, or before an =XX that would be split."""
    mark = text.rfind("=", _WIDTH - 2, _WIDTH)
    return mark if mark >= 0 else _WIDTH


def _guard(row: str) -> str:
    if row.startswith("."):
        return f"=2E{row[1:]}"
    return f"=46{row[1:]}" if row.startswith("From ") else row
