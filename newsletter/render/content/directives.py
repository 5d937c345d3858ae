"""What editors' Markdown has beyond CommonMark: blocks with a tint, pictures, buttons, and cards of videos.

Each function is a rule of markdown-it. What is no complete directive stays as the text that it is.
"""

import re
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from newsletter.render.content.videos import is_recording_or_video

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

TINTS = ("note", "tip", "warning", "sponsor")
"""What a block between `::: tint` and `:::` can be."""
WIDTHS = (25, 50, 75)
"""How wide an image can be, in percent of the column."""
BUTTON = "{button}"
"""After a link that is alone in its paragraph, this makes the link a button."""
MOST_IN_A_ROW = 3
"""The images of a paragraph that stand side by side; more stand one below the other."""

_MOST_COLONS = 9
_OPENING = re.compile(r"(:{3,9})[ \t]*(note|tip|warning|sponsor)[ \t]*")
_CLOSING = re.compile(r"(:{3,9})[ \t]*")
_WIDTH = re.compile(r"\{width=(25|50|75)%\}")
_ADDRESS = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)\]'»”]")


def add_to(parser: "MarkdownIt") -> None:
    """Add all directives to a parser."""
    parser.block.ruler.before("fence", "callout", _callout, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    parser.block.ruler.at("reference", _reference)
    for name, rule in (("pictures", _pictures), ("buttons", _buttons)):  # while characters behind a backslash are apart
        parser.core.ruler.before("text_join", name, rule)
    for name, rule in (("cards", _cards), ("bare_links", _bare_links)):
        parser.core.ruler.push(name, rule)
    parser.add_render_rule("pictures", lambda _renderer, tokens, at, _options, _env: tokens[at].content)
    parser.add_render_rule("card", lambda _renderer, tokens, at, _options, _env: tokens[at].content)


def _reference(state: "StateBlock", start: int, end: int, silent: bool) -> bool:
    """Read the address of a link, `[name]: address`; a line that begins so with `[^` is a footnote."""
    from markdown_it.rules_block import reference

    return not _line(state, start).startswith("[^") and reference(state, start, end, silent)


def _callout(state: "StateBlock", start: int, end: int, silent: bool) -> bool:
    """Make a block of the lines between `::: tint` and a line of as many colons; one inside another block is text."""
    opening = None if state.level else _OPENING.fullmatch(_line(state, start))
    last = _closing_line(state, len(opening[1]), start + 1, end) if opening else None
    if opening is None or last is None:
        return False
    if silent:
        return True
    token = state.push("callout_open", "div", 1)
    token.attrs = {"class": "callout", "data-tint": opening[2]}
    token.block, token.map = True, [start, last]
    parent, line_max, state.parentType, state.lineMax = state.parentType, state.lineMax, "callout", last
    state.md.block.tokenize(state, start + 1, last)
    state.parentType, state.lineMax = parent, line_max
    state.push("callout_close", "div", -1).block = True
    state.line = last + 1
    return True


def _line(state: "StateBlock", number: int) -> str:
    """Return a line without its indentation, "" if it is indented as code is."""
    if state.is_code_block(number):
        return ""
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _closing_line(state: "StateBlock", colons: int, start: int, end: int) -> int | None:
    """Return the number of the first line with only colons, at least so many, or None.

    Where there was none, none is looked for again, so that many opening lines take little longer than one.
    """
    if colons >= state.env.get("colons that close nothing", _MOST_COLONS + 1):
        return None
    for number in range(start, end):
        closing = _CLOSING.fullmatch(_line(state, number))
        if closing and len(closing[1]) >= colons:
            return number
    state.env["colons that close nothing"] = colons
    return None


def _paragraphs(state: "StateCore") -> "Iterator[tuple[int, Token]]":
    """Yield the place of each paragraph and what is in it."""
    for index, token in enumerate(state.tokens[:-2]):
        if token.type == "paragraph_open":
            yield index, state.tokens[index + 1]


def _replaced(state: "StateCore", replacements: "dict[int, Token]") -> None:
    """Put one token in place of each paragraph at a place."""
    tokens, index = [], 0
    while index < len(state.tokens):
        tokens.append(replacements.get(index, state.tokens[index]))
        index += 3 if index in replacements else 1
    state.tokens = tokens


def _pictures(state: "StateCore") -> None:
    """Make figures of paragraphs that hold nothing but images, and a row of two or three."""
    replacements = {}
    for index, inline in _paragraphs(state):
        figures = _figures(inline.children or [])
        if figures:
            side_by_side = 1 < len(figures) <= MOST_IN_A_ROW
            html = "".join(figures)
            replacements[index] = _token("pictures", f'<div class="row">\n{html}</div>\n' if side_by_side else html)
    _replaced(state, replacements)


def _token(kind: str, html: str) -> "Token":
    from markdown_it.token import Token

    return Token(kind, "", 0, content=html, block=True)


def _figures(children: "list[Token]") -> list[str]:
    """Return the images of a paragraph as figures; none if something else is in it."""
    figures: list[str] = []
    rest = deque(child for child in children if not _is_space(child))
    while rest:
        link = rest.popleft() if rest[0].type == "link_open" else None
        image = rest.popleft() if rest and rest[0].type == "image" else None
        if image is None:
            return []
        width = _width(rest)
        if link is not None:
            if not rest or rest.popleft().type != "link_close":
                return []
            width = width or _width(rest)
        figures.append(_figure(image, link, width))
    return figures


def _is_space(token: "Token") -> bool:
    return token.type in ("softbreak", "hardbreak") or (token.type == "text" and not token.content.strip())


def _width(rest: "deque[Token]") -> str:
    """Return the width that follows an image, and take it away; "" if none follows."""
    width = _WIDTH.fullmatch(rest[0].content.strip()) if rest and rest[0].type == "text" else None
    if width is None:
        return ""
    rest.popleft()
    return width[1]


def _figure(image: "Token", link: "Token | None", width: str) -> str:
    from markdown_it.common.utils import escapeHtml

    share = f' data-width="{width}"' if width else ""
    html = f'<img src="{escapeHtml(str(image.attrs.get("src", "")))}" alt="{escapeHtml(_text_in(image))}"{share}>'
    if link is not None:
        html = f'<a href="{escapeHtml(str(link.attrs["href"]))}">{html}</a>'
    caption = str(image.attrs.get("title", "")).strip()
    return f"<figure>{html}{f'<figcaption>{escapeHtml(caption)}</figcaption>' if caption else ''}</figure>\n"


def _text_in(image: "Token") -> str:
    """Return the words in an image's brackets, without their markup."""
    return "".join(
        _text_in(child) if child.children else " " if child.type in ("softbreak", "hardbreak") else child.content
        for child in image.children or []
    )


def _buttons(state: "StateCore") -> None:
    """Give each paragraph that holds only a link and `{button}` its class."""
    for index, inline in _paragraphs(state):
        if _is_button(inline):
            inline.children = (inline.children or [])[:-1]
            state.tokens[index].attrSet("class", "button")
            state.tokens[index].hidden = state.tokens[index + 2].hidden = False


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


def _cards(state: "StateCore") -> None:
    """Mark each paragraph that holds only the address of a video or a recording."""
    from markdown_it.common.utils import escapeHtml

    replacements = {}
    for index, inline in _paragraphs(state):
        if url := _only_address(inline):
            address = escapeHtml(url)
            replacements[index] = _token(
                "card", f'<p class="embed" data-url="{address}"><a href="{address}">{address}</a></p>\n'
            )
    _replaced(state, replacements)


def _only_address(inline: "Token") -> str:
    """Return the address of a video or a recording that is alone in a paragraph, "" for none.

    Underscores, stars and tildes in it mark nothing, as in an address in angle brackets.
    """
    from markdown_it.common.utils import unescapeAll

    children = inline.children or []
    if len(children) == 3 and children[0].type == "link_open" and children[0].info == "auto":
        url = str(children[0].attrs["href"])
    else:
        url = unescapeAll(inline.content.strip()).replace("\\", "%5C")
    return url if _ADDRESS.fullmatch(url) and is_recording_or_video(url) else ""


def _bare_links(state: "StateCore") -> None:
    """Make links of web addresses in text."""
    for block in state.tokens:
        depth, children = 0, []
        for token in block.children or []:
            depth += token.nesting if token.type in ("link_open", "link_close") else 0
            children += _linked(state, token) if token.type == "text" and not depth else [token]
        if block.children:
            block.children = children


def _linked(state: "StateCore", token: "Token") -> "list[Token]":
    """Return a text with links in place of its addresses."""
    from markdown_it.token import Token

    tokens, end = [], 0
    for address in _ADDRESS.finditer(token.content):
        opening = Token("link_open", "a", 1, attrs={"href": state.md.normalizeLink(address[0])})
        before, text = (
            Token("text", "", 0, content=content) for content in (token.content[end : address.start()], address[0])
        )
        tokens += [before, opening, text, Token("link_close", "a", -1)]
        end = address.end()
    return [*tokens, Token("text", "", 0, content=token.content[end:])] if tokens else [token]
