"""Editors' Markdown as the HTML that the desk's editor begins with.

It is that of `markdown`, with each `{name}` as `span.token`, and the address of a video as text.
"""

import re
from itertools import count

from newsletter.render.content.fragment import Element, parse, serialise
from newsletter.render.content.markdown import markdown
from newsletter.render.content.spaces import without_controls

NAME = re.compile(r"(?<!\{)\{name(?:\|([^{}]*))?\}(?!\})")
# Private characters stand for a token while Markdown is read, since its words are no Markdown.
_BEGIN, _END = "\ue002", "\ue003"
_MARKS = re.compile(f"[{_BEGIN}{_END}]")
_PLACE = re.compile(f"{_BEGIN}(\\d+){_END}")
_PLACE_IN_ADDRESS = re.compile(r"%EE%80%82(\d+)%EE%80%83")


def editor_html(text: str) -> str:
    """Return the HTML of a text for the editor."""
    tokens: list[str] = []
    numbers = count()

    def place(token: re.Match[str]) -> str:
        tokens.append(token[0])
        return f"{_BEGIN}{next(numbers)}{_END}"

    root = parse(markdown(NAME.sub(place, without_controls(_MARKS.sub("", text)))))
    for element in list(root.iter()):
        _put_back(element, tokens)
    for card in root.iter("p"):
        if url := card.get("data-url"):
            card[0].drop_tag()
            card.text = url
    return serialise(root)


def _put_back(element: Element, tokens: list[str]) -> None:
    for name, value in element.attrib.items():
        for pattern in (_PLACE, _PLACE_IN_ADDRESS):
            value = pattern.sub(lambda match: tokens[int(match[1])], value)
        element.set(name, value)
    is_code = element.tag in ("code", "pre", "figcaption")
    if is_code:
        element.text = _PLACE.sub(lambda match: tokens[int(match[1])], element.text or "")
    elif element.text:
        element.text = _with_tokens(element, element.text, tokens, 0)
    if element.tail:
        parent = element.getparent()
        element.tail = _with_tokens(parent, element.tail, tokens, parent.index(element) + 1)


def _with_tokens(parent: Element, text: str, tokens: list[str], index: int) -> str:
    """Insert a text's tokens into an element, from a place on, and return the text before the first one."""
    parts = _PLACE.split(text)
    for number, following in zip(parts[1::2], parts[2::2], strict=True):
        token = tokens[int(number)]
        span = parent.makeelement("span", {"class": "token", "data-token": token[1:-1]})
        span.text, span.tail = token, following
        parent.insert(index, span)
        index += 1
    return parts[0]
