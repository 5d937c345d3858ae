"""What the ledger and earlier editions know of the posts that could be in an edition: the facts for `selection`."""

from collections.abc import Collection, Iterator
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from newsletter import config
from newsletter.feeds.markup import text_of
from newsletter.jobs.selection import SETTLED, Facts
from newsletter.jobs.windows import one_period_before
from newsletter.models import FROZEN, Edition, EditionPost, Listing, Post, State

Filters = tuple[tuple[config.Filter, config.Filter], ...]

HOLDING = Q(state__in=FROZEN) | Q(state=State.CANCELLED, began_at__isnull=False)
"""Editions whose posts are taken: frozen ones, and cancelled ones of which something had left."""


def holding(newsletter: str) -> QuerySet[Edition]:
    """The editions of a newsletter whose posts no other edition may hold."""
    return Edition.objects.filter(HOLDING, newsletter=newsletter, corrects=None)


def frozen_untils(newsletter: str) -> list[datetime]:
    """Where the windows of those editions end."""
    return list(holding(newsletter).values_list("until", flat=True))


def facts(edition: Edition, newsletter: config.Newsletter) -> Iterator[tuple[Post, Facts]]:
    """Each post that may concern the edition, and what its place in it depends on."""
    others = holding(newsletter.name).exclude(pk=edition.pk)
    entries = EditionPost.objects.filter(edition__in=others)
    held = {e.post_id: e.edition.name for e in entries.filter(included=True).select_related("edition")}
    settled = {
        e.post_id: f"{e.reason} (in {e.edition.name})"
        for e in entries.filter(included=False, reason__in=SETTLED).select_related("edition")
    }
    freed = _freed(newsletter.name)
    choices = {e.post_id: e.choice for e in edition.entries.exclude(choice="")}
    filters = {s.url: (s.include, s.exclude) for s in newsletter.sources}
    for post in _posts(edition, newsletter, freed, list(choices)):
        yield (
            post,
            Facts(
                published=post.published,
                first_seen=post.first_seen,
                there_before=post.was_there_before and post.pk not in freed,
                gone=post.gone_at is not None,
                held_by=held.get(post.pk, ""),
                settled=settled.get(post.pk, ""),
                choice=choices.get(post.pk, ""),
                title=post.title,
                text=text_of(post.html or post.summary),
                categories=tuple(post.categories),
                filters=tuple(filters[x.source.url] for x in post.listings.all() if x.source.url in filters),
            ),
        )


def _freed(newsletter: str) -> set[int]:
    """What editions held that came to nothing: it waits for the next one, however old its source was."""
    ended = Edition.objects.filter(newsletter=newsletter, state__in=(State.CANCELLED, State.SKIPPED), began_at=None)
    return set(EditionPost.objects.filter(edition__in=ended, included=True).values_list("post_id", flat=True))


def _posts(
    edition: Edition, newsletter: config.Newsletter, freed: Collection[int], chosen: Collection[int]
) -> QuerySet[Post]:
    """Those of the window, the late ones, those shortly before the first collection, and those an editor chose.

    What no source lists was written by hand for one edition, and is only ever in by choice.
    """
    earliest = one_period_before(edition.since, newsletter.period, newsletter.zone)
    taken = EditionPost.objects.filter(
        Q(included=True) | Q(reason__in=SETTLED), edition__in=holding(newsletter.name).exclude(pk=edition.pk)
    ).values("post_id")
    posts = Post.objects.filter(newsletter=newsletter.name)
    posts = posts.annotate(dated=Coalesce(F("published"), F("first_seen")))
    late = Q(dated__lt=edition.since) & (Q(was_there_before=False) | Q(pk__in=freed)) & ~Q(pk__in=taken)
    undated = Q(published=None, was_there_before=True) & ~Q(pk__in=taken)
    listed = Exists(Listing.objects.filter(post=OuterRef("pk")))
    wanted = (Q(dated__gte=earliest) | late | undated) & listed | Q(pk__in=chosen)
    return posts.filter(wanted).prefetch_related("listings__source").order_by("-dated", "-pk")
