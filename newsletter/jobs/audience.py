"""Who an edition is for: frozen once, numbered, and made into readers when their turn comes.

Promises: a subscription is in an audience once, whoever freezes it how often; a reader's Message-ID is the same for the
same edition and subscription; who left, paused or is suppressed in the meantime is not among the readers.
"""

import hashlib
from collections.abc import Collection, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from newsletter import config
from newsletter.jobs.numbers import spans
from newsletter.jobs.phrased import Phrased
from newsletter.jobs.return_path import return_path
from newsletter.mail import Reader
from newsletter.models import Delivery, Edition
from subscribers import tokens
from subscribers.models import Subscription, local_day

INSERT = (
    "INSERT INTO newsletter_delivery (edition_id, number, subscription_id)"
    " SELECT %s, row_number() OVER (ORDER BY id), id FROM ({receiving}) AS audience"
)


def freeze(edition: Edition, at: datetime) -> int:
    """Write down who gets the edition: one statement, in the caller's transaction; gives how many they are."""
    where = config.current().newsletters[edition.newsletter].where
    receiving = Subscription.objects.receiving(edition.newsletter, at, where).values("id")
    sql, parameters = receiving.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(INSERT.format(receiving=sql), [edition.pk, *parameters])
        return int(cursor.rowcount)


def readers(edition: Edition, attempts: Mapping[int, int], at: datetime) -> list[Reader]:
    """Who of these numbers gets a mail of this newsletter at this time, each for the attempt that is named."""
    envelope = config.current().bounces.return_path
    key, link_token = _message_key(settings.SECRET_KEY, edition.pk), tokens.link_tokens()
    question = _receiving(edition.newsletter, local_day(edition.newsletter, at))
    return [
        Reader(
            number,
            address,
            link_token(subscription),
            _message_id(key, subscription),
            name,
            attempts[number],
            return_path(envelope, edition.pk, number) if envelope else "",
        )
        for first, last in spans(attempts)
        for number, subscription, address, name in question.rows(edition.pk, first, last)
        if number in attempts
    ]


@lru_cache(maxsize=8)
def _receiving(newsletter: str, day: date) -> Phrased:
    """Phrased anew each day: a pause ends on one."""
    columns = ("deliveries__number", "pk", "subscriber__address", "subscriber__name")

    def phrase(edition: int, first: int, last: int) -> QuerySet[Subscription, Any]:
        receiving = Subscription.objects.receiving_on(newsletter, day)
        ours = receiving.filter(deliveries__edition=edition, deliveries__number__range=(first, last))
        return ours.values_list(*columns)

    return Phrased(phrase)


def addresses(edition: Edition, numbers: Collection[int]) -> dict[int, str]:
    """The addresses behind numbers, to be shown to editors; who was forgotten is not among them."""
    rows = Delivery.objects.filter(edition=edition, number__in=numbers)
    return dict(rows.values_list("number", "subscription__subscriber__address"))


def message_id(edition: Edition, subscription: int) -> str:
    """The left part of the Message-ID: it names nobody, and is never another one for the same mail."""
    return _message_id(_message_key(settings.SECRET_KEY, edition.pk), subscription)


def _message_id(key: bytes, subscription: int) -> str:
    return hashlib.blake2b(b"%d" % subscription, key=key, digest_size=12).hexdigest()


@lru_cache(maxsize=8)
def _message_key(secret: str, edition: int) -> bytes:
    return hashlib.sha256(f"newsletter message-id {edition} {secret}".encode()).digest()
