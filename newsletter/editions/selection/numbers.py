"""The numbers of a newsletter's posts: which posts get one, and at which number an edition ends.

A post gets a number when a draft first includes it. An edition of a newsletter with one cadence numbers its posts when
it is approved, so that readers' marks have a place to start at should there be more cadences later. All functions run
in the caller's transaction.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from newsletter import config
from newsletter.editions.problems import JobProblem
from newsletter.editions.selection.rules import Decision
from newsletter.editions.selection.series import HOLDING, arguments_of_draft, begin, by_marks, holding, sharing_posts
from newsletter.messages import editions as messages
from newsletter.messages import posts as reasons
from newsletter.models import Edition, EditionPost, Numbering, Post, Variant

LATER = (reasons.AFTER_THE_END.code, reasons.OWN_EDITION.code)
"""Codes of the reasons for which a post that an edition lists belongs to the next one."""
Decided = tuple[Post, Decision | None]


def locked(newsletter: str) -> Numbering:
    """Return the newsletter's numbering, locked until the transaction ends."""
    Numbering.objects.get_or_create(newsletter=newsletter)
    return Numbering.objects.select_for_update().get(newsletter=newsletter)


def fitted(edition: Edition, newsletter: config.Newsletter, decided: Sequence[Decided]) -> list[tuple[Post, Decision]]:
    """Assign numbers to the posts that a draft includes, and return the decisions about those that concern it.

    A post that is found after one that belongs to the next edition belongs to the next edition, too: what an edition
    covers is all posts up to a number.
    """
    listed = [(post, decision) for post, decision in decided if decision is not None]
    if edition.standalone or not by_marks(newsletter):
        return listed
    after = begin(newsletter)
    included = [post for post, decision in listed if decision.included]
    others = _in_variants(edition, [post for post in included if _is_passed(post, after)])
    _number(locked(edition.newsletter), [post for post in included if post.pk not in others], after)
    later = [post.number for post, decision in decided if decision is None and post.number and post.number > after]
    end = min(later) - 1 if later else None
    apart = reasons.AFTER_THE_END
    if newsletter.by_post and (single := _end_of_first(listed, others, after)):
        end, apart = (single, reasons.OWN_EDITION) if end is None or single < end else (end, apart)

    def fit(post: Post, decision: Decision) -> Decision:
        if not decision.included:
            return decision
        if post.pk in others:
            return Decision(False, reasons.ALREADY_IN(edition=others[post.pk]))
        if end is not None and post.number is not None and post.number > end:
            return Decision(False, apart())
        return decision

    return [(post, fit(post, decision)) for post, decision in listed]


def _end_of_first(listed: Iterable[tuple[Post, Decision]], others: Collection[int], after: int) -> int | None:
    """Return where an edition with a single post ends: at its first post, or at the last that an editor chose."""
    included = [(p.number or 0, d.reason) for p, d in listed if d.included and p.pk not in others]
    chosen = [number for number, reason in included if reasons.INCLUDED.matches(reason)]
    return max(min(number for number, _reason in included), *chosen, after) if included else None


def holders(edition: Edition, newsletter: config.Newsletter, posts: Sequence[Post]) -> dict[int, str]:
    """Return which of these posts the edition can't have, by primary key, and the edition that has each.

    Of posts that the cadence has not reached yet, editions of other cadences may have any.
    """
    others = EditionPost.objects.filter(edition__in=holding(edition.newsletter).exclude(pk=edition.pk), included=True)
    found = others.filter(post__in=posts).select_related("edition")
    if edition.standalone or not by_marks(newsletter):
        return {entry.post_id: entry.edition.name for entry in found}
    after = begin(newsletter)
    owed = {post.pk for post in posts if post.number is not None and post.number > after}
    sharing = set(Edition.objects.filter(sharing_posts(edition, newsletter), HOLDING).values_list("pk", flat=True))
    held = {e.post_id: e.edition.name for e in found if e.post_id not in owed or e.edition_id in sharing}
    return _in_variants(edition, [post for post in posts if _is_passed(post, after)]) | held


def number_posts(draft: Edition, newsletter: config.Newsletter) -> None:
    """Assign numbers to a draft's posts that have none that counts for it, in the caller's transaction.

    With one cadence, these are all: numbers follow the editions.
    """
    if draft.standalone or draft.corrects_id:
        return
    numbering = locked(draft.newsletter)
    after = begin(newsletter) if by_marks(newsletter) else numbering.last
    _number(numbering, [e.post for e in draft.entries.filter(included=True).select_related("post")], after)


def end_of(draft: Edition, newsletter: config.Newsletter) -> int:
    """Return the number at which a draft ends whose posts are numbered.

    Raises JobProblem if it has a post that was found after others which belong to the next edition.
    """
    last = Numbering.objects.filter(newsletter=draft.newsletter).values_list("last", flat=True).first() or 0
    later = _undecided(draft, newsletter, begin(newsletter)) if by_marks(newsletter) else []
    if not later:
        return last
    end = min(later) - 1
    beyond = draft.entries.filter(included=True, post__number__gt=end).select_related("post").first()
    if beyond is not None:
        post = beyond.post
        named = arguments_of_draft(newsletter)
        raise JobProblem(messages.POST_AFTER_END(title=post.title or post.url, newsletter=named))
    return end


def _undecided(draft: Edition, newsletter: config.Newsletter, after: int) -> list[int]:
    """Return the numbers of posts that belong to the next edition: this one has not decided about them."""
    decided = draft.entries.exclude(included=False, reason__code__in=LATER).values("post_id")
    others = holding(draft.newsletter).exclude(pk=draft.pk).filter(sharing_posts(draft, newsletter))
    held = EditionPost.objects.filter(edition__in=others, included=True).values("post_id")
    posts = Post.objects.filter(newsletter=draft.newsletter, number__gt=after)
    numbers = posts.exclude(pk__in=decided).exclude(pk__in=held).values_list("number", flat=True)
    return [number for number in numbers if number is not None]


def _number(numbering: Numbering, posts: Iterable[Post], after: int) -> None:
    """Give the next numbers to posts that have none, or one up to `after`."""
    wanting = [post for post in _by_date(posts) if post.number is None or post.number <= after]
    for post in wanting:
        numbering.last += 1
        post.number = numbering.last
    Post.objects.bulk_update(wanting, ["number"])
    numbering.save(update_fields=["last"])


def _is_passed(post: Post, after: int) -> bool:
    return post.number is not None and post.number <= after


def _in_variants(edition: Edition, posts: Collection[Post]) -> dict[int, str]:
    """Return which of these posts an approved edition has in one of its variants, and which edition."""
    if not posts:
        return {}
    keys = {post.pk for post in posts}
    variants = Variant.objects.filter(edition__in=holding(edition.newsletter).exclude(pk=edition.pk))
    return {
        key: variant.edition.name
        for variant in variants.only("posts", "edition__newsletter", "edition__period").select_related("edition")
        for key in keys.intersection(variant.posts)
    }


def _by_date(posts: Iterable[Post]) -> list[Post]:
    """Return the posts in the order in which they become eligible: of those found together, the oldest first."""
    return sorted(posts, key=lambda post: (_dated(post), post.pk))


def _dated(post: Post) -> datetime:
    return post.published or post.first_seen
