"""Which posts a subscriber was offered, in which edition while that is kept, and which are due."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from newsletter import config
from newsletter.domain.ordinals import Ordinals
from newsletter.domain.picks import in_force, wants
from newsletter.editions.offers.due import due
from newsletter.editions.selection.post_topics import topics_of
from newsletter.models import Delivery, EditionPost, Post, Variant
from subscribers.models import Subscription, bases_of, in_base


def offered_posts(subscription: Subscription, now: datetime) -> dict[str, Any]:
    """Return the posts that a subscriber was offered, and those that the next edition has for them, as JSON."""
    had, editions = set_of(subscription), _editions(subscription)
    posts = Post.objects.filter(newsletter=subscription.newsletter).order_by("ordinal")
    listed = posts.filter(ordinal__in=list(had)).values_list("pk", "title", "url")
    return {
        "newsletter": subscription.newsletter,
        "offered": [{"title": title, "url": url, "edition": editions.get(pk)} for pk, title, url in listed],
        "due": [{"title": post.title, "url": post.url} for post in _due(subscription, had, now)],
    }


def set_of(subscription: Subscription) -> Ordinals:
    """Return the ordinals of the posts that a subscriber was offered, or that were offered before they came."""
    bases = bases_of(subscription.newsletter)
    mine = Subscription.objects.filter(pk=subscription.pk)
    base = next((each for each in bases.values() if each.is_on and mine.filter(in_base(each, bases)).exists()), None)
    of_base = base.ordinals if base else Ordinals()
    if subscription.offered is None:
        return of_base
    return subscription.offered.ordinals | (of_base if subscription.returns else Ordinals())


def _editions(subscription: Subscription) -> dict[int, str]:
    """Return the edition in which the person was offered each post, by the primary key of the post."""
    deliveries = Delivery.objects.filter(subscription=subscription).select_related("edition").order_by("edition_id")
    names = {delivery.edition_id: delivery.edition.name for delivery in deliveries}
    posts = _posts(subscription, names)
    return {post: name for edition, name in names.items() for post in posts.get(edition, ())}


def _posts(subscription: Subscription, editions: Iterable[int]) -> dict[int, list[int]]:
    """Return the posts that these editions had for the person, by edition.

    An edition without variants has the same for all, and one whose variants have no numbers the first variant's.
    """
    variants = Variant.objects.filter(edition__in=editions)
    numbered = set(variants.filter(last__isnull=False).values_list("edition_id", flat=True))
    common = variants.filter(position=0).exclude(edition__in=numbered)
    mine = Delivery.objects.filter(subscription=subscription, edition=OuterRef("edition"))
    own = variants.filter(Exists(mine.filter(number__gte=OuterRef("first"), number__lte=OuterRef("last"))))
    posts = dict([*common.values_list("edition_id", "posts"), *own.values_list("edition_id", "posts")])
    without_variants = EditionPost.objects.filter(edition__in=editions, included=True)
    without_variants = without_variants.exclude(edition__in=variants.values("edition"))
    for edition, post in without_variants.values_list("edition_id", "post_id"):
        posts.setdefault(edition, []).append(post)
    return posts


def _due(subscription: Subscription, had: Ordinals, now: datetime) -> Iterator[Post]:
    newsletter = config.current().newsletters.get(subscription.newsletter)
    if newsletter is None or subscription.state != Subscription.State.ACTIVE:
        return
    picks = in_force(subscription.topics, newsletter.topics)
    for post in due(newsletter, had, now).order_by("ordinal"):
        if wants(picks, topics_of(post, newsletter)):
            yield post
