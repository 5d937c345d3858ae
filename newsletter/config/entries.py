"""Putting the entries of a table or a list in config.toml into another order, or removing some, with their comments.

Entries are tables of their own (`[topics.film]`, `[[sections]]`), keys (`film = { … }`, `topics.film = …`), or items
between brackets. What is between and around them stays where it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import tomlkit
from tomlkit.container import Container
from tomlkit.items import AoT, Array, InlineTable, Null, Table, Whitespace

from newsletter.config.sections import NOTHING, Body, attach_comments, has_header, item_of


@dataclass(frozen=True, slots=True)
class _Slot:
    """The place of an entry: where in which body it is, and its name, or its number in a list."""

    body: Body
    index: int
    name: str | int


def in_order(text: str, path: Sequence[str], order: Sequence[str | int]) -> str | None:
    """Return the text with the entries at a path in an order, and without the others; None if that can't be done.

    `order` has the keys of a table, or the numbers of a list's items as they are now.
    """
    document = tomlkit.parse(text)
    attach_comments(document)
    items = _at(document, path)
    slots = _of_list(items) if isinstance(items, (AoT, Array)) else list(_of_table(document, path))
    if not order or not set(order) <= {slot.name for slot in slots}:
        return None
    if isinstance(items, Array):
        _arrange_array(items, [int(name) for name in order])
    else:
        _arrange(slots, order)
    return tomlkit.dumps(document)


def _at(container: Any, path: Sequence[str]) -> Any:
    for name in path:
        container = container[name]
    return container


def _of_list(items: AoT | Array) -> list[_Slot]:
    body = items.body if isinstance(items, AoT) else [items.item(number) for number in range(len(items))]
    return [_Slot(body, number, number) for number in range(len(body))]


def _of_table(container: Container, path: Sequence[str]) -> Iterator[_Slot]:
    """Yield the places of the entries of a table, of which some may be in parts of it that are written elsewhere."""
    for index, (key, item) in enumerate(container.body):
        if key is None or (path and key.key != path[0]):
            continue
        if not path:
            yield _Slot(container.body, index, key.key)
        elif isinstance(item, (Table, InlineTable)):
            yield from _of_table(item.value, path[1:])


def _arrange(slots: Sequence[_Slot], order: Sequence[str | int]) -> None:
    """Put the entries into the first places, and empty the others. Blank lines behind places stay there."""
    places, contents = dict[str | int, _Slot](), dict[str | int, Body]()
    for slot in slots:
        places.setdefault(slot.name, slot)
        contents.setdefault(slot.name, []).append(slot.body[slot.index])
        if slot is not places[slot.name]:
            slot.body[slot.index] = NOTHING  # a part of the same entry
    spaces = [_without_space(contents[name][-1]) for name in places]
    for content, space in zip(map(contents.__getitem__, order), [*spaces[: len(order) - 1], spaces[-1]], strict=True):
        _body_at_end(content[-1]).extend(space)
    arranged = [contents[name] for name in order]
    for number, place in reversed(list(enumerate(places.values()))):
        begin = place.index
        while number >= len(order) and begin and _is_space(place.body[begin - 1]):
            begin -= 1
        place.body[begin : place.index + 1] = arranged[number] if number < len(order) else []


def _without_space(content: Any) -> Body:
    """Take the blank lines from the end of a table, and return them."""
    body, space = _body_at_end(content), Body()
    while body and _is_space(body[-1]):
        space.insert(0, body.pop())
    return space


def _is_space(content: Any) -> bool:
    return isinstance(item_of(content), Whitespace | Null)


def _body_at_end(content: Any) -> Body:
    """Return the body that has the last line of a table with a header; one that is not used for other content."""
    item = item_of(content)
    body: Body = item.body if isinstance(item, AoT) else item.value.body if isinstance(item, Table) else []
    if body and has_header(item_of(body[-1])):
        return _body_at_end(body[-1])
    return body if has_header(item) else []


def _arrange_array(array: Array, order: Sequence[int]) -> None:
    """Put the items between brackets in order, with the comments on their lines and above them.

    tomlkit has these comments in its own groups alone. `edit` checks what comes out, and else writes the list anew.
    """
    chunks, groups = list[list[Any]](), list[Any]()
    head = [group for group in array._value[:1] if group.indent is None and isinstance(group.value, Null)]
    for group in array._value[len(head) :]:
        groups.append(group)
        if group.value is not None and not isinstance(group.value, Null):
            chunks.append(groups)
            groups = []
    comma = chunks[-1][-1].comma
    indents = [chunk[0].indent for chunk in chunks]
    arranged = [chunks[number] for number in order]
    for number, chunk in enumerate(arranged):
        chunk[0].indent = indents[number]
        chunk[-1].comma = Whitespace(",") if number < len(arranged) - 1 else comma
    array._value[:] = [group for chunk in (head, *arranged, groups) for group in chunk]
