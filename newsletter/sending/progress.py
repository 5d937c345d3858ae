"""The progress of an edition: counts that add up to its audience, the rate, the time left, and unknown deliveries.

The cost of a query doesn't grow with the audience.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet, Sum

from newsletter.messages import Message, acts, from_text, sending as messages
from newsletter.models import Act, DeliveryStatus, Edition, Result, State, Tally
from newsletter.sending import audience

WINDOW = timedelta(seconds=30)
"""The time over which the rate is measured."""

RESUMING_ACTS = (acts.RESUMED.code, acts.UNKNOWN_RESENT.code, acts.SKIPPED_RESENT.code)
"""The entries of the log with which sending continues."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Deliveries by status, adding up to `audience`; those that a cancelled edition did not attempt are skipped."""

    edition: str
    state: str
    audience: int
    pending: int
    accepted: int
    deferred: int
    refused: int
    unknown: int
    skipped: int

    def document(self) -> dict[str, Any]:
        """Return the counts for commands and the API."""
        return asdict(self)

    def messages(self) -> tuple[Message, ...]:
        """Return the counts as parts of a sentence: `97 of 100 accepted`, `2 to be retried`, `1 refused`."""
        numbers = (
            (messages.PENDING, self.pending),
            (messages.DEFERRED, self.deferred),
            (messages.REFUSED, self.refused),
            (messages.UNKNOWN, self.unknown),
            (messages.SKIPPED, self.skipped),
        )
        accepted = messages.ACCEPTED(number=self.accepted, audience=self.audience)
        return (accepted, *(kind(number=number) for kind, number in numbers if number))


@dataclass(frozen=True, slots=True)
class UnknownDelivery:
    """A delivery that was accepted or not; `address` is "" for a subscriber who was erased since."""

    number: int
    address: str
    attempt: int
    at: float
    reason: Message | None
    settled: bool


def counts(edition: Edition) -> Counts:
    """Return the counts as of the last commit."""
    state = Edition.objects.filter(pk=edition.pk).values_list("state", "audience").get()
    sums = Tally.objects.filter(edition=edition).aggregate(
        **{kind: Sum(kind, default=0) for kind in DeliveryStatus.values}
    )
    pending = max(0, (state[1] or 0) - sum(sums.values()))
    if state[0] == State.CANCELLED:
        sums["skipped"], pending = sums["skipped"] + pending, 0
    return Counts(edition.name, state[0], state[1] or 0, pending, **sums)


def state_without_result(edition: Edition) -> str:
    """Return the status of a delivery without a result: skipped if the edition is cancelled, otherwise pending."""
    return "skipped" if edition.state == State.CANCELLED else "pending"


def rate(edition: Edition, now: datetime) -> float:
    """Return the attempts per second since sending began or was resumed, at most over WINDOW; 0.0 if it is not going
    on.
    """
    resumed = Act.objects.filter(about=edition.name, what__code__in=RESUMING_ACTS)
    gone_on = resumed.order_by("-at").values_list("at", flat=True)
    began = max(filter(None, (edition.began_at, gone_on.first())), default=now)
    recent = Tally.objects.filter(edition=edition, at__gt=max(now - WINDOW, began))
    sums = recent.aggregate(**{kind: Sum(kind, default=0) for kind in DeliveryStatus.values})
    seconds = min(WINDOW, max(now - began, timedelta(seconds=1))).total_seconds()
    return float(max(0, sum(sums.values())) / seconds)


def time_left(counted: Counts, per_second: float) -> timedelta | None:
    """Return the time until no delivery is pending; None if that can't be estimated."""
    if counted.state != State.SENDING or not counted.pending:
        return timedelta(0) if not counted.pending else None
    return timedelta(seconds=round(counted.pending / per_second)) if per_second > 0 else None


def unknown(edition: Edition, *, unsettled: bool = False) -> Iterator[UnknownDelivery]:
    """Yield unknown deliveries by number; with `unsettled`, only those that need a decision."""
    rows = unknown_results([edition.pk]).order_by("number")
    deliveries = list(rows.filter(settled=False) if unsettled else rows)
    addresses = audience.addresses(edition, [row.number for row in deliveries])
    for row in deliveries:
        yield UnknownDelivery(
            row.number, addresses.get(row.number, ""), row.attempt, row.at, from_text(row.text), row.settled
        )


def unsettled(edition: Edition) -> int:
    """Return the number of unknown deliveries that need a decision."""
    return unknown_results([edition.pk]).filter(settled=False).count()


def unknown_results(editions: Iterable[int]) -> QuerySet[Result]:
    """Return the results of unknown deliveries of editions."""
    return not_accepted(DeliveryStatus.UNKNOWN).filter(edition__in=list(editions))


def not_accepted(kind: DeliveryStatus) -> QuerySet[Result]:
    """Return the results of a kind other than accepted.

    SQLite uses the partial index of results that aren't accepted only for a query that says so itself.
    """
    return Result.objects.filter(kind=kind).exclude(kind=DeliveryStatus.ACCEPTED)
