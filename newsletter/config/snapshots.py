"""The configuration in force, and reading it again when config.toml changed.

A valid file replaces the configuration as a whole, under the next number; an invalid one changes nothing, and its
problem is kept for whoever asks. What a running site can't change safely stays as it was until the next start.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from newsletter.config.load import ConfigError, ConfigProblem, find, load
from newsletter.config.own_logos import with_own_logos
from newsletter.config.schema import Config
from newsletter.messages import Message

_Version: TypeAlias = tuple[int, int, int] | None

Objections: TypeAlias = Callable[[Config, Config], Sequence[ConfigProblem]]
"""Called with the configuration in force and the next one; returns why that one can't be used, as ConfigError does."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A configuration and its number, which grows with each change.

    `problem` says why the file as it is now is not used; `restart` names the changed keys that take effect with the
    next start.
    """

    number: int
    config: Config
    problem: Message | None = None
    restart: tuple[str, ...] = ()


RECENT = 0.1
_lock = threading.Lock()
_snapshot: Snapshot | None = None
_version: _Version = None
_looked = 0.0
"""When the file was looked at last, in seconds of the monotonic clock."""


def snapshot() -> Snapshot:
    """Return the configuration in force with its number; the first call reads the file that `find` names."""
    return _snapshot or _put(load(find()))


def current() -> Config:
    """Return the configuration in force."""
    return snapshot().config


def use(config: Config) -> Config:
    """Put a configuration in force, as the program does at its start."""
    return _put(config).config


def _no_objections(_before: Config, _after: Config) -> Sequence[ConfigProblem]:
    return ()


_objections: Objections = _no_objections


def object_with(objections: Objections) -> None:
    """Let a function refuse changes that are valid but impossible now, such as removing a newsletter that is sent."""
    global _objections
    _objections = objections


def check_change(wanted_config: Config) -> None:
    """Raise ConfigError if the running program can't change to this configuration now."""
    if problems := _objections(current(), wanted_config):
        raise ConfigError(*problems)


def refresh() -> Snapshot:
    """Read the file again if it changed, and return what is in force then.

    A file that was objected to is read each time, because the reason may have ended.
    """
    global _snapshot, _version, _looked
    in_force = snapshot()
    with _lock:
        _looked = time.monotonic()
        version = _version_of(in_force.config.file)
        if version == _version:
            return _snapshot or in_force
        _snapshot, objected = _reread(in_force)
        _version = None if objected else version
        return _snapshot


def recent() -> Snapshot:
    """Return what is in force, for what comes a thousand times a second: the file is looked at after RECENT seconds."""
    return refresh() if time.monotonic() - _looked >= RECENT else snapshot()


def _put(config: Config) -> Snapshot:
    global _snapshot, _version
    with _lock:
        _version = _version_of(config.file)
        _snapshot = Snapshot(_snapshot.number + 1 if _snapshot else 1, config)
        return _snapshot


def _version_of(path: Path) -> _Version:
    """Return a value that differs after each change of a file; None if there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def _reread(in_force: Snapshot) -> tuple[Snapshot, bool]:
    """Return what is in force now, and whether there are objections to the file."""
    try:
        configuration = load(in_force.config.file)
    except ConfigError as e:
        return replace(in_force, problem=e.problems[0].message), False
    config, restart = _without_fixed_keys(in_force.config, configuration)
    if problems := _objections(in_force.config, config):
        return replace(in_force, problem=problems[0].message), True
    changed = config != in_force.config
    return Snapshot(in_force.number + changed, config, restart=restart), False


def _without_fixed_keys(running: Config, configuration: Config) -> tuple[Config, tuple[str, ...]]:
    """Keep what can't change while the program runs, and name the keys that differ."""
    config = replace(
        configuration,
        allow_local_links=running.allow_local_links,
        site=replace(
            running.site,
            url=configuration.site.url if _same_scheme(running, configuration) else running.site.url,
            url_previous=configuration.site.url_previous,
            alert_url=configuration.site.alert_url,
            alert_secret=configuration.site.alert_secret,
            minimum_free_space=configuration.site.minimum_free_space,
        ),
        web=replace(running.web, settings=configuration.web.settings),
        collect=replace(configuration.collect, allow_private_addresses=running.collect.allow_private_addresses),
        delivery=replace(configuration.delivery, journal=running.delivery.journal),
        log=replace(configuration.log, sentry_dsn=running.log.sentry_dsn),
    )
    config = with_own_logos(config, configuration.site.url)
    tables = ("site", "web", "collect", "delivery", "log")
    differing = [
        f"{table}.{key}"
        for table in tables
        for key in getattr(configuration, table).__dataclass_fields__
        if getattr(getattr(configuration, table), key) != getattr(getattr(config, table), key)
    ]
    return config, tuple(differing)


def _same_scheme(running: Config, configuration: Config) -> bool:
    """Return whether the public address keeps its scheme, on which the security of cookies depends."""
    return urlsplit(running.site.url).scheme == urlsplit(configuration.site.url).scheme


def changed_tables(before: Config, after: Config) -> list[str]:
    """Return the names of the tables that differ; a newsletter is a table of its own."""
    tables = ("site", "web", "collect", "delivery", "bounces", "log", "fields")
    changed = [name for name in tables if getattr(before, name) != getattr(after, name)]
    names = sorted(before.newsletters.keys() | after.newsletters.keys())
    return changed + [f"newsletters.{n}" for n in names if before.newsletters.get(n) != after.newsletters.get(n)]
