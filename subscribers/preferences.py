"""Actions of subscribers: an email's own link unsubscribes, pauses and subscribes; a link that works for one hour opens
their profile, and changes it.

Nothing here raises for an invalid link, and unsubscribing works even if the newsletter no longer exists.
"""

import logging
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from newsletter.domain.picks import picked, picks_of
from subscribers import transactional
from subscribers.addresses import Address
from subscribers.asking import heard
from subscribers.models import (
    Consent,
    EmailKind,
    Hits,
    Subscriber,
    Subscription,
    Suppression,
    TransactionalEmail,
    choices_changed,
    store_sets,
    subscriptions_changed,
    subscriptions_ended,
)
from subscribers.personal_fields import COLUMNS, personal_columns
from subscribers.signup import ConfirmResult, unblock
from subscribers.tokens import Purpose, read_link, read_timed

log = logging.getLogger("subscribers.preferences")

LONGEST_PAUSE = timedelta(days=366)
ME_AGAIN_AFTER, ME_A_DAY = timedelta(minutes=10), 5
MOVES_A_DAY = 5


def subscription_of(token: str) -> Subscription | None:
    """Return the subscription of a link; None if it is invalid, from a test email, or of an erased person."""
    number = read_link(token)
    if not number:
        return None
    return Subscription.objects.select_related("subscriber").filter(pk=number).first()


def unsubscribe(number: int, at: datetime, reason: str = "") -> bool:
    """Unsubscribe a subscription by its primary key; return whether that changed anything."""
    return bool(unsubscribe_all([number], at, reason))


@transaction.atomic
def unsubscribe_all(numbers: Collection[int], at: datetime, reason: str = "") -> list[int]:
    """Unsubscribe subscriptions by their primary keys; return those that this changed."""
    _store_sets_of_returned(numbers)
    subscribed = Subscription.objects.filter(pk__in=numbers).exclude(state=Subscription.State.UNSUBSCRIBED)
    newsletters = dict(subscribed.select_for_update().order_by("pk").values_list("pk", "newsletter"))
    if newsletters:
        Subscription.objects.filter(pk__in=newsletters).update(
            state=Subscription.State.UNSUBSCRIBED, unsubscribed_at=at, reason=reason[:500], returns=True
        )
        Consent.objects.filter(subscription__in=newsletters, confirmed_at=None).delete()
        subscriptions_ended.send(Subscription, newsletters=newsletters)
    return list(newsletters)


def _store_sets_of_returned(numbers: Collection[int]) -> None:
    """Give people a set of their own who came back a moment ago, with what their cadence had then."""
    returned = Subscription.objects.filter(pk__in=numbers, state=Subscription.State.ACTIVE, returns=True)
    for newsletter in list(returned.order_by().values_list("newsletter", flat=True).distinct()):
        store_sets(returned, newsletter)


def give_reason(number: int, reason: str) -> None:
    """Store the reason for unsubscribing, given afterwards."""
    unsubscribed = Subscription.objects.filter(pk=number, state=Subscription.State.UNSUBSCRIBED)
    unsubscribed.update(reason=" ".join(reason.split())[:500])


@transaction.atomic
def unsubscribe_from_all(subscriber: Subscriber, at: datetime) -> None:
    """Unsubscribe from every newsletter, and block the address from imports."""
    for number in subscriber.subscriptions.values_list("pk", flat=True):
        unsubscribe(number, at)
    Suppression.objects.suppress(subscriber.key, Suppression.Reason.UNSUBSCRIBED)


@transaction.atomic
def pause(subscription: Subscription, until: date | None) -> None:
    """Pause an active subscription until a date; None resumes it."""
    active = Subscription.objects.filter(pk=subscription.pk, state=Subscription.State.ACTIVE)
    if active.update(paused_until=until, heard_at=timezone.now()):
        _tell_of_choice(subscription)


def _tell_of_choice(subscription: Subscription) -> None:
    choices_changed.send(Subscription, numbers=[subscription.pk])
    subscriptions_changed.send(Subscription, numbers=[subscription.pk])


@transaction.atomic
def choose_cadence(subscription: Subscription, cadence: str) -> None:
    """Change how often a subscriber gets a newsletter, from the next edition on; empty is the default."""
    subscription.choose_cadence(cadence)
    Subscription.objects.filter(pk=subscription.pk).update(heard_at=timezone.now())
    _tell_of_choice(subscription)


@transaction.atomic
def choose_topics(
    subscription: Subscription, names: Iterable[str], at: datetime, offered: Collection[str] | None = None
) -> None:
    """Change the topics that a subscriber gets posts of, for editions that are approved from now on; none means all.

    `offered` are those that could be picked, by default all; others stay as they were.
    """
    locked = Subscription.objects.select_for_update().get(pk=subscription.pk)
    locked.pick(picks_of(names) if offered is None else picked(locked.topics, names, offered), at)
    heard([subscription.pk], at)
    _tell_of_choice(subscription)


