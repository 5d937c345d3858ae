"""Which images of a post an email shows, and from where: their source, this site, or not at all."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from newsletter.domain.digest import DigestPost
from newsletter.domain.found_post import Image
from newsletter.images import names
from newsletter.render.content.covers import remove_image
from newsletter.render.content.fragment import Element, parse, serialise
from newsletter.render.content.images import is_emoji, pixels, set_size, size_in_name, sized

FETCHED_WIDTH = 1104
"""Pixels of an image that is fetched from a host that makes several sizes: twice the column."""


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
