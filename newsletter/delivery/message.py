"""From an edition's segments to one reader's mail: a join, some microseconds long.

Promises: a reader's values cannot break out of the place where they stand (they are checked and escaped, and
written as quoted-printable where the mail is); the mail ends with CRLF and holds no line that DATA would have
to stuff. Whatever is wrong with a reader's values is said as `BadReader`, before anything goes out.
"""

import base64
import html
import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple
from unicodedata import category

import idna

from newsletter.delivery.dkim import Numbered, Signer, Signing
from newsletter.mail import Form, Piece, Reader, Segments, Slot, Value

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = rf'(?:{_ATOM}(?:\.{_ATOM})*|"(?:[!#-;=?-\[\]-~]|\\[!-;=?-~])+")'
_DOMAIN = r"(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*|\[[0-9A-Za-z.:]+\])"
_ADDRESS = re.compile(rf"{_LOCAL}@{_DOMAIN}")
_WIDE_LOCAL = re.compile(r"[^\x00-\x20\x7f-\xa0<>()\[\]\\,;:@\"\s\ud800-\udfff]+")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,120}")
_ID_LEFT = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+/^_`{|}~ -]+")
_PLAIN_QUOTED = re.compile(rb"[ !-\-/-<>-~]*")
_UNFIT = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
_LONGEST_ADDRESS = 320
_LONGEST_NAME = 60
_LINE = 72
_WORD_OCTETS = 42


class BadReader(Exception):
    """A reader's value that cannot stand in a mail; `status` is the enhanced code (RFC 3463) that says what kind."""

    def __init__(self, status: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class Mail(NamedTuple):
    """A mail ready for DATA: pieces to be written one after the other, `size` octets in all, without the final dot.

    `utf8`: the addresses need SMTPUTF8 (RFC 6531); `eight_bit`: some octet is over 127.
    """

    pieces: list[bytes]
    size: int
    sender: bytes
    recipient: bytes
    utf8: bool
    eight_bit: bool


class Prepared:
    """An edition's segments, taken apart once, so that a mail is a join."""

    def __init__(self, segments: Segments, signers: Sequence[Signer] = ()) -> None:
        """Raises `ValueError` where a slot asks for what a reader does not carry in that form."""
        slots: dict[Slot, int] = {}
        headers = tuple((h.name, _numbered(h.pieces, slots)) for h in segments.headers)
        body = _ended(_numbered(segments.body, slots))
        self._encoders = [_encoder(slot) for slot in slots]
        self._parts, self._places = _flat(headers, body)
        self._size = sum(map(len, self._parts))
        self._eight_bit = not all(part.isascii() for part in self._parts)
        self._signing = Signing(signers, headers, body) if signers else None
        self._sender = _envelope(segments.sender, "5.1.7") if segments.sender else (b"", False)

    def mail(self, reader: Reader) -> Mail:
        """The reader's mail; raises `BadReader`."""
        recipient, wide = _envelope(reader.address, "5.1.3")
        sender, wide_sender = _envelope(reader.return_path, "5.1.7") if reader.return_path else self._sender
        values = [encode(reader, recipient) for encode in self._encoders]
        parts = self._parts.copy()
        size = self._size
        for at, number in self._places:
            value = parts[at] = values[number]
            size += len(value)
        if self._signing:
            signature = self._signing.header(values)
            parts.insert(0, signature)
            size += len(signature)
        utf8 = wide or wide_sender
        return Mail(parts, size, sender, recipient, utf8, utf8 or self._eight_bit)


def _numbered(pieces: Iterable[Piece], slots: dict[Slot, int]) -> Numbered:
    """Slots become numbers, neighbouring octets one piece."""
    out: list[bytes | int] = []
    for piece in pieces:
        if isinstance(piece, Slot):
            out.append(slots.setdefault(piece, len(slots)))
        elif out and isinstance(out[-1], bytes):
            out[-1] += piece
        else:
            out.append(piece)
    return tuple(out)


def _ended(body: Numbered) -> Numbered:
    last = body[-1] if body else b"\r\n"
    if isinstance(last, bytes) and last.endswith(b"\r\n"):
        return body or (last,)
    return (*body, b"\r\n") if isinstance(last, int) else (*body[:-1], last + b"\r\n")


def _flat(headers: Sequence[tuple[str, Numbered]], body: Numbered) -> tuple[list[bytes], list[tuple[int, int]]]:
    """The mail's pieces in order, empty where a slot stands, and which slot stands where."""
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


def _encoder(slot: Slot) -> Callable[[Reader, bytes], bytes]:
    """What makes a reader's octets for a slot, the address as the envelope has it being known."""
    match slot.value, slot.form:
        case Value.TOKEN, _:
            return _token
        case Value.MESSAGE_ID, _:
            return _message_id
        case Value.TO, Form.HEADER:
            return _to
        case Value.TO, Form.ASCII:
            return lambda _, address: address
        case Value.NAME, Form.HEADER:
            return lambda reader, _: _words(clean_name(reader.name) or slot.fallback)
        case Value.NAME | Value.TO, Form.HTML:
            return lambda reader, _: _quoted(html.escape(_shown(reader, slot)))
        case Value.NAME | Value.TO, Form.TEXT:
            return lambda reader, _: _quoted(_shown(reader, slot))
        case _:
            raise ValueError(f"a reader has no {slot.value.value!r} in the form {slot.form.value!r}")


def _shown(reader: Reader, slot: Slot) -> str:
    return reader.address if slot.value is Value.TO else clean_name(reader.name) or slot.fallback


def clean_name(name: str) -> str:
    """White space collapsed; controls, halves of characters and what turns the direction of text around left out.

    The joiners stay that Persian, Indic scripts and emoji need; a name of nothing else is none.
    """
    if not name.isprintable():
        name = _UNFIT.sub("", name)
        if all(c.isspace() or category(c) == "Cf" for c in name):
            return ""
    return " ".join(name.split())


def _token(reader: Reader, _: bytes) -> bytes:
    if not _TOKEN.fullmatch(reader.token):
        raise BadReader("5.6.0", "the reader's token holds characters that no link may have")
    return reader.token.encode("ascii")


def _message_id(reader: Reader, _: bytes) -> bytes:
    if not _ID_LEFT.fullmatch(reader.message_id) or len(reader.message_id) > _LONGEST_ADDRESS:
        raise BadReader("5.6.0", "the Message-ID holds characters that it may not have")
    return reader.message_id.encode("ascii")


def _envelope(address: str, status: str) -> tuple[bytes, bool]:
    """An address as RFC 5321 or 6531 writes it, and whether it needs SMTPUTF8; the domain as A-labels."""
    if len(address) > _LONGEST_ADDRESS:
        raise BadReader(status, "the address is too long")
    if _ADDRESS.fullmatch(address):
        return address.encode("ascii"), False
    local, _, domain = address.rpartition("@")
    try:
        domain = idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as e:
        raise BadReader(status, f"no mail address: its domain is none ({e})") from e
    ascii_address = f"{local}@{domain}"
    if _ADDRESS.fullmatch(ascii_address):
        return ascii_address.encode("ascii"), False
    if local.isascii() or not _WIDE_LOCAL.fullmatch(local):
        raise BadReader(status, "no mail address: it holds a character that none may have")
    return ascii_address.encode(), True


def _to(reader: Reader, address: bytes) -> bytes:
    """A mailbox (RFC 5322 3.4), folded before the address where the line would grow long."""
    name = clean_name(reader.name)
    if not name:
        return address
    phrase = _phrase(name)
    fold = b"\r\n <" if len(phrase) + len(address) > _LINE else b" <"
    return phrase + fold + address + b">"


def _phrase(name: str) -> bytes:
    if _PLAIN_NAME.fullmatch(name) and len(name) <= _LONGEST_NAME:
        return name.encode("ascii")
    if name.isascii() and len(name) <= _LONGEST_NAME and "=?" not in name:
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'.encode("ascii")
    return _encoded_words(name)


def _words(text: str) -> bytes:
    """Unstructured text in a header."""
    if text.isascii() and len(text) <= _LONGEST_NAME and "=?" not in text:
        return text.encode("ascii")
    return _encoded_words(text)


def _encoded_words(text: str) -> bytes:
    """Encoded words (RFC 2047), each within 75 characters and holding whole characters, folded between."""
    words, run = [], b""
    for character in text:
        octets = character.encode()
        if len(run) + len(octets) > _WORD_OCTETS:
            words.append(run)
            run = b""
        run += octets
    return b"\r\n ".join(b"=?utf-8?b?" + base64.b64encode(word) + b"?=" for word in [*words, run])


def _quoted(text: str) -> bytes:
    """Quoted-printable (RFC 2045 6.7), in short lines; it may begin one: a dot is written as `=2E`."""
    octets = text.encode("utf-8", "replace")
    if len(octets) <= _LINE and _PLAIN_QUOTED.fullmatch(octets):
        return octets
    lines, line = [], ""
    for octet in octets:
        unit = chr(octet) if _PLAIN_QUOTED.fullmatch(bytes((octet,))) else f"={octet:02X}"
        if len(line) + len(unit) > _LINE:
            lines.append(line)
            line = ""
        line += unit
    return "=\r\n".join([*lines, line]).encode("ascii")
