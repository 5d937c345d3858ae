"""Headlines for posts without a title, such as notes: the first words, or the description of an image."""

import re
from unicodedata import east_asian_width

from newsletter.render.content.fragment import Element, parse, serialise
from newsletter.render.content.images import names_file
from newsletter.render.content.spaces import collapse
from newsletter.render.content.text import plain
from newsletter.render.content.videos import drop_recordings

LONGEST = 60
LONGEST_WHOLE = 100
"""Characters of a note that is its own headline, so that none of it needs to be repeated below."""


def headline_of(html: str) -> tuple[str, bool]:
    """Return at most `LONGEST` characters of a cleaned post, "" if it has no text, and whether that is all of it.

    A post of one paragraph without links and images may have `LONGEST_WHOLE`. Recordings that stand alone have no part
    in it.
    """
    root = parse(html)
    only_words = root.find(".//img") is None and root.find(".//a") is None
    drop_recordings(root)
    pictures, links = list(root.iter("img")), list(root.iter("a"))
    alternatives = [
        collapse(picture.get("alt") or "")
        for picture in pictures
        if not names_file(picture.get("alt") or "", picture.get("src") or "")
    ]
    paragraphs = plain(_words_alone(root, pictures + links)).split("\n\n")
    first = collapse(paragraphs[0].lstrip("> -"))
    is_alone = len(paragraphs) == 1 and only_words
    if is_alone and _width(first) <= LONGEST_WHOLE:
        return first, True
    return shortened(first or next(filter(None, alternatives), "")), False


def _width(text: str) -> int:
    """Return the width of a text; a character of Chinese, Japanese or Korean is as wide as two others."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def without_headline(html: str, headline: str) -> str:
    """Return a cleaned post without the words at its beginning of which its headline was made, unless they have links.

    The text goes on behind "…", where the headline ends with it.
    """
    if not headline.endswith("…"):
        return html
    root = parse(html)
    first = next((child for child in root if isinstance(child.tag, str)), None)
    words = r"\s+".join(map(re.escape, headline.removesuffix("…").split()))
    match = re.match(rf"\s*{words}", first.text or "") if first is not None and first.tag == "p" else None
    if first is None or match is None:
        return html
    rest = (first.text or "")[match.end() :].lstrip(" ,;:–-\n\t")
    if not rest and not len(first):
        return html
    first.text = f"…{rest}"
    return serialise(root)


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
