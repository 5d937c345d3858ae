"""Storage of an approved message in the database: the encoded email as compressed JSON.

`unpack(pack(email))` is identical to the octet. Nothing in the database is ever executed.
"""

import base64
import json
import zlib
from collections.abc import Iterable
from typing import Any

from newsletter.domain.digest import Rendered
from newsletter.domain.encoded_email import EncodedEmail, Header, Piece, Slot, SlotEncoding, SlottedText, SlotValue
from newsletter.editions.problems import Impossible
from newsletter.messages import editions as messages

VERSION = 1


class Unreadable(Impossible):
    """The stored data is not an approved message."""


def texts_of(rendered: Rendered) -> dict[str, Any]:
    """Return the fields that approved content and variants have of a rendered email; `rendered_of` reads them."""
    return {
        "subject": rendered.subject,
        "personal_subject": rendered.personal_subject,
        "preheader": rendered.preheader,
        "html": rendered.html,
        "text": rendered.text,
        "placeholders": [
            [name, slot.value, slot.form, slot.fallback, *_field(slot)] for name, slot in rendered.placeholders
        ],
    }


def pack(email: EncodedEmail) -> bytes:
    """Serialize an encoded email."""
    document = {
        "version": VERSION,
        "headers": [[header.name, _written(header.pieces)] for header in email.headers],
        "body": _written(email.body),
        "sender": email.sender,
        "message_id_domain": email.message_id_domain,
    }
    return zlib.compress(json.dumps(document, separators=(",", ":")).encode())


def unpack(packed: bytes) -> EncodedEmail:
    """Deserialize an email written by `pack`; raises Unreadable for other data."""
    try:
        document = json.loads(zlib.decompress(packed))
        if document["version"] != VERSION:
            raise Unreadable(messages.NEWER_FORMAT(version=str(document["version"])))
        return EncodedEmail(
            headers=tuple(Header(name, tuple(map(_read_header, pieces))) for name, pieces in document["headers"]),
            body=tuple(map(_read, document["body"])),
            sender=document["sender"],
            message_id_domain=document["message_id_domain"],
        )
    except (zlib.error, ValueError, KeyError, TypeError) as e:
        raise Unreadable(messages.UNREADABLE(cause=str(e))) from e


def _written(pieces: Iterable[Piece | SlottedText]) -> list[Any]:
    """Return octets as text, or in base64 if not ASCII; see `_slot`."""
    return [
        {"line": [piece if isinstance(piece, str) else _slot(piece) for piece in written.pieces]}
        if isinstance(written, SlottedText)
        else _slot(written)
        if isinstance(written, Slot)
        else _octets(written)
        for written in pieces
    ]


def _slot(slot: Slot) -> list[str]:
    """Return a slot as three strings, or five with those around it, and the field if it isn't the name."""
    return [slot.value, slot.form, slot.fallback, *(slot.around or ()), *_field(slot)]


def _field(slot: Slot) -> list[str]:
    return [] if slot.field == "name" else [slot.field]


def _octets(piece: bytes) -> str | dict[str, str]:
    return piece.decode("ascii") if piece.isascii() else {"base64": base64.b64encode(piece).decode("ascii")}


def _read_header(piece: Any) -> Piece | SlottedText:
    if isinstance(piece, dict) and "line" in piece:
        return SlottedText(tuple(text if isinstance(text, str) else _read_slot(text) for text in piece["line"]))
    return _read(piece)


def _read(piece: Any) -> Piece:
    if isinstance(piece, str):
        return piece.encode("ascii")
    if isinstance(piece, dict):
        return base64.b64decode(piece["base64"], validate=True)
    return _read_slot(piece)


def _read_slot(piece: Any) -> Slot:
    value, form, fallback, *more = piece
    field = more.pop() if len(more) % 2 else "name"
    around = (more[0], more[1]) if more else None
    return Slot(SlotValue(value), SlotEncoding(form), fallback, around, field)
