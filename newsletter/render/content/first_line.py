"""The first words of a post on one line, for designs that show no more."""

import re
from functools import lru_cache

from newsletter.render.content.excerpt import ends_of_sentences
from newsletter.render.content.fragment import HEADINGS, Element, parse, serialise, text_of
from newsletter.render.content.headline import fitting, shortened
from newsletter.render.content.sentences import FEWEST, end_of_clause, without_marks
from newsletter.render.content.spaces import collapse
from newsletter.render.content.text import plain
from newsletter.render.content.videos import PLAY, drop_videos, leave_durations

_UNSPACED_STOP = re.compile(r"(?<=[^\W\d_]{3})[.!?](?=[^\W\d_])(?=\w+ )")
"""A full stop before a letter, where the text of a source has lost its line breaks."""
_GOES_ON = re.compile(r"[.!?…。！？؟។៕။:：;,·][\"'”’»)\]]*\Z")
"""The end of a paragraph that needs no dot before the next one."""
LONGEST_LINE = 160
"""Characters of the line that a design shows of a post."""
_SHORTEST_SHARE, _LONGEST_SHARE = 0.4, 1.9
"""How much of the line sentences must fill to end it, and how much longer it may be for the end of its first one."""
_LONGEST_LABEL = 24
"""Characters of a text that is only a link, such as "Comments", and says nothing without its address."""
_LONGEST_STANDFIRST = 600
"""Characters of HTML of a first paragraph that is shown larger than the text below it."""


@lru_cache(maxsize=256)
def first_line(html: str, longest: int) -> str:
    """Return at most `longest` characters of a cleaned post, without headings, code, images, addresses of links and
    marks of footnotes. A character of Chinese, Japanese or Korean counts as two.

    Items of a list have dots between them, and so have a paragraph that doesn't end a sentence and the next one.
    Quotations have no mark. The line ends with a paragraph, if that makes it long enough, or with a sentence if one
    ends in its second part, or the first a little later, or else with a clause. A post that is only the label of a link
    has no line.
    """
    root = parse(html)
    drop_videos(root)
    leave_durations(root)
    for element in list(root.iter("img", "hr", "pre", "table", "figure", *HEADINGS)):
        element.drop_tree()
    for mark in list(root.iter("sup")):
        if mark.find(".//a") is not None:
            mark.drop_tree()
    if _lone_link(root) is not None:
        return ""
    for link in [link for link in root.iter("a") if not (link.get("href") or "").startswith("#")]:
        link.drop_tag()
    _write_lists_and_quotations_as_text(root)
    paragraphs = [collapse(paragraph) for paragraph in plain(serialise(root)).split("\n\n")]
    text = _joined(paragraphs)
    count = fitting(text, longest)
    if count == len(text):
        return _without_colon(text)
    ends = ends_of_sentences(text, int(count * _LONGEST_SHARE))
    ends_of_paragraphs = [len(_joined(paragraphs[:number])) for number in range(1, 4)]
    within, alone = (
        [end for end in places if count * _SHORTEST_SHARE <= end <= count] for places in (ends, ends_of_paragraphs)
    )
    end = next(iter(alone[:1] or within[-1:] or [end for end in ends if end > count]), 0)
    return _without_colon(text[:end]) if end else _cut_in_sentence(text, longest, ends)


def ends_with_mark(line: str) -> bool:
    """Return whether a line ends with a mark, such as a full stop, and needs no dot before what follows."""
    return bool(_GOES_ON.search(line))


@lru_cache(maxsize=256)
def lone_link(html: str) -> tuple[str, str]:
    """Return the address and the text of a short link that is all of a cleaned post, such as "Comments"; "" if none."""
    link = _lone_link(parse(html)) if "<a " in html else None
    return ("", "") if link is None else (link.get("href") or "", text_of(link))


def _lone_link(root: Element) -> Element | None:
    links = list(root.iter("a"))
    is_all = len(links) == 1 and text_of(links[0]) == text_of(root) and 0 < len(text_of(root)) <= _LONGEST_LABEL
    return links[0] if is_all else None


def _cut_in_sentence(text: str, longest: int, ends: list[int]) -> str:
    """Return the beginning of a text of which no sentence ends near its `longest` characters; some may at `ends`.

    It ends at a full stop without a space behind it, with a clause, or with a word, but has no sentence of which it has
    only the first three words.
    """
    count = fitting(text, longest)
    shortest = int(count * _SHORTEST_SHARE)
    unspaced = [match.end() for match in _UNSPACED_STOP.finditer(text[:count])]
    if unspaced and unspaced[-1] >= shortest:
        return text[: unspaced[-1]]
    clause = end_of_clause(text[:count], shortest)
    line = without_marks(text[:clause]) + "…" if clause else shortened(text, longest)
    end = max((end for end in (*ends, *unspaced) if end <= len(line)), default=0)
    is_beginning = end and len(line[end:].split()) < FEWEST
    return text[:end] if is_beginning else line


def _without_colon(text: str) -> str:
    """Return a line that doesn't announce what is left out."""
    return text[:-1].rstrip() + "…" if text.endswith((":", "：")) else text


def _joined(paragraphs: list[str]) -> str:
    """Return paragraphs as one, with a dot behind each that doesn't end a sentence, unless the next one begins so."""
    text = ""
    for paragraph in paragraphs:
        parted = not text or not paragraph or _GOES_ON.search(text) or paragraph.startswith(("·", PLAY))
        text += f" {paragraph}" if parted else f" · {paragraph}"
    return text.strip()


def _write_lists_and_quotations_as_text(root: Element) -> None:
    """Make paragraphs of the elements that plain text marks at the beginning of lines."""
    lists, items = set(root.iter("ul", "ol")), set(root.iter("li"))
    continued = [item for item in items if _continues_a_line(item, lists, items)]
    for item in continued:
        item.text = "· " + (item.text or "")
    for element in root.iter("blockquote", "ul", "ol", "dl", "li", "dt", "dd"):
        element.tag = "p" if element.tag in ("dt", "dd") else "div"


def _continues_a_line(item: Element, lists: set[Element], items: set[Element]) -> bool:
    """Return whether an item is behind another one, behind a list, or behind the text of the item around it."""
    around = item.getparent()
    if item.getprevious() is not None or around.getprevious() in lists:
        return True
    outer = around.getparent()
    return outer in items and around.getprevious() is None and bool((outer.text or "").strip())


def with_standfirst(html: str) -> str:
    """Return a text whose first paragraph is marked as the one that introduces it, unless it is long."""
    end = html.find("</p>")
    return f'<p class="standfirst">{html[3:]}' if html.startswith("<p>") and end <= _LONGEST_STANDFIRST else html
