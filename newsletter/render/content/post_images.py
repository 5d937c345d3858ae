"""Which images of a post an email shows, and from where: their source, this site, or not at all.

The cover of a post is the image that a design shows above or beside its text, taken out of the text.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from newsletter.domain.digest import DigestPost
from newsletter.domain.found_post import Image
from newsletter.images import names
from newsletter.render.content.fragment import Element, parse, serialise, text_of
from newsletter.render.content.images import is_emoji, names_file, pixels, set_size, size_in_name, size_of, sized
from newsletter.render.content.videos import RECORDING, is_video_file

FETCHED_WIDTH = 1104
"""Pixels of an image that is fetched from a host that makes several sizes: twice the column."""
_SMALLEST = 160
"""Narrower images, such as badges and portraits of authors, are no covers."""


def addresses(post: DigestPost, site: str) -> Iterator[str]:
    """Yield the addresses of the images that a post may show, as they are fetched; those of this site are not."""
    root = parse(post.html) if "<img" in post.html else None
    images = [] if root is None else [image.get("src") or "" for image in root.iter("img")]
    for url in images or ([post.image.url] if post.image else []):
        if url.startswith(("http://", "https://")) and not url.startswith(site + names.PATH):
            yield sized(url, FETCHED_WIDTH)


def unmeasured(html: str, image: Image | None) -> Iterator[str]:
    """Yield the addresses, as emails have them, of a post's images whose width nothing says."""
    if "<img" in html:
        for element in parse(html).iter("img"):
            url = element.get("src") or ""
            has_size = pixels(element.get("width")) or size_in_name(url) or is_emoji(url)
            if url.startswith(("http://", "https://")) and not has_size:
                yield sized(url)
    if image is not None and not (image.width or size_in_name(image.url)):
        yield sized(image.url)


def measured(post: DigestPost, sizes: Mapping[str, tuple[int, int]]) -> DigestPost:
    """Return a post whose images have the sizes that were found out by their addresses in emails."""

    def measure(element: Element) -> None:
        size = sizes.get(sized(element.get("src") or ""))
        if size and pixels(element.get("width")) is None:
            width, height = size
            tall = pixels(element.get("height")) or height
            set_size(element, max(1, round(width * tall / height)), tall)

    size = sizes.get(sized(post.image.url)) if post.image and not post.image.width else None
    image = replace(post.image, width=size[0], height=size[1]) if post.image and size else post.image
    return replace(post, html=_changed(post.html, measure) if sizes else post.html, image=image)


def without_images(post: DigestPost) -> DigestPost:
    """Return a post without its images."""
    return replace(post, html=_changed(post.html, remove_image), image=None)


def hosted(post: DigestPost, site: str, stored: Mapping[str, str]) -> DigestPost:
    """Return a post with images of this site in place of its sources' images.

    `stored` has the name of the stored file for each address of `addresses`; "" leaves the image out, and an address
    that is missing keeps its source.
    """

    def host(element: Element) -> None:
        name = stored.get(sized(element.get("src") or "", FETCHED_WIDTH))
        if name == "":
            remove_image(element)
        elif name is not None:
            _point_to(element, site, name)

    return replace(
        post, html=_changed(post.html, host), image=_hosted(post.image, site, stored) if post.image else None
    )


def _changed(html: str, change: Callable[[Element], None]) -> str:
    if "<img" not in html:
        return html
    root = parse(html)
    for element in list(root.iter("img")):
        change(element)
    return serialise(root)


def _point_to(element: Element, site: str, name: str) -> None:
    image = _at(Image(element.get("src"), width=pixels(element.get("width"))), site, name)
    element.set("src", image.url)
    element.set("width", str(image.width))
    element.set("height", str(image.height))
    element.attrib.pop("srcset", None)


def _hosted(image: Image, site: str, stored: Mapping[str, str]) -> Image | None:
    name = stored.get(sized(image.url, FETCHED_WIDTH))
    if name is None:
        return image
    return _at(image, site, name) if name else None


def _at(image: Image, site: str, name: str) -> Image:
    """Return the image at its address on this site, as wide as its source shows it, without being distorted."""
    width, height = names.size_of(name) or (FETCHED_WIDTH, FETCHED_WIDTH)
    shown_width = image.width or width
    return Image(site + names.PATH + name, image.alt, shown_width, max(1, round(shown_width * height / width)))


@lru_cache(maxsize=256)
def with_cover(html: str, *, whole: bool) -> tuple[str, Image | None]:
    """Return a cleaned post without its cover, and the cover: the first large image that is not of a card.

    A post that is shown whole keeps its other images and the caption of the cover, and an image behind its first
    words or beside others is no cover; neither is the poster of a video, which stays above its title. The image of a
    link to another recording is taken out: it is the image of the post, which is shown larger. A shortened post loses
    all images with their captions, since its text is only a taste of the post.
    """
    root = parse(html)
    images = [image for image in root.iter("img") if image.get("src") and not is_emoji(image.get("src"))]
    elsewhere = ("link-card", "row") if whole else ("link-card",)
    large = filter(_is_large, images)
    alone = (image for image in large if all(div.get("class") not in elsewhere for div in image.iterancestors("div")))
    cover = next(alone, None)
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
