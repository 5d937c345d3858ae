"""The schedule: run each due occurrence exactly once.

An occurrence is a row, taken with a lease and marked done in the transaction of its effect, so two schedulers run it
once, and if one is killed, the next takes over. Missed occurrences are run once, and an approved edition that is later
than `late` waits for an editor.
"""

from collections.abc import Iterator, Sequence, Set
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import F, Max, Q, QuerySet

from newsletter import config
from newsletter.config import Config, Moment, next_moment
from newsletter.domain.cadence import edition_name
from newsletter.domain.ordinals import Ordinals
from newsletter.editions import approval, draft, history, notices
from newsletter.editions.hosting import fetch_images
from newsletter.editions.offers import bases
from newsletter.editions.problems import Impossible
from newsletter.editions.selection.windows import name_of
from newsletter.editions.states import change, state_message
from newsletter.editions.variants.ahead import rendered_ahead
from newsletter.editions.variants.planning import plan as plan_variants, receiving_groups, waiting_subscribers
from newsletter.messages import Message, acts, editions as messages, message_of, schedule as schedule_messages, sending
from newsletter.models import Act, Edition, Occurrence, State
from newsletter.recovery import hold
from newsletter.render.html.loader import TemplateProblem
from newsletter.scheduling import single_posts
from newsletter.scheduling.occurrences import (
    ATTEMPTS,
    BY,
    DRAFT,
    SEND,
    attempt,
    cadence_of,
    due_and_free,
    editions_of,
    finish,
    give_up,
    is_left_out,
    lease,
    leave_by_itself,
    occurrences_of,
    wait,
)
from newsletter.sending.audience import receiving

AGAIN = timedelta(minutes=5)


def tick(configuration: Config, now: datetime) -> int:
    """Run what is due; return the number of occurrences."""
    return sum(run(configuration, newsletter, now) for newsletter in due(configuration, now))


def due(configuration: Config, now: datetime) -> Iterator[config.Newsletter]:
    """Plan, and yield each newsletter in each cadence in which something is due.

    In a restored database, nothing is before a person has confirmed.
    """
    if hold.reason():
        return
    for newsletter in configuration.newsletters.values():
        bases.follow(newsletter, now)
        _forget_cadences(newsletter)
        offered = [newsletter.at(cadence) for cadence in newsletter.offered]
        for of_cadence in offered:
            plan(of_cadence, now)
            if newsletter.status == "active" and _has_work(of_cadence, now):
                yield of_cadence
        if newsletter.status != "active":
            _leave_out(newsletter, now)


def _has_work(newsletter: config.Newsletter, now: datetime) -> bool:
    """Return whether there is something to do; what ended every program that tried it is given up first."""
    due = due_and_free(newsletter, now)
    to_give_up = [occurrence for occurrence in due if occurrence.attempts >= ATTEMPTS]
    for occurrence in to_give_up:
        why = schedule_messages.PROGRAM_ENDED(count=occurrence.attempts, at=occurrence.due_at)
        give_up(newsletter, occurrence, why, now)
    is_due = len(due) > len(to_give_up)
    if newsletter.by_post:
        return single_posts.has_work(newsletter, now, is_due=is_due)
    return is_due or _waiting(newsletter, now).exists()


def run(configuration: Config, newsletter: config.Newsletter, now: datetime) -> int:
    """Run what is due in one cadence; return the number of occurrences."""
    if newsletter.by_post:
        return single_posts.run(configuration, newsletter, now)
    count = 0
    for occurrence in _due(newsletter, now):
        if lease(occurrence, now):
            _run_occurrence(configuration, newsletter, occurrence, now)
            count += 1
    _try_waiting(configuration, newsletter, now)
    return count


def _forget_cadences(newsletter: config.Newsletter) -> None:
    """Delete what was planned for cadences that are not offered any more."""
    offered = [cadence_of(newsletter.at(cadence)) for cadence in newsletter.offered]
    planned = Occurrence.objects.filter(newsletter=newsletter.name, done_at=None)
    planned.exclude(cadence__in=offered).delete()


