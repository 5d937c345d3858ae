"""Records what became of deliveries: the one place that writes results, retries and tallies.

Promises: recording the same outcome twice is as good as once; a newer attempt wins over an older, and an outcome
that is known over one of the same attempt that is not; the tallies always add up to what the results say.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from django.db import connection

from newsletter.config import Delivery as Settings
from newsletter.delivery.retry import next_try
from newsletter.jobs.numbers import spanning
from newsletter.mail import Fault, Kind, Outcome
from newsletter.models import Became, Chunk, Edition, Result, Retry, State, Tally

UPSERT = (
    "INSERT INTO newsletter_result"
    " (edition_id, number, attempt, kind, fault, code, status, text, queue_id, at, settled)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (edition_id, number) DO UPDATE SET"
    " attempt = excluded.attempt, kind = excluded.kind, fault = excluded.fault, code = excluded.code,"
    " status = excluded.status, text = excluded.text, queue_id = excluded.queue_id, at = excluded.at,"
    " settled = excluded.settled"
)
LONGEST_TEXT, LONGEST_NAME = 500, 200


class Row(NamedTuple):
    """A result to be: what an outcome says, or that a delivery was skipped, and why."""

    number: int
    attempt: int
    kind: Became
    at: float
    fault: str = ""
    code: int = 0
    status: str = ""
    text: str = ""
    queue_id: str = ""
    retry_after: float | None = None


def row_of(outcome: Outcome) -> Row:
    """An outcome as a row; an accepted mail keeps its queue id, and no text."""
    return Row(
        outcome.number,
        outcome.attempt,
        Became(outcome.kind),
        outcome.at,
        outcome.fault,
        outcome.code,
        outcome.status[:12],
        "" if outcome.kind is Kind.ACCEPTED else outcome.text[:LONGEST_TEXT],
        outcome.queue_id[:LONGEST_NAME],
        outcome.retry_after,
    )


def record(edition: Edition, rows: Iterable[Row], settings: Settings, now: datetime) -> None:
    """Write results, and what follows from them: when deferred ones are tried again, and the tally.

    To be called in a transaction. A deferred delivery whose time is over is refused as expired; in a cancelled
    edition, where nothing is tried again, it is skipped.
    """
    newest = {row.number: row for row in sorted(rows, key=lambda row: row.attempt)}
    before = _before(edition, newest)
    fresh = [row for row in newest.values() if _counts(row, before.get(row.number))]
    if not fresh:
        return
    ended = _retries(edition, fresh, settings, now)
    _write(edition, ended)
    _tally(edition, ended, before, now)


def _before(edition: Edition, numbers: Collection[int]) -> dict[int, tuple[int, str]]:
    """Attempt and kind of what is known already; locked, so that two who record at once do it one after the other."""
    known = Result.objects.select_for_update().filter(edition=edition, **spanning(numbers))
    rows = known.values_list("number", "attempt", "kind")
    return {number: (attempt, kind) for number, attempt, kind in rows if number in numbers}


def _counts(row: Row, known: tuple[int, str] | None) -> bool:
    if known is None or known[0] < row.attempt:
        return True
    return known == (row.attempt, Became.UNKNOWN) and row.kind != Became.UNKNOWN


def _retries(edition: Edition, rows: Sequence[Row], settings: Settings, now: datetime) -> list[Row]:
    """Forget the retries that these rows answer, and plan new ones; gives the rows as they are to be kept."""
    numbers = {row.number for row in rows}
    waiting = Retry.objects.filter(edition=edition, **spanning(numbers)).values_list("number", "since")
    since = {number: first for number, first in waiting if number in numbers}
    if since:
        Retry.objects.filter(edition=edition, number__in=list(since)).delete()
    kept, planned = [], []
    for row in rows:
        retry = None
        if row.kind == Became.DEFERRED:
            row, retry = _deferred(edition, row, since.get(row.number), settings, now)
        kept.append(row)
        if retry:
            planned.append(retry)
    Retry.objects.bulk_create(planned)
    return kept


def _deferred(
    edition: Edition, row: Row, since: datetime | None, settings: Settings, now: datetime
) -> tuple[Row, Retry | None]:
    since = since or datetime.fromtimestamp(row.at, UTC)
    wait = next_try(row.attempt, now - since, settings.retry_delays, settings.retry_for, named=row.retry_after)
    if edition.state == State.CANCELLED:
        return _instead(row, Became.SKIPPED, "the edition was cancelled"), None
    if wait is None:
        return _instead(row, Became.REFUSED, row.text, Fault.EXPIRED), None
    retry = Retry(edition=edition, number=row.number, attempt=row.attempt + 1, due=now + wait, since=since)
    return row, retry


def _instead(row: Row, kind: Became, text: str, fault: str = "") -> Row:
    return Row(row.number, row.attempt, kind, row.at, fault, row.code, row.status, text, row.queue_id)


def _write(edition: Edition, rows: Sequence[Row]) -> None:
    values = [
        (edition.pk, r.number, r.attempt, r.kind, r.fault, r.code, r.status, r.text, r.queue_id, r.at, False)
        for r in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(UPSERT, values)


def _tally(edition: Edition, rows: Sequence[Row], before: Mapping[int, tuple[int, str]], now: datetime) -> None:
    change = Counter(str(row.kind) for row in rows)
    change.subtract(before[row.number][1] for row in rows if row.number in before)
    Tally.objects.create(edition=edition, at=now, **{kind: change[kind] for kind in Became.values})


def give_back(chunk: Chunk, attempts: Mapping[int, int], now: datetime) -> None:
    """What a chunk did not begin goes back: it is tried first when sending goes on."""
    if chunk.first is None:
        Retry.objects.filter(chunk=chunk).update(chunk=None)
        return
    back = [Retry(edition=chunk.edition, number=n, attempt=attempt, due=now) for n, attempt in attempts.items()]
    Retry.objects.bulk_create(back, ignore_conflicts=True)
