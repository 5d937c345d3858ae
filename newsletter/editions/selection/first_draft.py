"""Which posts of a blog the first draft of a newsletter will have, before anything is stored of it."""

from collections.abc import Iterable
from datetime import datetime

from newsletter.config import Newsletter, next_moment
from newsletter.domain.found_post import FoundPost
from newsletter.editions.selection.windows import one_period_before


def of_first_draft(posts: Iterable[FoundPost], newsletter: Newsletter, now: datetime) -> list[FoundPost]:
    """Return the posts that the first draft will have, newest first: those of one period, up to the next sending.

    What is dated before one period before its source is first read is never sent (`newsletter/editions/offers`).
    """
    since = one_period_before(now, newsletter.period, newsletter.zone)
    until = next_moment(newsletter.send_moment, newsletter.zone, now)
    dated = [(post.published, post) for post in posts if post.published and since <= post.published < until]
    dated.sort(key=lambda row: row[0], reverse=True)
    return [post for _, post in dated][: newsletter.maximum_posts]
