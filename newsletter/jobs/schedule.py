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
from newsletter.config import Config
from newsletter.jobs import approval, draft, history, notices
from newsletter.jobs.problems import JobProblem
from newsletter.jobs.states import change
from newsletter.jobs.windows import next_moment
from newsletter.models import Edition, Occurrence, State

LEASE = timedelta(minutes=10)
AGAIN = timedelta(minutes=5)
BY = "the clock"
DRAFT, SEND = "draft", "send"


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
    """See that the next occurrence of each act stands in the table, at the time that the configuration says now."""
    for act, moment in ((DRAFT, newsletter.draft_moment), (SEND, newsletter.send_moment)):
        due = next_moment(moment, newsletter.zone, now)
        ahead = Occurrence.objects.filter(newsletter=newsletter.name, act=act, due_at__gt=now, done_at=None)
        ahead.exclude(due_at=due).delete()
        Occurrence.objects.get_or_create(newsletter=newsletter.name, act=act, due_at=due)


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
    if occurrence.due_at.astimezone(newsletter.zone).date() in newsletter.skip:
        _finish(occurrence, now, "skipped: the date is in 'skip'")
        return
    try:
        if occurrence.act == DRAFT:
            _make_draft(configuration, newsletter, occurrence, now)
        else:
            _send(configuration, newsletter, occurrence, now)
    except JobProblem as problem:
        with transaction.atomic():
            _finish(occurrence, now, str(problem))
            notices.tell(newsletter.name, notices.WAITING, str(problem), now)


def _make_draft(configuration: Config, newsletter: config.Newsletter, occurrence: Occurrence, now: datetime) -> None:
    def finish(edition: Edition) -> None:
        _finish(occurrence, now, f"{edition.name} is a {edition.state}")
        notices.tell_of_draft(configuration, edition, now)

    draft.make(configuration, newsletter, now=now, by=BY, finish=finish)


def _send(configuration: Config, newsletter: config.Newsletter, occurrence: Occurrence, now: datetime) -> None:
    """Let the edition of this occurrence leave, or say why it waits."""
    edition = _edition_due(newsletter, occurrence)
    if edition is None:
        _finish(occurrence, now, "there was no edition for it")
        return
    if edition.state == State.DRAFT and newsletter.approval == "none":
        edition = draft.refresh(configuration, edition, now=now, by=BY)
    with transaction.atomic():
        edition = Edition.objects.select_for_update().get(pk=edition.pk)
        outcome = _leave(newsletter, edition, occurrence.due_at, now)
        _finish(occurrence, now, outcome)


def _edition_due(newsletter: config.Newsletter, occurrence: Occurrence) -> Edition | None:
    """The edition that was made to leave at this moment."""
    found = Edition.objects.filter(newsletter=newsletter.name, due_at=occurrence.due_at)
    return found.filter(state__in=(State.DRAFT, State.APPROVED)).order_by("-pk").first()


def _leave(newsletter: config.Newsletter, edition: Edition, due: datetime, now: datetime) -> str:
    """Queue, skip, or make wait; gives a sentence. The edition's row is held."""
    if now - due > newsletter.late:
        return _wait(edition, f"its time was {due:%F %H:%M}Z and nothing ran then; send it by hand", now)
    if edition.state == State.APPROVED:
        approval.queue(edition, by=BY, now=now)
        return f"{edition.name} is queued"
    posts = edition.entries.filter(included=True).count()
    if posts < newsletter.minimum_posts:
        return _skip(edition, f"{posts} posts, and minimum_posts is {newsletter.minimum_posts}; they wait", now)
    if newsletter.approval == "editor":
        return _wait(edition, "nobody has approved it yet", now)
    return _leave_by_itself(edition, now)


def _leave_by_itself(edition: Edition, now: datetime) -> str:
    """Approve and queue without an editor, unless a source was silent or lint finds an error."""
    if edition.waiting:
        return _wait(edition, edition.waiting, now)
    try:
        with transaction.atomic():
            approved = approval.approve(edition, by=BY, revision=edition.revision, now=now)
            approval.queue(approved, by=BY, now=now)
    except JobProblem as problem:
        return _wait(edition, str(problem), now)
    return f"{edition.name} is queued"


def _skip(edition: Edition, why: str, now: datetime) -> str:
    change(edition, State.SKIPPED, reason=why, ended_at=now, waiting="")
    history.log(BY, "skipped", edition.name, now)
    notices.tell(edition.newsletter, notices.SKIPPED, f"{edition.name} was skipped: {why}", now, edition.name)
    return f"{edition.name} was skipped: {why}"


def _wait(edition: Edition, why: str, now: datetime) -> str:
    """Keep an edition where it is, with the reason; editors are told once for each reason."""
    waiting = f"waiting: {why}" if not why.startswith(("waiting: ", "not read since")) else why
    Edition.objects.filter(pk=edition.pk).update(waiting=waiting)
    notices.tell(edition.newsletter, notices.WAITING, f"{edition.name} is {waiting}", now, edition.name)
    return f"{edition.name} is {waiting}"


def _try_waiting(configuration: Config, newsletter: config.Newsletter, now: datetime) -> None:
    """An edition that needs no editor and waits for a silent source leaves when the source answers in time."""
    if newsletter.approval != "none":
        return
    waiting = Edition.objects.filter(newsletter=newsletter.name, state=State.DRAFT, due_at__lte=now)
    waiting = waiting.filter(due_at__gt=now - newsletter.late, waiting__startswith="not read since")
    for edition in waiting.filter(refreshed_at__lt=now - AGAIN, due_at__isnull=False).order_by(F("pk").desc())[:1]:
        refreshed = draft.refresh(configuration, edition, now=now, by=BY)
        with transaction.atomic():
            held = Edition.objects.select_for_update().get(pk=refreshed.pk)
            if held.state == State.DRAFT and held.due_at and not held.waiting:
                _leave(newsletter, held, held.due_at, now)
