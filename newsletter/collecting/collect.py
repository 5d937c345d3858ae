"""Read the sources in parallel and store their posts in the ledger.

A source that fails is reported in one sentence and doesn't affect the others.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from newsletter import config
from newsletter.collecting import gaps, pictures
from newsletter.collecting.ledger import Stored, note_removed, source_row, store
from newsletter.config import Config
from newsletter.domain.english import counted
from newsletter.domain.hosts import without_secrets
from newsletter.feeds import Memory, SourceReading
from newsletter.feeds.model import ListedBefore
from newsletter.feeds.sources.read import read
from newsletter.logs import log_event
from newsletter.messages import Message, sources as messages
from newsletter.messages.general import ABOUT
from newsletter.models import Source, SourceGap

log = logging.getLogger("newsletter.collecting")

MAX_THREADS = 16
SILENT_AFTER = timedelta(hours=12)
LIST_AGAIN_AFTER = timedelta(hours=6)
"""After so long a source is read whether or not it says that nothing changed: some say so wrongly."""

TELL_AFTER = timedelta(hours=1)
"""How long a source may fail before editors are told. One that was never read may not, nor one that is gone."""

Step = Callable[[int, int], None]
"""What is called after each source: how many have been read, and how many there are."""


def no_step(done: int, total: int) -> None:
    """Do nothing with the progress."""


@dataclass(frozen=True, slots=True)
class Collected:
    """The result of one source; `problem` is a sentence if it could not be read completely.

    `went_silent` says that editors are to be told of the problem, and `stopped` that the source is gone for good;
    `gap`, between which times posts may be missing since this reading.
    """

    newsletter: str
    url: str
    type: str
    new: int
    changed: int
    problem: Message | None
    went_silent: bool = False
    stopped: bool = False
    gap: SourceGap | None = None


@dataclass(frozen=True, slots=True)
class _Task:
    settings: config.SourceSettings
    row: Source
    since: datetime | None
    listed_before: ListedBefore | None
    configured: frozenset[str]


def collect(
    configuration: Config,
    only: str | None = None,
    *,
    now: datetime,
    since: datetime | None = None,
    step: Step = no_step,
) -> list[Collected]:
    """Read the sources of one newsletter, or of all that are not archived, in the order of the configuration.

    `since` reads each of them back to that instant, even if its newest page is unchanged (304). A source that was not
    read for half a day is read back to the last time, since its newest page may not reach that far.
    """
    tasks = list(_tasks(configuration, only, since, now))
    results: dict[int, Collected] = {}
    pool = ThreadPoolExecutor(max_workers=MAX_THREADS, thread_name_prefix="collect")
    try:
        futures = {}
        for task in tasks:
            if reason := _reason_to_skip(task.row, now):
                results[task.row.pk] = _collected(task, task.row.kind, Stored(), reason)
            else:
                futures[pool.submit(_read, configuration, task, now)] = task
        for future in as_completed(futures):
            task = futures[future]
            results[task.row.pk] = _stored(task, future.result(), now)
            step(len(results), len(tasks))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    collected = [results[task.row.pk] for task in tasks]
    _log_collected(collected)
    pictures.look_up(configuration, {result.newsletter for result in collected}, now)
    return collected


def collect_source(configuration: Config, newsletter: str, url: str, *, now: datetime) -> list[Collected]:
    """Read one source, in this thread; return nothing if it isn't configured any more, or must not be read now."""
    for task in _tasks(configuration, newsletter, None, now, only_url=url):
        if not _reason_to_skip(task.row, now):
            collected = _stored(task, _read(configuration, task, now), now)
            if collected.new or collected.changed:  # a line for each of ten thousand sources would hide what is new
                _log_collected([collected])
            return [collected]
    return []


def _log_collected(collected: list[Collected]) -> None:
    new, changed = sum(result.new for result in collected), sum(result.changed for result in collected)
    problems = sum(result.problem is not None for result in collected)
    sources, posts = counted(len(collected), "source"), counted(new, "new post")
    sentence = f"collected {sources}: {posts}, {changed} changed, {problems} with problems"
    log_event(log, "collected", sentence, sources=len(collected), new=new, changed=changed, problems=problems)


def _log_change(source: Source, problem: Message | None) -> None:
    """Log that a source fails, or that it recovered; once for each, however often it is read meanwhile.

    `source` is as it was before the reading.
    """
    url = without_secrets(source.url)
    if problem and not source.problem:
        reason = str(problem).replace(source.url, url)
        sentence = f"{source.newsletter}: source failing: {reason}"
        fields = {"newsletter": source.newsletter, "source": url, "reason": reason}
        log_event(log, "source-failing", sentence, level=logging.WARNING, **fields)
    elif source.problem and not problem:
        sentence = f"{source.newsletter}: source recovered: {url}"
        log_event(log, "source-recovered", sentence, newsletter=source.newsletter, source=url)


