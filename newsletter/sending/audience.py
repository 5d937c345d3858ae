"""The audience of an edition: created once, numbered, and looked up as recipients when they are due.

A subscription is in an audience once, however often it is created. A recipient's Message-ID is the same for the same
edition, subscription and secret key, and is recognized under previous keys. Subscribers who have unsubscribed, paused
or been blocked since are not among the recipients.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

from newsletter.config import Config, Newsletter
from newsletter.domain.encoded_email import NO_VALUES, Recipient
from newsletter.models import WITHOUT_POSTS, Delivery, DeliveryStatus, Edition, Result
from newsletter.sending.return_path import return_path
from newsletter.sending.sql.precompiled import PrecompiledQuery, coalesced_ranges
from subscribers import tokens
from subscribers.models import Subscription, SubscriptionQuerySet, local_day, parse_where, text_of_value

if TYPE_CHECKING:
    from newsletter.sending.sql.offers import FixedAudience


def create(configuration: Config, edition: Edition, at: datetime) -> "FixedAudience":
    """Write the audience of an edition, in the caller's transaction, and store what its recipients were offered."""
    from newsletter.sending.sql import offers  # it imports much that the sending processes don't need

    newsletter = configuration.edited(edition)
    subscriptions = receiving(newsletter, edition, at)
    if edition.is_unscheduled:
        return offers.create_for_all(newsletter, edition, subscriptions, at)
    return offers.create(configuration, newsletter, edition, subscriptions, at)


def render_variants(configuration: Config, edition: Edition, at: datetime) -> None:
    """Render the variants that an edition lacks for its audience, before the transaction of `create`."""
    from newsletter.sending.sql import offers

    newsletter = configuration.edited(edition)
    offers.render_variants(configuration, newsletter, edition, receiving(newsletter, edition, at), at)


def receiving(newsletter: Newsletter, edition: Edition, at: datetime) -> SubscriptionQuerySet:
    """Return the subscriptions that would get an edition at this time; `newsletter` is that of its cadence.

    A correction goes only to those for whom the first edition was accepted, and an edition with a segment only to that;
    a letter can be for those only who had none of its posts.
    Raises WhereProblem.
    """
    subscriptions = Subscription.objects.receiving(newsletter, at)
    subscriptions = subscriptions if edition.is_unscheduled else subscriptions.in_cadence(newsletter)
    if edition.segment_where == WITHOUT_POSTS:
        from newsletter.editions.offers import having  # sending processes don't need it

        subscriptions = subscriptions.exclude(having.with_any(newsletter.name, having.posts_of(edition)))
    else:
        subscriptions = subscriptions.filter(parse_where(edition.segment_where).q(newsletter))
    return subscriptions if edition.corrects_id is None else subscriptions.filter(pk__in=_accepted(edition.corrects_id))


def _accepted(edition: int) -> QuerySet[Delivery, Any]:
    accepted = Result.objects.filter(edition=edition, kind=DeliveryStatus.ACCEPTED, number=OuterRef("number"))
    return Delivery.objects.filter(Exists(accepted), edition=edition).values("subscription_id")


def recipients(
    configuration: Config, edition: Edition, attempts: Mapping[int, int], at: datetime, fields: Collection[str] = ()
) -> list[Recipient]:
    """Return the recipients with these numbers who may receive an email of this newsletter now, each for the given
    attempt, with their values of these own fields.
    """
    envelope = configuration.bounces.return_path
    key, link_token = _message_key(settings.SECRET_KEY, edition.pk), tokens.link_tokens()
    day = local_day(configuration.newsletters.get(edition.newsletter), at)
    query = _receiving(edition.newsletter, day, with_values=bool(fields))
    return [
        Recipient(
            number,
            address,
            link_token(subscription),
            _message_id(key, subscription),
            name,
            attempts[number],
            return_path(envelope, edition.pk, number) if envelope else "",
            _values(stored[0], fields) if stored else NO_VALUES,
        )
        for first, last in coalesced_ranges(attempts)
        for number, subscription, address, name, *stored in query.rows(edition.pk, first, last)
        if number in attempts
    ]


def _values(stored: str | None, fields: Collection[str]) -> Mapping[str, str]:
    """Return the values of some own fields, from the JSON in which a subscriber's are stored."""
    values = json.loads(stored) if stored else {}
    return {field: text_of_value(values[field]) for field in fields if field in values}


@lru_cache(maxsize=8)
def _receiving(newsletter: str, day: date, *, with_values: bool) -> PrecompiledQuery:
    """Return the query for one day; it is compiled again every day, because pauses end on a day."""
    columns = ["deliveries__number", "pk", "subscriber__address", "subscriber__name"]
    columns += ["subscriber__field_values"] if with_values else []

    def make_queryset(edition: int, first: int, last: int) -> QuerySet[Subscription, Any]:
        receiving = Subscription.objects.receiving_on(newsletter, day)
        subscriptions = receiving.filter(deliveries__edition=edition, deliveries__number__range=(first, last))
        return subscriptions.values_list(*columns)

    return PrecompiledQuery(make_queryset)


def addresses(edition: Edition, numbers: Collection[int]) -> dict[int, str]:
    """Return the addresses for these numbers, to be shown to editors; subscribers who were erased are missing."""
    rows = Delivery.objects.filter(edition=edition, number__in=numbers)
    return dict(rows.values_list("number", "subscription__subscriber__address"))


def message_ids(edition: int, subscription: int) -> list[str]:
    """Return the left part of the email's Message-ID under the current secret key, then under each previous one.

    It identifies nobody. New emails have the first; a bounce may quote any of them.
    """
    return [_message_id(_message_key(secret, edition), subscription) for secret in tokens.secrets()]


def _message_id(key: bytes, subscription: int) -> str:
    return hashlib.blake2b(b"%d" % subscription, key=key, digest_size=12).hexdigest()


@lru_cache(maxsize=8)
def _message_key(secret: str, edition: int) -> bytes:
    return hashlib.sha256(f"newsletter message-id {edition} {secret}".encode()).digest()
