"""XML in which every element is closed where it must be, and none is nested too deep, before any parser sees it.

A parser that forgives takes what follows an unclosed `<br>` or `<p>` for its content, the next posts included.
Works on the text, in one pass and in time linear to it; what is well-formed and not too deep is left as it is.
"""

import re
from collections.abc import Callable, Iterator

from newsletter.feeds.elements import OpenElements
from newsletter.feeds.markup import words

# An attribute's value may hold ">"; where its quotes don't match, the tag ends at the first one.
_TAG = re.compile(r"""<(/?)([A-Za-z][^\s/<>]*)((?:[^<>"'/]|/(?!>)|"[^"<]*"|'[^'<]*')*+|[^<>]*?)(/?)>""")
# Elements of HTML without content, which some write into XML without closing them.
_EMPTY = words("br hr img wbr")


class _Balancer:
    """Keeps the tags of the outer `limit` levels and adds the end tags that are missing."""

    def __init__(self, limit: int) -> None:
        self.open = OpenElements(limit)

    def __call__(self, tag: re.Match[str]) -> str:
        name = tag[2]
        if tag[1]:
            return self._close(name)
        if tag[4]:
            return tag[0] if self.open.room else ""
        if name in _EMPTY:
            return f"<{name}{tag[3]}/>" if self.open.room else ""
        return tag[0] if self.open.push(name) else ""

    def _close(self, name: str) -> str:
        """The end tags of an element and of what is still open in it; none where it was never opened."""
        if name not in self.open:
            return ""
        ends, inner = [], ""
        while inner != name:
            inner = self.open.pop()
            if self.open.room:
                ends.append(f"</{inner}>")
        return "".join(ends)


def balance(text: str, limit: int) -> tuple[str, bool]:
    """XML whose elements are closed in order, without the tags below `limit` levels; and whether there were any.

    What stands in CDATA sections and comments is left alone.
    """
    balancer = _Balancer(limit)
    balanced = "".join(part if opaque else _TAG.sub(balancer, part) for part, opaque in xml_parts(text))
    return balanced, balancer.open.deepest > limit


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
