"""The content of an email without what only its tool's templates need: placeholders, hidden text and layout tables.

Merge tags are taken out of its lines: paragraphs, cells, and what `<br>` ends, with or without the elements in them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from newsletter.feeds.archives import merge_tags
from newsletter.feeds.archives.old_issue import OldIssue
from newsletter.feeds.html.markup import HtmlElement, drop, page_tree, spaced, to_html, to_tree, words

_DOCUMENT = re.compile(r"<(?:html|body)\b", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)
_CENTRED = re.compile(r"text-align\s*:\s*(?:-\w+-)?center\s*(?:!\s*important)?;?", re.IGNORECASE)
_CODE = ("pre", "code")
_IN_LAYOUT = ".//table | .//p | .//h1 | .//h2 | .//h3 | .//ul | .//ol | .//img | .//div | .//blockquote"


def content_of(issue: OldIssue) -> str:
    """Return an issue's HTML without its title, and without merge tags and lines and links that are nothing else."""
    html = merge_tags.resolve(issue.html, braces=issue.merge_tags)
    page = page_tree(html) if _DOCUMENT.search(html) else None
    body = None if page is None else page.find("body")
    root = to_tree(html) if page is None else page if body is None else body
    drop(element for element in root.xpath(".//*[@style]") if _HIDDEN.search(element.get("style")))
    _mark(root, braces=issue.merge_tags, ghost=issue.key.startswith("ghost:"))
    _without_tags(root, issue.published.year)
    _drop_title(root, issue.title)
    if page is not None:
        _without_outer_alignment(root)
    if page is not None or issue.merge_tags:
        _unwrap_layout(root)
    root.tag, root.tail = "div", None
    root.attrib.clear()
    return to_html(root)


def _mark(root: HtmlElement, *, braces: bool, ghost: bool) -> None:
    """Mark tags in the texts, and links to pages of the subscription; `{{ … }}` in code is about code."""

    def marked(text: str | None, parent: HtmlElement) -> str | None:
        in_code = parent.tag in _CODE
        return text and merge_tags.marked(text, braces=braces and not in_code, ghost=ghost and not in_code)

    for element in root.iter(etree.Element):
        element.text = marked(element.text, element)
        if element is not root:
            element.tail = marked(element.tail, element.getparent())
    for link in root.xpath(".//a[@href]"):
        address = link.get("href").strip()
        if merge_tags.is_personal_address(address, braces=braces):
            link.text = merge_tags.mark_of_address(address, braces=braces) + (link.text or "")
            link.drop_tag()


def _drop_title(root: HtmlElement, title: str) -> None:
    """Remove the first heading if it is the issue's title, which its page has above the text."""
    heading = next(root.iter("h1", "h2", "h3"), None)
    if heading is not None and spaced(heading.text_content()) == spaced(title) and not heading.xpath(".//img"):
        heading.drop_tree()


def _without_outer_alignment(root: HtmlElement) -> None:
    """Remove what centres an email in its window: the alignment of tables, and of what has tables or all text in it."""
    everything = len(spaced(root.text_content()))
    for element in [*root.iter("center", "div", "td", "th", "table", "tr", "tbody", "section", "main")]:
        is_outer = element.tag in ("table", "tr", "tbody") or element.find(".//table") is not None
        if not is_outer and len(spaced(element.text_content())) < everything:
            continue
        if element.tag == "center":
            element.tag = "div"
        element.attrib.pop("align", None)
        if style := element.get("style"):
            element.set("style", _CENTRED.sub("", style))


def _unwrap_layout(root: HtmlElement) -> None:
    """Make blocks of the cells of tables that only lay the email out: those with blocks in them, or one column."""
    for table in [*root.iter("table")][::-1]:
        rows = table.xpath("./tr | ./tbody/tr | ./thead/tr | ./tfoot/tr")
        cells = [cell for row in rows for cell in row if cell.tag in ("td", "th")]
        one_column = all(sum(cell.tag in ("td", "th") for cell in row) <= 1 for row in rows)
        is_layout = table.get("role") == "presentation" or one_column or any(c.xpath(_IN_LAYOUT) for c in cells)
        if not is_layout or any(cell.tag == "th" for cell in cells):
            continue
        for cell in cells:
            cell.tag = "div"
        for part in [table, *rows, *table.xpath("./tbody | ./thead | ./tfoot")]:
            part.drop_tag()


