"""Excerpts of posts, cut at the end of a sentence: never in a tag or an entity, and without images at the end."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from newsletter.render.content.fragment import HEADINGS, Element, parse, serialise, text_of
from newsletter.render.content.sentences import FEWEST, ends_clause, is_abbreviation, without_marks

# Two characters of Chinese and Japanese count as a word, and up to five of Thai, Lao, Khmer and Burmese do, since they
# have no spaces between words and about as many such parts as a translation into English has words. A part never ends
# before a vowel, mark or small letter that belongs to its last character.
_CJK = "぀-ヿ㐀-䶿一-鿿"
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_JOINED = "\u0e30-\u0e3a\u0e45-\u0e4e\u0eb0-\u0ebc\u0ec6-\u0ecd\u102b-\u103e\u17b4-\u17d3"
_OPEN = "\u0e40-\u0e44\u0ec0-\u0ec4\u1039\u17d2"
_SMALL = "ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶー々"
_STOPS = "。！？｡．、，；："
_WORD = re.compile(
    rf"(?:[「『【《（“‘]*[{_CJK}]{{1,2}}[{_SMALL}]*[{_STOPS}]*|[{_STOPS}]+)[」』】》）”’]*"
    rf"|(?:[{_UNSPACED}]{{1,5}}(?<![{_OPEN}])|[{_UNSPACED}])[{_JOINED}]*[.!?…)\]}}»”’']*"
    rf"|[^\s{_CJK}{_UNSPACED}{_STOPS}]+"
)
_ENDS = ".!?…。！？｡．।؟۔։።។៕။།"
_END = re.compile(rf"(?<![{_ENDS}])[{_ENDS}]++[\"'”’»)\]}}」』】》]*+$")
# Thai and Lao have no full stop: a space ends a clause, except behind the signs of repetition and abbreviation.
_CLAUSE = re.compile(rf"[{_UNSPACED}](?<![ๆໆฯ])[”’»)\]]*$")
_UNSPACED_ONLY = re.compile(rf"[{_UNSPACED}]")
_BLOCKS = frozenset((
    "p", "div", "li", "blockquote", *HEADINGS, "ul", "ol", "dl", "dt", "dd",
    "table", "tr", "td", "th", "pre", "figure", "figcaption", "hr", "br", "section", "article",
))  # fmt: skip
_HEADINGS = frozenset((*HEADINGS, "dt", "th", "summary", "figcaption"))
_END_OF_SENTENCE = re.compile(r"[.!?…。！？؟][\"'”’»)\]]*(?=\s|$)|[。！？។៕။]")
_STOP = re.compile(rf"[{_ENDS}][\"'”’»)\]}}」』】》]{{0,3}}\Z|[{_UNSPACED}]\Z")
_TAG = re.compile(r"<[^<>]*>")
_GLUED = re.compile(r"(?<=[^\W\d_]{2}[.!?])(?=[A-ZÀ-ÖØ-ÞА-Я][a-zà-öø-ÿа-я])")
"""Where a sentence begins right behind the full stop of another one."""
_OF_AN_ADDRESS = re.compile(r"[/@_=()<>]|\Awww\.", re.IGNORECASE)
_WORD_CHARACTER = re.compile(r"\w")
_WORDS_A_MINUTE = 230
SLACK = 0.4
_FARTHEST = 2.2
"""How many times longer an excerpt may be for the end of a sentence, and `_NEAREST` how much shorter."""
_NEAREST = 0.25
_LEAST_LEFT_OUT = 0.15
"""The share of an excerpt's words that is worth leaving out: a text with less behind its excerpt is shown whole."""
_LEAST_TEXT = 3
"""Words of a paragraph that can be the last one: others, such as "However!", are like headings."""
_MOST_LINKS = 6
"""Items of a list of links that an excerpt shows."""
_LONGEST_LABEL = 24
"""Characters before the link of a line that leads elsewhere."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word: the text run it is in, where it ends there, and whether a sentence or a word of any script ends there."""

    run: int
    end: int
    ends_sentence: bool
    parted: bool


@dataclass(frozen=True, slots=True)
class TextRun:
    """A piece of text between two tags: an element's `text`, or its `tail`; `last` if a block ends after it."""

    element: Element
    tail: bool
    text: str
    last: bool


def excerpt(html: str, words: int) -> tuple[str, bool]:
    """Return about the first `words` words of a cleaned post, up to the end of a sentence, and whether that is all of
    it.

    The end of a sentence nearest to `words` is used if there is one within 40%, otherwise the end of a block, or of a
    sentence farther away; only in a sentence that is much longer, a clause or a word. No excerpt ends with a heading, a
    line that leads elsewhere, or the first three words of a sentence. It has six items of a long list of links.
    """
    root = parse(html)
    fewer = _leave_out_links(root)
    runs = text_runs(root)
    all_words = words_in(runs)
    count = len(all_words) if len(all_words) <= words else _best(all_words, runs, words)
    if len(all_words) - count < words * _LEAST_LEFT_OUT:
        return (serialise(root), False) if fewer else (html, True)
    word = all_words[count - 1]
    remove_after(root, runs[word.run], len(without_marks(_text_up_to(runs, word))))
    _drop_end(root)
    return serialise(root), False


