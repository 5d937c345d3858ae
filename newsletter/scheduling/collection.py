"""Hands out work that any machine with this database may do: reading each source, and the bounce mailbox."""

from datetime import UTC, datetime

from django.db.models import Q

from newsletter.background import Task, enqueue, enqueue_all
from newsletter.bounces import processing
from newsletter.collecting.collect import collect_source
from newsletter.config import Config
from newsletter.editions import notices
from newsletter.models import Source

SOONER = 0.9
"""A source is read again after this part of `collect.every`, so that each period has one reading."""


def hand_out(configuration: Config, now: datetime) -> int:
    """Add a task for each source that was not tried in this period, and return how many."""
    since = now - configuration.collect.every * SOONER
    recent = set(Source.objects.filter(tried_at__gt=since).values_list("newsletter", "url"))
    due = {
        f"{name} {source.url}": {"newsletter": name, "url": source.url}
        for name, newsletter in configuration.newsletters.items()
        if newsletter.status != "archived"
        for source in newsletter.sources
        if (name, source.url) not in recent
    }
    enqueue_all(COLLECT_SOURCE, due)
    return len(due)


def _collect(configuration: Config, newsletter: str, url: str) -> None:
    now = datetime.now(UTC)
    since = now - configuration.collect.every * SOONER
    if Source.objects.filter(Q(newsletter=newsletter, url=url), tried_at__gt=since).exists():
        return  # another machine has just read it
    found = collect_source(configuration, newsletter, url, now=now)
    notices.tell_of_silence(found, now)


def hand_out_bounces(configuration: Config, now: datetime) -> None:
    """Add the task of reading bounces. At most one machine reads them at a time."""
    enqueue(READ_BOUNCES, "mailbox")


def _read_bounces(configuration: Config) -> None:
    processing.tick(configuration, datetime.now(UTC))


COLLECT_SOURCE = Task("collect-source", _collect, queue="sources")
READ_BOUNCES = Task("read-bounces", _read_bounces, queue="work")
