"""MIME: a rendered mail encoded once, with slots for what is a reader's own.

How whoever splices the segments writes a value into its slot (`newsletter.mail.Form`):

- ASCII: as it is. Values are tokens and ids, `[A-Za-z0-9_.-]`. In the body a token's line holds nothing else, so
  that tokens of up to 75 characters keep quoted-printable's limit of 76 octets a line (RFC 2045 6.7), and it never
  begins with a dot.
- HEADER: the To header's value, `name <address>`: the name as an RFC 2047 encoded word or a quoted string, the bare
  address without one.
- HTML, TEXT: the reader's name, or the slot's fallback where there is none; HTML escaped in HTML, then
  quoted-printable, rows of at most 75 octets joined by soft breaks, a leading "." as "=2E". `value_bytes` does just
  that.
"""

import secrets
from collections.abc import Iterator
from datetime import datetime
from email.header import Header as EncodedHeader
from email.utils import format_datetime
from html import escape
from unicodedata import category
from urllib.parse import urlsplit

import idna

from newsletter.mail import Form, Header, Letterhead, Piece, Rendered, Segments, Slot, Value
from newsletter.render.placeholders import PATHS, pattern
from newsletter.render.quoted import encode, encode_pieces, merged

_TOKEN = Slot(Value.TOKEN, Form.ASCII)
_LONGEST_WORD = 70
_UNFIT = ("Cc", "Cs")
_ATEXT = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~ ")


def segments(
    rendered: Rendered, letterhead: Letterhead, *, date: datetime, list_id: str = "", feedback_id: str = ""
) -> Segments:
    """The mail of an edition in pieces.

    `list_id` (RFC 2919) defaults to `<newsletter>.<the site's host>`; without `feedback_id` that header is left out.
    List-Unsubscribe (RFC 2369) holds the reader's own address; a `mailto:` goes beside it where the letterhead has
    one, in which "{token}" stands for the token; List-Unsubscribe-Post (RFC 8058) stands only where the address is
    https. Slots: TO (HEADER), MESSAGE_ID (ASCII, what stands before "@"), TOKEN (ASCII) and NAME (HTML, TEXT).
    """
    domain = _domain(letterhead.sender_address)
    headers = [
        Header("From", (mailbox(letterhead.sender_name, letterhead.sender_address),)),
        Header("To", (Slot(Value.TO, Form.HEADER),)),
        Header("Subject", (encoded("Subject", rendered.subject),)),
        Header("Date", (format_datetime(date).encode(),)),
        Header("Message-ID", (b"<", Slot(Value.MESSAGE_ID, Form.ASCII), f"@{domain}>".encode())),
        *_reply_to(letterhead),
        Header("List-Id", (_list_id(letterhead, list_id),)),
        *_list_unsubscribe(letterhead),
        Header("Auto-Submitted", (b"auto-generated",)),
        *([Header("Feedback-ID", (feedback_id.encode("ascii"),))] if feedback_id else []),
    ]
    return _whole(headers, rendered, letterhead, domain)


def letter_message(
    letter: Rendered, letterhead: Letterhead, *, to: str, name: str = "", date: datetime, message_id: str
) -> bytes:
    """A letter to one person as MIME bytes with CRLF, ready for DATA but for its dot; `message_id` stands before
    "@"."""
    domain = _domain(letterhead.sender_address)
    headers = [
        Header("From", (mailbox(letterhead.sender_name, letterhead.sender_address),)),
        Header("To", (mailbox(name, to),)),
        Header("Subject", (encoded("Subject", letter.subject),)),
        Header("Date", (format_datetime(date).encode(),)),
        Header("Message-ID", (f"<{message_id}@{domain}>".encode(),)),
        *_reply_to(letterhead),
        Header("Auto-Submitted", (b"auto-generated",)),
    ]
    return b"".join(p for p in flat(_whole(headers, letter, letterhead, domain)) if isinstance(p, bytes))


def flat(mail: Segments) -> Iterator[Piece]:
    """The mail's pieces one after the other, with the headers' names and line ends."""
    for header in mail.headers:
        yield f"{header.name}: ".encode()
        yield from header.pieces
        yield b"\r\n"
    yield b"\r\n"
    yield from mail.body


def value_bytes(slot: Slot, text: str) -> bytes:
    """A value, or the slot's fallback where it is "", as it is written into a body slot (see above)."""
    value = " ".join(text.split()) or slot.fallback
    if slot.form is Form.HTML:
        value = escape(value)
    return value.encode("ascii") if slot.form is Form.ASCII else encode(value)


