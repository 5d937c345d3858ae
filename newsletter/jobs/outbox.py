"""The outbox: hands the sending engine its work and takes back what became of it (`mail.Source` and `mail.Sink`).

Promises: a number is in the hands of one chunk at a time, and a chunk in those of one journal; a claim tests the
edition's state in its own transaction; who left is found when a chunk is begun; a number without an outcome goes back
when its chunk is closed. Each call is one transaction, or two, whatever the number of readers.
"""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Count, Exists, OuterRef, QuerySet

from newsletter import config
from newsletter.jobs import audience, database, statements, underway, warm_up
from newsletter.jobs.database import patiently
from newsletter.jobs.freezing import unpack
from newsletter.jobs.phrased import Phrased
from newsletter.jobs.results import Row, give_back, record, row_of
from newsletter.mail import Batch, Outcome, Segments
from newsletter.models import Became, Chunk, Edition, Frozen, Result, Retry, State

MOST = 500
"""No more numbers than these in a chunk."""

LEASE = timedelta(seconds=90)
UNDER_WAY = (State.SENDING, State.SENT)
LEFT_OUT = "left, paused or suppressed since the audience was frozen"


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose a chunk is: a journal in the folder of a machine."""

    machine: str
    journal: str


class Outbox:
    """The work of some newsletters, for the one process that writes the holder's journal."""

    def __init__(self, holder: Holder, newsletters: Collection[str], settings: config.Delivery) -> None:
        self._holder = holder
        self._newsletters = tuple(newsletters)
        self._settings = settings
        self._busy = False
        # Kept for the few editions that are under way: what was claimed once is never frozen anew.
        self._segments = lru_cache(maxsize=8)(_segments_of)
        self._due = Phrased(lambda now: _due(self._newsletters, now).order_by("due").values_list("edition_id")[:1])
        self._unclaimed = Phrased(lambda: unclaimed(self._newsletters).order_by("began_at").values_list("pk"))

    def waiting(self) -> bool:
        """Whether `next` would probably give something; reads only."""
        return due_retries(self._newsletters).exists() or unclaimed(self._newsletters).exists()

    def next(self, limit: int) -> Batch | None:
        """See `mail.Source`. What is due again comes before what was never tried."""
        most = min(limit, MOST)
        if most <= 0 or not (self._busy or self.waiting()):
            return None
        batch = patiently(lambda: self._claim(most))
        self._busy = batch is not None
        return batch

    def begin(self, batch: Batch) -> Batch:
        """See `mail.Source`. Without readers where the chunk is not ours, or its edition not under way, any more."""
        begun = patiently(lambda: self._begin(batch))
        database.into_the_file()
        return begun

    def hold(self, held: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], float]:
        """See `mail.Source`. Leases are renewed when a third of their time is over."""
        return patiently(lambda: self._hold(held)) if held else {}

    def settle(self, edition: str, chunk: int, outcomes: Sequence[Outcome], *, finished: bool) -> None:
        """See `mail.Sink`."""
        patiently(lambda: settle(chunk, [row_of(o) for o in outcomes], self._settings, finished=finished))

    def pause(self, edition: str, reason: str) -> None:
        """See `mail.Sink`."""
        patiently(lambda: underway.pause_by_itself(edition, reason))

    def _claim(self, limit: int) -> Batch | None:
        budget = warm_up.left_today(self._settings.warm_up, database.now())
        most = limit if budget is None else min(limit, budget)
        return (self._claim_retries(most) or self._claim_fresh(most)) if most > 0 else None

    def _claim_retries(self, limit: int) -> Batch | None:
        first = self._due.rows(database.now())
        edition = _locked(first[0][0], UNDER_WAY) if first else None
        if edition is None:
            return None
        due = due_retries(self._newsletters).filter(edition=edition).order_by("due")
        due = due.select_for_update(skip_locked=True, of=("self",))
        attempts = dict(due.values_list("number", "attempt")[:limit])
        chunk = self._chunk(edition, None)
        Retry.objects.filter(edition=edition, number__in=list(attempts), chunk=None).update(chunk=chunk)
        return self._batch(edition, chunk, attempts)

    def _claim_fresh(self, limit: int) -> Batch | None:
        for (key,) in self._unclaimed.rows():
            edition = _locked(key, (State.SENDING,))
            last = claimed(edition) if edition else 0
            if edition and last < (edition.audience or 0):
                end = min(last + limit, edition.audience or 0)
                attempts = dict.fromkeys(range(last + 1, end + 1), 1)
                return self._batch(edition, self._chunk(edition, (last + 1, end)), attempts)
        return None

    def _chunk(self, edition: Edition, numbers: tuple[int, int] | None) -> int:
        now, holder = database.now(), (self._holder.machine, self._holder.journal)
        return statements.claim(edition.pk, numbers, holder, now, now + LEASE)

    def _batch(self, edition: Edition, chunk: int, attempts: dict[int, int]) -> Batch:
        lease = time.clock_gettime(time.CLOCK_BOOTTIME) + LEASE.total_seconds()
        return Batch(edition.name, chunk, self._segments(edition.pk), lease_until=lease, attempts=attempts)

    def _begin(self, batch: Batch) -> Batch:
        chunk = _held(_open_with.rows(batch.chunk, self._holder.machine, self._holder.journal))
        if chunk is None or chunk.edition.state not in UNDER_WAY:
            return replace(batch, readers=())
        now = database.now()
        statements.begin(chunk.pk, now)
        asked = {reader.number: reader.attempt for reader in batch.readers} or batch.attempts
        readers = audience.readers(chunk.edition, asked, now)
        if len(readers) < len(asked):
            left = {reader.number for reader in readers}
            self._skip(chunk.edition, {n: attempt for n, attempt in asked.items() if n not in left})
        return replace(batch, readers=readers)

    def _skip(self, edition: Edition, attempts: Mapping[int, int]) -> None:
        if attempts:
            now = database.now()
            rows = [Row(n, a, Became.SKIPPED.value, now.timestamp(), text=LEFT_OUT) for n, a in attempts.items()]
            record(edition, rows, self._settings, now)

    def _hold(self, held: Sequence[tuple[str, int]]) -> dict[tuple[str, int], float]:
        boot, now = time.clock_gettime(time.CLOCK_BOOTTIME), database.now()
        ours = self._ours([chunk for _, chunk in held]).filter(edition__state__in=UNDER_WAY)
        leases = dict(ours.values_list("pk", "leased_until"))
        old = [key for key, until in leases.items() if until - now < LEASE * 2 / 3]
        if old:
            self._ours(old).update(leased_until=now + LEASE)
            leases |= dict.fromkeys(old, now + LEASE)
        return {key: boot + (leases[key[1]] - now).total_seconds() for key in held if key[1] in leases}

    def _ours(self, chunks: Sequence[int]) -> QuerySet[Chunk]:
        machine, journal = self._holder.machine, self._holder.journal
        return Chunk.objects.filter(pk__in=chunks, machine=machine, holder=journal, closed_at=None)


