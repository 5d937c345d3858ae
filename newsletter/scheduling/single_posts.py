"""The schedule of editions with a single post: a draft when a post becomes eligible, sent when it is approved.

A post becomes eligible when it is found, or at its date if that is later. One draft is open at a time, so that posts
are sent in their order; the next follows as soon as it is approved. Without approval, a few are sent at each look, and
the others at the next ones. Posts that only some subscribers lack come along with the next post, or after a day
without. Once a post has been due for more than a day, as after a pause or an outage, all that are due are sent
together.
"""

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from newsletter import config
from newsletter.config import Config
from newsletter.domain.offers import not_due
from newsletter.domain.ordinals import Ordinals
from newsletter.editions import approval, draft, notices
from newsletter.editions.draft import NoNewPost
from newsletter.editions.hosting import fetch_images
from newsletter.editions.offers.bases import eligible_at
from newsletter.editions.offers.candidates import BACKLOG_AFTER, select
from newsletter.editions.offers.groups import Lacking, base_of
from newsletter.editions.problems import Impossible
from newsletter.editions.selection.rules import SETTLED
from newsletter.editions.selection.series import deciding, of_cadence
from newsletter.editions.states import state_message
from newsletter.editions.variants.ahead import dated_ahead
from newsletter.messages import message_of, posts as posts_messages, schedule as schedule_messages
from newsletter.models import Edition, EditionPost, Occurrence, Post, State
from newsletter.render.html.loader import TemplateProblem
from newsletter.scheduling.occurrences import (
    BY,
    DRAFT,
    attempt,
    cadence_of,
    editions_of,
    finish,
    is_left_out,
    lease,
    leave_by_itself,
    occurrences_of,
    wait,
)

OVERLAP = timedelta(hours=1)
"""How long before the last look a post may have been found that was stored after it."""
AT_ONCE = 10
"""So many editions of a cadence are made at one look; sending the others can wait for the next."""


def plan(newsletter: config.Newsletter, now: datetime) -> None:
    """Create an occurrence at the time when the newest post became eligible, unless one is to be done already.

    Occurrences in the future are of a clock that was set back since.
    """
    occurrences = occurrences_of(newsletter).filter(due_at__lte=now)
    if occurrences.filter(done_at=None).exists():
        return
    last = occurrences.aggregate(last=Max("due_at"))["last"]
    due = now if last is None else _newest(newsletter, last, now)
    if due is None and last is not None and (_was_overlooked(newsletter, last) or last <= now - BACKLOG_AFTER):
        due = now if _has_due_posts(newsletter, now) else None
    if due is not None:
        Occurrence.objects.get_or_create(
            newsletter=newsletter.name, act=DRAFT, cadence=cadence_of(newsletter), due_at=due
        )


def _newest(newsletter: config.Newsletter, after: datetime, now: datetime) -> datetime | None:
    """Return when the newest post became eligible, after one moment and up to another; None if there is no such."""
    posts = Post.objects.filter(newsletter=newsletter.name, gone_at=None).annotate(eligible=eligible_at())
    newest: datetime | None = posts.filter(eligible__gt=after, eligible__lte=now).aggregate(at=Max("eligible"))["at"]
    return newest


def _was_overlooked(newsletter: config.Newsletter, last: datetime) -> bool:
    """Return whether a post that became eligible by the last look is neither offered nor settled.

    Sources are read side by side, so that it may have been stored after that look.
    """
    posts = Post.objects.filter(newsletter=newsletter.name, gone_at=None, refusal__isnull=True)
    settled = EditionPost.objects.filter(post=OuterRef("pk"), included=False, reason__code__in=SETTLED)
    recent = posts.annotate(eligible=eligible_at()).filter(~Exists(settled), eligible__gt=last - OVERLAP)
    ordinals = Ordinals.of(recent.filter(eligible__lte=last).values_list("ordinal", flat=True))
    return bool(ordinals - not_due(base_of(newsletter)))


def _has_due_posts(newsletter: config.Newsletter, now: datetime) -> bool:
    """Return whether an edition made now would have posts: new ones, or such that not all subscribers were offered."""
    draft = Edition(newsletter=newsletter.name, cadence=newsletter.period, since=now, until=now)
    lacking = Lacking(newsletter, draft)
    listed = select(draft, newsletter, now).listed if _has_anything(newsletter, lacking) else ()
    return any(decision.included for _post, decision in listed)


