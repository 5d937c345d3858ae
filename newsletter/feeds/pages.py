"""Reading a listing back page by page, and what can be said of how far it reached.

Promises: at most `MAXIMUM_PAGES` pages, none twice; a page that fails ends the reading and loses none before it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from newsletter.feeds.fetch import Fetcher, Response
from newsletter.feeds.model import EVERYTHING, NotAFeed, ParsedFeed, SourceProblem
from newsletter.feeds.parse import parse
from newsletter.mail import FoundPost

MAXIMUM_PAGES = 60


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing. `ends_at`: the listing showed every post from this instant on, as it ends here."""

    posts: tuple[FoundPost, ...]
    next: str = ""
    ends_at: datetime | None = None
    problems: tuple[str, ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Walk:
    """The posts of the pages that were read, each id once, and what `Reading` says of them."""

    posts: tuple[FoundPost, ...]
    problems: tuple[str, ...]
    reached_back_to: datetime | None
    complete: bool


def read_back(first: Page, since: datetime | None, load: Callable[[str], Page]) -> Walk:
    """Go on from the first page until the listing reaches back to `since`, or to its end; None: no further page."""
    pages, seen, failed = [first], {p.uid for p in first.posts}, False
    visited: set[str] = set()
    problems = list(first.problems)
    while since and (url := pages[-1].next) and url not in visited and not covers(pages, since):
        if len(pages) == MAXIMUM_PAGES:
            problems.append(f"has more than {MAXIMUM_PAGES} pages back to {since:%Y-%m-%d}, and the rest was not read")
            failed = True
            break
        visited.add(url)
        try:
            page = load(url)
        except (SourceProblem, NotAFeed) as e:
            problems.append(f"could be read back only in part: {e}")
            failed = True
            break
        pages.append(page)
        problems += page.problems
        if seen.issuperset(p.uid for p in page.posts):
            break  # an engine that takes no page number shows the same page again
        seen |= {p.uid for p in page.posts}
    return _walk(pages, since, tuple(dict.fromkeys(problems)), failed=failed)


def _walk(pages: Sequence[Page], since: datetime | None, problems: tuple[str, ...], *, failed: bool) -> Walk:
    posts: dict[str, FoundPost] = {}
    for page in pages:
        for post in page.posts:
            posts.setdefault(post.uid, post)
    reached = _reached(pages)
    complete = since is None or (not failed and reached is not None and reached <= since)
    return Walk(newest_first(posts.values()), problems, reached, complete)


def _reached(pages: Sequence[Page]) -> datetime | None:
    """The instant from which on the listing shows every post; None where a page is broken or the order is none."""
    if not all(p.whole for p in pages):
        return None
    if len(pages) > 1 and not pages[-1].next and not pages[-1].ends_at:
        return EVERYTHING  # a chain of pages that was followed to its end
    if ends_at := pages[-1].ends_at:
        return min([ends_at, *_dates(pages)]) if ends_at != EVERYTHING else EVERYTHING
    dates = _dates(pages)
    return dates[-1] if dates and _newest_first(pages) else None


def covers(pages: Sequence[Page], since: datetime) -> bool:
    """Whether the pages reach further back than `since`: by their order, or as nothing of the last is newer.

    The last page must be older as a whole where the order is none, since a post that is pinned to the top may be old.
    """
    dates = _dates(pages)
    if dates and _newest_first(pages):
        return dates[-1] < since
    last = _dates(pages[-1:])
    return bool(last) and max(last) < since


def _dates(pages: Sequence[Page]) -> list[datetime]:
    return [p.published for page in pages for p in page.posts if p.published is not None]


def _newest_first(pages: Sequence[Page]) -> bool:
    dates = _dates(pages)
    return all(a >= b for a, b in pairwise(dates))


def newest_first(posts: Iterable[FoundPost]) -> tuple[FoundPost, ...]:
    """Posts by date, the undated ones last, otherwise in the order in which they stand."""
    return tuple(sorted(posts, key=lambda p: (p.published is not None, p.published or EVERYTHING), reverse=True))


def feed_page(response: Response) -> tuple[ParsedFeed, Page]:
    """A fetched feed, and as a page whose next is the one that the feed names (RFC 5005, JSON Feed)."""
    feed = parse(response.body, response.url, response.content_type)
    return feed, Page(
        feed.posts, feed.links.previous or feed.links.next, None, feed.problems, feed.whole and response.whole
    )


def load_feed_page(fetcher: Fetcher) -> Callable[[str], Page]:
    """What fetches the next page of a feed that names it."""
    return lambda url: feed_page(fetcher.get(url))[1]
