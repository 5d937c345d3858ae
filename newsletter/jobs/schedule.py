"""The clock: which acts are due, and doing each once, whoever else runs and whatever dies.

Promises: an occurrence is a row, taken with a lease and marked done in the transaction of its effect, so that two
schedulers do it once and one that is killed leaves it to the next. What was missed while nothing ran is done once when
it runs again, and an approved edition that is later than `late` waits for an editor.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from newsletter import config
from newsletter.config import Config, Moment
from newsletter.jobs import approval, draft, history, notices
from newsletter.jobs.problems import JobProblem
from newsletter.jobs.states import change
from newsletter.jobs.windows import name_of, next_moment
from newsletter.models import Edition, Occurrence, State
from newsletter.render.loader import TemplateProblem

LEASE = timedelta(minutes=10)
AGAIN = timedelta(minutes=5)
BY = "the clock"
DRAFT, SEND = "draft", "send"
SKIPPED_DATE = "no edition: the date is in 'skip'"


def tick(configuration: Config, now: datetime) -> int:
    """Do what is due; gives how many occurrences were done."""
    done = 0
    for newsletter in configuration.newsletters.values():
        plan(newsletter, now)
        for occurrence in _due(newsletter, now):
            if _take(occurrence, now):
                _do(configuration, newsletter, occurrence, now)
                done += 1
        _try_waiting(configuration, newsletter, now)
    return done


def plan(newsletter: config.Newsletter, now: datetime) -> None:
    """See that the occurrences of each act stand in the table, at the times that the configuration says now.

    These are the next one, the last one if nothing ran then, and those that editions were promised.
    """
    promised = {DRAFT: set[datetime](), SEND: _promised(newsletter, now)}
    for act, moment in ((DRAFT, newsletter.draft_moment), (SEND, newsletter.send_moment)):
        rows = Occurrence.objects.filter(newsletter=newsletter.name, act=act)
        times = {next_moment(moment, newsletter.zone, now)} | promised[act]
        rows.filter(due_at__gt=now, done_at=None).exclude(due_at__in=times).delete()
        known = rows.filter(due_at__lte=now).order_by("-due_at").first()
        if known:
            times.add(_last_moment(moment, newsletter, known.due_at, now))
        for due in sorted(times):
            Occurrence.objects.get_or_create(newsletter=newsletter.name, act=act, due_at=due)


def _last_moment(moment: Moment, newsletter: config.Newsletter, known: datetime, now: datetime) -> datetime:
    """The newest time up to now at which a moment came round, from a known one on."""
    while (following := next_moment(moment, newsletter.zone, known)) <= now:
        known = following
    return known


def _promised(newsletter: config.Newsletter, now: datetime) -> set[datetime]:
    """When editions leave that are there already: that stands, even where the configuration has another time since."""
    there = Edition.objects.filter(newsletter=newsletter.name, state__in=(State.DRAFT, State.APPROVED), due_at__gt=now)
    return {due for due in there.values_list("due_at", flat=True) if due}


def _due(newsletter: config.Newsletter, now: datetime) -> Iterator[Occurrence]:
    """What is due, drafts before sendings; of several that were missed of one act, the newest."""
    for act in (DRAFT, SEND):
        missed = Occurrence.objects.filter(newsletter=newsletter.name, act=act, due_at__lte=now, done_at=None)
        newest = missed.order_by("-due_at").first()
        if newest:
            missed.exclude(pk=newest.pk).update(done_at=now, outcome="missed: nothing ran; the next one took its place")
            yield newest


def _take(occurrence: Occurrence, now: datetime) -> bool:
    """Lease it, unless it is done or somebody else holds it."""
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    taken = Occurrence.objects.filter(free, pk=occurrence.pk, done_at=None).update(leased_until=now + LEASE)
    return bool(taken)


def _finish(occurrence: Occurrence, now: datetime, outcome: str) -> None:
    Occurrence.objects.filter(pk=occurrence.pk).update(done_at=now, outcome=outcome)


def _do(configuration: Config, newsletter: config.Newsletter, occurrence: Occurrence, now: datetime) -> None:
    try:
        if occurrence.act == DRAFT:
            _make_draft(configuration, newsletter, occurrence, now)
        else:
            _send(configuration, newsletter, occurrence, now)
    except (JobProblem, TemplateProblem) as problem:
        with transaction.atomic():
            _finish(occurrence, now, str(problem))
            notices.tell(newsletter.name, notices.WAITING, str(problem), now)


def _make_draft(configuration: Config, newsletter: config.Newsletter, occurrence: Occurrence, now: datetime) -> None:
    """Make the draft of the send time that follows this occurrence, however late it is."""
    leaves = next_moment(newsletter.send_moment, newsletter.zone, occurrence.due_at)
    if _left_out(newsletter, occurrence.due_at, leaves):
        _finish(occurrence, now, SKIPPED_DATE)
        return

    def finish(edition: Edition) -> None:
        _finish(occurrence, now, f"{edition.name}: {edition.state}")
        if edition.state == State.DRAFT:
            notices.tell_of_draft(newsletter, edition, now)

    draft.make(configuration, newsletter, now=now, after=occurrence.due_at, by=BY, finish=finish)


def _send(configuration: Config, newsletter: config.Newsletter, occurrence: Occurrence, now: datetime) -> None:
    """Let the edition of this occurrence leave, or say why it waits; one that no draft was made for is made now."""
    if not Edition.objects.filter(newsletter=newsletter.name, due_at=occurrence.due_at).exists():
        if _was_left_out(newsletter, occurrence.due_at):
            _finish(occurrence, now, SKIPPED_DATE)
            return
        if _left_early(newsletter, occurrence.due_at):
            _finish(occurrence, now, "its edition left early, by hand; later posts wait for the next")
            return
        just_before = occurrence.due_at - timedelta(microseconds=1)
        draft.make(configuration, newsletter, now=now, after=just_before, by=BY)
    edition = _edition_due(newsletter, occurrence)
    if edition is None:
        _finish(occurrence, now, "its edition has left already, or was given up")
        return
    if edition.state == State.DRAFT and (newsletter.approval == "none" or _too_few(newsletter, edition)):
        edition = draft.refresh(configuration, edition, now=now, by=BY)
    with transaction.atomic():
        edition = Edition.objects.select_for_update().get(pk=edition.pk)
        _finish(occurrence, now, _leave(newsletter, edition, occurrence.due_at, now))


def _left_early(newsletter: config.Newsletter, due: datetime) -> bool:
    """Whether the edition of this time was sent by hand before it: a second one would only surprise its readers."""
    period = name_of(due, newsletter.period, newsletter.zone)
    editions = Edition.objects.filter(newsletter=newsletter.name, corrects=None, period__regex=rf"^{period}(\.\d+)?$")
    return editions.filter(state__in=(State.QUEUED, State.SENDING, State.PAUSED, State.SENT)).exists()


def _was_left_out(newsletter: config.Newsletter, due: datetime) -> bool:
    """Whether no edition leaves at this time since it, or the time of its draft, is on a date that is skipped."""
    drafts = Occurrence.objects.filter(newsletter=newsletter.name, act=DRAFT, due_at__lte=due).order_by("-due_at")
    last = drafts.first()
    return _left_out(newsletter, due) or (last is not None and last.outcome == SKIPPED_DATE)


def _left_out(newsletter: config.Newsletter, *times: datetime) -> bool:
    """Whether one of these times is on a date for which no edition is to be made."""
    return any(at.astimezone(newsletter.zone).date() in newsletter.skip for at in times)


def _edition_due(newsletter: config.Newsletter, occurrence: Occurrence) -> Edition | None:
    """The edition that was made to leave at this moment, if it is still there to leave."""
    found = Edition.objects.filter(newsletter=newsletter.name, due_at=occurrence.due_at)
    return found.filter(state__in=(State.DRAFT, State.APPROVED)).order_by("-pk").first()


def _too_few(newsletter: config.Newsletter, edition: Edition) -> str:
    """A sentence where the edition has fewer posts than it takes."""
    posts = edition.entries.filter(included=True).count()
    if posts >= newsletter.minimum_posts:
        return ""
    counted = {0: "no posts", 1: "1 post"}.get(posts, f"{posts} posts")
    return f"{counted}, and minimum_posts is {newsletter.minimum_posts}; what there is waits for the next"


def _leave(newsletter: config.Newsletter, edition: Edition, due: datetime, now: datetime) -> str:
    """Queue, skip, or make wait; gives a sentence. The edition's row is held."""
    if now - due > newsletter.late:
        return _wait(edition, f"its time was {due:%F %H:%M}Z and nothing ran then; send it by hand", now)
    if edition.state == State.APPROVED:
        approval.queue(edition, by=BY, now=now)
        return f"{edition.name} is queued"
    if edition.waiting.startswith(draft.NOT_READ):
        return _wait(edition, edition.waiting, now)
    if too_few := _too_few(newsletter, edition):
        return _skip(edition, too_few, now)
    if newsletter.approval == "editor":
        return _wait(edition, "nobody has approved it yet", now)
    return _leave_by_itself(edition, now)


