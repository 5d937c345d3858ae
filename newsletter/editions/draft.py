"""Create and refresh drafts; editors' decisions are kept.

Windows are computed by selection/windows.py and posts chosen by offers/candidates.py. Each change creates a
revision; a refresh without changes doesn't.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

from django.db import transaction
from django.db.models import QuerySet

from newsletter import config
from newsletter.background import Task, enqueue
from newsletter.collecting.collect import Step, collect, last_read, no_step, unread
from newsletter.config import Config
from newsletter.domain.english import counted
from newsletter.editions import history, notices, superseded
from newsletter.editions.hosting import fetch_images_later
from newsletter.editions.offers import bases, candidates
from newsletter.editions.problems import Impossible, refuse_inactive
from newsletter.editions.selection import link_check, ordering
from newsletter.editions.selection.rules import Decision
from newsletter.editions.selection.series import frozen_untils, of_cadence
from newsletter.editions.selection.windows import RequestedWindow, Window, just_after, window
from newsletter.editions.states import state_message
from newsletter.logs import log_event
from newsletter.messages import Message, acts, editions as messages, posts as posts_messages
from newsletter.models import LOCKED_STATES, Edition, EditionPost, Numbering, Post, Source, State
from newsletter.render.words import colon, words

log = logging.getLogger("newsletter.editions")


class NoNewPost(Impossible):
    """There is no post for an edition with a single post."""


class _MadeMeanwhile(Exception):
    """Another program has made the edition since this one looked."""


def make(
    configuration: Config,
    newsletter: config.Newsletter,
    requested: RequestedWindow | None = None,
    *,
    now: datetime,
    after: datetime | None = None,
    read_sources: bool = True,
    by: str = "",
    finish: Callable[[Edition], None] = lambda edition: None,
    step: Step = no_step,
) -> Edition:
    """Create or refresh the draft of a window; an approved edition of the window is returned unchanged.

    By default it is the window that ends at the first send time after `after` (by default `now`). `finish` is called in
    the transaction of the draft, so that the caller can record it there. `step` is called with what has been read, and
    how much there is. Raises Impossible if the newsletter is paused or archived, and NoNewPost if an edition with a
    single post would have none.
    """
    refuse_inactive(newsletter)
    after = after or now
    planned = window(newsletter, requested, frozen_untils(newsletter), after)
    considered = Edition(
        newsletter=newsletter.name,
        cadence=newsletter.period,
        since=planned.since,
        until=planned.until,
        by_request=requested is not None,
    )
    missing = _look_at_sources(configuration, newsletter, considered, now, step) if read_sources else frozenset()
    while True:
        with suppress(_MadeMeanwhile), transaction.atomic():
            planned = window(newsletter, requested, frozen_untils(newsletter), after)
            edition, is_new = _edition(newsletter, planned, requested, now)
            if edition.state == State.DRAFT:
                _replace_earlier(edition, newsletter, now)
                _fill(edition, newsletter, now, missing, by=by, is_new=is_new, read_sources=read_sources)
                if is_new and newsletter.by_post and not edition.entries.filter(included=True).exists():
                    raise NoNewPost(messages.NO_NEW_POST())
                if is_new:
                    transaction.on_commit(partial(_log_made, edition), robust=True)
            finish(edition)
            fetch_images_later(configuration, edition)
            return edition


def refresh_later(edition: Edition, by: str) -> None:
    """Refresh a draft in the background when the transaction has ended."""
    number = str(edition.pk)
    transaction.on_commit(partial(enqueue, REFRESH, number, edition=number, by=by), robust=True)


def _refresh(configuration: Config, edition: str, by: str) -> None:
    """Refresh a draft from its sources; one that is gone, or no draft any more, is left as it is."""
    edition_row = Edition.objects.filter(pk=int(edition), newsletter__in=configuration.newsletters).first()
    if edition_row is not None and edition_row.state == State.DRAFT:
        refresh(configuration, edition_row, now=datetime.now(UTC), by=by)


REFRESH = Task("refresh-draft", _refresh, lane="jobs", queue="work")


def _look_at_sources(
    configuration: Config, newsletter: config.Newsletter, edition: Edition, now: datetime, step: Step
) -> frozenset[int]:
    """Read the sources, and return the posts for an edition that no longer exist at their addresses."""
    collected = collect(
        configuration, newsletter.name, now=now, since=edition.since, step=lambda done, total: step(done, total + 1)
    )
    notices.tell_of_sources(collected, now)
    bases.update(newsletter, now)  # what was just found may be too old for any edition, and is not asked for then
    due = candidates.due_posts(edition, newsletter, now)
    return link_check.missing(configuration, newsletter, edition.since, edition.until, due, now=now)


def _log_made(edition: Edition) -> None:
    posts = edition.entries.filter(included=True).count()
    log_event(log, "drafted", f"{edition.name}: drafted, {counted(posts, 'post')}", edition=edition.name, posts=posts)


def refresh(
    configuration: Config,
    edition: Edition,
    *,
    now: datetime,
    read_sources: bool = True,
    by: str = "",
    step: Step = no_step,
) -> Edition:
    """Refresh a draft in its window; its name stays. Corrections have no posts to refresh."""
    if edition.corrects_id:
        return edition
    newsletter = configuration.edited(edition)
    missing = _look_at_sources(configuration, newsletter, edition, now, step) if read_sources else frozenset()
    with transaction.atomic():
        edition = Edition.objects.select_for_update().get(pk=edition.pk)
        if edition.state == State.DRAFT:
            if edition.standalone:
                edition.until = max(edition.until, now)
            elif not edition.fixed_window:
                earlier = [u for u in frozen_untils(newsletter) if u < edition.until]
                edition.since = max(earlier) if earlier else edition.since
                edition.until = just_after(now) if newsletter.by_post else edition.until
            _fill(edition, newsletter, now, missing, by=by, is_new=False, read_sources=read_sources)
            fetch_images_later(configuration, edition)
    return edition


def release_posts(frozen: Edition, configuration: Config, now: datetime) -> None:
    """Remove the posts of a newly approved edition from earlier drafts, and close drafts left empty."""
    for draft in superseded.overlapping(frozen, configuration.edited(frozen)):
        newsletter = configuration.edited(draft)
        frozen_posts = frozen.entries.filter(included=True).values("post_id")
        draft.entries.filter(post__in=frozen_posts, included=True).update(choice="")
        decide_again(draft, newsletter, now)
        ordering.arrange(draft, newsletter)
        history.record(draft, "", acts.POSTS_RELEASED(edition=frozen.name), now)
        if not (draft.standalone or frozen.standalone):
            superseded.close_if_empty(draft, frozen, now)


def decide_again(edition: Edition, newsletter: config.Newsletter, now: datetime) -> None:
    """Apply the rules to a draft after an editor reset a choice. The caller holds the lock and records the revision."""
    if not edition.corrects_id:
        _write(edition, _decisions(edition, newsletter, now, candidates.known_missing(edition)))


def correct(configuration: Config, corrected: Edition, *, now: datetime, by: str = "") -> Edition:
    """Create a correction: an edition without posts, for exactly the subscribers for whom `corrected` was accepted."""
    if corrected.welcome_id is not None:
        raise Impossible(messages.WELCOME_NOT_CORRECTED(name=corrected.name))
    if corrected.began_at is None:
        raise Impossible(messages.ONLY_BEGUN_CORRECTED(name=corrected.name, state=state_message(corrected.state)))
    if corrected.rolled_up_at is not None:
        raise Impossible(messages.TOO_OLD_TO_CORRECT(name=corrected.name))
    with transaction.atomic():
        Numbering.locked(corrected.newsletter)
        edition = Edition.objects.create(
            newsletter=corrected.newsletter,
            cadence=corrected.cadence,
            period=free_name(corrected.newsletter, corrected.period.split(".")[0]),
            since=corrected.since,
            until=corrected.until,
            fixed_window=True,
            corrects=corrected,
            subject=_subject_of_correction(configuration, corrected),
            created_at=now,
            refreshed_at=now,
            revision=0,
        )
        history.record(edition, by, acts.CORRECTION_MADE(edition=corrected.name), now)
    return edition


def _subject_of_correction(configuration: Config, corrected: Edition) -> str:
    """Return the subject of what is corrected behind a word for it, as it stands in inboxes; editors may change it."""
    newsletter = configuration.newsletters[corrected.newsletter]
    label = words(newsletter.language)["correction"] + colon(newsletter.language)
    return label + corrected.approved_content.subject.removeprefix(label)


def _edition(
    newsletter: config.Newsletter, planned: Window, requested: RequestedWindow | None, now: datetime
) -> tuple[Edition, bool]:
    """Return the edition to fill, with its row locked, and whether it was just created.

    Raises _MadeMeanwhile if another program has created it since this one looked. Its row isn't locked then: whoever
    holds it may wait for the newsletter, which is locked here.
    """
    for edition in _same(newsletter, planned).select_for_update():
        if _is_meant(edition, planned, requested):
            if edition.state == State.DRAFT:
                edition.since, edition.until = planned.since, planned.until
                edition.due_at, edition.by_request = planned.due_at, requested is not None
                edition.fixed_window = bool(requested and requested.since)
            return edition, False
    Numbering.locked(newsletter.name)
    if any(_is_meant(edition, planned, requested) for edition in _same(newsletter, planned)):
        raise _MadeMeanwhile
    return (
        Edition.objects.create(
            newsletter=newsletter.name,
            cadence=newsletter.period,
            period=free_name(newsletter.name, planned.period),
            since=planned.since,
            until=planned.until,
            due_at=planned.due_at,
            fixed_window=bool(requested and requested.since),
            by_request=requested is not None,
            created_at=now,
            refreshed_at=min(planned.since, now),
            revision=0,
        ),
        True,
    )


def _same(newsletter: config.Newsletter, planned: Window) -> QuerySet[Edition]:
    """Return the editions that may be the one to fill: those of the period, or the draft for a single post."""
    editions = Edition.objects.filter(newsletter=newsletter.name, corrects=None, standalone=False)
    if newsletter.by_post:
        return editions.filter(of_cadence(newsletter), state=State.DRAFT).order_by("pk")
    return editions.filter(period__regex=rf"^{planned.period}(\.\d+)?$").order_by("-pk")


def _is_meant(edition: Edition, planned: Window, requested: RequestedWindow | None) -> bool:
    """Return whether an edition of the planned period is the one to fill, or to return if it is approved.

    A different window of the same period, requested by its times or due later, belongs to a second edition.
    """
    by_times = requested is not None and not requested.period
    if edition.state == State.DRAFT:
        return edition.until == planned.until or not (by_times or edition.fixed_window)
    if edition.state not in LOCKED_STATES:
        return False
    if by_times:
        return planned.until <= edition.until
    return planned.due_at is None or edition.due_at is None or edition.due_at >= planned.due_at


def _replace_earlier(edition: Edition, newsletter: config.Newsletter, now: datetime) -> None:
    """Close earlier drafts that were never sent; before the first edition, the window begins where theirs did."""
    if edition.due_at is None:
        return
    superseded.close_earlier(edition, newsletter, now)
    if not any(until < edition.until for until in frozen_untils(newsletter)):
        edition.since = min([edition.since, *edition.replaces.values_list("since", flat=True)])


def free_name(newsletter: str, period: str) -> str:
    """Return the period if no edition of the newsletter has it, else with the first free number.

    With the newsletter locked, it stays free until the transaction ends.
    """
    taken = set(
        Edition.objects.filter(newsletter=newsletter, period__startswith=period).values_list("period", flat=True)
    )
    number = 1
    while (name := period if number == 1 else f"{period}.{number}") in taken:
        number += 1
    return name


def _fill(
    edition: Edition,
    newsletter: config.Newsletter,
    now: datetime,
    missing: frozenset[int],
    *,
    by: str,
    is_new: bool,
    read_sources: bool,
) -> None:
    """Decide on every post again, keep editors' changes, and record a revision if anything changed."""
    _write(edition, _decisions(edition, newsletter, now, missing))
    ordering.arrange(edition, newsletter)
    read_at = now if read_sources else last_read(newsletter, edition.refreshed_at)
    edition.refreshed_at = max(edition.refreshed_at, read_at)
    if read_sources:
        edition.waiting = None if edition.standalone else _sources_not_read(edition, newsletter, now)
    edition.save()
    if history.has_changed(edition):
        history.record(edition, by, acts.MADE() if is_new else acts.REFRESHED(), now)


