"""Background jobs: started by a request, and continued after a restart if that is possible.

Promises: a job's row always says how far it is; a job that the end of the program interrupted is continued by the next
start of the same site, or else said to be interrupted. A job that has ended stays as it ended.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias

from django.db import connection
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import Promise

from newsletter.background import Task, enqueue, queue
from newsletter.config import Config
from newsletter.messages import Problem, failures as messages, message_of
from newsletter.models import Job, JobState
from newsletter.scheduling import failed_tasks
from newsletter.sending import journals
from newsletter.web.desk.permissions import Role

log = logging.getLogger("newsletter.jobs")

LANE = "jobs"
DEAD = timedelta(minutes=10)
"""After so long without progress, a job has ended with its program."""

CRASHES = 3
"""A job during which the program ended so often is given up."""

UNFINISHED = (JobState.WAITING, JobState.RUNNING)
Json: TypeAlias = dict[str, Any]


class Stopping(Exception):
    """The program is about to end; the job is left as it is."""


class Cancelled(Problem):
    """A person has cancelled the job, which notices it at its next step."""


class JobProgress:
    """How far a job is; stored with each step."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def __call__(self, done: int, total: int, result: Mapping[str, Any] | None = None) -> None:
        """Store the progress, and the result so far.

        Raises Stopping if the program is about to end, and Cancelled if a person has cancelled the job.
        """
        if queue(LANE).ending:
            raise Stopping
        values: Json = {"done": min(done, total), "total": total, "updated_at": timezone.now()}
        if result is not None:
            self._job.result = values["result"] = dict(result)
        if not Job.objects.filter(pk=self._job.pk).exclude(state=JobState.FAILED).update(**values):
            raise Cancelled(messages.JOB_CANCELLED())


def always_resumable(_configuration: Config, _job: Job) -> bool:
    """Say that a job can be done again from the beginning, or continues where it had stopped."""
    return True


@dataclass(frozen=True, slots=True)
class JobKind:
    """A kind of job: who may see it, what it does, how its result is shown, and whether it can be continued.

    `section` is the entry of the menu that is marked meanwhile. `run` returns the result and raises Problem.
    `resumable` is asked after a restart; by default, an interrupted job must be started again by a person. With
    PostgreSQL, a kind that needs no file of this machine may be done `anywhere`; it must be harmless to begin it again.
    A kind with `cancelled` can be cancelled: that removes what only the job needs. `above` is the page that leads to
    it: the name of its address, and its title.
    """

    name: str
    title: str | Promise
    section: str
    role: Role
    run: Callable[[Config, Job, JobProgress], Json]
    show: Callable[[HttpRequest, Job], HttpResponse]
    resumable: Callable[[Config, Job], bool] = lambda configuration, job: False
    anywhere: bool = False
    cancelled: Callable[[Config, Job], None] | None = None
    above: tuple[str, str | Promise] | None = None

    def __post_init__(self) -> None:
        KINDS[self.name] = self


_running: set[int] = set()
"""The jobs that this process is doing."""

KINDS: dict[str, JobKind] = {}
"""Every kind by its name."""


def start(kind: JobKind, configuration: Config, about: str, by: str, order: Json) -> Job:
    """Start a job."""
    shared = kind.anywhere and connection.vendor == "postgresql"
    where = "" if shared else place(configuration)
    job = Job.objects.create(kind=kind.name, about=about, by=by, order=order, place=where)
    if not enqueue(RUN_ANYWHERE if shared else RUN, str(job.pk), job=str(job.pk)):
        _give_up(configuration, job)
    return job


def _give_up(configuration: Config, job: Job) -> None:
    """Let a job fail for which there is no room, and remove what only it needs."""
    _end(job, JobState.FAILED, problem=messages.TOO_MANY_JOBS())
    job.refresh_from_db()
    if cancelled := KINDS[job.kind].cancelled:
        cancelled(configuration, job)


