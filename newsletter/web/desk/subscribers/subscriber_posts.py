"""Which posts a subscriber was offered and which are due, as their page shows them."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from newsletter.letters.offered_posts import due_posts, editions_of, posts_with, set_of
from newsletter.models import Edition
from newsletter.web.desk import formatting
from subscribers.models import Subscription

SHOWN = 50
"""So many offered posts are listed, the newest first."""


@dataclass(frozen=True, slots=True)
class OfferedPost:
    """A post, and the edition in which it was offered; `edition` is None if that is not known or not kept.

    `period` is the edition's in words, "" without an edition.
    """

    title: str
    url: str
    edition: Edition | None = None
    period: str = ""


@dataclass(frozen=True, slots=True)
class SubscriberPosts:
    """The posts that are due for a subscriber, and the newest that were offered; `count` is how many those are."""

    due: tuple[OfferedPost, ...]
    offered: tuple[OfferedPost, ...]
    count: int

    @property
    def hidden(self) -> int:
        """How many older posts are not listed."""
        return self.count - len(self.offered)


def posts_of(subscription: Subscription, now: datetime, zone: tzinfo) -> SubscriberPosts | None:
    """Return the posts of a subscription; None if it was never active. `zone` is the newsletter's time zone."""
    if subscription.state == Subscription.State.PENDING:
        return None
    had = set_of(subscription)
    newest = posts_with(subscription.newsletter, list(had)[-SHOWN:])[::-1]
    editions = editions_of(subscription, newest)
    periods = {edition: formatting.period(edition, zone) for edition in set(editions.values())}
    due = tuple(OfferedPost(post.title or post.url, post.url) for post in due_posts(subscription, had, now))
    offered = tuple(
        OfferedPost(
            post.title or post.url,
            post.url,
            edition := editions.get(post.pk),
            periods[edition] if edition else "",
        )
        for post in newest
    )
    return SubscriberPosts(due, offered, len(had))
