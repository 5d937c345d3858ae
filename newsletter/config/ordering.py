"""Putting the entries of a table or a list in config.toml into another order, or removing some, with their comments.

Entries are sections of their own (`[topics.film]`, `[[sections]]`), lines of one section (`film = { … }`), or items
between brackets. Text around them stays where it is.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from newsletter.config import toml
from newsletter.config.sections import end_of_section, first_of_comments, headers, only_keys, section

Entry: TypeAlias = tuple[str | int, int, int]
"""The key or number of an entry, and where its text begins and ends."""

_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?(?:"""|\\?\Z)|"(?:[^"\\]|\\.)*(?:"|\\?\Z)|'
    r"'''.*?(?:'''|\Z)|'[^']*(?:'|\Z)|#[^\n]*|.",
    re.DOTALL,
)
"""A string, a comment, or another character. A string that isn't closed takes the rest."""

_COMMENT = re.compile(r"[ \t]*#[^\n]*")
_ABOVE = re.compile(r"(?:\s|#[^\n]*\n)*")


def in_order(text: str, path: tuple[str, ...], order: Sequence[str | int]) -> str | None:
    """Return the text with the entries at a path in an order, and without the others; None if that can't be done.

    `order` has the keys of a table, or the numbers of a list's items as they are now.
    """
    for rearrange in (_whole(_sections), _whole(_lines), _between_brackets):
        rearranged = rearrange(text, path, order)
        if rearranged is not None:
            return rearranged
    return None


def _whole(find: Callable[[list[str], tuple[str, ...]], list[Entry]]) -> Callable[..., str | None]:
    """Return the function that rearranges entries which consist of whole lines."""

    def rearranged(text: str, path: tuple[str, ...], order: Sequence[str | int]) -> str | None:
        lines = (text if text.endswith("\n") else f"{text}\n").splitlines(keepends=True)
        entry = find(lines, path)
        pieces = {name: lines[begin:end] for name, begin, end in entry}
        if len(pieces) < len(entry) or not set(order) <= set(pieces):
            return None
        names = list(order)
        for name, begin, end in reversed(entry):
            if name in order:
                lines[begin:end] = pieces[names.pop()]
            else:
                _delete(lines, begin, end)
        return "".join(lines)

    return rearranged


def _delete(lines: list[str], begin: int, end: int) -> None:
    """Delete lines, and of two blank lines that would meet, or one at the end of the file, one more."""
    blank = [not line.strip() for line in lines]
    if begin and blank[begin - 1] and (end == len(lines) or blank[end]):
        begin -= 1
    del lines[begin:end]


def _sections(lines: list[str], path: tuple[str, ...]) -> list[Entry]:
    """Return the sections of the entries, each with those inside it and with the comments right above its header."""
    all_headers, depth = headers(lines), len(path)
    entries: list[Entry] = []
    for position, (number, names) in enumerate(all_headers):
        if names[:depth] != path:
            continue
        is_item = lines[number].lstrip().startswith("[[") and names == path
        following = all_headers[position + 1][0] if position + 1 < len(all_headers) else len(lines)
        end = end_of_section(lines, number, first_of_comments(lines, following))
        previous = entries[-1] if entries else None
        name = len(entries) if is_item else names[depth] if len(names) > depth else None
        if previous is not None and not is_item and (isinstance(previous[0], int) or previous[0] == name):
            entries[-1] = (previous[0], previous[1], end)
        elif name is not None:
            entries.append((name, first_of_comments(lines, number), end))
    return entries


def _lines(lines: list[str], path: tuple[str, ...]) -> list[Entry]:
    """Return the entries that are lines of one section: `film = { … }`, or `topics.film = { … }` in the one above."""
    for depth in range(len(path), 0, -1):
        key, entries = path[depth:], list[Entry]()
        for begin, end, names in _statements(lines, path[:depth]):
            if names[: len(key)] != key or len(names) <= len(key):
                continue
            if entries and entries[-1][0] == names[len(key)]:
                begin = entries.pop()[1]
            entries.append((names[len(key)], first_of_comments(lines, begin), end))
        if entries:
            return entries
    return []


