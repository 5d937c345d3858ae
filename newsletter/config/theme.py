"""The table `theme` of a newsletter: its design, colours and fonts, and what its emails show beside the posts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from newsletter.config.fields import Colour, OptionalWebAddress, web_address
from newsletter.config.tables import Before, Bounds, ConfigTable
from newsletter.config.values import InvalidValue, parse_colour
from newsletter.messages.general import ABOUT

DesignName = Literal["letter", "magazine", "cards", "brief", "plain"]
Masthead = Literal["auto", "start", "center", "band", "band-center"]
MetaPart = Literal["source", "author", "date", "time", "reading_time", "categories"]
ShareTarget = Literal["email", "bluesky", "facebook", "linkedin", "whatsapp"]
OptionalColour = Annotated[str, Before(lambda v: v if v == "" else parse_colour(v))]


@dataclass(frozen=True, kw_only=True)
class Section(ConfigTable):
    """A category or source whose posts get a heading and a colour of their own."""

    name: Annotated[str, Bounds(min_length=1)]
    heading: str = ""
    colour: OptionalColour = ""


def _labelled(value: object) -> object:
    """Read a table of labels and web addresses as pairs."""
    return tuple(_pairs(value)) if isinstance(value, Mapping) else value


def _pairs(value: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for label, address in value.items():
        try:
            yield label, web_address(address)
        except InvalidValue as e:
            raise InvalidValue(ABOUT(subject=label, message=e.message)) from None


@dataclass(frozen=True, kw_only=True)
class Theme(ConfigTable):
    """What can be changed without a template.

    `contents` and `masthead` are the design's if they are "auto", and `meta` if it is None. `band` is the colour of a
    masthead with a band, the accent if it is "".
    """

    design: DesignName = "letter"
    accent: Colour = "#b3261e"
    accent_dark: OptionalColour = ""
    text: Colour = "#1f1d1a"
    background: Colour = "#ffffff"
    logo: OptionalWebAddress = ""
    logo_dark: OptionalWebAddress = ""
    tagline: str = ""
    masthead: Masthead = "auto"
    band: OptionalColour = ""
    browser_link_on_top: bool = True
    buttons: Literal["rounded", "pill", "square"] = "rounded"
    font: str = "Georgia, serif"
    heading_font: str = ""
    contents: Literal["auto", "off", "flat", "day"] = "auto"
    meta: tuple[MetaPart, ...] | None = None
    read_on: str = ""
    images: Literal["all", "first", "lead"] = "all"
    image_height: Annotated[int, Bounds(ge=0, le=4000)] = 0
    sections: tuple[Section, ...] = ()
    links: Annotated[tuple[tuple[str, str], ...], Before(_labelled)] = ()
    footer_text: str = ""
    share: tuple[ShareTarget, ...] = ()
    reply: str = ""
    comments: str = ""
    dates: bool = True
    times: bool = False
