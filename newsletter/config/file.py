"""Saving changes to config.toml: validated, atomic, with a copy of the previous file.

Two programs, or a program and a person with a text editor, may change the file at the same time. Changes to different
keys are merged; two different changes to one key are a conflict, and nothing is written.
"""

import glob
import os
import stat
import tempfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from newsletter.config import toml
from newsletter.config.document import Change, KeyPath, SetEntries, SetValue, edit, value_at
from newsletter.config.durable_files import UNFINISHED, locked_folder, sync_folder
from newsletter.config.load import PREFIX, PREVIOUS, ConfigError, ConfigProblem, override, parse
from newsletter.config.references import reference, unreadable
from newsletter.config.schema import Config
from newsletter.messages import Message, Problem, configuration as messages


class EditConflict(Exception):
    """The same keys were changed meanwhile; `paths` says which."""

    def __init__(self, paths: Sequence[KeyPath]) -> None:
        super().__init__(f"changed meanwhile: {', '.join(toml.dotted(path) for path in paths)}")
        self.paths = tuple(paths)


class CannotWrite(Problem):
    """The file can't be replaced."""


def save(
    path: Path,
    changes: Sequence[Change],
    seen: Mapping[KeyPath, Any],
    environ: Mapping[str, str] | None = None,
    check: Callable[[Config], None] = lambda config: None,
) -> Config:
    """Make changes in the file and return the configuration that it then holds.

    `seen` has the values that were shown to whoever made the changes, None for a missing key; if one of them is
    another now, unless it is already as wanted, that is a conflict. Raises EditConflict, CannotEdit, ConfigError if the
    result would be invalid or `check` raises it, and CannotWrite, also if an environment variable sets what is to be
    changed. In each case the file stays as it was.
    """
    path = path.resolve()
    if reason := why_unwritable(path):
        raise CannotWrite(reason)
    environ = os.environ if environ is None else environ
    for change in changes:
        if name := set_by(change.path, environ):
            raise CannotWrite(messages.SET_BY(origin=f"${name}"))
    with locked_folder(path.parent):
        text = _read(path)
        if clashing := _clashes(text, changes, seen):
            raise EditConflict(clashing)
        edited = edit(text, changes)
        config = parse(edited, path, environ)
        check(config)
        if edited != text:
            _replace(path, text, edited)
    return config


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as e:
        raise CannotWrite(unreadable(path, e)) from e


def why_unwritable(path: Path) -> Message | None:
    """Return why the file can't be replaced by a new one; None if it can."""
    path = path.resolve()
    if not os.access(path, os.W_OK):
        return messages.READ_ONLY(file=str(path))
    if not os.access(path.parent, os.W_OK):
        return messages.FOLDER_READ_ONLY(folder=str(path.parent))
    if path.is_mount():
        return messages.MOUNT_POINT(file=str(path))
    return None


def locked_by(tree: Mapping[str, Any], path: KeyPath, environ: Mapping[str, str]) -> str:
    """Return where a value comes from: `$NAME`, a file's name, or "" for config.toml itself."""
    if name := set_by(path, environ):
        return f"${name}"
    if target := reference(value_at(tree, path)):
        return f"${target.name}" if target.kind == "env" else target.name
    return ""


def set_by(path: KeyPath, environ: Mapping[str, str]) -> str:
    """Return the environment variable that takes the place of a key or of a table that it is in, "" for none."""
    names = {name.upper() for name in environ if name.startswith(PREFIX)}
    parts = [str(part).upper() for part in path]
    above = (PREFIX + "__".join(parts[:count]) for count in range(1, len(parts) + 1))
    return next((name for name in above if name in names), "")


def value_from(path: KeyPath, environ: Mapping[str, str]) -> Any:
    """Return the value that an environment variable gives a key; None if it gives none, or says where that is."""
    tree: dict[str, Any] = {}
    with suppress(ConfigError):
        override(tree, environ)
    value = value_at(tree, path)
    return None if reference(value) else value


def _clashes(text: str, changes: Sequence[Change], seen: Mapping[KeyPath, Any]) -> list[KeyPath]:
    """Return the paths whose values are neither as they were seen nor as they are wanted."""
    try:
        now = toml.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise ConfigError(ConfigProblem("config.toml", messages.NOT_TOML(cause=toml.explained(e)))) from e
    wanted_values = {change.path: change.value for change in changes if isinstance(change, SetValue | SetEntries)}
    values = {path: value_at(now, path) for path in seen}
    return [path for path, value in values.items() if value not in (seen[path], wanted_values.get(path, seen[path]))]


def _replace(path: Path, old: str, new: str) -> None:
    """Keep a copy of the old text, then put the new one in its place; at no time is there half a file.

    The caller holds the lock, so that what a killed process left unfinished can be removed.
    """
    for abandoned in path.parent.glob(f".{glob.escape(path.name)}*{UNFINISHED}*"):
        abandoned.unlink(missing_ok=True)
    status = path.stat()
    _write(path.with_name(path.name + PREVIOUS), old, status)
    _write(path, new, status)


def _write(path: Path, text: str, status: os.stat_result) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}{UNFINISHED}")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            os.fchmod(file.fileno(), stat.S_IMODE(status.st_mode))
            if os.geteuid() == 0:
                os.fchown(file.fileno(), status.st_uid, status.st_gid)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as e:
        temporary.unlink(missing_ok=True)
        raise CannotWrite(messages.UNWRITABLE(file=str(path), cause=e.strerror or str(e))) from e
    sync_folder(path.parent)