def _log_gap(gap: SourceGap) -> None:
    """Log that posts may be missing."""
    url = without_secrets(gap.source.url)
    words = f"{gap.source.newsletter}: {str(gaps.message(gap)).replace(gap.source.url, url)}"
    fields = {"newsletter": gap.source.newsletter, "source": url}
    times = {"after": gap.after.isoformat(), "before": gap.before.isoformat()}
    log_event(log, "posts-missing", words, level=logging.WARNING, **fields, **times)


def unread(newsletter: config.Newsletter, since: datetime, until: datetime, now: datetime) -> list[Source]:
    """Return the sources that may have unseen posts of a window, so that silence is not mistaken for a quiet week.

    While the window goes on, these have not answered since it began, or for `TELL_AFTER`; once it is over, since it
    ended.
    """
    rows = {s.url: s for s in Source.objects.filter(newsletter=newsletter.name)}
    rows_of_sources = [rows.get(s.url) or Source(newsletter=newsletter.name, url=s.url) for s in newsletter.sources]
    if now >= until:
        return [s for s in rows_of_sources if s.read_at is None or s.read_at < until]
    long_ago = max(since, now - TELL_AFTER)
    return [s for s in rows_of_sources if s.read_at is None or s.read_at <= long_ago]


def last_read(newsletter: config.Newsletter, never: datetime) -> datetime:
    """Return the time up to which the ledger is complete: the earliest of the sources' last answers.

    Returns `never` if a source has not answered yet.
    """
    urls = [s.url for s in newsletter.sources]
    times = [s.read_at for s in Source.objects.filter(newsletter=newsletter.name, url__in=urls) if s.read_at]
    return min(times) if len(times) == len(urls) else never


def _tasks(
    configuration: Config, only: str | None, since: datetime | None, now: datetime, only_url: str | None = None
) -> Iterator[_Task]:
    to_be_filled = gaps.to_be_filled(now)
    for name, newsletter in configuration.newsletters.items():
        if only in (None, name) and newsletter.status != "archived":
            configured = frozenset(settings.url for settings in newsletter.sources)
            note_removed(name, configured, now)
            for settings in newsletter.sources:
                if only_url not in (None, settings.url):
                    continue
                row = source_row(name, settings.url)
                listed_before = gaps.listed_before(row, newsletter.late_posts, now)
                silent_since = row.read_at if row.read_at and row.read_at <= now - SILENT_AFTER else None
                back_to = min(filter(None, (since, silent_since, to_be_filled.get(row.pk))), default=None)
                yield _Task(settings, row, back_to, listed_before, configured)


def _reason_to_skip(row: Source, now: datetime) -> Message | None:
    """Return why a source is not read now: it is gone permanently, or asked for a pause (Retry-After)."""
    if row.stopped:
        return ABOUT(subject=row.url, message=messages.STOPPED())
    if row.retry_at and row.retry_at > now:
        return ABOUT(subject=row.url, message=messages.WAITING(at=row.retry_at))
    return None


def _read(configuration: Config, task: _Task, now: datetime) -> SourceReading:
    return read(
        task.settings,
        configuration.collect,
        _memory(task.row, now),
        now=now,
        since=task.since,
        listed_before=task.listed_before,
        root=configuration.folder,
        zone=configuration.newsletters[task.row.newsletter].zone,
        site_url=configuration.site.url,
    )


def _memory(row: Source, now: datetime) -> Memory | None:
    """Return what the last reading remembered; that nothing changed is not asked for ever."""
    memory = Memory(**row.memory) if row.memory else None
    listed_at = row.listed_at or row.first_read_at
    if memory and listed_at and listed_at <= now - LIST_AGAIN_AFTER:
        return replace(memory, etag="", last_modified="")
    return memory


def _stored(task: _Task, reading: SourceReading, now: datetime) -> Collected:
    stored = store(task.row, task.settings, reading, now, task.configured)
    _log_change(task.row, stored.problem)
    problems = reading.problems or ((stored.problem,) if stored.problem else ())
    collected = _collected(task, reading.kind or task.row.kind, stored, _joined(problems))
    silent = stored.problem is not None and _went_silent(task.row, now)
    found = task.row.gaps.filter(found_at=now, closed_at=None).select_related("source")
    gap = found.first() if reading.gap else None
    if gap:
        _log_gap(gap)
    return replace(collected, went_silent=silent or reading.stop, stopped=reading.stop, gap=gap)


def _went_silent(source: Source, now: datetime) -> bool:
    """Return whether a source that can't be read has now been silent for `TELL_AFTER`, and was not at the last try.

    `source` is as it was before the reading.
    """

    def silent(at: datetime) -> bool:
        return source.read_at is None or at - source.read_at >= TELL_AFTER

    told_before = source.tried_at is not None and source.problem is not None and silent(source.tried_at)
    return silent(now) and not told_before


def _collected(task: _Task, kind: str, stored: Stored, problem: Message | None) -> Collected:
    return Collected(
        task.row.newsletter, task.settings.url, kind or task.settings.type, stored.new, stored.changed, problem
    )


def _joined(problems: Sequence[Message]) -> Message | None:
    """Return the first problem, and how many more there are."""
    if len(problems) > 1:
        return messages.AND_MORE(problem=problems[0], count=len(problems) - 1)
    return problems[0] if problems else None
