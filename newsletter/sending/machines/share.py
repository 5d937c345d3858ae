"""The share of the configured limits that each machine may use, so that all machines together keep them.

Machines that send are numbered in the order in which they joined. Each stores the share that its processes may use at
most. One that joins begins when the others use no more than their new shares; one that leaves gives its share back.
With SQLite, there is one machine, which has the whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction
from django.db.models import F

from newsletter.config import DeliverySettings
from newsletter.delivery.limits import Limits
from newsletter.models import Machine
from newsletter.sending import journals
from newsletter.sending.machines.lease import LEASE
from newsletter.sending.sql import database


@dataclass(frozen=True, slots=True)
class Share:
    """One of `parts` equal shares; the first ones get what can't be divided."""

    place: int
    parts: int

    def within(self, other: "Share") -> bool:
        """Return whether no limit of this share is higher than the other's."""
        return self.place >= other.place and self.parts >= other.parts

    def of(self, delivery: DeliverySettings) -> Limits:
        """Return this share of what is configured."""
        return Limits.of(delivery).share(self.place, self.parts)


WHOLE = Share(0, 1)


def next_share(name: str, used: Mapping[str, Share | None], most: int) -> Share | None:
    """Return the share that a machine may use now; None if it must not send.

    `used` has the share that each machine uses at most, in the order in which they joined. At most `most` machines
    send.
    """
    parts = min(len(used), most)
    targets = {machine: Share(place, parts) for place, machine in enumerate(list(used)[:parts])}
    mine, target = used[name], targets.get(name)
    if target is None:
        return None
    if mine is not None and not mine.within(target):
        return Share(max(mine.place, target.place), max(mine.parts, target.parts))  # within both
    other_shares = [
        (share, targets.get(machine)) for machine, share in used.items() if machine != name and share is not None
    ]
    fits = all(theirs is not None and share.within(theirs) for share, theirs in other_shares)
    return target if fits else mine


class MachineShare:
    """The share of one machine, which holds its lease."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._used: Share | None = None
        self._joined = True  # perhaps, before this process was started

    def claim(self, delivery: DeliverySettings) -> Share | None:
        """Return the share that this machine may use now. What it uses in addition is stored first."""
        if connection.vendor != "postgresql":
            return WHOLE
        name, most = journals.machine(self._folder), delivery.connections
        used = _shares()
        if name in used and used[name] == self._used == next_share(name, used, most):
            return self._used
        return self._claim(name, most)

    @transaction.atomic
    def _claim(self, name: str, most: int) -> Share | None:
        list(Machine.objects.select_for_update().order_by("name").values_list("name"))
        now = database.now()
        Machine.objects.filter(name=name, joined_at=None).update(joined_at=now)
        self._joined, used = True, _shares()
        if name not in used:  # the database could not be used for longer than its lease
            return None
        share, self._used = next_share(name, used, most), used[name]
        if share is not None and (self._used is None or self._used.within(share)):
            self._store(name, share)
        return share

    def confirm(self, share: Share | None) -> None:
        """Store that the processes of this machine use no more than this share."""
        if connection.vendor == "postgresql" and share != self._used:
            self._store(journals.machine(self._folder), share)

    def leave(self) -> None:
        """Give the share back: no process of this machine sends."""
        if connection.vendor == "postgresql" and self._joined:
            Machine.objects.filter(name=journals.machine(self._folder)).update(joined_at=None, place=None, parts=None)
        self._used, self._joined = None, False

    def _store(self, name: str, share: Share | None) -> None:
        place, parts = (share.place, share.parts) if share else (None, None)
        Machine.objects.filter(name=name).update(place=place, parts=parts)
        self._used = share


def _shares() -> dict[str, Share | None]:
    """Return what each machine that takes part uses at most, in the order in which they joined."""
    alive = Machine.objects.filter(seen_at__gt=database.now() - LEASE, joined_at__isnull=False)
    rows = alive.order_by(F("joined_at"), "name").values_list("name", "place", "parts")
    return {name: None if place is None or parts is None else Share(place, parts) for name, place, parts in rows}
