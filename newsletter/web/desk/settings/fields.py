"""The fields of settings pages: how a value of config.toml is shown in a form and read from it, and the default that a
blank field shows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass, replace
from datetime import date, timedelta
from enum import Enum, auto
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

from newsletter.config import (
    Bounces,
    Collect,
    DeliverySettings,
    Moment,
    NamedAddress,
    Newsletter,
    OwnField,
    Rate,
    Site,
    SourceSettings,
)
from newsletter.config.fields import Colour, NonzeroSize, Size
from newsletter.config.newsletters import Days, Language, MomentValue, Months, OptionalLanguage, Zone
from newsletter.config.theme import OptionalColour
from newsletter.config.values import WEEKDAYS, InvalidValue, parse_moment

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Words: TypeAlias = "str | _StrPromise"

_RATE_UNITS = {1: "s", 60: "m", 3600: "h", 86400: "d"}


TABLES: dict[str, Any] = {
    "newsletters.NAME": Newsletter,
    "newsletters.NAME.sources[]": SourceSettings,
    "delivery": DeliverySettings,
    "bounces": Bounces,
    "collect": Collect,
    "site": Site,
    "fields.KEY": OwnField,
}


class Kind(Enum):
    """How a value is typed in."""

    TEXT = auto()
    LONG_TEXT = auto()
    NUMBER = auto()
    DECIMAL = auto()
    CHECKBOX = auto()
    CHOICE = auto()
    LINES = auto()
    DATES = auto()
    SECRET = auto()
    COLOUR = auto()
    CHOICES = auto()
    MOMENT = auto()
    DURATION = auto()
    MONTHS = auto()
    ROWS = auto()
    CONDITIONS = auto()
    SUBJECT = auto()
    LANGUAGE = auto()
    TIME_ZONE = auto()


@dataclass(frozen=True, slots=True)
class RowColumn:
    """A part of each row: of a kind TEXT, COLOUR, NUMBER, LINES, or CHOICES among the newsletter's sources.

    LINES with a label `others` are ticked among the categories of the blog, and the lines are those it doesn't have.
    """

    key: str
    label: Words
    help: Words = ""
    kind: Kind = Kind.TEXT
    example: Words = ""
    others: Words = ""


class Shape(Enum):
    """How rows are stored: as tables or values by the name in the first column, or as a list of tables."""

    NAMEDTABLES = auto()
    NAMED_VALUES = auto()
    LIST = auto()


@dataclass(frozen=True, slots=True)
class Rows:
    """What is edited in rows, each with the same columns; `folded` rows show only their heading until opened.

    `ordered` rows can be moved, since their order is seen by readers.
    """

    columns: tuple[RowColumn, ...]
    add: Words
    shape: Shape = Shape.NAMEDTABLES
    folded: bool = False
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class SettingField:
    """A key below the page's table, such as `theme.accent`. `destination` says where a stored secret is sent to.

    A page gives its fields the kinds of their types in the schema, where they are more than TEXT, and requires those
    without a default.
    `cadences` are the frequencies among whose days a recurring time can be chosen.
    """

    key: str
    label: Words
    help: Words = ""
    kind: Kind = Kind.TEXT
    choices: tuple[tuple[str, Words], ...] = ()
    required: bool = False
    destination: bool = False
    rows: Rows | None = None
    cadences: tuple[str, ...] = ("day", "week", "month")

    @property
    def path(self) -> tuple[str, ...]:
        """The key in its parts."""
        return tuple(self.key.split("."))


@dataclass(frozen=True, slots=True)
class PageSection:
    """Fields below a heading; its name is the end of its address, such as `#fallback`."""

    name: str
    title: Words
    fields: tuple[SettingField, ...]


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """A form for one table: `table` is its key, with NAME for the newsletter's name and [] for an item of a list.

    `groups` are the tables inside it whose fields stand together under a title. The fields of a long page stand in
    `sections`; it has a list of links to them and to `related` pages.
    """

    name: str
    title: Words
    table: str
    fields: tuple[SettingField, ...] = ()
    intro: Words = ""
    groups: tuple[tuple[str, Words], ...] = ()
    sections: tuple[PageSection, ...] = ()
    related: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        typed = tuple(replace(section, fields=self._typed(section.fields)) for section in self.sections)
        fields = tuple(field for section in typed for field in section.fields) or self._typed(self.fields)
        object.__setattr__(self, "sections", typed)
        object.__setattr__(self, "fields", fields)

    def _typed(self, fields: Iterable[SettingField]) -> tuple[SettingField, ...]:
        return tuple(_of_schema(TABLES[self.table], field) for field in fields)


_OF_TYPE: dict[Any, Kind] = {
    bool: Kind.CHECKBOX,
    int: Kind.NUMBER,
    float: Kind.DECIMAL,
    timedelta: Kind.DURATION,
    Months: Kind.MONTHS,
    MomentValue: Kind.MOMENT,
    Days: Kind.DATES,
    Colour: Kind.COLOUR,
    OptionalColour: Kind.COLOUR,
    Language: Kind.LANGUAGE,
    OptionalLanguage: Kind.LANGUAGE,
    Zone: Kind.TIME_ZONE,
    Size: Kind.TEXT,
    NonzeroSize: Kind.TEXT,
}


def secret_of(page: SettingsPage, field: SettingField) -> SettingField | None:
    """Return the secret that is sent to the destination that a field names: the one in the same table."""
    table = field.path[0]
    return (
        next((f for f in page.fields if f.kind is Kind.SECRET and f.path[0] == table), None)
        if field.destination
        else None
    )


def as_text(kind: Kind, value: Any) -> str:
    """Write a value of config.toml as a form shows it."""
    if value is None:
        return ""
    if kind in (Kind.LINES, Kind.DATES, Kind.CHOICES):
        return "\n".join(str(item) for item in value) if isinstance(value, list) else str(value)
    if kind is Kind.MOMENT:
        return moment_text(value)
    return str(value)


def listed(value: Any) -> list[Any]:
    """Return the items of a value that should be a list; one that is not may be in a file that has an error."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def moment_text(value: Any) -> str:
    """Write a recurring time in one form, such as `fri 15:00`, however it was written."""
    try:
        return as_written(parse_moment(value))
    except InvalidValue:
        return str(value)


