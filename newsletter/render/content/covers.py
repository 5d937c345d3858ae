"""The cover of a post: the image that a design shows above or beside its text, taken out of the text."""

from functools import lru_cache

from newsletter.domain.found_post import Image
from newsletter.render.content.fragment import Element, parse, serialise, text_of
from newsletter.render.content.images import is_emoji, names_file, pixels, size_in_name, size_of
from newsletter.render.content.videos import RECORDING, is_video_file

_SMALLEST = 160
"""Narrower images, such as badges and portraits of authors, are no covers."""


@lru_cache(maxsize=256)
def with_cover(html: str, *, whole: bool) -> tuple[str, Image | None]:
    """Return a cleaned post without its cover, and the cover: the first large image.

    A post that is shown whole keeps its other images and the caption of the cover, and an image behind its first
    words or beside others is no cover; neither is the poster of a video, which stays above its title. The image of a
    link to another recording is taken out: it is the image of the post, which is shown larger. A shortened post loses
    all images with their captions, since its text is only a taste of the post.
    """
    root = parse(html)
    images = [image for image in root.iter("img") if image.get("src") and not is_emoji(image.get("src"))]
    cover = next((image for image in images if _is_large(image) and not (whole and _is_in_row(image))), None)
    if whole and cover is not None and _of_recording(cover):
        remove_image(cover)
        return serialise(root), None
    if whole and cover is not None and (_is_poster(cover) or not _is_first(root, cover)):
        return html, None
    cover_image = _image(cover) if cover is not None else None
    for image in [cover] if whole else images:
        if image is not None:
            remove_image(image, with_figure=not whole)
    return serialise(root), cover_image


@lru_cache(maxsize=256)
def with_first_image(html: str) -> str:
    """Return a cleaned post without its images but the first; emoji stay."""
    root = parse(html)
    for image in [image for image in root.iter("img") if image.get("src") and not is_emoji(image.get("src"))][1:]:
        remove_image(image)
    return serialise(root)


def _is_large(image: Element) -> bool:
    width = pixels(image.get("width"))
    return width is None or width >= _SMALLEST


def _is_in_row(image: Element) -> bool:
    """Return whether an image stands beside others, as in a gallery."""
    return any(div.get("class") == "row" for div in image.iterancestors("div"))


def _is_first(root: Element, cover: Element) -> bool:
    """Return whether no text comes before an image."""
    for element in root.iter():
        if element is cover:
            return True
        if (element.text or "").strip() and isinstance(element.tag, str):
            return False
        if element is not root and (element.tail or "").strip() and cover not in set(element.iter()):
            return False
    return True


def _of_recording(image: Element) -> bool:
    return RECORDING.search(_linked(image)) is not None and not _is_poster(image)


def _is_poster(image: Element) -> bool:
    """Return whether an image is that of a link to a video's file."""
    return is_video_file(_linked(image))


def _linked(image: Element) -> str:
    """Return the address that an image leads to, "" if it is no link."""
    link = next(image.iterancestors("a"), None)
    return "" if link is None else link.get("href") or ""


def _image(cover: Element) -> Image:
    alt = (cover.get("alt") or "").strip()
    alt = _caption(cover) if not alt or names_file(alt, cover.get("src")) else alt
    width, height = size_of(cover)
    if _of_recording(cover):
        width, height = None, None  # of the small picture beside a recording
    if width is None and (size := size_in_name(cover.get("src"))):
        width, height = size
    return Image(cover.get("src"), alt, width, height)


def _caption(image: Element) -> str:
    figure = next(image.iterancestors("figure"), None)
    caption = None if figure is None else figure.find(".//figcaption")
    return "" if caption is None else text_of(caption)


def remove_image(image: Element, *, with_figure: bool = True) -> None:
    """Remove an image with what only belongs to it: its figure, or a link and a paragraph around it, and the line break
    below it at their beginning. Without `with_figure`, a figure keeps its caption and its other images; so does one
    whose image is the poster of a recording.
    """
    figure = next(image.iterancestors("figure"), None)
    element = figure if figure is not None and with_figure and not _has_recording(figure) else image
    if element.getparent() is None:
        return  # its figure was removed with another image
    while True:
        parent = element.getparent()
        element.drop_tree()
        _drop_first_break(parent)
        if parent is None or parent.getparent() is None or len(parent) or text_of(parent):
            return
        element = parent


def _has_recording(figure: Element) -> bool:
    return any(text_of(link) and RECORDING.search(link.get("href") or "") for link in figure.iter("a"))


def _drop_first_break(element: Element | None) -> None:
    if element is not None and len(element) and element[0].tag == "br" and not (element.text or "").strip():
        element[0].drop_tag()
