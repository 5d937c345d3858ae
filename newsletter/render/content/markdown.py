"""Editors' Markdown as clean HTML of a closed set of elements: the form in which it is shown, edited and made an email.

docs/templates.md says what can be written. `to_markdown` makes the same Markdown of this HTML again.
"""

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import nh3

from newsletter.render.content.directives import add_to
from newsletter.render.content.spaces import without_controls

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_LOWEST = {"1": "2", "5": "4", "6": "4"}
"""Levels of headings that texts don't have, and those that they get instead."""
_HEADING = re.compile(r"(</?h)([156])>")
_ALIGNED = re.compile(r'(<t[hd]) style="text-align:(left|center|right)">')


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # a megabyte of modules that a newsletter without editors' texts never needs

    parser = MarkdownIt("commonmark", {"html": False, "typographer": False}).enable(["table", "strikethrough"])
    add_to(parser)
    return parser


_TAGS = {
    "a", "blockquote", "br", "code", "del", "div", "em", "figcaption", "figure", "h2", "h3", "h4", "hr", "img", "li",
    "ol", "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES: dict[str, set[str]] = {
    "*": set(),
    "a": {"href"},
    "div": {"data-tint"},
    "img": {"src", "alt", "title", "data-width"},
    "ol": {"start"},
    "p": {"data-url"},
    "td": {"align"},
    "th": {"align"},
}


@lru_cache(maxsize=64)
def markdown(text: str) -> str:
    """Return clean HTML; HTML in the text is shown as text."""
    html = _HEADING.sub(lambda tag: f"{tag[1]}{_LOWEST[tag[2]]}>", _parser().render(without_controls(text)))
    cleaned = nh3.clean(
        _ALIGNED.sub(r'\1 align="\2">', html).strip(),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes={"div": {"callout", "row"}, "p": {"button", "embed"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
    )
    return without_controls(cleaned)