def settle(chunk: int, rows: Sequence[Row], settings: config.Delivery, *, finished: bool) -> None:
    """Record what became of a chunk's numbers; where it is finished, close it and give back those without an outcome.

    In the caller's transaction, and as good as once where it is called twice. Results count whatever the state.
    """
    held = _held(_any.rows(chunk))
    if held is None:
        raise Chunk.DoesNotExist(f"there is no chunk {chunk}")
    now = database.now()
    record(held.edition, rows, settings, now)
    if finished and statements.close(chunk, now):
        left = unanswered(held)
        if held.edition.state == State.CANCELLED:
            underway.skip(held.edition, left, now)
        else:
            give_back(held, left, now)


def unanswered(chunk: Chunk) -> dict[int, int]:
    """The numbers of a chunk that have no outcome, each with its attempt: of retries those that still name it."""
    if chunk.first is None or chunk.last is None:
        return dict(Retry.objects.filter(chunk=chunk).values_list("number", "attempt"))
    numbers = range(chunk.first, chunk.last + 1)
    if _how_many_answered.rows(chunk.edition_id, chunk.first, chunk.last) == [(len(numbers),)]:
        return {}
    done = _answered.rows(chunk.edition_id, chunk.first, chunk.last)
    return dict.fromkeys(sorted(set(numbers).difference(n for (n,) in done)), 1)


