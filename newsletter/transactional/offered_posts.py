"""Which posts a subscriber was offered, in which edition while that is kept, and which are due."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from newsletter import config
from newsletter.domain.offers import offered
from newsletter.domain.ordinals import Ordinals
from newsletter.domain.picks import in_force, wants
from newsletter.editions.offers.candidate_posts import due
from newsletter.editions.selection.post_topics import topics_of
from newsletter.models import Delivery, Edition, EditionPost, Post, Variant
from subscribers.models import Subscription, base_with, bases_of


def offered_posts(subscription: Subscription, now: datetime) -> dict[str, Any]:
    """Return the posts that a subscriber was offered, and those that the next edition has for them, as JSON."""
    had = set_of(subscription)
    posts = posts_with(subscription.newsletter, offered(had))
    editions = editions_of(subscription, posts)
    return {
        "newsletter": subscription.newsletter,
        "offered": [
            {
                "title": post.title,
                "url": post.url,
                "edition": edition.name if (edition := editions.get(post.pk)) else None,
            }
            for post in posts
        ],
        "due": [{"title": post.title, "url": post.url} for post in due_posts(subscription, had, now)],
    }


def posts_with(newsletter: str, ordinals: Iterable[int]) -> list[Post]:
    """Return posts by their ordinals, without their texts."""
    posts = Post.objects.filter(newsletter=newsletter, ordinal__in=list(ordinals)).order_by("ordinal")
    return list(posts.only("title", "url", "first_seen"))


def set_of(subscription: Subscription) -> Ordinals:
    """Return the set of a subscriber: what was offered, also before they came, and what their cadence has behind it."""
    base = base_with(subscription.cadence, bases_of(subscription.newsletter))
    of_base = base.ordinals if base else Ordinals()
    if subscription.offered is None:
        return of_base
    return subscription.offered.ordinals | (of_base if subscription.returns else Ordinals())


def editions_of(subscription: Subscription, posts: Sequence[Post]) -> dict[int, Edition]:
    """Return the edition in which the person was offered each of these posts, by the primary key of the post."""
    if not posts:
        return {}
    begun = Edition.objects.filter(
        newsletter=subscription.newsletter, began_at__gte=min(post.first_seen for post in posts)
    )
    deliveries = Delivery.objects.filter(edition__in=begun, subscription=subscription)
    numbers = dict(deliveries.values_list("edition_id", "number"))
    offered = defaultdict[int, list[int]](list)
    entries = EditionPost.objects.filter(edition__in=numbers, post__in=posts, included=True).order_by()
    for edition, post in entries.values_list("edition_id", "post_id"):
        offered[edition].append(post)
    offered.update(_posts_of_variants(numbers))
    editions = Edition.objects.in_bulk(offered)
    return {post: editions[edition] for edition in sorted(offered) for post in offered[edition]}


def _posts_of_variants(numbers: Mapping[int, int]) -> dict[int, list[int]]:
    """Return the posts that editions with variants had for a person, by the person's number in each.

    An edition whose variants have no numbers has the first variant's posts for all.
    """
    fields = ("edition_id", "position", "first", "last", "posts")
    variants = list(Variant.objects.filter(edition__in=numbers).values_list(*fields))
    numbered = {edition for edition, _position, _first, last, _posts in variants if last is not None}
    posts: dict[int, list[int]] = {edition: [] for edition, *_fields in variants}
    for edition, position, first, last, posts_of_variant in variants:
        common = edition not in numbered and position == 0
        if common or (last is not None and (first or 1) <= numbers[edition] <= last):
            posts[edition] = posts_of_variant
    return posts


def due_posts(subscription: Subscription, had: Ordinals, now: datetime) -> Iterator[Post]:
    """Yield the posts that the next edition has for a subscriber with the set `had`."""
    newsletter = config.current().newsletters.get(subscription.newsletter)
    if newsletter is None or subscription.state != Subscription.State.ACTIVE:
        return
    picks = in_force(subscription.topics, newsletter.topics)
    keys = due({newsletter.name: had}, now)[newsletter.name]
    posts = Post.objects.filter(pk__in=keys).order_by("ordinal")
    for post in posts.prefetch_related("listings__source") if newsletter.topics else posts.only("title", "url"):
        if wants(picks, topics_of(post, newsletter)):
            yield post
