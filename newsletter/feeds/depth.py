"""Flattening markup that is nested too deep, before any parser sees it.

Works on the text, in one pass and in time linear to it: parsers below recurse, stop or drop what is too deep.
"""

import re
from collections import Counter

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

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.depth = 0
        self.open: list[str] = []
        self.count: Counter[str] = Counter()

    def __call__(self, tag: re.Match[str]) -> str:
        name = tag[2].lower()
        if tag[1]:
            return tag[0] if self._close(name) else ""
        if name in _VOID:
            return tag[0]
        while self.open and self.open[-1] in _CLOSES.get(name, ()):
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
    flattener = _Flattener(limit)
    return _TAG.sub(flattener, html), flattener.depth > limit
