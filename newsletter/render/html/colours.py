"""Readable colours: contrast as in WCAG 2.2, and accents for light and dark backgrounds."""

import colorsys
import re
from functools import lru_cache

from newsletter.config.colour import Rgb, contrast

__all__ = ["DARK_GROUND", "LIGHT_GROUND", "READABLE", "Rgb", "contrast", "darkened", "lightened", "parse_colour"]

DARK_GROUND = "#191816"
DARK_BOX = "#272522"
LIGHT_GROUND = "#ffffff"
READABLE = 4.5

_HEX = re.compile(r"^#([0-9a-f]{3}|[0-9a-f]{6})$", re.IGNORECASE)
_RGB = re.compile(r"^rgb\(\s*+(\d{1,3})(?:\s*+,\s*+|\s++)(\d{1,3})(?:\s*+,\s*+|\s++)(\d{1,3})\s*+\)$", re.IGNORECASE)
_NAMED = {
    "black": "#000000", "white": "#ffffff", "red": "#ff0000", "green": "#008000", "blue": "#0000ff", "gray": "#808080",
    "grey": "#808080", "silver": "#c0c0c0", "yellow": "#ffff00", "maroon": "#800000", "navy": "#000080",
    "orange": "#ffa500",
}  # fmt: skip


def parse_colour(text: str) -> Rgb | None:
    """Return a CSS colour as red, green, blue (0 to 255); None for anything else, such as `inherit` or an unknown
    name.
    """
    value = _NAMED.get(text.strip().lower(), text.strip())
    if match := _HEX.match(value):
        digits = match[1] if len(match[1]) == 6 else "".join(d * 2 for d in match[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    if match := _RGB.match(value):
        red, green, blue = (min(int(n), 255) for n in match.groups())
        return red, green, blue
    return None


def lightened(colour: str, ground: str = DARK_GROUND, ratio: float = READABLE) -> str:
    """Return the colour if it is readable on the dark background, otherwise the same hue as light as necessary."""
    return _shifted(colour, ground, ratio, 1)


def darkened(colour: str, ground: str = LIGHT_GROUND, ratio: float = READABLE) -> str:
    """Return the colour if it is readable on the light background, otherwise the same hue as dark as necessary."""
    return _shifted(colour, ground, ratio, 0)


@lru_cache(maxsize=256)
def _shifted(colour: str, ground: str, ratio: float, end: int) -> str:
    """Return the colour with its lightness moved towards `end`, 0 or 1, until it is readable."""
    rgb, below = parse_colour(colour), parse_colour(ground)
    if rgb is None or below is None or contrast(rgb, below) >= ratio:
        return colour
    hue, light, saturation = colorsys.rgb_to_hls(*(channel / 255 for channel in rgb))
    steps = (colorsys.hls_to_rgb(hue, light + (end - light) * step / 100, saturation) for step in range(101))
    candidates = ((round(r * 255), round(g * 255), round(b * 255)) for r, g, b in steps)
    shifted = next((candidate for candidate in candidates if contrast(candidate, below) >= ratio), (255 * end,) * 3)
    return "#{:02x}{:02x}{:02x}".format(*shifted)
