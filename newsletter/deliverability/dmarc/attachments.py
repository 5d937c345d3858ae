"""Attachments of an email that may be DMARC reports, unpacked within limits.

A zip or gzip file can unpack to a thousand times its size, so no more is unpacked of an email than `LARGEST_XML`, and
no more than `MOST_DOCUMENTS`: a receiver sends one report in an email (RFC 7489 7.2.1.1). Attachments of emails inside
the email are not looked at: they are what a bounce brings back.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator
from email.message import Message

from newsletter.mime.parsing import MALFORMED, parse

LARGEST_EMAIL = 1_500_000
LARGEST_FILE = 1_000_000
LARGEST_XML = 10_000_000
"""Octets of the email, of an attachment, and of what is unpacked from all of them."""

MOST_ATTACHMENTS, MOST_DOCUMENTS = 10, 10
_GZIP, _ZIP, _XML = b"\x1f\x8b", b"PK\x03\x04", (b"<", b"\xef\xbb\xbf<")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_GZIP_HEADER = 16 + zlib.MAX_WBITS


class InvalidReport(ValueError):
    """An email with a report that can't be read, such as an attachment that is broken, encrypted or too large."""


def documents(raw: bytes) -> Iterator[bytes]:
    """Yield the XML documents in the attachments of an email. Raises InvalidReport."""
    unpacked = _Unpacked()
    for octets in _files(raw):
        if octets.startswith(_GZIP):
            yield unpacked.counted(_gunzipped(octets, unpacked.left))
        elif octets.startswith(_ZIP):
            yield from _unzipped(octets, unpacked)
        elif octets.startswith(_XML):
            yield unpacked.counted(octets)


class _Unpacked:
    """The reports that were unpacked from an email so far."""

    def __init__(self) -> None:
        self.left = LARGEST_XML
        self._documents = 0

    def counted(self, document: bytes) -> bytes:
        """Count a document. Raises InvalidReport if it is one too many, or too large with those before it."""
        self.left -= len(document)
        self._documents += 1
        if self.left < 0 or self._documents > MOST_DOCUMENTS:
            raise InvalidReport
        return document


def _files(raw: bytes) -> list[bytes]:
    """Return the attachments that are neither text for people nor a nested email."""
    try:
        files = [_octets(part) for part in _parts(parse(raw[:LARGEST_EMAIL]))]
    except MALFORMED:
        return []
    return [octets for octets in files[:MOST_ATTACHMENTS] if 0 < len(octets) <= LARGEST_FILE]


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
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _gunzipped(octets: bytes, most: int) -> bytes:
    """Unpack a gzip file, but no more than one octet above `most`."""
    unpacking = zlib.decompressobj(_GZIP_HEADER)
    try:
        unpacked = unpacking.decompress(octets, most + 1)
    except zlib.error as e:
        raise InvalidReport from e
    if not unpacking.eof and len(unpacked) <= most:
        raise InvalidReport
    return unpacked


def _unzipped(octets: bytes, unpacked: _Unpacked) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_DOCUMENTS:
                raise InvalidReport
            for entry in entries:
                if entry.filename.lower().endswith(".xml"):
                    yield unpacked.counted(_entry(archive, entry, unpacked.left))
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError) as e:
        raise InvalidReport from e


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    """Unpack an entry, but no more than one octet above `most`."""
    if entry.compress_type not in _METHODS or entry.flag_bits & _ENCRYPTED:
        raise InvalidReport
    with archive.open(entry) as file:
        return file.read(most + 1)
