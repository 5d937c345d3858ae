"""The queue that all machines with one PostgreSQL database share: procrastinate's.

It stores tasks, notifies workers of new ones (LISTEN/NOTIFY), and knows which worker lives. A task whose worker is lost
is run again by another one. Emails of editions are not among these tasks: their claims, leases and journals decide who
may send them.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import psycopg
from django.db import InterfaceError, OperationalError, connections, transaction
from django.db.models import Max, Q
from procrastinate import App, PsycopgConnector
from procrastinate.contrib.django import app as django_app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import DeleteJobCondition, Job, Status
from procrastinate.worker import Worker

from newsletter import config
from newsletter.background.causes import cause
from newsletter.background.tasks import QUEUES, SHARED, SetAside, Task

log = logging.getLogger("newsletter.background")

ATTEMPTS = 3
"""A task whose workers were lost so often is set aside."""

STALLED_SECONDS = 30.0
"""A worker that has shown no sign of life for this long is lost."""

AT_ONCE = datetime(2000, 1, 1, tzinfo=UTC)
"""Is in the past for the database, also if this machine's clock is ahead of it."""

LOOK_SECONDS = 15.0
KEEP_HOURS = 24 * 7
"""How long a task that failed is kept; one that was set aside is not stored again before."""

SET_ASIDE = Q(status="failed", attempts__gte=ATTEMPTS)
BATCH = 500
POLL_SECONDS = 5.0
GRACE_SECONDS = 30.0
CANCEL_SECONDS = 1.0
CONNECTIONS = 4
"""The most connections that the queues of a program share; each queue has one more, on which it is notified."""

IN_A_ROW = 2
"""A task that failed so often in a row is told of."""


@dataclass(frozen=True, slots=True)
class Tell:
    """Who is told, with the name and the arguments of a task.

    `set_aside` of one that is not run again, and `failing` of one that has failed `IN_A_ROW` times in this process.
    """

    set_aside: Callable[[str, Mapping[str, Any]], None]
    failing: Callable[[str, Mapping[str, Any], BaseException, int], None]


class _Failures:
    """Counts how often a task with the same arguments failed in a row in this process."""

    def __init__(self, tell: Tell) -> None:
        self._tell, self._counts = tell, Counter[str]()

    def succeeded(self, task: Task, arguments: Mapping[str, str]) -> None:
        """Count a task that was done."""
        self._counts.pop(f"{task.name} {sorted(arguments.items())}", None)

    def failed(self, task: Task, arguments: Mapping[str, str], error: Exception) -> int:
        """Return how often it has failed in a row, and tell of it when that is often enough."""
        key = f"{task.name} {sorted(arguments.items())}"
        self._counts[key] += 1
        if self._counts[key] == IN_A_ROW and not isinstance(error, OperationalError | InterfaceError):
            self._tell.failing(task.name, arguments, error, IN_A_ROW)
        return self._counts[key]


def enqueue(task: Task, arguments: Mapping[str, Mapping[str, str]], run_at: datetime | None = None) -> None:
    """Store one task for each key, unless one with this key waits already, or was set aside in the last week.

    A periodic task is not stored while one with this key is being done either.
    """
    keys = {f"{task.name} {key}": values for key, values in arguments.items()}
    unfinished = ("todo", "doing") if task.periodic else ("todo",)
    stored = ProcrastinateJob.objects.filter(Q(status__in=unfinished) | SET_ASIDE, task_name=task.name)
    locks = set(stored.values_list("queueing_lock", flat=True))
    jobs = [
        Job(
            id=None,
            queue=task.queue,
            lock=key,
            queueing_lock=key,
            task_name=task.name,
            task_kwargs=dict(values),
            scheduled_at=run_at,
        )
        for key, values in keys.items()
        if key not in locks
    ]
    for start in range(0, len(jobs), BATCH):
        _store(jobs[start : start + BATCH])


def _store(jobs: Sequence[Job]) -> None:
    """Store tasks together; if one of them is waiting by now, store them one by one."""
    try:
        with transaction.atomic():
            django_app.job_manager.batch_defer_jobs(list(jobs))
    except AlreadyEnqueued:
        if len(jobs) > 1:
            for job in jobs:
                _store([job])


def work(
    register_stop: Callable[[Callable[[], None]], None],
    tell: Tell,
    concurrency: Mapping[str, int] = QUEUES,
) -> None:
    """Run tasks until it is stopped by the function that it passes to `register_stop`, or a worker ends.

    Raises Django's OperationalError if the database fails.
    """
    logging.getLogger("procrastinate.worker").setLevel(logging.CRITICAL)  # it logs arguments; failures are logged here
    threads = ThreadPoolExecutor(sum(concurrency.values()) + 4, "background")
    with asyncio.Runner() as runner:
        runner.get_loop().set_default_executor(threads)
        try:
            runner.run(_work(register_stop, tell, concurrency))
        except (psycopg.Error, ConnectorException) as e:
            raise OperationalError(str(e.__cause__ or e)) from e


