"""The lease on a machine's identity: of two journal folders with the same identity, only one may send.

The identity is a file in the journal folder, so that a copied folder or disk has it too, and its sender would take the
original's chunks for abandoned. So a sender holds its identity in the database, bound to its host and boot: another
holder is refused until the lease has ended and none of its messages can be in flight. With SQLite there is one machine.
"""

import hashlib
import logging
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from pathlib import Path

from django.db import connection, transaction

from newsletter.config import Timeouts
from newsletter.delivery.journal import JournalError, boot_id
from newsletter.messages import Message, delivery as messages
from newsletter.models import Machine
from newsletter.sending import journals
from newsletter.sending.sql import database

log = logging.getLogger(__name__)

LEASE, RENEW = timedelta(seconds=90), 15.0
MACHINE_ID = Path("/etc/machine-id")


@dataclass(frozen=True, slots=True)
class LeaseHolder:
    """The holder of an identity: `host` identifies the machine and the folder on it, `boot` this boot of the
    machine.
    """

    host: str
    boot: str
    description: str


def this_holder(folder: Path) -> LeaseHolder:
    """Return this machine and folder as a holder."""
    status = (folder / journals.MACHINE).stat()
    machine_id = ""
    with suppress(FileNotFoundError):  # in many containers
        machine_id = MACHINE_ID.read_text(encoding="utf-8", errors="replace").strip()
    name = f"{machine_id} {status.st_dev}:{status.st_ino}"
    host = hashlib.sha256(name.encode()).hexdigest()[:32]
    return LeaseHolder(host, boot_id(), f"{socket.gethostname()}:{folder}"[:500])


class MachineLease:
    """The lease of one sender; to be acquired with `hold` before chunks are read, and released at the end."""

    def __init__(self, folder: Path, timeouts: Timeouts) -> None:
        self._folder = folder
        self._longest = journals.max_time_in_flight(timeouts)
        self._renewed = -inf
        self.held = False

    def hold(self) -> None:
        """Acquire or renew the lease. Raises JournalError while another holder may be sending."""
        if self.held and time.monotonic() - self._renewed < RENEW:
            return
        self.held = False
        if connection.vendor == "postgresql":
            acquire(journals.machine(self._folder), this_holder(self._folder), self._folder, self._longest)
        self.held, self._renewed = True, time.monotonic()

    def release(self) -> None:
        """Let another holder acquire the identity at once."""
        if self.held and connection.vendor == "postgresql":
            holder = this_holder(self._folder)
            Machine.objects.filter(name=journals.machine(self._folder), host=holder.host).update(seen_at=None)
        self.held = False


@transaction.atomic
def acquire(identity: str, holder: LeaseHolder, folder: Path, longest: timedelta) -> None:
    """Record the holder as seen now. Raises JournalError while another one may be sending.

    `longest` is how long a message can be in flight after its lease.
    """
    now = database.now()
    values = {"host": holder.host, "boot": holder.boot, "description": holder.description, "seen_at": now}
    row, created = Machine.objects.select_for_update().get_or_create(name=identity, defaults=values)
    if created:
        return
    if (row.host, row.boot) != (holder.host, holder.boot):
        if row.seen_at is not None and (left := _left(row, holder, now, longest)) > timedelta():
            raise JournalError(_refusal(row, holder, folder, now, left))
        log.warning("the machine identity in %s passes from %s to %s", folder, row.description, holder.description)
    Machine.objects.filter(name=identity).update(**values)


def _left(row: Machine, holder: LeaseHolder, now: datetime, longest: timedelta) -> timedelta:
    """Return how long to wait: a restarted machine has nothing in flight, which can't be known of another one."""
    seen = row.seen_at or now
    return seen + LEASE + (timedelta() if row.host == holder.host else longest) - now


def _refusal(row: Machine, holder: LeaseHolder, folder: Path, now: datetime, left: timedelta) -> Message:
    seen = int((now - (row.seen_at or now)).total_seconds())
    if row.host == holder.host:
        return messages.RESTARTED_OR_COPIED(path=str(folder), seen=seen, left=int(left.total_seconds()))
    return messages.COPIED(path=str(folder), machine=row.description, seen=seen)