def _decisions(
    edition: Edition, newsletter: config.Newsletter, now: datetime, missing: frozenset[int]
) -> Sequence[tuple[Post, Decision]]:
    if not edition.corrects_id:
        bases.update(newsletter, now)
    return candidates.select(edition, newsletter, now, missing).listed


def _write(edition: Edition, decisions: Iterable[tuple[Post, Decision]]) -> None:
    """Write an entry for each decision; delete entries that no longer belong here, unless an editor changed them."""
    entries = {e.post_id: e for e in edition.entries.all()}
    for post, decision in decisions:
        entry = entries.pop(post.pk, None) or EditionPost(edition=edition, post=post)
        stored = (entry.included, entry.reason) if entry.pk else None
        entry.included = decision.included
        if not (posts_messages.INCLUDED.matches(decision.reason) and _counts_who_had_it(entry.reason)):
            entry.reason = decision.reason  # an editor's choice keeps the numbers from when it was made
        if stored != (entry.included, entry.reason):
            entry.save()
    for entry in entries.values():
        if superseded.is_untouched(entry):
            entry.delete()
        else:
            entry.included, entry.reason = False, posts_messages.OUTSIDE()
            entry.save()


def _counts_who_had_it(reason: Message | None) -> bool:
    counting = (posts_messages.INCLUDED_AGAIN, posts_messages.INCLUDED_IN_LETTER)
    return any(each.matches(reason) for each in counting)


def _sources_not_read(edition: Edition, newsletter: config.Newsletter, now: datetime) -> Message | None:
    sources = unread(newsletter, edition.since, edition.until, now)
    if not sources:
        return None
    return messages.SOURCES_NOT_READ(count=len(sources), sources=tuple(_not_read(s, edition) for s in sources))


def _not_read(source: Source, edition: Edition) -> Message:
    if source.read_at is None or source.read_at <= edition.since:
        return messages.SOURCE_NOT_READ(url=source.url)
    return messages.SOURCE_LAST_READ(url=source.url, at=source.read_at)
