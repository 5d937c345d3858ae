"""Changes to the text of config.toml that leave comments, order and formatting alone.

Every change is checked against what it means: the new text must hold exactly the old values and the changed one.
"""

import copy
import re
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

import tomlkit
import tomlkit.exceptions
from tomlkit.container import Container
from tomlkit.items import AoT, Array, Comment, InlineTable, Item, Table

from newsletter.config import toml
from newsletter.config.entries import in_order
from newsletter.config.sections import (
    attach_comments,
    is_last_or_apart,
    last_key,
    last_line,
    names_of,
    table_at,
    tables,
    write_behind,
)
from newsletter.messages import Problem
from newsletter.messages.configuration import EDIT_BY_HAND
from newsletter.messages.general import ABOUT

KeyPath: TypeAlias = tuple[str | int, ...]
"""Where a value is: `("newsletters", "kinaforum", "sources", 0, "url")`."""

_KEY = re.compile(r"[A-Za-z0-9_-]+")
_MISSING = object()


@dataclass(frozen=True, slots=True)
class SetValue:
    """Give a key a value; tables that are missing on the way are made."""

    path: KeyPath
    value: Any


@dataclass(frozen=True, slots=True)
class RemoveValue:
    """Remove a key, or an item of a list; nothing happens if it doesn't exist."""

    path: KeyPath


@dataclass(frozen=True, slots=True)
class AppendTable:
    """Add a table to the end of a list of tables."""

    path: KeyPath
    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SetEntries:
    """Give a table or a list these entries, in this order.

    `origins` has the key or number that each entry had before, None for new ones. Each stays as it was written, with
    its comments, except for what differs in it.
    """

    path: KeyPath
    value: Mapping[str, Any] | list[Any]
    origins: tuple[str | int | None, ...]


Change: TypeAlias = SetValue | RemoveValue | AppendTable | SetEntries


class CannotEdit(Problem):
    """A change can't be made without disturbing the rest of the file; `path` is where."""

    def __init__(self, path: KeyPath) -> None:
        super().__init__(ABOUT(subject=toml.dotted(path), message=EDIT_BY_HAND()))
        self.path = path


def edit(text: str, changes: Sequence[Change]) -> str:
    """Return the text with the changes made, one after another.

    Raises CannotEdit, and tomllib.TOMLDecodeError if the text is invalid to begin with.
    """
    for change in changes:
        text = _with_entries(text, change) if isinstance(change, SetEntries) else _edited(text, change)
    return text


def _with_entries(text: str, change: SetEntries) -> str:
    tree = toml.loads(text)
    wanted_tree = _applied(copy.deepcopy(tree), SetValue(change.path, change.value))
    old = value_at(tree, change.path)
    with suppress(CannotEdit, tomllib.TOMLDecodeError):  # lines of values may have been taken for headers
        edited = _entry_by_entry(text, old, change) if old and change.value else None
        if edited is not None and _is_same(toml.loads(edited), wanted_tree, change.path):
            return edited
    rewritten = edit(text, (SetValue(change.path, change.value),))
    if _is_same(toml.loads(rewritten), wanted_tree, change.path):
        return rewritten
    return edit(text, (RemoveValue(change.path), SetValue(change.path, change.value)))


def _entry_by_entry(text: str, old: Any, change: SetEntries) -> str | None:
    """Add, change and remove single entries, then put them in order."""
    names = names_of(change.path)
    if isinstance(change.value, Mapping):
        differing = {key: value for key, value in change.value.items() if old.get(key) != value}
        parts = tuple(SetValue((*change.path, key), value) for key, value in differing.items())
        return in_order(edit(text, parts), names, tuple(change.value))
    steps: list[Change] = []
    order: list[int] = []
    for value, origin in zip(change.value, change.origins, strict=True):
        if isinstance(origin, int):
            order.append(origin)
            steps += [SetValue((*change.path, origin), value)] if old[origin] != value else []
        else:
            order.append(len(old) + sum(number >= len(old) for number in order))
            steps.append(AppendTable(change.path, value))
    return in_order(edit(text, steps), names, order)


def _is_same(tree: Any, wanted_tree: Any, path: KeyPath) -> bool:
    """Return whether two configurations have the same values, and the same order of entries at a path."""
    return bool(tree == wanted_tree) and list(value_at(tree, path)) == list(value_at(wanted_tree, path))


def value_at(tree: Any, path: KeyPath, default: Any = None) -> Any:
    """Return the value at a path in parsed TOML, or `default` if it has no value."""
    for part in path:
        try:
            tree = tree[part]
        except (KeyError, IndexError, TypeError):
            return default
    return tree


