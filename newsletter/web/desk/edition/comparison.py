"""The page of two revisions side by side: texts word by word, and posts and blocks in rows.

The words that two texts have in common are found in bounded time: difflib takes minutes for a long letter, and hours
for one of few different words.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import groupby, takewhile
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from newsletter.config import Newsletter
from newsletter.editions.history import NO_BLOCKS
from newsletter.models import Edition
from newsletter.web.converters import whole_number
from newsletter.web.desk.edition import queries
from newsletter.web.desk.edition.texts import word_fields
from newsletter.web.desk.pages import about, page

MOST_DIFFERENCES, MOST_STEPS = 1_000, 1_000_000
_MIDDLE = MOST_DIFFERENCES + 1
"""The index of diagonal 0 in a row of furthest points."""
Pair = tuple[int, int]
_WORDS = re.compile(r"\s+|[^\s\w]|\w+")


ComparedRow = tuple[str, str, tuple[str, ...]]
"""A post or a block in both revisions, "" if one lacks it, and the codes of what differs."""


def compare(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Compare two revisions; unless the address names others, the newest one with that before it."""
    changes = [change for change in queries.history(edition, newsletter, limit=None) if change["number"]]
    numbers = [change["number"] for change in changes]
    newest = _asked(request, "new", numbers[:1])
    oldest = _asked(request, "old", [n for n in numbers if newest is not None and n < newest] or numbers[-1:])
    old, new = _snapshot(edition, oldest), _snapshot(edition, newest)
    context = {
        **about(request, edition, newsletter),
        "changes": changes,
        "old": oldest,
        "new": newest,
        "texts": [
            (field.key, field.label, _pieces(old[field.key], new[field.key]))
            for field in word_fields(edition)
            if old[field.key] != new[field.key]
        ],
        "lists": [
            _compared("blocks", _("Blocks"), _blocks(old["blocks"], new["blocks"])),
            _compared("posts", _("Posts"), _posts(old["posts"], new["posts"])),
        ],
        "same": {**old, "due_at": None} == {**new, "due_at": None},
    }
    return page(request, "compare", context, section="home")


def _asked(request: HttpRequest, key: str, usual: list[int]) -> int | None:
    text = request.GET.get(key)
    return whole_number(text) if text else next(iter(usual), None)


def _snapshot(edition: Edition, number: int | None) -> dict[str, Any]:
    snapshot = edition.revisions.filter(number=number or 0).values_list("snapshot", flat=True).first()
    if snapshot is None:
        raise Http404("the edition has no such revision")
    return {**NO_BLOCKS, **snapshot}


def _pieces(old: str, new: str) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """Split two texts, word by word, into pieces, each with whether the other has something else in its place."""
    old_words, new_words = _WORDS.findall(old), _WORDS.findall(new)
    pairs = common_words(old_words, new_words)
    return _marked(old_words, {i for i, _j in pairs}), _marked(new_words, {j for _i, j in pairs})


def _marked(words: Sequence[str], common: Collection[int]) -> list[tuple[str, bool]]:
    marked = groupby(enumerate(words), key=lambda word: word[0] not in common)
    return [("".join(word for _i, word in group), differs) for differs, group in marked]


def _compared(key: str, heading: str, rows: Sequence[ComparedRow]) -> dict[str, object]:
    """Return the rows that differ, with the differences in words, and the titles of the others."""
    words = {
        "added": _("added"),
        "removed": _("removed"),
        "moved": _("moved"),
        "changed": _("changed"),
        "headline": _("headline changed"),
        "text": _("text changed"),
        "source": _("changed at its source"),
        "pinned": _("pinned or unpinned"),
        "day": _("moved to another day"),
        "length": _("shown in full or as a headline"),
    }
    return {
        "key": key,
        "heading": heading,
        "rows": [(old, new, [words[mark] for mark in marks]) for old, new, marks in rows if marks],
        "unchanged": [new for _old, new, marks in rows if not marks],
    }


