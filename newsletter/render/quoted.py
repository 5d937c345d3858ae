"""Quoted-printable (RFC 2045 6.7) that may be cut open for a reader's values and needs no dot-stuffing.

No line is over 76 octets, and none begins with a dot (RFC 5321 4.5.2) or with "From " (which mailbox files would
change).
"""

from collections.abc import Iterable

from newsletter.mail import Piece

SOFT_BREAK = b"=\r\n"
# Two less than the 75 that stand before "=": a first character may have to be written as three.
_WIDTH = 73

_SAFE = {*range(33, 127), 9, 32} - {ord("=")}
_TABLE = {octet: chr(octet) if octet in _SAFE else f"={octet:02X}" for octet in range(256)}


def encode(text: str) -> bytes:
    """A text whose lines end with "\\n", encoded; line ends become CRLF."""
    return b"\r\n".join(_line(line) for line in text.encode().split(b"\n"))


def encode_pieces(parts: Iterable[str | Piece]) -> tuple[Piece, ...]:
    """Texts encoded, slots and bytes kept, soft breaks around them: a value has its line to itself.

    So a value of up to 75 quoted-printable octets keeps within the limit of a line whatever stands around it.
    """
    pieces: list[Piece] = []
    for part in parts:
        if isinstance(part, str):
            pieces.append(encode(part))
        else:
            pieces.extend((SOFT_BREAK, part, SOFT_BREAK))
    return merged(pieces)


def merged(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Neighbouring bytes made one piece, empty ones left out."""
    joined: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, bytes) and joined and isinstance(joined[-1], bytes):
            joined[-1] += piece
        elif piece:
            joined.append(piece)
    return tuple(joined)


def _line(line: bytes) -> bytes:
    """One line: octets outside of printable ASCII, and white space at the end, as =XX (RFC 2045 6.7)."""
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
    """Where a row may end: at the width, or before an =XX that would be cut in two."""
    mark = text.rfind("=", _WIDTH - 2, _WIDTH)
    return mark if mark >= 0 else _WIDTH


def _guard(row: str) -> str:
    if row.startswith("."):
        return f"=2E{row[1:]}"
    return f"=46{row[1:]}" if row.startswith("From ") else row
