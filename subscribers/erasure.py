"""Erases people, on request or three years after their last subscription ended; only a keyed hash remains."""

import logging
import re
import time
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from subscribers import transactional
from subscribers.addresses import Address, whole
from subscribers.models import (
    EmailKind,
    Hits,
    RefusedLine,
    Subscriber,
    Subscription,
    Suppression,
    TransactionalEmail,
    person_erased,
)
from subscribers.pacing import in_portions
from subscribers.protection.sign_up_limits import requests_counter
from subscribers.subscription_requests import confirmations_counter
from subscribers.tokens import Purpose, hashes

log = logging.getLogger("subscribers.erasure")

KEEP_LEFT, AT_ONCE, ERASED_AT_ONCE = timedelta(days=3 * 366), 500, 5
"""How long unsubscribed people are kept, how many are erased at a time, and how many in a transaction."""
TRIES, A_TRY_MS = 13, 200
"""The number of attempts to empty the write-ahead log, and how long one may block writers; as long a pause follows."""


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
