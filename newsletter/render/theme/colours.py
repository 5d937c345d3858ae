"""The colours of an email, made from its text and background colours, with contrast as in WCAG 2.2."""

import colorsys
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from newsletter.config.colour import Rgb, contrast, rgb

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


@lru_cache(maxsize=256)
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


def shaded(colour: str) -> str:
    """Return the colour, darker by a fifth."""
    channels = parse_colour(colour)
    return colour if channels is None else "#" + "".join(f"{round(c * 0.8):02x}" for c in channels)


def lightened(colour: str, ground: str = DARK_GROUND) -> str:
    """Return the colour if it is readable on the dark background, otherwise the same hue as light as necessary."""
    return _shifted(colour, ground, 1)


def darkened(colour: str, ground: str = LIGHT_GROUND) -> str:
    """Return the colour if it is readable on the light background, otherwise the same hue as dark as necessary."""
    return _shifted(colour, ground, 0)


@lru_cache(maxsize=256)
def _shifted(colour: str, ground: str, end: int) -> str:
    """Return the colour with its lightness moved towards `end`, 0 or 1, until it is readable."""
    original, below = parse_colour(colour), parse_colour(ground)
    if original is None or below is None or contrast(original, below) >= READABLE:
        return colour
    hue, light, saturation = colorsys.rgb_to_hls(*(channel / 255 for channel in original))
    steps = (colorsys.hls_to_rgb(hue, light + (end - light) * step / 100, saturation) for step in range(101))
    candidates = ((round(r * 255), round(g * 255), round(b * 255)) for r, g, b in steps)
    shifted = next((candidate for candidate in candidates if contrast(candidate, below) >= READABLE), (255 * end,) * 3)
    return "#{:02x}{:02x}{:02x}".format(*shifted)


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as `#rrggbb`: of text, of less important text, of lines from strong to faint, and of boxes."""

    text: str
    background: str
    muted: str
    line: str
    quote_line: str
    faint_line: str
    box: str


_STANDARD = Palette("#1f1d1a", "#ffffff", "#665f56", "#b9b1a4", "#d9d3c9", "#e4dfd6", "#f6f3ee")
_SHARES = (0.317, 0.688, 0.830, 0.879, 0.952)
"""How much of the background is in each of the other colours, as in the standard ones."""

_HUES = {"note": "#2563a8", "tip": "#1d7a46", "warning": "#b7791f"}
_TINT_SHARES = (0.94, 0.7)
"""How much of the background is in a tint, and in the line around it."""


def palette(text: str, background: str) -> Palette:
    """Return the colours for a text and a background colour; less important text stays readable."""
    if (text, background) == (_STANDARD.text, _STANDARD.background):
        return _STANDARD
    muted, *mixed = (_mixed(rgb(text), rgb(background), share) for share in _SHARES)
    return Palette(text, background, readable(muted, mixed[-1]), *mixed)


def readable(colour: str, background: str) -> str:
    """Return the colour, as much darker or lighter as text on this background needs."""
    dark = contrast(rgb(background), (255, 255, 255)) > contrast(rgb(background), (0, 0, 0))
    return lightened(colour, background) if dark else darkened(colour, background)


def _mixed(one: Rgb, other: Rgb, share: float) -> str:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return f"#{red:02x}{green:02x}{blue:02x}"


@dataclass(frozen=True, slots=True)
class Tint:
    """The colours of a block with a tint: its background and the line around it."""

    background: str
    line: str


@lru_cache(maxsize=64)
def tints(colours: Palette) -> Mapping[str, Tint]:
    """Return the colours of blocks by their tint; texts and links are as readable on them as on boxes."""
    ground = rgb(colours.background)
    mixed = {name: Tint(*(_mixed(rgb(hue), ground, share) for share in _TINT_SHARES)) for name, hue in _HUES.items()}
    return MappingProxyType({**mixed, "sponsor": Tint(colours.box, colours.line)})
