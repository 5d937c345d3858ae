"""The picture and the excerpt of an edition for the archive, from its HTML as it was approved."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from lxml import html as lxml_html
from lxml.html import HtmlElement

from newsletter.render.content.headline import shortened
from newsletter.render.content.spaces import collapse
from newsletter.render.content.videos import PICTURE

SMALLEST_PICTURE = 200
"""The width in pixels below which an image is an icon or a logo, and doesn't stand for the edition."""

_LONGEST_EXCERPT = 220
_SHORTEST_TEXT = 40
"""A text with fewer characters, such as "Hello!", is joined with the next one."""

_NOT_THE_EDITION_S = ("logo", "block", "tinted-sponsor", "foot", "name")
"""Classes of what is in every edition, or paid for: mastheads, sponsors and footers."""

_NOT_TEXT = ("meta", "more", "dates", "tagline", "by-day", "when", "block-title")


@dataclass(frozen=True, slots=True)
class TeaserPicture:
    """An image; `width` and `height` are in pixels, 0 if unknown."""

    url: str
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Teaser:
    """What an archive shows of an edition beside its subject. `picture` is None for an edition without pictures."""

    excerpt: str = ""
    picture: TeaserPicture | None = None


def teaser(page: str, preview_text: str, *, written: bool, logos: Collection[str] = ()) -> Teaser:
    """Return the teaser of an edition's HTML, whose placeholders have been filled.

    The excerpt is the preview text if an editor has written it; otherwise the beginning of the introduction or the
    first post, and the preview text if a publisher's own template marks neither. Neither a logo nor what stands for a
    video without a picture is the picture.
    """
    document = lxml_html.document_fromstring(page)
    excerpt = preview_text if written else _beginning(document) or preview_text
    return Teaser(shortened(collapse(excerpt), _LONGEST_EXCERPT), _picture(document, logos))


def _picture(document: HtmlElement, logos: Collection[str]) -> TeaserPicture | None:
    for image in document.iter("img"):
        source, width = image.get("src", ""), _pixels(image.get("width", ""))
        if not source.startswith(("https://", "http://")) or source in logos or 0 < width < SMALLEST_PICTURE:
            continue
        if not source.endswith(PICTURE) and _is_content(image):
            return TeaserPicture(source, width, _pixels(image.get("height", "")))
    return None


def _pixels(number: str) -> int:
    return int(number) if number.isdecimal() else 0


def _is_content(element: HtmlElement) -> bool:
    return not any(_has_class(container, _NOT_THE_EDITION_S) for container in (element, *element.iterancestors()))


def _has_class(element: HtmlElement, names: tuple[str, ...]) -> bool:
    return not set(element.get("class", "").split()).isdisjoint(names)


def _beginning(document: HtmlElement) -> str:
    """Return the first paragraphs of the introduction, or else of the first post; "" if there is neither."""
    text = ""
    for element in document.xpath("//*[@class]"):
        if not _has_class(element, ("words", "post")):
            continue
        for paragraph in _paragraphs(element):
            text = f"{text} {paragraph}".strip()
            if len(text) >= _SHORTEST_TEXT:
                return text
        if text:
            return text
    return text


def _paragraphs(element: HtmlElement) -> Iterator[str]:
    for paragraph in element.iter("p"):
        if not _has_class(paragraph, _NOT_TEXT) and _is_content(paragraph) and (text := _text(paragraph)):
            yield text


def _text(element: HtmlElement) -> str:
    pieces = element.xpath(".//text()[not(parent::style)] | .//br")
    return collapse("".join(piece if isinstance(piece, str) else " " for piece in pieces))
