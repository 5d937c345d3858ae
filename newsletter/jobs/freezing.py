"""How an approved mail is kept in the database: its segments as JSON, compressed.

Promises: `unpack(pack(segments))` is the same mail to the octet, and nothing in the database is ever executed.
"""

import base64
import json
import zlib
from collections.abc import Iterable
from typing import Any

from newsletter.jobs.problems import JobProblem
from newsletter.mail import Form, Header, Piece, Segments, Slot, Value

VERSION = 1


class Unreadable(JobProblem):
    """What stands in the database is no frozen mail."""


def pack(segments: Segments) -> bytes:
    """Segments as octets."""
    document = {
        "version": VERSION,
        "headers": [[header.name, _written(header.pieces)] for header in segments.headers],
        "body": _written(segments.body),
        "sender": segments.sender,
        "message_id_domain": segments.message_id_domain,
    }
    return zlib.compress(json.dumps(document, separators=(",", ":")).encode())


def unpack(packed: bytes) -> Segments:
    """Segments from octets that `pack` made; raises Unreadable for any others."""
    try:
        document = json.loads(zlib.decompress(packed))
        if document["version"] != VERSION:
            raise Unreadable(f"a frozen mail of version {document['version']} is newer than this program; upgrade it")
        return Segments(
            headers=tuple(Header(name, _read(pieces)) for name, pieces in document["headers"]),
            body=_read(document["body"]),
            sender=document["sender"],
            message_id_domain=document["message_id_domain"],
        )
    except (zlib.error, ValueError, KeyError, TypeError) as e:
        raise Unreadable(f"a frozen mail in the database can't be read ({e}); restore the database from a copy") from e


def _written(pieces: Iterable[Piece]) -> list[Any]:
    """A slot as three words; octets as text where they are ASCII, which a mail is, else in base64."""
    return [_slot(piece) if isinstance(piece, Slot) else _octets(piece) for piece in pieces]


def _slot(slot: Slot) -> list[str]:
    return [slot.value, slot.form, slot.fallback]


def _octets(piece: bytes) -> str | dict[str, str]:
    return piece.decode("ascii") if piece.isascii() else {"base64": base64.b64encode(piece).decode("ascii")}


def _read(pieces: Iterable[Any]) -> tuple[Piece, ...]:
    return tuple(_piece(piece) for piece in pieces)


def _piece(piece: Any) -> Piece:
    if isinstance(piece, str):
        return piece.encode("ascii")
    if isinstance(piece, dict):
        return base64.b64decode(piece["base64"], validate=True)
    value, form, fallback = piece
    return Slot(Value(value), Form(form), fallback)
