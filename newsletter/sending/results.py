"""Records outcomes of deliveries: the only module that writes results, retries and tallies.

Recording an outcome again changes nothing. A newer attempt replaces an older one, and a known outcome an unknown one of
the same attempt. The tallies always add up to the results.
"""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from newsletter.config import DeliverySettings as Settings
from newsletter.delivery.retries import next_try
from newsletter.domain.outcome import Fault, Outcome, OutcomeKind
from newsletter.editions.states import change
from newsletter.logs import log_event
from newsletter.messages import Message, delivery as messages, notices as notices_messages
from newsletter.models import Chunk, DeliveryStatus, Edition, Result, Retry, State, Tally
from newsletter.recovery import entries
from newsletter.sending.sql import statements
from newsletter.sending.sql.precompiled import PrecompiledQuery, coalesced_ranges
from subscribers.pacing import in_portions

log = logging.getLogger("newsletter.sending")

COLUMN_COUNT = 9
"""How many of a row's first fields are columns, in the order of `statements.UPSERT`."""

LONGEST_TEXT, LONGEST_NAME = 500, 200
ROWS_AT_ONCE = 1_000
CANCELLED: Message = messages.CANCELLED()
"""Why a delivery is skipped that a cancelled edition doesn't attempt."""

_ACCEPTED = DeliveryStatus.ACCEPTED.value


