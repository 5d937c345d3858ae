"""Which posts a subscriber was offered and which are due, as their page shows them."""

from datetime import datetime, tzinfo

from newsletter.models import Post
from newsletter.transactional.offered_posts import due_posts, editions_of, posts_with, set_of
from newsletter.web.desk import formatting
from subscribers.models import Subscription

SHOWN = 50
"""So many offered posts are listed, the newest first."""


def posts_of(subscription: Subscription, now: datetime, zone: tzinfo) -> dict[str, object] | None:
    """Return the posts that are due and the newest that were offered; None if a subscription was never active.

    `zone` is the newsletter's time zone; `count` is how many were offered, of which `hidden` older ones are left out.
    An `edition` is None if it is not known or not kept.
    """
    if subscription.state == Subscription.State.PENDING:
        return None
    had = set_of(subscription)
    newest = posts_with(subscription.newsletter, list(had)[-SHOWN:])[::-1]
    editions = editions_of(subscription, newest)
    periods = {edition: formatting.period(edition, zone) for edition in set(editions.values())}
    offered = [
        {**_row(post), "edition": (edition := editions.get(post.pk)), "period": periods[edition] if edition else ""}
        for post in newest
    ]
    return {
        "due": [_row(post) for post in due_posts(subscription, had, now)],
        "offered": offered,
        "count": len(had),
        "hidden": len(had) - len(offered),
    }


def _row(post: Post) -> dict[str, object]:
    return {"title": post.title or post.url, "url": post.url}
