"""Measures images by the beginning of their files, without decoding them. Pure, and in Python alone.

Promises: any octets give a size or None, in time linear to their number.
"""

import struct
from collections.abc import Callable, Mapping

ENOUGH = 262_144
"""Octets of a file that have its size, also behind metadata that cameras write first."""
_LARGEST = 50_000

Size = tuple[int, int]


def measure(head: bytes) -> Size | None:
    """Return width and height in pixels of a JPEG, PNG, GIF, WebP or AVIF; None for anything else."""
    read = next((read for start, read in _READERS.items() if head.startswith(start)), None)
    if read is None and head[4:8] == b"ftyp":
        read = _avif
    try:
        size = read(head) if read else None
    except (struct.error, IndexError):
        return None
    return size if size and all(0 < side <= _LARGEST for side in size) else None


def _png(head: bytes) -> Size | None:
    width, height = struct.unpack_from(">II", head, 16)
    return (width, height) if head[12:16] == b"IHDR" else None


def _gif(head: bytes) -> Size | None:
    width, height = struct.unpack_from("<HH", head, 6)
    return width, height


def _jpeg(head: bytes) -> Size | None:
    """Read the frame's header (ITU T.81 B.2.2), turned if the Exif orientation says so."""
    place, turned = 2, False
    while place + 4 <= len(head):
        if head[place] != 0xFF:
            return None
        kind = head[place + 1]
        if kind == 0xFF or 0xD0 <= kind <= 0xD8:
            place += 1 if kind == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", head, place + 2)
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", head, place + 5)
            return (height, width) if turned else (width, height)
        if kind == 0xE1 and head[place + 4 : place + 10] == b"Exif\0\0":
            turned = turned or _lies_on_its_side(head[place + 10 : place + 2 + length])
        place += 2 + max(length, 2)
    return None


def _lies_on_its_side(exif: bytes) -> bool:
    order = "<" if exif[:2] == b"II" else ">"
    (start,) = struct.unpack_from(f"{order}I", exif, 4)
    (count,) = struct.unpack_from(f"{order}H", exif, start)
    for number in range(min(count, 100)):
        tag, _kind, _count, value = struct.unpack_from(f"{order}HHIH", exif, start + 2 + 12 * number)
        if tag == 0x0112:
            return value in (5, 6, 7, 8)
    return False


def _webp(head: bytes) -> Size | None:
    if head[8:12] != b"WEBP":
        return None
    match head[12:16]:
        case b"VP8X":
            return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
        case b"VP8L":
            bits = int.from_bytes(head[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", head, 26)
            return width & 0x3FFF, height & 0x3FFF
    return None


def _avif(head: bytes) -> Size | None:
    """Read the first size (`ispe`) of the items' properties."""
    place = head.find(b"ispe") if b"avif" in head[8:64] else -1
    if place < 0:
        return None
    width, height = struct.unpack_from(">II", head, place + 8)
    return width, height


_READERS: Mapping[bytes, Callable[[bytes], Size | None]] = {
    b"\x89PNG\r\n\x1a\n": _png,
    b"GIF87a": _gif,
    b"GIF89a": _gif,
    b"\xff\xd8": _jpeg,
    b"RIFF": _webp,
}
