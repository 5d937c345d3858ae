"""The tables of config.toml as tomlkit has parsed them, and the comments and blank lines around them.

tomlkit keeps each comment and blank line as an item of the table that is open there, also those right above the next
header. New lines are written into the space behind an item, which is part of its text.
"""

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from tomlkit.container import Container
from tomlkit.items import AoT, Comment, Item, Null, Table, Whitespace

Body: TypeAlias = list[Any]
"""What a container consists of: pairs of a key and an item; or the tables of a list."""
NOTHING = (None, Null())


def tables(document: Container) -> Iterator[tuple[tuple[str | int, ...], Table]]:
    """Yield each table that has a header, with its path, in the order of the file."""
    return _below((), document.body)


def _below(above: tuple[str | int, ...], body: Body) -> Iterator[tuple[tuple[str | int, ...], Table]]:
    for key, item in body:
        named = list(enumerate(item.body)) if isinstance(item, AoT) else [(None, item)]
        for number, table in named:
            if isinstance(table, Table) and has_header(table):
                path = (*above, key.key) if number is None else (*above, key.key, number)
                if not table.is_super_table():
                    yield path, table
                yield from _below(path, table.value.body)


def names_of(path: Iterable[str | int]) -> tuple[str, ...]:
    """Return the names of a path, as a header has them, without the numbers of list items."""
    return tuple(part for part in path if isinstance(part, str))


def table_at(document: Container, path: tuple[str | int, ...]) -> Table | None:
    """Return the table whose header is that of a path, None if there is no such header."""
    return next((table for place, table in tables(document) if place == path), None)


def has_header(item: Item) -> bool:
    """Return whether an item has tables with headers; dotted keys make tables without."""
    if isinstance(item, AoT):
        return True
    return isinstance(item, Table) and (
        not item.is_super_table() or any(has_header(inner) for _key, inner in item.value.body)
    )


def item_of(content: Any) -> Item:
    """Return the item of a body's pair, or the table of a list."""
    item: Item = content[1] if isinstance(content, tuple) else content
    return item


def last_key(table: Table) -> Item:
    """Return what has the last line of a table's own keys; the table itself, whose header it is, if it has none."""
    own = [item for key, item in table.value.body if key is not None and not has_header(item)]
    return (last_key(own[-1]) if isinstance(own[-1], Table) else own[-1]) if own else table


def last_line(table: Table) -> Item:
    """Return what has the last line of a table, without blank lines and without comments behind a blank line."""
    items = [item for _key, item in table.value.body if not isinstance(item, Null)]
    while items:
        while items and isinstance(items[-1], Whitespace):
            items.pop()
        comments = next((n for n, item in enumerate(reversed(items)) if not isinstance(item, Comment)), len(items))
        if not comments or comments == len(items) or not isinstance(items[-comments - 1], Whitespace):
            break
        del items[-comments:]
    last = items[-1] if items else table
    return last_line(last) if isinstance(last, Table) and last is not table else last


def is_last_or_apart(document: Container, item: Item) -> bool:
    """Return whether a blank line, or nothing, is behind an item."""
    items = [each for _body, _index, each in in_file_order(document.body) if not isinstance(each, Null)]
    number = next(number for number, each in enumerate(items) if each is item)
    return number == len(items) - 1 or isinstance(items[number + 1], Whitespace)


def write_behind(item: Item, lines: str) -> None:
    """Write lines below an item."""
    trail = item.trivia.trail
    item.trivia.trail = f"{trail}{lines}" if trail.endswith("\n") else f"{trail}\n{lines}"


def attach_comments(document: Container) -> None:
    """Make the comments right above each key or header a part of it."""
    above = list[tuple[Body, int]]()
    for body, index, item in in_file_order(document.body):
        if isinstance(item, Comment):
            above.append((body, index))
            continue
        if above and not isinstance(item, (Whitespace, Null)):
            item.trivia.indent = "".join(body[index][1].as_string() for body, index in above) + item.trivia.indent
            for body_above, index_above in above:
                body_above[index_above] = NOTHING
        above = []


def in_file_order(body: Body) -> Iterator[tuple[Body, int, Item]]:
    """Yield each header, key, comment and blank line, with the place that it has in a body."""
    for index, content in enumerate(body):
        item = item_of(content)
        if isinstance(item, AoT):
            yield from in_file_order(item.body)
        elif isinstance(item, Table):
            if not item.is_super_table():
                yield body, index, item
            yield from in_file_order(item.value.body)
        else:
            yield body, index, item
