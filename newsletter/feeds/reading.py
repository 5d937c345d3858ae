"""Reading a source: from what the configuration says to a `Reading`."""

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

from newsletter import config
from newsletter.feeds import blogger, wordpress
from newsletter.feeds.discover import Found, discover
from newsletter.feeds.fetch import Fetcher, Response
from newsletter.feeds.folder import Folder, read_folder
from newsletter.feeds.model import Memory, NotAFeed, ParsedFeed, Reading, SourceProblem
from newsletter.feeds.pages import Page, Walk, feed_page, load_feed_page, newest_first, read_back
from newsletter.feeds.parse import parse
from newsletter.mail import FoundPost

_AHEAD = timedelta(days=1)
_log = logging.getLogger(__name__)


def read(
    source: config.Source,
    collect: config.Collect,
    memory: Memory | None = None,
    *,
    now: datetime,
    since: datetime | None = None,
    root: Path = Path(),
    zone: tzinfo = UTC,
    site_url: str = "",
) -> Reading:
    """Read a source: its newest page, or with `since` page by page until the listing reaches back to that instant.

    A folder is relative to `root`, and its dates without an offset are meant in `zone`; `site_url` says in the
    User-Agent who asks. With `since` the listing is fetched even where nothing changed. Never raises for what a source
    does.
    """
    memory = memory or Memory()
    try:
        if is_folder(source):
            reading = _read_folder(source, collect, root, zone)
        else:
            with Fetcher(collect, site_url) as fetcher:
                reading = _read_web(fetcher, source, memory, since)
    except SourceProblem as e:
        return _failed(source, memory, str(e), stop=e.status == 410, retry_after=e.retry_after)
    except Exception as e:  # noqa: BLE001 - a fault of ours in one source leaves the others alone
        _log.exception("reading %s failed", source.url)
        return _failed(
            source,
            memory,
            f"{source.url}: could not be read for a fault in newsletter itself ({type(e).__name__}); report it",
        )
    return replace(reading, problems=reading.problems + _far_ahead(source.url, reading.posts, now))


def read_file(path: Path, base_url: str = "") -> Reading:
    """Read a feed from a file, as if it had been fetched from `base_url`: every entry, in the file's order."""
    try:
        feed = parse(path.read_bytes(), base_url or path.absolute().as_uri())
    except (NotAFeed, OSError) as e:
        said = str(e) if isinstance(e, NotAFeed) else f"can't be read: {e.strerror}"
        return Reading(problems=(f"{path}: {said}",), complete=False)
    return Reading(
        kind=feed.kind,
        title=feed.title,
        feed_url=base_url,
        posts=feed.posts,
        problems=_named(str(path), feed.problems),
        complete=feed.whole,
    )


def is_folder(source: config.Source) -> bool:
    """Whether a source is a folder: declared as one, or no web address."""
    return source.type == "folder" or (source.type == "auto" and "://" not in source.url)


def _read_folder(source: config.Source, collect: config.Collect, root: Path, zone: tzinfo) -> Reading:
    folder = Folder(root / source.url, source.base, source.permalink, zone, collect.maximum_bytes)
    walk = read_back(read_folder(folder), None, load=_no_more)
    memory = Memory(kind="folder")
    return _reading(walk, memory, source)


def _no_more(url: str) -> Page:
    raise AssertionError(url)


def _read_web(fetcher: Fetcher, source: config.Source, memory: Memory, since: datetime | None) -> Reading:
    """Read from where the last reading found the feed; find it (again) where that is unknown or no feed any more."""
    if memory.feed_url:
        try:
            return _read_known(fetcher, source, memory, since)
        except NotAFeed as e:
            _log.info("%s %s; looking for the feed again", memory.feed_url, e)
        except SourceProblem as e:
            if e.status != 404 or memory.feed_url == source.url:
                raise
    return _read_found(fetcher, source, discover(fetcher, source.url, source.type), since)


def _read_known(fetcher: Fetcher, source: config.Source, memory: Memory, since: datetime | None) -> Reading:
    conditions = {} if since else {"etag": memory.etag, "last_modified": memory.last_modified}
    if memory.api:
        if reading := _read_rest(fetcher, source, memory, since, conditions):
            return reading
        memory = replace(memory, api="", etag="", last_modified="")
        conditions = {}
    response = fetcher.get(memory.feed_url, **conditions)
    memory = replace(memory, feed_url=response.moved_to or memory.feed_url)
    if response.status == 304:
        return Reading(memory.kind, memory.title, memory.feed_url, memory=memory, not_modified=True)
    feed, page = feed_page(response)
    return _read_feed(fetcher, source, memory, response, feed, page, since)


