"""The designs of an edition: which template each has, and what it shows of a post where the theme does not say."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from newsletter.config.theme import DesignName, Masthead, MetaPart
from newsletter.render.content.images import COLUMN

STANDARD_TEMPLATE = "edition"
"""The template of the design `letter`, on which the other designs build."""


@dataclass(frozen=True, slots=True)
class Design:
    """A design. `text` is its plain-text template; those of most designs are the same.

    `leads`: the first post is shown larger. `opens`: it is shown before the heading of the first group. `covers`: a
    post's first image is shown above its text, or, with `beside`, beside a short one. `images`: shortened posts have
    images, and a post without one gets that of its feed. `lines`: one line takes the place of a post's text.
    `read_on`: a link below shortened posts leads to the whole text. `cover` and `column` are the widths of a picture
    above a text, and of what is in a text, in CSS pixels. `tinted`: boxes' colour is around the posts.
    """

    name: DesignName
    html: str
    text: str = f"{STANDARD_TEMPLATE}.txt"
    contents: bool = False
    meta: tuple[MetaPart, ...] = ("source", "author", "date", "time", "reading_time")
    logo: bool = True
    leads: bool = False
    opens: bool = False
    covers: bool = False
    beside: bool = False
    images: bool = True
    lines: bool = False
    read_on: bool = False
    masthead: Masthead = "start"
    cover: int = COLUMN
    column: int = COLUMN
    tinted: bool = False


_ALL = (
    Design("letter", f"{STANDARD_TEMPLATE}.mjml", contents=True, leads=True, read_on=True),
    Design(
        "magazine",
        "designs/magazine.mjml",
        leads=True,
        opens=True,
        covers=True,
        beside=True,
        read_on=True,
    ),
    Design(
        "cards",
        "designs/cards.mjml",
        covers=True,
        read_on=True,
        masthead="band",
        cover=COLUMN - 2,
        column=COLUMN - 46,
        tinted=True,
    ),
    Design("brief", "designs/brief.mjml", "designs/brief.txt", leads=True, images=False, lines=True),
    Design("plain", "designs/plain.mjml", logo=False, images=False, read_on=True),
)
DESIGNS: Mapping[DesignName, Design] = MappingProxyType({design.name: design for design in _ALL})


def templates_of(template: str, design: Design) -> tuple[str, str]:
    """Return the files of the HTML and the text: the design's, or a publisher's own template with its name."""
    if template == STANDARD_TEMPLATE:
        return design.html, design.text
    return f"{template}.mjml", f"{template}.txt"


def style_sheet_of(design: Design) -> str:
    """Return the file of the design's own styles, "" if it has none."""
    return "" if design.name == "letter" else f"designs/{design.name}.css"
