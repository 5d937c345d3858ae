"""Entries of the recovery log: editions, begun messages, outcomes, unsubscribes, choices, erasures, blocks, and imports
that were undone.
"""

import base64
import logging
import zlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from django.conf import settings
from django.core.serializers import json as json_serializer
from django.db import transaction
from django.db.models import Model, Q
from django.dispatch import receiver

from newsletter.delivery.journal import JournalError
from newsletter.messages import delivery as messages
from newsletter.models import Delivery, Edition, Listing, Post
from newsletter.recovery import log
from subscribers.models import (
    Subscription,
    choices_changed,
    import_undone,
    person_erased,
    subscriptions_asked,
    subscriptions_ended,
    suppressed,
)

_log = logging.getLogger(__name__)

AUDIENCE, BEGUN, ENDED, RESULTS = "audience", "begun", "ended", "results"
LEFT, ERASED, BLOCKED, MARK = "left", "erased", "blocked", "mark"
WELCOMED, ASKED, CHOSEN, ARCHIVE, UNDONE = "welcomed", "asked", "chosen", "archive", "undone"


def audience_created(
    edition: Edition, waiting_posts: Sequence[tuple[str, Sequence[int]]] = (), offered: Sequence[str] = ()
) -> None:
    """Write the audience and the content of an edition, in the transaction that begins to send it.

    `waiting_posts` has sets of posts, each with the subscriptions that wait for them until the next edition; `offered`
    has the cadences that the newsletter offers, the default first.

    Should the transaction fail, the record says that nothing was begun, which is true. Raises JournalError.
    """
    subscription_keys = (
        Delivery.objects.filter(edition=edition).order_by("number").values_list("subscription_id", flat=True)
    )
    packed_waiting = [[posts, packed_numbers(sorted(subscriptions))] for posts, subscriptions in waiting_posts]
    numbers = packed_numbers(subscription_keys.iterator(chunk_size=10_000))
    _append(AUDIENCE, edition.name, numbers, packed_rows(edition), packed_waiting, list(offered))


def welcomed(edition: str, before: int, subscriptions: Sequence[int]) -> None:
    """Write who is added to the audience of a letter of the welcome series, after its first `before` readers, in the
    transaction that adds them. Raises JournalError.
    """
    _append(WELCOMED, edition, before, packed_numbers(subscriptions))


def begun(edition: str, chunk: int, attempts: Mapping[int, int]) -> None:
    """Write which numbers of a chunk may be sent to from now on; it is on the disk when this returns. Raises
    JournalError.
    """
    if attempts:
        _append(BEGUN, edition, chunk, log.ranges(attempts.items()))


def ended(edition: str, chunk: int) -> None:
    """Write that nothing more of a chunk is sent: numbers without a result were not begun."""
    _append_if_possible(ENDED, edition, chunk)


def results(edition: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write outcomes that were committed; of a reply only its codes, because its text may contain an address."""
    accepted = [row[:2] for row in rows if row[2] == "accepted"]
    not_accepted = [row[:7] for row in rows if row[2] != "accepted"]
    exact = [[number, attempt, kind, round(at, 3), *codes] for number, attempt, kind, at, *codes in not_accepted]
    newest = round(max(row[3] for row in rows), 3)
    _append_if_possible(RESULTS, edition, newest, log.ranges(accepted), exact)


def archive_changed(edition: str, removed_at: datetime | None) -> None:
    """Write that an edition was removed from the archive, or returned to it, once that is committed."""
    at = removed_at.isoformat() if removed_at else None
    transaction.on_commit(lambda: _append_if_possible(ARCHIVE, edition, at))


@receiver(subscriptions_ended)
def _left(newsletters: Mapping[int, str], **_: Any) -> None:
    keys = list(newsletters)
    transaction.on_commit(lambda: _append_if_possible(LEFT, keys))


@receiver(choices_changed)
def _chosen(numbers: Collection[int], **_: Any) -> None:
    keys = list(numbers)
    transaction.on_commit(lambda: _append_if_possible(CHOSEN, _choices(keys)))


def _choices(keys: Collection[int]) -> list[tuple[int, str, str, str | None]]:
    """Return the number of each subscription with its cadence, its topics, and the day on which a pause ends."""
    choices = Subscription.objects.filter(pk__in=keys).values_list("pk", "cadence", "topics", "paused_until")
    return [(key, cadence, topics, day.isoformat() if day else None) for key, cadence, topics, day in choices]


@receiver(subscriptions_asked)
def _asked(numbers: Collection[int], **_: Any) -> None:
    _append(ASKED, list(numbers))


@receiver(person_erased)
def _erased(subscriber: int, **_: Any) -> None:
    transaction.on_commit(lambda: _append_if_possible(ERASED, [subscriber]))


@receiver(suppressed)
def _blocked(kind: str, digest: str, reason: str, key_id: str, **_: Any) -> None:
    transaction.on_commit(lambda: _append_if_possible(BLOCKED, kind, digest, reason, key_id))


@receiver(import_undone)
def _undone(returned: Collection[tuple[int, str]], unblocked: Collection[tuple[str, str]], **_: Any) -> None:
    transaction.on_commit(lambda: _append_if_possible(UNDONE, list(returned), list(unblocked)))


def _append(kind: str, *values: Any) -> None:
    try:
        log.append(kind, *values, durable=True)
    except OSError as e:
        cause = e.strerror or str(e)
        raise JournalError(
            messages.RECOVERY_LOG_UNWRITABLE(path=str(e.filename or settings.RECOVERY_LOG), cause=cause)
        ) from e


def _append_if_possible(kind: str, *values: Any) -> None:
    """Write what is committed already: a full disk must not stop anybody from leaving."""
    try:
        log.append(kind, *values)
    except OSError as e:
        _log.warning(
            "the recovery log can't be written: %s; free some space or make it writable, then make a backup", e
        )


def packed_numbers(numbers: Any) -> str:
    """Return increasing numbers as compressed text."""
    previous, gaps = 0, []
    for number in numbers:
        gaps.append(str(number - previous))
        previous = number
    return _packed(",".join(gaps))


def unpacked_numbers(text: str) -> list[int]:
    """Return the numbers again."""
    numbers, number = [], 0
    for gap in filter(None, _unpacked(text).split(",")):
        number += int(gap)
        numbers.append(number)
    return numbers


def packed_rows(edition: Edition) -> str:
    """Return the edition with its content and posts, and the sources that list them, as compressed text."""
    keys = [post for _ordinal, post, _topics in edition.candidates or ()]
    posts = list(Post.objects.filter(Q(entries__edition=edition) | Q(pk__in=keys)).distinct())
    listings = list(Listing.objects.filter(post__in=posts).select_related("source"))
    sources = {listing.source_id: listing.source for listing in listings}
    rows: chain[Model] = chain(
        sources.values(),
        posts,
        listings,
        [edition, edition.approved_content],
        edition.entries.all(),
        edition.variants.all(),
    )
    return _packed(json_serializer.Serializer().serialize(rows))  # get_serializer imports those of XML and YAML, too


def unpacked_rows(text: str) -> list[Model]:
    """Return the rows again, unsaved."""
    return [row.object for row in json_serializer.Deserializer(_unpacked(text), ignorenonexistent=True)]


def _packed(text: str) -> str:
    return base64.b64encode(zlib.compress(text.encode(), 6)).decode()


def _unpacked(text: str) -> str:
    return zlib.decompress(base64.b64decode(text)).decode()