class ResultRow(NamedTuple):
    """A result to be written: an outcome, or a skipped delivery with the reason.

    `kind` is a value of DeliveryStatus, `fault` one of Fault, as plain text, which databases handle faster than enum
    members. `text` is the server's reply, or a message as `Message.to_text` writes it.
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


def row_of(outcome: Outcome) -> ResultRow:
    """Return an outcome as a row; an accepted message keeps its queue id, but no text. PostgreSQL's texts can't contain
    NUL.
    """
    number, attempt, kind, at, fault, code, status, text, queue_id, retry_after, problem = outcome
    name = queue_id.replace("\0", "")[:LONGEST_NAME]
    if kind is OutcomeKind.ACCEPTED:
        return ResultRow(number, attempt, _ACCEPTED, at, "", code, "", "", name)
    words = problem.to_text() if problem else text.replace("\0", "")[:LONGEST_TEXT]
    return ResultRow(number, attempt, kind.value, at, fault.value, code, status[:12], words, name, retry_after)


def record(edition: Edition, rows: Iterable[ResultRow], settings: Settings, now: datetime) -> None:
    """Write results with what follows from them: retries of deferred ones, and the tally.

    To be called in a transaction. A deferred delivery that has expired is refused; in a cancelled edition, where
    nothing is retried, it is skipped.
    """
    newest = {row.number: row for row in sorted(rows, key=lambda row: row.attempt)}
    _publish(edition, newest.values())
    earlier = _known_results(edition, newest)
    fresh = [row for row in newest.values() if _counts(row, earlier.get(row.number))]
    retries = _retries_of(edition, {row.number for row in fresh})
    fresh = [row for row in fresh if not _is_repeated(row, retries.get(row.number))]
    if not fresh:
        return
    written = _retried(edition, fresh, retries, settings, now)
    statements.upsert(edition.pk, [row[:COLUMN_COUNT] for row in written])
    _tally(edition, written, earlier, now)
    transaction.on_commit(partial(entries.results, edition.name, written), robust=True)
    if unknown := sum(row.kind == DeliveryStatus.UNKNOWN for row in written):
        _tell_of_unknown(edition, now)
        transaction.on_commit(partial(_log_unknown, edition.name, unknown), robust=True)


def _publish(edition: Edition, rows: Iterable[ResultRow]) -> None:
    """Make an edition public with its first accepted message.

    The edition's row is locked before those of its results, as by those who change its state.
    """
    if edition.published_at is not None:
        return
    accepted = [row.at for row in rows if row.kind == _ACCEPTED]
    if accepted:
        edition.published_at = datetime.fromtimestamp(min(accepted), UTC)
        Edition.objects.filter(pk=edition.pk, published_at=None).update(published_at=edition.published_at)


def _tell_of_unknown(edition: Edition, now: datetime) -> None:
    # Imported here: the sending processes need not carry the packages that notices lean on.
    from newsletter.editions import notices

    notices.tell(
        edition.newsletter, notices.UNKNOWN, notices_messages.UNCONFIRMED(edition=edition.name), now, edition.name
    )


def _log_unknown(edition: str, count: int) -> None:
    deliveries = "1 delivery is" if count == 1 else f"{count} deliveries are"
    sentence = f"{edition}: {deliveries} unconfirmed: the connection dropped before the server confirmed"
    log_event(log, "unknown", sentence, level=logging.WARNING, edition=edition, count=count)


def _known_results(edition: Edition, numbers: Collection[int]) -> dict[int, tuple[int, str]]:
    """Return attempt and kind of the results so far; locked, so that concurrent writers wait for each other."""
    return {
        number: (attempt, kind)
        for first, last in coalesced_ranges(numbers)
        for number, attempt, kind in _known.rows(edition.pk, first, last)
        if number in numbers
    }


@PrecompiledQuery
def _known(edition: int, first: int, last: int) -> QuerySet[Result, Any]:
    results = Result.objects.select_for_update().filter(edition=edition, number__range=(first, last))
    return results.values_list("number", "attempt", "kind")


def _counts(row: ResultRow, earlier: tuple[int, str] | None) -> bool:
    if earlier is None or earlier[0] < row.attempt:
        return True
    return earlier == (row.attempt, DeliveryStatus.UNKNOWN) and row.kind != DeliveryStatus.UNKNOWN


def _is_repeated(row: ResultRow, next_attempt: int | None) -> bool:
    """Return whether this attempt failed and is to be made again since: then its outcome is known, and comes late."""
    return next_attempt is not None and row.attempt < next_attempt and row.kind != _ACCEPTED


def _retried(
    edition: Edition, rows: Sequence[ResultRow], retries: Collection[int], settings: Settings, now: datetime
) -> list[ResultRow]:
    """Delete the retries that these rows answer, plan new ones, and return the rows as they are to be written."""
    since = _forget_retries(edition, [row.number for row in rows if row.number in retries])
    written, planned = [], []
    for row in rows:
        retry = None
        if row.kind == DeliveryStatus.DEFERRED:
            row, retry = _deferred(edition, row, since.get(row.number), settings, now)
        written.append(row)
        if retry:
            planned.append(retry)
    Retry.objects.bulk_create(planned)
    return written


def _forget_retries(edition: Edition, numbers: Collection[int]) -> dict[int, datetime | None]:
    """Delete the retries of these numbers, and return since when each had been deferred."""
    if not numbers:
        return {}
    retries = Retry.objects.filter(edition=edition, number__in=numbers)
    since = dict(retries.values_list("number", "since"))
    retries.delete()
    return since


def _retries_of(edition: Edition, numbers: Collection[int]) -> dict[int, int]:
    """Return the next attempts of these numbers' retries."""
    return {
        number: attempt
        for first, last in coalesced_ranges(numbers)
        for number, attempt in _waiting.rows(edition.pk, first, last)
        if number in numbers
    }


@PrecompiledQuery
def _waiting(edition: int, first: int, last: int) -> QuerySet[Retry, Any]:
    return Retry.objects.filter(edition=edition, number__range=(first, last)).values_list("number", "attempt")


def _deferred(
    edition: Edition, row: ResultRow, since: datetime | None, settings: Settings, now: datetime
) -> tuple[ResultRow, Retry | None]:
    since = since or datetime.fromtimestamp(row.at, UTC)
    wait = next_try(row.attempt, now - since, settings.retry_delays, settings.retry_for, named=row.retry_after)
    if edition.state == State.CANCELLED:
        return _changed_to(row, DeliveryStatus.SKIPPED, CANCELLED.to_text()), None
    if wait is None:
        return _changed_to(row, DeliveryStatus.REFUSED, row.text, Fault.EXPIRED.value), None
    retry = Retry(edition=edition, number=row.number, attempt=row.attempt + 1, due=now + wait, since=since)
    return row, retry


def _changed_to(row: ResultRow, kind: DeliveryStatus, text: str, fault: str = "") -> ResultRow:
    return row._replace(kind=kind.value, text=text, fault=fault, retry_after=None)


