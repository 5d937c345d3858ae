"""Builds one recipient's message from an edition's encoded email, in a few microseconds.

A recipient's values can't break out of their place: they are validated and escaped, and encoded as the part
around them is. The message ends with CRLF and needs no dot-stuffing. An invalid value raises `InvalidRecipientValue`
before anything is sent.
"""

import html
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from typing import NamedTuple, Protocol

import idna

from newsletter.domain.encoded_email import EncodedEmail, Piece, Recipient, Slot, SlotEncoding, SlottedText, SlotValue
from newsletter.messages import Message, Problem, delivery as messages
from newsletter.mime import base64_parts
from newsletter.mime.headers import ATOM, clean_name, line, mailbox
from newsletter.mime.quoted_printable import encode_value

_LOCAL = rf'(?:{ATOM}(?:\.{ATOM})*|"(?:[!#-;=?-\[\]-~]|\\[!-;=?-~])+")'
_DOMAIN = r"(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*|\[[0-9A-Za-z.:]+\])"
_ADDRESS = re.compile(rf"{_LOCAL}@{_DOMAIN}")
_WIDE_LOCAL = re.compile(r"[^\x00-\x20\x7f-\xa0<>()\[\]\\,;:@\"\s\ud800-\udfff]+")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,120}")
_ID_LEFT = re.compile(rf"{ATOM}(?:\.{ATOM})*")
_LONGEST_ADDRESS = 320
_KEPT_VALUES = 5_000


NumberedPieces = tuple[bytes | int, ...]
"""Pieces of a message; a number stands for the recipient's value with that index."""


class MessageSigner(Protocol):
    """Makes the signature fields of a message."""

    def header(self, values: Sequence[bytes]) -> bytes:
        """Return the whole header field for a recipient's values, with its CRLF."""


SignerFactory = Callable[[Sequence[tuple[str, NumberedPieces]], NumberedPieces], MessageSigner]
"""Makes a `MessageSigner` for a message's header fields and body."""


class InvalidRecipientValue(Problem):
    """A recipient's value that can't be used in a message; `status` is the enhanced status (RFC 3463) for it."""

    def __init__(self, status: str, message: Message) -> None:
        super().__init__(message)
        self.status = status


class EncodedMessage(NamedTuple):
    """A message ready for DATA: pieces to be written in order, `size` octets in all, without the final dot.

    `utf8`: the addresses need SMTPUTF8 (RFC 6531); `eight_bit`: there are octets over 127.
    """

    pieces: list[bytes]
    size: int
    sender: bytes
    recipient: bytes
    utf8: bool
    eight_bit: bool


class MessageBuilder:
    """An encoded email prepared so that building a message is one join."""

    def __init__(self, email: EncodedEmail, sign: SignerFactory | None = None) -> None:
        """Prepare a message. Raises `ValueError` for a slot whose value a recipient doesn't have in that form."""
        slots: dict[Slot | SlottedText, int] = {}
        headers = tuple((h.name, _numbered(h.pieces, slots)) for h in email.headers)
        body = _ended(_numbered(email.body, slots))
        self._encoders = [_encoder(slot) for slot in slots]
        self._parts, self._places = _flat(headers, body)
        self._size = sum(map(len, self._parts))
        self._eight_bit = not all(part.isascii() for part in self._parts)
        self._signing = sign(headers, body) if sign else None
        self._sender = _envelope(email.sender, "5.1.7") if email.sender else (b"", False)

    def build(self, recipient: Recipient) -> EncodedMessage:
        """Return the recipient's message. Raises `InvalidRecipientValue`."""
        address, wide = _envelope(recipient.address, "5.1.3")
        sender, wide_sender = _envelope(recipient.return_path, "5.1.7") if recipient.return_path else self._sender
        values = [encode(recipient, address) for encode in self._encoders]
        parts = self._parts.copy()
        size = self._size
        for index, number in self._places:
            value = parts[index] = values[number]
            size += len(value)
        if self._signing:
            signature = self._signing.header(values)
            parts.insert(0, signature)
            size += len(signature)
        utf8 = wide or wide_sender
        return EncodedMessage(parts, size, sender, address, utf8, utf8 or self._eight_bit)


def line_for(text: SlottedText, recipient: Recipient) -> str:
    """Return a recipient's text on one line, with its white space collapsed."""
    return " ".join(text.render(lambda slot: slot.text_for(clean_name(recipient.value_of(slot.field)))).split())


def _numbered(pieces: Iterable[Piece | SlottedText], slots: dict[Slot | SlottedText, int]) -> NumberedPieces:
    """Replace slots with numbers, and join neighbouring octets."""
    out: list[bytes | int] = []
    for piece in pieces:
        if isinstance(piece, Slot | SlottedText):
            out.append(slots.setdefault(piece, len(slots)))
        elif out and isinstance(out[-1], bytes):
            out[-1] += piece
        else:
            out.append(piece)
    return tuple(out)


