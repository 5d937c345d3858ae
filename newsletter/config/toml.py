"""Reads TOML; what Python's parser fails on otherwise is an error in the file as well."""

import tomllib
from collections.abc import Iterable
from typing import Any

DEEPEST = 30
"""Tables and arrays within each other. The configuration needs five."""


def loads(text: str) -> dict[str, Any]:
    """Parse TOML.

    Raises `tomllib.TOMLDecodeError`, also where values are nested more than `DEEPEST` levels deep, or where an integer
    has more digits than Python converts.
    """
    try:
        tree = tomllib.loads(text)
    except RecursionError:
        raise _too_deep() from None
    except tomllib.TOMLDecodeError:
        raise
    except ValueError:
        raise tomllib.TOMLDecodeError("a number has too many digits") from None
    level: list[Any] = [tree]
    for _ in range(DEEPEST):
        level = [value for container in level for value in _values(container)]
        if not level:
            return tree
    raise _too_deep()


def _values(container: Any) -> list[Any]:
    """Return the tables and arrays of a table or array."""
    values = container.values() if isinstance(container, dict) else container
    return [value for value in values if isinstance(value, dict | list)]


def _too_deep() -> tomllib.TOMLDecodeError:
    return tomllib.TOMLDecodeError(f"values are nested more than {DEEPEST} levels deep")


def dotted(path: Iterable[str | int]) -> str:
    """Write a path as messages have it: `newsletters.kinaforum.sources[1].url`."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
