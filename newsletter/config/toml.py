"""Reads TOML; what Python's parser fails on otherwise is an error in the file as well."""

import re
import tomllib
from collections.abc import Iterable
from typing import Any, Final

DEEPEST = 30
"""Tables and arrays within each other. The configuration needs five."""

MISTAKES: Final = {
    "Invalid value": 'a value is missing, or is text without straight quotes (") around it',
    "Illegal character …": "a character that can't be here; is the quote (\") at the end of a text missing?",
    "Cannot overwrite a value": "a key is there twice; remove one of the two",
    "Cannot declare … twice": "a section is there twice; write its keys below one heading",
    "Expected … after a key in a key/value pair": "'=' is missing after a key",
    "Expected newline or end of document after a statement": "something follows a value; is a quote missing?",
    "Invalid statement": "this is neither a line such as 'key = value' nor a heading such as '[site]'",
}
"""What the parser calls the mistakes that people make, without what it quotes, and what they have to know of each."""


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


def explained(error: tomllib.TOMLDecodeError) -> str:
    """Return what is wrong with a file, what to do where it is a common mistake, and the line."""
    mistake, at, place = str(error).partition(" (at ")
    return MISTAKES.get(re.sub(r"'[^']*'|\([^()]*\)", "…", mistake), mistake) + at + place


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
