"""Where a long post may be cut: after a block, and in a long block after a sentence."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from newsletter.render.content.excerpt import TextRun, Word, excerpt, remove_after, remove_behind, text_runs, words_in
from newsletter.render.content.fragment import HEADINGS, Element, parse, serialise

_CONTAINERS = frozenset(("div", "section", "article", "blockquote", "ul", "ol", "dl", "table", "tbody", "details"))
_WITH_THE_NEXT = frozenset((*HEADINGS, "hr", "dt", "thead", "summary"))
"""What belongs to the block below it, so that no text ends with it."""
_LONG_BLOCK, _STEP = 120, 40
"""Words: a block above the first number may be cut inside, at sentences at least the second number apart."""


@dataclass(frozen=True, slots=True)
class _Cut:
    """A place to end: after a word, or after the block with this number; `words` is how many words come before."""

    words: int
    block: int | None = None
    word: int | None = None


class Cuts:
    """The texts to which a cleaned post can be shortened, numbered from its excerpt (0) to the whole post (`last`).

    `fewest` is the number of words of the excerpt. No text ends with a heading.
    """

    def __init__(self, html: str, fewest: int) -> None:
        self._html, self._fewest = html, fewest

    @property
    def last(self) -> int:
        """The number of the whole post; 0 if it is no longer than its excerpt."""
        return 0 if self._excerpt[1] else len(self._places) + 1

    def text(self, number: int) -> tuple[str, bool]:
        """Return the HTML of a text, and whether it is the whole post."""
        if number >= self.last:
            return self._html, True
        if number == 0:
            return self._excerpt
        cut = self._places[number - 1]
        root = parse(self._html)
        if cut.block is not None:
            remove_behind(root, list(_blocks(root))[cut.block])
        elif cut.word is not None:
            runs = text_runs(root)
            word = words_in(runs)[cut.word]
            remove_after(root, runs[word.run], word.end)
        return serialise(root), False

    def length(self, number: int) -> int:
        """Return how many words a text has."""
        if number >= self.last:
            return len(self._bytes)
        return self._places[number - 1].words if number else self._shortest

    def text_bytes(self, number: int) -> int:
        """Return the bytes of a text without its tags, which its HTML has at least."""
        words = self.length(number)
        return self._bytes[words - 1] if words else 0

    @cached_property
    def _excerpt(self) -> tuple[str, bool]:
        return excerpt(self._html, self._fewest)

    @cached_property
    def _shortest(self) -> int:
        return len(words_in(text_runs(parse(self._excerpt[0]))))

    @cached_property
    def _whole(self) -> tuple[Element, list[TextRun], list[Word]]:
        """The post, its pieces of text and its words."""
        root = parse(self._html)
        runs = text_runs(root)
        return root, runs, words_in(runs)

    @cached_property
    def _places(self) -> tuple[_Cut, ...]:
        """The places that are longer than the excerpt, in the order of the text."""
        return tuple(cut for cut in _places(*self._whole) if cut.words > self._shortest)

    @cached_property
    def _bytes(self) -> tuple[int, ...]:
        """For each word, the bytes of the text up to its end."""
        _root, runs, words = self._whole
        before = list(accumulate((len(run.text.encode()) for run in runs), initial=0))
        return tuple(before[word.run] + len(runs[word.run].text[: word.end].encode()) for word in words)


def _places(root: Element, runs: list[TextRun], words: list[Word]) -> Iterator[_Cut]:
    blocks = list(_blocks(root))
    block_of_run = _block_numbers(blocks, runs)
    ends = _last_words(block_of_run, words, len(blocks))
    begin = 0
    for number, block in enumerate(blocks):
        end = ends[number]
        if end - begin > _LONG_BLOCK:
            yield from _sentences(words, begin, end)
        if number + 1 < len(blocks) and block.tag not in _WITH_THE_NEXT:
            yield _Cut(end, block=number)
        begin = end


def _sentences(words: list[Word], begin: int, end: int) -> Iterator[_Cut]:
    """Yield places after sentences of a long block; the end of the block is not one of them."""
    passed = begin
    for number in range(begin, end - _STEP):
        if words[number].ends_sentence and number + 1 - passed >= _STEP:
            passed = number + 1
            yield _Cut(passed, word=number)


def _blocks(element: Element) -> Iterator[Element]:
    """Yield the blocks of a post in the order of the text; one that holds other blocks is not a block."""
    for child in element:
        if not isinstance(child.tag, str):
            continue
        if child.tag in _CONTAINERS and any(
            isinstance(grandchild.tag, str) and _is_block(grandchild) for grandchild in child
        ):
            yield from _blocks(child)
        elif _is_block(child) or child.tag == "img":
            yield child


def _is_block(element: Element) -> bool:
    return element.tag in _CONTAINERS | _WITH_THE_NEXT | {"p", "li", "dd", "tfoot", "tr", "pre", "figure"}


def _block_numbers(blocks: list[Element], runs: list[TextRun]) -> list[int]:
    """Return the number of each run's block; text between blocks belongs to the one before it."""
    numbers = {block: number for number, block in enumerate(blocks)}
    result, current = [], 0
    for run in runs:
        element = run.element.getparent() if run.tail else run.element
        while element is not None and element not in numbers:
            element = element.getparent()
        current = numbers.get(element, current)
        result.append(current)
    return result


def _last_words(block_of_run: list[int], words: list[Word], count: int) -> list[int]:
    """Return for each block how many words the post has up to its end."""
    ends = [0] * count
    for number, word in enumerate(words):
        ends[block_of_run[word.run]] = number + 1
    for block in range(1, count):
        ends[block] = max(ends[block], ends[block - 1])
    return ends
