"""Actions of subscribers: an email's own link unsubscribes, pauses and subscribes; a link that works for one hour shows
and changes personal data, and erases it.

Nothing here raises for an invalid link, and unsubscribing works even if the newsletter no longer exists.
"""

import logging
import re
import time
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, cast

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.utils import timezone

from newsletter.domain.picks import names_in, picked, picks_of
from subscribers import transactional
from subscribers.addresses import Address, whole
from subscribers.asking import heard
from subscribers.models import (
    Consent,
    EmailKind,
    Hits,
    Import,
    RefusedLine,
    Subscriber,
    Subscription,
    Suppression,
    TransactionalEmail,
    choices_changed,
    data_requested,
    person_erased,
    store_sets,
    subscriptions_changed,
    subscriptions_ended,
)
from subscribers.pacing import in_portions
from subscribers.personal_fields import COLUMNS, personal_columns, personal_values, undeclared_values
from subscribers.protection.sign_up_limits import requests_counter
from subscribers.signup import ConfirmResult, unblock
from subscribers.subscription_requests import confirmations_counter
from subscribers.tokens import Purpose, hashes, read_link, read_timed

log = logging.getLogger("subscribers.preferences")

LONGEST_PAUSE = timedelta(days=366)
ME_AGAIN_AFTER, ME_A_DAY = timedelta(minutes=10), 5
MOVES_A_DAY = 5
KEEP_LEFT, AT_ONCE, ERASED_AT_ONCE = timedelta(days=3 * 366), 500, 5
"""How long unsubscribed people are kept, how many are erased at a time, and how many in a transaction."""
TRIES, A_TRY_MS = 13, 200
"""The number of attempts to empty the write-ahead log, and how long one may block writers; as long a pause follows."""


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


def personal_data_of(subscriber: Subscriber) -> dict[str, Any]:
    """Return everything stored about a person (GDPR articles 15 and 20)."""
    data = _own_data(subscriber)
    for _receiver, data_of_receiver in data_requested.send(Subscriber, subscriber=subscriber.pk):
        data.update(cast("dict[str, Any]", data_of_receiver))
    return data


def _own_data(subscriber: Subscriber) -> dict[str, Any]:
    consents = Prefetch("consents", Consent.objects.order_by("at"))
    return {
        "address": subscriber.address,
        **personal_values(subscriber),
        **undeclared_values(subscriber),
        "created": subscriber.created.isoformat(),
        "moved_at": _iso(subscriber.moved_at),
        "subscriptions": [
            {
                "newsletter": s.newsletter,
                "state": s.state,
                "created": s.created.isoformat(),
                "imported": Import.objects.filter(pk=s.imported or 0).values_list("file", flat=True).first(),
                "cadence": s.cadence,
                "topics": list(names_in(s.topics)),
                "earlier_topics": [
                    {"until": _iso(change.at), "topics": list(names_in(change.before))}
                    for change in s.topic_changes.order_by("at")
                ],
                "paused_until": s.paused_until.isoformat() if s.paused_until else None,
                "tags": list(s.tags),
                "joined": _iso(s.joined),
                "welcome_from": _iso(s.welcome_from),
                "heard_at": _iso(s.heard_at),
                "asked_at": _iso(s.asked_at),
                "unsubscribed_at": _iso(s.unsubscribed_at),
                "reason": s.reason,
                "consents": [_consent(c) for c in s.consents.all()],
            }
            for s in subscriber.subscriptions.order_by("newsletter").prefetch_related(consents)
        ],
        "letters": [
            {"kind": email.kind, "newsletter": email.newsletter, "sent_at": _iso(email.sent_at)}
            for email in subscriber.transactional_emails.order_by("created")
        ],
        "suppressions": suppressions_of(subscriber.key),
        "refused_lines": [
            {"imported": row.of.file, "at": row.of.at.isoformat(), "line": row.line}
            for row in RefusedLine.objects.filter(key=subscriber.key).select_related("of").order_by("pk")
        ],
    }


def suppressions_of(key: str) -> list[dict[str, Any]]:
    """Return what is stored about a blocked address, given as its key, or about its domain."""
    return [
        {"kind": row.kind, "reason": row.reason, "at": row.at.isoformat(), "note": row.note}
        for row in Suppression.objects.covering(key)
    ]


