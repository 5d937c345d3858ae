"""The headers and sections in the text of config.toml."""

import re
import tomllib
from collections.abc import Sequence
from typing import Any

from newsletter.config import toml

_HEADER = re.compile(r"\s*\[")


def section(lines: list[str], path: Sequence[str | int]) -> range:
    """Return the lines below the header of the table at a path; an empty range where it has no header of its own."""
    names = tuple(part for part in path if isinstance(part, str))
    nth = next((part for part in path if isinstance(part, int)), 0)
    if not names:
        return range(0)
    matching = [number for number, header in headers(lines) if header == names]
    if nth >= len(matching):
        return range(0)
    return range(matching[nth] + 1, section_end(lines, matching[nth]))


def section_end(lines: list[str], header: int) -> int:
    """Return the number of the line behind a section, whose header is at a line."""
    return next((number for number, _ in headers(lines) if number > header), len(lines))


def headers(lines: list[str]) -> list[tuple[int, tuple[str, ...]]]:
    """Return the lines that look like headers of tables, with the parts of their names."""
    headers_in_order = []
    for number, line in enumerate(lines):
        if _HEADER.match(line):
            try:
                tree = toml.loads(line)
            except tomllib.TOMLDecodeError:
                continue
            headers_in_order.append((number, tuple(only_keys(tree))))
    return headers_in_order


def only_keys(tree: Any) -> list[str]:
    """Return the keys of a tree that has one at each level."""
    keys = []
    while tree:
        tree = tree[0] if isinstance(tree, list) else tree
        if not tree:
            break
        key = next(iter(tree))
        keys.append(key)
        tree = tree[key]
    return keys


def first_of_comments(lines: list[str], number: int) -> int:
    """Return the first of the comments right above a line."""
    while number and lines[number - 1].lstrip().startswith("#"):
        number -= 1
    return number


def end_of_section(lines: list[str], begin: int, end: int) -> int:
    """Return where a section ends, without blank lines and without comments behind a blank line."""
    while True:
        while end > begin + 1 and not lines[end - 1].strip():
            end -= 1
        first_comment = first_of_comments(lines, end)
        if first_comment == end or first_comment <= begin + 1 or lines[first_comment - 1].strip():
            return end
        end = first_comment
