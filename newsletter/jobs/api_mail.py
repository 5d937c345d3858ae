"""A frozen mail taken apart for a provider's API: subject, headers, text and HTML, with places for a reader's values.

Promises: what an API is given says the same as the mail that SMTP would have carried; a reader's values are escaped for
where they stand, and a reader whose values cannot stand in a mail is found before anything leaves.
"""

import email
import email.policy
import html
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from email.message import EmailMessage
from functools import lru_cache

from newsletter.delivery.message import Prepared, clean_name
from newsletter.mail import Form, Piece, Reader, Segments, Slot, Value

OF_THE_API = {"from", "to", "subject", "reply-to", "date", "mime-version"}
"""Header fields that an API has parameters for, or writes itself; `Content-…` besides."""

Wording = Callable[[Slot], str]
"""What is to stand in a slot's place."""


@dataclass(frozen=True, slots=True)
class Parted:
    """Text in pieces, with slots between them."""

    pieces: tuple[str | Slot, ...]

    def filled(self, wording: Wording) -> str:
        """The text, each slot replaced."""
        return "".join(piece if isinstance(piece, str) else wording(piece) for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Template:
    """A mail whose parts are known apart; `slots` are all that stand in it, in order."""

    sender: str
    reply_to: str
    subject: Parted
    headers: tuple[tuple[str, Parted], ...]
    text: Parted
    html: Parted
    slots: tuple[Slot, ...]
    prepared: Prepared

    def check(self, reader: Reader) -> bytes:
        """The reader's whole mail; raises BadReader where their values can't stand in it."""
        return b"".join(self.prepared.mail(reader).pieces)


def value(slot: Slot, reader: Reader) -> str:
    """A reader's value as it stands in decoded text: escaped in HTML, plain elsewhere."""
    words = {
        Value.TO: reader.address,
        Value.NAME: clean_name(reader.name) or slot.fallback,
        Value.TOKEN: reader.token,
        Value.MESSAGE_ID: reader.message_id,
    }[slot.value]
    return html.escape(words) if slot.form is Form.HTML else words


@lru_cache(maxsize=8)
def template(segments: Segments) -> Template:
    """Take a mail apart, once."""
    slots: dict[Slot, str] = {}
    message = _parsed(segments, slots)
    places = {mark: slot for slot, mark in slots.items()}
    plain, rich = message.get_body(("plain",)), message.get_body(("html",))
    others = [(n, str(v)) for n, v in message.items() if n.lower() not in OF_THE_API and n[:8].lower() != "content-"]
    return Template(
        sender=str(message["From"]),
        reply_to=str(message["Reply-To"] or ""),
        subject=_parted(str(message["Subject"] or ""), places),
        headers=tuple((name, _parted(text, places)) for name, text in others),
        text=_parted(plain.get_content() if plain else "", places),
        html=_parted(rich.get_content() if rich else "", places),
        slots=tuple(slot for slot in slots if slot.value is not Value.TO),
        prepared=Prepared(segments),
    )


def _parsed(segments: Segments, slots: dict[Slot, str]) -> EmailMessage:
    """The mail with a mark in each slot's place, parsed."""
    seed = secrets.token_hex(6)

    def octets(pieces: Iterable[Piece]) -> bytes:
        return b"".join(
            piece if isinstance(piece, bytes) else slots.setdefault(piece, f"m{seed}x{len(slots)}m").encode()
            for piece in pieces
        )

    fields = [f"{h.name}: ".encode() + octets(h.pieces) for h in _without_to(segments).headers]
    raw = b"\r\n".join([*fields, b"", octets(segments.body)])
    return email.message_from_bytes(raw, policy=email.policy.default)


def _without_to(segments: Segments) -> Segments:
    """The API has a parameter for it, and a mark is no address."""
    return replace(segments, headers=tuple(h for h in segments.headers if h.name.lower() != "to"))


def _parted(text: str, places: Mapping[str, Slot]) -> Parted:
    pieces: list[str | Slot] = [text]
    for mark, slot in places.items():
        pieces = [part for piece in pieces for part in _split(piece, mark, slot)]
    return Parted(tuple(piece for piece in pieces if piece != ""))


def _split(piece: str | Slot, mark: str, slot: Slot) -> list[str | Slot]:
    if isinstance(piece, Slot):
        return [piece]
    parts: list[str | Slot] = []
    for part in piece.split(mark):
        parts += [part, slot]
    return parts[:-1]