def plan(newsletter: config.Newsletter, now: datetime) -> None:
    """Create the occurrences of each act at the currently configured times.

    These are the next one, the last one if it was missed, and those of existing editions. Editions with a single post
    have no times.
    """
    if not newsletter.has_schedule:
        occurrences_of(newsletter).filter(act=DRAFT, done_at=None).delete()
    if newsletter.by_post:
        single_posts.plan(newsletter, now)
        return
    if newsletter.has_schedule:
        rows = occurrences_of(newsletter)
        last_due = dict(rows.filter(due_at__lte=now).order_by().values_list("act").annotate(Max("due_at")))
        planned = list(rows.filter(due_at__gt=now))
        promised = {DRAFT: set[datetime](), SEND: _promised(newsletter, now)}
        for act, moment in ((DRAFT, newsletter.draft_moment), (SEND, newsletter.send_moment)):
            times = {next_moment(moment, newsletter.zone, now)} | promised[act]
            if last := last_due.get(act):
                times.add(_last_moment(moment, newsletter, last, now))
            _plan_act(newsletter, act, times - {last}, [occurrence for occurrence in planned if occurrence.act == act])


def _plan_act(newsletter: config.Newsletter, act: str, times: Set[datetime], planned: Sequence[Occurrence]) -> None:
    """Create the occurrences of an act at these times, and delete planned ones that are at no such time."""
    obsolete = [
        occurrence.pk for occurrence in planned if occurrence.done_at is None and occurrence.due_at not in times
    ]
    if obsolete:
        Occurrence.objects.filter(pk__in=obsolete, done_at=None).delete()
    for due in sorted(times - {occurrence.due_at for occurrence in planned}):
        Occurrence.objects.get_or_create(
            newsletter=newsletter.name, act=act, cadence=cadence_of(newsletter), due_at=due
        )


def _last_moment(moment: Moment, newsletter: config.Newsletter, moment_before: datetime, now: datetime) -> datetime:
    """Return the latest occurrence of a recurring time up to now, starting from a known one."""
    while (following := next_moment(moment, newsletter.zone, moment_before)) <= now:
        moment_before = following
    return moment_before


def _promised(newsletter: config.Newsletter, now: datetime) -> set[datetime]:
    """Return the send times of existing editions, which stay even if the configuration has changed.

    That of an approved edition can have passed, if its cadence was removed while no program ran.
    """
    ahead = Q(state__in=(State.DRAFT, State.APPROVED), due_at__gt=now)
    missed = Q(state=State.APPROVED, waiting__isnull=True, due_at__lte=now)
    return {due for due in editions_of(newsletter).filter(ahead | missed).values_list("due_at", flat=True) if due}


def _due(newsletter: config.Newsletter, now: datetime) -> Iterator[Occurrence]:
    """Yield due occurrences, drafts first; of several missed occurrences of one act only the latest.

    Those of approved editions are never left out.
    """
    approved = editions_of(newsletter).filter(state=State.APPROVED, due_at__lte=now)
    for act in (DRAFT, SEND):
        missed = occurrences_of(newsletter).filter(act=act, due_at__lte=now, done_at=None)
        promised = missed.filter(due_at__in=approved.values("due_at")) if act == SEND else missed.none()
        newest = missed.order_by("-due_at").first()
        if newest:
            to_do = [*promised.exclude(pk=newest.pk).order_by("due_at"), newest]
            missed.exclude(pk__in=[occurrence.pk for occurrence in to_do]).update(
                done_at=now, outcome=schedule_messages.MISSED()
            )
            yield from to_do


def _leave_out(newsletter: config.Newsletter, now: datetime) -> None:
    """Mark what is due as done, so that it is not caught up with when the newsletter is active again.

    An approved edition is on hold then, and editors are told.
    """
    approved = Edition.objects.filter(
        newsletter=newsletter.name, state=State.APPROVED, waiting__isnull=True, due_at__lte=now
    )
    for edition in approved:
        wait(edition, messages.SCHEDULED_TIME_MISSED(at=edition.due_at or now), now)
    missed = Occurrence.objects.filter(newsletter=newsletter.name, due_at__lte=now, done_at=None)
    missed.update(done_at=now, outcome=schedule_messages.INACTIVE())


def _run_occurrence(
    configuration: Config, newsletter: config.Newsletter, occurrence: Occurrence, now: datetime
) -> None:
    act = _make_draft if occurrence.act == DRAFT else _send
    with attempt(newsletter, occurrence, now):
        act(configuration, newsletter, occurrence, now)


def _make_draft(configuration: Config, newsletter: config.Newsletter, occurrence: Occurrence, now: datetime) -> None:
    """Create the draft for the send time that follows this occurrence, however late it is."""
    leaves = next_moment(newsletter.send_moment, newsletter.zone, occurrence.due_at)
    if is_left_out(newsletter, occurrence.due_at, leaves):
        finish(occurrence, now, schedule_messages.DATE_SKIPPED())
        return

    def drafted(edition: Edition) -> None:
        finish(occurrence, now, schedule_messages.DRAFTED(edition=edition.name, state=state_message(edition.state)))
        if edition.state == State.DRAFT:
            notices.tell_of_draft(newsletter, edition, now)

    draft.make(configuration, newsletter, now=now, after=occurrence.due_at, by=BY, finish=drafted)