def cancel(configuration: Config, job: Job) -> None:
    """Cancel a job that has not ended; its kind can be cancelled."""
    cancelled = KINDS[job.kind].cancelled
    assert cancelled is not None
    values = {"state": JobState.FAILED, "problem": messages.JOB_CANCELLED(), "updated_at": timezone.now()}
    if Job.objects.filter(pk=job.pk, state__in=UNFINISHED).update(**values):
        cancelled(configuration, job)


def unfinished(kind: JobKind, about: str = "") -> Job | None:
    """Return the newest job of a kind that goes on, of one newsletter or of any."""
    job = Job.objects.filter(kind=kind.name, state__in=UNFINISHED, updated_at__gt=timezone.now() - DEAD)
    return (job.filter(about=about) if about else job).order_by("-pk").first()


def place(configuration: Config) -> str:
    """Return what identifies the site on this machine, whose files a job may need: the identity of its journal folder.

    It stays the same when a container is created anew, which gets another host name.
    """
    return journals.machine(journals.folder(configuration))


def resume(configuration: Config, load_kinds: Callable[[], object]) -> None:
    """Continue jobs that the last end of this program interrupted, or record that they were.

    `load_kinds` is called if there are any: it imports what registers kinds of jobs.
    """
    jobs = list(_of_this_site(configuration).exclude(pk__in=_running).order_by("pk"))
    if jobs:
        load_kinds()
    for job in jobs:
        kind = KINDS.get(job.kind)
        crashes = job.crashes + (job.state == JobState.RUNNING)
        if crashes >= CRASHES:
            log.error("%s: given up, because the program ended %d times while it did this", job, CRASHES)
            failed_tasks.tell_set_aside(configuration, job.kind, {"job": str(job.pk), "newsletter": job.about})
        elif kind and kind.resumable(configuration, job):
            _continue(job, crashes)
        else:
            _end(job, JobState.FAILED, problem=messages.JOB_INTERRUPTED())


def _of_this_site(configuration: Config) -> QuerySet[Job]:
    """Return the jobs that only a program of this site can end. A SQLite file has no other programs."""
    unfinished_jobs = Job.objects.filter(state__in=UNFINISHED)
    if connection.vendor == "sqlite":
        return unfinished_jobs
    return unfinished_jobs.filter(place=place(configuration))


def _continue(job: Job, crashes: int) -> None:
    values = {"state": JobState.WAITING, "crashes": crashes, "restarted_at": timezone.now()}
    if Job.objects.filter(pk=job.pk, state__in=UNFINISHED).update(**values):
        enqueue(RUN, str(job.pk), job=str(job.pk))
        log.info("%s: continued after a restart", job)


def _run(configuration: Config, job: str) -> None:
    """Do a job that waits, or that another machine had begun when it was lost."""
    ready = Q(state=JobState.WAITING) | Q(state=JobState.RUNNING, place="")
    if not Job.objects.filter(ready, pk=job).update(state=JobState.RUNNING, updated_at=timezone.now()):
        return
    row = Job.objects.get(pk=job)
    _running.add(row.pk)
    try:
        result = KINDS[row.kind].run(configuration, row, JobProgress(row))
    except Stopping:
        returned = Job.objects.filter(pk=row.pk, state=JobState.RUNNING).update(state=JobState.WAITING)
        if returned and not row.place:
            enqueue(RUN_ANYWHERE, job, job=job)
    except Problem as problem:
        _end(row, JobState.FAILED, problem=message_of(problem))
    except Exception as error:
        _end(row, JobState.FAILED, problem=messages.UNEXPECTED(error=type(error).__name__))
        raise
    else:
        _end(row, JobState.DONE, result=result)
    finally:
        _running.discard(row.pk)


RUN = Task("job", _run, LANE)
RUN_ANYWHERE = Task("desk-job", _run, LANE, queue="work")


def _end(job: Job, state: JobState, **values: Any) -> None:
    """Store how a job ended, unless it was cancelled meanwhile."""
    Job.objects.filter(pk=job.pk, state__in=UNFINISHED).update(state=state, updated_at=timezone.now(), **values)
