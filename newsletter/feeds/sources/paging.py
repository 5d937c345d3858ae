"""Reads a listing page by page, and tells how far back it is complete.

Promises: at most `MAXIMUM_PAGES` pages, none twice; a page that fails ends the reading and loses none before it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from newsletter.domain.found_post import FoundPost
from newsletter.feeds.continuity import gap_before, joins
from newsletter.feeds.fetcher import Fetcher, Response
from newsletter.feeds.formats.parse import parse
from newsletter.feeds.model import EVERYTHING, ListedBefore, NotAFeed, Page, SourceProblem, SourceReading
from newsletter.messages import Message, sources as messages

MAXIMUM_PAGES = 60
JOINING_PAGES = 20
"""The most pages that are read because none of the posts is known."""


def read_back(
    first: Page, since: datetime | None, load: Callable[[str], Page], listed_before: ListedBefore | None, now: datetime
) -> SourceReading:
    """Go on from the first page until the listing reaches back to `since` and to posts that it listed before, or to
    its end; None: no further page.

    The reading has posts, problems without the source's name, how far the listing reached, and whether posts may be
    missing.
    """
    pages, seen, is_cut_short = [first], {p.uid for p in first.posts}, False
    visited: set[str] = set()
    problems = list(first.problems)
    while (url := pages[-1].next) and url not in visited and _goes_on(pages, since, listed_before):
        if len(pages) == MAXIMUM_PAGES:
            back_to = since or (listed_before.back_to if listed_before else EVERYTHING)
            problems.append(messages.TOO_MANY_PAGES(most=MAXIMUM_PAGES, day=f"{back_to:%Y-%m-%d}"))
            is_cut_short = True
            break
        visited.add(url)
        try:
            page = load(url)
        except (SourceProblem, NotAFeed) as e:
            problems.append(messages.READ_IN_PART(problem=e.message))
            is_cut_short = True
            break
        pages.append(page)
        problems += page.problems
        if seen.issuperset(p.uid for p in page.posts):
            break  # an engine that takes no page number shows the same page again
        seen |= {p.uid for p in page.posts}
    reading = _joined(pages, since, tuple(dict.fromkeys(problems)), failed=is_cut_short)
    gap = gap_before(pages, listed_before, reading.reached_back_to, now) if listed_before else None
    return replace(reading, gap=gap, interrupted=gap is not None and (is_cut_short or not all(p.whole for p in pages)))


def _goes_on(pages: Sequence[Page], since: datetime | None, listed_before: ListedBefore | None) -> bool:
    """Return whether a further page is needed."""
    if since and not covers(pages, since):
        return True
    if listed_before is None or len(pages) >= JOINING_PAGES or not pages[-1].posts:
        return False
    return not joins(pages[-1], listed_before) and not covers(pages, max(listed_before.newest, listed_before.back_to))


def _joined(
    pages: Sequence[Page], since: datetime | None, problems: tuple[Message, ...], *, failed: bool
) -> SourceReading:
    posts: dict[str, FoundPost] = {}
    for page in pages:
        for post in page.posts:
            posts.setdefault(post.uid, post)
    reached = _reached(pages)
    complete = since is None or (not failed and reached is not None and reached <= since)
    return SourceReading(
        posts=newest_first(posts.values()), problems=problems, reached_back_to=reached, complete=complete
    )


def _reached(pages: Sequence[Page]) -> datetime | None:
    """Return the time since which the listing has every post; None if a page is broken or there is no order."""
    if not all(p.whole for p in pages):
        return None
    if len(pages) > 1 and not pages[-1].next and not pages[-1].ends_at:
        return EVERYTHING  # a chain of pages that was followed to its end
    if ends_at := pages[-1].ends_at:
        return min([ends_at, *_dates(pages)]) if ends_at != EVERYTHING else EVERYTHING
    dates = _dates(pages)
    return dates[-1] if dates and _newest_first(pages) else None


def covers(pages: Sequence[Page], since: datetime) -> bool:
    """Return whether the pages reach further back than `since`: by their order, or because the last has nothing newer.

    The last page must be older as a whole where there is no order, since a post that is pinned to the top may be old.
    """
    dates = _dates(pages)
    if dates and _newest_first(pages):
        return dates[-1] < since
    dates_of_last = _dates(pages[-1:])
    return bool(dates_of_last) and max(dates_of_last) < since


def _dates(pages: Sequence[Page]) -> list[datetime]:
    return [p.published for page in pages for p in page.posts if p.published is not None]


def _newest_first(pages: Sequence[Page]) -> bool:
    dates = _dates(pages)
    return all(a >= b for a, b in pairwise(dates))


def newest_first(posts: Iterable[FoundPost]) -> tuple[FoundPost, ...]:
    """Return posts by date, the undated ones last, otherwise in the order in which they stand."""
    return tuple(sorted(posts, key=lambda p: (p.published is not None, p.published or EVERYTHING), reverse=True))


def feed_page(fetcher: Fetcher, response: Response) -> Page:
    """Return the page that a fetched feed is. Raises NotAFeed or SourceProblem."""
    page = fetcher.read(response, parse, response.body, response.url, response.content_type)
    return replace(page, whole=page.whole and response.whole)
