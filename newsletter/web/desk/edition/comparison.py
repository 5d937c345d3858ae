"""The page of two revisions side by side: texts word by word, and posts and blocks in rows."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from newsletter.editions.history import NO_BLOCKS
from newsletter.models import Edition
from newsletter.web.converters import whole_number
from newsletter.web.desk.edition import queries
from newsletter.web.desk.edition.common_words import common_words
from newsletter.web.desk.edition.texts import word_fields
from newsletter.web.desk.pages import about, edition_of, newsletter_of, page

_WORDS = re.compile(r"\s+|[^\s\w]|\w+")


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """A post or a block in both revisions, "" if one lacks it; `marks` are codes of what differs."""

    old: str
    new: str
    marks: tuple[str, ...]


def compare(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Compare two revisions; unless the address names others, the newest one with that before it."""
    newsletter, edition = newsletter_of(request, name), edition_of(name, period)
    changes = queries.history(edition, newsletter, limit=None)
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
        "rows": [(row, [words[mark] for mark in row.marks]) for row in rows if row.marks],
        "unchanged": [row.new for row in rows if not row.marks],
    }


def _posts(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[ComparedRow]:
    """Return the included posts of both revisions in rows, in reading order; those at the same place share a row."""
    old_keys, new_keys = _included(old), _included(new)
    rows = []
    for kind, i, j, k, m in SequenceMatcher(None, old_keys, new_keys, autojunk=False).get_opcodes():
        if kind == "equal":
            rows += [
                ComparedRow(old[key]["headline"], new[key]["headline"], _changes(old[key], new[key]))
                for key in old_keys[i:j]
            ]
            continue
        rows += [
            ComparedRow(old[key]["headline"], "", ("moved",) if key in new_keys else ("removed",))
            for key in old_keys[i:j]
        ]
        rows += [
            ComparedRow(
                "", new[key]["headline"], ("moved", *_changes(old[key], new[key])) if key in old_keys else ("added",)
            )
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
        return ComparedRow(old["title"] if old else "", new["title"] if new else "", (mark,))
    return ComparedRow(old["title"], new["title"], () if old == new else ("changed",))
