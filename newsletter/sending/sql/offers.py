"""The audience of an edition: who gets which variant.

Everything happens in the transaction that fixes the audience, with the newsletter locked; missing variants are rendered
before it. The rule is in newsletter/domain/offers.py.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Case, IntegerField, Max, Min, QuerySet, Value, When

from newsletter.config import Config, Newsletter
from newsletter.domain.offers import OfferOutcome
from newsletter.domain.ordinals import Ordinals
from newsletter.editions.offers import bases
from newsletter.editions.offers.approved import OfferTo, offers_of
from newsletter.editions.offers.groups import SubscriberGroup, groups_of
from newsletter.editions.selection.series import holding
from newsletter.models import Edition, Variant
from newsletter.sending.sql.growth import (
    WaitingSubscribers,
    grow_by_edition,
    grow_by_letter,
    of_groups,
    subscriptions_in,
)
from subscribers.models import SubscriptionQuerySet, TopicChange

INSERT = (
    "INSERT INTO newsletter_delivery (edition_id, number, subscription_id)"
    " SELECT %s, row_number() OVER (ORDER BY {order}), id FROM ({receiving}) AS audience"
)
AT_ONCE = 50
NOTHING_NEW, OFF_TOPIC, FIRST = 0, 1, 2
"""The places of subscribers who get no email, and of those of the first variant."""
MADE_AT_ONCE = 40
"""So many missing variants are made when an audience is fixed; the subscribers of others get the posts next time."""
MOST_WAITS = 2
"""Nobody waits for more editions than these."""


_GroupsByPosts = dict[Ordinals, list[SubscriberGroup]]


class FixedAudience(NamedTuple):
    """The size of an audience, how many of its first numbers had all posts before, and how many get no email in all.

    The difference is those who want none of the posts. `waiting` is who waits for which posts.
    """

    size: int
    nothing_new: int = 0
    skipped: int = 0
    waiting: Sequence[WaitingSubscribers] = ()


@dataclass(slots=True)
class _Places:
    """The groups of subscribers at each place of the audience, and those who are not in it."""

    groups: dict[int, list[SubscriberGroup]] = field(default_factory=dict)
    too_few: list[SubscriberGroup] = field(default_factory=list)
    without_variant: list[SubscriberGroup] = field(default_factory=list)

    @property
    def only(self) -> int | None:
        """The place of all subscribers, if they have the same."""
        away = self.too_few or self.without_variant
        return next(iter(self.groups)) if len(self.groups) == 1 and not away else None


def create(
    configuration: Config, newsletter: Newsletter, edition: Edition, receiving: SubscriptionQuerySet, now: datetime
) -> FixedAudience:
    """Write the audience, in the order of variants, and let the sets of the cadence's subscribers grow."""
    stored = bases.update(newsletter, now)
    base = stored[newsletter.period]
    receiving = receiving.filter(returns=False)
    if not edition.candidates:
        return _write(edition, _Places(), receiving)
    offer_to = offers_of(edition, newsletter)
    subscriptions = subscriptions_in(base, stored)
    groups = groups_of(subscriptions, newsletter, edition)
    different_offers = {(offered.outcome, offered.posts) for offered in map(offer_to, groups)}
    those_receiving = groups if len(different_offers) == 1 else groups_of(receiving, newsletter, edition)
    places = _places(configuration, edition, those_receiving, offer_to, now)
    audience = _write(edition, places, receiving)
    waiting = grow_by_edition(
        newsletter, edition, subscriptions, groups, base, places.without_variant, receiving, offer_to
    )
    _forget_changes(newsletter, edition)
    return audience._replace(waiting=waiting)


def render_variants(
    configuration: Config, newsletter: Newsletter, edition: Edition, receiving: SubscriptionQuerySet, now: datetime
) -> None:
    """Render the variants that `create` will store, before its transaction (see `render_cache`)."""
    if edition.is_unscheduled or not edition.candidates:
        return
    bases.update(newsletter, now)
    groups_by_posts: _GroupsByPosts = {}
    offer_to = offers_of(edition, newsletter)
    for group in groups_of(receiving.filter(returns=False), newsletter, edition):
        offered = offer_to(group)
        if offered.outcome == OfferOutcome.MAILED:
            groups_by_posts.setdefault(offered.posts, []).append(group)
    missing = _missing(groups_by_posts, _stored_variants(edition))
    if missing:
        # Imported here, because the sending processes don't need the rendering.
        from newsletter.editions.variants import freezing

        freezing.render_variants(edition, _primary_keys(edition, missing), configuration, now)


def create_for_all(
    newsletter: Newsletter, edition: Edition, receiving: QuerySet[Any, Any], now: datetime
) -> FixedAudience:
    """Write the audience of an edition whose subscribers all get the same; a letter is offered to them."""
    size = _insert(edition, receiving.values("id"), "id")
    if edition.standalone and edition.welcome_id is None:
        grow_by_letter(edition, bases.update(newsletter, now))
    return FixedAudience(size)


