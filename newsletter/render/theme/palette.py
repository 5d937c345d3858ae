"""The colours of an email, made from its text and background colours."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from newsletter.config.colour import Rgb, contrast, rgb
from newsletter.render.html.colours import darkened, lightened


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
