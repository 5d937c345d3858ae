"""Galleries of blogs' software, whose pictures stand in rows of two or three.

Known by their classes: WordPress (blocks, the shortcode, Jetpack's tiles), Ghost, Tumblr and others, and by their form:
small pictures in one line, as Blogger has them.
"""

import re

from lxml import etree
from lxml.builder import E

from newsletter.feeds.html import parts
from newsletter.feeds.html.markup import HtmlElement, classes, outermost, replace, text_in
from newsletter.feeds.html.media import safe_address

_GALLERY = re.compile(
    r"(?:wp-block-gallery|blocks-gallery-grid|kg-gallery-(?:card|container)|galleryid-\S+|gallery-columns-\d|npf_row|photoset"
    r"|tiled-gallery|wp-block-jetpack-(?:tiled-gallery|slideshow)|image-gallery(?:-embed)?)"
)
_COLUMNS = re.compile(r"(?:gallery-)?columns-(\d)")
_CAPTION = re.compile(r"(?:gallery|wp)-caption(?:-text)?|blocks-gallery-(?:item__)?caption|image-caption")
_BOXES = ("div", "figure", "ul", "section", "p")
_ITEMS = ("figure", "li", "dl")
_WIDEST_IN_LINE = 400
"""Pixels of a picture that stands beside others where nothing but its size says so."""


def arrange(root: HtmlElement) -> None:
    """Put the pictures of galleries into rows, each in a figure with its caption; the gallery's own comes below."""
    for gallery in outermost(e for e in root.iter(*_BOXES) if e is not root and (_is_gallery(e) or _is_line(e))):
        images = list(gallery.iter("img"))
        captions = [_caption_of(image, gallery) for image in images]
        below = next((e for e in gallery.iter() if _is_caption(e) and e not in captions and text_in(e)), None)
        caption_text = "".join(text_in(e) for e in dict.fromkeys([*captions, below]) if e is not None)
        if images and caption_text.replace(" ", "") == text_in(gallery).replace(" ", ""):
            _lay_out(gallery, [_figure(*pair) for pair in zip(images, captions, strict=True)], below)


def _is_gallery(element: HtmlElement) -> bool:
    names = classes(element)
    if parts.CLASSES[parts.ROW] in names:
        return 1 < len(element) <= parts.MOST_IN_A_ROW and all(
            child.tag == "figure" and len(list(child.iter("img"))) == 1 for child in element
        )
    return any(_GALLERY.fullmatch(name) for name in names)


def _is_line(element: HtmlElement) -> bool:
    """Return whether an element holds two or three small pictures, with links or without, and nothing else."""
    if element.tag not in ("p", "div") or not 1 < len(element) <= parts.MOST_IN_A_ROW or text_in(element):
        return False
    images = [
        child if child.tag == "img" else child[0] if child.tag == "a" and len(child) == 1 else None for child in element
    ]
    return all(
        image is not None and image.tag == "img" and 100 <= int(image.get("width") or 0) <= _WIDEST_IN_LINE
        for image in images
    )


def _caption_of(image: HtmlElement, gallery: HtmlElement) -> HtmlElement | None:
    for item in image.iterancestors():
        if item is gallery:
            return None
        if item.tag in _ITEMS and len(list(item.iter("img"))) == 1:
            return next((e for e in item.iter() if _is_caption(e)), None)
    return None


def _is_caption(element: HtmlElement) -> bool:
    return element.tag == "figcaption" or any(_CAPTION.fullmatch(name) for name in classes(element))


def _figure(image: HtmlElement, caption: HtmlElement | None) -> HtmlElement:
    _enlarge(image)
    link = image.getparent() if image.getparent().tag == "a" else None
    image.tail = None
    figure: HtmlElement = E.figure(image if link is None or not link.get("href") else E.a(image, href=link.get("href")))
    if caption is not None and text_in(caption):
        caption.tag, caption.tail = "figcaption", None
        figure.append(caption)
    return figure


def _enlarge(image: HtmlElement) -> None:
    """Let an image show the large file that Jetpack names beside a thumbnail, which may be cropped to a square."""
    large = safe_address(image.get("data-large-file") or "", "")
    if large and large.partition("?")[0] != (image.get("src") or "").partition("?")[0]:
        image.set("src", large)
        etree.strip_attributes(image, "width", "height")


def _lay_out(gallery: HtmlElement, figures: list[HtmlElement], below: HtmlElement | None) -> None:
    columns = next((int(match[1]) for name in classes(gallery) if (match := _COLUMNS.fullmatch(name))), 0)
    blocks = figures if columns == 1 else parts.rows(figures, 2 if columns == 2 else parts.MOST_IN_A_ROW)
    replace(gallery, *blocks, caption=below)
