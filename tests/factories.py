"""Newsletters, posts and readings for tests of the jobs: times are fixed, and nothing is fetched."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from newsletter import config
from newsletter.collecting import ledger
from newsletter.config import Config, Newsletter
from newsletter.domain.found_post import FoundPost
from newsletter.editions import approval, draft
from newsletter.editions.selection.windows import RequestedWindow, bounds
from newsletter.feeds import SourceReading
from newsletter.feeds.model import EVERYTHING
from newsletter.models import Edition, Post
from newsletter.sending import lifecycle

NAME = "kinaforum"
SOURCE = "https://kinaforum.example/feed"
NOW = datetime(2026, 2, 6, 14, 0, tzinfo=UTC)
"""Friday of week 6, 15:00 in Oslo: the draft is made, and leaves three hours later."""
DUE = datetime(2026, 2, 6, 17, 0, tzinfo=UTC)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)


def configured(sources: Iterable[str | config.SourceSettings] = (SOURCE,), **keys: Any) -> Config:
    """The tests' configuration with the one newsletter `kinaforum`, some of its keys changed; it is in force."""
    given = config.current()
    listed = tuple(s if isinstance(s, config.SourceSettings) else config.SourceSettings(url=s) for s in sources)
    newsletter = replace(given.newsletters[NAME], sources=listed, **keys)
    return config.use(replace(given, newsletters={NAME: newsletter}, delivery=config.DeliverySettings(provider="file")))


def kinaforum() -> Newsletter:
    """The newsletter as it is configured now."""
    return config.current().newsletters[NAME]


def found(uid: str, published: datetime | None = NOW - DAY, **fields: Any) -> FoundPost:
    """A post as a source gives it; what is not said is made from its id."""
    usual = {
        "url": f"https://kinaforum.example/{uid}.html",
        "title": f"Post {uid}",
        "html": f"<p>This is the text of {uid}, which is long enough to be told apart from that of any other post.</p>",
    }
    return FoundPost(uid=uid, published=published, **{**usual, **fields})


def reading(*posts: FoundPost, reached: datetime | None = EVERYTHING, **fields: Any) -> SourceReading:
    """A listing of these posts; `reached` is how far back it went, by default to its end."""
    return SourceReading(**{"kind": "feed", "title": "Kinaforum", **fields}, posts=posts, reached_back_to=reached)


def collected(*posts: FoundPost, now: datetime = NOW, source: str = SOURCE, **fields: Any) -> ledger.Stored:
    """Put a listing of these posts into the ledger."""
    settings = next(s for s in kinaforum().sources if s.url == source)
    urls = [each.url for each in kinaforum().sources]
    return ledger.store(ledger.source_row(NAME, source), settings, reading(*posts, **fields), now, urls)


def collected_before(now: datetime = NOW - 8 * WEEK) -> None:
    """A first collection long ago of a source that had nothing, so that no later post was there before."""
    collected(now=now)


def drafted(now: datetime = NOW, asked: RequestedWindow | None = None) -> Edition:
    """The draft that is due next, or that of the window asked for, from what the ledger holds."""
    return draft.make(config.current(), kinaforum(), asked, now=now, read_sources=False)


def refreshed(edition: Edition, now: datetime = NOW) -> Edition:
    """The draft brought up to date from what the ledger holds."""
    return draft.refresh(config.current(), edition, now=now, read_sources=False)


def approved(now: datetime = NOW, asked: RequestedWindow | None = None) -> Edition:
    """The draft that is due next, approved."""
    return approval.approve(config.current(), drafted(now, asked), now=now)


def sent(edition: Edition, now: datetime = NOW) -> Edition:
    """An approved edition whose audience is fixed: its sending begins."""
    approval.queue(config.current(), edition, now=now)
    lifecycle.begin_due(config.current(), now)
    edition.refresh_from_db()
    return edition


def week(period: str) -> RequestedWindow:
    """The calendar week of that name, as `--week` asks for it."""
    return RequestedWindow(until=bounds(period, kinaforum().zone)[1], period=period)


def post(uid: str) -> Post:
    """The ledger's row of the post that a source lists under this id."""
    return Post.objects.distinct().get(listings__uid=uid)


def inside(edition: Edition) -> list[str]:
    """The titles of the posts in an edition, as they are read."""
    return [e.title or e.post.title for e in edition.entries.filter(included=True).select_related("post")]


def reasons(edition: Edition) -> dict[str, str]:
    """Title → reason, of every post that an edition lists."""
    return {e.post.title: str(e.reason) for e in edition.entries.select_related("post")}
