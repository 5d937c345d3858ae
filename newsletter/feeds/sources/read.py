"""Reads a configured source."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

from newsletter import config
from newsletter.domain.found_post import FoundPost
from newsletter.feeds.fetcher import Fetcher, Response
from newsletter.feeds.formats.parse import parse
from newsletter.feeds.isolate import fault
from newsletter.feeds.model import ListedBefore, Memory, NotAFeed, Page, SourceProblem, SourceReading
from newsletter.feeds.sources import blogger, wordpress
from newsletter.feeds.sources.discover import DiscoveredFeed, discover
from newsletter.feeds.sources.paging import feed_page, newest_first, read_back
from newsletter.messages import Message, sources as messages
from newsletter.messages.general import ABOUT
from newsletter.sandbox import Sandbox

_AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Extent:
    """How far back a source is read: to `since`, and to posts that it listed before."""

    since: datetime | None
    listed_before: ListedBefore | None
    now: datetime

    @property
    def window(self) -> datetime | None:
        """Where the window begins that an engine is asked for which lists the posts of windows; None: no window.

        It includes the newest post that is known, since the listing has to join on to it.
        """
        if self.since is None or self.listed_before is None:
            return self.since
        return min(self.since, max(self.listed_before.newest, self.listed_before.back_to))


_log = logging.getLogger(__name__)


def read(
    source: config.SourceSettings,
    collect: config.Collect,
    memory: Memory | None = None,
    *,
    now: datetime,
    since: datetime | None = None,
    root: Path = Path(),
    zone: tzinfo = UTC,
    site_url: str = "",
    listed_before: ListedBefore | None = None,
) -> SourceReading:
    """Read a source: its newest page, or with `since` page by page until the listing reaches back to that instant.

    With `listed_before`, further pages are also read if none of the posts is among those that the source listed before.

    A folder is relative to `root`, and its dates without an offset are meant in `zone`; `site_url` says in the
    User-Agent who asks. With `since` the listing is fetched even where nothing changed. Never raises for what a source
    does.
    """
    memory = memory or Memory()
    try:
        if is_folder(source):
            reading = _read_folder(source, collect, root, zone, now)
        else:
            with Fetcher(collect, site_url) as fetcher:
                reading = _read_web(fetcher, source, memory, Extent(since, listed_before, now))
    except SourceProblem as e:
        return _failed(source, memory, e)
    except Exception as e:  # noqa: BLE001 - a fault of ours in one source leaves the others alone
        _log.exception("reading %s failed", source.url)
        return _failed(source, memory, SourceProblem(fault(e)))
    return replace(reading, problems=reading.problems + _far_ahead(source.url, reading.posts, now))


def read_file(path: Path, base_url: str = "") -> SourceReading:
    """Read a feed from a file, as if it had been fetched from `base_url`: every entry, in the file's order."""
    try:
        body = path.read_bytes()
        with Sandbox(problem=SourceProblem) as sandbox:
            feed = sandbox.read(len(body), parse, body, base_url or path.absolute().as_uri())
    except (NotAFeed, SourceProblem, OSError) as e:
        unread = messages.UNREADABLE_FILE(cause=e.strerror or str(e)) if isinstance(e, OSError) else e.message
        return SourceReading(problems=_named(str(path), (unread,)), complete=False)
    return SourceReading(
        kind=feed.kind,
        title=feed.title,
        feed_url=base_url,
        posts=feed.posts,
        problems=_named(str(path), feed.problems),
        complete=feed.whole,
    )


def is_folder(source: config.SourceSettings) -> bool:
    """Return whether a source is a folder."""
    return names_folder(source.url, source.type)


def names_folder(url: str, kind: str) -> bool:
    """Return whether the `url` and the type of a source name a folder: declared as one, or no web address."""
    return kind == "folder" or (kind == "auto" and "://" not in url)


def _read_folder(
    source: config.SourceSettings, collect: config.Collect, root: Path, zone: tzinfo, now: datetime
) -> SourceReading:
    from newsletter.feeds.sources.folder import Folder, read_folder  # with the parsers of Markdown and YAML

    folder = Folder(root / source.url, source.base, source.permalink, zone, collect.maximum_bytes)
    return _reading(read_back(read_folder(folder), None, _no_more, None, now), Memory(kind="folder"), source)


def _no_more(url: str) -> Page:
    raise AssertionError(url)


def _read_web(fetcher: Fetcher, source: config.SourceSettings, memory: Memory, extent: Extent) -> SourceReading:
    """Read from where the last reading found the feed; find it (again) where that is unknown or no feed any more."""
    if memory.feed_url:
        try:
            return _read_known(fetcher, source, memory, extent)
        except NotAFeed as e:
            _log.info("%s %s; looking for the feed again", memory.feed_url, e)
        except SourceProblem as e:
            if e.status != 404 or memory.feed_url == source.url:
                raise
    return _read_found(fetcher, source, discover(fetcher, source.url, source.type), extent)


