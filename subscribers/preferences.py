"""What a reader may do through a link: a mail's link leaves, pauses and joins; one that was mailed for an hour shows
and changes who they are, and erases them.

Nothing here raises for a link that leads nowhere: whoever leaves has left, whatever became of the newsletter.
"""

import logging
from datetime import date, datetime, timedelta
from typing import Any, cast

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Prefetch
from django.dispatch import Signal

from subscribers import letters
from subscribers.addresses import Address
from subscribers.models import Consent, Hits, Letter, Subscriber, Subscription, Suppression, forgotten
from subscribers.signup import Result, asking_for, lift, written_to
from subscribers.tokens import PROOF, Purpose, hashes, read_link, read_timed

log = logging.getLogger("subscribers.preferences")

data_wanted = Signal()
"""Sent when a person wants all that is kept about them, with `subscriber` (the number): whoever keeps something gives a
dictionary, name → what is kept under it."""

LONGEST_PAUSE = timedelta(days=366)
ME_AGAIN_AFTER, ME_A_DAY = timedelta(minutes=10), 5
MOVES_A_DAY = 5
KEEP_LEFT, AT_ONCE = timedelta(days=3 * 366), 500
"""How long somebody who left is kept, and how many are let go at a time."""
TRIES, A_TRY_MS = 25, 200
"""So often the write-ahead log is tried to be emptied, and how long a try may keep writers waiting."""


def is_proof(token: str) -> bool:
    """Whether the link stands in a proof."""
    return read_link(token) == PROOF


def subscription_of(token: str) -> Subscription | None:
    """Whose link it is; None for a forged one, a proof's, and where the person was erased."""
    number = read_link(token)
    if not number:
        return None
    return Subscription.objects.select_related("subscriber").filter(pk=number).first()


def leave(number: int, at: datetime, reason: str = "") -> bool:
    """Unsubscribe the subscription of this number, for good; tells whether that changed anything."""
    left = Subscription.objects.filter(pk=number).exclude(state=Subscription.State.UNSUBSCRIBED)
    changed = bool(left.update(state=Subscription.State.UNSUBSCRIBED, unsubscribed_at=at, reason=reason[:500]))
    if changed:
        Consent.objects.filter(subscription=number, confirmed_at=None).delete()
    return changed


def give_reason(number: int, reason: str) -> None:
    """Note why somebody left, afterwards."""
    left = Subscription.objects.filter(pk=number, state=Subscription.State.UNSUBSCRIBED)
    left.update(reason=" ".join(reason.split())[:500])


@transaction.atomic
def leave_everything(subscriber: Subscriber, at: datetime) -> None:
    """Unsubscribe from every newsletter, and let no import bring the address back."""
    for number in subscriber.subscriptions.values_list("pk", flat=True):
        leave(number, at)
    Suppression.objects.suppress(subscriber.key, Suppression.Reason.UNSUBSCRIBED)


def pause(subscription: Subscription, until: date | None) -> None:
    """Send nothing before that day; None sends again at once. Only an active subscription rests."""
    Subscription.objects.filter(pk=subscription.pk, state=Subscription.State.ACTIVE).update(paused_until=until)


def ask_for_me(subscription: Subscription, at: datetime) -> None:
    """Mail the person a link to their own page; seldom enough that nobody can be annoyed with it."""
    with transaction.atomic():
        subscriber = Subscriber.objects.select_for_update().get(pk=subscription.subscriber_id)
        asked = subscriber.letters.filter(kind=Letter.Kind.ME, created__gt=at - timedelta(days=1))
        if asked.filter(created__gt=at - ME_AGAIN_AFTER).exists() or asked.count() >= ME_A_DAY:
            return
        letters.write(Letter.Kind.ME, subscriber, subscription, subscription.newsletter, at)


