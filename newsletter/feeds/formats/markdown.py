"""Markdown as HTML, in files of blogs and in emails of other tools."""

import re

from markdown_it import MarkdownIt

_markdown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_IS_HTML = re.compile(r"<(?:!|(?:html|body|div|p|table|h[1-6]|figure|section|article)\b)", re.IGNORECASE)
_PERSONAL_LINK = re.compile(r"\[[^\]\n]{0,200}\]\([^)\n]{0,200}\{\{[^}\n]{0,200}\}\}[^)\n]{0,200}\)")


def markdown(text: str, *, merge_tags: bool = False) -> str:
    """Return Markdown as HTML; HTML in it stays. With `merge_tags`, links to `{{ … }}` become tags."""
    return str(_markdown.render(_PERSONAL_LINK.sub("{{ unsubscribe_url }}", text) if merge_tags else text))


def html_of(text: str) -> str:
    """Return a text of an email as HTML, that is HTML or Markdown."""
    return text if _IS_HTML.match(text.lstrip()) else markdown(text, merge_tags=True)