def _statements(lines: list[str], path: tuple[str, ...]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Yield the first line of each statement of a section, the line behind it, and the parts of its key."""
    numbers = section(lines, path)
    begin = numbers.start
    while begin < numbers.stop:
        end = begin + 1
        if lines[begin].strip() and not lines[begin].lstrip().startswith("#"):
            while end < numbers.stop and not _is_complete("".join(lines[begin:end])):
                end += 1
            yield begin, end, _key_of(lines[begin])[0]
        begin = end


def _is_complete(statement: str) -> bool:
    try:
        toml.loads(statement)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _key_of(statement: str) -> tuple[tuple[str, ...], int]:
    """Return the parts of a statement's key, and where its value begins."""
    for token in _TOKEN.finditer(statement):
        if token[0] == "=":
            value = statement[token.end() :]
            names = only_keys(toml.loads(f"{statement[: token.start()].strip()} = 0"))
            return tuple(names), token.end() + len(value) - len(value.lstrip(" \t"))
    return (), len(statement)


def _between_brackets(text: str, path: tuple[str, ...], order: Sequence[str | int]) -> str | None:
    opening = _opening(text, path)
    if opening is None:
        return None
    items, begin, end = _items(text, opening)
    names = [number if text[opening] == "[" else _key_of(item.value)[0][0] for number, item in enumerate(items)]
    by_name = dict(zip(names, items, strict=True))
    if not order or len(by_name) < len(items) or not set(order) <= set(by_name):
        return None
    moved, last_item = any("#" in item.above for item in items), items[-1]
    joined = ""
    for number, (slot, name) in enumerate(zip(items, order, strict=False)):
        item = by_name[name]
        comma = "," if number < len(order) - 1 or last_item.comma else ""
        joined += f"{item.above if moved else slot.above}{item.value}{comma}{item.comment}"
    return text[:begin] + joined + text[end:]


@dataclass(frozen=True, slots=True)
class _Item:
    """An item between brackets: what is above or before it, its value, and the comment behind it on the line."""

    above: str
    value: str
    comma: bool
    comment: str


def _opening(text: str, path: tuple[str, ...]) -> int | None:
    """Return the position of the bracket before the entries at a path."""
    lines = text.splitlines(keepends=True)
    for depth in range(len(path) - 1, 0, -1):
        for begin, end, _names in _statements(lines, path[:depth]):
            offset = sum(map(len, lines[:begin]))
            position = _inside("".join(lines[begin:end]), path[depth:])
            if position is not None:
                return offset + position
    return None


def _inside(statement: str, path: tuple[str, ...]) -> int | None:
    """Return the position of the bracket of the value at a path in `key = value`."""
    names, value = _key_of(statement)
    if not names or path[: len(names)] != names or statement[value : value + 1] not in ("{", "["):
        return None
    if len(path) == len(names):
        return value
    items, offset, _end = _items(statement, value)
    for item in items:
        offset += len(item.above)
        position = _inside(item.value, path[len(names) :])
        if position is not None:
            return offset + position
        offset += len(item.value) + item.comma + len(item.comment)
    return None


def _items(text: str, opening: int) -> tuple[list[_Item], int, int]:
    """Return the items behind a bracket, where the first one begins, and where the last one ends."""
    comment = _COMMENT.match(text, opening + 1)
    start = begin = comment.end() if comment else opening + 1
    items, depth = list[_Item](), 0
    for token in _TOKEN.finditer(text, opening):
        depth += (token[0] in ("[", "{")) - (token[0] in ("]", "}"))
        if token.start() < begin or depth > 1 or (depth == 1 and token[0] != ","):
            continue
        item = _item(text, begin, token.start(), comma=token[0] == ",")
        if item is not None:
            items.append(item)
            begin += len(item.above) + len(item.value) + item.comma + len(item.comment)
        if depth == 0:
            break
    return items, start, begin


def _item(text: str, begin: int, end: int, *, comma: bool) -> _Item | None:
    """Return the item between two separators, with a comment behind the comma; None if there is only space."""
    above = _ABOVE.match(text, begin, end)
    assert above is not None
    remainder = text[above.end() : end]
    value = remainder if comma else _without_end(remainder)
    if not value.strip():
        return None
    comment = _COMMENT.match(text, end + 1) if comma else _COMMENT.match(remainder, len(value))
    return _Item(above[0], value, comma, comment[0] if comment else "")


def _without_end(text: str) -> str:
    """Return the text without space and comments at its end."""
    end = 0
    for token in _TOKEN.finditer(text):
        if token[0].strip() and not token[0].startswith("#"):
            end = token.end()
    return text[:end]
