"""Close drafts whose posts are in a later edition, so that overlapping drafts don't accumulate.

A draft with an editor's work is never closed if that work would be lost. The posts of a closed draft go into the
edition that replaces it. Editors are told of one that was to be sent automatically, and missed its time.
"""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q

from newsletter import config
from newsletter.editions import history, notices
from newsletter.editions.selection.series import sharing_posts
from newsletter.editions.states import change
from newsletter.messages import Message, acts, editions as messages, schedule as schedule_messages
from newsletter.models import Act, Edition, EditionPost, State


def close_earlier(later: Edition, newsletter: config.Newsletter, now: datetime) -> list[Edition]:
    """Close the scheduled drafts that `later` replaces: their send time has passed, and no editor changed them.

    Drafts that these had replaced are then replaced by `later`.
    """
    earlier = Edition.objects.select_for_update().filter(
        sharing_posts(later, newsletter),
        newsletter=later.newsletter,
        state=State.DRAFT,
        corrects=None,
        fixed_window=False,
        due_at__lte=now,
        until__lt=later.until,
    )
    closed = [
        draft
        for draft in earlier.exclude(pk=later.pk)
        if not _has_text(draft) and all(is_untouched(entry) for entry in draft.entries.all())
    ]
    for draft in closed:
        why = messages.REPLACED(edition=later.name)
        _close(draft, later, why, now)
        if newsletter.approval == "none":  # it was to be sent without an editor
            skipped = schedule_messages.SKIPPED(edition=draft.name, reason=why)
            notices.tell(draft.newsletter, notices.SKIPPED, skipped, now, draft.name)
    return closed


def overlapping(frozen: Edition, newsletter: config.Newsletter) -> Iterator[Edition]:
    """Return earlier drafts that include posts of a newly approved edition, with their rows locked.

    If one of the two is a letter outside the schedule, which of them is earlier doesn't matter. A letter to a segment
    leaves its posts to the other subscribers, and what the welcome series shows was in editions before.
    """
    if frozen.standalone and frozen.segment_where:
        return
    mine = frozen.entries.filter(included=True).values("post_id")
    sharing = EditionPost.objects.filter(post_id__in=mine, included=True).values("edition_id")
    drafts = Edition.objects.select_for_update().filter(
        sharing_posts(frozen, newsletter),
        newsletter=frozen.newsletter,
        state=State.DRAFT,
        corrects=None,
        welcome=None,
        pk__in=sharing,
    )
    if not frozen.standalone:
        drafts = drafts.filter(Q(until__lte=frozen.until) | Q(standalone=True))
    yield from drafts.exclude(pk=frozen.pk)


def close_if_empty(draft: Edition, holder: Edition, now: datetime) -> None:
    """Close a draft whose posts are all in `holder`; one with an editor's text stays open with a reason."""
    if draft.entries.filter(included=True).exists():
        return
    if _has_text(draft):
        Edition.objects.filter(pk=draft.pk).update(waiting=messages.TEXT_LEFT(edition=holder.name))
    else:
        _close(draft, holder, messages.POSTS_ELSEWHERE(edition=holder.name), now)


def is_untouched(entry: EditionPost) -> bool:
    """Return whether no editor changed a post of an edition."""
    placed = entry.pinned or entry.moved_to or entry.moved_rank is not None
    return not (entry.choice or placed or entry.title or entry.text)


def _has_text(edition: Edition) -> bool:
    """Return whether an editor wrote a text of the edition or of one of its posts."""
    if any(getattr(edition, key).strip() for key in history.WORDS):
        return True
    return any(entry.title or entry.text for entry in edition.entries.all())


def _close(draft: Edition, later: Edition, why: Message, now: datetime) -> None:
    Edition.objects.filter(replaced_by=draft).update(replaced_by=later)
    change(draft, State.SKIPPED, reason=why, ended_at=now, waiting=None, replaced_by=later)
    Act.objects.log("", acts.SKIPPED(), draft.name, after={"replaced by": later.name}, now=now)