def as_written(value: Any) -> str:
    """Write a value without quotes; "" for none."""
    if value is None or value == "" or value == ():
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, Rate):
        return f"{value.count}/{_RATE_UNITS[value.seconds]}" if value.count else "0"
    if isinstance(value, NamedAddress):
        return f"{value.name} <{value.address}>" if value.name else value.address
    if isinstance(value, Moment):
        begin = WEEKDAYS[value.weekday] if value.weekday is not None else str(value.day or "")
        return f"{begin} {value.at:%H:%M}".strip()
    if isinstance(value, (tuple, list)):
        return ", ".join(as_written(item) for item in value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _duration(length: timedelta) -> str:
    seconds = length.total_seconds()
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{seconds:g}s"


@cache
def defaults_of(page: SettingsPage) -> dict[str, str]:
    """Return each key's default as text; keys without one, and those that are off, are missing."""
    defaults = {}
    for field in page.fields:
        if field.kind not in (Kind.SECRET, Kind.ROWS):
            value = _default(TABLES[page.table], field.path)
            if value not in (None, "", (), [], {}) and value is not False:
                is_size = _is_size(TABLES[page.table], field.path[0])
                defaults[field.key] = _size(value) if is_size else _default_text(field.kind, value)
    return defaults


def default_table(page: SettingsPage, field: SettingField) -> dict[str, Any] | None:
    """Return the default of a key that holds tables, as config.toml would have it, or None."""
    default = _default(TABLES[page.table], field.path)
    if not isinstance(default, dict):
        return None
    return {name: _as_table(value) for name, value in default.items()} or None


def _as_table(value: Any) -> dict[str, Any]:
    values = {field.name: getattr(value, field.name) for field in fields(value)}
    return {
        key: entry if isinstance(entry, int) else as_written(entry)
        for key, entry in values.items()
        if entry is not None
    }


def _of_schema(table: Any, field: SettingField) -> SettingField:
    """Return a field with the kind of its type; required, if its key has no default and is in every table."""
    kind = _kind_of_type(type_of(table, field.path)) if field.kind is Kind.TEXT else field.kind
    key = _schema_field(table, field.path[0])
    has_default = key is None or key.default is not MISSING or key.default_factory is not MISSING
    return replace(field, kind=kind, required=field.required or not has_default)


def _kind_of_type(hint: Any) -> Kind:
    """Return how a value of a type is typed in; TEXT for those that are read from text."""
    if hint in _OF_TYPE:
        return _OF_TYPE[hint]
    if get_origin(hint) in (Union, UnionType):
        return _kind_of_type(next(each for each in get_args(hint) if each is not NoneType))
    if get_origin(hint) is Annotated:
        return _kind_of_type(get_args(hint)[0])
    if get_origin(hint) is tuple:
        return Kind.CHOICES if get_origin(get_args(hint)[0]) is Literal else Kind.LINES
    return Kind.CHOICE if get_origin(hint) is Literal else Kind.TEXT


def type_of(table: Any, path: Sequence[str]) -> Any:
    """Return the type of a key in a table of the schema, or in tables inside it; None if it has none of its own."""
    hint = table
    for part in path:
        if get_origin(hint) is dict:
            hint = get_args(hint)[1]
            continue
        key = _schema_field(hint, part) if is_dataclass(hint) else None
        if key is None:
            return None
        hint = get_type_hints(hint, include_extras=True)[key.name]
    return hint


def _schema_field(table: Any, key: str) -> Field[Any] | None:
    return next((each for each in fields(table) if each.name == {"from": "sender"}.get(key, key)), None)


def _is_size(table: Any, key: str) -> bool:
    return type_of(table, (key,)) in (Size, NonzeroSize)


def _size(number: int) -> str:
    """Return a number of bytes with the largest unit that leaves no remainder: `100 KB`."""
    unit, factor = next(((u, f) for u, f in (("MB", 1_000_000), ("KB", 1_000)) if number % f == 0), ("B", 1))
    return f"{number // factor} {unit}"


def _default(table: Any, path: tuple[str, ...]) -> Any:
    """Return the default of a key: of a dataclass's field, or inside the default of one."""
    field = _schema_field(table, path[0])
    if field is None:
        return None
    value = field.default_factory() if field.default_factory is not MISSING else field.default
    if value is MISSING:
        return None
    for part in path[1:]:
        value = value.get(part) if isinstance(value, dict) else getattr(value, part, None)
    return value


def _default_text(kind: Kind, value: Any) -> str:
    if kind is Kind.LINES:
        return "\n".join(as_written(item) for item in value)
    return as_written(value)
