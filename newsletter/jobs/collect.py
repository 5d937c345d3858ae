"""Reads every source, side by side, and puts what they list into the ledger.

Promises: a source that fails is reported in one sentence and leaves the others alone.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter import config
from newsletter.config import Config
from newsletter.feeds import Memory, Reading, read
from newsletter.jobs.ledger import Stored, source_row, store
from newsletter.models import Source

SIDE_BY_SIDE = 16
SILENT_AFTER = timedelta(hours=12)

Step = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Collected:
    """What one source brought; `problem` is a sentence where it could not be read, or not whole."""

    newsletter: str
    url: str
    type: str
    new: int
    changed: int
    problem: str | None


@dataclass(frozen=True, slots=True)
class _Task:
    settings: config.Source
    row: Source
    since: datetime | None


def collect(
    configuration: Config,
    only: str | None = None,
    *,
    now: datetime,
    since: datetime | None = None,
    step: Step = lambda done, total: None,
) -> list[Collected]:
    """Read the sources of one newsletter, or of all, in the order of the configuration.

    `since` reads each of them back past that instant, whatever a 304 of its newest page says; one that was not read
    for half a day is read back to where it was left, as its newest page may not reach so far.
    """
    tasks = list(_tasks(configuration, only, since, now))
    results: dict[int, Collected] = {}
    pool = ThreadPoolExecutor(max_workers=SIDE_BY_SIDE, thread_name_prefix="collect")
    try:
        waiting = {}
        for task in tasks:
            if sentence := _held_back(task.row, now):
                results[task.row.pk] = _collected(task, task.row.kind, Stored(), sentence)
            else:
                waiting[pool.submit(_read, configuration, task, now)] = task
        for done in as_completed(waiting):
            task = waiting[done]
            results[task.row.pk] = _stored(task, done.result(), now)
            step(len(results), len(tasks))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return [results[task.row.pk] for task in tasks]


def unread(newsletter: config.Newsletter, since: datetime, until: datetime, now: datetime) -> list[Source]:
    """The configured sources that may hold posts of a window which nobody has seen; silence is no quiet week.

    These are the ones that have not answered since it began, or for half a day, unless they did after it ended.
    """
    rows = {s.url: s for s in Source.objects.filter(newsletter=newsletter.name)}
    found = [rows.get(s.url) or Source(newsletter=newsletter.name, url=s.url) for s in newsletter.sources]
    long_ago = min(until, max(since, now - SILENT_AFTER))
    return [s for s in found if s.read_at is None or s.read_at <= long_ago]


def last_read(newsletter: config.Newsletter, never: datetime) -> datetime:
    """Until when the ledger is known to be whole: the earliest time at which a source last answered.

    `never` where one has not answered yet.
    """
    urls = [s.url for s in newsletter.sources]
    times = [s.read_at for s in Source.objects.filter(newsletter=newsletter.name, url__in=urls) if s.read_at]
    return min(times) if len(times) == len(urls) else never


def _tasks(configuration: Config, only: str | None, since: datetime | None, now: datetime) -> Iterator[_Task]:
    for name, newsletter in configuration.newsletters.items():
        if only in (None, name):
            for settings in newsletter.sources:
                row = source_row(name, settings.url)
                yield _Task(settings, row, _back_to(row, since, now))


def _back_to(row: Source, since: datetime | None, now: datetime) -> datetime | None:
    if row.read_at is None or row.read_at > now - SILENT_AFTER:
        return since
    return min(since, row.read_at) if since else row.read_at


def _held_back(row: Source, now: datetime) -> str | None:
    """Why a source is not asked now: it is gone for good, or wants to be left alone for a while."""
    if row.stopped:
        return f"{row.url}: not read any more, as it answered that it is gone for good; take it out of config.toml"
    if row.retry_at and row.retry_at > now:
        return f"{row.url}: not read before {row.retry_at:%F %H:%M}Z, as it asked to be left alone until then"
    return None


def _read(configuration: Config, task: _Task, now: datetime) -> Reading:
    return read(
        task.settings,
        configuration.collect,
        Memory(**task.row.memory) if task.row.memory else None,
        now=now,
        since=task.since,
        root=configuration.folder,
        zone=configuration.newsletters[task.row.newsletter].zone,
        site_url=configuration.site.url,
    )


def _stored(task: _Task, reading: Reading, now: datetime) -> Collected:
    stored = store(task.row, task.settings, reading, now)
    return _collected(task, reading.kind or task.row.kind, stored, _joined(reading.problems))


def _collected(task: _Task, kind: str, stored: Stored, problem: str | None) -> Collected:
    return Collected(
        task.row.newsletter, task.settings.url, kind or task.settings.type, stored.new, stored.changed, problem
    )


def _joined(problems: Iterable[str]) -> str | None:
    """The first sentence, and how many more there are."""
    listed = list(problems)
    more = f" (and {len(listed) - 1} more)" if len(listed) > 1 else ""
    return listed[0] + more if listed else None