def _send(configuration: Config, newsletter: config.Newsletter, occurrence: Occurrence, now: datetime) -> None:
    """Queue the edition of this occurrence, or record why it waits; if there is no draft, create it."""
    if not editions_of(newsletter).filter(due_at=occurrence.due_at).exists():
        if _was_left_out(newsletter, occurrence.due_at):
            finish(occurrence, now, schedule_messages.DATE_SKIPPED())
            return
        if _left_early(newsletter, occurrence.due_at, now):
            finish(occurrence, now, schedule_messages.SENT_EARLY())
            return
        just_before = occurrence.due_at - timedelta(microseconds=1)
        draft.make(configuration, newsletter, now=now, after=just_before, by=BY)
    # As a rule there is one; a cadence that is no longer offered can have another.
    scheduled = editions_of(newsletter).filter(due_at=occurrence.due_at, state__in=(State.DRAFT, State.APPROVED))
    due = list(scheduled.order_by("pk"))
    if not due:
        finish(occurrence, now, schedule_messages.OVER())
        return
    for edition in due[:-1]:
        try:
            _leave_at(configuration, newsletter, edition, occurrence, now)
        except (Impossible, TemplateProblem) as problem:
            wait(edition, message_of(problem), now)
    _leave_at(configuration, newsletter, due[-1], occurrence, now, is_last=True)


def _leave_at(
    configuration: Config,
    newsletter: config.Newsletter,
    edition: Edition,
    occurrence: Occurrence,
    now: datetime,
    *,
    is_last: bool = False,
) -> None:
    """Queue an edition of this occurrence, or record why it waits; the last one ends the occurrence."""
    if edition.state == State.DRAFT and (newsletter.approval == "none" or _too_few(newsletter, edition, now)):
        edition = _refreshed(configuration, edition, now)

    @transaction.atomic
    def leave() -> None:
        locked = Edition.objects.select_for_update().get(pk=edition.pk)
        outcome = _leave(configuration, newsletter, locked, occurrence.due_at, now)
        if is_last:
            finish(occurrence, now, outcome)

    if edition.state == State.DRAFT and newsletter.approval == "editor":
        leave()
    else:
        rendered_ahead(edition, configuration, now, leave, automatic=True, due=now)


def _refreshed(configuration: Config, edition: Edition, now: datetime) -> Edition:
    """Return a draft with its newest posts and their images."""
    edition = draft.refresh(configuration, edition, now=now, by=BY)
    fetch_images(configuration, edition, now)
    return edition


def _left_early(newsletter: config.Newsletter, due: datetime, now: datetime) -> bool:
    """Return whether an editor sent the edition of this time early: a second one would surprise subscribers.

    One that left at its own time is followed by a second if the send time was moved within the period. A send time that
    had passed when it was configured looks like a missed one, and brings none.
    """
    calendar = name_of(due, newsletter.period, newsletter.zone)
    period = edition_name(calendar, newsletter.period, newsletter.default_cadence)
    editions = Edition.objects.filter(newsletter=newsletter.name, corrects=None, period__regex=rf"^{period}(\.\d+)?$")
    sent = editions.filter(state__in=(State.QUEUED, State.SENDING, State.PAUSED, State.SENT))
    return any(now - due > AGAIN or not _left_as_planned(edition) for edition in sent)


def _left_as_planned(edition: Edition) -> bool:
    """Return whether an edition was queued at the time that was planned for it, or later."""
    planned, queued = history.planned_due(edition), edition.queued_at
    return planned is not None and queued is not None and queued >= planned


def _was_left_out(newsletter: config.Newsletter, due: datetime) -> bool:
    """Return whether no edition is sent because this time, or that of its draft, is on a skipped date."""
    draft_occurrence = occurrences_of(newsletter).filter(act=DRAFT, due_at__lte=due).order_by("-due_at").first()
    return is_left_out(newsletter, due) or (
        draft_occurrence is not None and schedule_messages.DATE_SKIPPED.matches(draft_occurrence.outcome)
    )


