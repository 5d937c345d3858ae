"""Where an edition stands: counts that add up to its audience, the rate, the time left, and the unknown ones by name.

Promises: what it costs to ask does not grow with the audience.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet, Sum

from newsletter.jobs import audience
from newsletter.models import Became, Edition, Result, State, Tally

WINDOW = timedelta(seconds=30)
"""The time over which the rate is taken."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Deliveries by what became of them, adding up to `audience`; what a cancelled edition left out is skipped."""

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
        """As commands and the API say it."""
        return asdict(self)

    def words(self) -> str:
        """As a sentence's part: `97 of 100 accepted, 2 deferred, 1 refused`."""
        others = {kind: getattr(self, kind) for kind in ("pending", "deferred", "refused", "unknown", "skipped")}
        told = [f"{number} {kind}" for kind, number in others.items() if number]
        return ", ".join([f"{self.accepted} of {self.audience} accepted", *told])


@dataclass(frozen=True, slots=True)
class Unknown:
    """A delivery that was taken or not, nobody can tell; `address` is "" for who was forgotten since."""

    number: int
    address: str
    attempt: int
    at: float
    text: str
    settled: bool


def counts(edition: Edition) -> Counts:
    """The counts as the last commit left them."""
    state = Edition.objects.filter(pk=edition.pk).values_list("state", "audience").get()
    sums = Tally.objects.filter(edition=edition).aggregate(**{kind: Sum(kind, default=0) for kind in Became.values})
    pending = max(0, (state[1] or 0) - sum(sums.values()))
    if state[0] == State.CANCELLED:
        sums["skipped"], pending = sums["skipped"] + pending, 0
    return Counts(edition.name, state[0], state[1] or 0, pending, **sums)


def rate(edition: Edition, now: datetime) -> float:
    """Mails tried in a second, of late; 0.0 where nothing goes on."""
    recent = Tally.objects.filter(edition=edition, at__gt=now - WINDOW)
    sums = recent.aggregate(**{kind: Sum(kind, default=0) for kind in Became.values})
    began = edition.began_at or now
    seconds = min(WINDOW, max(now - began, timedelta(seconds=1))).total_seconds()
    return float(max(0, sum(sums.values())) / seconds)


def time_left(counted: Counts, per_second: float) -> timedelta | None:
    """Until none is pending; None where nobody can tell."""
    if counted.state != State.SENDING or not counted.pending:
        return timedelta(0) if not counted.pending else None
    return timedelta(seconds=round(counted.pending / per_second)) if per_second > 0 else None


def unknown(edition: Edition, *, unsettled: bool = False) -> Iterator[Unknown]:
    """The unknown ones, by number; only those that wait for a decision where `unsettled`."""
    rows = _unknown(edition).order_by("number")
    found = list(rows.filter(settled=False) if unsettled else rows)
    named = audience.addresses(edition, [row.number for row in found])
    for row in found:
        yield Unknown(row.number, named.get(row.number, ""), row.attempt, row.at, row.text, row.settled)


def unsettled(edition: Edition) -> int:
    """How many unknown ones wait for a decision."""
    return _unknown(edition).filter(settled=False).count()


def _unknown(edition: Edition) -> QuerySet[Result]:
    """Said so that the index of what was not accepted is used: few rows, however many readers there are."""
    return Result.objects.filter(edition=edition, kind=Became.UNKNOWN).exclude(kind=Became.ACCEPTED)
