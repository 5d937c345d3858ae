"""Headlines for posts without a title, such as notes: the first words, or the description of an image."""

import re
from bisect import bisect_right
from copy import deepcopy
from functools import lru_cache
from html import unescape
from itertools import accumulate
from unicodedata import category, combining, east_asian_width

from newsletter.render.content.excerpt import TextRun, ends_of_sentences, text_runs
from newsletter.render.content.fragment import HEADINGS, Element, parse, serialise, text_of
from newsletter.render.content.images import names_file
from newsletter.render.content.spaces import collapse
from newsletter.render.content.text import plain
from newsletter.render.content.videos import drop_recordings, recordings

LONGEST = 60
_TAG = re.compile(r'<(?:[^<>"]++|"[^"]*+")*+>')
_CLOSING = "\"'”’»)]」』"
_LEADS_ON = " ,;:–-、，"
_JOINS_NEXT = "\u200d\u0e40\u0e41\u0e42\u0e43\u0e44\u0ec0\u0ec1\u0ec2\u0ec3\u0ec4"
_JOINS_LAST = "\u200d\u0e30\u0e32\u0e33\u0eb0\u0eb2\u0eb3" + "".join(map(chr, range(0x1F3FB, 0x1F400)))
_VIRAMA = 9
"""Joiners, vowels of Thai and Lao that stand before or behind their letter, and colours of skin; and the class of the
signs that join the consonants of India's scripts."""
_SHORTEST = 12
"""The least width of sentences that are a headline, in characters."""
_FEWEST_WORDS = 4
_SAYS_LITTLE = re.compile(
    r"[^\W\d_]{1,3}|\d[\d.,]*|with|from|that|this|into|over|about|your|their|dans|avec|pour|einer?|eine[nms]"
)
"""Words behind which a headline isn't cut."""
LONGEST_WHOLE = 100
"""Characters of a note that is its own headline, so that none of it needs to be repeated below."""


def headline_of(html: str) -> tuple[str, bool]:
    """Return at most `LONGEST` characters of a cleaned post, "" if it has no text, and whether that is all of it.

    They end with a sentence, if one ends there. A post of one paragraph without links and images may have
    `LONGEST_WHOLE`. Recordings that stand alone have no part
    in it.
    """
    root = parse(html)
    only_words = root.find(".//img") is None and root.find(".//a") is None
    drop_recordings(root)
    pictures, links = list(root.iter("img")), list(root.iter("a"))
    alternatives = [
        collapse(picture.get("alt") or "")
        for picture in pictures
        if not names_file(picture.get("alt") or "", picture.get("src") or "")
    ]
    for element in pictures + links:
        element.drop_tag()
    paragraphs = plain(serialise(root)).split("\n\n")
    paragraph = collapse(paragraphs[0].lstrip("> -"))
    is_alone = len(paragraphs) == 1 and only_words
    if is_alone and fitting(paragraph, LONGEST_WHOLE) == len(paragraph):
        return paragraph, True
    if len(paragraph) > LONGEST and (sentences := _sentences(paragraph)):
        return sentences, False
    return shortened(paragraph or next(filter(None, alternatives), "")), False


def _sentences(text: str) -> str:
    """Return the sentences at the beginning of a text that a headline has room for, "" if they would say little."""
    sentences = text[: max(ends_of_sentences(text, LONGEST), default=0)]
    return sentences if fitting(sentences, _SHORTEST - 1) < len(sentences) else ""


def fitting(text: str, width: int) -> int:
    """Return how many characters of a text are at most as wide as `width` letters.

    One of Chinese, Japanese or Korean is as wide as two letters.
    """
    widths = accumulate(2 if east_asian_width(character) in "WF" else 1 for character in text[:width])
    return bisect_right(list(widths), width)


def without_headline(html: str, headline: str) -> str:
    """Return a cleaned post without the words at its beginning that are its headline.

    Those are the first sentences or words of the first paragraph, which goes on behind "…" where the headline ends so,
    or the whole paragraph or heading, unless the post has no other. The links in these words follow at the end of the
    paragraph.
    """
    return _divided(html, headline)[0]


def is_torn(html: str, headline: str) -> bool:
    """Return whether a headline is the beginning of a cleaned post, cut within a sentence, or without its links."""
    return _divided(html, headline)[1]


