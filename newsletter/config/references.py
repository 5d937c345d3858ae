"""References to secrets in config.toml: `{ env = "NAME" }` and `{ file = "path" }`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newsletter.messages import Message, Problem, configuration as messages

KINDS = ("env", "file")


class BadReference(Problem):
    """The value can't be found; the message says why."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A value that stands elsewhere: in an environment variable or a file."""

    kind: str
    name: str


def reference(value: Any) -> Reference | None:
    """Return the reference that a value of config.toml is; None for any other value."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return None
    kind, name = next(iter(value.items()))
    return Reference(kind, name) if kind in KINDS and isinstance(name, str) else None


def unreadable(path: Path, error: OSError | UnicodeDecodeError) -> Message:
    """Return why a file can't be read, with the remedy."""
    if isinstance(error, UnicodeDecodeError):
        return messages.NOT_UTF8(file=str(path), line=error.object.count(b"\n", 0, error.start) + 1)
    return messages.UNREADABLE(file=str(path), cause=error.strerror or str(error))


def references(tree: Any) -> frozenset[Reference]:
    """Return all references in the tree."""
    return frozenset(_walk(tree))


def _walk(value: Any) -> Iterator[Reference]:
    if target := reference(value):
        yield target
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _walk(item)
    elif isinstance(value, list):
        for item in value:
            yield from _walk(item)


def look_up(reference: Reference, folder: Path, environ: Mapping[str, str]) -> str:
    """Return the value; relative paths start at the folder. Raises BadReference."""
    if reference.kind == "env":
        if reference.name not in environ:
            raise BadReference(messages.NO_VARIABLE(name=reference.name))
        return environ[reference.name]
    path = folder / reference.name
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as e:
        raise BadReference(unreadable(path, e)) from e