def _read_known(fetcher: Fetcher, source: config.SourceSettings, memory: Memory, extent: Extent) -> SourceReading:
    conditions = {} if extent.since else {"etag": memory.etag, "last_modified": memory.last_modified}
    if memory.api:
        if reading := _read_rest(fetcher, source, memory, extent, conditions):
            return reading
        memory = replace(memory, api="", etag="", last_modified="")
        conditions = {}
    response = fetcher.get(memory.feed_url, **conditions)
    memory = replace(memory, feed_url=response.moved_to or memory.feed_url)
    if response.status == 304:
        return SourceReading(memory.kind, memory.title, memory.feed_url, memory=memory, not_modified=True)
    return _read_feed(fetcher, source, memory, response, feed_page(fetcher, response), extent)


def _read_found(fetcher: Fetcher, source: config.SourceSettings, feed: DiscoveredFeed, extent: Extent) -> SourceReading:
    kind = source.type if source.type in ("blogger", "wordpress") else feed.page.kind
    memory = Memory(kind=kind, feed_url=feed.feed_url, title=feed.page.title)
    listing = source.url if source.type in ("auto", "wordpress") else feed.feed_url
    if feed.api and kind in ("wordpress", "feed") and wordpress.is_main_listing(feed.api, listing):
        with_api = replace(memory, kind="wordpress", api=feed.api)
        if reading := _read_rest(fetcher, source, with_api, extent, {}):
            return reading
    return _read_feed(fetcher, source, memory, feed.response, feed.page, extent)


def _read_rest(
    fetcher: Fetcher, source: config.SourceSettings, memory: Memory, extent: Extent, conditions: dict[str, str]
) -> SourceReading | None:
    """Read through WordPress's REST interface; None if the site keeps it to itself."""
    window = extent.window
    url = wordpress.posts_url(memory.api, window)
    try:
        response = fetcher.get(url, **conditions)
        if response.status == 304:
            return SourceReading(memory.kind, memory.title, memory.feed_url, memory=memory, not_modified=True)
        page = fetcher.read(response, wordpress.rest_page, response, url, window)
    except NotAFeed:
        return None
    except SourceProblem as e:
        if e.status not in (400, 401, 403, 404, 405, 501):
            raise
        return None
    followed = _back(page, lambda url: wordpress.load_rest_page(fetcher, url, window), extent)
    if not extent.since:
        memory = replace(memory, etag=response.etag, last_modified=response.last_modified)
    return _reading(followed, memory, source)


def _read_feed(
    fetcher: Fetcher, source: config.SourceSettings, memory: Memory, response: Response, page: Page, extent: Extent
) -> SourceReading:
    memory = replace(memory, title=page.title or memory.title, etag=response.etag, last_modified=response.last_modified)
    return _reading(_read_back(fetcher, memory, page, extent), memory, source)


def _read_back(fetcher: Fetcher, memory: Memory, page: Page, extent: Extent) -> SourceReading:
    """Read back in the way of the source's kind, where its newest page is not enough."""
    back_to = extent.window or (extent.listed_before.back_to if extent.listed_before else None)
    if memory.kind == "blogger" and back_to and blogger.is_blog_feed(memory.feed_url):
        page = replace(page, next=blogger.window_url(memory.feed_url, back_to))
        return _back(page, lambda url: blogger.load_page(fetcher, url, back_to), extent)
    if memory.kind == "wordpress" and not page.next:
        page = replace(page, next=wordpress.next_feed_page(memory.feed_url))
        return _back(page, lambda url: wordpress.load_feed_page(fetcher, url), extent)
    return _back(page, lambda url: feed_page(fetcher, fetcher.get(url)), extent)


def _back(first: Page, load: Callable[[str], Page], extent: Extent) -> SourceReading:
    return read_back(first, extent.since, load, extent.listed_before, extent.now)


def _reading(reading: SourceReading, memory: Memory, source: config.SourceSettings) -> SourceReading:
    """Return the pages as the reading of this source."""
    posts = tuple(replace(p, language=source.language) for p in reading.posts) if source.language else reading.posts
    return replace(
        reading,
        kind=memory.kind,
        title=memory.title,
        feed_url=memory.feed_url,
        posts=posts,
        problems=_named(source.url, reading.problems),
        memory=memory,
    )


def _failed(source: config.SourceSettings, memory: Memory, problem: SourceProblem) -> SourceReading:
    message = problem.message
    if not (ABOUT.matches(message) and str(message.param("subject")).startswith(source.url)):
        message = ABOUT(subject=source.url, message=message)
    return SourceReading(
        kind=memory.kind,
        title=memory.title,
        feed_url=memory.feed_url,
        problems=(message,),
        memory=memory,
        complete=False,
        stop=problem.status == 410,
        retry_after=problem.retry_after,
    )


def _named(url: str, problems: tuple[Message, ...]) -> tuple[Message, ...]:
    return tuple(ABOUT(subject=url, message=problem) for problem in problems)


def _far_ahead(url: str, posts: tuple[FoundPost, ...], now: datetime) -> tuple[Message, ...]:
    """Return a message if posts are dated more than a day ahead, which is usually a mistake."""
    ahead = [p for p in newest_first(posts) if p.published and p.published > now + _AHEAD]
    if not ahead:
        return ()
    newest = ahead[0]
    parameters = {"title": newest.title or newest.uid, "day": f"{newest.published:%Y-%m-%d}"}
    if len(ahead) > 1:
        return _named(url, (messages.SEVERAL_DATED_AHEAD(count=len(ahead) - 1, **parameters),))
    return _named(url, (messages.DATED_AHEAD(**parameters),))
