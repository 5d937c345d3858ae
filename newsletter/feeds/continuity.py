"""Whether a reading joins on to what its source listed before, or posts in between may be missing.

A feed shows its newest posts only. If none of them is known, more may have appeared since the last reading than it
shows.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from newsletter.domain.found_post import FoundPost
from newsletter.feeds.identity import link_key, text_key
from newsletter.feeds.model import Gap, ListedBefore, Page


def keys(uid: str, link: str, text: str, title: str, published: datetime | None) -> frozenset[str]:
    """Return what a post may be recognized by: two entries of a source that agree in one of them are the same post.

    `link` and `text` are keys themselves. None begins like one of another kind.
    """
    dated = f"{title}\n{published.timestamp()}" if title and published else ""
    kinds = {"id": uid, "link": link, "text": text, "title": dated}
    return frozenset(f"{kind} {value}" for kind, value in kinds.items() if value)


def keys_of(post: FoundPost) -> frozenset[str]:
    """Return the keys of a post as a source gives it."""
    link = link_key(post.url) if post.url else ""
    return keys(post.uid, link, text_key(post.title, post.html), post.title, post.published)


def joins(page: Page, listed_before: ListedBefore) -> bool:
    """Return whether a page has a known post in its place: what is pinned to the top of a listing may be old."""
    posts = _newest_on_top(page.posts)
    oldest = next((post.published for post in reversed(posts) if post.published), None)
    pinned = 0
    while oldest and pinned < len(posts) - 1 and (published := posts[pinned].published) and published < oldest:
        pinned += 1
    return any(_is_known(post, listed_before) for post in posts[pinned:])


def gap_before(
    pages: Sequence[Page], listed_before: ListedBefore, reached: datetime | None, now: datetime
) -> Gap | None:
    """Return between which times posts may be missing; None if the pages join on, or reach back far enough."""
    new_posts = [post for page in pages for post in page.posts if not _is_known(post, listed_before)]
    if not new_posts or joins(pages[-1], listed_before):
        return None
    dates = [post.published for post in new_posts if post.published is not None and post.published <= now]
    oldest = min(dates, default=now)
    enough = max(listed_before.newest, listed_before.back_to)
    if oldest <= enough or (reached is not None and reached <= enough):
        return None
    return Gap(enough, oldest)


def _is_known(post: FoundPost, listed_before: ListedBefore) -> bool:
    return not listed_before.keys.isdisjoint(keys_of(post))


def _newest_on_top(posts: Sequence[FoundPost]) -> Sequence[FoundPost]:
    """Return posts as they are listed, or the other way round if most of them follow an older one."""
    dates = [post.published for post in posts if post.published is not None]
    rising = sum(a < b for a, b in pairwise(dates))
    return posts[::-1] if rising > sum(a > b for a, b in pairwise(dates)) else posts
