"""The outbox: claims chunks for the sending engine, and records their outcomes (`WorkSource` and `Sink`).

A number belongs to one chunk at a time, and a chunk to one journal. A claim checks the edition's state in its own
transaction. Subscribers who have unsubscribed are found when a chunk is begun, also those whose unsubscription waits in
a file. Numbers without an outcome are returned
when their chunk is closed. Each call is one or two transactions, whatever the number of recipients.
"""

import time
from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Count, Exists, OuterRef, QuerySet

from newsletter.config import Config, DeliverySettings
from newsletter.domain.batch import Batch
from newsletter.domain.encoded_email import EncodedEmail
from newsletter.domain.outcome import Outcome
from newsletter.editions.approved_content import unpack
from newsletter.messages import Message, delivery as messages
from newsletter.models import ApprovedContent, Chunk, DeliveryStatus, Edition, Hold, Result, Retry, State, Variant
from newsletter.recovery import entries
from newsletter.sending import audience, lifecycle, unapplied, unsubscriptions, warm_up
from newsletter.sending.lifecycle import ACTIVE_STATES
from newsletter.sending.results import ResultRow, hand_over, handed_over, record, return_unsent, row_of
from newsletter.sending.safeguards import fallback
from newsletter.sending.safeguards.fallback import ALONE, Succession, Work
from newsletter.sending.safeguards.guard import bounce_limit
from newsletter.sending.sql import database, statements
from newsletter.sending.sql.database import with_retries
from newsletter.sending.sql.precompiled import PrecompiledQuery

MAX_CHUNK_SIZE = 500
"""The most numbers that a chunk may have, except at the end of a variant; see `_end_in`."""

LEASE = timedelta(seconds=90)


@dataclass(frozen=True, slots=True)
class Holder:
    """The holder of a chunk: a journal in the folder of a machine."""

    machine: str
    journal: str


