"""Tables of `config.toml` as frozen dataclasses, whose values are checked and converted by the types of their fields.

All faults of a table and of the tables in it are found at once. Scalars are checked strictly: text is no number.
"""

import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import date, time
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, Union, get_args, get_origin, get_type_hints

from newsletter.config.values import suggested
from newsletter.messages import Message, Param, configuration as messages, message_of

Key = tuple[str | int, ...]
Converter = Callable[[Any], Any]
FaultKind = Literal["missing", "unknown", "not text", "table for a list", "other"]


@dataclass(frozen=True, slots=True)
class Before:
    """Converts a value before its type is checked; raises ValueError."""

    convert: Converter


@dataclass(frozen=True, slots=True)
class After:
    """Checks or converts a value of the right type; raises ValueError."""

    convert: Converter


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the greatest number, or how many entries or characters there may be."""

    ge: float | None = None
    le: float | None = None
    min_length: int = 0
    max_length: int | None = None


@dataclass(frozen=True, slots=True)
class KeyName:
    """How `config.toml` writes a key whose field has another name."""

    key: str


@dataclass(frozen=True, slots=True)
class FaultOfKey:
    """What is wrong with the value of a key; `value` is None if the key is missing."""

    key: Key
    kind: FaultKind
    problem: Message
    value: Any = None


class InvalidTable(ValueError):
    """A table has faults."""

    def __init__(self, faults: Iterable[FaultOfKey]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{'.'.join(map(str, fault.key))}: {fault.problem}" for fault in self.faults))


class ConfigTable:
    """What the dataclasses of all tables derive from. Raises InvalidTable when one is made with invalid values."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def __post_init__(self) -> None:
        declared = _fields(type(self))
        values, faults = _converted({field.key: getattr(self, name) for name, field in declared.items()}, declared)
        if faults:
            raise InvalidTable(faults)
        for name, field in declared.items():
            object.__setattr__(self, name, values[field.key])
        try:
            self.check()
        except ValueError as e:
            raise InvalidTable([FaultOfKey((), "other", message_of(e), self)]) from e

    def check(self) -> None:
        """Raise InvalidValue if values contradict each other."""

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> Self:
        """Return a table as `config.toml` has it. Raises InvalidTable."""
        declared = _fields(cls)
        names = {field.key: name for name, field in declared.items()}
        values, faults = _converted(table, declared)
        for key in names.keys() - table.keys():
            if declared[names[key]].is_required:
                faults.append(FaultOfKey((key,), "missing", messages.MISSING()))
        for key in table.keys() - names.keys():
            faults.append(FaultOfKey((key,), "unknown", suggested(messages.NO_KEY(), key, list(names)), table[key]))
        if faults:
            order = [*names, *table]
            raise InvalidTable(sorted(faults, key=lambda fault: order.index(str(fault.key[0]))))
        return cls(**{names[key]: value for key, value in values.items()})


@dataclass(frozen=True, slots=True)
class _Field:
    key: str
    is_required: bool
    default: Any
    convert: Converter


_DECLARED: dict[type[ConfigTable], Mapping[str, _Field]] = {}


def _fields(table: type[ConfigTable]) -> Mapping[str, _Field]:
    """Return the fields of a table by their names."""
    if table not in _DECLARED:
        _DECLARED[table] = _read_fields(table)
    return _DECLARED[table]


def _read_fields(table: type[ConfigTable]) -> Mapping[str, _Field]:
    hints = get_type_hints(table, include_extras=True)
    return {
        field.name: _Field(
            next((mark.key for mark in _marks(hints[field.name]) if isinstance(mark, KeyName)), field.name),
            field.default is MISSING and field.default_factory is MISSING,
            field.default,
            _converter(hints[field.name]),
        )
        for field in fields(table)
    }


def _marks(kind: Any) -> tuple[Any, ...]:
    return getattr(kind, "__metadata__", ())


def _converted(table: Mapping[str, Any], declared: Mapping[str, _Field]) -> tuple[dict[str, Any], list[FaultOfKey]]:
    """Return the values of the keys that exist, converted, and the faults. A default is right as it is."""
    values: dict[str, Any] = {}
    faults: list[FaultOfKey] = []
    for field in declared.values():
        if field.key in table:
            value = table[field.key]
            values[field.key] = value if value is field.default else _within(field.key, field.convert, value, faults)
    return values, faults


def _within(key: str | int, convert: Converter, value: Any, faults: list[FaultOfKey]) -> Any:
    """Return the converted value of a key; add its faults to the list, with the key above theirs."""
    try:
        return convert(value)
    except InvalidTable as e:
        faults += [FaultOfKey((key, *fault.key), fault.kind, fault.problem, fault.value) for fault in e.faults]
    return None


def _refuse(value: Any, remedy: Message, kind: FaultKind = "other") -> InvalidTable:
    return InvalidTable([FaultOfKey((), kind, messages.INVALID(value=_value_text(value), remedy=remedy), value)])


def _value_text(value: Any) -> Param:
    if isinstance(value, dict):
        return messages.A_TABLE()
    if isinstance(value, list):
        return messages.A_LIST()
    return str(value).lower() if isinstance(value, bool | date | time) else repr(value)