def _tally(edition: Edition, rows: Sequence[ResultRow], earlier: Mapping[int, tuple[int, str]], now: datetime) -> None:
    change = Counter(row.kind for row in rows)
    change.subtract(earlier[row.number][1] for row in rows if row.number in earlier)
    statements.tally(edition.pk, now, [change[kind] for kind in DeliveryStatus.values])


AGAIN_AT_ONCE = 2_000
"""So many results at most are replaced with retries in one transaction."""


def first_again(
    edition: Edition, results: QuerySet[Result], kind: DeliveryStatus, now: datetime
) -> tuple[int, QuerySet[Result]]:
    """Replace the first results of this kind with retries, in the caller's transaction; return how many these were, and
    the others, for `rest_again`.
    """
    numbers = list(results.order_by("number").values_list("number", flat=True)[:AGAIN_AT_ONCE])
    last = numbers[-1] if numbers else 0
    count = attempt_again(edition, results.filter(number__lte=last), kind, now)
    return count, results.filter(number__gt=last)


def rest_again(edition: Edition, results: QuerySet[Result], kind: DeliveryStatus, now: datetime) -> int:
    """Replace further results with retries, in portions, and return their number: after the edition is being sent.

    Nothing more is replaced once somebody cancels it. If the program ends meanwhile, the rest keeps its results, and
    the same can be asked for again.
    """

    def portion_again(portion: QuerySet[Result]) -> int:
        locked = Edition.objects.select_for_update().get(pk=edition.pk)
        if locked.state == State.CANCELLED:
            return 0
        if locked.state == State.SENT:  # the portions before were sent in the meantime
            change(locked, State.SENDING, ended_at=None, reason=None)
        return attempt_again(locked, portion, kind, now)

    return in_portions(results, portion_again, AGAIN_AT_ONCE, "number")


def attempt_again(edition: Edition, results: QuerySet[Result], kind: DeliveryStatus, now: datetime) -> int:
    """Replace results of this kind with retries that are due now, and return their number."""
    attempts = dict(results.select_for_update().values_list("number", "attempt"))
    retries = [Retry(edition=edition, number=n, attempt=attempt + 1, due=now) for n, attempt in attempts.items()]
    if retries:
        numbers = list(attempts)
        for start in range(0, len(numbers), ROWS_AT_ONCE):  # no others, which may have been written since
            Result.objects.filter(edition=edition, number__in=numbers[start : start + ROWS_AT_ONCE]).delete()
        Retry.objects.bulk_create(retries, batch_size=ROWS_AT_ONCE)
        Tally.objects.create(edition=edition, at=now, **{kind.value: -len(retries)})
    return len(retries)


def return_unsent(chunk: Chunk, attempts: Mapping[int, int], now: datetime) -> None:
    """Return what a chunk did not begin; it comes first when sending continues."""
    if chunk.first is None:
        Retry.objects.filter(chunk=chunk).update(chunk=None)
        return
    back = [Retry(edition=chunk.edition, number=n, attempt=attempt, due=now) for n, attempt in attempts.items()]
    Retry.objects.bulk_create(back, ignore_conflicts=True)


def hand_over(chunk: Chunk, returned: Mapping[int, tuple[int, str]], now: datetime) -> None:
    """Return numbers of a begun chunk, each with its attempt and domain, to machines that may send to these domains."""
    if not returned:
        return
    if chunk.first is None:
        for domain in {domain for _, domain in returned.values()}:
            numbers = [number for number, (_, other) in returned.items() if other == domain]
            Retry.objects.filter(chunk=chunk, number__in=numbers).update(chunk=None, domain=domain)
        return
    chunk.handed_over = " ".join([*chunk.handed_over.split(), *map(str, returned)])
    Chunk.objects.filter(pk=chunk.pk).update(handed_over=chunk.handed_over)
    edition = chunk.edition_id
    Retry.objects.bulk_create(
        Retry(edition_id=edition, number=n, attempt=a, due=now, domain=d) for n, (a, d) in returned.items()
    )


def handed_over(chunk: Chunk) -> set[int]:
    """Return the numbers of a chunk that were returned to other machines: it has nothing to do with them any more."""
    return set(map(int, chunk.handed_over.split()))
