"""Normalizes a post's HTML to the few blocks that an email is made of: paragraphs, lists, tables, quotes, headings.

Wrappers go (`div`, `section`, `span` …), loose text becomes paragraphs, and so does text that is parted by two line
breaks; single breaks stay, since verse has them.
"""

from typing import TypeAlias

from lxml import etree

from newsletter.feeds.html.markup import HtmlElement, shows, words, wrap_content
from newsletter.feeds.html.parts import CALLOUT, CARD, PARTS

WRAPPERS = words("div section article main header footer aside nav center address details summary form fieldset hgroup")
_KEPT = words("p ul ol dl table pre blockquote h1 h2 h3 h4 h5 h6 hr figure") | PARTS
_PARTS = words("li dt dd tr td th thead tbody tfoot caption figcaption colgroup col")
_BLOCKS = WRAPPERS | _KEPT | _PARTS
_HEADINGS = words("h1 h2 h3 h4 h5 h6")
_LINES = words("p figcaption caption dt") | _HEADINGS
_FLOW = words(f"li td th dd figure blockquote {CALLOUT} {CARD}")
_ALWAYS_BLOCKS = ("blockquote", CALLOUT, CARD)
_INHERITED = ("lang", "dir", "align")
Item: TypeAlias = str | HtmlElement


def normalise(root: HtmlElement) -> None:
    """Bring everything inside `root` into shape."""
    _unwrap(root)
    for element in list(root.iter(*_FLOW)):
        if element.tag in _ALWAYS_BLOCKS or any(child.tag in _BLOCKS for child in element):
            _replace_content(element, _flow(element))
    _replace_content(root, _flow(root))


def _unwrap(root: HtmlElement) -> None:
    """Take away inline elements that say nothing, or that stand around blocks, and wrappers inside lines."""
    for span in list(root.iter("span", "font")):
        if not any(span.get(a) for a in _INHERITED):
            span.drop_tag()
    for element in list(root.iter()):
        if element is root or element.tag == "pre":
            continue
        if element.tag in _LINES:
            _open([e for e in element.iter(*WRAPPERS) if e is not element])
        elif element.tag not in _BLOCKS and any(d.tag in _BLOCKS for d in element.iterdescendants()):
            if element.tag == "a":
                _push_down(element)
            element.drop_tag()
    for heading in list(root.iter(*_HEADINGS)):
        _open([e for e in heading if e.tag in _LINES])
    _open([e for e in root.iter(*WRAPPERS) if e.getparent() is not None and e.getparent().tag == "dl"])
    for caption in [e for e in root.iter("figcaption") if next(e.iterancestors("figure"), None) is None]:
        caption.tag = "div"


def _open(elements: list[HtmlElement]) -> None:
    """Let what stands in elements stand where they are, parted by a space from what follows."""
    for element in elements:
        element.tail = " " + (element.tail or "")
        element.drop_tag()


def _push_down(link: HtmlElement) -> None:
    """Let each innermost block inside a link be one."""
    for block in [
        b for b in link.iter(*_LINES, *WRAPPERS, *_FLOW) if not any(d.tag in _BLOCKS for d in b.iterdescendants())
    ]:
        wrap_content(block, "a", link.attrib)


def _items(element: HtmlElement) -> list[Item]:
    """Return text and elements in order."""
    items: list[Item] = [element.text or ""]
    for child in element:
        tail, child.tail = child.tail or "", None
        items += [child, tail]
    element.text = None
    return [i for i in items if not isinstance(i, str) or i]


def _flow(container: HtmlElement) -> list[HtmlElement]:
    """Return the content of a container as blocks."""
    blocks: list[HtmlElement] = []
    run: list[Item] = []
    for item in [*_items(container), None]:
        if item is not None and (isinstance(item, str) or item.tag not in _BLOCKS):
            run.append(item)
            continue
        blocks += _paragraphs(run, {})
        run = []
        if item is not None:
            blocks += _block(item)
    return blocks


def _block(element: HtmlElement) -> list[HtmlElement]:
    if element.tag in WRAPPERS:
        inner = _flow(element)
        _inherit(element, inner)
        return inner
    if element.tag == "p":
        return _paragraphs(_items(element), dict(element.attrib))
    return [element]


def _inherit(outer: HtmlElement, inner: list[HtmlElement]) -> None:
    for block in inner:
        for attribute in _INHERITED:
            if (value := outer.get(attribute)) and not block.get(attribute):
                block.set(attribute, value)


def _paragraphs(run: list[Item], attributes: dict[str, str]) -> list[HtmlElement]:
    """Paragraphs from a run of text and inline elements, a new one after each two line breaks."""
    parts: list[list[Item]] = [[]]
    breaks = 0
    for item in run:
        if not isinstance(item, str) and item.tag == "br":
            breaks += 1
        elif isinstance(item, str) and not item.strip(" \t\r\n\f"):
            if not breaks:
                parts[-1].append(item)
            continue
        else:
            if breaks >= 2:
                parts.append([])
            elif breaks == 1 and any(map(_shows, parts[-1])):
                parts[-1].append(etree.Element("br"))
            breaks = 0
            parts[-1].append(item)
    return [_paragraph(part, attributes) for part in parts if any(map(_shows, part))]


def _shows(item: Item) -> bool:
    """Return whether there is anything to see: text, or an image."""
    if isinstance(item, str):
        return shows(item)
    return item.tag == "img" or item.find(".//img") is not None or shows("".join(item.itertext()))


def _paragraph(items: list[Item], attributes: dict[str, str]) -> HtmlElement:
    paragraph: HtmlElement = etree.Element("p", attributes)
    _fill(paragraph, items)
    paragraph.text = (paragraph.text or "").lstrip(" \t\r\n\f") or None
    return paragraph


def _replace_content(element: HtmlElement, items: list[HtmlElement]) -> None:
    del element[:]
    element.text = None
    _fill(element, list(items))


def _fill(element: HtmlElement, items: list[Item]) -> None:
    child: HtmlElement | None = None
    for item in items:
        if not isinstance(item, str):
            element.append(item)
            child = item
        elif child is None:
            element.text = (element.text or "") + item
        else:
            child.tail = (child.tail or "") + item