class Outbox:
    """The work of some newsletters, for the process that writes the holder's journal."""

    def __init__(
        self,
        holder: Holder,
        newsletters: Collection[str],
        configuration: Config,
        excluded: Callable[[], frozenset[str]] = frozenset,
        succession: Succession = ALONE,
    ) -> None:
        """`newsletters` have this process's provider, and `succession` says what takes over and what it takes over.

        `excluded` returns the domains to which only other machines may send now.
        """
        self._holder = holder
        self._work = Work(tuple(newsletters), succession)
        self._configuration = configuration
        self._busy = False
        # Kept for the few editions that are under way: what was claimed once is never frozen anew.
        self._emails = lru_cache(maxsize=8)(_email_of)
        self._variants = lru_cache(maxsize=8)(_variants_of)
        self._excluded = excluded
        self._due = lru_cache(maxsize=8)(self._due_query)
        self._unclaimed = PrecompiledQuery(lambda: unclaimed(self._work).order_by("began_at").values_list("pk"))

    def waiting(self) -> bool:
        """Return whether `next` would probably return something; reads only."""
        due = self._due(self._excluded()).rows(database.now())
        return bool(due) or unclaimed(self._work).exists()

    def next(self, limit: int) -> Batch | None:
        """See `WorkSource`. Retries that are due come before first attempts."""
        most = min(limit, MAX_CHUNK_SIZE)
        if not (self._busy or self.waiting()):
            return None
        batch = with_retries(lambda: self._claim(most))
        self._busy = batch is not None
        return batch

    def begin(self, batch: Batch) -> Batch:
        """See `WorkSource`. Without recipients if the chunk belongs to another holder, or its edition is not being sent
        any more.
        """
        if not batch.recipients:  # first in the log: a log that can't be written leaves the chunk unbegun
            entries.begun(batch.edition, batch.chunk, batch.attempts)
        unsubscriptions.apply_all()
        begun = with_retries(lambda: self._begin(batch))
        database.checkpoint()
        return begun

    def renew_leases(self, chunks: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], float]:
        """See `WorkSource`. Leases are renewed when a third of their time has passed."""
        return with_retries(lambda: self._hold(chunks)) if chunks else {}

    def settle(self, edition: str, chunk: int, outcomes: Sequence[Outcome], *, finished: bool) -> None:
        """See `Sink`."""
        rows = [row_of(o) for o in outcomes]
        with_retries(lambda: settle(chunk, rows, self._configuration.delivery, finished=finished))
        if self._work.succession.fallbacks and (reason := fallback.outage(rows)):
            with_retries(lambda: fallback.after_outage(self._work, edition, reason))

    def pause(self, edition: str, reason: Message) -> None:
        """See `Sink`. The fallback provider takes over where it can help."""
        with_retries(lambda: fallback.pause(self._work, edition, reason))

    def provider_failed(self, reason: Message) -> bool:
        """Let the fallback provider take over all editions being sent; return whether it took over any."""
        return with_retries(lambda: fallback.take_over_all(self._work, reason))

    def _due_query(self, excluded: frozenset[str]) -> PrecompiledQuery:
        return PrecompiledQuery(
            lambda now: _due(self._work, now, excluded).order_by("due").values_list("edition_id")[:1]
        )

    def _claim(self, limit: int) -> Batch | None:
        if _holds.rows():
            return None
        budget = warm_up.remaining_today(self._configuration.delivery.warm_up)
        most = limit if budget is None else min(limit, budget)
        return (self._claim_retries(most) or self._claim_fresh(most, budget)) if most > 0 else None

    def _claim_retries(self, limit: int) -> Batch | None:
        excluded, now = self._excluded(), database.now()
        rows = self._due(excluded).rows(now)
        edition = _locked(rows[0][0], ACTIVE_STATES) if rows else None
        if edition is None:
            return None
        due = _due(self._work, now, excluded).filter(edition=edition).order_by("due")
        due = due.select_for_update(skip_locked=True, of=("self",))
        attempts = dict(due.values_list("number", "attempt")[:limit])
        if variants := self._variants(edition.pk):
            variant = _variant_of(variants, next(iter(attempts)))
            attempts = {n: attempt for n, attempt in attempts.items() if variant.first <= n <= variant.last}
        chunk, lease = self._chunk(edition, None)
        Retry.objects.filter(edition=edition, number__in=list(attempts), chunk=None).update(chunk=chunk)
        return self._batch(edition, chunk, lease, attempts)

    def _claim_fresh(self, limit: int, budget: int | None) -> Batch | None:
        for (key,) in self._unclaimed.rows():
            edition = _locked(key, (State.SENDING,))
            if edition is None:
                continue
            last, audience_size = last_claimed(edition), edition.audience or 0
            if last < audience_size:
                end = min(last + limit, audience_size)
                if variants := self._variants(key):
                    end = _end_in(_variant_of(variants, last + 1), last, limit, budget)
                attempts = dict.fromkeys(range(last + 1, end + 1), 1)
                return self._batch(edition, *self._chunk(edition, (last + 1, end)), attempts)
        return None

    def _chunk(self, edition: Edition, numbers: tuple[int, int] | None) -> tuple[int, float]:
        """Return a new chunk, and when its lease ends, measured from before the database was asked for its time."""
        lease = time.clock_gettime(time.CLOCK_BOOTTIME) + LEASE.total_seconds()
        now, holder = database.now(), (self._holder.machine, self._holder.journal)
        return statements.claim(edition.pk, numbers, holder, now, now + LEASE), lease

    def _batch(self, edition: Edition, chunk: int, lease: float, attempts: dict[int, int]) -> Batch:
        variants = self._variants(edition.pk)
        variant = _variant_of(variants, next(iter(attempts))).key if variants else 0
        mail = self._emails(edition.pk, variant, edition.began_at)
        limit = bounce_limit(self._configuration.delivery.guard, edition.guard_pauses)
        return Batch(edition.name, chunk, mail, lease_until=lease, attempts=attempts, bounce_limit=limit)

    def _begin(self, batch: Batch) -> Batch:
        chunk = _locked_chunk(_own_open_chunk.rows(batch.chunk, self._holder.machine, self._holder.journal))
        if chunk is None or chunk.edition.state not in ACTIVE_STATES:
            return replace(batch, recipients=())
        unsubscriptions.apply_rest()
        unapplied.check(self._configuration)
        now = database.now()
        statements.begin(chunk.pk, now)
        attempts = {recipient.number: recipient.attempt for recipient in batch.recipients} or batch.attempts
        recipients = audience.recipients(self._configuration, chunk.edition, attempts, now, batch.email.fields)
        if excluded := self._excluded():
            excluded_recipients = {r.number: (r.attempt, r.domain) for r in recipients if r.domain in excluded}
            hand_over(chunk, excluded_recipients, now)
            recipients = [recipient for recipient in recipients if recipient.number not in excluded_recipients]
            attempts = {number: attempt for number, attempt in attempts.items() if number not in excluded_recipients}
        if len(recipients) < len(attempts):
            numbers = {recipient.number for recipient in recipients}
            self._skip(chunk.edition, {n: attempt for n, attempt in attempts.items() if n not in numbers})
        return replace(batch, recipients=recipients)

    def _skip(self, edition: Edition, attempts: Mapping[int, int]) -> None:
        if attempts:
            now, why = database.now(), messages.NO_LONGER_SUBSCRIBED().to_text()
            rows = [
                ResultRow(n, a, DeliveryStatus.SKIPPED.value, now.timestamp(), text=why) for n, a in attempts.items()
            ]
            record(edition, rows, self._configuration.delivery, now)

    def _hold(self, chunks: Sequence[tuple[str, int]]) -> dict[tuple[str, int], float]:
        boot, now = time.clock_gettime(time.CLOCK_BOOTTIME), database.now()
        chunk_rows = self._ours([chunk for _, chunk in chunks]).filter(edition__state__in=ACTIVE_STATES)
        leases = dict(chunk_rows.values_list("pk", "leased_until"))
        old = [key for key, until in leases.items() if until - now < LEASE * 2 / 3]
        if old:
            self._ours(old).update(leased_until=now + LEASE)
            leases |= dict.fromkeys(old, now + LEASE)
        return {key: boot + (leases[key[1]] - now).total_seconds() for key in chunks if key[1] in leases}

    def _ours(self, chunks: Sequence[int]) -> QuerySet[Chunk]:
        machine, journal = self._holder.machine, self._holder.journal
        return Chunk.objects.filter(pk__in=chunks, machine=machine, holder=journal, closed_at=None)