def person_of(token: str) -> tuple[Result, Subscriber | None]:
    """Whose own page a link opens (DONE), or why it opens none."""
    timed = read_timed(Purpose.ME, token)
    subscriber = Subscriber.objects.filter(pk=timed.number).first() if timed else None
    if timed is None or subscriber is None:
        return Result.GONE, None
    issued = timed.expires - letters.ME_HOURS * 3_600
    moved = subscriber.moved_at
    if timed.expired or (moved and issued <= moved.timestamp()):
        return Result.EXPIRED, None
    return Result.DONE, subscriber


def rename(subscriber: Subscriber, name: str, language: str) -> None:
    """Change what a person is called and which language they read."""
    Subscriber.objects.filter(pk=subscriber.pk).update(name=name, language=language)


@transaction.atomic
def ask_to_move(subscriber: Subscriber, address: Address, at: datetime) -> bool:
    """Mail the new address a link that moves the person there; False where that was asked for too often today."""
    if address.key == subscriber.key:
        Subscriber.objects.filter(pk=subscriber.pk).update(address=address.written)
        return True
    if Hits.objects.count_one(f"move {subscriber.pk}", at, timedelta(days=1)) > MOVES_A_DAY:
        return False
    subscriber.letters.filter(kind=Letter.Kind.CHANGE).delete()
    newest = subscriber.subscriptions.order_by("-joined").first()
    letters.write(
        Letter.Kind.CHANGE, subscriber, newest, newest.newsletter if newest else "", at, address=address.written
    )
    return True


def move_asked_by(token: str) -> tuple[Result, Letter | None]:
    """What a link to confirm a new address stands for, without doing it."""
    timed = read_timed(Purpose.CHANGE, token)
    if timed is None:
        return Result.GONE, None
    letter = Letter.objects.select_related("subscriber").filter(pk=timed.number, kind=Letter.Kind.CHANGE).first()
    if letter is None:
        return Result.USED, None
    return (Result.EXPIRED if timed.expired else Result.DONE), letter


@transaction.atomic
def move(token: str, at: datetime) -> tuple[Result, Letter | None]:
    """Move a person to the address that the link was mailed to, once; older links to their own page end."""
    result, letter = move_asked_by(token)
    if letter is None or result is not Result.DONE:
        return result, letter
    written = letter.payload["address"]
    key, subscriber = written.lower(), letter.subscriber
    if Subscriber.objects.filter(key=key).exclude(pk=subscriber.pk).exists():
        return Result.TAKEN, letter
    Suppression.objects.adopt(key)
    if not lift(key, at):
        return Result.REFUSED, letter
    Subscriber.objects.filter(pk=subscriber.pk).update(address=written, key=key, moved_at=at, **Subscriber.hashed(key))
    Letter.objects.filter(pk=letter.pk).delete()
    return Result.DONE, letter


def data_of(subscriber: Subscriber) -> dict[str, Any]:
    """Everything that is kept about a person, for themselves (GDPR article 15 and 20)."""
    kept = _own_data(subscriber)
    for _receiver, more in data_wanted.send(Subscriber, subscriber=subscriber.pk):
        kept.update(cast("dict[str, Any]", more))
    return kept


def _own_data(subscriber: Subscriber) -> dict[str, Any]:
    consents = Prefetch("consents", Consent.objects.order_by("at"))
    return {
        "address": subscriber.address,
        "name": subscriber.name,
        "language": subscriber.language,
        "created": subscriber.created.isoformat(),
        "subscriptions": [
            {
                "newsletter": s.newsletter,
                "state": s.state,
                "paused_until": s.paused_until.isoformat() if s.paused_until else None,
                "tags": list(s.tags),
                "joined": _iso(s.joined),
                "unsubscribed_at": _iso(s.unsubscribed_at),
                "reason": s.reason,
                "consents": [_consent(c) for c in s.consents.all()],
            }
            for s in subscriber.subscriptions.order_by("newsletter").prefetch_related(consents)
        ],
        "letters": [
            {"kind": letter.kind, "newsletter": letter.newsletter, "sent_at": _iso(letter.sent_at)}
            for letter in subscriber.letters.order_by("created")
        ],
        "suppressions": [
            {"kind": s.kind, "reason": s.reason, "at": s.at.isoformat(), "note": s.note}
            for s in Suppression.objects.covering(subscriber.key)
        ],
    }


