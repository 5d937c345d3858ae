"""Files of images: good ones, and ones that are made to do harm."""

import io
import struct
import zlib
from pathlib import Path

from PIL import Image

from newsletter.images.decoding import prepare
from newsletter.images.mail_image import ImageProblem


def picture(width: int = 60, height: int = 40, form: str = "PNG", colour: str = "red") -> bytes:
    """A file of one colour."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(file, form)
    return file.getvalue()


def moving(frames: int = 3, width: int = 40, height: int = 20, **options: object) -> bytes:
    """An animation of gray frames."""
    images = [Image.new("L", (width, height), 20 + 40 * number) for number in range(frames)]
    file = io.BytesIO()
    images[0].save(file, "GIF", save_all=True, append_images=images[1:], duration=100, loop=0, **options)
    return file.getvalue()


def bomb(width: int = 50_000, height: int = 50_000) -> bytes:
    """A small PNG of very many black pixels, whose hundredths are compressed each alone (RFC 1950 and 1951)."""
    line, pieces = 1 + (width + 7) // 8, 100
    rows = zlib.compressobj(9, wbits=-15)
    piece = rows.compress(bytes(line * (height // pieces))) + rows.flush(zlib.Z_FULL_FLUSH)
    size = line * (height // pieces) * pieces
    packed = b"\x78\xda" + piece * pieces + b"\x03\0" + struct.pack(">I", size % 65521 << 16 | 1)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def chunk(name: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 200


def megabytes_of_refusing(data: bytes) -> int:
    """What this process has used at most, after an image was refused."""
    try:
        prepare(data)
    except ImageProblem:
        # getrusage(2) counts the memory of the process that forked, too.
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) // 1000
    raise AssertionError("it was not refused")
