"""Which variants an edition needs: a set of posts for the marks and topics that readers may have.

Readers whose marks and topics give the same posts share a variant.
"""

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import product

from django.db.models import QuerySet

from newsletter import config
from newsletter.domain.cadence import possible_marks, start, variants
from newsletter.domain.picks import ALL, in_force, on_topic
from newsletter.editions.selection import ordering
from newsletter.editions.selection.post_topics import topics_of
from newsletter.editions.selection.rules import SETTLED
from newsletter.editions.selection.series import begin, ends, holding, periodic
from newsletter.messages import posts as reasons
from newsletter.models import Edition, EditionPost, Post
from subscribers.models import Subscription

Picked = tuple[int, str]
"""A mark and the topics of a reader with it, as they are stored."""


@dataclass(frozen=True, slots=True)
class PlannedVariant:
    """The marks and topics of the readers of a variant, and its posts in reading order; `own`: those that editors see.

    `off_topic`: it has no posts because none is in its readers' topics.
    """

    readers: tuple[Picked, ...]
    entries: tuple[EditionPost, ...]
    own: bool
    off_topic: bool = False


def plan(draft: Edition, newsletter: config.Newsletter, end: int) -> list[PlannedVariant]:
    """Return the variants of a draft that ends at this number, first the one that editors see.

    Those without posts are for readers who had all posts of the edition, or want none of them.
    """
    own = begin(newsletter), ALL
    entries = _numbered(_own(draft), own[0], end)
    end = max([end, *entries])
    picked = _readers(newsletter, end) | {own}
    for post in _earlier(draft, newsletter, min(mark for mark, _picks in picked), own[0]):
        if post.number is not None:
            entries[post.number] = _entry(draft, post)
    topics = {number: topics_of(entry.post, newsletter) for number, entry in entries.items()}
    shared: dict[tuple[tuple[int, ...], bool], list[Picked]] = {}
    by_mark = variants(entries, (), {mark for mark, _picks in picked}, end)
    for mark, picks in sorted(picked):
        numbers = on_topic(by_mark[mark], topics, in_force(picks, newsletter.topics))
        shared.setdefault((numbers, bool(by_mark[mark]) and not numbers), []).append((mark, picks))
    found = (
        PlannedVariant(tuple(readers), _arranged([entries[n] for n in numbers], newsletter), own in readers, off_topic)
        for (numbers, off_topic), readers in shared.items()
    )
    return sorted(found, key=lambda variant: not variant.own)


def _readers(newsletter: config.Newsletter, end: int) -> set[Picked]:
    """Return the marks and topics that readers may have when the audience is fixed; see `possible_marks`."""
    fixed = ends(newsletter, fixed=True)
    starts = {start(cadence, newsletter.default_cadence, fixed) for cadence in newsletter.offered}
    held = Subscription.objects.marks(newsletter.name, min(starts))
    approved = holding(newsletter.name).filter(began_at=None, end__isnull=False).values_list("end", flat=True)
    starting = Subscription.objects.starting_topics(newsletter.name) | {ALL}
    picks = starting | {each for _mark, each in held}
    possible = held | set(product(starts, starting)) | set(product([n for n in approved if n is not None], picks))
    within = possible_marks((mark for mark, _picks in possible), (), (), end)
    return {(mark, each) for mark, each in possible if mark in within}


def _numbered(entries: Iterable[EditionPost], after: int, end: int) -> dict[int, EditionPost]:
    """Return entries by the numbers of their posts; those that get one at approval have those after `end`."""
    found: dict[int, EditionPost] = {}
    for entry in entries:
        number = entry.post.number
        found[number if number is not None and number > after else max([end, *found]) + 1] = entry
    return found


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
