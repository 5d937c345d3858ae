"""Adds subscribers to the audience of a welcome letter when they are due, each once.

The letter's edition stays with the sender like any other: its deliveries are claimed, journalled and retried as usual.
The ledger's row and the delivery are written in one transaction, so that a crash leaves both or neither. A subscriber
who is away (paused, blocked, unsubscribed) is not added; whoever comes back within `LATE` gets what was due meanwhile.
"""

import logging
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from newsletter.config import Config, Newsletter
from newsletter.editions.composing import welcome_series
from newsletter.editions.local_links import LinkProblem, check_edition
from newsletter.editions.render_cache import rendered_before
from newsletter.editions.states import change
from newsletter.editions.variants.freezing import date_again, with_date
from newsletter.messages import message_of
from newsletter.models import Delivery, Edition, State, WelcomeLetter, WelcomeMail
from newsletter.recovery import entries
from newsletter.sending import audience
from subscribers.models import SubscriptionQuerySet, WhereProblem

log = logging.getLogger("newsletter.sending")

LATE = timedelta(days=7)
"""A letter that couldn't be sent for so long is left out, as after a long pause: it would surprise the subscriber."""

GROWING = (State.APPROVED, State.SENDING, State.SENT)
"""The states in which subscribers are added."""

INSERT_DELIVERIES = (
    "INSERT INTO newsletter_delivery (edition_id, number, subscription_id)"
    " SELECT %s, %s + row_number() OVER (ORDER BY id), id FROM ({due}) AS due"
)
INSERT_LEDGER = (
    "INSERT INTO newsletter_welcomemail (letter_id, subscription_id, edition_id, number, at)"
    " SELECT %s, subscription_id, edition_id, number, %s FROM newsletter_delivery"
    " WHERE edition_id = %s AND number > %s"
)


def enroll_due(configuration: Config, now: datetime) -> int:
    """Add every subscriber who is due to the audience of each welcome letter; return how many letters will be sent."""
    letters = WelcomeLetter.objects.filter(
        newsletter__in=configuration.active, since__isnull=False, removed_at=None
    ).order_by("pk")
    return sum(_enroll(configuration, letter, now) for letter in letters)


def due_subscriptions(
    newsletter: Newsletter, letter: WelcomeLetter, edition: Edition, now: datetime
) -> SubscriptionQuerySet:
    """Return the subscriptions to which a letter is due now and that never had it. Raises WhereProblem."""
    distance = timedelta(days=letter.days)
    had = WelcomeMail.objects.filter(letter=letter, subscription=OuterRef("pk"))
    earliest = max(now - LATE, letter.since or now) - distance
    subscriptions = audience.receiving(newsletter, edition, now)
    return subscriptions.filter(~Exists(had), welcome_from__gt=earliest, welcome_from__lte=now - distance)


def _enroll(configuration: Config, letter: WelcomeLetter, now: datetime) -> int:
    newsletter, edition = configuration.newsletters[letter.newsletter], welcome_series.current(letter)
    if edition is None or edition.state not in GROWING:
        return 0
    try:
        if not due_subscriptions(newsletter, letter, edition, now).exists():
            return 0
        check_edition(configuration, letter.newsletter, edition.approved_content)
        email = edition.approved_content.segments
        return rendered_before(lambda: with_date(email, now), partial(_add, newsletter, letter, edition, now))
    except (WhereProblem, LinkProblem) as problem:
        why = message_of(problem)
        if Edition.objects.filter(pk=edition.pk).exclude(waiting=why).update(waiting=why):
            log.warning("%s waits: %s", edition.name, why)
        return 0


@transaction.atomic
def _add(newsletter: Newsletter, letter: WelcomeLetter, edition: Edition, now: datetime) -> int:
    """Lock the letter and its edition, and add the subscribers who are due."""
    held_letter = WelcomeLetter.objects.select_for_update().get(pk=letter.pk)
    locked = Edition.objects.select_for_update().get(pk=edition.pk)
    if locked.state not in GROWING or held_letter.removed_at or welcome_series.current(held_letter) != locked:
        return 0
    old_size = locked.audience or 0
    added = _insert(due_subscriptions(newsletter, held_letter, locked, now), locked, old_size, now)
    if not added:
        return 0
    date_again(locked.approved_content, now)
    fields: dict[str, Any] = {
        "began_at": now,
        "ended_at": None,
        "audience": old_size + added,
        "waiting": None,
        "rolled_up_at": None,
    }
    if locked.state == State.SENDING:
        Edition.objects.filter(pk=locked.pk).update(**fields)
    else:
        change(locked, State.SENDING, **fields)
    entries.welcomed(locked.name, old_size, _subscriptions(locked, old_size))
    return added


def _insert(due: SubscriptionQuerySet, edition: Edition, old_size: int, now: datetime) -> int:
    sql, parameters = due.values("id").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(INSERT_DELIVERIES.format(due=sql), [edition.pk, old_size, *parameters])
        added = int(cursor.rowcount)
        at = connection.ops.adapt_datetimefield_value(now)
        cursor.execute(INSERT_LEDGER, [edition.welcome_id, at, edition.pk, old_size])
    return added


def _subscriptions(edition: Edition, old_size: int) -> list[int]:
    added = Delivery.objects.filter(edition=edition, number__gt=old_size).order_by("number")
    return list(added.values_list("subscription_id", flat=True))
