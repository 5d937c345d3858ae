"""The queue that all machines with one PostgreSQL database share: procrastinate's.

It stores tasks, notifies workers of new ones (LISTEN/NOTIFY), and knows which worker lives. A task whose worker is lost
is run again by another one. Emails of editions are not among these tasks: their claims, leases and journals decide who
may send them.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from typing import Any, cast

import psycopg
from django.db import OperationalError, connections, transaction
from django.db.models import Q
from procrastinate import App
from procrastinate.contrib.django import app as django_app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import DeleteJobCondition, Job, Status

from newsletter import config
from newsletter.background.tasks import QUEUES, SHARED, Task

log = logging.getLogger("newsletter.background")

ATTEMPTS = 3
"""A task whose workers were lost so often is set aside."""

STALLED_SECONDS = 30.0
"""A worker that has shown no sign of life for this long is lost."""

LOOK_SECONDS = 15.0
KEEP_HOURS = 24 * 7
"""How long a task that failed is kept; one that was set aside is not stored again before."""

BATCH = 500
POLL_SECONDS = 5.0
GRACE_SECONDS = 30.0

SetAside = Callable[[str, Mapping[str, Any]], None]
"""Called with the name and the arguments of a task that is not run again."""


def enqueue(task: Task, arguments: Mapping[str, Mapping[str, str]], run_at: datetime | None = None) -> None:
    """Store one task for each key, unless one with this key waits already, or was set aside in the last week."""
    keys = {f"{task.name} {key}": given for key, given in arguments.items()}
    set_aside = Q(status="failed", attempts__gte=ATTEMPTS)
    there = ProcrastinateJob.objects.filter(Q(status="todo") | set_aside, task_name=task.name)
    known = set(there.values_list("queueing_lock", flat=True))
    fresh = [_job(task, key, given, run_at) for key, given in keys.items() if key not in known]
    for at in range(0, len(fresh), BATCH):
        _store(fresh[at : at + BATCH])


def _job(task: Task, key: str, arguments: Mapping[str, str], run_at: datetime | None) -> Job:
    return Job(
        id=None,
        queue=task.queue,
        lock=key,
        queueing_lock=key,
        task_name=task.name,
        task_kwargs=dict(arguments),
        scheduled_at=run_at,
    )


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
    set_aside: SetAside,
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
            runner.run(_work(register_stop, set_aside, concurrency))
        except (psycopg.Error, ConnectorException) as e:
            raise OperationalError(str(e.__cause__ or e)) from e


async def _work(
    register_stop: Callable[[Callable[[], None]], None], set_aside: SetAside, concurrency: Mapping[str, int]
) -> None:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()

    def stop() -> None:
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(stopped.set)

    register_stop(stop)
    app = App(connector=cast(DjangoConnector, django_app.connector).get_worker_connector())
    for task in SHARED.values():
        _register(app, task)
    async with app.open_async():
        running = [asyncio.ensure_future(_worker(app, queue, count)) for queue, count in concurrency.items()]
        running.append(asyncio.ensure_future(_look_after_lost_workers(app, set_aside)))
        waiting = asyncio.ensure_future(stopped.wait())
        try:
            done, _ = await asyncio.wait([waiting, *running], return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
        finally:
            for each in (waiting, *running):
                each.cancel()
            await asyncio.gather(waiting, *running, return_exceptions=True)


def _register(app: App, task: Task) -> None:
    def run(**arguments: str) -> None:
        _run(task, **arguments)

    app.task(name=task.name, queue=task.queue)(run)


def _worker(app: App, queue: str, count: int) -> Awaitable[None]:
    return app.run_worker_async(
        queues=[queue],
        name=f"newsletter-{queue}",
        concurrency=count,
        install_signal_handlers=False,
        fetch_job_polling_interval=POLL_SECONDS,
        shutdown_graceful_timeout=GRACE_SECONDS,
        delete_jobs=DeleteJobCondition.SUCCESSFUL,
        stalled_worker_timeout=STALLED_SECONDS,
    )


def _run(task: Task, **arguments: str) -> None:
    try:
        task.run(config.refresh().config, **arguments)
    except Exception:
        log.exception("the task %s failed", task.name)
        raise
    finally:
        connections.close_all()


async def _look_after_lost_workers(app: App, set_aside: SetAside) -> None:
    """Let the tasks of lost workers be run again, or set them aside after `ATTEMPTS`; delete old ones."""
    while True:
        await app.job_manager.delete_old_jobs(KEEP_HOURS, include_failed=True, include_cancelled=True)
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
            if job.attempts + 1 < ATTEMPTS:
                await app.job_manager.retry_job(job)
                continue
            await app.job_manager.finish_job(job, Status.FAILED, delete_job=False)
            log.error("the task %s was set aside: it ended its worker %d times", job.task_name, ATTEMPTS)
            await asyncio.to_thread(_tell, set_aside, job)
        await asyncio.sleep(LOOK_SECONDS)


def _tell(set_aside: SetAside, job: Job) -> None:
    try:
        set_aside(job.task_name, job.task_kwargs)
    finally:
        connections.close_all()


def waiting() -> int:
    """Return how many tasks wait or are being done."""
    return ProcrastinateJob.objects.filter(status__in=("todo", "doing")).count()