def settle(chunk: int, rows: Sequence[ResultRow], settings: DeliverySettings, *, finished: bool) -> None:
    """Record outcomes of a chunk; if it is finished, close it and return the numbers without an outcome.

    Runs in the caller's transaction, and may be repeated. Results are recorded whatever the edition's state.
    """
    locked = _locked_chunk(_chunk_row.rows(chunk))
    if locked is None:
        raise Chunk.DoesNotExist(f"there is no chunk {chunk}")
    now = database.now()
    record(locked.edition, rows, settings, now)
    if finished and statements.close(chunk, now):
        unsent = without_outcome(locked)
        if locked.edition.state == State.CANCELLED:
            lifecycle.skip(locked.edition, unsent, settings, now)
        else:
            return_unsent(locked, unsent, now)
        transaction.on_commit(partial(entries.ended, locked.edition.name, chunk), robust=True)


def without_outcome(chunk: Chunk) -> dict[int, int]:
    """Return the attempts of a chunk's numbers without an outcome; of retries, those that still refer to it."""
    if chunk.first is None or chunk.last is None:
        return dict(Retry.objects.filter(chunk=chunk).values_list("number", "attempt"))
    numbers = set(range(chunk.first, chunk.last + 1)) - handed_over(chunk)
    if _outcome_count.rows(chunk.edition_id, chunk.first, chunk.last) == [(len(numbers),)]:
        return {}
    done = _numbers_with_outcome.rows(chunk.edition_id, chunk.first, chunk.last)
    return dict.fromkeys(sorted(numbers.difference(n for (n,) in done)), 1)


@PrecompiledQuery
def _outcome_count(edition: int, first: int, last: int) -> QuerySet[Result, Any]:
    results = Result.objects.filter(edition=edition, number__range=(first, last))
    return results.values("edition_id").annotate(count=Count("*")).values_list("count")


@PrecompiledQuery
def _numbers_with_outcome(edition: int, first: int, last: int) -> QuerySet[Result, Any]:
    return Result.objects.filter(edition=edition, number__range=(first, last)).values_list("number")


def last_claimed(edition: Edition) -> int:
    """Return the last number that was claimed so far; 0 for none."""
    rows = _last_claimed_row.rows(edition.pk)
    return int(rows[0][0]) if rows else 0


@PrecompiledQuery
def _last_claimed_row(edition: int) -> QuerySet[Chunk, Any]:
    return Chunk.objects.filter(edition=edition, last__isnull=False).order_by("-last").values_list("last")[:1]


def due_retries(newsletters: Collection[str]) -> QuerySet[Retry]:
    """Return the retries that are due now."""
    return _due(Work(tuple(newsletters)), database.now())


def _due(work: Work, now: datetime, excluded: Collection[str] = ()) -> QuerySet[Retry]:
    due = Retry.objects.filter(work.editions("edition__"), chunk=None, due__lte=now, edition__state__in=ACTIVE_STATES)
    return due.exclude(domain__in=sorted(excluded)) if excluded else due


def unclaimed(work: Work) -> QuerySet[Edition]:
    """Return the editions being sent of which some numbers were never claimed."""
    reached = Chunk.objects.filter(edition=OuterRef("pk"), last__gte=OuterRef("audience"))
    sending = Edition.objects.filter(work.editions(), state=State.SENDING, audience__gt=0)
    return sending.filter(~Exists(reached))