async def _work(
    register_stop: Callable[[Callable[[], None]], None], tell: Tell, concurrency: Mapping[str, int]
) -> None:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()

    def stop() -> None:
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(stopped.set)

    register_stop(stop)
    app = App(connector=PsycopgConnector(kwargs=connector_params("default"), min_size=1, max_size=CONNECTIONS))
    failures = _Failures(tell)
    for task in SHARED.values():
        _register(app, task, failures)
    async with app.open_async():
        workers = [_worker(app, queue, count) for queue, count in concurrency.items()]
        running = [asyncio.ensure_future(worker.run()) for worker in workers]
        looking = asyncio.ensure_future(_look_after_lost_workers(app, tell))
        waiting = asyncio.ensure_future(stopped.wait())
        try:
            done, _ = await asyncio.wait([waiting, looking, *running], return_when=asyncio.FIRST_COMPLETED)
            for future in done:
                future.result()
        finally:
            for worker in workers:
                worker.stop()  # a worker that is cancelled while it starts may go on for ever
            await asyncio.gather(*running, _cancel(waiting), _cancel(looking), return_exceptions=True)


async def _cancel(task: asyncio.Future[Any]) -> None:
    """Cancel a task, again and again until it has ended: a database driver may lose a cancellation."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=CANCEL_SECONDS)


def _register(app: App, task: Task, failures: _Failures) -> None:
    def run(**arguments: str) -> None:
        _run(task, arguments, failures)

    app.task(name=task.name, queue=task.queue)(run)


def _worker(app: App, queue: str, count: int) -> Worker:
    return Worker(
        app,
        queues=[queue],
        name=f"newsletter-{queue}",
        concurrency=count,
        install_signal_handlers=False,
        fetch_job_polling_interval=POLL_SECONDS,
        shutdown_graceful_timeout=GRACE_SECONDS,
        delete_jobs=DeleteJobCondition.SUCCESSFUL,
        stalled_worker_timeout=STALLED_SECONDS,
    )


def _run(task: Task, arguments: Mapping[str, str], failures: _Failures) -> None:
    """Run a task. The queue doesn't repeat one that fails; only a periodic one is added again, while it is due."""
    try:
        task.run(config.refresh().config, **arguments)
    except Exception as error:
        if (times := failures.failed(task, arguments, error)) == 1:
            log.exception("the task %s failed", task.name)
        else:
            log.warning("the task %s failed again: %s (%d times)", task.name, cause(error), times)
    else:
        failures.succeeded(task, arguments)
    finally:
        connections.close_all()


async def _look_after_lost_workers(app: App, tell: Tell) -> None:
    """Let the tasks of lost workers be run again, or set them aside after `ATTEMPTS`; delete old ones."""
    while True:
        await app.job_manager.delete_old_jobs(KEEP_HOURS, include_failed=True, include_cancelled=True)
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
            for other in await app.job_manager.list_jobs_async(status="todo", queueing_lock=job.queueing_lock):
                # It was added meanwhile; the lost one goes on instead, since it has the number of attempts.
                await app.job_manager.cancel_job_by_id_async(cast(int, other.id), delete_job=True)
            if job.attempts + 1 < ATTEMPTS:
                await app.job_manager.retry_job(job, retry_at=AT_ONCE)
                continue
            await app.job_manager.finish_job(job, Status.FAILED, delete_job=False)
            log.error("the task %s was set aside: it ended its worker %d times", job.task_name, ATTEMPTS)
            await asyncio.to_thread(_tell, tell, job)
        await asyncio.sleep(LOOK_SECONDS)


def _tell(tell: Tell, job: Job) -> None:
    try:
        tell.set_aside(job.task_name, job.task_kwargs)
    finally:
        connections.close_all()


def set_aside() -> list[SetAside]:
    """Return the tasks that were set aside within the last week, the newest first."""
    rows = ProcrastinateJob.objects.filter(SET_ASIDE).annotate(at=Max("procrastinateevent__at"))
    return [SetAside(row.task_name, row.args, row.at) for row in rows.order_by("-pk")]


def retry_set_aside() -> int:
    """Let each task that was set aside run once more, and return their number.

    One that ends its worker again is set aside at once, since its number of attempts is kept.
    """
    with transaction.atomic():
        keys = list(ProcrastinateJob.objects.filter(SET_ASIDE).select_for_update().values_list("pk", flat=True))
        for number in keys:
            django_app.job_manager.retry_job_by_id(number, AT_ONCE)
    return len(keys)


def waiting() -> int:
    """Return how many tasks wait or are being done."""
    return ProcrastinateJob.objects.filter(status__in=("todo", "doing")).count()