def _places(
    configuration: Config, edition: Edition, groups: Sequence[SubscriberGroup], offer_to: OfferTo, now: datetime
) -> _Places:
    """Decide for each group of subscribers which variant it gets."""
    places = _Places()
    groups_by_posts: _GroupsByPosts = {}
    for group in groups:
        offered = offer_to(group)
        if offered.outcome == OfferOutcome.MAILED:
            groups_by_posts.setdefault(offered.posts, []).append(group)
        elif offered.waits:
            places.too_few.append(group)
        else:
            place = NOTHING_NEW if offered.outcome == OfferOutcome.NOTHING_NEW else OFF_TOPIC
            places.groups.setdefault(place, []).append(group)
    variants = _variants(configuration, edition, groups_by_posts, now)
    for posts, those in groups_by_posts.items():
        if (variant := variants.get(posts)) is None:
            places.without_variant += those
        else:
            places.groups.setdefault(variant.position + FIRST, []).extend(those)
    return places


def _variants(
    configuration: Config, edition: Edition, groups_by_posts: _GroupsByPosts, now: datetime
) -> dict[Ordinals, Variant]:
    """Return a variant for each set of posts, as far as possible: missing ones are made from the locked content."""
    variants = _stored_variants(edition)
    if missing := _missing(groups_by_posts, variants):
        from newsletter.editions.variants import freezing

        added = freezing.add_variants(edition, _primary_keys(edition, missing), configuration, now)
        variants |= {posts: variant for posts, variant in zip(missing, added, strict=True) if variant}
    return variants


def _stored_variants(edition: Edition) -> dict[Ordinals, Variant]:
    ordinals = {post: ordinal for ordinal, post, _topics in edition.candidates or ()}
    rows = edition.variants.only("edition_id", "position", "posts")
    return {Ordinals.of(ordinals[post] for post in variant.posts if post in ordinals): variant for variant in rows}


def _missing(groups_by_posts: _GroupsByPosts, stored: Container[Ordinals]) -> list[Ordinals]:
    """Return the sets of posts of which variants are made, most urgent first: above a bound, those whose subscribers
    waited longest.
    """

    def waited(posts: Ordinals) -> int:
        return max(group.waited for group in groups_by_posts[posts])

    def urgency(posts: Ordinals) -> tuple[int, int, str]:
        return -waited(posts), -sum(group.count for group in groups_by_posts[posts]), str(posts)

    missing = sorted((posts for posts in groups_by_posts if posts not in stored), key=urgency)
    return [posts for place, posts in enumerate(missing) if place < MADE_AT_ONCE or waited(posts) >= MOST_WAITS]


def _primary_keys(edition: Edition, sets_of_posts: Iterable[Ordinals]) -> list[list[int]]:
    posts = {ordinal: post for ordinal, post, _topics in edition.candidates or ()}
    return [[posts[ordinal] for ordinal in ordinals] for ordinals in sets_of_posts]


def _write(edition: Edition, places: _Places, receiving: SubscriptionQuerySet) -> FixedAudience:
    """Write the deliveries, and store the numbers of each variant's subscribers."""
    only = places.only
    if only is not None or not (places.groups or places.too_few or places.without_variant):
        size = _insert(edition, receiving.values("id"), "id")
        if only in (NOTHING_NEW, OFF_TOPIC):
            return FixedAudience(size, size if only == NOTHING_NEW else 0, size)
        if only not in (None, FIRST):
            edition.variants.filter(position=only - FIRST).update(first=1, last=size)
        return FixedAudience(size)
    place = Case(
        *(When(of_groups(groups), then=Value(place)) for place, groups in sorted(places.groups.items())),
        output_field=IntegerField(),
    )
    placed = receiving.with_picks(edition.approved_at or edition.created_at).annotate(place=place)
    size = _insert(edition, placed.exclude(place=None).values("id", "place"), "place, id")
    return FixedAudience(size, *_store_numbers(edition, placed))


def _insert(edition: Edition, subscriptions: QuerySet[Any, Any], order: str) -> int:
    sql, parameters = subscriptions.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(INSERT.format(receiving=sql, order=order), [edition.pk, *parameters])
        return int(cursor.rowcount)


def _store_numbers(edition: Edition, placed: QuerySet[Any, Any]) -> tuple[int, int]:
    """Store the numbers of each variant's subscribers; return the last ones of those with nothing new and off topic."""
    subscriptions = placed.filter(deliveries__edition=edition)
    rows = subscriptions.values_list("place").annotate(last=Max("deliveries__number")).order_by()
    last_numbers: dict[int, int] = dict(rows)
    nothing_new = last_numbers.get(NOTHING_NEW, 0)
    skipped = reached = last_numbers.get(OFF_TOPIC, nothing_new)
    with_recipients = []
    for variant in edition.variants.only("position").order_by("position"):
        if (end := last_numbers.get(variant.position + FIRST)) is not None:
            variant.first, variant.last, reached = reached + 1, end, end
            with_recipients.append(variant)
    Variant.objects.bulk_update(with_recipients, ["first", "last"], batch_size=AT_ONCE)
    return nothing_new, skipped


def _forget_changes(newsletter: Newsletter, edition: Edition) -> None:
    """Delete what was picked before changes that no approved edition needs any more."""
    editions = holding(newsletter.name).filter(began_at=None).exclude(pk=edition.pk)
    needed = editions.aggregate(at=Min("approved_at"))["at"] or edition.approved_at
    if needed is not None:
        TopicChange.objects.filter(subscription__newsletter=newsletter.name, at__lt=needed).delete()