def _leave_out_links(root: Element) -> bool:
    """Remove the items of a long list of links but the first ones; return whether there is one."""
    long_lists = []
    for list_ in root.iter("ul", "ol"):
        items = list_.findall("li")
        links = [item for item in items if (link := item.find(".//a")) is not None and _is_mostly(link, item)]
        if len(links) > _MOST_LINKS + 2 and len(links) == len(items):
            long_lists.append(items)
    for items in long_lists:
        for item in items[_MOST_LINKS:]:
            item.drop_tree()
    return bool(long_lists)


def _is_mostly(link: Element, item: Element) -> bool:
    return len(text_of(link)) * 2 > len(text_of(item))


def _drop_end(root: Element) -> None:
    """Remove rules, headings and blocks without words from the end of a text that was cut."""
    while len(root) and not (root[-1].tail or "").strip():
        last = root[-1]
        has_words = _WORD_CHARACTER.search(text_of(last)) or last.find(".//img") is not None or last.tag == "img"
        if has_words and last.tag not in HEADINGS:
            return
        last.drop_tree()


def text_runs(root: Element) -> list[TextRun]:
    """Return the pieces of text of a post, in their order."""
    runs: list[TextRun] = []

    def walk(element: Element) -> None:
        if element.text:
            runs.append(TextRun(element, False, element.text, _closes(element, next(iter(element), None))))
        for child in element:
            if isinstance(child.tag, str):
                walk(child)
            if child.tail:
                runs.append(TextRun(child, True, child.tail, _closes(element, child.getnext())))

    walk(root)
    return runs


def _closes(parent: Element, following: Element | None) -> bool:
    """Return whether a block ends, or another begins, right after the text before the `following` child."""
    return (parent if following is None else following).tag in _BLOCKS


def words_in(runs: list[TextRun]) -> list[Word]:
    """Return the words of a post, as an excerpt counts them."""
    places = [(number, *place) for number, run in enumerate(runs) for place in _places_of_words(run)]
    result = []
    for index, (number, begin, end) in enumerate(places):
        following = places[index + 1] if index + 1 < len(places) else None
        block = following is None or (following[0] != number and any(run.last for run in runs[number : following[0]]))
        parted = following is None or following[0] != number or following[1] > end
        text_behind = runs[following[0]].text[following[1] : following[2]] if following else ""
        ends = block or ends_sentence(runs[number].text[begin:end], text_behind, parted=parted)
        result.append(Word(number, end, ends, parted))
    return result


def _places_of_words(run: TextRun) -> Iterator[tuple[int, int]]:
    """Yield where the words of a text begin and end; one ends where a sentence does without a space behind it."""
    for match in _WORD.finditer(run.text):
        begin = match.start()
        if not _OF_AN_ADDRESS.search(match[0]):
            for glue in _GLUED.finditer(match[0]):
                yield begin, match.start() + glue.start()
                begin = match.start() + glue.start()
        yield begin, match.end()


def ends_sentence(word: str, following: str, *, parted: bool = True) -> bool:
    """Return whether a word with a full stop ends a sentence, by the word behind it, and isn't an abbreviation."""
    if parted and _CLAUSE.search(word) and _UNSPACED_ONLY.match(following):
        return True
    if not _END.search(word) or is_abbreviation(word, following):
        return False
    goes_on = following[:1].islower() or (word[-1] in "」』" and following[:1] in ("と", "っ"))
    return not goes_on


def ends_of_sentences(text: str, longest: int) -> list[int]:
    """Return where sentences end in the first `longest` characters of a text."""
    ends = [match.end() for match in _END_OF_SENTENCE.finditer(text, 0, longest)]
    words = [(end, text[:end].rpartition(" ")[2], text[end : end + longest].split(maxsplit=1)) for end in ends]
    return [end for end, word, following in words if ends_sentence(word, following[0] if following else "")]


def _best(all_words: list[Word], runs: list[TextRun], words: int) -> int:
    is_label = cache(_is_label)  # a long paragraph has the ends of many words
    low, high = max(1, int(words * (1 - SLACK))), int(words * (1 + SLACK))
    counts = range(low, min(high, len(all_words)) + 1)
    ends, sentences = _ends(all_words, runs, counts, is_label)
    if not ends:
        around = range(max(FEWEST, int(words * _NEAREST)), min(int(words * _FARTHEST), len(all_words)) + 1)
        ends, sentences = _ends(all_words, runs, around, is_label)
    if not ends and _is_in_code(runs[all_words[words - 1].run]):
        ends, sentences = _ends(all_words, runs, range(FEWEST, low), is_label)
    ends = sentences or ends or _ends_in_sentences(all_words, runs, counts, words)
    return min(ends, key=lambda count: (abs(count - words), count), default=words)


