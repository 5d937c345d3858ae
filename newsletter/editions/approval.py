"""Approve, reopen, queue, and cancel editions whose sending has not begun.

What was previewed is what is sent: approval names the reviewed revision and locks subject, HTML, text, sender and
settings. Later changes by sources or editors have no effect unless the edition is reopened.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from functools import partial

from django.db import transaction

from newsletter.config import Config
from newsletter.editions import history
from newsletter.editions.draft import release_posts
from newsletter.editions.editing import Conflict
from newsletter.editions.local_links import ALLOWED, check_edition, check_links
from newsletter.editions.offers import bases
from newsletter.editions.offers.candidate_posts import holders_of, settled_of
from newsletter.editions.offers.groups import Lacking
from newsletter.editions.problems import Impossible, refuse_inactive
from newsletter.editions.selection.windows import just_after
from newsletter.editions.states import NotAllowed, change, locked_in, state_message
from newsletter.editions.variants.ahead import dated_ahead, rendered_ahead
from newsletter.editions.variants.freezing import date_again, date_letter, freeze
from newsletter.editions.variants.planning import PreparedDraft, prepare
from newsletter.events import record as events
from newsletter.events.record import EventKind
from newsletter.messages import Message, acts, editions as messages
from newsletter.models import Act, ApprovedContent, Edition, State, Variant, WelcomeLetter
from newsletter.render.lint.codes import CODES

A_MOMENT = timedelta(minutes=1)
"""A time that passed this recently, while it was entered or confirmed, means now."""


class LintErrors(Impossible):
    """The draft has lint errors that were not overridden; `codes` has their codes."""

    def __init__(self, name: str, prepared: PreparedDraft, codes: list[str]) -> None:
        self.codes = codes
        error = next(f for f in prepared.errors if f.code in codes)
        super().__init__(
            messages.LINT_ERRORS(
                name=name, count=len(codes), code=error.code, message=error.message, codes=",".join(codes)
            )
        )


def approve(
    configuration: Config,
    edition: Edition,
    *,
    by: str = "",
    revision: int | None = None,
    despite: Collection[str] = (),
    needs_content: bool = False,
    now: datetime | None = None,
) -> Edition:
    """Approve a draft at the reviewed `revision`; None means the current one.

    With `needs_content` it must have something to read, as when a person approves it; the schedule sends an edition
    without posts where `minimum_posts` is 0.

    Raises Conflict if it changed since `revision`, LintErrors, NotAllowed if it is not a draft, and Impossible if its
    links would not work, another edition has one of its posts or left it out, or it has nothing to read.
    """
    now = now or datetime.now(UTC)
    check_links(configuration, edition.newsletter)
    record_source_changes(edition, now)
    lock = partial(_lock, configuration, edition, by, revision, despite, now, needs_content=needs_content)
    return rendered_ahead(edition, configuration, now, lock, automatic=by == history.BY_SCHEDULE)


@transaction.atomic
def _lock(
    configuration: Config,
    edition: Edition,
    by: str,
    revision: int | None,
    despite: Collection[str],
    now: datetime,
    *,
    needs_content: bool,
) -> Edition:
    """Check a draft and lock what is sent."""
    draft = locked_in(edition, [State.DRAFT], messages.ONLY_DRAFTS_APPROVED)
    if revision is not None and (revision != draft.revision or history.has_changed(draft)):
        raise Conflict(draft, revision)
    if not draft.corrects_id:
        bases.update(configuration.edited(draft), now)
    _check_posts(draft, configuration)
    prepared = prepare(draft, configuration, now)
    if needs_content and not any(variant.planned.entries for variant in prepared.variants):
        _check_content(draft)
    if unknown := sorted(set(despite) - CODES.keys()):
        raise Impossible(messages.NOT_A_LINT_CODE(name=draft.name, code=unknown[0]))
    overridden = sorted({f.code for f in prepared.errors})
    if codes := [code for code in overridden if code not in despite]:
        raise LintErrors(draft.name, prepared, codes)
    until = _end_of_window(draft, now)
    freeze(draft, prepared, configuration, now, automatic=by == history.BY_SCHEDULE)
    change(
        draft,
        State.APPROVED,
        where={"revision": draft.revision},
        approved_at=now,
        approved_by=by,
        until=max(until, draft.since),
        despite_lint=overridden,
        candidates=_candidates(draft, prepared),
        waiting=None,
        due_at=draft.due_at if draft.due_at and draft.due_at > now else None,
    )
    events.of_edition(EventKind.EDITION_APPROVED, draft, now, revision=draft.revision)
    if draft.welcome_id:
        WelcomeLetter.objects.filter(pk=draft.welcome_id, since=None).update(since=now)
    elif not draft.corrects_id:
        release_posts(draft, configuration, now)
    Act.objects.log(by, acts.APPROVED(), draft.name, after={"revision": draft.revision, "despite": overridden}, now=now)
    return draft


def record_source_changes(edition: Edition, now: datetime) -> None:
    """Create a revision if the sources changed texts since the last one, so that it can be reviewed."""
    with transaction.atomic():
        draft = Edition.objects.select_for_update().get(pk=edition.pk)
        if draft.state == State.DRAFT and history.has_changed(draft):
            history.record(draft, "", acts.SOURCES_CHANGED(), now)


def reopen(edition: Edition, *, by: str = "", now: datetime | None = None) -> Edition:
    """Make an approved edition a draft again, or a queued one with no claimed chunks.

    One that was skipped because it has too few posts can be reopened too; its posts may be in a later edition by then.
    """
    now = now or datetime.now(UTC)
    with transaction.atomic():
        edition = Edition.objects.select_for_update().get(pk=edition.pk)
        if edition.state not in (State.APPROVED, State.QUEUED) and not was_too_small(edition):
            raise NotAllowed(messages.ONLY_APPROVED_REOPENED(name=edition.name, state=state_message(edition.state)))
        drafted, due = edition.revisions.latest("number").snapshot, history.planned_due(edition)
        change(
            edition,
            State.DRAFT,
            approved_at=None,
            approved_by="",
            queued_at=None,
            ended_at=None,
            reason=None,
            waiting=edition.reason or edition.waiting,
            despite_lint=[],
            candidates=None,
            until=datetime.fromisoformat(drafted["until"]),  # as it was before approval and queueing changed it
            due_at=due if due and due > now else None,
        )
        ApprovedContent.objects.filter(edition=edition).delete()
        Variant.objects.filter(edition=edition).delete()
        Act.objects.log(by, acts.REOPENED(), edition.name, now=now)
    return edition


def was_too_small(edition: Edition) -> bool:
    """Return whether an edition was skipped because it has too few posts."""
    too_few = messages.TOO_FEW_POSTS.matches(edition.reason) or messages.SUBSCRIBERS_WAIT.matches(edition.reason)
    return edition.state == State.SKIPPED and too_few


def queue(
    configuration: Config,
    edition: Edition,
    *,
    by: str = "",
    at: datetime | None = None,
    now: datetime | None = None,
    revision: int | None = None,
) -> Edition:
    """Queue an approved edition to be sent now or at a time, when a sender picks it up.

    Raises Conflict if another revision than `revision` is approved, and Impossible if `at` has passed or the newsletter
    is paused or archived.
    """
    now = now or datetime.now(UTC)
    refuse_inactive(configuration.newsletters[edition.newsletter])
    check_due(at, now)
    due = due_or_now(at, now)

    @transaction.atomic
    def lock() -> Edition:
        locked = locked_in(edition, [State.APPROVED], messages.ONLY_APPROVED_QUEUED)
        if locked.welcome_id:
            raise NotAllowed(messages.WELCOME_SENT_BY_ITSELF(name=locked.name))
        until = _dated(locked, configuration, due, revision)
        _allow_local_links(locked, configuration)
        change(locked, State.QUEUED, due_at=due, queued_at=now, waiting=None, until=until)
        what = acts.QUEUED() if due > now else acts.SENDING_STARTED()
        Act.objects.log(by, what, locked.name, after={"due": due.isoformat()}, now=now)
        return locked

    return dated_ahead(edition, configuration, due, lock)


def due_or_now(at: datetime | None, now: datetime) -> datetime:
    """Return the time at which an edition is sent that is queued for `at`."""
    return max(at or now, now)


def send_now(configuration: Config, edition: Edition, *, by: str = "", now: datetime | None = None) -> Edition:
    """Send an edition that is scheduled for later as soon as possible. Raises NotAllowed if it is not queued."""
    now = now or datetime.now(UTC)
    return _move(configuration, edition, now, acts.SENT_NOW(), by, now)


def reschedule(
    configuration: Config,
    edition: Edition,
    *,
    at: datetime,
    by: str = "",
    revision: int | None = None,
    now: datetime | None = None,
) -> Edition:
    """Send a queued edition at another time; its recipients are fixed when sending begins.

    Raises NotAllowed if it is not queued any more, and what `queue` raises.
    """
    now = now or datetime.now(UTC)
    check_due(at, now)
    return _move(configuration, edition, max(at, now), acts.QUEUED(), by, now, revision)


def _move(
    configuration: Config,
    edition: Edition,
    due: datetime,
    what: Message,
    by: str,
    now: datetime,
    revision: int | None = None,
) -> Edition:
    """Change the time of a queued edition of which nothing has been sent."""
    refuse_inactive(configuration.newsletters[edition.newsletter])

    @transaction.atomic
    def move() -> Edition:
        locked = locked_in(edition, [State.QUEUED], messages.ONLY_QUEUED_SENT_NOW)
        until = _dated(locked, configuration, due, revision)
        earlier = locked.due_at.isoformat() if locked.due_at else None
        Edition.objects.filter(pk=locked.pk).update(due_at=due, waiting=None, until=until)
        Act.objects.log(by, what, locked.name, before={"due": earlier}, after={"due": due.isoformat()}, now=now)
        locked.refresh_from_db()
        return locked

    return dated_ahead(edition, configuration, due, move)


def _end_of_window(draft: Edition, now: datetime) -> datetime:
    """Return where the window of a draft ends once it is approved: of a letter when it is sent, so far as is known."""
    if draft.corrects_id:
        return draft.until
    if draft.standalone:
        return just_after(max(draft.due_at or now, now))
    return min(draft.until, draft.refreshed_at)


def _dated(edition: Edition, configuration: Config, due: datetime, revision: int | None) -> datetime:
    """Give the approved content the date of sending, and return the end of the edition's window, which a letter has
    there.

    Raises Conflict if another revision than `revision` is approved, and Impossible if it can't be sent then.
    """
    content = edition.approved_content
    if revision is not None and content.revision != revision:
        raise Conflict(edition, revision)
    check_edition(configuration, edition.newsletter, content)
    _check_dates(edition, due)
    until = date_letter(edition, content, configuration, due) if edition.standalone else edition.until
    date_again(content, due)
    return until


def approve_and_queue(
    configuration: Config,
    edition: Edition,
    *,
    by: str = "",
    at: datetime | None = None,
    revision: int | None = None,
    despite: Collection[str] = (),
    now: datetime | None = None,
) -> Edition:
    """Approve a draft at the reviewed `revision`, and queue it to be sent now or at a time, in one step.

    If it was on hold, the log has the reason. Raises what `approve` and `queue` raise.
    """
    now = now or datetime.now(UTC)

    @transaction.atomic
    def both() -> Edition:
        locked = Edition.objects.select_for_update().get(pk=edition.pk)
        reason = locked.waiting
        approved = approve(
            configuration, locked, by=by, revision=revision, despite=despite, needs_content=True, now=now
        )
        queued = queue(configuration, approved, by=by, at=at, now=now, revision=approved.revision)
        if reason:
            Act.objects.log(by, acts.SENT_ANYWAY(), queued.name, before={"reason": reason.to_json()}, now=now)
        return queued

    return rendered_ahead(edition, configuration, now, both, due=due_or_now(at, now))


def check_due(at: datetime | None, now: datetime) -> None:
    """Raise Impossible if a time has passed: a mistyped date must not send an edition now."""
    if at is not None and at < now - A_MOMENT:
        raise Impossible(messages.DUE_PASSED(at=at))


def _check_dates(edition: Edition, due: datetime) -> None:
    """Raise Impossible if a post would be sent before its date, unless an editor included it by name."""
    ahead = edition.entries.filter(included=True, choice="", post__published__gt=due).select_related("post")
    if entry := ahead.order_by("-post__published").first():
        post = entry.post
        title, at = entry.title or post.title or post.url, post.published or due
        raise Impossible(messages.BEFORE_ITS_DATE(name=edition.name, title=title, at=at))


def try_again(configuration: Config, edition: Edition) -> None:
    """Retry a waiting queued edition as soon as possible, with local links if they are allowed now."""
    with transaction.atomic():
        edition = Edition.objects.select_for_update().get(pk=edition.pk)
        if edition.state == State.QUEUED and edition.waiting:
            _allow_local_links(edition, configuration)
            Edition.objects.filter(pk=edition.pk).update(waiting=None)


def _allow_local_links(edition: Edition, configuration: Config) -> None:
    """Store with an approved edition that its links may be local, if they are allowed now."""
    if configuration.allow_local_links:
        edition.approved_content.headers[ALLOWED] = True
        edition.approved_content.save(update_fields=["headers"])


def cancel(edition: Edition, *, by: str = "", now: datetime | None = None) -> Edition:
    """Cancel an edition whose sending has not begun; its posts become available again."""
    now = now or datetime.now(UTC)
    with transaction.atomic():
        edition = locked_in(edition, [State.DRAFT, State.APPROVED, State.QUEUED], messages.NOT_CANCELLED)
        reason = messages.CANCELLED_UNSENT_BY(who=by) if "@" in by else messages.CANCELLED_UNSENT()
        change(edition, State.CANCELLED, ended_at=now, reason=reason, waiting=None)
        Act.objects.log(by, acts.CANCELLED(), edition.name, now=now)
    return edition


def _check_content(edition: Edition) -> None:
    """Raise Impossible if an edition has nothing to read: no posts, no text and no blocks."""
    has_text = bool(edition.greeting.strip() or edition.closing.strip() or edition.blocks)
    if not has_text and not edition.entries.filter(included=True).exists():
        raise Impossible(messages.EMPTY_LETTER() if edition.standalone else messages.EMPTY())


def _candidates(draft: Edition, prepared: PreparedDraft) -> list[tuple[int, int, list[str]]]:
    """Return the posts that subscribers may get, as the edition stores them; letters have no topics."""
    if prepared.plan is None:
        entries = draft.entries.filter(included=True).values_list("post__ordinal", "post_id")
        return [(ordinal, post, []) for ordinal, post in entries]
    topics = prepared.plan.topics
    return [(e.post.ordinal, e.post_id, sorted(topics[e.post.ordinal])) for e in prepared.plan.entries]


def _check_posts(draft: Edition, configuration: Config) -> None:
    """Raise Impossible if another edition, approved after this draft was made, has one of its posts or left it out.

    Posts that an editor included are in it all the same: subscribers who had them don't get them again.
    """
    if draft.welcome_id or draft.is_unscheduled:
        return
    newsletter = configuration.edited(draft)
    included = [entry.post for entry in draft.entries.filter(included=True, choice="").select_related("post")]
    settled = settled_of(draft, newsletter, included)
    for post in included:
        decided = settled.get(post.pk)
        if decided is not None and not decided.included:
            raise Impossible(messages.POST_OUT(title=post.title, edition=decided.edition))
    lacking = Lacking(newsletter, draft)
    offered = [post for post in included if not lacking.by_anyone([post.ordinal])]
    if not offered:
        return
    edition = holders_of(draft, newsletter, offered[:1]).get(offered[0].pk, "")
    raise Impossible(messages.POST_TAKEN(title=offered[0].title, edition=edition))