def _edited(text: str, change: Change) -> str:
    tree = toml.loads(text)
    change = _with_missing_table(tree, change)
    try:
        wanted_tree = _applied(copy.deepcopy(tree), change)
    except (TypeError, IndexError, AttributeError):
        raise CannotEdit(change.path) from None
    if wanted_tree == tree:
        return text
    for attempt in (_uncomment, _add_section, _insert_line, _without_section, _part_by_part, _with_tomlkit):
        try:
            edited = attempt(text, tree, change)
            if edited is not None and toml.loads(edited) == wanted_tree:
                return edited
        except (tomllib.TOMLDecodeError, tomlkit.exceptions.TOMLKitError, KeyError, IndexError, TypeError, ValueError):
            continue
    raise CannotEdit(change.path)


def _with_missing_table(tree: dict[str, Any], change: Change) -> Change:
    """Return a change of a whole table, if it is missing and usually written inline, instead of a key in it."""
    while isinstance(change, SetValue) and len(change.path) > 1:
        *above, key = change.path
        if value_at(tree, tuple(above), _MISSING) is not _MISSING or _is_table_of_its_own(tuple(above)):
            break
        change = SetValue(tuple(above), {key: change.value})
    return change


def _applied(tree: dict[str, Any], change: Change) -> dict[str, Any]:
    """Make a change in parsed TOML."""
    *above, key = change.path
    if isinstance(change, RemoveValue):
        holder = value_at(tree, tuple(above), {})
        if value_at(holder, (key,), _MISSING) is not _MISSING:
            del holder[key]
        return tree
    holder = tree
    for part in above:
        holder = holder.setdefault(part, {}) if isinstance(holder, dict) else holder[part]
    if isinstance(change, AppendTable):
        holder.setdefault(key, []).append(dict(change.value))
    else:
        holder[key] = change.value
    return tree


def _uncomment(text: str, tree: dict[str, Any], change: Change) -> str | None:
    """Turn `# key = default  # why` in the key's own table into `key = value  # why`."""
    if not isinstance(change, SetValue) or value_at(tree, change.path, _MISSING) is not _MISSING:
        return None
    document = tomlkit.parse(text)
    table, key = table_at(document, change.path[:-1]), re.escape(str(change.path[-1]))
    for _key, item in table.value.body if table is not None else ():
        if isinstance(item, Comment) and re.match(rf"#\s*{key}\s*=", item.trivia.comment):
            commented = item.trivia.indent + item.trivia.comment
            item.trivia.indent, item.trivia.comment = "", item.trivia.comment[1:].lstrip()
            candidate = tomlkit.parse(tomlkit.dumps(document))
            if (statement := _statement(candidate, change.path)) is not None:
                removed = len(commented) - len(item.trivia.comment)
                _align_comment(statement, len(statement.as_string()) + removed)
            _set(candidate, change.path, change.value)
            return tomlkit.dumps(candidate)
    return None


def _insert_line(text: str, tree: dict[str, Any], change: Change) -> str | None:
    """Write a new key below the last line of its table, or a new table at the end of the file."""
    if not isinstance(change, SetValue) or value_at(tree, change.path, _MISSING) is not _MISSING:
        return None
    *above, key = change.path
    line = f"{_key(key)} = {tomlkit.item(inline(change.value)).as_string()}\n"
    header = f"[{'.'.join(_key(part) for part in above)}]\n"
    document = tomlkit.parse(text)
    if above and (table := table_at(document, tuple(above))) is not None:
        write_behind(last_key(table), line)
        return tomlkit.dumps(document)
    attach_comments(document)
    inside = [table for path, table in tables(document) if names_of(path)[:-1] == names_of(above)]
    if above and inside:
        inside[0].trivia.indent = f"{header}{line}\n{inside[0].trivia.indent}"
        return tomlkit.dumps(document)
    if _is_table_of_its_own(tuple(above)) and value_at(tree, tuple(above), _MISSING) is _MISSING:
        return f"{text.rstrip()}\n\n{header}{line}".lstrip()
    return None


def _without_section(text: str, tree: dict[str, Any], change: Change) -> str | None:
    """Remove one of several sections of a list; comments above the next header stay."""
    *above, number = change.path
    names = names_of(above)
    if not isinstance(change, RemoveValue) or not isinstance(number, int) or names != tuple(above):
        return None
    return in_order(text, names, [n for n in range(len(value_at(tree, names))) if n != number])


def _part_by_part(text: str, tree: dict[str, Any], change: Change) -> str | None:
    """Change only what differs inside a table, so that the lines and comments of the rest stay."""
    old = value_at(tree, change.path)
    if not isinstance(change, SetValue) or not isinstance(change.value, Mapping) or not isinstance(old, Mapping):
        return None
    parts: list[Change] = [RemoveValue((*change.path, key)) for key in old if key not in change.value]
    parts += [SetValue((*change.path, key), value) for key, value in change.value.items() if old.get(key) != value]
    try:
        return edit(text, parts) if change.value else None
    except CannotEdit:
        return None


