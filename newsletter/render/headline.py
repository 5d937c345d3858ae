"""A headline for a post that has none, as notes have none: its first words, else what its picture shows."""

from newsletter.render.fragment import Element, parse, serialise
from newsletter.render.spaces import collapse
from newsletter.render.text import plain

LONGEST = 60


def headline_of(html: str) -> tuple[str, bool]:
    """At most `LONGEST` characters of a cleaned post, "" where it has no words; and whether that is all of it."""
    root = parse(html)
    pictures, links = list(root.iter("img")), list(root.iter("a"))
    shown = next(filter(None, (collapse(picture.get("alt") or "") for picture in pictures)), "")
    paragraphs = plain(_words_alone(root, pictures + links)).split("\n\n")
    first = collapse(paragraphs[0].lstrip("> -"))
    short = shortened(first or shown)
    return short, short == first and len(paragraphs) == 1 and not (pictures or links)


def _words_alone(root: Element, others: list[Element]) -> str:
    """The fragment without its pictures, and without the addresses of its links."""
    for element in others:
        element.drop_tag()
    return serialise(root)


def shortened(text: str, longest: int = LONGEST) -> str:
    """At most so many characters, cut between words, or within one where that is longer."""
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    return (cut.rpartition(" ")[0] or cut).rstrip(" ,;:–-") + "…"