def _consent(consent: Consent) -> dict[str, Any]:
    return {
        "how": consent.how,
        "wording": consent.wording,
        "text": consent.text,
        "language": consent.language,
        "at": consent.at.isoformat(),
        "network": consent.network,
        "page": consent.page,
        "confirmed_at": _iso(consent.confirmed_at),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def let_go(at: datetime) -> int:
    """Erase people who left the last of what they got three years ago, some at a time; gives how many.

    Until then their consent proves that mails to them were wanted. A hash stays, as if they had left everything.
    """
    before = at - KEEP_LEFT
    ties = Subscription.objects.filter(subscriber=OuterRef("pk"))
    left = ties.filter(state=Subscription.State.UNSUBSCRIBED, unsubscribed_at__lt=before)
    others = ties.exclude(state=Subscription.State.UNSUBSCRIBED, unsubscribed_at__lt=before)
    gone = Subscriber.objects.filter(Exists(left), ~Exists(others), created__lt=before)
    found = list(gone.values_list("pk", flat=True)[:AT_ONCE])
    with transaction.atomic():  # begun only now, as looking for them may take a second and writers need not wait
        erased = list(gone.filter(pk__in=found)) if found else []
        for subscriber in erased:
            _erase(subscriber, subscriber.key, Suppression.Reason.UNSUBSCRIBED)
    return len(erased)


def forget(address: Address) -> bool:
    """Erase a person: every row, and what others keep under their number or address; tells whether there was one.

    A keyed hash stays, so that an import can't bring them back. On SQLite the write-ahead log is emptied too, where
    deleted rows would stay readable.
    """
    with transaction.atomic():
        subscriber = Subscriber.objects.filter(key=address.key).first()
        _erase(subscriber, address.key, Suppression.Reason.ERASED)
        for letter in Letter.objects.filter(kind=Letter.Kind.CHANGE):
            if letter.payload["address"].lower() == address.key:
                letter.delete()
        counted = (letters.lifting(address.key), asking_for(address.key), written_to(address.key))
        Hits.objects.filter(what__in=[one for what in counted for one in hashes(Purpose.LIMIT, what)]).delete()
        transaction.on_commit(empty_write_ahead_log)
    return subscriber is not None


def _erase(subscriber: Subscriber | None, key: str, reason: Suppression.Reason) -> None:
    """Delete every row of a person, let others take out theirs, and leave a hash that says no more than a reason."""
    if subscriber:
        forgotten.send(Subscriber, subscriber=subscriber.pk, address=subscriber.address)
        subscriber.delete()
    Suppression.objects.suppress(key, reason)
    Suppression.objects.covering(key).filter(kind=Suppression.Kind.ADDRESS).update(note="")


def empty_write_ahead_log() -> None:
    """Leave nothing of deleted rows in SQLite's write-ahead log; waits for readers, and keeps no writer for long."""
    if connection.vendor != "sqlite":
        return
    usual = _pragma("busy_timeout")
    _pragma(f"busy_timeout = {A_TRY_MS}")
    try:
        busy = all(_pragma("wal_checkpoint(TRUNCATE)") for _ in range(TRIES))
    finally:
        _pragma(f"busy_timeout = {usual}")
    if busy:
        log.warning(
            "erased, but the database's write-ahead log could not be emptied while another program reads it; "
            "that is done with the next erasing, or within six hours by `newsletter run`"
        )


def _pragma(words: str) -> int:
    """What SQLite answers to a PRAGMA, in its first column."""
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {words}")
        return int(cursor.fetchone()[0])
