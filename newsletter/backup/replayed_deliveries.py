"""Applies what the recovery log says about deliveries, and makes unknown what it doesn't know."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from newsletter.config import DeliverySettings
from newsletter.messages import sending as messages
from newsletter.models import Chunk, DeliveryStatus, Edition, Result, Retry, State
from newsletter.sending.outbox import last_claimed
from newsletter.sending.results import ResultRow, record

ROWS = 5_000
UNFINISHED = (State.SENDING, State.PAUSED, State.SENT)
UNKNOWN = DeliveryStatus.UNKNOWN.value
NOBODY = "restored"
"""The machine and holder of a chunk that stands for what was claimed after the backup."""


@dataclass(slots=True)
class DeliveryLog:
    """What was begun and what came of it: the attempts of chunks that have not ended, and results, by number."""

    chunks: dict[int, dict[int, int]] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)
    results: dict[int, ResultRow] = field(default_factory=dict)
    highest: int = 0

    @property
    def begun(self) -> dict[int, int]:
        """Return the attempts that may have been made, by number."""
        return {n: attempt for chunk in self.chunks.values() for n, attempt in chunk.items()}

    def add_begun(self, chunk: int, ranges: Iterable[Sequence[int]]) -> None:
        """Add what a record says."""
        numbers = self.chunks.setdefault(chunk, {})
        for first, last, attempt in ranges:
            numbers.update(dict.fromkeys(range(first, last + 1), attempt))
            self.highest = max(self.highest, last)

    def add_ended(self, chunk: int) -> None:
        """Add what a record says: what has no result was not sent."""
        self.chunks.pop(chunk, None)
        self.ended.add(chunk)

    def add_results(self, at: float, accepted: Iterable[Sequence[int]], others: Iterable[Sequence[Any]]) -> None:
        """Add what a record says; a newer attempt replaces an older one."""
        for first, last, attempt in accepted:
            for number in range(first, last + 1):
                self._add(ResultRow(number, attempt, DeliveryStatus.ACCEPTED.value, at))
        for number, attempt, kind, when, fault, code, status in others:
            self._add(ResultRow(number, attempt, kind, when, fault, code, status))

    def _add(self, row: ResultRow) -> None:
        result = self.results.get(row.number)
        if result is None or (result.attempt, result.kind != UNKNOWN) <= (row.attempt, row.kind != UNKNOWN):
            self.results[row.number] = row


def apply_deliveries(
    logs: Mapping[str, DeliveryLog], settings: DeliverySettings, now: datetime, *, everything: bool
) -> None:
    """Apply the logs to every edition that began; with `everything`, what has no result is unknown, begun or not."""
    for edition in Edition.objects.filter(began_at__isnull=False).exclude(state=State.CANCELLED):
        delivery_log = logs.get(edition.name) or DeliveryLog()
        is_unfinished = edition.state != State.SENT or Retry.objects.filter(edition=edition).exists()
        if edition.state in UNFINISHED and (delivery_log.results or delivery_log.highest or is_unfinished):
            _apply(edition, delivery_log, settings, now, everything=everything)


def _apply(
    edition: Edition, delivery_log: DeliveryLog, settings: DeliverySettings, now: datetime, *, everything: bool
) -> None:
    for rows in _batches(delivery_log.results.values()):
        record(edition, rows, settings, now)
    begun = _begun_before(edition, delivery_log.ended) | delivery_log.begun
    claimed = max(last_claimed(edition), delivery_log.highest, max(delivery_log.results, default=0))
    last = (edition.audience or 0) if everything else claimed
    _claim(edition, last, now)
    attempts = _without_result(edition, last)
    unknown = {n: begun.get(n, attempt) for n, attempt in attempts.items() if everything or begun.get(n, 0) >= attempt}
    why = messages.UNKNOWN_SINCE().to_text()
    lost = (
        ResultRow(n, attempt, DeliveryStatus.UNKNOWN.value, now.timestamp(), "connection", text=why)
        for n, attempt in unknown.items()
    )
    for batch in _batches(lost):
        record(edition, batch, settings, now)
    Retry.objects.filter(edition=edition).update(chunk=None)
    retries = (Retry(edition=edition, number=n, attempt=1, due=now) for n in attempts if n not in unknown)
    Retry.objects.bulk_create(retries, batch_size=1_000, ignore_conflicts=True)


def _begun_before(edition: Edition, ended: Collection[int]) -> dict[int, int]:
    """Return the numbers in chunks that were begun and open when the backup was made, and haven't ended since."""
    attempts: dict[int, int] = {}
    for chunk in Chunk.objects.filter(edition=edition, closed_at=None, begun_at__isnull=False).exclude(pk__in=ended):
        if chunk.first is not None and chunk.last is not None:
            attempts.update(dict.fromkeys(range(chunk.first, chunk.last + 1), 1))
        else:
            attempts.update(Retry.objects.filter(chunk=chunk).values_list("number", "attempt"))
    return attempts


def _claim(edition: Edition, last: int, now: datetime) -> None:
    """Close every chunk, and add one for what was claimed after the backup, so that it isn't claimed again."""
    first = last_claimed(edition) + 1
    Chunk.objects.filter(edition=edition, closed_at=None).update(closed_at=now)
    if last >= first:
        times = {"claimed_at": now, "begun_at": now, "leased_until": now, "closed_at": now}
        Chunk.objects.create(edition=edition, first=first, last=last, machine=NOBODY, holder=NOBODY, **times)


def _without_result(edition: Edition, last: int) -> dict[int, int]:
    """Return the numbers up to `last` without a result that is final, with the next attempt of each."""
    final = Result.objects.filter(edition=edition).exclude(kind=DeliveryStatus.DEFERRED)
    retries = dict(Retry.objects.filter(edition=edition).values_list("number", "attempt"))
    final_numbers = set(final.values_list("number", flat=True).iterator(chunk_size=10_000))
    attempts = {number: retries.get(number, 1) for number in range(1, last + 1) if number not in final_numbers}
    return attempts | {number: attempt for number, attempt in retries.items() if number not in final_numbers}


def _batches(rows: Iterable[ResultRow]) -> Iterator[list[ResultRow]]:
    ordered = iter(rows)
    while batch := list(islice(ordered, ROWS)):
        yield batch
