"""Editors' Markdown as clean HTML."""

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import nh3

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

BUTTON = "{button}"
"""After a link that is alone in its paragraph, this makes the link a button."""


def _buttons(state: "StateCore") -> None:
    """Make a table with one cell of each paragraph that holds only a link and `{button}`.

    Outlook on Windows ignores the padding of links, so that a button needs a cell.
    """
    tokens = state.tokens
    for before, inline, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if before.type == "paragraph_open" and _is_button(inline):
            inline.children = (inline.children or [])[:-1]
            for paragraph, kind in ((before, "button_open"), (after, "button_close")):
                paragraph.type, paragraph.tag, paragraph.hidden = kind, "table", False


def _is_button(inline: "Token") -> bool:
    children = inline.children or []
    types = [child.type for child in children]
    return (
        types[:1] == ["link_open"]
        and types[-2:] == ["link_close", "text"]
        and types.count("link_open") == 1
        and "image" not in types
        and children[-1].content.strip() == BUTTON
    )


_ADDRESS = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)\]'»”]")


def _bare_links(state: "StateCore") -> None:
    """Make links of web addresses in text."""
    for block in state.tokens:
        depth, children = 0, []
        for token in block.children or []:
            depth += token.nesting if token.type in ("link_open", "link_close") else 0
            children += _linked(token) if token.type == "text" and not depth else [token]
        if block.children:
            block.children = children


def _linked(token: "Token") -> "list[Token]":
    """Return a text with links in place of its addresses."""
    from markdown_it.token import Token

    made, here = [], 0
    for found in _ADDRESS.finditer(token.content):
        opening = Token("link_open", "a", 1, attrs={"href": found[0]})
        text, address = (Token("text", "", 0, content=each) for each in (token.content[here : found.start()], found[0]))
        made += [text, opening, address, Token("link_close", "a", -1)]
        here = found.end()
    return [*made, Token("text", "", 0, content=token.content[here:])] if made else [token]


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # a megabyte of modules that a newsletter without editors' texts never needs

    parser = MarkdownIt("commonmark", {"html": False, "typographer": False}).enable(["table", "strikethrough"])
    parser.core.ruler.push("button", _buttons)
    parser.core.ruler.push("bare_links", _bare_links)
    parser.add_render_rule("button_open", lambda *_given: '<table class="button" role="presentation"><tbody><tr><td>')
    parser.add_render_rule("button_close", lambda *_given: "</td></tr></tbody></table>\n")
    return parser


_TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "hr", "img", "li", "ol", "p", "pre", "s", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"},
    "table": {"role"},
    "img": {"src", "alt", "title", "width", "height"},
    "ol": {"start"},
}


@lru_cache(maxsize=64)
def markdown(text: str) -> str:
    """Return clean HTML; HTML in the text is shown as text."""
    return nh3.clean(
        _parser().render(text).replace("<h1>", "<h2>").replace("</h1>", "</h2>").strip(),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes={"table": {"button"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
    )