def _leave_by_itself(edition: Edition, now: datetime) -> str:
    """Approve and queue without an editor, unless something stands against it."""
    try:
        with transaction.atomic():
            approved = approval.approve(edition, by=BY, now=now)
            approval.queue(approved, by=BY, now=now)
    except (JobProblem, TemplateProblem) as problem:
        return _wait(edition, str(problem), now)
    return f"{edition.name} is queued"


def _skip(edition: Edition, why: str, now: datetime) -> str:
    change(edition, State.SKIPPED, reason=why, ended_at=now, waiting="")
    history.log(BY, "skipped", edition.name, now)
    notices.tell(edition.newsletter, notices.SKIPPED, f"{edition.name} was skipped: {why}", now, edition.name)
    return f"{edition.name} was skipped: {why}"


def _wait(edition: Edition, why: str, now: datetime) -> str:
    """Keep an edition where it is, with the reason; editors are told once for each reason."""
    Edition.objects.filter(pk=edition.pk).update(waiting=why)
    sentence = f"{edition.name} waits: {why}"
    notices.tell(edition.newsletter, notices.WAITING, sentence, now, edition.name)
    return sentence


def _try_waiting(configuration: Config, newsletter: config.Newsletter, now: datetime) -> None:
    """An edition that needs no editor and waits for a silent source leaves when the source answers in time."""
    if newsletter.approval != "none":
        return
    waiting = Edition.objects.filter(newsletter=newsletter.name, state=State.DRAFT, due_at__lte=now)
    waiting = waiting.filter(due_at__gt=now - newsletter.late, waiting__startswith=draft.NOT_READ)
    for edition in waiting.filter(refreshed_at__lt=now - AGAIN, due_at__isnull=False).order_by(F("pk").desc())[:1]:
        refreshed = draft.refresh(configuration, edition, now=now, by=BY)
        with transaction.atomic():
            held = Edition.objects.select_for_update().get(pk=refreshed.pk)
            if held.state == State.DRAFT and held.due_at and not held.waiting:
                _leave(newsletter, held, held.due_at, now)
