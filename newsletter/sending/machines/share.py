"""The share of the configured limits that each machine may use, so that all machines together keep them.

Machines that send divide the limits equally, numbered in the order in which they joined. Nothing is negotiated: by the
database's clock, the others make room for one that joins after `ROOM`, and it begins after `BEGIN`. In between, they
close surplus connections. One that leaves is no longer counted at once, and a lost one when its lease has ended. With
SQLite, there is one machine, which has the whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection, transaction
from django.db.models import F

from newsletter.config import DeliverySettings
from newsletter.delivery.limits import Limits
from newsletter.models import Machine
from newsletter.sending import journals
from newsletter.sending.machines.lease import LEASE
from newsletter.sending.sql import database

ROOM, BEGIN = timedelta(seconds=10), timedelta(seconds=20)
"""How long after a machine joined the others use smaller shares, and it uses its own."""


@dataclass(frozen=True, slots=True)
class Share:
    """One of `parts` equal shares; the first ones get what can't be divided."""

    place: int
    parts: int

    def of(self, delivery: DeliverySettings) -> Limits:
        """Return this share of what is configured."""
        return Limits.of(delivery).share(self.place, self.parts)


WHOLE = Share(0, 1)


def share_at(now: datetime, name: str, joined: Mapping[str, datetime], most: int) -> Share | None:
    """Return the share that a machine may use now; None if it must not send.

    `joined` says since when each machine takes part, in the order in which they joined. At most `most` machines send.
    """
    if name not in joined or joined[name] + BEGIN > now:
        return None
    counted = [machine for machine, since in joined.items() if since + ROOM <= now][:most]
    return Share(counted.index(name), len(counted)) if name in counted else None


class MachineShare:
    """The share of one machine, which holds its lease."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def claim(self, delivery: DeliverySettings) -> Share | None:
        """Return the share that this machine may use now, and join the others if it hasn't yet."""
        if connection.vendor != "postgresql":
            return WHOLE
        name, now = journals.machine(self._folder), database.now()
        joined = machines_taking_part(now)
        if name not in joined:
            joined = _join(name, now)
        return share_at(now, name, joined, delivery.connections)

    def leave(self) -> None:
        """Give the share back: no process of this machine sends."""
        if connection.vendor == "postgresql":
            Machine.objects.filter(name=journals.machine(self._folder), joined_at__isnull=False).update(joined_at=None)


@transaction.atomic
def _join(name: str, now: datetime) -> dict[str, datetime]:
    """Let a machine take part; one that is alone begins at once."""
    list(Machine.objects.select_for_update().order_by("name").values_list("name"))
    alone = not machines_taking_part(now)
    Machine.objects.filter(name=name).update(joined_at=now - BEGIN if alone else now)
    return machines_taking_part(now)


def machines_taking_part(now: datetime) -> dict[str, datetime]:
    """Return since when each machine takes part that is not lost, in the order in which they joined."""
    alive = Machine.objects.filter(seen_at__gt=now - LEASE).order_by(F("joined_at"), "name")
    return {name: since for name, since in alive.values_list("name", "joined_at") if since is not None}
