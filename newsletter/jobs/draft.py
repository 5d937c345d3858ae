"""Makes the draft of an edition, and refreshes it; editors' decisions stay.

Promises: architecture's windows (newsletter/jobs/windows.py), choices (selection.py) and nothing of an editor's lost;
each change gives the draft a new revision, and a refresh that changes nothing gives none.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from newsletter import config
from newsletter.config import Config
from newsletter.jobs import addresses, candidates, history, order
from newsletter.jobs.collect import collect, last_read, unread
from newsletter.jobs.problems import JobProblem
from newsletter.jobs.selection import GONE, OUTSIDE, Decision, decide
from newsletter.jobs.windows import Asked, Window, one_period_before, window
from newsletter.models import FROZEN, Edition, EditionPost, Post, Source, State

NOT_READ = "not read since"
"""How the reason begins for which a draft waits that a source was silent for."""


class NoSuchEdition(JobProblem):
    """There is no edition of that name."""


def find(name: str) -> Edition:
    """The edition called `newsletter/period`; raises NoSuchEdition, also where its newsletter is not configured."""
    newsletter, _, period = name.partition("/")
    known = config.current().newsletters
    if newsletter not in known:
        raise NoSuchEdition(f"there is no newsletter '{newsletter}'; config.toml has {', '.join(sorted(known))}")
    edition = Edition.objects.filter(newsletter=newsletter, period=period).first()
    if edition is None:
        raise NoSuchEdition(f"there is no edition '{name}'; 'newsletter editions' lists them")
    return edition


def make(
    configuration: Config,
    newsletter: config.Newsletter,
    asked: Asked | None = None,
    *,
    now: datetime,
    after: datetime | None = None,
    read_sources: bool = True,
    by: str = "",
    finish: Callable[[Edition], None] = lambda edition: None,
) -> Edition:
    """The draft of the window: made, or refreshed where it is there; a frozen edition of the window is left as it is.

    Where nothing was asked for it is the window that ends at the first send time after `after`, by default `now`.
    `finish` is called in the transaction of the draft, so that whoever asked for it can mark that done with it.
    """
    after = after or now
    planned = window(newsletter, asked, candidates.frozen_untils(newsletter.name), after)
    if read_sources:
        collect(configuration, newsletter.name, now=now, since=planned.since)
    missing = addresses.missing(configuration, newsletter, planned, now=now) if read_sources else frozenset()
    with transaction.atomic():
        planned = window(newsletter, asked, candidates.frozen_untils(newsletter.name), after)
        edition, made = _edition(newsletter, planned, asked, now)
        if edition.state == State.DRAFT:
            _fill(edition, newsletter, now, missing, by=by, made=made, read_sources=read_sources)
        finish(edition)
    return edition


def refresh(
    configuration: Config, edition: Edition, *, now: datetime, read_sources: bool = True, by: str = ""
) -> Edition:
    """Bring a draft up to date in the window that it has; its name stays. A correction has no posts to bring."""
    if edition.corrects_id:
        return edition
    newsletter = configuration.newsletters[edition.newsletter]
    if read_sources:
        collect(configuration, newsletter.name, now=now, since=edition.since)
    held = Window(edition.since, edition.until, edition.period, edition.due_at)
    missing = addresses.missing(configuration, newsletter, held, now=now) if read_sources else frozenset()
    with transaction.atomic():
        edition = Edition.objects.select_for_update().get(pk=edition.pk)
        if edition.state == State.DRAFT:
            if not edition.fixed_window:
                earlier = [u for u in candidates.frozen_untils(newsletter.name) if u < edition.until]
                edition.since = max(earlier) if earlier else edition.since
            _fill(edition, newsletter, now, missing, by=by, made=False, read_sources=read_sources)
    return edition


def decide_again(edition: Edition, newsletter: config.Newsletter, now: datetime) -> None:
    """Apply the rules to a draft whose editor took a choice back. The caller holds its row and records the revision."""
    if not edition.corrects_id:
        gone = frozenset(edition.entries.filter(reason=GONE).values_list("post_id", flat=True))
        _write(edition, _decisions(edition, newsletter, now, gone))


def correct(configuration: Config, first: Edition, *, now: datetime, by: str = "") -> Edition:
    """A correction: an edition with no posts, to exactly those that `first` was accepted for."""
    if first.began_at is None:
        raise JobProblem(f"{first.name} is {first.state}: only an edition that has begun to leave can be corrected")
    with transaction.atomic():
        edition = Edition.objects.create(
            newsletter=first.newsletter,
            period=_free_name(first.newsletter, first.period.split(".")[0]),
            since=first.since,
            until=first.until,
            fixed_window=True,
            corrects=first,
            created_at=now,
            refreshed_at=now,
            revision=0,
        )
        history.record(edition, by, f"made to correct {first.name}", now)
    return edition


def _edition(
    newsletter: config.Newsletter, planned: Window, asked: Asked | None, now: datetime
) -> tuple[Edition, bool]:
    """The edition to fill, and whether it was made just now."""
    same = Edition.objects.select_for_update().filter(newsletter=newsletter.name, corrects=None)
    same = same.filter(period__regex=rf"^{planned.period}(\.\d+)?$").order_by("-pk")
    for edition in same:
        if _is_meant(edition, planned, asked):
            if edition.state == State.DRAFT:
                edition.since, edition.until = planned.since, planned.until
                edition.due_at, edition.fixed_window = planned.due_at, bool(asked and asked.since)
            return edition, False
    return (
        Edition.objects.create(
            newsletter=newsletter.name,
            period=_free_name(newsletter.name, planned.period),
            since=planned.since,
            until=planned.until,
            due_at=planned.due_at,
            fixed_window=bool(asked and asked.since),
            created_at=now,
            refreshed_at=min(planned.since, now),
            revision=0,
        ),
        True,
    )


def _is_meant(edition: Edition, planned: Window, asked: Asked | None) -> bool:
    """Whether an edition of the planned period is the one to fill, or frozen the one to leave as it is.

    Another window of a period that was asked for by its times, or is due later, is for a second edition.
    """
    by_times = asked is not None and not asked.period
    if edition.state == State.DRAFT:
        return edition.until == planned.until or not (by_times or edition.fixed_window)
    if edition.state not in FROZEN:
        return False
    if by_times:
        return planned.until <= edition.until
    return planned.due_at is None or edition.due_at is None or edition.due_at >= planned.due_at


def _free_name(newsletter: str, period: str) -> str:
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
    made: bool,
    read_sources: bool,
) -> None:
    """Decide on every post anew, keep what editors did, and record a revision where anything is different."""
    decisions = list(_decisions(edition, newsletter, now, missing))
    _write(edition, decisions)
    order.arrange(edition, newsletter)
    read_at = now if read_sources else last_read(newsletter, edition.refreshed_at)
    edition.refreshed_at = max(edition.refreshed_at, read_at)
    if read_sources:
        edition.waiting = _silent_sources(edition, newsletter, now)
    edition.save()
    if history.has_changed(edition):
        history.record(edition, by, "made" if made else "refreshed from its sources", now)


def _decisions(
    edition: Edition, newsletter: config.Newsletter, now: datetime, missing: frozenset[int]
) -> Iterator[tuple[Post, Decision]]:
    look_back = edition.since - one_period_before(edition.since, newsletter.period, newsletter.zone)
    for post, facts in candidates.facts(edition, newsletter):
        decision = decide(
            replace(facts, gone=True) if post.pk in missing else facts,
            since=edition.since,
            until=edition.until,
            now=now,
            late_posts=newsletter.late_posts,
            look_back=look_back,
        )
        if decision is not None:
            yield post, decision


def _write(edition: Edition, decisions: Iterable[tuple[Post, Decision]]) -> None:
    """One entry a decision; what is no longer this edition's business goes, unless an editor's work is in it."""
    known = {e.post_id: e for e in edition.entries.all()}
    for post, decision in decisions:
        entry = known.pop(post.pk, None) or EditionPost(edition=edition, post=post)
        entry.included, entry.reason = decision.included, decision.reason
        entry.save()
    for entry in known.values():
        if _untouched(entry):
            entry.delete()
        else:
            entry.included, entry.reason = False, OUTSIDE
            entry.save()


def _untouched(entry: EditionPost) -> bool:
    """Nothing of an editor's is in it, so that it can go when its post is no longer this edition's business."""
    placed = entry.pinned or entry.moved_to or entry.moved_rank is not None
    return not (entry.choice or placed or entry.title or entry.text)


def _silent_sources(edition: Edition, newsletter: config.Newsletter, now: datetime) -> str:
    silent = unread(newsletter, edition.since, edition.until, now)
    if not silent:
        return ""
    told = ", ".join(f"{_silent_since(s, edition, newsletter)}: {s.url}" for s in silent)
    return f"{NOT_READ} {told}; what it has is missing until it answers"


def _silent_since(source: Source, edition: Edition, newsletter: config.Newsletter) -> str:
    if source.read_at is None or source.read_at <= edition.since:
        return "the last edition"
    return f"{source.read_at.astimezone(newsletter.zone):%F %H:%M}"
