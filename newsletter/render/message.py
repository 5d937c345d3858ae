"""Encodes a rendered email as MIME, once, with slots for each recipient's values.

`newsletter.mime.message_builder` puts the values into the slots, for the engine and for the preview's source view.
"""

import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime
from email.utils import format_datetime
from html import escape
from urllib.parse import urlsplit

from newsletter.domain.digest import Letterhead, Rendered
from newsletter.domain.encoded_email import EncodedEmail, Header, Piece, Slot, SlotEncoding, SlottedText, SlotValue
from newsletter.mime import base64_parts
from newsletter.mime.headers import ascii_address, ascii_domain, clean_name, mailbox, unstructured, with_phrase
from newsletter.mime.quoted_printable import encode_pieces, merged
from newsletter.render.personal_text import with_slots
from newsletter.render.placeholders import PATHS, pattern

_TO = Slot(SlotValue.TO, SlotEncoding.HEADER)
_MESSAGE_ID = Slot(SlotValue.MESSAGE_ID, SlotEncoding.ASCII)
_TOKEN = Slot(SlotValue.TOKEN, SlotEncoding.ASCII)


def encoded(
    rendered: Rendered,
    letterhead: Letterhead,
    *,
    date: datetime,
    list_id: str = "",
    feedback_id: str = "",
    automatic: bool = False,
) -> EncodedEmail:
    """Return the encoded email of an edition.

    `automatic` says that no person approved it, and adds Auto-Submitted (RFC 3834).

    `list_id` (RFC 2919) defaults to `<newsletter>.<the site's host>`; without `feedback_id`, that header is left out.
    List-Unsubscribe (RFC 2369) has the recipient's own address, and a `mailto:` if the letterhead has one, in which
    "{token}" is replaced with the token; List-Unsubscribe-Post (RFC 8058) is only added if the address is https. Slots:
    TO (HEADER), MESSAGE_ID (ASCII, the part before "@"), TOKEN (ASCII) and NAME (HTML, TEXT).
    """
    listing = [Header("List-Id", (_list_id(letterhead, list_id),)), *_list_unsubscribe(letterhead)]
    feedback = [Header("Feedback-ID", (feedback_id.encode("ascii"),))] if feedback_id else []
    return _email(rendered, letterhead, date, listing, feedback, automatic=automatic)


def encoded_transactional(
    email: Rendered, letterhead: Letterhead, *, date: datetime, unsubscribe: bool = False
) -> EncodedEmail:
    """Return an email, encoded, for one recipient or for several whose emails differ only in their placeholders.

    With `unsubscribe`, it has List-Unsubscribe, and the recipient's token must be that of a subscription. Slots: TO
    (HEADER), MESSAGE_ID (ASCII) and those of the placeholders.
    """
    listing = _list_unsubscribe(letterhead) if unsubscribe else []
    return _email(email, letterhead, date, listing, automatic=True)


def _list_id(letterhead: Letterhead, list_id: str) -> bytes:
    host = urlsplit(letterhead.site_url).hostname or "localhost"
    return with_phrase(clean_name(letterhead.title), (list_id or f"{letterhead.newsletter}.{host}").encode("ascii"))


def _list_unsubscribe(letterhead: Letterhead) -> list[Header]:
    prefix = f"<{letterhead.site_url}{PATHS[SlotValue.UNSUBSCRIBE]}".encode()
    pieces: list[Piece] = [prefix, _TOKEN, b">"]
    if letterhead.mailto_unsubscribe:
        before, token, after = f"<mailto:{letterhead.mailto_unsubscribe}>".partition("{token}")
        pieces += [b",\r\n " + before.encode(), *([_TOKEN] if token else []), after.encode()]
    headers = [Header("List-Unsubscribe", tuple(piece for piece in pieces if piece))]
    if letterhead.site_url.startswith("https://"):
        headers.append(Header("List-Unsubscribe-Post", (b"List-Unsubscribe=One-Click",)))
    return headers


def _email(
    rendered: Rendered,
    letterhead: Letterhead,
    date: datetime,
    listing: Iterable[Header] = (),
    feedback: Iterable[Header] = (),
    *,
    automatic: bool,
) -> EncodedEmail:
    """Return an email with its header fields in order, those of mailing lists before Auto-Submitted."""
    domain = ascii_domain(letterhead.sender_address.rpartition("@")[2])
    boundary = f"=_{secrets.token_hex(12)}"
    headers = (
        Header("From", (mailbox(letterhead.sender_name, ascii_address(letterhead.sender_address)),)),
        Header("To", (_TO,)),
        Header("Subject", (_subject(rendered, letterhead),)),
        Header("Date", (format_datetime(date).encode(),)),
        Header("Message-ID", (b"<", _MESSAGE_ID, f"@{domain}>".encode())),
        *([Header("Reply-To", (ascii_address(letterhead.reply_to),))] if letterhead.reply_to else []),
        *listing,
        *([Header("Auto-Submitted", (b"auto-generated",))] if automatic else []),
        *feedback,
        Header("MIME-Version", (b"1.0",)),
        Header("Content-Type", (f'multipart/alternative;\r\n boundary="{boundary}"'.encode(),)),
    )
    return EncodedEmail(headers, encode_body(rendered, letterhead, boundary), letterhead.sender_address, domain)


def _subject(rendered: Rendered, letterhead: Letterhead) -> bytes | SlottedText:
    if rendered.personal_subject:
        return with_slots(rendered.personal_subject, letterhead.fields)
    return unstructured("Subject", rendered.subject)


def encode_body(rendered: Rendered, letterhead: Letterhead, boundary: str) -> tuple[Piece, ...]:
    """Return text and HTML as the parts of a multipart/alternative (RFC 2046 5.1.4)."""
    pieces: list[Piece] = []
    for kind, content in (("plain", rendered.text), ("html", rendered.html)):
        encoding, encoded = _encoded(tuple(_parts(content, rendered, letterhead)), html=kind == "html")
        head = (
            f"--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
        )
        pieces += [head.encode(), *encoded, b"" if encoding == "base64" else b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode())
    return merged(pieces)


def _encoded(parts: tuple[str | Slot, ...], *, html: bool) -> tuple[str, tuple[Piece, ...]]:
    """Return the name of the shorter encoding, and the content in it; texts in Latin script are shorter if quoted."""
    quoted = encode_pieces(parts)
    if all(part.isascii() for part in parts if isinstance(part, str)):
        return "quoted-printable", quoted
    in_base64 = base64_parts.encode_pieces(parts, html=html)
    if in_base64 is None or _octets(quoted) <= _octets(in_base64):
        return "quoted-printable", quoted
    return "base64", in_base64


def _octets(pieces: tuple[Piece, ...]) -> int:
    return sum(len(piece) for piece in pieces if isinstance(piece, bytes))


def _parts(content: str, rendered: Rendered, letterhead: Letterhead) -> Iterator[str | Slot]:
    """Yield the content split at its placeholders; a link is the literal beginning of its address and the token."""
    table, end = dict(rendered.placeholders), 0
    for match in pattern(table).finditer(content):
        slot = table[match[0]]
        literal = content[end : match.start()]
        if slot.value in PATHS:
            yield literal + escape(letterhead.site_url) + PATHS[slot.value]
            yield _TOKEN
        else:
            yield literal
            yield slot
        end = match.end()
    yield content[end:]