@lru_cache(maxsize=256)
def _divided(html: str, headline: str) -> tuple[str, bool]:
    """Return a post without its headline, and whether the headline lacks the end of its sentence or its links."""
    if not headline or not _may_repeat(html, headline):
        return html, False
    root = parse(html)
    players = {paragraph for paragraph, _ in recordings(root)}
    paragraph = next((child for child in root if isinstance(child.tag, str) and child not in players), None)
    if paragraph is None or paragraph.tag not in ("p", *HEADINGS):
        return html, False
    runs, is_cut = text_runs(paragraph), headline.endswith("…")
    words = r"\s+".join(map(re.escape, headline.removesuffix("…").split()))
    behind = _behind(headline) if paragraph.tag == "p" else r"\s*\Z"
    match = re.match(rf"\s*{words}{behind}", "".join(run.text for run in runs), re.DOTALL)
    links = [(link, deepcopy(link)) for link in paragraph.iter("a") if text_of(link)]
    if match is None or any(text_of(link) == headline for link, _ in links):
        return html, False
    _remove_beginning(runs, match.end())
    lost = [copy for link, copy in links if not text_of(link)]
    _drop_empty(paragraph)
    if is_cut:
        paragraph.text = f"…{(paragraph.text or '').lstrip()}"
    _append(paragraph, lost)
    if not text_of(paragraph) and paragraph.find(".//img") is None:
        paragraph.drop_tree()
    return serialise(root) or html, is_cut or bool(lost)


def _may_repeat(html: str, headline: str) -> bool:
    """Return whether a post has the words of a headline, wherever; most posts don't, and need not be parsed."""
    words = "".join(headline.removesuffix("…").split())
    return words in "".join(unescape(_TAG.sub("", html)).split())


def _behind(headline: str) -> str:
    """Return a pattern of what may stand behind the words of a headline in its paragraph, and is left out with them."""
    mark = headline.rstrip(_CLOSING)[-1:]
    if headline.endswith("…"):
        return r"[ ,;:–\-\n\t]*(?=.)"
    return r"\s*" if mark in "。！？" else r"(?:\s+|\Z)" if mark in ".!?؟।" else r"\s*\Z"


def _remove_beginning(runs: list[TextRun], length: int) -> None:
    """Remove the first characters of some pieces of text."""
    for run in runs:
        text, length = run.text[length:], max(0, length - len(run.text))
        if run.tail:
            run.element.tail = text
        else:
            run.element.text = text


def _drop_empty(paragraph: Element) -> None:
    """Remove the elements of a paragraph that have lost their text."""
    for element in reversed(list(paragraph.iterdescendants())):
        if element.tag not in ("img", "br") and not len(element) and not (element.text or "").strip():
            element.drop_tree()


def _append(paragraph: Element, links: list[Element]) -> None:
    """Put links at the end of a paragraph, in parentheses behind its text."""
    if not links:
        return
    before, after = (" (", ")") if text_of(paragraph) else ("", "")
    if len(paragraph):
        paragraph[-1].tail = f"{(paragraph[-1].tail or '').rstrip()}{before}"
    else:
        paragraph.text = f"{(paragraph.text or '').rstrip()}{before}"
    for link in links:
        link.tail = ", "
        paragraph.append(link)
    paragraph[-1].tail = after


def shortened(text: str, longest: int = LONGEST) -> str:
    """Return at most `longest` characters, cut between words, or in a word if that would leave less than half.

    It does not end with a word that leads on, such as an article.

    No letter loses a mark, and no emoji a part. A character of Chinese, Japanese or Korean counts as two.
    """
    if fitting(text, longest) == len(text):
        return text
    end = fitting(text, longest - 1)
    space = text.rfind(" ", 0, end)
    if space > end // 2:
        return f"{without_little_words(text[:space].rstrip(_LEADS_ON)).rstrip(_LEADS_ON)}…"
    while end > 1 and _is_one(text[end - 1], text[end]):
        end -= 1
    return text[:end].rstrip(_LEADS_ON) + "…"


def without_little_words(text: str) -> str:
    """Return a text without the words at its end that lead on: short ones, such as articles, prepositions, numbers.

    At least four words stay.
    """
    kept = text.split(" ")
    while len(kept) > _FEWEST_WORDS and _SAYS_LITTLE.fullmatch(kept[-1]):
        kept.pop()
    return " ".join(kept)


def _is_one(character: str, following: str) -> bool:
    """Return whether two characters are of one letter, syllable or emoji."""
    joins_next = character in _JOINS_NEXT or combining(character) == _VIRAMA
    return joins_next or following in _JOINS_LAST or category(following).startswith("M")