def _converter(kind: Any) -> Converter:
    """Return what checks and converts a value of this type."""
    origin = get_origin(kind)
    if origin is Annotated:
        convert = _converter(kind.__origin__)
        for mark in _marks(kind):
            convert = _marked(mark, convert)
        return convert
    if origin in (Union, types.UnionType):
        (inner,) = (argument for argument in get_args(kind) if argument is not type(None))
        return partial(_unless_none, _converter(inner))
    if origin is Literal:
        return partial(_one_of, get_args(kind))
    if origin is tuple:
        return _tuple_converter(get_args(kind))
    if origin is dict:
        key, value = get_args(kind)
        return partial(_mapping, _converter(key), _converter(value))
    if isinstance(kind, type) and issubclass(kind, ConfigTable):
        return partial(_table, kind)
    return partial(_SCALARS.get(kind, _instance), kind)


def _marked(mark: Any, convert: Converter) -> Converter:
    match mark:
        case Before():
            return lambda value: convert(_valid(mark.convert, value))
        case After():
            return lambda value: _valid(mark.convert, convert(value))
        case Bounds():
            return lambda value: _limited(mark, convert(value))
        case _:
            return convert


def _valid(convert: Converter, value: Any) -> Any:
    try:
        return convert(value)
    except InvalidTable:
        raise
    except ValueError as e:
        raise InvalidTable([FaultOfKey((), "other", message_of(e), value)]) from e


def _limited(bounds: Bounds, value: Any) -> Any:
    if isinstance(value, str | tuple | dict):
        if len(value) < bounds.min_length:
            raise _refuse(value, messages.WRITE_CHARACTER() if isinstance(value, str) else messages.WRITE_ONE())
        if bounds.max_length is not None and len(value) > bounds.max_length:
            raise _refuse(value, messages.WRITE_SHORTER(most=bounds.max_length))
        return value
    if bounds.ge is not None and not value >= bounds.ge:
        raise _refuse(value, messages.WRITE_AT_LEAST(limit=str(bounds.ge)))
    if bounds.le is not None and not value <= bounds.le:
        raise _refuse(value, messages.WRITE_AT_MOST(limit=str(bounds.le)))
    return value


def _unless_none(convert: Converter, value: Any) -> Any:
    return None if value is None else convert(value)


def _one_of(words: tuple[str, ...], value: Any) -> Any:
    if isinstance(value, str) and value in words:
        return value
    problem = messages.NOT_ONE_OF(value=_value_text(value), words=words)
    raise InvalidTable([FaultOfKey((), "other", suggested(problem, str(value), list(words)), value)])


def _tuple_converter(kinds: tuple[Any, ...]) -> Converter:
    if kinds[-1] is Ellipsis:
        return partial(_several, _converter(kinds[0]))
    return partial(_exactly, tuple(map(_converter, kinds)))


def _several(convert: Converter, value: Any) -> tuple[Any, ...]:
    if isinstance(value, dict):
        raise InvalidTable([FaultOfKey((), "table for a list", messages.WRITE_LIST(), value)])
    if not isinstance(value, list | tuple | set | frozenset):
        raise _refuse(value, messages.WRITE_LIST())
    faults: list[FaultOfKey] = []
    entries = tuple(_within(number, convert, entry, faults) for number, entry in enumerate(value))
    if faults:
        raise InvalidTable(faults)
    return entries


def _exactly(converters: tuple[Converter, ...], value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple) or len(value) != len(converters):
        raise _refuse(value, messages.WRITE_LIST())
    return tuple(convert(entry) for convert, entry in zip(converters, value, strict=True))


def _mapping(key_converter: Converter, convert: Converter, value: Any) -> dict[Any, Any]:
    if not isinstance(value, Mapping):
        raise _refuse(value, messages.WRITE_TABLE())
    faults: list[FaultOfKey] = []
    entries = {
        _within(key, key_converter, key, faults): _within(key, convert, entry, faults) for key, entry in value.items()
    }
    if faults:
        raise InvalidTable(faults)
    return entries


def _table(kind: type[ConfigTable], value: Any) -> ConfigTable:
    if isinstance(value, kind):
        return value
    if not isinstance(value, Mapping):
        raise _refuse(value, messages.WRITE_TABLE())
    return kind.of(value)


def _text(_: type, value: Any) -> str:
    if not isinstance(value, str):
        raise _refuse(value, messages.WRITE_TEXT(), "not text")
    return value


def _flag(_: type, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _refuse(value, messages.WRITE_BOOLEAN())
    return value


def _whole(_: type, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _refuse(value, messages.WRITE_WHOLE())
    return value


def _number(_: type, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _refuse(value, messages.WRITE_NUMBER())
    return float(value)


def _day(_: type, value: Any) -> date:
    if type(value) is not date:  # a datetime is one, too
        raise InvalidTable([FaultOfKey((), "other", messages.DATE(value=_value_text(value)), value)])
    return value


def _anything(_: Any, value: Any) -> Any:
    return value


def _instance(kind: type, value: Any) -> Any:
    """Return the value of a class that a `Before` makes."""
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value


_SCALARS: Mapping[Any, Callable[[Any, Any], Any]] = {
    str: _text,
    bool: _flag,
    int: _whole,
    float: _number,
    date: _day,
    Path: lambda _, value: Path(value),
    Any: _anything,
}
