"""Two revisions side by side: texts word by word, and posts and blocks in rows. Pure functions over snapshots."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

_WORDS = re.compile(r"\s+|[^\s\w]|\w+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text; `changed` if the other revision has something else in its place."""

    text: str
    changed: bool


@dataclass(frozen=True, slots=True)
class ComparedText:
    """A text of both revisions, in pieces."""

    key: str
    old: tuple[Piece, ...]
    new: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """A post or a block in both revisions, "" if one lacks it; `marks` are codes of what differs."""

    old: str
    new: str
    marks: tuple[str, ...]


def texts(old: Mapping[str, Any], new: Mapping[str, Any], keys: Sequence[str]) -> list[ComparedText]:
    """Return the texts that differ."""
    return [ComparedText(key, *pieces(old[key], new[key])) for key in keys if old[key] != new[key]]


def pieces(old: str, new: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Split two texts into what they share and what differs, word by word."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    left, right = list[Piece](), list[Piece]()
    for kind, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        changed = kind != "equal"
        left += [Piece("".join(before[i:j]), changed)] if i < j else []
        right += [Piece("".join(after[k:m]), changed)] if k < m else []
    return tuple(left), tuple(right)


def posts(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[ComparedRow]:
    """Return the included posts of both revisions in rows, in reading order; those at the same place share a row."""
    before, after = _included(old), _included(new)
    rows = []
    for kind, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            rows += [_same_post(old[key], new[key]) for key in before[i:j]]
            continue
        rows += [ComparedRow(old[key]["headline"], "", _left(key, after)) for key in before[i:j]]
        rows += [ComparedRow("", new[key]["headline"], _came(key, old, new, before)) for key in after[k:m]]
    return rows


def blocks(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> list[ComparedRow]:
    """Return the blocks of both revisions, each in one row."""
    before, after = ({each["id"]: each for each in version} for version in (old, new))
    return list(_blocks(before, after))


def _blocks(before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]) -> Iterator[ComparedRow]:
    for key in {**before, **after}:
        was, now = before.get(key), after.get(key)
        if was is None or now is None:
            mark = "removed" if now is None else "added"
            yield ComparedRow(was["title"] if was else "", now["title"] if now else "", (mark,))
        else:
            yield ComparedRow(was["title"], now["title"], () if was == now else ("changed",))


def _included(posts: Mapping[str, Any]) -> list[str]:
    return sorted((key for key, post in posts.items() if post["included"]), key=lambda key: posts[key]["position"])


def _left(key: str, after: Sequence[str]) -> tuple[str, ...]:
    return ("moved",) if key in after else ("removed",)


def _came(key: str, old: Mapping[str, Any], new: Mapping[str, Any], before: Sequence[str]) -> tuple[str, ...]:
    return ("moved", *_changes(old[key], new[key])) if key in before else ("added",)


def _same_post(old: Mapping[str, Any], new: Mapping[str, Any]) -> ComparedRow:
    return ComparedRow(old["headline"], new["headline"], _changes(old, new))


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the codes of what differs in a post that both revisions have."""
    changes = {
        "headline": old["headline"] != new["headline"],
        "text": old["text"] != new["text"],
        "source": old["content"] != new["content"],
        "pinned": old["pinned"] != new["pinned"],
        "day": old["moved_to"] != new["moved_to"],
        "length": old["headline_only"] != new["headline_only"],
    }
    return tuple(code for code, differs in changes.items() if differs)
