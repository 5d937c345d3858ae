"""The reputation guard: pauses an edition whose bounces or complaints pass a bound.

Bounces count once for each subscriber, whether the server refused the address during the session, or a webhook or the
bounce mailbox reported it later. Refusals for other reasons than the address are the sender's, who pauses the edition
for them. After an editor has resumed the edition, only what is sent from then on counts, and the bounds double, because
an editor who resumes knows the figures.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Sum

from newsletter.config import Guard
from newsletter.delivery.bounce_limit import bounce_problem
from newsletter.domain.outcome import Fault
from newsletter.messages import Message, sending as messages
from newsletter.models import Bounce, DeliveryStatus, Edition, Result, State, Tally
from newsletter.sending import lifecycle, progress

LEAST_COMPLAINTS = 3
"""Fewer complaints never pause: one of two hundred subscribers is more than any bound, and says nothing yet."""


@dataclass(frozen=True, slots=True)
class GuardFigures:
    """Emails that were tried, and how many subscribers' emails bounced or were reported as spam."""

    sent: int
    bounced: int
    complained: int


def bounce_limit(guard: Guard, pauses: int) -> float:
    """Return the percentage of bounces above which an edition pauses that was resumed `pauses` times; 0.0: none."""
    return _doubled(guard.bounces, pauses)


def _doubled(bound: float, pauses: int) -> float:
    return min(100.0, bound * float(2**pauses))


def judge(figures: GuardFigures, guard: Guard, pauses: int) -> Message | None:
    """Return why an edition must pause that was resumed `pauses` times; None if it may go on. Pure."""
    bouncing = bounce_problem(figures.bounced, figures.sent, bounce_limit(guard, pauses), guard.minimum)
    if bouncing or figures.sent < guard.minimum:
        return bouncing
    complaints = _doubled(guard.complaints, pauses)
    enough = figures.complained >= LEAST_COMPLAINTS
    if complaints and enough and figures.complained * 100 > complaints * figures.sent:
        share = round(100 * figures.complained / figures.sent, 2)
        return messages.COMPLAINED(complained=figures.complained, sent=figures.sent, share=share, bound=complaints)
    return None


def watch(newsletters: Collection[str], guard: Guard) -> None:
    """Pause each edition being sent that has passed a bound."""
    sending = Edition.objects.filter(state=State.SENDING, newsletter__in=newsletters)
    for edition in sending.only("newsletter", "period", "guard_pauses", "guarded_since"):
        if judge(figures(edition), guard, edition.guard_pauses):
            _pause(edition, guard)


@transaction.atomic
def _pause(edition: Edition, guard: Guard) -> None:
    """Pause the edition, unless somebody has resumed it in the meantime."""
    locked = Edition.objects.select_for_update().get(pk=edition.pk)
    if reason := judge(figures(locked), guard, locked.guard_pauses):
        lifecycle.pause_automatically(locked.name, reason)


def figures(edition: Edition) -> GuardFigures:
    """Return what counts for the guard; its cost grows with what was not accepted."""
    since = edition.guarded_since
    tallies = Tally.objects.filter(edition=edition, **({"at__gt": since} if since else {}))
    counts = ("accepted", "deferred", "refused", "unknown")
    tried = tallies.aggregate(**{count: Sum(count, default=0) for count in counts})
    refused = progress.not_accepted(DeliveryStatus.REFUSED) & _results(since)
    refused = refused.filter(edition=edition, code__gt=0, fault=Fault.RECIPIENT)
    reports = Bounce.objects.filter(edition=edition).exclude(mail=Bounce.REFUSED)
    complaints = reports.filter(kind=Bounce.Kind.COMPLAINT)
    bounces = reports.exclude(kind=Bounce.Kind.COMPLAINT)
    return GuardFigures(
        sent=max(0, sum(tried.values())),
        bounced=refused.count() + _subscribers(bounces, since),
        complained=_subscribers(complaints, since),
    )


def _results(since: datetime | None) -> QuerySet[Result]:
    return Result.objects.filter(at__gt=since.timestamp()) if since else Result.objects.all()


def _subscribers(reports: QuerySet[Bounce], since: datetime | None) -> int:
    """Return how many subscribers these reports are about, of those whose email was accepted in this time."""
    accepted = _results(since).filter(
        edition_id=OuterRef("edition_id"), number=OuterRef("number"), kind=DeliveryStatus.ACCEPTED
    )
    return reports.filter(Exists(accepted)).values("number").distinct().count()