def _ended(body: NumberedPieces) -> NumberedPieces:
    last = body[-1] if body else b"\r\n"
    if isinstance(last, bytes) and last.endswith(b"\r\n"):
        return body or (last,)
    return (*body, b"\r\n") if isinstance(last, int) else (*body[:-1], last + b"\r\n")


def _flat(
    headers: Sequence[tuple[str, NumberedPieces]], body: NumberedPieces
) -> tuple[list[bytes], list[tuple[int, int]]]:
    """Return the message's pieces in order, empty in place of slots, and the position and number of each slot."""
    everything: list[bytes | int] = []
    for name, pieces in headers:
        everything += [name.encode("ascii") + b": ", *pieces, b"\r\n"]
    everything += [b"\r\n", *body]
    parts: list[bytes] = [b""]
    places: list[tuple[int, int]] = []
    for piece in everything:
        if isinstance(piece, int):
            places.append((len(parts), piece))
            parts += [b"", b""]
        else:
            parts[-1] += piece
    return parts, places


def _encoder(slot: Slot | SlottedText) -> Callable[[Recipient, bytes], bytes]:
    """Return the function that encodes a recipient's value for a slot; it also gets the address as in the envelope.

    Values of own fields, such as towns, are those of many recipients, so the encoded ones are kept.
    """
    if isinstance(slot, SlottedText):
        return lambda recipient, _: line(line_for(slot, recipient))
    if slot.field != "name":
        field, encoded = slot.field, lru_cache(_KEPT_VALUES)(partial(_encoded_value, slot))
        return lambda recipient, _: encoded(recipient.values.get(field, ""))
    value = _value(slot)
    if slot.around is not None:
        return lambda recipient, address: base64_parts.encode_value(slot, value(recipient, address))
    if slot.form in (SlotEncoding.HTML, SlotEncoding.TEXT):
        return lambda recipient, address: encode_value(value(recipient, address))
    return value


def _encoded_value(slot: Slot, text: str) -> bytes:
    """Return a value of an own field, escaped and encoded for a slot."""
    words = slot.text_for(clean_name(text))
    octets = (html.escape(words) if slot.form is SlotEncoding.HTML else words).encode("utf-8", "replace")
    return encode_value(octets) if slot.around is None else base64_parts.encode_value(slot, octets)


def _value(slot: Slot) -> Callable[[Recipient, bytes], bytes]:
    """Return the function that returns a recipient's value for a slot, escaped, but not yet encoded as its part is."""
    match slot.value, slot.form:
        case SlotValue.TOKEN, _:
            return _token
        case SlotValue.MESSAGE_ID, _:
            return _message_id
        case SlotValue.TO, SlotEncoding.HEADER:
            return lambda recipient, address: mailbox(recipient.name, address)
        case SlotValue.TO, SlotEncoding.ASCII:
            return lambda _, address: address
        case SlotValue.NAME | SlotValue.WITH_NAME | SlotValue.TO, SlotEncoding.HTML:
            return lambda recipient, _: html.escape(_shown(recipient, slot)).encode("utf-8", "replace")
        case SlotValue.NAME | SlotValue.WITH_NAME | SlotValue.TO, SlotEncoding.TEXT:
            return lambda recipient, _: _shown(recipient, slot).encode("utf-8", "replace")
        case _:
            raise ValueError(f"a recipient has no {slot.value.value!r} in the form {slot.form.value!r}")


def _shown(recipient: Recipient, slot: Slot) -> str:
    if slot.value is SlotValue.TO:
        return recipient.address
    return slot.text_for(clean_name(recipient.name))


def _token(recipient: Recipient, _: bytes) -> bytes:
    if not _TOKEN.fullmatch(recipient.token):
        raise InvalidRecipientValue("5.6.0", messages.LINK_INVALID())
    return recipient.token.encode("ascii")


def _message_id(recipient: Recipient, _: bytes) -> bytes:
    if not _ID_LEFT.fullmatch(recipient.message_id) or len(recipient.message_id) > _LONGEST_ADDRESS:
        raise InvalidRecipientValue("5.6.0", messages.MESSAGE_ID_INVALID())
    return recipient.message_id.encode("ascii")


def _envelope(address: str, status: str) -> tuple[bytes, bool]:
    """Return an address as in RFC 5321 or 6531, with the domain as A-labels, and whether it needs SMTPUTF8."""
    if len(address) > _LONGEST_ADDRESS:
        raise InvalidRecipientValue(status, messages.ADDRESS_TOO_LONG())
    if _ADDRESS.fullmatch(address):
        return address.encode("ascii"), False
    local, _, domain = address.rpartition("@")
    try:
        domain = idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as e:
        raise InvalidRecipientValue(status, messages.DOMAIN_INVALID(cause=str(e))) from e
    ascii_address = f"{local}@{domain}"
    if _ADDRESS.fullmatch(ascii_address):
        return ascii_address.encode("ascii"), False
    if local.isascii() or not _WIDE_LOCAL.fullmatch(local):
        raise InvalidRecipientValue(status, messages.ADDRESS_INVALID())
    return ascii_address.encode(), True