def _has_anything(newsletter: config.Newsletter, lacking: Lacking) -> bool:
    """Return whether subscribers differ in what they were offered, or all lack a post that is not out, or no longer."""
    lifted = EditionPost.objects.filter(included=True, edition__in=deciding(newsletter.name)).values("post")
    accepted = Post.objects.filter(Q(refusal__isnull=True) | Q(pk__in=lifted), newsletter=newsletter.name, gone_at=None)
    base = not_due(lacking.base)
    lacked = Ordinals.of(accepted.values_list("ordinal", flat=True)) - base
    return bool(lacked) or any(posts != base for posts, _count in lacking.sets)


def has_work(newsletter: config.Newsletter, now: datetime, *, is_due: bool) -> bool:
    """Return whether `run` would do anything; `is_due`: an occurrence is."""
    if _approved(newsletter).exists():
        return True
    return is_due and not is_left_out(newsletter, now) and _has_turn(newsletter)


def run(configuration: Config, newsletter: config.Newsletter, now: datetime) -> int:
    """Make the next editions and queue what is approved; return the number of occurrences that were run."""
    count = 0
    while count < AT_ONCE and not is_left_out(newsletter, now) and _has_turn(newsletter):
        occurrence = occurrences_of(newsletter).filter(done_at=None, due_at__lte=now).first()
        if occurrence is None or not lease(occurrence, now):
            break
        _run_occurrence(configuration, newsletter, occurrence, now)
        count += 1
    _queue_approved(configuration, newsletter, now)
    return count


def _has_turn(newsletter: config.Newsletter) -> bool:
    """Return whether no draft that waits for an editor has a post that subscribers lack.

    Without approval, a draft waits only if it could not be sent; one that a person made is refreshed and sent.
    """
    drafts = Edition.objects.filter(of_cadence(newsletter), newsletter=newsletter.name, state=State.DRAFT)
    if newsletter.approval == "none":
        drafts = drafts.filter(waiting__isnull=False)
    entries = EditionPost.objects.filter(edition__in=drafts, included=True)
    draft = drafts.first()
    return draft is None or not Lacking(newsletter, draft).by_anyone(entries.values_list("post__ordinal", flat=True))


def _run_occurrence(
    configuration: Config, newsletter: config.Newsletter, occurrence: Occurrence, now: datetime
) -> None:
    drafted = partial(_drafted, newsletter, occurrence, now)
    edition: Edition | None = None
    with attempt(newsletter, occurrence, now):
        try:
            edition = draft.make(configuration, newsletter, now=now, read_sources=False, by=BY, finish=drafted)
        except NoNewPost:
            finish(occurrence, now, schedule_messages.NO_NEW_POST())
    if edition and newsletter.approval == "none" and edition.entries.filter(included=True).exists():
        fetch_images(configuration, edition, now)
        leave_by_itself(configuration, edition, now)


def _drafted(newsletter: config.Newsletter, occurrence: Occurrence, now: datetime, edition: Edition) -> None:
    """Mark the occurrence as done with the last post; until then it is free for the next one."""
    if not edition.entries.filter(included=True).exists():
        finish(occurrence, now, schedule_messages.NO_NEW_POST())
        return
    if edition.entries.filter(included=False, reason__code=posts_messages.OWN_EDITION.code).exists():
        Occurrence.objects.filter(pk=occurrence.pk).update(leased_until=None, attempts=0)
    else:
        finish(occurrence, now, schedule_messages.DRAFTED(edition=edition.name, state=state_message(edition.state)))
    if newsletter.approval == "editor":
        notices.tell_of_draft(newsletter, edition, now)


def _queue_approved(configuration: Config, newsletter: config.Newsletter, now: datetime) -> None:
    """Queue what is approved, in the order of posts; nothing that waits for an editor."""
    for edition in _approved(newsletter).order_by("approved_at", "pk"):
        queue = partial(_queue, configuration, edition, now)
        try:
            dated_ahead(edition, configuration, now, queue)
        except (Impossible, TemplateProblem) as problem:
            wait(edition, message_of(problem), now)


@transaction.atomic
def _queue(configuration: Config, edition: Edition, now: datetime) -> None:
    locked = Edition.objects.select_for_update().get(pk=edition.pk)
    if locked.state == State.APPROVED and locked.due_at is None:
        approval.queue(configuration, locked, by=BY, now=now)


def _approved(newsletter: config.Newsletter) -> QuerySet[Edition]:
    return editions_of(newsletter).filter(state=State.APPROVED, standalone=False, corrects=None, waiting__isnull=True)
