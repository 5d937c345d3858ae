"""Attachments of an email that may be DMARC reports, unpacked within limits.

A zip or gzip file can unpack to a thousand times its size, so no more is unpacked than `LARGEST_XML`. Attachments of
emails inside the email are not looked at: they are what a bounce brings back.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator
from email.message import Message

from newsletter.delivery.bounces.parts import MALFORMED, parse

LARGEST_EMAIL = 1_500_000
LARGEST_FILE = 1_000_000
LARGEST_XML = 10_000_000
"""Octets of the email, of an attachment, and of what is unpacked from it."""

MOST_ATTACHMENTS, MOST_ENTRIES = 10, 10
_GZIP, _ZIP, _XML = b"\x1f\x8b", b"PK\x03\x04", (b"<", b"\xef\xbb\xbf<")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_GZIP_HEADER = 16 + zlib.MAX_WBITS


class NotUnpacked(ValueError):
    """An attachment that is broken, encrypted or too large."""


def documents(raw: bytes) -> Iterator[bytes]:
    """Yield the XML documents in the attachments of an email. Raises NotUnpacked."""
    for octets in _files(raw):
        if octets.startswith(_GZIP):
            yield _gunzipped(octets)
        elif octets.startswith(_ZIP):
            yield from _unzipped(octets)
        elif octets.startswith(_XML):
            yield octets


def _files(raw: bytes) -> list[bytes]:
    """Return the attachments that are neither text for people nor a nested email."""
    try:
        found = [_octets(part) for part in _parts(parse(raw[:LARGEST_EMAIL]))]
    except MALFORMED:
        return []
    return [octets for octets in found[:MOST_ATTACHMENTS] if 0 < len(octets) <= LARGEST_FILE]


def _parts(mail: Message) -> Iterator[Message]:
    if mail.get_content_maintype() == "multipart":
        payload = mail.get_payload()
        for part in payload[: 2 * MOST_ATTACHMENTS] if isinstance(payload, list) else ():
            if isinstance(part, Message) and part.get_content_maintype() in ("application", "text"):
                yield part
    elif mail.get_content_maintype() == "application" or mail.get_content_type() == "text/xml":
        yield mail


def _octets(part: Message) -> bytes:
    if part.get_content_type() in ("text/plain", "text/html"):
        return b""
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def _gunzipped(octets: bytes) -> bytes:
    unpacking = zlib.decompressobj(_GZIP_HEADER)
    try:
        unpacked = unpacking.decompress(octets, LARGEST_XML + 1)
    except zlib.error as e:
        raise NotUnpacked from e
    if not unpacking.eof or len(unpacked) > LARGEST_XML:
        raise NotUnpacked
    return unpacked


def _unzipped(octets: bytes) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_ENTRIES:
                raise NotUnpacked
            for entry in entries:
                if entry.filename.lower().endswith(".xml"):
                    yield _entry(archive, entry)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError) as e:
        raise NotUnpacked from e


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.compress_type not in _METHODS or entry.flag_bits & _ENCRYPTED:
        raise NotUnpacked
    with archive.open(entry) as file:
        unpacked = file.read(LARGEST_XML + 1)
    if len(unpacked) > LARGEST_XML:
        raise NotUnpacked
    return unpacked
