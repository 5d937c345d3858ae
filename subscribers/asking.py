"""Selects the subscribers who are asked whether they still want a newsletter, and those who did not answer.

A sign is what the program can know without tracking anybody: a confirmation, a change on the preferences or profile
page, and an answer to the question. Whether emails are opened, and which links are followed, is not recorded. Nobody is
unsubscribed here: who doesn't answer is listed for an editor.
"""

from calendar import monthrange
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import DateTimeField, F, Q
from django.db.models.functions import Coalesce, Greatest
from django.db.models.lookups import LessThan

from newsletter.config import Config, Newsletter
from subscribers import transactional
from subscribers.models import (
    EmailKind,
    Subscription,
    SubscriptionQuerySet,
    local_day,
    subscriptions_asked,
)
from subscribers.models.inserts import insert_all

SPREAD_DAYS, LEAST_A_DAY = 28, 10
"""All who are silent are asked within about so many days, and at least so many a day."""

TO_ANSWER = timedelta(days=30)
"""How long a subscriber has before they are listed as not having answered."""

_LAST_SIGN = Greatest(
    Coalesce("heard_at", "created"), Coalesce("joined", "created"), F("created"), output_field=DateTimeField()
)


def months_before(at: datetime, months: int) -> datetime:
    """Return the same day so many months earlier, or the last one of a shorter month."""
    year, month = divmod(at.year * 12 + at.month - 1 - months, 12)
    return at.replace(year=year, month=month + 1, day=min(at.day, monthrange(year, month + 1)[1]))


def heard(numbers: Collection[int], at: datetime) -> None:
    """Record a sign of subscribers, by the primary keys of their subscriptions."""
    Subscription.objects.filter(pk__in=numbers).update(heard_at=at)


def silent(newsletter: Newsletter, at: datetime) -> SubscriptionQuerySet:
    """Return who receives a newsletter, gave no sign for long, and has not been asked since the last one."""
    cutoff = months_before(at, newsletter.ask_after)
    subscriptions = _receiving(newsletter, at).filter(LessThan(_LAST_SIGN, cutoff))
    return subscriptions.filter(Q(asked_at=None) | Q(asked_at__lt=_LAST_SIGN))


def unanswered(newsletter: Newsletter, at: datetime) -> SubscriptionQuerySet:
    """Return who was asked more than 30 days ago and gave no sign since, the longest ago first."""
    subscriptions = _receiving(newsletter, at).filter(asked_at__lt=at - TO_ANSWER, asked_at__gte=_LAST_SIGN)
    return subscriptions.select_related("subscriber").order_by("asked_at", "pk")


def _receiving(newsletter: Newsletter, at: datetime) -> SubscriptionQuerySet:
    return Subscription.objects.receiving_on(newsletter.name, local_day(newsletter, at))


def ask_due(configuration: Config, at: datetime) -> int:
    """Write the question to a day's share of those who are silent; return how many are asked."""
    newsletters = map(configuration.newsletters.__getitem__, configuration.active)
    return sum(_ask(newsletter, at) for newsletter in newsletters if newsletter.ask_after)


@transaction.atomic
def _ask(newsletter: Newsletter, at: datetime) -> int:
    """Ask those who are silent longest. What was asked within a day counts, so that repeating it does nothing."""
    silent_subscriptions = silent(newsletter, at)
    today = Subscription.objects.filter(newsletter=newsletter.name, asked_at__gt=at - timedelta(days=1)).count()
    count = silent_subscriptions.count()
    share = max(LEAST_A_DAY, -(-(count + today) // SPREAD_DAYS)) - today
    if not count or share <= 0:
        return 0
    subscriptions = list(silent_subscriptions.order_by(_LAST_SIGN, "pk").select_for_update(of=("self",))[:share])
    numbers = [subscription.pk for subscription in subscriptions]
    Subscription.objects.filter(pk__in=numbers).update(asked_at=at)
    insert_all(
        transactional.unwritten(EmailKind.ASK, subscription.subscriber_id, subscription.pk, newsletter.name, at)
        for subscription in subscriptions
    )
    subscriptions_asked.send(Subscription, numbers=numbers)
    return len(numbers)
