"""Records what became of deliveries: the one place that writes results, retries and tallies.

Promises: recording the same outcome twice is as good as once; a newer attempt wins over an older, and an outcome
that is known over one of the same attempt that is not; the tallies always add up to what the results say.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db.models import QuerySet

from newsletter.config import Delivery as Settings
from newsletter.delivery.retry import next_try
from newsletter.jobs import statements
from newsletter.jobs.numbers import spans
from newsletter.jobs.phrased import Phrased
from newsletter.mail import Fault, Kind, Outcome
from newsletter.models import Became, Chunk, Edition, Result, Retry, State

KEPT = 9
"""How many fields of a Row, the first ones, are columns; in the order of `statements.UPSERT`."""

LONGEST_TEXT, LONGEST_NAME = 500, 200
_ACCEPTED = Became.ACCEPTED.value


class Row(NamedTuple):
    """A result to be: what an outcome says, or that a delivery was skipped, and why.

    `kind` is a value of Became, `fault` one of Fault; plain text, which databases take faster than members of an enum.
    """

    number: int
    attempt: int
    kind: str
    at: float
    fault: str = ""
    code: int = 0
    status: str = ""
    text: str = ""
    queue_id: str = ""
    retry_after: float | None = None


def row_of(outcome: Outcome) -> Row:
    """An outcome as a row; an accepted mail keeps its queue id, and no text. PostgreSQL's texts hold no NUL."""
    number, attempt, kind, at, fault, code, status, text, queue_id, retry_after = outcome
    name = queue_id.replace("\0", "")[:LONGEST_NAME]
    if kind is Kind.ACCEPTED:
        return Row(number, attempt, _ACCEPTED, at, "", code, "", "", name)
    words = text.replace("\0", "")[:LONGEST_TEXT]
    return Row(number, attempt, kind.value, at, fault.value, code, status[:12], words, name, retry_after)


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
    statements.upsert(edition.pk, [row[:KEPT] for row in ended])
    _tally(edition, ended, before, now)


def _before(edition: Edition, numbers: Collection[int]) -> dict[int, tuple[int, str]]:
    """Attempt and kind of what is known already; locked, so that two who record at once do it one after the other."""
    return {
        number: (attempt, kind)
        for first, last in spans(numbers)
        for number, attempt, kind in _known.rows(edition.pk, first, last)
        if number in numbers
    }


@Phrased
def _known(edition: int, first: int, last: int) -> QuerySet[Result, Any]:
    known = Result.objects.select_for_update().filter(edition=edition, number__range=(first, last))
    return known.values_list("number", "attempt", "kind")


def _counts(row: Row, known: tuple[int, str] | None) -> bool:
    if known is None or known[0] < row.attempt:
        return True
    return known == (row.attempt, Became.UNKNOWN) and row.kind != Became.UNKNOWN


def _retries(edition: Edition, rows: Sequence[Row], settings: Settings, now: datetime) -> list[Row]:
    """Forget the retries that these rows answer, and plan new ones; gives the rows as they are to be kept."""
    since = _forget_retries(edition, {row.number for row in rows})
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


def _forget_retries(edition: Edition, numbers: Collection[int]) -> dict[int, datetime | None]:
    """Since when each of these numbers that was to be tried again had been deferred."""
    waiting = [n for first, last in spans(numbers) for (n,) in _waiting.rows(edition.pk, first, last) if n in numbers]
    if not waiting:
        return {}
    retries = Retry.objects.filter(edition=edition, number__in=waiting)
    since = dict(retries.values_list("number", "since"))
    retries.delete()
    return since


@Phrased
def _waiting(edition: int, first: int, last: int) -> QuerySet[Retry, Any]:
    return Retry.objects.filter(edition=edition, number__range=(first, last)).values_list("number")


def _deferred(
    edition: Edition, row: Row, since: datetime | None, settings: Settings, now: datetime
) -> tuple[Row, Retry | None]:
    since = since or datetime.fromtimestamp(row.at, UTC)
    wait = next_try(row.attempt, now - since, settings.retry_delays, settings.retry_for, named=row.retry_after)
    if edition.state == State.CANCELLED:
        return _instead(row, Became.SKIPPED, "the edition was cancelled"), None
    if wait is None:
        return _instead(row, Became.REFUSED, row.text, Fault.EXPIRED.value), None
    retry = Retry(edition=edition, number=row.number, attempt=row.attempt + 1, due=now + wait, since=since)
    return row, retry


def _instead(row: Row, kind: Became, text: str, fault: str = "") -> Row:
    return row._replace(kind=kind.value, text=text, fault=fault, retry_after=None)


def _tally(edition: Edition, rows: Sequence[Row], before: Mapping[int, tuple[int, str]], now: datetime) -> None:
    change = Counter(row.kind for row in rows)
    change.subtract(before[row.number][1] for row in rows if row.number in before)
    statements.tally(edition.pk, now, [change[kind] for kind in Became.values])


def give_back(chunk: Chunk, attempts: Mapping[int, int], now: datetime) -> None:
    """What a chunk did not begin goes back: it is tried first when sending goes on."""
    if chunk.first is None:
        Retry.objects.filter(chunk=chunk).update(chunk=None)
        return
    back = [Retry(edition=chunk.edition, number=n, attempt=attempt, due=now) for n, attempt in attempts.items()]
    Retry.objects.bulk_create(back, ignore_conflicts=True)
