"""Defaults of the configuration as a form shows them in a blank field."""

import dataclasses
from functools import cache
from typing import Any, get_args, get_type_hints

from newsletter.config import Bounces, Collect, DeliverySettings, Newsletter, Site, SourceSettings
from newsletter.config.fields import Size
from newsletter.web.desk.settings.fields import Kind, SettingField, SettingsPage, as_written

_TABLES: dict[str, Any] = {
    "newsletters.NAME": Newsletter,
    "newsletters.NAME.sources[]": SourceSettings,
    "delivery": DeliverySettings,
    "bounces": Bounces,
    "collect": Collect,
    "site": Site,
}


@cache
def defaults_of(page: SettingsPage) -> dict[str, str]:
    """Return each key's default as text; keys without one, and those that are off, are missing."""
    defaults = {}
    for field in page.fields:
        if field.kind not in (Kind.SECRET, Kind.ROWS):
            value = _default(_TABLES[page.table], field.path)
            if value not in (None, "", (), [], {}) and value is not False:
                is_size = _is_size(_TABLES[page.table], field.path[0])
                defaults[field.key] = _size(value) if is_size else _as_text(field.kind, value)
    return defaults


def default_table(page: SettingsPage, field: SettingField) -> dict[str, Any] | None:
    """Return the default of a key that holds tables, as config.toml would have it, or None."""
    default = _default(_TABLES[page.table], field.path)
    if not isinstance(default, dict):
        return None
    return {name: _as_table(value) for name, value in default.items()} or None


def _as_table(value: Any) -> dict[str, Any]:
    values = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return {
        key: entry if isinstance(entry, int) else as_written(entry)
        for key, entry in values.items()
        if entry is not None
    }


def _is_size(table: Any, key: str) -> bool:
    hint = get_type_hints(table, include_extras=True).get(key)
    return get_args(hint)[:2] == get_args(Size)


def _size(number: int) -> str:
    """Return a number of bytes with the largest unit that leaves no remainder: `100 KB`."""
    unit, factor = next(((u, f) for u, f in (("MB", 1_000_000), ("KB", 1_000)) if number % f == 0), ("B", 1))
    return f"{number // factor} {unit}"


def _default(table: Any, path: tuple[str, ...]) -> Any:
    """Return the default of a key: of a dataclass's field, or inside the default of one."""
    field = next((f for f in dataclasses.fields(table) if f.name == path[0]), None)
    if field is None:
        return None
    value = field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default
    if value is dataclasses.MISSING:
        return None
    for part in path[1:]:
        value = value.get(part) if isinstance(value, dict) else getattr(value, part, None)
    return value


def _as_text(kind: Kind, value: Any) -> str:
    if kind is Kind.LINES:
        return "\n".join(as_written(item) for item in value)
    return as_written(value)
