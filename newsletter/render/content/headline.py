"""Headlines for posts without a title, such as notes: the first words, or the description of an image."""

from newsletter.render.content.fragment import Element, parse, serialise
from newsletter.render.content.spaces import collapse
from newsletter.render.content.text import plain
from newsletter.render.content.videos import drop_recordings

LONGEST = 60


def headline_of(html: str) -> tuple[str, bool]:
    """Return at most `LONGEST` characters of a cleaned post, "" if it has no text, and whether that is all of it.

    Recordings that stand alone have no part in it.
    """
    root = parse(html)
    only_words = root.find(".//img") is None and root.find(".//a") is None
    drop_recordings(root)
    pictures, links = list(root.iter("img")), list(root.iter("a"))
    alternative = next(filter(None, (collapse(picture.get("alt") or "") for picture in pictures)), "")
    paragraphs = plain(_words_alone(root, pictures + links)).split("\n\n")
    first = collapse(paragraphs[0].lstrip("> -"))
    short = shortened(first or alternative)
    return short, short == first and len(paragraphs) == 1 and only_words


def _words_alone(root: Element, others: list[Element]) -> str:
    """Return the fragment without its images and the addresses of its links."""
    for element in others:
        element.drop_tag()
    return serialise(root)


def shortened(text: str, longest: int = LONGEST) -> str:
    """Return at most `longest` characters, cut between words, or in a word that is longer."""
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    return (cut.rpartition(" ")[0] or cut).rstrip(" ,;:–-") + "…"
