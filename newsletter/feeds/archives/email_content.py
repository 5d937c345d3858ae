"""The content of an email without what only its tool's templates need: placeholders, hidden text and layout tables."""

import re

from lxml import etree

from newsletter.feeds.archives import email_lines, merge_tags
from newsletter.feeds.archives.old_issue import OldIssue
from newsletter.feeds.html.markup import HtmlElement, page_tree, spaced, to_html, to_tree

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
    for element in root.xpath(".//*[@style]"):
        if _HIDDEN.search(element.get("style")):
            element.drop_tree()
    _mark(root, braces=issue.merge_tags, ghost=issue.key.startswith("ghost:"))
    email_lines.without_tags(root, issue.published.year)
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
