"""Whether the machines that send from one database have the same sending configuration.

Each machine stores keyed hashes of the tables that matter. Of two that differ, the one that changed or started last
claims nothing until both are the same, so that one edition is not sent in two ways.
"""

import dataclasses
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection

from newsletter.config import Config
from newsletter.messages import Message, failures as messages
from newsletter.models import Machine
from newsletter.sending import journals
from newsletter.sending.machines.lease import LEASE
from newsletter.sending.sql import database
from subscribers.tokens import Purpose, keyed_hash

OWN_KEYS = {"journal", "processes", "hello", "ca", "file"}
"""Keys of `[delivery]` and its tables that may differ between machines."""

NEWSLETTER_KEYS = ("sender", "reply_to", "provider", "status", "where", "timezone")


class Agreement:
    """What one machine has declared, and whether it may claim work."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._declared: Config | None = None

    def check(self, configuration: Config) -> Message | None:
        """Declare the configuration if it changed; return a message if this machine must not send now.

        The machine holds its lease. With SQLite there is only one machine.
        """
        if connection.vendor != "postgresql":
            return None
        identity = journals.machine(self._folder)
        if configuration is not self._declared:
            declare(identity, configuration, again=self._declared is None)
            self._declared = configuration
        return difference(identity)


def hashes(configuration: Config) -> dict[str, str]:
    """Return a keyed hash of each table that must be the same on every machine. Defaults are left out, so that a newer
    version of the program with more keys has the same hashes.
    """
    tables: dict[str, Any] = {
        "site": {"url": configuration.site.url},
        "delivery": _explicit(configuration.delivery),
        "bounces": _explicit(configuration.bounces),
    }
    for name, newsletter in configuration.newsletters.items():
        tables[f"newsletters.{name}"] = {key: _plain(getattr(newsletter, key)) for key in NEWSLETTER_KEYS}
    return {
        table: keyed_hash(Purpose.CONFIGURATION, json.dumps(values, sort_keys=True, default=str))
        for table, values in tables.items()
    }


def declare(identity: str, configuration: Config, *, again: bool) -> None:
    """Store the hashes of this machine; `again` also if they are as before, because the machine was away."""
    row = Machine.objects.get(name=identity)
    own_hashes = hashes(configuration)
    if again or row.configuration != own_hashes:
        Machine.objects.filter(name=identity).update(configuration=own_hashes, configured_at=database.now())


def difference(identity: str) -> Message | None:
    """Return a message if a machine that was configured earlier has another configuration."""
    machines = _alive(database.now())
    ours = next((machine for machine in machines if machine.name == identity), None)
    return _difference(ours, machines) if ours else None


def differing_machines() -> list[Message]:
    """Return a message for each machine that claims nothing because of its configuration."""
    if connection.vendor != "postgresql":
        return []
    machines = _alive(database.now())
    return [message for machine in machines if (message := _difference(machine, machines))]


def _alive(now: datetime) -> list[Machine]:
    """Return the machines that hold a lease and have declared a configuration, the one that was configured first in
    front.
    """
    machines = Machine.objects.filter(seen_at__gt=now - LEASE, configured_at__isnull=False)
    return list(machines.order_by("configured_at", "name"))


def _difference(ours: Machine, machines: list[Machine]) -> Message | None:
    for other in machines:
        if other.name == ours.name:
            return None
        if tables := tuple(_differing(ours, other)):
            return messages.CONFIGURATION_DIFFERS(machine=ours.description, other=other.description, tables=tables)
    return None


def _differing(one: Machine, other: Machine) -> Iterator[str]:
    mine, theirs = one.configuration or {}, other.configuration or {}
    yield from (table for table in sorted(mine.keys() | theirs.keys()) if mine.get(table) != theirs.get(table))


def _explicit(table: Any) -> dict[str, Any]:
    """Return the keys of a table whose values are not their defaults, without those that machines may have of their
    own.
    """
    values: dict[str, Any] = {}
    for field in dataclasses.fields(table):
        default = field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default
        value = getattr(table, field.name)
        if value == default or field.name in OWN_KEYS:
            continue
        if not (dataclasses.is_dataclass(value) and dataclasses.is_dataclass(default)):
            values[field.name] = _plain(value)
        elif inner := _explicit(value):
            values[field.name] = inner
    return values


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
