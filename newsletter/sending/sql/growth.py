"""How the sets of a cadence's subscribers grow when an audience is fixed, or when a restored database repeats that.

A few statements suffice, however many subscribers there are: those with the base have no set of their own, and others
share theirs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, Case, Q, QuerySet, Value, When

from newsletter.config import Newsletter
from newsletter.domain.offers import Offer
from newsletter.domain.ordinals import Ordinals
from newsletter.editions.offers import bases
from newsletter.editions.offers.approved import OfferTo
from newsletter.editions.offers.groups import SubscriberGroup, groups_of, newcomers
from newsletter.models import Delivery, Edition
from subscribers.models import Base, OfferedSet, Subscription, SubscriptionQuerySet, in_base, replace_sets

AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class WaitingSubscribers:
    """Subscribers who wait for the next edition with some posts, by the primary keys of their subscriptions."""

    posts: Ordinals
    subscriptions: tuple[int, ...]


def subscriptions_in(base: Base, bases: Mapping[str, Base]) -> SubscriptionQuerySet:
    """Return the active subscriptions in a cadence, whether or not they receive editions now."""
    active = Subscription.objects.filter(newsletter=base.newsletter, state=Subscription.State.ACTIVE, returns=False)
    return active.filter(in_base(base, bases))


def of_groups(groups: Iterable[SubscriberGroup]) -> Q:
    """Return the condition for the subscribers of groups; `picks` has the topics that count."""
    picks: dict[int | None, list[str]] = {}
    for group in groups:
        picks.setdefault(group.key, []).append(group.picks)
    where = Q(pk__in=())
    for key, those in picks.items():
        where |= (Q(offered__isnull=True) if key is None else Q(offered=key)) & Q(picks__in=those)
    return where


def grow_by_edition(
    newsletter: Newsletter,
    edition: Edition,
    subscriptions: SubscriptionQuerySet,
    groups: Sequence[SubscriberGroup],
    base: Base,
    without_variant: Sequence[SubscriberGroup],
    receiving: SubscriptionQuerySet,
    offer_to: OfferTo,
) -> list[WaitingSubscribers]:
    """Let the sets of all subscribers of a cadence grow by what an edition offers them, and the base.

    `groups` are those of the subscribers. Paused subscribers and others who don't receive it now are offered the same.
    Those of the groups `without_variant` who receive it wait. Also return who waits for which posts.
    """
    offers = [(group, offer_to(group)) for group in groups]
    bases.grow(base, offer_to(newcomers(base.ordinals)).afterwards)
    Subscription.objects.filter(newsletter=newsletter.name, waited__gt=0).update(waited=0)
    waiting = _keep(newsletter, edition, receiving, without_variant, offer_to)
    not_waiting = subscriptions.filter(waited=0)
    at = edition.approved_at or edition.created_at
    for group, offered in offers:
        if offered.waits:
            members = not_waiting.with_picks(at).filter(of_groups([group]))
            waiting.append(
                WaitingSubscribers(offered.posts, tuple(members.order_by("pk").values_list("pk", flat=True)))
            )
    _replace(not_waiting, base, offers, at)
    return waiting


def grow_again(
    newsletter: Newsletter,
    edition: Edition,
    subscriptions: SubscriptionQuerySet,
    base: Base,
    offer_to: OfferTo,
    *,
    with_base: bool,
) -> None:
    """Let the sets of subscribers in a cadence grow as when an edition began, and its base or not; none of them waited
    for the next one.
    """
    offers = [(group, offer_to(group)) for group in groups_of(subscriptions, newsletter, edition, base.ordinals)]
    if with_base:
        bases.grow(base, offer_to(newcomers(base.ordinals)).afterwards)
    grown = [(group, replace(offered, kept=offered.grown)) for group, offered in offers]
    _replace(subscriptions, base, grown, edition.approved_at or edition.created_at)


def grow_by_posts(subscriptions: SubscriptionQuerySet, base: Base, posts: Ordinals, *, with_base: bool) -> None:
    """Add posts to the sets of subscribers in a cadence, and to its base or not."""
    if with_base:
        bases.grow(base, posts)
    elif posts - base.ordinals:
        subscriptions.filter(offered=None).update(offered=_key(base, base.ordinals | posts))
    replace_sets(subscriptions, base.newsletter, lambda had: had | posts, base.ordinals)


def grow_by_letter(edition: Edition, known_bases: Mapping[str, Base]) -> None:
    """Add the posts of a letter to the sets of those who get it, and to the bases if it is for everyone."""
    posts = edition.candidate_ordinals
    offered = Delivery.objects.filter(edition=edition).values("subscription_id")
    for base in bases.on(known_bases) if posts else ():
        subscriptions = subscriptions_in(base, known_bases)
        if edition.segment_where:
            grow_by_posts(subscriptions.filter(pk__in=offered), base, posts, with_base=False)
        else:
            grow_by_posts(subscriptions, base, posts, with_base=True)


def _keep(
    newsletter: Newsletter,
    edition: Edition,
    receiving: SubscriptionQuerySet,
    groups: Sequence[SubscriberGroup],
    offer_to: OfferTo,
) -> list[WaitingSubscribers]:
    """Let subscribers wait whose variant is missing: their sets grow by the other posts."""
    waiting = []
    for group in groups:
        offered = offer_to(group)
        members = receiving.with_picks(edition.approved_at or edition.created_at).filter(of_groups([group]), waited=0)
        waiting.append(WaitingSubscribers(offered.posts, tuple(members.order_by("pk").values_list("pk", flat=True))))
        key = OfferedSet.objects.key_of(newsletter.name, offered.kept)
        members.update(offered=key, waited=group.waited + 1)
    return waiting


def _replace(
    subscriptions: SubscriptionQuerySet,
    base: Base,
    offers: Iterable[tuple[SubscriberGroup, Offer]],
    picked_at: datetime,
) -> None:
    """Replace the sets of groups of subscribers by what they have afterwards.

    A set that subscribers get can be the one that others had. So those with larger sets are changed first, and sets
    that equal the base are given up last: nobody is changed twice.
    """
    by_key: dict[int | None, list[tuple[SubscriberGroup, Offer]]] = {}
    for group, offered in sorted(offers, key=lambda offer: len(offer[0].had), reverse=True):
        by_key.setdefault(group.key, []).append((group, offered))
    shared: list[tuple[int, int]] = []
    for key, those in by_key.items():
        sets = {offered.afterwards for _group, offered in those}
        afterwards = sets.pop() if len(sets) == 1 else None  # it depends on the topics
        if key is not None and afterwards is not None:
            shared.append((key, _key(base, afterwards)))
            continue
        _replace_shared(subscriptions, shared)
        shared = []
        if afterwards is not None and afterwards != base.ordinals:
            subscriptions.filter(offered=None).update(offered=_key(base, afterwards))
        elif afterwards is None:
            _replace_by_picks(subscriptions.with_picks(picked_at), base, those)
    _replace_shared(subscriptions, shared)
    subscriptions.filter(offered=base.offered).update(offered=None)


def _replace_shared(subscriptions: SubscriptionQuerySet, changes: Sequence[tuple[int, int]]) -> None:
    """Replace the sets of all subscribers who have them, by their primary keys."""
    changes = [(key, new_key) for key, new_key in changes if key != new_key]
    for start in range(0, len(changes), AT_ONCE):
        some = changes[start : start + AT_ONCE]
        cases = (When(offered=key, then=Value(new_key)) for key, new_key in some)
        new_set = Case(*cases, output_field=BigIntegerField())
        subscriptions.filter(offered__in=[key for key, _after in some]).update(offered=new_set)


def _replace_by_picks(
    subscriptions: QuerySet[Any, Any], base: Base, offers: Iterable[tuple[SubscriberGroup, Offer]]
) -> None:
    """Replace the sets of groups of subscribers who have the same set and picked different topics."""
    for group, offered in offers:
        if offered.afterwards != (base.ordinals if group.key is None else group.had):
            subscriptions.filter(of_groups([group])).update(offered=_key(base, offered.afterwards))


def _key(base: Base, posts: Ordinals) -> int:
    """Return the primary key of a set."""
    return OfferedSet.objects.key_of(base.newsletter, posts)