@PrecompiledQuery
def _holds() -> QuerySet[Hold, Any]:
    return Hold.objects.values_list("pk")


EDITION_COLUMNS = ("newsletter", "period", "state", "began_at", "published_at", "audience", "guard_pauses")
"""The columns of an edition that are needed for every chunk, in the order of the model; the others are large."""


def _locked(key: int, states: Collection[State]) -> Edition | None:
    """Return the edition, locked until the transaction ends, if it is in one of these states."""
    editions = [_edition(row) for row in _edition_locked_row.rows(key)]
    return editions[0] if editions and editions[0].state in states else None


@PrecompiledQuery
def _edition_locked_row(key: int) -> QuerySet[Edition, Any]:
    return Edition.objects.select_for_update(no_key=True).filter(pk=key).values_list("pk", *EDITION_COLUMNS)


@PrecompiledQuery
def _edition_row(key: int) -> QuerySet[Edition, Any]:
    return Edition.objects.filter(pk=key).values_list("pk", *EDITION_COLUMNS)


def _edition(row: Sequence[Any]) -> Edition:
    return Edition.from_db(DEFAULT_DB_ALIAS, ("id", *EDITION_COLUMNS), row)


CHUNK_COLUMNS = ("id", "edition_id", "first", "last", "handed_over")
"""The columns of a chunk that are needed for every chunk."""


@PrecompiledQuery
def _chunk_row(chunk: int) -> QuerySet[Chunk, Any]:
    return Chunk.objects.select_for_update(no_key=True).filter(pk=chunk).values_list(*CHUNK_COLUMNS)


@PrecompiledQuery
def _own_open_chunk(chunk: int, machine: str, journal: str) -> QuerySet[Chunk, Any]:
    chunks = Chunk.objects.filter(pk=chunk, machine=machine, holder=journal, closed_at=None)
    return chunks.select_for_update(no_key=True).values_list(*CHUNK_COLUMNS)


def _locked_chunk(rows: Sequence[Sequence[Any]]) -> Chunk | None:
    """Return the chunk of a locked row with its edition, or None."""
    if not rows:
        return None
    chunk = Chunk.from_db(DEFAULT_DB_ALIAS, CHUNK_COLUMNS, rows[0])
    chunk.edition = _edition(_edition_row.rows(chunk.edition_id)[0])
    return chunk


class VariantNumbers(NamedTuple):
    """The numbers of the recipients of a variant; `key` is its primary key, 0 for the approved content."""

    key: int
    first: int
    last: int


def _variants_of(edition: int) -> list[VariantNumbers]:
    """Return the variants that have recipients, in the order of their numbers; none if all get the same email."""
    variants = Variant.objects.filter(edition=edition, last__isnull=False).order_by("last")
    rows = variants.values_list("pk", "position", "first", "last")
    return [VariantNumbers(key if position else 0, first or 1, last or 0) for key, position, first, last in rows]


def _variant_of(variants: Sequence[VariantNumbers], number: int) -> VariantNumbers:
    return variants[bisect_left(variants, number, key=attrgetter("last"))]


def _end_in(variant: VariantNumbers, last: int, limit: int, budget: int | None) -> int:
    """Return the last number of the chunk that begins after `last` in a variant.

    A chunk of full size takes the rest of its variant, too, if there is less than another one: a chunk takes as much
    CPU time as 100 to 200 emails. A smaller `limit` is that of a rate, and `budget` that of a new sending address.
    """
    most = 2 * MAX_CHUNK_SIZE - 1 if limit == MAX_CHUNK_SIZE else limit
    remaining = variant.last - last
    return last + (remaining if remaining <= (most if budget is None else min(most, budget)) else limit)


def _email_of(edition: int, variant: int, _began_at: datetime | None) -> EncodedEmail:
    """Return the approved email, or that of a variant other than the first.

    `began_at` distinguishes what is kept: a letter of the welcome series is dated again whenever recipients are added.
    """
    [(packed,)] = _of_variant.rows(variant) if variant else _approved.rows(edition)
    return unpack(bytes(packed))


@PrecompiledQuery
def _approved(edition: int) -> QuerySet[ApprovedContent, Any]:
    return ApprovedContent.objects.filter(edition=edition).values_list("segments")


@PrecompiledQuery
def _of_variant(key: int) -> QuerySet[Variant, Any]:
    return Variant.objects.filter(pk=key).values_list("segments")