def _ends(
    all_words: list[Word], runs: list[TextRun], counts: range, is_label: Callable[[Element], bool]
) -> tuple[list[int], list[int]]:
    """Return where a text can end, by its number of words, and those of these ends that have a full stop."""
    ends = [
        count
        for count in counts
        if all_words[count - 1].ends_sentence and not _leads_on(runs, all_words[count - 1], is_label)
    ]
    return ends, [count for count in ends if _STOP.search(_text_up_to(runs, all_words[count - 1]))]


def _ends_in_sentences(all_words: list[Word], runs: list[TextRun], counts: range, words: int) -> list[int]:
    """Return where clauses end, or else where words do: not right behind the beginning of a sentence."""
    late = [
        count for count in counts if not any(word.ends_sentence for word in all_words[max(0, count - FEWEST) : count])
    ]
    clauses = [count for count in late if _ends_clause(all_words, runs, count)]
    parted = [count for count in late or counts if count <= words and all_words[count - 1].parted]
    return clauses or parted


def _ends_clause(all_words: list[Word], runs: list[TextRun], count: int) -> bool:
    if count == len(all_words):
        return False
    word, following = all_words[count - 1], all_words[count]
    begin = word.end if following.run == word.run else 0
    return ends_clause(_text_up_to(runs, word), runs[following.run].text[begin : following.end].strip())


def _text_up_to(runs: list[TextRun], word: Word) -> str:
    return runs[word.run].text[: word.end]


def _leads_on(runs: list[TextRun], word: Word, is_label: Callable[[Element], bool]) -> bool:
    """Return whether a word belongs to a heading or to a line that leads elsewhere, or announces the next block."""
    run = runs[word.run]
    return (
        _text_up_to(runs, word).endswith((":", "："))
        or (_is_in_code(run) and not _ends_code(runs, run))
        or is_label(run.element.getparent() if run.tail else run.element)
    )


def _is_label(element: Element) -> bool:
    """Return whether an element is in a heading, in what looks like one, or in a line that leads elsewhere."""
    around = (element, *element.iterancestors())
    return any(container.tag in _HEADINGS for container in around) or any(
        _is_teaser(container) or _is_like_a_heading(container) for container in around if container.tag == "p"
    )


def _is_in_code(run: TextRun) -> bool:
    element = run.element.getparent() if run.tail else run.element
    return any(container.tag in ("pre", "code") for container in (element, *element.iterancestors()))


def _ends_code(runs: list[TextRun], run: TextRun) -> bool:
    """Return whether no more code follows a piece of text."""
    following = runs.index(run) + 1
    return following == len(runs) or not _is_in_code(runs[following])


def _is_like_a_heading(paragraph: Element) -> bool:
    """Return whether a paragraph is a word or two, or all of it is bold."""
    text = text_of(paragraph)
    bold = paragraph.find("b") if paragraph.find("b") is not None else paragraph.find("strong")
    return len(_WORD.findall(text)) < _LEAST_TEXT or (bold is not None and text_of(bold) == text)


def _is_teaser(paragraph: Element) -> bool:
    """Return whether a paragraph is a label and a link, such as "Related: Another post"."""
    link = paragraph.find("a")
    label = (paragraph.text or "").strip()
    is_only_link = link is not None and len(paragraph) == 1 and not (link.tail or "").strip()
    return is_only_link and len(label) <= _LONGEST_LABEL and label.endswith((":", "："))


def count_words(html: str) -> int:
    """Return how many words a cleaned post has, as `excerpt` counts them."""
    return len(_WORD.findall(_TAG.sub(" ", html)))


def reading_minutes(html: str) -> int:
    """Return the minutes that reading a cleaned post takes, rounded, at least 1; 0 if it has no text."""
    words = count_words(html)
    return max(1, round(words / _WORDS_A_MINUTE)) if words else 0


def remove_after(root: Element, run: TextRun, end: int) -> None:
    """Remove everything after character `end` of the run: text, and images."""
    remove_behind(root, run.element)
    if run.tail:
        run.element.tail = run.text[:end]
    else:
        run.element.text = run.text[:end]
        del run.element[:]


def remove_behind(root: Element, element: Element) -> None:
    """Remove everything behind an element."""
    while element is not root:
        parent = element.getparent()
        del parent[parent.index(element) + 1 :]
        element.tail = None
        element = parent