def _consent(consent: Consent) -> dict[str, Any]:
    return {
        "how": consent.how,
        "wording": consent.wording,
        "text": consent.text,
        "language": consent.language,
        "at": consent.at.isoformat(),
        "network": consent.network,
        "page": consent.page,
        "cadence": consent.cadence,
        "topics": list(names_in(consent.topics)),
        "confirmed_at": _iso(consent.confirmed_at),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def erase_former_subscribers(at: datetime) -> int:
    """Erase some of the people whose last subscription ended three years ago; return the number.

    Until then their consent proves that emails were wanted. A hash remains, as after unsubscribing from everything.
    """
    cutoff = at - KEEP_LEFT
    subscriptions = Subscription.objects.filter(subscriber=OuterRef("pk"))
    ended = subscriptions.filter(state=Subscription.State.UNSUBSCRIBED, unsubscribed_at__lt=cutoff)
    not_ended = subscriptions.exclude(state=Subscription.State.UNSUBSCRIBED, unsubscribed_at__lt=cutoff)
    former = Subscriber.objects.filter(Exists(ended), ~Exists(not_ended), created__lt=cutoff)
    keys = list(former.values_list("pk", flat=True)[:AT_ONCE])
    return in_portions(former.filter(pk__in=keys), _erase_former, ERASED_AT_ONCE)


def _erase_former(people: QuerySet[Subscriber]) -> int:
    count = 0
    for subscriber in people:
        _erase(subscriber, subscriber.key, Suppression.Reason.UNSUBSCRIBED)
        count += 1
    return count


def forget(address: Address) -> bool:
    """Erase a person: every row, and what others store under their key or address; return whether there was one.

    A keyed hash remains, so that an import can't add them again. On SQLite the write-ahead log is emptied too, where
    deleted rows would stay readable.
    """
    with transaction.atomic():
        subscriber = Subscriber.objects.filter(key=address.key).first()
        _erase(subscriber, address.key, Suppression.Reason.ERASED)
        for email in TransactionalEmail.objects.filter(kind=EmailKind.CHANGE):
            if email.payload["address"].lower() == address.key:
                email.delete()
        counters = (
            transactional.unblocked_counter(address.key),
            requests_counter(address.key),
            confirmations_counter(address.key),
        )
        Hits.objects.filter(
            what__in=[digest for counter in counters for digest in hashes(Purpose.LIMIT, counter)]
        ).delete()
        transaction.on_commit(empty_write_ahead_log)
    return subscriber is not None


def _erase(subscriber: Subscriber | None, key: str, reason: Suppression.Reason) -> None:
    """Delete every row of a person, notify other stores, and keep a hash with a reason only."""
    if subscriber:
        person_erased.send(Subscriber, subscriber=subscriber.pk, address=subscriber.address)
        subscriber.delete()
    RefusedLine.objects.filter(key=key).delete()
    # A comparison by the database finds the few lines for which a regular expression, which takes long, is needed.
    part = key if key.isascii() else key[key.rindex("@") :]
    RefusedLine.objects.filter(pk__in=_naming(key, RefusedLine.objects.filter(address__icontains=part))).delete()
    Suppression.objects.suppress(key, reason)
    Suppression.objects.covering(key).filter(kind=Suppression.Kind.ADDRESS).update(note="")


def _naming(key: str, lines: QuerySet[RefusedLine]) -> list[int]:
    names_it = re.compile(whole(key), re.IGNORECASE).search
    return [pk for pk, address in lines.values_list("pk", "address") if names_it(address)]


def empty_write_ahead_log() -> None:
    """Remove deleted rows from SQLite's write-ahead log; waits for readers, but never blocks writers for long."""
    if connection.vendor != "sqlite":
        return
    usual = _pragma("busy_timeout")
    _pragma(f"busy_timeout = {A_TRY_MS}")
    try:
        if any(_emptied() for _ in range(TRIES)):
            return
    finally:
        _pragma(f"busy_timeout = {usual}")
    log.warning(
        "the database's write-ahead log, which may still contain erased data, could not be emptied while another "
        "program reads it; this is done with the next erasure, or within six hours by `newsletter run`"
    )


def _emptied() -> bool:
    """Try it once. SQLite waits for readers, but not for another connection that is doing the same."""
    if _pragma("wal_checkpoint(TRUNCATE)") == 0:
        return True
    time.sleep(A_TRY_MS / 1_000)
    return False


def _pragma(words: str) -> int:
    """Run a PRAGMA and return the first column of the result."""
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {words}")
        return int(cursor.fetchone()[0])
