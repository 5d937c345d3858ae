"""Read the posts that could be in an edition, and their history, from the ledger and earlier editions."""

from collections.abc import Collection, Iterator
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from newsletter import config
from newsletter.editions.selection.rules import SETTLED, Facts
from newsletter.editions.selection.windows import one_period_before
from newsletter.feeds.html.markup import text_of
from newsletter.messages import posts as reasons
from newsletter.models import LOCKED_STATES, Edition, EditionPost, Listing, Post, State

HOLDING = Q(state__in=LOCKED_STATES) | Q(state=State.CANCELLED, began_at__isnull=False)
"""Editions whose posts are used: approved ones, and cancelled ones that were partly sent."""


def holding(newsletter: str) -> QuerySet[Edition]:
    """Return the editions of a newsletter whose posts no other edition may have."""
    return Edition.objects.filter(HOLDING, newsletter=newsletter, corrects=None)


def frozen_untils(newsletter: str) -> list[datetime]:
    """Return the ends of those editions' windows; letters beside the schedule have none."""
    return list(_periodic(newsletter).values_list("until", flat=True))


def _periodic(newsletter: str) -> QuerySet[Edition]:
    """Return the editions that decide about every post of their window, unlike letters beside the schedule."""
    return holding(newsletter).filter(standalone=False)


def facts(edition: Edition, newsletter: config.Newsletter) -> Iterator[tuple[Post, Facts]]:
    """Yield each candidate post with the facts that the decision depends on."""
    others = EditionPost.objects.filter(edition__in=holding(newsletter.name).exclude(pk=edition.pk))
    held = {e.post_id: e.edition.name for e in others.filter(included=True).select_related("edition")}
    out = others.filter(edition__standalone=False, included=False, reason__code__in=SETTLED)
    settled = {
        e.post_id: reasons.DECIDED_BEFORE(reason=e.reason, edition=e.edition.name)
        for e in out.select_related("edition")
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
                settled=settled.get(post.pk),
                choice=choices.get(post.pk, ""),
                title=post.title,
                text=text_of(post.html or post.summary),
                categories=tuple(post.categories),
                filters=tuple(filters[x.source.url] for x in post.listings.all() if x.source.url in filters),
            ),
        )


def _freed(newsletter: str) -> set[int]:
    """Return the posts of editions that were never sent; they go to the next one, however old they are.

    Of letters beside the schedule these are only the posts that an edition did without because the letter had them.
    """
    ended = Edition.objects.filter(newsletter=newsletter, state__in=(State.CANCELLED, State.SKIPPED), began_at=None)
    entries = EditionPost.objects.filter(edition__in=ended, included=True)
    left = EditionPost.objects.filter(
        edition__in=_periodic(newsletter), included=False, reason__code=reasons.ALREADY_IN.code
    )
    freed = entries.filter(Q(edition__standalone=False) | Q(post_id__in=left.values("post_id")))
    return set(freed.values_list("post_id", flat=True))


def _posts(
    edition: Edition, newsletter: config.Newsletter, freed: Collection[int], chosen: Collection[int]
) -> QuerySet[Post]:
    """Return posts of the window, late posts, posts shortly before the first collection, and posts chosen by an editor.

    Items that no source lists were written for one edition, and are only included by choice.
    """
    earliest = one_period_before(edition.since, newsletter.period, newsletter.zone)
    decided = Q(reason__code__in=SETTLED, edition__standalone=False)
    taken = EditionPost.objects.filter(
        Q(included=True) | decided, edition__in=holding(newsletter.name).exclude(pk=edition.pk)
    ).values("post_id")
    posts = Post.objects.filter(newsletter=newsletter.name)
    posts = posts.annotate(dated=Coalesce(F("published"), F("first_seen")))
    late = Q(dated__lt=edition.since) & (Q(was_there_before=False) | Q(pk__in=freed)) & ~Q(pk__in=taken)
    undated = Q(published=None, was_there_before=True) & ~Q(pk__in=taken)
    listed = Exists(Listing.objects.filter(post=OuterRef("pk")))
    wanted = (Q(dated__gte=earliest) | late | undated) & listed | Q(pk__in=chosen)
    return posts.filter(wanted).prefetch_related("listings__source").order_by("-dated", "-pk")
