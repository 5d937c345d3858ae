"""Images for the sample posts: hills under a sky, drawn from a number, so that none has to be shipped.

PNG with a palette (ISO/IEC 15948): the signature, then the chunks IHDR, PLTE, IDAT and IEND.
"""

import math
import random
import struct
import zlib
from collections.abc import Sequence
from functools import lru_cache

WIDTH, HEIGHT = 640, 360
SKY = 64
"""The number of shades in the palette that are the sky's, from the top down; the sun and three ranges of hills
follow.
"""

_LIGHTS = (
    ((38, 70, 110), (246, 190, 140)),
    ((90, 140, 180), (236, 236, 220)),
    ((60, 40, 84), (240, 140, 110)),
    ((120, 160, 150), (250, 240, 205)),
)
Colour = tuple[int, int, int]


@lru_cache(maxsize=64)
def picture(number: int) -> bytes:
    """Return a PNG of 640 by 360 pixels, always the same one for a number."""
    chance = random.Random(number)  # noqa: S311 - it draws hills
    top, bottom = chance.choice(_LIGHTS)
    palette = [_between(top, bottom, i / (SKY - 1)) for i in range(SKY)]
    palette += [(255, 244, 214), *(_between(top, (12, 24, 34), depth) for depth in (0.35, 0.6, 0.85))]
    sun = (chance.randrange(120, WIDTH - 120), chance.randrange(70, 170), chance.randrange(22, 40))
    hills = [_range_of_hills(chance, HEIGHT * base) for base in (0.58, 0.7, 0.84)]
    rows = b"".join(b"\0" + _row(y, sun, hills) for y in range(HEIGHT))
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)
    colours = bytes(channel for colour in palette for channel in colour)
    chunks = ((b"IHDR", head), (b"PLTE", colours), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _row(y: int, sun: tuple[int, int, int], hills: Sequence[Sequence[float]]) -> bytes:
    row = bytearray([y * SKY // HEIGHT]) * WIDTH
    x, middle, radius = sun
    if (half := radius**2 - (y - middle) ** 2) > 0:
        width = round(math.sqrt(half))
        row[x - width : x + width] = bytes([SKY]) * (2 * width)
    for depth, tops in enumerate(hills, 1):
        for column, edge in enumerate(tops):
            if y >= edge:
                row[column] = SKY + depth
    return bytes(row)


def _range_of_hills(chance: random.Random, base: float) -> list[float]:
    """Return the row at which the hills begin, for each column."""
    waves = [(chance.uniform(4, 26), chance.uniform(60, 260), chance.uniform(0, 6.3)) for _ in range(3)]
    return [base + sum(h * math.sin(column / length + shift) for h, length, shift in waves) for column in range(WIDTH)]


def _between(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
