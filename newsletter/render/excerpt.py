"""The beginning of a post, cut at a sentence's end: never in a tag, never in an entity, with no picture dangling."""

import re
from dataclasses import dataclass

from newsletter.render.fragment import Element, parse, serialise

# Chinese and Japanese are written without spaces: each of their characters counts as a word.
_WORD = re.compile(r"[぀-ヿ㐀-䶿一-鿿]|[^\s぀-ヿ㐀-䶿一-鿿]+")
_END = re.compile(r"[.!?…。！？।؟۔]+[\"'”’»)\]}」』]*$")
_ABBREVIATION = re.compile(
    r"^[(\"“«]?(?:(?:\w\.)+|(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc|ca|bl\.a|f\.eks|kl|nr|osv|pst|jf|bzw|z\.B|Nr|Hr|Fr)\.)$"
)
_BLOCKS = frozenset((
    "p", "div", "li", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "dt", "dd",
    "table", "tr", "td", "th", "pre", "figure", "figcaption", "hr", "section", "article",
))  # fmt: skip
SLACK = 0.4


@dataclass(frozen=True, slots=True)
class _Word:
    """One word: the text run that it stands in, where it ends there, and whether a sentence ends with it."""

    run: int
    end: int
    ends_sentence: bool


@dataclass(frozen=True, slots=True)
class _Run:
    """A piece of text between two tags: an element's `text`, or its `tail`; `last` where a block ends after it."""

    element: Element
    tail: bool
    text: str
    last: bool


def excerpt(html: str, words: int) -> tuple[str, bool]:
    """The first `words` words or so of a cleaned post, up to a sentence's end, and whether that is all of it.

    The sentence's end nearest to `words` is taken, if one is within 40% of it; else the word itself.
    """
    root = parse(html)
    runs = _runs(root)
    found = _words(runs)
    if len(found) <= words:
        return html, True
    count = _best(found, words)
    if count == len(found):
        return html, True
    word = found[count - 1]
    _cut(root, runs[word.run], word.end)
    return serialise(root), False


def _runs(root: Element) -> list[_Run]:
    runs: list[_Run] = []

    def walk(element: Element) -> None:
        if element.text:
            runs.append(_Run(element, False, element.text, _closes(element, None)))
        for index, child in enumerate(element):
            if isinstance(child.tag, str):
                walk(child)
            if child.tail:
                runs.append(_Run(child, True, child.tail, _closes(element, index)))

    walk(root)
    return runs


def _closes(parent: Element, index: int | None) -> bool:
    """Whether a block ends, or another begins, right after the text before the child that follows."""
    following = 0 if index is None else index + 1
    if following < len(parent):
        return parent[following].tag in _BLOCKS
    return parent.tag in _BLOCKS


def _words(runs: list[_Run]) -> list[_Word]:
    places = [(number, match) for number, run in enumerate(runs) for match in _WORD.finditer(run.text)]
    found = []
    for place, (number, match) in enumerate(places):
        following = places[place + 1] if place + 1 < len(places) else None
        block = following is None or (following[0] != number and any(r.last for r in runs[number : following[0]]))
        ends = block or _ends_sentence(match[0], following[1][0] if following else "")
        found.append(_Word(number, match.end(), ends))
    return found


def _ends_sentence(word: str, following: str) -> bool:
    return bool(_END.search(word)) and not _ABBREVIATION.match(word) and not following[:1].islower()


def _best(found: list[_Word], words: int) -> int:
    low, high = max(1, int(words * (1 - SLACK))), int(words * (1 + SLACK))
    ends = [count for count in range(low, min(high, len(found)) + 1) if found[count - 1].ends_sentence]
    return min(ends, key=lambda count: (abs(count - words), count), default=words)


def _cut(root: Element, run: _Run, end: int) -> None:
    """Drop everything behind character `end` of the run: words, and pictures that would dangle."""
    element = run.element
    if run.tail:
        element.tail = run.text[:end]
    else:
        element.text = run.text[:end]
        for child in list(element):
            element.remove(child)
    while element is not root:
        parent = element.getparent()
        for later in list(element.itersiblings()):
            parent.remove(later)
        if element is not run.element or not run.tail:
            element.tail = None
        element = parent