def _with_tomlkit(text: str, _tree: dict[str, Any], change: Change) -> str | None:
    document = tomlkit.parse(text)
    if isinstance(change, RemoveValue):
        before = _statement(document, change.path)
        width = len(before.as_string()) if before is not None else 0
        holder = value_at(document, change.path[:-1])
        del holder[change.path[-1]]
        _align_comment(_statement(document, change.path), width)
    elif isinstance(change, AppendTable):
        return _appended(text, document, change)
    else:
        _set(document, change.path, change.value)
    return tomlkit.dumps(document)


def _set(document: Any, path: KeyPath, value: Any) -> None:
    before = _statement(document, path)
    width = len(before.as_string()) if before is not None else 0
    holder = value_at(document, path[:-1])
    if isinstance(holder, InlineTable) and path[-1] not in holder:
        value_at(document, path[:-2])[path[-2]] = inline({**holder.unwrap(), path[-1]: value})
    elif not _edited_in_place(holder.get(path[-1]) if isinstance(holder, Mapping) else None, value):
        holder[path[-1]] = inline(value)
    _align_comment(_statement(document, path), width)


def _statement(document: Any, path: KeyPath) -> Item | None:
    """Return what is behind the `=` of the statement that has a value; None if tables are between it and its header."""
    item = document
    for part in path:
        if isinstance(item, Item) and not isinstance(item, Table | AoT):
            break
        if part not in (range(len(item)) if isinstance(item, AoT) else item):
            return None
        container = item.value if isinstance(item, Table) else item
        item = container.item(str(part)) if isinstance(container, Container) else container[part]
    return item if isinstance(item, Item) and not isinstance(item, Table | AoT) else None


def _align_comment(statement: Item | None, width: int) -> None:
    """Keep the comment of a line, whose value had a width before, in its column, if there is room."""
    if statement is None or not statement.trivia.comment or not width or "\n" in statement.as_string():
        return
    room = len(statement.trivia.comment_ws) + width - len(statement.as_string())
    if room > 0:
        statement.trivia.comment_ws = " " * room


def _edited_in_place(array: Any, value: Any) -> bool:
    """Remove and append items of a list, whose other lines and comments stay; return whether that is enough."""
    if not isinstance(array, Array) or not isinstance(value, list) or not value:
        return False
    remaining = [item for item in array.unwrap() if item in value]
    if remaining != value[: len(remaining)]:
        return False
    for number in reversed(range(len(array))):
        if array[number] not in value:
            del array[number]
    array.extend(value[len(remaining) :])
    return True


def inline(value: Any) -> Any:
    """Return a value as it is written behind `=`: tables stay on the line."""
    if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        return tomlkit.value(f"[{', '.join(inline(item).as_string() for item in value)}]")
    if not isinstance(value, Mapping):
        return value
    keys = ", ".join(f"{_key(key)} = {tomlkit.item(inline(inner)).as_string()}" for key, inner in value.items())
    return tomlkit.value(f"{{ {keys} }}" if keys else "{}")


def _appended(text: str, document: Any, change: AppendTable) -> str:
    tables = value_at(document, change.path)
    if tables is not None and not isinstance(tables, AoT):
        tables.append(inline(change.value))
        return tomlkit.dumps(document)
    return _with_section(text, "[[{}]]", change.path, change.value)


def _add_section(text: str, _tree: dict[str, Any], change: Change) -> str | None:
    """Write a table that is new as a section, where those beside it are sections."""
    if not isinstance(change, SetValue) or not isinstance(change.value, Mapping):
        return None
    beside, document = change.path[:-1], tomlkit.parse(text)
    if table_at(document, beside) is not None or not any(path[:-1] == beside for path, _table in tables(document)):
        return None
    return _with_section(text, "[{}]", change.path, change.value)


def _with_section(text: str, form: str, path: KeyPath, value: Mapping[str, Any]) -> str:
    """Write a section behind those beside it, else behind the table that holds it, else at the end."""
    block = f"{form.format('.'.join(_key(part) for part in path))}\n" + "".join(
        f"{_key(key)} = {tomlkit.item(inline(value)).as_string()}\n" for key, value in value.items()
    )
    document = tomlkit.parse(text)
    around = [
        table for above, table in tables(document) if above[: len(path)] == path or above[: len(path) - 1] == path[:-1]
    ]
    if not around:
        return f"{text.rstrip()}\n\n{block}"
    end = last_line(around[-1])
    write_behind(end, f"\n{block}" if is_last_or_apart(document, end) else f"\n{block}\n")
    return tomlkit.dumps(document)


def _is_table_of_its_own(path: KeyPath) -> bool:
    """Return whether a missing table is written with a header: `[delivery]`, `[newsletters.NAME]`, `[fields.KEY]`;
    others stay inline.
    """
    return len(path) == 1 or (len(path) == 2 and path[0] in ("newsletters", "fields"))


def _key(part: str | int) -> str:
    text = str(part)
    return text if _KEY.fullmatch(text) else tomlkit.string(text).as_string()
