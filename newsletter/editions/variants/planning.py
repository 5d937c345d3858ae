"""Which variants an edition needs: a set of posts for every mark that a reader may have when its audience is fixed."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

from django.db.models import QuerySet

from newsletter import config
from newsletter.domain.cadence import possible_marks, start, variants
from newsletter.editions.selection import ordering
from newsletter.editions.selection.rules import SETTLED
from newsletter.editions.selection.series import begin, ends, holding, periodic
from newsletter.messages import posts as reasons
from newsletter.models import Edition, EditionPost, Post
from subscribers.models import Subscription


@dataclass(frozen=True, slots=True)
class PlannedVariant:
    """The marks of the readers of a variant, and its posts in reading order; `own`: those that editors see."""

    marks: tuple[int, ...]
    entries: tuple[EditionPost, ...]
    own: bool


def plan(draft: Edition, newsletter: config.Newsletter, end: int) -> list[PlannedVariant]:
    """Return the variants of a draft that ends at this number, first the one that editors see.

    One without posts is for readers who had all posts of the edition.
    """
    after = begin(newsletter)
    marks = _marks(newsletter, end) | {after}
    entries = {entry.post.number: entry for entry in _own(draft) if entry.post.number is not None}
    for post in _earlier(draft, newsletter, min(marks), after):
        if post.number is not None:
            entries[post.number] = _entry(draft, post)
    readers: dict[tuple[int, ...], list[int]] = {}
    for mark, numbers in sorted(variants(entries, (), marks, end).items()):
        readers.setdefault(numbers, []).append(mark)
    return sorted(
        (
            PlannedVariant(tuple(found), _arranged([entries[n] for n in numbers], newsletter), after in found)
            for numbers, found in readers.items()
        ),
        key=lambda variant: not variant.own,
    )


def _marks(newsletter: config.Newsletter, end: int) -> frozenset[int]:
    fixed = ends(newsletter, fixed=True)
    starts = [start(cadence, newsletter.default_cadence, fixed) for cadence in newsletter.offered]
    held = Subscription.objects.marks(newsletter.name, min(starts))
    approved = holding(newsletter.name).filter(began_at=None, end__isnull=False).values_list("end", flat=True)
    return possible_marks(held, starts, [number for number in approved if number is not None], end)


def _own(draft: Edition) -> QuerySet[EditionPost]:
    entries = draft.entries.filter(included=True).select_related("post")
    return entries.prefetch_related("post__listings__source")


def _earlier(draft: Edition, newsletter: config.Newsletter, first: int, last: int) -> QuerySet[Post]:
    """Return the posts after `first` up to `last` that no editor left out and no letter had."""
    others = EditionPost.objects.filter(edition__in=periodic(newsletter.name).exclude(pk=draft.pk))
    left_out = others.filter(included=False, reason__code__in=SETTLED).values("post_id")
    letters = holding(newsletter.name).filter(standalone=True)
    written = EditionPost.objects.filter(edition__in=letters, included=True).values("post_id")
    posts = Post.objects.filter(newsletter=newsletter.name, number__gt=first, number__lte=last, gone_at=None)
    return posts.exclude(pk__in=left_out).exclude(pk__in=written).prefetch_related("listings__source")


def _entry(draft: Edition, post: Post) -> EditionPost:
    return EditionPost(edition=draft, post=post, included=True, reason=reasons.LATE())


def _arranged(entries: Sequence[EditionPost], newsletter: config.Newsletter) -> tuple[EditionPost, ...]:
    return ordering.arranged([copy(entry) for entry in entries], newsletter)
