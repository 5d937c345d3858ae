"""Which posts a subscriber was offered and which are due, as their page shows them."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from newsletter.letters.offered_posts import offered_posts
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
    document = offered_posts(subscription, now)
    newest = document["offered"][: -SHOWN - 1 : -1]
    names = {each["edition"] for each in newest if each["edition"]}
    periods = [name.partition("/")[2] for name in names]
    editions = {
        each.name: each for each in Edition.objects.filter(newsletter=subscription.newsletter, period__in=periods)
    }
    due = tuple(OfferedPost(each["title"] or each["url"], each["url"]) for each in document["due"])
    in_words = {name: formatting.period(edition, zone) for name, edition in editions.items()}
    offered = tuple(
        OfferedPost(
            each["title"] or each["url"],
            each["url"],
            editions.get(each["edition"]),
            in_words.get(each["edition"], ""),
        )
        for each in newest
    )
    return SubscriberPosts(due, offered, len(document["offered"]))