_BLOCKS = words(
    "body div center p h1 h2 h3 h4 h5 h6 ul ol li dl dt dd table tbody thead tfoot tr td th blockquote section article"
    " main header footer aside nav address figure figcaption pre form fieldset hr"
)
_CONTAINERS = words("body div center td th section article main header footer")
_MEDIA = words("img br hr picture source video audio iframe svg input object embed")
_LONGEST_BETWEEN, _LONGEST_FOOTER = 120, 1_200
_IN_FOOTER = "contains(translate(concat(@id, ' ', @class), 'FOTER', 'foter'), 'footer')"


Place = tuple[HtmlElement, str]
"""An element, and "text" or "tail", that of its two texts which is meant."""


@dataclass(slots=True)
class Line:
    """A line in a block: the places of its texts, and the elements in it. `container` is the block of blocks around."""

    container: HtmlElement
    texts: list[Place] = field(default_factory=list)
    elements: list[HtmlElement] = field(default_factory=list)
    end: HtmlElement | None = None

    @property
    def text(self) -> str:
        """Return its characters."""
        return "".join(map(_text_at, self.texts))

    def change(self, changed: Mapping[int, str]) -> None:
        """Change characters by their place in the text, and drop the elements that have none afterwards."""
        start = 0
        for place in self.texts:
            text = _text_at(place)
            setattr(*place, "".join(changed.get(start + i, character) for i, character in enumerate(text)))
            start += len(text)
        inline = [inner for element in self.elements for inner in element.iter(etree.Element)]
        for element in inline[::-1] if changed else ():
            if not element.text_content().strip() and element.tag not in _MEDIA and element.find(".//img") is None:
                element.drop_tag()

    def remove(self) -> None:
        """Remove its texts and its elements."""
        for place in self.texts:
            setattr(*place, "")
        drop(self.elements)


def _without_tags(root: HtmlElement, year: int) -> None:
    """Leave out marked tags, lines that are about the account, and footers of such lines."""
    lines = [line for line in _lines(root) if line.text.strip() or line.elements]
    if not any(merge_tags.has_marks(line.text) for line in lines):
        return
    removed = [merge_tags.is_about_account(line.text) for line in lines]
    for place in _around(lines, removed):
        removed[place] = True
    footers = _footers(root, [line for line, is_removed in zip(lines, removed, strict=True) if is_removed])
    for line, is_removed in zip(lines, removed, strict=True):
        if is_removed:
            line.remove()
        elif merge_tags.has_marks(line.text):
            line.change(merge_tags.changes(line.text, year))
    for line, is_removed in zip(lines, removed, strict=True):
        if is_removed and line.end is not None:
            line.end.drop_tree()
    for footer in footers:
        if footer.getparent() is not None and footer.text_content().strip() != root.text_content().strip():
            footer.drop_tree()


def _around(lines: list[Line], removed: list[bool]) -> Iterator[int]:
    """Yield the lines that lead to one that is left out, or are short and between two: "Our address is:"."""
    for place in range(len(lines) - 2, -1, -1):
        line, text, following = lines[place], lines[place].text.strip(), lines[place + 1]
        if removed[place] or not text or len(text) > _LONGEST_BETWEEN or following.container is not line.container:
            continue
        is_between = place > 0 and removed[place - 1] and lines[place - 1].container is line.container
        other_texts = (other.text.strip() for i, other in enumerate(lines) if i != place and not removed[i])
        if removed[place + 1] and (text.endswith(":") or is_between) and any(other_texts):
            removed[place] = True
            yield place


def _footers(root: HtmlElement, removed: Iterable[Line]) -> list[HtmlElement]:
    """Return the short footers that have lines that are left out."""
    containers = {line.container for line in removed}
    return [
        element
        for element in root.xpath(f".//footer | .//*[{_IN_FOOTER}]")
        if len(element.text_content()) <= _LONGEST_FOOTER
        and any(element in (container, *container.iterancestors()) for container in containers)
    ]


def _lines(block: HtmlElement, container: HtmlElement | None = None) -> Iterator[Line]:
    container = block if block.tag in _CONTAINERS or container is None else container
    line = Line(container, [(block, "text")])
    for child in block:
        if not isinstance(child.tag, str):
            line.texts.append((child, "tail"))
            continue
        if any(inner.tag in _BLOCKS for inner in child.iter()):
            yield line
            yield from _lines(child, container)
            line = Line(container)
        elif child.tag == "br":
            line.end = child
            yield line
            line = Line(container)
        else:
            line.elements.append(child)
            line.texts += _texts_in(child)
        line.texts.append((child, "tail"))
    yield line


def _texts_in(element: HtmlElement) -> Iterator[Place]:
    """Yield the places of an inline element's texts in their order."""
    yield element, "text"
    for child in element:
        if isinstance(child.tag, str):
            yield from _texts_in(child)
        yield child, "tail"


def _text_at(place: Place) -> str:
    element, part = place
    return getattr(element, part) or ""
