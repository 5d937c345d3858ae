"""Where posts of a source may be missing, because more appeared between two readings than its feed shows at once.

A source with gaps is read more often: each gap of the last `REMEMBERED` halves the time between two readings, which is
`SHORTEST` at least.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo

from django.db.models import F, Q, QuerySet

from newsletter import config
from newsletter.config import Config
from newsletter.feeds import SourceReading, continuity
from newsletter.feeds.model import ListedBefore
from newsletter.messages import Message, sources as messages
from newsletter.messages.general import ABOUT
from newsletter.models import Source, SourceGap

COMPARED = 100
"""How many of a source's newest posts the next reading is compared with."""

REMEMBERED = timedelta(days=30)
SHORTEST = timedelta(minutes=5)
TRY_AGAIN_FOR = timedelta(days=1)
"""For how long each reading follows the source back if a page could not be read."""


def listed_before(source: Source, late_posts: timedelta, now: datetime) -> ListedBefore | None:
    """Return what a source listed before; None if it never listed a post."""
    newest_first = F("post__published").desc(nulls_last=True)
    fields = ("uid", "post__link_key", "post__text_key", "post__title", "post__published")
    rows = list(source.listings.order_by(newest_first, "-pk").values_list(*fields)[:COMPARED])
    if not rows:
        return None
    read_at = source.read_at or now
    newest = max((at for *_keys, at in rows if at is not None and at <= read_at), default=read_at)
    return ListedBefore(frozenset().union(*(continuity.keys(*row) for row in rows)), newest, now - late_posts)


def record(source: Source, reading: SourceReading, now: datetime) -> None:
    """Store the gap of a reading, and close those that it reached back behind. The caller holds the source's lock."""
    if reading.posts and reading.reached_back_to is not None:
        open_gaps(source).filter(after__gte=reading.reached_back_to).update(closed_at=now)
    if (gap := reading.gap) and not open_gaps(source).filter(after__lte=gap.after, before__gte=gap.before).exists():
        SourceGap.objects.create(
            source=source,
            after=gap.after,
            before=gap.before,
            found_at=now,
            listed=len(reading.posts),
            interrupted=reading.interrupted,
        )


def open_gaps(source: Source) -> QuerySet[SourceGap]:
    """Return a source's gaps that no reading has filled."""
    return SourceGap.objects.filter(source=source, closed_at=None)


def to_be_filled(now: datetime) -> dict[int, datetime]:
    """Return how far sources are to be read back because pages could not be read, by their primary keys."""
    interrupted = SourceGap.objects.filter(closed_at=None, interrupted=True, found_at__gt=now - TRY_AGAIN_FOR)
    return dict(interrupted.order_by("-after").values_list("source", "after"))


def of_window(newsletter: config.Newsletter, since: datetime, until: datetime) -> Iterator[SourceGap]:
    """Yield, in the order of the configuration, one gap for each source in which posts of a window may be missing.

    Gaps that were found in the window count too: what is missing there is late in it.
    """
    in_window = Q(before__gt=since) | Q(found_at__gte=since)
    gaps = SourceGap.objects.filter(in_window, source__newsletter=newsletter.name, closed_at=None, after__lt=until)
    by_source: dict[str, list[SourceGap]] = {}
    for gap in gaps.select_related("source").order_by("after"):
        by_source.setdefault(gap.source.url, []).append(gap)
    for settings in newsletter.sources:
        if gaps_of_source := by_source.get(settings.url):
            earliest = gaps_of_source[0]
            yield SourceGap(
                source=earliest.source,
                after=earliest.after,
                before=max(gap.before for gap in gaps_of_source),
                found_at=earliest.found_at,
            )


def recent(now: datetime) -> dict[int, SourceGap]:
    """Return the newest gap of each source that has one, by the source's primary key."""
    return {gap.source_id: gap for gap in _remembered(now).order_by("found_at")}


def _remembered(now: datetime) -> QuerySet[SourceGap]:
    return SourceGap.objects.filter(closed_at=None, found_at__gt=now - REMEMBERED).select_related("source")


def message(gap: SourceGap) -> Message:
    """Return the sentence about a gap, behind the source's address."""
    return ABOUT(subject=gap.source.url, message=messages.POSTS_MISSING(after=gap.after, before=gap.before))


def document(gap: SourceGap, zone: tzinfo) -> dict[str, str]:
    """Return a gap for `--json` and the API."""
    times = {"after": gap.after.astimezone(zone).isoformat(), "before": gap.before.astimezone(zone).isoformat()}
    return {"source": gap.source.url, **times, "message": str(message(gap))}


def time_between_readings(gaps: int, every: timedelta) -> timedelta:
    """Return how long a source with a number of recent gaps is left alone."""
    return max(every / (1 << min(gaps, 10)), min(every, SHORTEST))


def due_sooner(configuration: Config, now: datetime) -> list[tuple[str, str]]:
    """Return newsletter and address of the sources that are read more often and are to be read now."""
    every = configuration.collect.every
    return [
        (source.newsletter, source.url)
        for source, gaps in Counter(gap.source for gap in _remembered(now)).items()
        if source.tried_at is None or source.tried_at <= now - time_between_readings(gaps, every)
    ]
