"""Images for the sample posts: hills under a sky, drawn from a number, so that none has to be shipped."""

import io
import math
import random
from functools import lru_cache

from PIL import Image, ImageDraw

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
    image = Image.new("P", (WIDTH, HEIGHT))
    image.putpalette([channel for colour in palette for channel in colour])
    draw = ImageDraw.Draw(image)
    for y in range(HEIGHT):
        draw.line((0, y, WIDTH, y), fill=y * SKY // HEIGHT)
    sun = (chance.randrange(120, WIDTH - 120), chance.randrange(70, 170))
    draw.circle(sun, chance.randrange(22, 40), fill=SKY)
    for depth, base in enumerate((0.58, 0.7, 0.84), 1):
        tops = enumerate(_range_of_hills(chance, HEIGHT * base))
        draw.polygon([*tops, (WIDTH, HEIGHT), (0, HEIGHT)], fill=SKY + depth)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _range_of_hills(chance: random.Random, base: float) -> list[float]:
    """Return the row at which the hills begin, for each column."""
    waves = [(chance.uniform(4, 26), chance.uniform(60, 260), chance.uniform(0, 6.3)) for _ in range(3)]
    return [base + sum(h * math.sin(column / length + shift) for h, length, shift in waves) for column in range(WIDTH)]


def _between(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue
