"""Occurrences of the schedule, one row each: taken with a lease, and marked done in the transaction of their effect;
and the editions that leave by it without an editor, or wait for one with a reason.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from newsletter import config
from newsletter.editions import approval, notices
from newsletter.editions.history import BY_SCHEDULE
from newsletter.editions.problems import Impossible
from newsletter.editions.selection.series import going_to
from newsletter.editions.variants.ahead import rendered_ahead
from newsletter.later import leases
from newsletter.messages import Message, message_of, schedule as messages
from newsletter.models import Edition, Occurrence
from newsletter.render.html.loader import TemplateProblem

LEASE = timedelta(minutes=10)
ATTEMPTS = 3
"""An occurrence during which programs ended so often is given up."""
BY = BY_SCHEDULE
DRAFT, SEND = "draft", "send"


def cadence_of(newsletter: config.Newsletter) -> str:
    """Return the cadence as occurrences have it: empty for the default."""
    return "" if newsletter.period == newsletter.default_cadence else newsletter.period


def occurrences_of(newsletter: config.Newsletter) -> QuerySet[Occurrence]:
    """Return the occurrences of a newsletter's cadence."""
    return Occurrence.objects.filter(newsletter=newsletter.name, cadence=cadence_of(newsletter))


def editions_of(newsletter: config.Newsletter) -> QuerySet[Edition]:
    """Return the editions that go to the subscribers of the cadence, and those outside the schedule."""
    return Edition.objects.filter(going_to(newsletter) | Q(standalone=True), newsletter=newsletter.name)


def lease(occurrence: Occurrence, now: datetime) -> bool:
    """Lease an occurrence; return False if it is done or leased by another scheduler."""
    return bool(leases.lease(Occurrence.objects.filter(pk=occurrence.pk, done_at=None), now, LEASE))


@contextmanager
def attempt(newsletter: config.Newsletter, occurrence: Occurrence, now: datetime) -> Iterator[None]:
    """Run an occurrence: what is impossible ends it, and after any other exception it is tried again.

    Such an attempt isn't counted, since the program goes on.
    """
    try:
        yield
    except (Impossible, TemplateProblem) as problem:
        give_up(newsletter, occurrence, message_of(problem), now)
    except Exception:
        Occurrence.objects.filter(pk=occurrence.pk, attempts__gt=0).update(attempts=F("attempts") - 1)
        raise


def give_up(newsletter: config.Newsletter, occurrence: Occurrence, why: Message, now: datetime) -> None:
    """Mark an occurrence as done without effect, and tell the editors why."""
    with transaction.atomic():
        finish(occurrence, now, messages.FAILED(reason=why))
        notices.tell(newsletter.name, notices.WAITING, why, now)


def due_and_free(newsletter: config.Newsletter, now: datetime) -> list[Occurrence]:
    """Return the occurrences of the cadence that are due and not leased."""
    due = occurrences_of(newsletter).filter(leases.free(now), due_at__lte=now, done_at=None)
    return list(due.order_by("due_at"))


def finish(occurrence: Occurrence, now: datetime, outcome: Message) -> None:
    """Mark an occurrence as done, in the transaction of its effect."""
    Occurrence.objects.filter(pk=occurrence.pk).update(done_at=now, outcome=outcome)


def is_left_out(newsletter: config.Newsletter, *times: datetime) -> bool:
    """Return whether one of these times is on a skipped date."""
    return any(at.astimezone(newsletter.zone).date() in newsletter.skip for at in times)


def leave_by_itself(configuration: config.Config, edition: Edition, now: datetime) -> Message:
    """Approve and queue without an editor, or record why that is impossible."""

    @transaction.atomic
    def leave() -> None:
        approved = approval.approve(configuration, edition, by=BY, now=now)
        approval.queue(configuration, approved, by=BY, now=now)

    try:
        rendered_ahead(edition, configuration, now, leave, automatic=True, due=now)
    except (Impossible, TemplateProblem) as problem:
        return wait(edition, message_of(problem), now)
    return messages.QUEUED(edition=edition.name)


def wait(edition: Edition, why: Message, now: datetime) -> Message:
    """Record why an edition waits; editors are notified once for each reason."""
    with transaction.atomic():
        Edition.objects.filter(pk=edition.pk).update(waiting=why)
        return notices.tell_of_wait(edition, why, now)