def send_profile_link(subscription: Subscription, at: datetime, language: str = "") -> None:
    """Email a link to the person's profile, in the language of the page, rate-limited so that it can't be abused."""
    with transaction.atomic():
        subscriber = Subscriber.objects.select_for_update().get(pk=subscription.subscriber_id)
        recent = subscriber.transactional_emails.filter(kind=EmailKind.ME, created__gt=at - timedelta(days=1))
        if recent.filter(created__gt=at - ME_AGAIN_AFTER).exists() or recent.count() >= ME_A_DAY:
            return
        transactional.write(EmailKind.ME, subscriber, subscription, subscription.newsletter, at, language=language)


def profile_of(token: str) -> tuple[ConfirmResult, Subscriber | None]:
    """Return DONE and the subscriber of a profile link, or the reason why it is invalid."""
    timed = read_timed(Purpose.ME, token)
    subscriber = Subscriber.objects.filter(pk=timed.number).first() if timed else None
    if timed is None or subscriber is None:
        return ConfirmResult.GONE, None
    issued_at = timed.expires - transactional.ME_HOURS * 3_600
    moved_at = subscriber.moved_at
    if timed.expired or (moved_at and issued_at <= moved_at.timestamp()):
        return ConfirmResult.EXPIRED, None
    return ConfirmResult.DONE, subscriber


@transaction.atomic
def update_profile(subscriber: Subscriber, values: Mapping[str, str]) -> None:
    """Change some of a subscriber's personal fields."""
    locked = Subscriber.objects.select_for_update().get(pk=subscriber.pk)
    for column, value in personal_columns(values, locked.field_values).items():
        setattr(locked, column, value)
    locked.save(update_fields=COLUMNS)
    _tell_of_change(subscriber)


def _tell_of_change(subscriber: Subscriber) -> None:
    numbers = list(subscriber.subscriptions.values_list("pk", flat=True))
    heard(numbers, timezone.now())
    subscriptions_changed.send(Subscription, numbers=numbers)


@transaction.atomic
def request_address_change(subscriber: Subscriber, address: Address, at: datetime, language: str = "") -> bool:
    """Email a confirmation link to the new address, in the language of the page; return False if that was requested
    too often today.
    """
    if address.key == subscriber.key:
        Subscriber.objects.filter(pk=subscriber.pk).update(address=address.written)
        return True
    if Hits.objects.increment_and_count(f"move {subscriber.pk}", at, timedelta(days=1)) > MOVES_A_DAY:
        return False
    subscriber.transactional_emails.filter(kind=EmailKind.CHANGE).delete()
    newest = subscriber.subscriptions.order_by("-joined").first()
    newsletter = newest.newsletter if newest else ""
    of_email = {"address": address.written, "language": language}
    transactional.write(EmailKind.CHANGE, subscriber, newest, newsletter, at, **of_email)
    return True


def address_change_of(token: str) -> tuple[ConfirmResult, TransactionalEmail | None]:
    """Return the change of address that a link confirms, without applying it."""
    timed = read_timed(Purpose.CHANGE, token)
    if timed is None:
        return ConfirmResult.GONE, None
    email = (
        TransactionalEmail.objects.select_related("subscriber").filter(pk=timed.number, kind=EmailKind.CHANGE).first()
    )
    if email is None:
        return ConfirmResult.USED, None
    return (ConfirmResult.EXPIRED if timed.expired else ConfirmResult.DONE), email


@transaction.atomic
def change_address(token: str, at: datetime) -> tuple[ConfirmResult, TransactionalEmail | None]:
    """Change the address to the one that the link was sent to, once; older profile links stop working."""
    result, email = address_change_of(token)
    if email is None or result is not ConfirmResult.DONE:
        return result, email
    written = email.payload["address"]
    key, subscriber = written.lower(), email.subscriber
    if Subscriber.objects.filter(key=key).exclude(pk=subscriber.pk).exists():
        return ConfirmResult.TAKEN, email
    try:
        with transaction.atomic():
            Suppression.objects.rekey(key)
            if not unblock(key, at):
                return ConfirmResult.REFUSED, email
            move(subscriber, written, at)
    except IntegrityError:  # somebody signed up with it meanwhile
        return ConfirmResult.TAKEN, email
    _tell_of_change(subscriber)
    return ConfirmResult.DONE, email


def move(subscriber: Subscriber, written: str, at: datetime) -> None:
    """Store another address of a person, in the caller's transaction.

    The links of earlier emails keep working, except those to the profile and to a change of the address. An older file
    can't add the person under the earlier address.
    """
    key = written.lower()
    earlier = Subscriber.objects.filter(pk=subscriber.pk).values_list("key", flat=True).get()
    Suppression.objects.keep_imports_away(earlier)
    Subscriber.objects.filter(pk=subscriber.pk).update(address=written, key=key, moved_at=at, **Subscriber.hashed(key))
    subscriber.transactional_emails.filter(kind=EmailKind.CHANGE).delete()