def mailbox(name: str, address: str) -> bytes:
    """A mailbox for a header (RFC 5322 3.4): the name plain, quoted or as encoded words, then `<address>`."""
    name = _one_line(name)
    address = f"{address.rpartition('@')[0]}@{_domain(address)}"
    if not name:
        return address.encode()
    if not name.isascii():
        shown = _encoded_words(name, "From")
    elif set(name) <= _ATEXT:
        shown = name
    else:
        shown = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    gap = "\r\n " if len(shown.rpartition("\n")[2]) + len(address) > 66 else " "
    return f"{shown}{gap}<{address}>".encode()


def encoded(field: str, text: str) -> bytes:
    """A header's text, folded, in encoded words where it is not ASCII (RFC 2047)."""
    text = _one_line(text)
    if not text.isascii() or "=?" in text or any(len(word) > _LONGEST_WORD for word in text.split()):
        return _encoded_words(text, field).encode()
    return _folded(text, "us-ascii", field).encode()


def _encoded_words(text: str, field: str) -> str:
    return _folded(text, "utf-8", field)


def _folded(text: str, charset: str, field: str) -> str:
    return EncodedHeader(text, charset, header_name=field, maxlinelen=75).encode(linesep="\r\n")


def _one_line(text: str) -> str:
    """White space collapsed and control characters left out; joiners and direction marks stay, words need them."""
    return " ".join("".join(c for c in text if c.isspace() or category(c) not in _UNFIT).split())


def _domain(address: str) -> str:
    domain = address.rpartition("@")[2]
    return domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")


def _reply_to(letterhead: Letterhead) -> list[Header]:
    return [Header("Reply-To", (mailbox("", letterhead.reply_to),))] if letterhead.reply_to else []


def _list_id(letterhead: Letterhead, list_id: str) -> bytes:
    host = urlsplit(letterhead.site_url).hostname or "localhost"
    return mailbox(letterhead.title, "@" + (list_id or f"{letterhead.newsletter}.{host}")).replace(b"<@", b"<")


def _list_unsubscribe(letterhead: Letterhead) -> list[Header]:
    prefix = f"<{letterhead.site_url}{PATHS[Value.UNSUBSCRIBE]}".encode()
    pieces: list[Piece] = [prefix, _TOKEN, b">"]
    if letterhead.mailto_unsubscribe:
        before, token, after = f"<mailto:{letterhead.mailto_unsubscribe}>".partition("{token}")
        pieces += [b",\r\n " + before.encode(), *([_TOKEN] if token else []), after.encode()]
    headers = [Header("List-Unsubscribe", tuple(piece for piece in pieces if piece))]
    if letterhead.site_url.startswith("https://"):
        headers.append(Header("List-Unsubscribe-Post", (b"List-Unsubscribe=One-Click",)))
    return headers


def _whole(headers: list[Header], rendered: Rendered, letterhead: Letterhead, domain: str) -> Segments:
    boundary = f"=_{secrets.token_hex(12)}"
    mime = [
        Header("MIME-Version", (b"1.0",)),
        Header("Content-Type", (f'multipart/alternative;\r\n boundary="{boundary}"'.encode(),)),
    ]
    body = encode_body(rendered, letterhead, boundary)
    return Segments((*headers, *mime), body, letterhead.sender_address, domain)


def encode_body(rendered: Rendered, letterhead: Letterhead, boundary: str) -> tuple[Piece, ...]:
    """Text, then HTML, as the parts of a multipart/alternative (RFC 2046 5.1.4)."""
    pieces: list[Piece] = []
    for kind, content in (("plain", rendered.text), ("html", rendered.html)):
        head = (
            f"--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        )
        pieces += [head.encode(), *encode_pieces(_parts(content, rendered, letterhead)), b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode())
    return merged(pieces)


def _parts(content: str, rendered: Rendered, letterhead: Letterhead) -> Iterator[str | Slot]:
    """The content cut at its placeholders; a link is its literal beginning and the token."""
    table, at = dict(rendered.placeholders), 0
    for match in pattern(table).finditer(content):
        slot = table[match[0]]
        literal = content[at : match.start()]
        if slot.value in PATHS:
            yield literal + escape(letterhead.site_url) + PATHS[slot.value]
            yield _TOKEN
        else:
            yield literal
            yield slot
        at = match.end()
    yield content[at:]
