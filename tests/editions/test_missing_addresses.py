"""Posts whose addresses return 404: nobody gets them, however many posts an edition has, and whoever lacks them."""

from collections.abc import Iterator
from unittest.mock import patch

import pytest

from newsletter import config
from newsletter.editions import approval, draft
from newsletter.editions.selection import link_check
from newsletter.editions.selection.windows import RequestedWindow
from newsletter.editions.variants.planning import prepare
from newsletter.feeds.fetcher import Fetcher, Response
from newsletter.feeds.model import SourceProblem
from newsletter.messages.sources import STOPPED
from newsletter.models import Edition
from subscribers import preferences
from subscribers.models import Subscription
from tests.factories import (
    DAY,
    HOUR,
    NOW,
    WEEK,
    collected,
    collected_before,
    configured,
    found,
    inside,
    kinaforum,
    post,
    reasons,
    sent,
)
from tests.sending.outbox_samples import subscribers

pytestmark = pytest.mark.django_db


class Blog:
    """What the addresses of a blog return: `statuses` for some posts, 200 for the others, and how many were asked."""

    def __init__(self) -> None:
        self.statuses: dict[str, int] = {}
        self.asked: list[str] = []

    def get(self, _fetcher: Fetcher, url: str) -> Response:
        """Return or raise the status of an address."""
        name = url.rpartition("/")[2].removesuffix(".html")
        self.asked.append(name)
        if (status := self.statuses.get(name, 200)) != 200:
            raise SourceProblem(STOPPED(), status=status)
        return Response(url, status)


@pytest.fixture
def blog() -> Iterator[Blog]:
    addresses = Blog()
    with (
        patch.object(Fetcher, "beginning", lambda fetcher, url, _enough: addresses.get(fetcher, url)),
        patch.object(draft, "collect", lambda *_, **__: []),
    ):
        yield addresses


def made(now: object = NOW, cadence: str = "week", asked: RequestedWindow | None = None) -> Edition:
    """The draft that is due, from what the ledger holds and the addresses return."""
    return draft.make(config.current(), kinaforum().at(cadence), asked, now=now)


def test_a_post_whose_address_is_missing_is_gone(blog: Blog) -> None:
    configured()
    collected(found("a"), found("b"))
    blog.statuses = {"a": 410}
    edition = made()
    assert (inside(edition), reasons(edition)["Post a"]) == (["Post b"], "no longer at its source")


def test_a_late_post_whose_address_is_missing_is_gone_while_another_exists(blog: Blog) -> None:
    configured()
    collected_before()
    collected(found("sent"))
    sent(approval.approve(config.current(), made(), now=NOW))
    collected(found("sent"), found("a", NOW - 2 * DAY), found("b", NOW - 2 * DAY), now=NOW + WEEK)
    blog.statuses = {"a": 404, "sent": 404}
    edition = made(NOW + WEEK)
    assert (inside(edition), reasons(edition)["Post a"]) == (["Post b"], "no longer at its source")
    blog.statuses["b"] = 404
    assert sorted(inside(draft.refresh(config.current(), edition, now=NOW + WEEK))) == ["Post a", "Post b"]
    blog.statuses["sent"] = 200
    assert inside(draft.refresh(config.current(), edition, now=NOW + WEEK)) == []


def test_a_missing_post_is_not_sent_once_as_many_later_ones_were_as_an_edition_has(blog: Blog) -> None:
    configured(maximum_posts=2)
    collected_before()
    blog.statuses = {"gone": 404}
    listed = [found("gone", NOW - DAY)]
    for number in range(4):
        now = NOW + number * WEEK
        listed.append(found(str(number), now - HOUR))
        collected(*listed, now=now)
        edition = made(now)
        assert inside(edition) == [f"Post {number}"]
        sent(approval.approve(config.current(), edition, now=now), now)


def test_missing_posts_beyond_the_maximum_are_gone_too(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_check, "AT_ONCE", 2)
    configured(maximum_posts=2)
    collected_before()
    collected(*(found(str(number), NOW - number * HOUR) for number in range(1, 7)))
    blog.statuses = {"5": 404}
    edition = made()
    assert (len(inside(edition)), reasons(edition)["Post 5"]) == (5, "no longer at its source")
    assert sorted(blog.asked) == [str(number) for number in range(1, 7)]


@pytest.mark.parametrize(("status", "minutes"), [(503, 3), (429, 3), (200, -1)])
def test_a_host_that_does_not_answer_or_is_slow_is_not_asked_for_more(
    blog: Blog, monkeypatch: pytest.MonkeyPatch, status: int, minutes: int
) -> None:
    monkeypatch.setattr(link_check, "MINUTES", minutes)
    configured()
    collected_before()
    collected(*(found(name, NOW - number * HOUR) for number, name in enumerate("abc", 1)))
    blog.statuses = {"a": status, "c": 404}
    assert (sorted(inside(made())), len(blog.asked)) == (["Post a", "Post b", "Post c"], 1)


def test_as_many_posts_are_asked_for_as_is_usual_of_those_that_were_sent(blog: Blog) -> None:
    configured(maximum_posts=2)
    collected_before()
    collected(*(found(str(number), NOW - number * HOUR) for number in range(1, 7)))
    sent(approval.approve(config.current(), made(), now=NOW))
    blog.asked.clear()
    collected(found("new", NOW + DAY), *(found(str(n), NOW - n * HOUR) for n in range(1, 7)), now=NOW + WEEK)
    assert inside(made(NOW + WEEK)) == ["Post new"]
    assert blog.asked == ["new"]


def test_a_missing_post_that_only_some_subscribers_lack_is_in_no_variant(blog: Blog) -> None:
    configured(cadences=("week", "day"), minimum_posts=0)
    collected_before()
    collected(found("a"), found("b"))
    subscribers(4)
    late_subscriber = Subscription.objects.latest("pk")
    preferences.choose_cadence(late_subscriber, "day")
    sent(approval.approve(config.current(), made(), now=NOW))
    preferences.choose_cadence(Subscription.objects.get(pk=late_subscriber.pk), "week")
    later = NOW + WEEK
    collected(found("a"), found("b"), found("c", NOW + DAY), now=later)
    blog.statuses = {"a": 404}

    edition = made(later)
    assert (inside(edition), reasons(edition)["Post a"]) == (["Post c"], "no longer at its source")
    prepared = prepare(edition, config.current(), later)
    variants = [[entry.post.title for entry in each.planned.entries] for each in prepared.variants]
    assert sorted(variants) == [["Post c"], ["Post c", "Post b"]]

    blog.statuses = {}
    edition = draft.refresh(config.current(), edition, now=later)
    edition = approval.approve(config.current(), edition, now=later)
    assert {number for _ordinal, number, _topics in edition.candidates or ()} == {post(name).pk for name in "abc"}
