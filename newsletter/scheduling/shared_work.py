"""Hands out work that any machine with this PostgreSQL database may do.

Each function is called at the interval of its service, on every machine that runs the schedule. It adds a task for what
is due, unless that task waits already. On SQLite, this program does the same work itself.
"""

from datetime import UTC, datetime

from django.db.models import QuerySet

from newsletter.background import Task, enqueue, enqueue_all
from newsletter.bounces import processing
from newsletter.collecting import gaps
from newsletter.collecting.collect import collect_source
from newsletter.config import Config
from newsletter.editions import notices
from newsletter.models import Source
from newsletter.scheduling import housekeeping, schedule
from newsletter.transactional import sent_once, subscriber_mail

SOONER = 0.9
"""A source is read again after this part of `collect.every`, so that each period has one reading."""


def hand_out_sources(configuration: Config, now: datetime) -> None:
    """Add a task for each source that was not tried in this period."""
    recent = set(_tried_in_this_period(configuration, now).values_list("newsletter", "url"))
    due = {
        f"{name} {source.url}": {"newsletter": name, "url": source.url}
        for name, newsletter in configuration.newsletters.items()
        if newsletter.status != "archived"
        for source in newsletter.sources
        if (name, source.url) not in recent
    }
    enqueue_all(COLLECT_SOURCE, due)


def hand_out_sources_sooner(configuration: Config, now: datetime) -> None:
    """Add a task for each source that is read more often than others, if it is due."""
    due = gaps.due_sooner(configuration, now)
    enqueue_all(COLLECT_SOURCE, {f"{name} {url}": {"newsletter": name, "url": url} for name, url in due})


def _tried_in_this_period(configuration: Config, now: datetime) -> QuerySet[Source]:
    """Return the sources that were read in this period; times far ahead are of a clock that was set back since."""
    every = configuration.collect.every
    return Source.objects.filter(tried_at__gt=now - every * SOONER, tried_at__lt=now + every)


def _collect(configuration: Config, newsletter: str, url: str) -> None:
    now = datetime.now(UTC)
    if (newsletter, url) not in gaps.due_sooner(configuration, now) and (
        _tried_in_this_period(configuration, now).filter(newsletter=newsletter, url=url).exists()
    ):
        return  # another machine has just read it
    collected = collect_source(configuration, newsletter, url, now=now)
    notices.tell_of_sources(collected, now)


def hand_out_schedule(configuration: Config, now: datetime) -> None:
    """Add a task for each newsletter and cadence in which a draft is to be made or an edition to be queued."""
    due = {
        f"{due_newsletter.name} {due_newsletter.period}": {
            "newsletter": due_newsletter.name,
            "cadence": due_newsletter.period,
        }
        for due_newsletter in schedule.due(configuration, now)
    }
    enqueue_all(RUN_SCHEDULE, due)


def _run_schedule(configuration: Config, newsletter: str, cadence: str) -> None:
    configured = configuration.newsletters.get(newsletter)
    if configured is not None and cadence in configured.offered:
        schedule.run(configuration, configured.at(cadence), datetime.now(UTC))


def hand_out_emails(configuration: Config, now: datetime) -> None:
    """Add the task of sending letters and notices if some are due. Journals are settled where they are."""
    sent_once.settle(configuration, now)
    if subscriber_mail.is_due(now):
        enqueue(SEND_LETTERS, "due")


def _send_letters(configuration: Config) -> None:
    subscriber_mail.send_all_due(configuration, datetime.now(UTC))


def hand_out_bounces(_configuration: Config, _now: datetime) -> None:
    """Add the task of reading bounces. At most one machine reads them at a time."""
    enqueue(READ_BOUNCES, "mailbox")


def _read_bounces(configuration: Config) -> None:
    processing.tick(configuration, datetime.now(UTC))


def hand_out_housekeeping(configuration: Config, now: datetime) -> None:
    """Add the task of tidying the database, and tidy the folders of this machine."""
    housekeeping.tidy_folders(configuration, now)
    enqueue(TIDY, "database")


def _tidy(configuration: Config) -> None:
    housekeeping.tidy_database(configuration, datetime.now(UTC))


COLLECT_SOURCE = Task("collect-source", _collect, queue="sources", periodic=True)
RUN_SCHEDULE = Task("run-schedule", _run_schedule, queue="schedule", periodic=True)
SEND_LETTERS = Task("send-letters", _send_letters, queue="letters", periodic=True)
READ_BOUNCES = Task("read-bounces", _read_bounces, queue="work", periodic=True)
TIDY = Task("tidy", _tidy, queue="work", periodic=True)
