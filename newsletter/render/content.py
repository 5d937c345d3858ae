"""A post's cleaned HTML made ready for a mail: pictures that fit, headings below the headline's, links that work."""

from functools import lru_cache

from newsletter.render.fragment import Element, parse, serialise, text_of
from newsletter.render.images import fitted, sized
from newsletter.render.spaces import collapse

COLUMN = 552
# Wider pictures say that they may be narrower, as a phone that shows none keeps their place at full width otherwise;
# but not in the cells of a table, whose width would then be told by the words beside them.
_NARROW = 200

_BLOCK_PARENTS = frozenset(("div", "p", "figure", "center", "a", "li", "td", "picture"))
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_MORE = "\u00a0[…]"


@lru_cache(maxsize=256)
def prepare(html: str, *, url: str, title: str, level: int, whole: bool) -> str:
    """The body of a post for the mail.

    `level` is the headline's: headings inside begin one below. Links into the page itself (`#note`) become plain text,
    since in-mail anchors do nothing in most programs; so does a link that only repeats the headline's `url`.
    A linked picture without words of its own is called what the post is called. A body that is not whole ends with
    "[…]".
    """
    root = parse(html)
    _links(root, url, title)
    _pictures(root)
    _headings(root, level)
    _drop_empty(root)
    if not whole:
        _mark_cut(root)
    return serialise(root)


def _links(root: Element, url: str, title: str) -> None:
    for link in list(root.iter("a")):
        href = (link.get("href") or "").strip()
        pictures = [picture for picture in link.iter("img") if picture.get("src")]
        if not href or href.startswith("#") or href == url or not (text_of(link) or pictures):
            link.drop_tag()
            continue
        link.attrib.pop("target", None)
        if not text_of(link) and not any((picture.get("alt") or "").strip() for picture in pictures):
            pictures[0].set("alt", title)


def _pictures(root: Element) -> None:
    for image in list(root.iter("img")):
        if not image.get("src"):
            image.drop_tree()
            continue
        image.set("src", sized(image.get("src")))
        image.set("alt", collapse(image.get("alt") or ""))
        image.attrib.pop("srcset", None)
        _fit(image)


def _fit(image: Element) -> None:
    width, height = _pixels(image.get("width")), _pixels(image.get("height"))
    for name in ("width", "height"):
        image.attrib.pop(name, None)
    if width is None and not _alone(image):
        return
    fit, tall = fitted(width, height, COLUMN)
    image.set("width", str(fit))
    if tall:
        image.set("height", str(tall))
    if fit > _NARROW and next(image.iterancestors("td", "th"), None) is None:
        image.set("style", f"width:100%; max-width:{fit}px")


def _pixels(value: str | None) -> int | None:
    text = (value or "").strip().removesuffix("px")
    return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else None


def _alone(image: Element) -> bool:
    """Whether a picture stands by itself, and not in a line of text."""
    parent = image.getparent()
    return parent.tag in _BLOCK_PARENTS and not text_of(parent) and len(list(parent.iter("img"))) == 1


def _headings(root: Element, level: int) -> None:
    """Headings keep their order among themselves, the highest one level below the headline, with no level skipped."""
    found = list(root.iter(*_HEADINGS))
    ranks = {tag: rank for rank, tag in enumerate(sorted({element.tag for element in found}))}
    depth = -1
    for element in found:
        depth = min(ranks[element.tag], depth + 1)
        element.tag = f"h{min(level + 1 + depth, 6)}"


def _drop_empty(root: Element) -> None:
    for element in reversed(list(root.iter("p", "div", "figure", *_HEADINGS))):
        if element is not root and not len(element) and not (element.text or "").strip():
            element.drop_tree()


def _mark_cut(root: Element) -> None:
    """Write "[…]" behind the last words, inside their block."""
    element = root
    while len(element) and not (element[-1].tail or "").strip() and element[-1].tag not in ("br", "img", "hr", "table"):
        element = element[-1]
    if len(element):
        element[-1].tail = (element[-1].tail or "").rstrip() + _MORE
    else:
        element.text = (element.text or "").rstrip() + _MORE
