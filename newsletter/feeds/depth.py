"""Flattening markup that is nested too deep, before any parser sees it.

Works on the text, in one pass and in time linear to it: parsers below recurse, stop or drop what is too deep.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator

from newsletter.feeds.markup import words

_TAG = re.compile(r"<(/?)([A-Za-z][^\s/<>]*)[^<>]*?(/?)>")
_VOID = words("area base br col embed hr img input link meta param source track wbr keygen frame basefont bgsound")
# An opening tag of the left closes an open element of the right, where that is the innermost (HTML 13.1.2.4).
_CLOSES = {
    "li": {"li", "p"}, "dt": {"dt", "dd", "p"}, "dd": {"dt", "dd", "p"}, "tr": {"tr", "td", "th"}, "td": {"td", "th"},
    "th": {"td", "th"}, "option": {"option"},
}  # fmt: skip
_CLOSES |= {
    block: {"p"}
    for block in words("p div ul ol dl table pre blockquote h1 h2 h3 h4 h5 h6 hr form section article aside figure")
}


class _Flattener:
    """Keeps the tags of the outer `limit` levels; `depth` is the deepest that it saw."""

    def __init__(self, limit: int, *, html: bool) -> None:
        self.limit, self.html = limit, html
        self.depth = 0
        self.open: list[str] = []
        self.count: Counter[str] = Counter()

    def __call__(self, tag: re.Match[str]) -> str:
        name = tag[2].lower() if self.html else tag[2]
        if tag[1]:
            return tag[0] if self._close(name) else ""
        if (self.html and name in _VOID) or (tag[3] and not self.html):
            return tag[0] if len(self.open) < self.limit or name in _VOID else ""
        while self.html and self.open and self.open[-1] in _CLOSES.get(name, ()):
            self._pop()
        self.open.append(name)
        self.count[name] += 1
        self.depth = max(self.depth, len(self.open))
        return tag[0] if len(self.open) <= self.limit else ""

    def _close(self, name: str) -> bool:
        """Close an element and what is open in it; False where its opening tag was left out."""
        if not self.count[name]:
            return len(self.open) <= self.limit
        while self._pop() != name:
            pass
        return len(self.open) < self.limit

    def _pop(self) -> str:
        name = self.open.pop()
        self.count[name] -= 1
        return name


def flatten_html(html: str, limit: int) -> tuple[str, bool]:
    """HTML without the tags below `limit` levels, their text kept; and whether there were any."""
    flattener = _Flattener(limit, html=True)
    return _TAG.sub(flattener, html), flattener.depth > limit


def flatten_xml(text: str, limit: int) -> tuple[str, bool]:
    """As `flatten_html`, for XML; what stands in CDATA sections and comments is left alone."""
    flattener = _Flattener(limit, html=False)
    flat = "".join(part if opaque else _TAG.sub(flattener, part) for part, opaque in xml_parts(text))
    return flat, flattener.depth > limit


def xml_parts(text: str) -> Iterator[tuple[str, bool]]:
    """XML in pieces: markup, and (True) the CDATA sections and comments between; an unclosed one goes to the end."""
    here, find = 0, _finder(text)
    while True:
        start, end_mark = min(find("<![CDATA[", here, "]]>"), find("<!--", here, "-->"))
        yield text[here:start], False
        if start == len(text):
            return
        end = text.find(end_mark, start + 4)
        here = len(text) if end < 0 else end + 3
        yield text[start:here], True


def _finder(text: str) -> Callable[[str, int, str], tuple[int, str]]:
    """`str.find` that remembers where each mark was found last, so that a rare mark is not sought again and again."""
    known: dict[str, int] = {}

    def find(mark: str, here: int, end_mark: str) -> tuple[int, str]:
        if known.get(mark, -1) < here:
            found = text.find(mark, here)
            known[mark] = len(text) if found < 0 else found
        return known[mark], end_mark

    return find
