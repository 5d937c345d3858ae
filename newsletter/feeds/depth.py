"""Flattening markup that is nested too deep, before any parser sees it.

Works on the text, in one pass and in time linear to it: parsers below recurse, stop or drop what is too deep.
"""

import re

from newsletter.feeds.elements import OpenElements
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
    """Keeps the tags of the outer `limit` levels."""

    def __init__(self, limit: int) -> None:
        self.open = OpenElements(limit)

    def __call__(self, tag: re.Match[str]) -> str:
        name = tag[2].lower()
        if tag[1]:
            return tag[0] if self._close(name) else ""
        if name in _VOID:
            return tag[0]
        while self.open.innermost in _CLOSES.get(name, ()):
            self.open.pop()
        return tag[0] if self.open.push(name) else ""

    def _close(self, name: str) -> bool:
        """Close an element and what is open in it; False where its opening tag was left out."""
        if name not in self.open:
            return self.open.depth <= self.open.limit
        while self.open.pop() != name:
            pass
        return self.open.room


def flatten_html(html: str, limit: int) -> tuple[str, bool]:
    """HTML without the tags below `limit` levels, their text kept; and whether there were any."""
    flattener = _Flattener(limit)
    return _TAG.sub(flattener, html), flattener.open.deepest > limit
