"""Values of the configuration as config.toml would have them."""

from datetime import date, timedelta
from typing import Any

from newsletter.config import Moment, NamedAddress, Rate
from newsletter.config.values import WEEKDAYS

_RATE_UNITS = {1: "s", 60: "m", 3600: "h", 86400: "d"}


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
        return ", ".join(as_written(each) for each in value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _duration(length: timedelta) -> str:
    seconds = length.total_seconds()
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{seconds:g}s"