def _too_few(newsletter: config.Newsletter, edition: Edition, now: datetime) -> Message | None:
    """Return a message if no subscriber would get as many posts as an edition needs."""
    posts, minimum = edition.entries.filter(included=True).count(), newsletter.minimum_posts
    count, waiting = 0, Ordinals()
    if not edition.is_unscheduled:
        groups = receiving_groups(edition, newsletter, receiving(newsletter, edition, now))
        draft_plan = plan_variants(edition, newsletter, now)
        posts = max((len(draft_plan.offer_to(group).posts) for group in groups), default=0)
        count, waiting = waiting_subscribers(draft_plan, groups)
    if posts >= minimum:
        return None
    if not count:
        return messages.TOO_FEW_POSTS(count=posts, minimum=minimum)
    number = messages.COUNT_OF_POSTS
    return messages.SUBSCRIBERS_WAIT(
        posts=number(count=posts), minimum=minimum, count=count, waiting=number(count=len(waiting))
    )


def _leave(
    configuration: Config, newsletter: config.Newsletter, edition: Edition, due: datetime, now: datetime
) -> Message:
    """Queue, skip, or make wait; return what came of it. The edition's row is held."""
    if sending.MAY_BE_SENT.matches(edition.waiting):
        return wait(edition, edition.waiting, now)
    if now - due > newsletter.late:
        return wait(edition, messages.TIME_PASSED(at=due), now)
    if edition.state == State.APPROVED:
        approval.queue(configuration, edition, by=BY, now=now)
        return schedule_messages.QUEUED(edition=edition.name)
    return _leave_draft(configuration, newsletter, edition, due, now)


def _leave_draft(
    configuration: Config, newsletter: config.Newsletter, edition: Edition, due: datetime, now: datetime
) -> Message:
    """Queue a draft if it needs no approval, or skip it; one with unread sources waits for them, at most for `late`.

    One whose date was added to the skipped ones since it was made waits for an editor, or for the next draft.
    """
    if is_left_out(newsletter, due):
        return wait(edition, schedule_messages.DATE_SKIPPED(), now)
    unread = edition.waiting if messages.SOURCES_NOT_READ.matches(edition.waiting) else None
    if unread and (newsletter.approval == "editor" or now - due < newsletter.late):
        return wait(edition, unread, now)
    if unread:
        without = schedule_messages.NO_LONGER_WAITING(edition=edition.name, reason=unread)
        notices.tell(newsletter.name, notices.SOURCE, without, now, edition.name)
    if too_few := _too_few(newsletter, edition, now):
        return _skip(edition, too_few, now)
    if newsletter.approval == "editor":
        return wait(edition, messages.NOT_APPROVED(), now)
    return leave_by_itself(configuration, edition, now)


def _skip(edition: Edition, why: Message, now: datetime) -> Message:
    change(edition, State.SKIPPED, reason=why, ended_at=now, waiting=None)
    Act.objects.log(BY, acts.SKIPPED(), edition.name, now=now)
    skipped = schedule_messages.SKIPPED(edition=edition.name, reason=why)
    notices.tell(edition.newsletter, notices.SKIPPED, skipped, now, edition.name)
    return skipped


def _try_waiting(configuration: Config, newsletter: config.Newsletter, now: datetime) -> None:
    """Queue an edition without approval that waited for a source: when the source answers, or after `late`.

    If the program was not running then, the edition may again be late by as much.
    """
    for edition in _waiting(newsletter, now).order_by(F("pk").desc())[:1]:
        due = edition.due_at or now
        if now - due > 2 * newsletter.late:
            wait(edition, messages.TIME_PASSED(at=due), now)
            continue
        refreshed = _refreshed(configuration, edition, now)
        leave = partial(_leave_waiting, configuration, newsletter, refreshed, now)
        rendered_ahead(refreshed, configuration, now, leave, automatic=True, due=now)


@transaction.atomic
def _leave_waiting(configuration: Config, newsletter: config.Newsletter, edition: Edition, now: datetime) -> None:
    locked = Edition.objects.select_for_update().get(pk=edition.pk)
    if locked.state == State.DRAFT and locked.due_at:
        _leave_draft(configuration, newsletter, locked, locked.due_at, now)


def _waiting(newsletter: config.Newsletter, now: datetime) -> QuerySet[Edition]:
    """Return editions without approval that wait for a source, and were not tried just now."""
    if newsletter.approval != "none":
        return Edition.objects.none()
    editions = editions_of(newsletter).filter(state=State.DRAFT, due_at__lte=now, due_at__isnull=False)
    return editions.filter(waiting__code=messages.SOURCES_NOT_READ.code, refreshed_at__lt=now - AGAIN)