def _read_found(fetcher: Fetcher, source: config.Source, found: Found, since: datetime | None) -> Reading:
    kind = source.type if source.type in ("blogger", "wordpress") else found.feed.kind
    memory = Memory(kind=kind, feed_url=found.feed_url, title=found.feed.title)
    listing = source.url if source.type in ("auto", "wordpress") else found.feed_url
    if found.api and kind in ("wordpress", "feed") and wordpress.is_main_listing(found.api, listing):
        with_api = replace(memory, kind="wordpress", api=found.api)
        if reading := _read_rest(fetcher, source, with_api, since, {}):
            return reading
    page = feed_page(found.response)[1]
    return _read_feed(fetcher, source, memory, found.response, found.feed, page, since)


def _read_rest(
    fetcher: Fetcher, source: config.Source, memory: Memory, since: datetime | None, conditions: dict[str, str]
) -> Reading | None:
    """Read through WordPress's REST interface; None where the site keeps it to itself."""
    url = wordpress.posts_url(memory.api, since)
    try:
        response = fetcher.get(url, **conditions)
        if response.status == 304:
            return Reading(memory.kind, memory.title, memory.feed_url, memory=memory, not_modified=True)
        first = wordpress.rest_page(response, url, since)
    except NotAFeed:
        return None
    except SourceProblem as e:
        if e.status not in (400, 401, 403, 404, 405, 501):
            raise
        return None
    walk = read_back(first, since, wordpress.load_rest_page(fetcher, since))
    if not since:
        memory = replace(memory, etag=response.etag, last_modified=response.last_modified)
    return _reading(walk, memory, source)


def _read_feed(
    fetcher: Fetcher, source: config.Source, memory: Memory, response: Response, feed: ParsedFeed, page: Page,
    since: datetime | None,
) -> Reading:  # fmt: skip
    memory = replace(memory, title=feed.title or memory.title, etag=response.etag, last_modified=response.last_modified)
    return _reading(_walk(fetcher, memory, page, since), memory, source)


def _walk(fetcher: Fetcher, memory: Memory, page: Page, since: datetime | None) -> Walk:
    """Read back in the way of the source's kind, where its newest page is not enough."""
    if memory.kind == "blogger" and since and blogger.is_blog_feed(memory.feed_url):
        first = Page(page.posts, blogger.window_url(memory.feed_url, since), None, page.problems, page.whole)
        return read_back(first, since, lambda url: blogger.load_page(fetcher, url, since))
    if memory.kind == "wordpress" and not page.next:
        page = replace(page, next=wordpress.next_feed_page(memory.feed_url))
        return read_back(page, since, wordpress.load_feed_page(fetcher))
    return read_back(page, since, load_feed_page(fetcher))


def _reading(walk: Walk, memory: Memory, source: config.Source) -> Reading:
    posts = tuple(replace(p, language=source.language) for p in walk.posts) if source.language else walk.posts
    return Reading(
        kind=memory.kind,
        title=memory.title,
        feed_url=memory.feed_url,
        posts=posts,
        problems=_named(source.url, walk.problems),
        memory=memory,
        reached_back_to=walk.reached_back_to,
        complete=walk.complete,
    )


def _failed(
    source: config.Source, memory: Memory, sentence: str, *, stop: bool = False, retry_after: timedelta | None = None
) -> Reading:
    if not sentence.startswith(source.url):
        sentence = f"{source.url}: {sentence}"
    return Reading(
        kind=memory.kind,
        title=memory.title,
        feed_url=memory.feed_url,
        problems=(sentence,),
        memory=memory,
        complete=False,
        stop=stop,
        retry_after=retry_after,
    )


def _named(url: str, problems: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{url}: {problem}" for problem in problems)


def _far_ahead(url: str, posts: tuple[FoundPost, ...], now: datetime) -> tuple[str, ...]:
    """A sentence where posts are dated more than a day ahead, as a slip of the pen dates them."""
    ahead = [p for p in newest_first(posts) if p.published and p.published > now + _AHEAD]
    if not ahead:
        return ()
    first = ahead[0]
    others = f" and {len(ahead) - 1} more" if len(ahead) > 1 else ""
    sentence = f"its post '{first.title or first.uid}'{others} is dated ahead ({first.published:%Y-%m-%d})"
    return (f"{url}: {sentence} and waits for that day",)
