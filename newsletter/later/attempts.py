"""Starts the later work that is due, and records what came of each attempt.

On SQLite the threads of this process do the work, each lane in its own, so that a slow receiver delays no other; on
PostgreSQL any machine does.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.db import InterfaceError, OperationalError
from django.db.models import QuerySet
from django.utils import timezone

from newsletter.background import Task, enqueue_all
from newsletter.background.causes import cause
from newsletter.config import Config
from newsletter.later.kinds import KINDS, LEASE, Do, InVain, NotNow, WorkKind
from newsletter.later.leases import free, lease as lease_rows
from newsletter.later.storing import unfinished
from newsletter.messages import Message
from newsletter.messages.failures import UNEXPECTED
from newsletter.models import LaterWork
from newsletter.recovery import hold

log = logging.getLogger("newsletter.later")

AT_ONCE = 500
KEEP = timedelta(days=30)
"""How long work is kept that was given up, or that is listed after it was done."""


def later(
    name: str, title: str, *, pauses: Sequence[timedelta], queue: str, lease: timedelta = LEASE, listed: bool = False
) -> Callable[[Do], WorkKind]:
    """Let a function do a kind of later work; see `WorkKind`. `queue` is one of `QUEUES` in `newsletter.background`."""

    def declare(do: Do) -> WorkKind:
        def run(configuration: Config, work: str) -> None:
            _attempt(configuration, KINDS[name], int(work), timezone.now())

        task = Task(name, run, lane=name, queue=queue, periodic=True)
        kind = KINDS[name] = WorkKind(name, title, do, pauses, lease, listed, task)
        return kind

    return declare


def _due(now: datetime) -> QuerySet[LaterWork]:
    """Return the work that may be attempted now, that which has been due for longest first. In a restored database,
    none may.
    """
    rows = unfinished(LaterWork.objects.all()).filter(free(now), due__lte=now, kind__in=KINDS).order_by("due", "pk")
    return rows.none() if hold.reason() else rows


def hand_out(_configuration: Config, now: datetime) -> None:
    """Start a task for each piece of work that is due."""
    due = sorted(_due(now).values_list("kind", "lane", "due", "pk")[:AT_ONCE])
    for (kind, lane), rows in groupby(due, key=lambda row: row[:2]):
        task = replace(KINDS[kind].task, lane=lane)
        enqueue_all(task, {str(pk): {"work": str(pk)} for *_, pk in rows})


def run_due(configuration: Config, now: datetime, *kinds: WorkKind) -> int:
    """Do what is due of these kinds here and now; return how many were done."""
    due = list(_due(now).filter(kind__in=[kind.name for kind in kinds]).values_list("kind", "pk"))
    return sum(_attempt(configuration, KINDS[kind], pk, now) for kind, pk in due)


def _attempt(configuration: Config, kind: WorkKind, pk: int, now: datetime) -> bool:
    """Attempt one piece of work, if it is due and nobody else attempts it; return whether it was done."""
    leased = lease_rows(_due(now).filter(pk=pk), now, kind.lease)
    return bool(leased) and _do(configuration, kind, leased[0], now)


def _do(configuration: Config, kind: WorkKind, work: LaterWork, now: datetime) -> bool:
    try:
        kind.do(configuration, work, now)
    except InVain as failure:
        _give_up(work, failure.problem, now)
    except NotNow as failure:
        _try_again(kind, work, failure.problem, now, counts=failure.counts)
    except (InterfaceError, OperationalError):
        raise  # nothing can be recorded: it is tried again when the lease has ended
    except Exception as error:
        _try_again(kind, work, UNEXPECTED(error=cause(error)), now)
        raise
    else:
        _finish(kind, work, now)
        return True
    return False


def _try_again(kind: WorkKind, work: LaterWork, problem: Message, now: datetime, *, counts: bool = True) -> None:
    """Record when the next attempt is, or give up after the last one."""
    if counts and work.attempts > len(kind.pauses):
        _give_up(work, problem, now)
        return
    due = now + kind.pauses[min(work.attempts, len(kind.pauses)) - 1]
    _record(work, now, problem=problem, due=due, attempts=work.attempts if counts else work.attempts - 1)


def _give_up(work: LaterWork, problem: Message, now: datetime) -> None:
    log.warning("%s is given up after %d attempts: %s", work, work.attempts, problem)
    _record(work, now, problem=problem, gave_up_at=now)


def _finish(kind: WorkKind, work: LaterWork, now: datetime) -> None:
    if kind.listed:
        _record(work, now, problem=None, done_at=now)
    else:
        _own(work).delete()


def _record(work: LaterWork, now: datetime, **values: Any) -> None:
    _own(work).update(**values, leased_until=None, tried_at=now, payload=work.payload)


def _own(work: LaterWork) -> QuerySet[LaterWork]:
    """Return the row if it still has the lease of this attempt: none if a person let it be tried at once meanwhile."""
    return LaterWork.objects.filter(pk=work.pk, leased_until=work.leased_until)
