"""How the sets of a cadence's readers grow when an audience is fixed, or when a restored database repeats that.

A few statements suffice, however many readers there are: those with the base have no set of their own, and others share
theirs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import BigIntegerField, Case, Q, Value, When
from django.db.models.functions import Cast

from newsletter.config import Newsletter
from newsletter.domain.offers import Offer
from newsletter.domain.ordinals import Ordinals
from newsletter.editions.offers import bases
from newsletter.editions.offers.approved import OfferTo
from newsletter.editions.offers.readers import ReaderGroup, groups_of, newcomers
from newsletter.models import Delivery, Edition
from subscribers.models import Base, OfferedSet, Subscription, SubscriptionQuerySet, in_base, replace_sets

AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class WaitingReaders:
    """Readers who wait for the next edition with some posts, by the primary keys of their subscriptions."""

    posts: Ordinals
    subscriptions: tuple[int, ...]


def readers_in(base: Base, bases: Mapping[str, Base]) -> SubscriptionQuerySet:
    """Return the active subscriptions in a cadence, whether or not they receive editions now."""
    active = Subscription.objects.filter(newsletter=base.newsletter, state=Subscription.State.ACTIVE, returns=False)
    return active.filter(in_base(base, bases))


def of_groups(groups: Iterable[ReaderGroup]) -> Q:
    """Return the condition for the readers of groups; `picks` has the topics that count."""
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
    readers: SubscriptionQuerySet,
    base: Base,
    without_variant: Sequence[ReaderGroup],
    receiving: SubscriptionQuerySet,
    offer_to: OfferTo,
) -> list[WaitingReaders]:
    """Let the sets of all readers of a cadence grow by what an edition offers them, and the base.

    Paused readers and others who don't receive it now are offered the same. Those of the groups `without_variant` who
    receive it wait. Also return who waits for which posts.
    """
    groups = groups_of(readers, newsletter, edition)
    bases.grow(base, offer_to(newcomers(base.ordinals)).afterwards)
    Subscription.objects.filter(newsletter=newsletter.name, waited__gt=0).update(waited=0)
    waiting = _keep(newsletter, edition, receiving, without_variant, offer_to)
    others = readers.filter(waited=0)
    by_key: dict[int | None, list[tuple[ReaderGroup, Offer]]] = {}
    for group in groups:
        by_key.setdefault(group.key, []).append((group, offer_to(group)))
    same = {key: _only(offers) for key, offers in by_key.items()}
    _replace(others, base, {key: after for key, after in same.items() if after is not None})
    for key, offers in by_key.items():
        for group, offered in offers:
            inside = others.with_picks(edition.approved_at or edition.created_at).filter(of_groups([group]))
            if offered.waits:
                waiting.append(WaitingReaders(offered.posts, tuple(inside.order_by("pk").values_list("pk", flat=True))))
            if same[key] is None and (after := _key(base, offered.afterwards)) != key:
                inside.update(offered=after)
    return waiting


def grow_by_posts(readers: SubscriptionQuerySet, base: Base, posts: Ordinals, *, with_base: bool) -> None:
    """Add posts to the sets of readers in a cadence, and to its base or not."""
    if with_base:
        bases.grow(base, posts)
    elif posts - base.ordinals:
        readers.filter(offered=None).update(offered=_key(base, base.ordinals | posts))
    replace_sets(readers, base.newsletter, lambda had: had | posts, base.ordinals)


def grow_by_letter(newsletter: Newsletter, edition: Edition, known_bases: Mapping[str, Base]) -> None:
    """Add the posts of a letter to the sets of those who get it, and to the bases if it is for everyone."""
    posts = edition.candidate_ordinals
    offered = Delivery.objects.filter(edition=edition).values("subscription_id")
    for base in bases.on(known_bases) if posts else ():
        readers = readers_in(base, known_bases)
        if edition.segment_where:
            grow_by_posts(readers.filter(pk__in=offered), base, posts, with_base=False)
        else:
            grow_by_posts(readers, base, posts, with_base=True)


def _keep(
    newsletter: Newsletter,
    edition: Edition,
    receiving: SubscriptionQuerySet,
    groups: Sequence[ReaderGroup],
    offer_to: OfferTo,
) -> list[WaitingReaders]:
    """Let readers wait whose variant is missing: their sets grow by the other posts."""
    waiting = []
    for group in groups:
        offered = offer_to(group)
        inside = receiving.with_picks(edition.approved_at or edition.created_at).filter(of_groups([group]), waited=0)
        waiting.append(WaitingReaders(offered.posts, tuple(inside.order_by("pk").values_list("pk", flat=True))))
        key = OfferedSet.objects.key_of(newsletter.name, offered.kept)
        inside.update(offered=key, waited=group.waited + 1)
    return waiting


def _only(offers: Iterable[tuple[ReaderGroup, Offer]]) -> Ordinals | None:
    """Return what all readers with a set have afterwards; None if that depends on their topics."""
    sets = {offered.afterwards for _group, offered in offers}
    return sets.pop() if len(sets) == 1 else None


def _key(base: Base, posts: Ordinals) -> int | None:
    """Return the primary key of a set, None for that of the base."""
    return None if posts == base.ordinals else OfferedSet.objects.key_of(base.newsletter, posts)


def _replace(readers: SubscriptionQuerySet, base: Base, sets: Mapping[int | None, Ordinals]) -> None:
    """Replace sets of readers, given by their primary keys."""
    changes = [(key, after) for key, posts in sets.items() if (after := _key(base, posts)) != key]
    for first in range(0, len(changes), AT_ONCE):
        some = [(key, after) for key, after in changes[first : first + AT_ONCE] if key is not None]
        each = (When(offered=key, then=Value(after)) for key, after in some)
        if some:
            new_set = Cast(Case(*each), BigIntegerField(null=True))  # PostgreSQL takes a mere NULL for text
            readers.filter(offered__in=[key for key, _after in some]).update(offered=new_set)
    for key, after in changes:
        if key is None:
            readers.filter(offered=None).update(offered=after)
