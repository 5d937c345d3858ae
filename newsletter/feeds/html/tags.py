"""Repairs markup tag by tag before it is parsed: nesting is limited, and XML elements are closed in order.

Parsers recurse into deep markup, stop at it or drop it. A lenient XML parser takes what follows an unclosed `<br>` or
`<p>` for its content, up to the next posts. This works on text, in one pass and in linear time; what is well-formed and
not too deep stays as it is.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator

from newsletter.feeds.html.markup import words

# An attribute's value may hold ">"; where its quotes don't match, the tag ends at the first one.
_TAG = re.compile(r"""<(/?)([A-Za-z][^\s/<>]*+)((?:[^<>"'/]++|/(?!>)|"[^"<]*+"|'[^'<]*+')*+|[^<>]*?)(/?)>""")
# Elements of HTML without content; some feeds write the second ones into XML without closing them.
_VOID = words("area base br col embed hr img input link meta param source track wbr keygen frame basefont bgsound")
_VOID_IN_XML = words("br hr img wbr")
# An opening tag of the left closes an open element of the right, where that is the innermost (HTML 13.1.2.4).
_CLOSES = {
    "li": {"li", "p"}, "dt": {"dt", "dd", "p"}, "dd": {"dt", "dd", "p"}, "tr": {"tr", "td", "th"}, "td": {"td", "th"},
    "th": {"td", "th"}, "option": {"option"},
}  # fmt: skip
_CLOSES |= {
    block: {"p"}
    for block in words("p div ul ol dl table pre blockquote h1 h2 h3 h4 h5 h6 hr form section article aside figure")
}


class _Tags:
    """The open elements of a text; called with each tag, it returns what takes the tag's place.

    Tags below `limit` levels are left out. Each call takes constant time on average, however many elements are open.
    """

    def __init__(self, limit: int) -> None:
        self.deepest = 0
        self._limit = limit
        self._open: list[str] = []
        self._count: Counter[str] = Counter()

    def html(self, tag: re.Match[str]) -> str:
        """Return a tag of HTML, whose parsers add missing end tags themselves."""
        name = tag[2].lower()
        if tag[1]:
            if not self._count[name]:
                return tag[0] if len(self._open) <= self._limit else ""
            return tag[0] if self._close(name) and self._has_room() else ""
        if name in _VOID:
            return tag[0]
        while self._open and self._open[-1] in _CLOSES.get(name, ()):
            self._pop()
        return self._push(name, tag[0])

    def xml(self, tag: re.Match[str]) -> str:
        """Return a tag of XML; an end tag closes what is open in its element, or is left out if that was never
        opened.
        """
        name = tag[2]
        if tag[1]:
            return "".join(self._close(name)) if self._count[name] else ""
        if tag[4] or name in _VOID_IN_XML:
            return f"<{name}{tag[3]}/>" if self._has_room() else ""
        return self._push(name, tag[0])

    def _has_room(self) -> bool:
        return len(self._open) < self._limit

    def _push(self, name: str, tag: str) -> str:
        pushed = tag if self._has_room() else ""
        self._open.append(name)
        self._count[name] += 1
        self.deepest = max(self.deepest, len(self._open))
        return pushed

    def _pop(self) -> str:
        name = self._open.pop()
        self._count[name] -= 1
        return name

    def _close(self, name: str) -> list[str]:
        """Close an element and what is open in it; the end tags, "" for those whose opening tag was left out."""
        ends, inner = [], ""
        while inner != name:
            inner = self._pop()
            ends.append(f"</{inner}>" if self._has_room() else "")
        return ends


def flatten_html(html: str, limit: int) -> tuple[str, bool]:
    """HTML without the tags below `limit` levels, their text kept; and whether there were any."""
    tags = _Tags(limit)
    return _TAG.sub(tags.html, html), tags.deepest > limit


def balance_xml(text: str, limit: int) -> tuple[str, bool]:
    """XML whose elements are closed in order, without the tags below `limit` levels; and whether there were any.

    CDATA sections and comments stay as they are.
    """
    tags = _Tags(limit)
    balanced = "".join(part if opaque else _TAG.sub(tags.xml, part) for part, opaque in xml_parts(text))
    return balanced, tags.deepest > limit


def xml_parts(text: str) -> Iterator[tuple[str, bool]]:
    """XML in pieces: markup, and (True) the CDATA sections and comments between; an unclosed one goes to the end."""
    position, find = 0, _finder(text)
    while True:
        start, end_mark = min(find("<![CDATA[", position, "]]>"), find("<!--", position, "-->"))
        yield text[position:start], False
        if start == len(text):
            return
        end = text.find(end_mark, start + 4)
        position = len(text) if end < 0 else end + 3
        yield text[start:position], True


def _finder(text: str) -> Callable[[str, int, str], tuple[int, str]]:
    """`str.find` that remembers where each mark was found last, so that a rare mark is not sought again and again."""
    positions: dict[str, int] = {}

    def find(mark: str, start: int, end_mark: str) -> tuple[int, str]:
        if positions.get(mark, -1) < start:
            position = text.find(mark, start)
            positions[mark] = len(text) if position < 0 else position
        return positions[mark], end_mark

    return find