def _posts(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[ComparedRow]:
    """Return the included posts of both revisions in rows, in reading order; those at the same place share a row."""
    old_keys, new_keys = _included(old), _included(new)
    rows: list[ComparedRow] = []
    for kind, i, j, k, m in SequenceMatcher(None, old_keys, new_keys, autojunk=False).get_opcodes():
        if kind == "equal":
            rows += [
                (old[key]["headline"], new[key]["headline"], _changes(old[key], new[key])) for key in old_keys[i:j]
            ]
            continue
        rows += [(old[key]["headline"], "", ("moved",) if key in new_keys else ("removed",)) for key in old_keys[i:j]]
        rows += [
            ("", new[key]["headline"], ("moved", *_changes(old[key], new[key])) if key in old_keys else ("added",))
            for key in new_keys[k:m]
        ]
    return rows


def _included(posts: Mapping[str, Any]) -> list[str]:
    return sorted((key for key, post in posts.items() if post["included"]), key=lambda key: posts[key]["position"])


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the codes of what differs in a post that both revisions have."""
    keys = {
        "headline": "headline",
        "text": "text",
        "content": "source",
        "pinned": "pinned",
        "moved_to": "day",
        "headline_only": "length",
    }
    return tuple(code for key, code in keys.items() if old[key] != new[key])


def _blocks(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> list[ComparedRow]:
    """Return the blocks of both revisions, each in one row."""
    old_blocks, new_blocks = ({block["id"]: block for block in version} for version in (old, new))
    return [_block(old_blocks.get(key), new_blocks.get(key)) for key in {**old_blocks, **new_blocks}]


def _block(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> ComparedRow:
    if old is None or new is None:
        mark = "removed" if new is None else "added"
        return (old["title"] if old else "", new["title"] if new else "", (mark,))
    return (old["title"], new["title"], () if old == new else ("changed",))


def common_words(old: Sequence[str], new: Sequence[str]) -> list[Pair]:
    """Return the positions of the words that both have, in the same order: a longest common subsequence.

    Of texts that differ too much, only their common beginning and end.
    """
    start = _equal(old, new)
    end = _equal(old[start:][::-1], new[start:][::-1])
    middle = _common(old[start : len(old) - end], new[start : len(new) - end])
    return [
        *((i, i) for i in range(start)),
        *((start + i, start + j) for i, j in middle),
        *((len(old) - i, len(new) - i) for i in range(end, 0, -1)),
    ]


def _equal(old: Sequence[str], new: Sequence[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _common(old: Sequence[str], new: Sequence[str]) -> list[Pair]:
    """Return the common positions (E. Myers, An O(ND) Difference Algorithm, 1986, section 4)."""
    furthest = [0] * (2 * _MIDDLE + 1)
    rows: list[list[int]] = []
    steps = 0
    for differences in range(MOST_DIFFERENCES + 1):
        rows.append(furthest[_MIDDLE - differences - 1 : _MIDDLE + differences + 2])
        for diagonal in range(-differences, differences + 1, 2):
            at = _MIDDLE + diagonal
            x = furthest[at + 1] if _is_insertion(furthest, at, diagonal, differences) else furthest[at - 1] + 1
            first = x
            while x < len(old) and x - diagonal < len(new) and old[x] == new[x - diagonal]:
                x += 1
            furthest[at] = x
            steps += x - first
            if x >= len(old) and x - diagonal >= len(new):
                return list(_walked_back(rows, len(old), len(new)))[::-1]
        if steps > MOST_STEPS:
            break
    return []


def _is_insertion(row: Sequence[int], at: int, diagonal: int, differences: int) -> bool:
    return diagonal == -differences or (diagonal != differences and row[at - 1] < row[at + 1])


def _walked_back(rows: Sequence[Sequence[int]], x: int, y: int) -> Iterator[Pair]:
    """Yield the common positions on the way to a point, from its end; each row has the points before its round."""
    for differences in range(len(rows) - 1, 0, -1):
        row, diagonal = rows[differences], x - y
        at = diagonal + differences + 1
        step = 1 if _is_insertion(row, at, diagonal, differences) else -1
        before = row[at + step]
        while x > before and y > before - diagonal - step:
            x, y = x - 1, y - 1
            yield x, y
        x, y = before, before - diagonal - step
    while x > 0 and y > 0:
        x, y = x - 1, y - 1
        yield x, y
