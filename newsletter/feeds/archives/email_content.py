"""The content of an email without what only its tool's templates need: placeholders, hidden text and layout tables."""

import re

from newsletter.feeds.archives.old_issue import OldIssue
from newsletter.feeds.html.markup import HtmlElement, page_tree, to_html, to_tree

_DOCUMENT = re.compile(r"<(?:html|body)\b", re.IGNORECASE)
_MAILCHIMP_TAG = re.compile(r"\*\|[^|<>\n]{1,100}\|\*")
_MERGE_TAG = re.compile(r"\{\{[^{}\n]{0,200}\}\}|\{%[^{}\n]{0,200}%\}")
_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)
_CODE = ("pre", "code")
_IN_LAYOUT = ".//table | .//p | .//h1 | .//h2 | .//h3 | .//ul | .//ol | .//img | .//div | .//blockquote"


def content_of(issue: OldIssue) -> str:
    """Return an issue's HTML without placeholders for a subscriber's values, and links with them."""
    page = page_tree(issue.html) if _DOCUMENT.search(issue.html) else None
    body = None if page is None else page.find("body")
    root = to_tree(issue.html) if page is None else page if body is None else body
    for element in root.xpath(".//*[@style]"):
        if _HIDDEN.search(element.get("style")):
            element.drop_tree()
    tags = ("*|", "{{", "{%") if issue.merge_tags else ("*|",)
    for link in root.xpath(".//a[@href]"):
        if any(tag in link.get("href") for tag in tags):
            link.drop_tree()
    _strip_all(root, merge_tags=issue.merge_tags)
    if page is not None or issue.merge_tags:
        _unwrap_layout(root)
    root.tag, root.tail = "div", None
    root.attrib.clear()
    return to_html(root)


def _strip_all(root: HtmlElement, *, merge_tags: bool) -> None:
    """Remove placeholders from the texts; `{{ … }}` in code is about code."""
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        parent = element.getparent()
        element.text = _stripped(element.text, merge_tags=merge_tags and element.tag not in _CODE)
        if element is not root:
            element.tail = _stripped(element.tail, merge_tags=merge_tags and parent.tag not in _CODE)


def _stripped(text: str | None, *, merge_tags: bool) -> str | None:
    if not text:
        return text
    text = _MAILCHIMP_TAG.sub("", text)
    return _MERGE_TAG.sub("", text) if merge_tags else text


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
