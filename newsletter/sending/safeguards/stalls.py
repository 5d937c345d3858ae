"""Editions that have stalled: emails are due, and for minutes nothing happens to them.

An edition is stalled if an email of it is due, and for three minutes none was accepted, refused, deferred or skipped.
An email is due if its edition's time has come and nothing forbids it: no pause, no archived or paused newsletter, no
database that waits after a restore, no warm-up plan whose day is used up, and no later retry. Where a rate allows less
than one email in three minutes, the time between two of them is added. A reply that was lost is no progress: a server
that takes emails and confirms none is stalled too.

An edition that is only deferred gets nowhere either: nothing was accepted for as long, and emails are pending, or at
least half is deferred. It is returned with the server's last reply.

An edition that will take longer than twice what was planned is returned too: of late, emails were tried at less than
half of the slowest rate that is configured. Without a configured rate, one email a second is the plan.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Max, Min, Q, Sum

from newsletter.config import Config
from newsletter.messages import Message, from_text, sending as messages
from newsletter.messages.general import TEXT
from newsletter.models import Act, Chunk, DeliveryStatus, Edition, Retry, State, Tally
from newsletter.recovery import hold
from newsletter.sending import progress, warm_up

QUIET = timedelta(minutes=3)
"""Time without an outcome after which an edition is stalled."""

PLANNED_RATE = 1.0
"""Emails a second that are planned where no rate is configured."""

TOO_SLOW = 2
"""An edition that takes so many times as long as planned is told of."""

_ABOUT_AN_EDITION = (messages.STALLED, messages.NOT_BEGUN, messages.ALL_DEFERRED, messages.SLOW)
_OUTCOMES = Q(accepted__gt=0) | Q(deferred__gt=0) | Q(refused__gt=0) | Q(skipped__gt=0)


@dataclass(frozen=True, slots=True)
class IdleEdition:
    """An edition that gets nowhere, since when, and what to say if that lasts."""

    newsletter: str
    edition: str
    since: datetime
    message: Message


def stalls(configuration: Config, now: datetime, quiet: timedelta = QUIET) -> list[IdleEdition]:
    """Return the stalled editions of newsletters that are active, the one that is idle for longest first."""
    wait = patience(configuration, quiet)
    return [idle for idle in idle_editions(configuration, now) if now - idle.since >= wait]


def patience(configuration: Config, quiet: timedelta = QUIET) -> timedelta:
    """Return for how long an edition may be idle."""
    return quiet + slowest_gap(configuration)


def idle_editions(configuration: Config, now: datetime) -> list[IdleEdition]:
    """Return the editions that are due or being sent, each with the time of its last progress; the oldest first."""
    under_way = list(_under_way(configuration.active, now))
    idle_now = [idle for edition in under_way for idle in _idle(configuration, edition, now, len(under_way))]
    return sorted(idle_now, key=lambda idle: idle.since) if idle_now and not hold.reason() else []


def idle_times(configuration: Config, now: datetime) -> dict[str, datetime]:
    """Return by newsletter since when emails of an edition are due and nothing happened; the earliest time of each."""
    times: dict[str, datetime] = {}
    for edition in _under_way(configuration.active, now):
        since = idle_since(configuration, edition, now)
        if since is not None and not hold.reason():
            times[edition.newsletter] = min(since, times.get(edition.newsletter, since))
    return times


def is_about_an_edition(message: Message | None) -> bool:
    """Return whether a message is one of those about a stalled edition."""
    return any(kind.matches(message) for kind in _ABOUT_AN_EDITION)


def slowest_gap(configuration: Config) -> timedelta:
    """Return the longest time between two emails that the configured rates allow."""
    return timedelta(seconds=max((1 / rate for rate in _rates(configuration)), default=0.0))


def _rates(configuration: Config) -> list[float]:
    """Return the configured rates, in emails a second."""
    delivery = configuration.delivery
    rates = (delivery.rate, *(pace.rate for pace in delivery.domains.values()))
    return [rate.per_second for rate in rates if rate.per_second]


def idle_since(configuration: Config, edition: Edition, now: datetime) -> datetime | None:
    """Return since when an email of an edition under way is due and nothing happened; None if none is due."""
    if edition.state == State.QUEUED:
        return max(filter(None, (edition.due_at, edition.queued_at)), default=now)
    due_since = _due_since(edition, now)
    if due_since is None or _is_held_by_warm_up(configuration, edition):
        return None
    last_outcome_at: datetime | None = Tally.objects.filter(_OUTCOMES, edition=edition).aggregate(at=Max("at"))["at"]
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    allowed_since = day if configuration.delivery.warm_up.first_day else None
    return max(filter(None, (due_since, last_outcome_at, allowed_since, edition.began_at, _resumed_at(edition))))


def _under_way(newsletters: Collection[str], now: datetime) -> Iterator[Edition]:
    """Yield the editions that are due or being sent, and those that were sent but for retries."""
    columns = ("newsletter", "period", "state", "due_at", "queued_at", "began_at", "audience", "welcome")
    due = Q(due_at=None) | Q(due_at__lte=now)
    going = Q(state=State.SENDING) | Q(due, state=State.QUEUED, waiting__isnull=True)
    retried = Retry.objects.filter(edition__state=State.SENT).values("edition")
    editions = Edition.objects.filter(going | Q(pk__in=retried), newsletter__in=newsletters)
    yield from editions.only(*columns).order_by("pk")


def _idle(configuration: Config, edition: Edition, now: datetime, under_way: int) -> Iterator[IdleEdition]:
    since = idle_since(configuration, edition, now)
    if since is not None:
        yield IdleEdition(edition.newsletter, edition.name, since, _stalled(edition, since))
    deferred = list(_deferred(configuration, edition))
    yield from deferred or _slow(configuration, edition, now, under_way)


def _stalled(edition: Edition, since: datetime) -> Message:
    if edition.state == State.QUEUED:
        return messages.NOT_BEGUN(edition=edition.name, since=since)
    counts = progress.counts(edition)
    return messages.STALLED(edition=edition.name, since=since, count=counts.pending + counts.deferred)


def _due_since(edition: Edition, now: datetime) -> datetime | None:
    """Return when the first email that is not in flight, or is for too long, was due; None if there is none."""
    retry_due_at = Retry.objects.filter(edition=edition, chunk=None, due__lte=now).aggregate(at=Min("due"))["at"]
    claimed_at = Chunk.objects.filter(edition=edition, closed_at=None).aggregate(at=Min("claimed_at"))["at"]
    times = [at for at in (retry_due_at, claimed_at) if at is not None]
    if edition.state == State.SENDING and edition.began_at and progress.counts(edition).pending:
        times.append(edition.began_at)
    return min(times, default=None)


def _is_held_by_warm_up(configuration: Config, edition: Edition) -> bool:
    """Return whether the day's emails of a new sending address are used up, and none of the edition's is claimed."""
    remaining = warm_up.remaining_today(configuration.delivery.warm_up)
    return remaining == 0 and not Chunk.objects.filter(edition=edition, closed_at=None).exists()


def _resumed_at(edition: Edition) -> datetime | None:
    acts = Act.objects.filter(about=edition.name, what__code__in=progress.RESUMING_ACTS)
    return acts.order_by("-at").values_list("at", flat=True).first()


def _deferred(configuration: Config, edition: Edition) -> Iterator[IdleEdition]:
    """Yield the edition if emails of it are deferred and none was accepted since, as long as more is to be sent or most
    of it is deferred.
    """
    if edition.state == State.QUEUED or edition.began_at is None or edition.welcome_id is not None:
        return
    counts = progress.counts(edition)
    goes_on = counts.pending and not _is_held_by_warm_up(configuration, edition)
    if not counts.deferred or not (goes_on or counts.deferred * 2 >= counts.audience):
        return
    tallies = Tally.objects.filter(edition=edition)
    last_accepted_at = tallies.filter(accepted__gt=0).aggregate(at=Max("at"))["at"]
    later = {"at__gt": last_accepted_at} if last_accepted_at else {}
    first_deferred_at = tallies.filter(deferred__gt=0, **later).aggregate(at=Min("at"))["at"]
    if first_deferred_at is None and counts.deferred * 2 < counts.audience:
        return
    since = max(filter(None, (edition.began_at, last_accepted_at, _resumed_at(edition))))
    if first_deferred_at is not None and first_deferred_at - since > patience(configuration):
        since = first_deferred_at  # it was stalled before
    message = messages.ALL_DEFERRED(
        edition=edition.name,
        since=since,
        deferred=counts.deferred,
        audience=counts.audience,
        reply=_last_reply(edition),
    )
    yield IdleEdition(edition.newsletter, edition.name, since, message)


def _slow(configuration: Config, edition: Edition, now: datetime, under_way: int) -> Iterator[IdleEdition]:
    """Yield the edition if it will take longer than TOO_SLOW times what is planned for all that are under way."""
    if edition.state != State.SENDING or edition.began_at is None or edition.welcome_id is not None:
        return
    counts = progress.counts(edition)
    since = max(filter(None, (edition.began_at, _resumed_at(edition))))
    wait = patience(configuration)
    recent = max(now - wait, since)
    if not counts.pending or now <= recent or _is_held_by_warm_up(configuration, edition):
        return
    earlier = Tally.objects.filter(edition=edition, at__gt=recent - wait, at__lte=recent)
    if recent - wait > since and not earlier.exists():
        return  # it was stalled until now
    sums = Tally.objects.filter(edition=edition, at__gt=recent).aggregate(
        **{kind: Sum(kind, default=0) for kind in DeliveryStatus.values}
    )
    rate = max(0, sum(sums.values())) / (now - recent).total_seconds()
    planned_rate = min((configuration.delivery.rate.per_second or PLANNED_RATE, *_rates(configuration))) / under_way
    planned = timedelta(seconds=counts.audience / planned_rate)
    if not 0 < rate < planned_rate / TOO_SLOW:
        return
    if now - since + timedelta(seconds=counts.pending / rate) > TOO_SLOW * planned:
        message = messages.SLOW(edition=edition.name, since=since, planned=since + planned)
        yield IdleEdition(edition.newsletter, edition.name, since, message)


def _last_reply(edition: Edition) -> Message:
    row = progress.not_accepted(DeliveryStatus.DEFERRED).filter(edition=edition).order_by("-at").first()
    if row is None:
        return TEXT(words="–")
    words = str(from_text(row.text) or "")
    return TEXT(words=" ".join(filter(None, (str(row.code or ""), row.status, words))))
