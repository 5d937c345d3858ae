"""Repeats in a restored database what fixing an audience did: which posts its subscribers were offered."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db.models import Max

from newsletter.config import Cadence, Newsletter
from newsletter.domain.ordinals import Ordinals
from newsletter.editions.offers import bases
from newsletter.editions.offers.approved import offers_of
from newsletter.editions.offers.groups import newcomers
from newsletter.models import Delivery, Edition, Numbering, Post
from newsletter.recovery import entries
from newsletter.sending.sql.growth import grow_by_letter, grow_by_posts, subscriptions_in
from subscribers.models import Base, OfferedSet, Subscription, sets_of

AT_ONCE = 500


def replay_offers(
    configured: Newsletter,
    edition: Edition,
    restored: set[int],
    at: datetime,
    waiting: Sequence[tuple[str, str]] = (),
    offered: Sequence[Cadence] = (),
) -> None:
    """Let the sets of an edition's subscribers grow as when it began.

    `restored` has the primary keys of the posts that the database did not have before, `waiting` has posts with
    those who wait for them, `offered` the cadences at that time, which earlier versions did not record.
    """
    newsletter = _with_cadences(configured, offered).at(edition.cadence)
    bases.update(newsletter, at)  # what the backup has is judged before the posts of the record count as judged
    _complete_candidates(edition)
    _count_ordinals(edition)
    stored_bases = bases.update(newsletter, at)
    of_cadence = Ordinals() if edition.standalone else edition.candidate_ordinals
    bases.restore_behind(newsletter, stored_bases, restored, of_cadence)
    if edition.corrects_id or not edition.candidates:
        return
    if edition.standalone:
        grow_by_letter(newsletter, edition, stored_bases)
        return
    base = stored_bases[newsletter.period]
    offer = offers_of(edition, newsletter)(newcomers(base.ordinals))
    Subscription.objects.filter(newsletter=newsletter.name, waited__gt=0).update(waited=0)
    for posts, packed in waiting:
        keys = entries.unpacked_numbers(packed)
        _let_wait(keys, base.ordinals, edition.candidate_ordinals - Ordinals.parse(posts))
    subscriptions = subscriptions_in(base, stored_bases).filter(waited=0)
    grow_by_posts(subscriptions, base, edition.candidate_ordinals, with_base=not offer.waits)
    _grow_by_audience(edition, base, stored_bases)


def _with_cadences(newsletter: Newsletter, offered: Sequence[Cadence]) -> Newsletter:
    """Return a newsletter with the cadences that it offered once, the default first."""
    if not offered or tuple(offered) == newsletter.offered:
        return newsletter
    default, *other_cadences = offered
    settings_by_cadence = {
        cadence: settings for cadence, settings in newsletter.cadence.items() if cadence in other_cadences
    }
    cadences = (default, *other_cadences) if other_cadences else ()
    return replace(newsletter, period=default, cadences=cadences, cadence=settings_by_cadence, draft=None, send=None)


def _grow_by_audience(edition: Edition, base_of_edition: Base, stored_bases: Mapping[str, Base]) -> None:
    """Add what an edition had to the sets of those in its audience who are in another cadence now."""
    audience = Delivery.objects.filter(edition=edition).values("subscription_id")
    for base in bases.on(stored_bases):
        if base.pk != base_of_edition.pk:
            subscriptions = subscriptions_in(base, stored_bases).filter(pk__in=audience, waited=0)
            grow_by_posts(subscriptions, base, edition.candidate_ordinals, with_base=False)


def _complete_candidates(edition: Edition) -> None:
    """Fill in the candidates of an edition that an earlier version approved."""
    if edition.candidates is None:
        posts = set(edition.entries.filter(included=True).values_list("post_id", flat=True))
        posts.update(post for variant in edition.variants.all() for post in variant.posts)
        rows = Post.objects.filter(pk__in=posts).order_by("ordinal").values_list("ordinal", "pk")
        edition.candidates = [[ordinal, post, []] for ordinal, post in rows]
        edition.save(update_fields=["candidates"])


def _count_ordinals(edition: Edition) -> None:
    """Let new posts get ordinals after those of the restored ones.

    What the edition offered is not judged again; it may also list later posts that it did not have.
    """
    offered = max([0, *edition.candidate_ordinals])
    last_ordinal = Post.objects.filter(newsletter=edition.newsletter).aggregate(last=Max("ordinal"))["last"] or 0
    Numbering.objects.get_or_create(newsletter=edition.newsletter)
    numbering = Numbering.objects.filter(newsletter=edition.newsletter)
    numbering.filter(last__lt=offered).update(last=offered, judged=offered)
    numbering.filter(last__lt=last_ordinal).update(last=last_ordinal)


def _let_wait(keys: Sequence[int], base: Ordinals, posts: Ordinals) -> None:
    """Add posts to the sets of subscribers who wait for others."""
    for start in range(0, len(keys), AT_ONCE):
        subscriptions = Subscription.objects.filter(pk__in=keys[start : start + AT_ONCE], waited=0)
        rows = list(subscriptions.order_by().values_list("newsletter", "offered").distinct())
        sets = sets_of(key for _newsletter, key in rows)
        for newsletter, key in rows:
            had = base if key is None else sets[key]
            subscriptions.filter(offered=key).update(
                offered=OfferedSet.objects.key_of(newsletter, had | posts), waited=1
            )
