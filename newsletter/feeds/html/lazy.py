"""Images that a script loads, or for which a browser chooses the address: `src` is set to one that can be shown."""

import re
from collections.abc import Iterator

from lxml import etree

from newsletter.feeds.html.markup import HtmlElement, drop, words
from newsletter.feeds.html.media import safe_address

IMAGES = words("img amp-img amp-anim")
_SOURCES = (
    "data-src", "data-lazy-src", "data-original", "data-original-src", "data-cfsrc", "data-lazyload", "data-ezsrc",
    "data-breeze", "data-opt-src", "data-wpfc-original-src", "data-pagespeed-lazy-src",
)  # fmt: skip
_SETS = ("data-srcset", "data-lazy-srcset", "data-original-set", "srcset")
ATTRIBUTES = {*_SOURCES, *_SETS, "data-large-file"}
_WIDE_ENOUGH = 1_200
_MOST_TOKENS = 200
_PLACEHOLDER = re.compile(
    r"/(?:[\w-]*placeholder[\w-]*|blank|spacer|pixel|transparent|trans|clear|empty|lazy[\w-]*|loading|loader|grey|gray|1x1[\w-]*)"
    r"\.(?:gif|png|svg|jpg|jpeg|webp)(?:\Z|\?)",
    re.IGNORECASE,
)
_ONE_PIXEL = re.compile(r"\s*[01](?:px)?\s*")


def find_sources(root: HtmlElement, base: str) -> None:
    """Give every image the address of what it shows; one that has none loses its placeholder."""
    for image in list(root.iter(*(IMAGES - {"img"}))):
        image.tag, image.text = "img", None
        del image[:]  # what browsers without scripts show instead
    for image in [i for i in root.iter("img") if not any(a.tag == "noscript" for a in i.iterancestors())]:
        _set_source(image, base)
    for noscript in list(root.iter("noscript")):
        _replace_noscript(noscript, base)


def _set_source(image: HtmlElement, base: str) -> None:
    source = image.get("src") or ""
    real = "" if _PLACEHOLDER.search(source) else safe_address(source, base)
    lazy = next(filter(None, (safe_address(image.get(name) or "", base) for name in _SOURCES)), "")
    best = lazy or real or next(filter(None, (_best(text, base) for text in _sets(image))), "")
    is_of_placeholder = any(_ONE_PIXEL.fullmatch(image.get(side) or "") for side in ("width", "height"))
    if best != real and is_of_placeholder:
        etree.strip_attributes(image, "width", "height", "style")
    image.set("src", best)


def _sets(image: HtmlElement) -> Iterator[str]:
    """Yield the sets of addresses that an image, or the `picture` around it, has."""
    element: HtmlElement | None = image
    while element is not None:
        yield from (element.get(name) or "" for name in _SETS)
        element = _source_before(element)


def _source_before(element: HtmlElement) -> HtmlElement | None:
    """Return the `source` directly before an element; parsers of HTML 4 take what follows one for its content."""
    previous = element.getprevious()
    before = element.getparent() if previous is None else previous
    beside = before.text if previous is None else before.tail
    return before if before.tag == "source" and not (beside or "").strip() else None


def _best(srcset: str, base: str) -> str:
    """Return the smallest of the images that are wide enough for a retina display, else the largest, or ""."""
    candidates: list[tuple[float, str]] = []
    for token in srcset.split(maxsplit=_MOST_TOKENS)[:_MOST_TOKENS]:
        size = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)([wx]),?", token)
        if size and candidates:
            candidates[-1] = (float(size[1]) * (1 if size[2] == "w" else _WIDE_ENOUGH / 2), candidates[-1][1])
        elif url := safe_address(token.strip(","), base):
            candidates.append((0, url))
    wide = [(width, url) for width, url in candidates if width >= _WIDE_ENOUGH]
    return (min(wide) if wide else max(candidates, default=(0, "")))[1]


def _replace_noscript(noscript: HtmlElement, base: str) -> None:
    """Put images for browsers without scripts in place of one beside them without an address; remove the others."""
    beside = [e for e in (noscript.getprevious(), noscript.getnext()) if e is not None and e.tag == "img"]
    if not any(image.get("src") for image in beside):
        drop(beside)
        for image in list(noscript.iter("img")):
            _set_source(image, base)
            image.tail = None
            noscript.addprevious(image)
    noscript.drop_tree()
