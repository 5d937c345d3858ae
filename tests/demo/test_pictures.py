"""The drawn pictures are whole PNG files (ISO/IEC 15948)."""

import struct
import zlib
from collections.abc import Iterator

from newsletter.demo.pictures import HEIGHT, WIDTH, picture


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 8
    while position < len(png):
        (length,) = struct.unpack_from(">I", png, position)
        name, data = png[position + 4 : position + 8], png[position + 8 : position + 8 + length]
        assert struct.unpack_from(">I", png, position + 8 + length)[0] == zlib.crc32(name + data)
        yield name, data
        position += 12 + length


def test_the_chunks_are_whole_and_in_order() -> None:
    assert [name for name, _ in chunks(picture(1))] == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]


def test_every_pixel_has_a_colour_of_the_palette() -> None:
    found = dict(chunks(picture(20260206)))
    rows = zlib.decompress(found[b"IDAT"])
    assert len(rows) == HEIGHT * (WIDTH + 1)
    assert max(rows) < len(found[b"PLTE"]) // 3


def test_it_stays_below_20_kb() -> None:
    assert max(len(picture(number)) for number in range(5)) < 20_000


def test_the_same_number_gives_the_same_picture_and_another_one_another() -> None:
    assert picture(3) == picture.__wrapped__(3) != picture(4)