@Phrased
def _how_many_answered(edition: int, first: int, last: int) -> QuerySet[Result, Any]:
    found = Result.objects.filter(edition=edition, number__range=(first, last))
    return found.values("edition_id").annotate(count=Count("*")).values_list("count")


@Phrased
def _answered(edition: int, first: int, last: int) -> QuerySet[Result, Any]:
    return Result.objects.filter(edition=edition, number__range=(first, last)).values_list("number")


def claimed(edition: Edition) -> int:
    """The last number that was ever claimed; 0: none."""
    last = _last.rows(edition.pk)
    return int(last[0][0]) if last else 0


@Phrased
def _last(edition: int) -> QuerySet[Chunk, Any]:
    return Chunk.objects.filter(edition=edition, last__isnull=False).order_by("-last").values_list("last")[:1]


def due_retries(newsletters: Collection[str]) -> QuerySet[Retry]:
    """What may be tried again now."""
    return _due(newsletters, database.now())


def _due(newsletters: Collection[str], now: datetime) -> QuerySet[Retry]:
    return Retry.objects.filter(
        chunk=None, due__lte=now, edition__state__in=UNDER_WAY, edition__newsletter__in=newsletters
    )


def unclaimed(newsletters: Collection[str]) -> QuerySet[Edition]:
    """The editions under way of which some number was never claimed."""
    reached = Chunk.objects.filter(edition=OuterRef("pk"), last__gte=OuterRef("audience"))
    sending = Edition.objects.filter(state=State.SENDING, newsletter__in=newsletters, audience__gt=0)
    return sending.filter(~Exists(reached))


NEEDED = ("newsletter", "period", "state", "audience")
"""The columns of an edition that a chunk's path needs; the others are long."""


def _locked(key: int, states: Collection[State]) -> Edition | None:
    """The edition, if it is in one of these states, and stays so until the transaction ends."""
    found = [_edition(row) for row in _edition_held.rows(key)]
    return found[0] if found and found[0].state in states else None


@Phrased
def _edition_held(key: int) -> QuerySet[Edition, Any]:
    return Edition.objects.select_for_update(no_key=True).filter(pk=key).values_list("pk", *NEEDED)


@Phrased
def _edition_seen(key: int) -> QuerySet[Edition, Any]:
    return Edition.objects.filter(pk=key).values_list("pk", *NEEDED)


def _edition(row: Sequence[Any]) -> Edition:
    return Edition.from_db(DEFAULT_DB_ALIAS, ("id", *NEEDED), row)


PART = ("id", "edition_id", "first", "last")
"""The columns of a chunk that its path needs."""


@Phrased
def _any(chunk: int) -> QuerySet[Chunk, Any]:
    return Chunk.objects.select_for_update(no_key=True).filter(pk=chunk).values_list(*PART)


@Phrased
def _open_with(chunk: int, machine: str, journal: str) -> QuerySet[Chunk, Any]:
    ours = Chunk.objects.filter(pk=chunk, machine=machine, holder=journal, closed_at=None)
    return ours.select_for_update(no_key=True).values_list(*PART)


def _held(rows: Sequence[Sequence[Any]]) -> Chunk | None:
    """The chunk with its edition; it stays as it is until the transaction ends."""
    if not rows:
        return None
    chunk = Chunk.from_db(DEFAULT_DB_ALIAS, PART, rows[0])
    chunk.edition = _edition(_edition_seen.rows(chunk.edition_id)[0])
    return chunk


def _segments_of(edition: int) -> Segments:
    """The frozen mail."""
    return unpack(bytes(Frozen.objects.values_list("segments", flat=True).get(edition=edition)))
