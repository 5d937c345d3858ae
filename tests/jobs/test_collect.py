"""Collecting: sources side by side, one that fails left alone, and how far back each is read."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from newsletter import config
from newsletter.feeds import Memory, Reading
from newsletter.jobs.collect import collect
from newsletter.models import Post, Source
from tests.doubles.feeds import Blog, Web, article
from tests.factories import DAY, HOUR, NOW, configured

pytestmark = pytest.mark.django_db

FIRST, SECOND = "https://first.example/", "https://second.example/"


class Asked(Web):
    """The blogs, and what each was asked for."""

    def __init__(self, *blogs: Blog) -> None:
        super().__init__({b.address: b for b in blogs})
        self.asked: list[tuple[str, datetime | None, Memory | None]] = []
        self.gives: dict[str, Reading] = {}

    def read(self, source: config.Source, *arguments: Any, **named: Any) -> Reading:
        memory = arguments[1] if len(arguments) > 1 else None
        self.asked.append((source.url, named.get("since"), memory))
        return self.gives.get(source.url) or super().read(source, *arguments, **named)


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Two blogs with an article each."""
    blogs = Blog(FIRST, articles=[article("a", NOW - DAY)]), Blog(SECOND, articles=[article("b", NOW - DAY)])
    web = Asked(*blogs)
    monkeypatch.setattr("newsletter.jobs.collect.read", web.read)
    configured((FIRST, SECOND))
    return web


def test_every_source_is_told_in_the_order_of_the_configuration(web: Asked) -> None:
    steps: list[tuple[int, int]] = []
    results = collect(config.current(), now=NOW, step=lambda done, total: steps.append((done, total)))
    assert [(r.newsletter, r.url, r.type, r.new, r.changed, r.problem) for r in results] == [
        ("kinaforum", FIRST, "feed", 1, 0, None),
        ("kinaforum", SECOND, "feed", 1, 0, None),
    ]
    assert sorted(steps) == [(1, 2), (2, 2)]


def test_a_second_collection_brings_only_what_is_new_or_changed(web: Asked) -> None:
    collect(config.current(), now=NOW)
    web.blogs[FIRST].articles[0].edits += 1
    web.blogs[SECOND].articles.append(article("c", NOW))
    results = collect(config.current(), now=NOW + HOUR)
    assert [(r.new, r.changed) for r in results] == [(0, 1), (1, 0)]
    assert "after 1 edits" in Post.objects.get(listings__source__url=FIRST).html


def test_a_source_that_fails_leaves_the_other_alone_and_its_ledger_as_it_was(web: Asked) -> None:
    collect(config.current(), now=NOW)
    web.blogs[FIRST].up = False
    results = collect(config.current(), now=NOW + HOUR)
    assert [r.problem for r in results] == [f"{FIRST}: does not answer", None]
    row = Source.objects.get(url=FIRST)
    assert (row.problem, row.read_at, row.tried_at) == (f"{FIRST}: does not answer", NOW, NOW + HOUR)
    assert Post.objects.filter(gone_at=None).count() == 2


def test_many_problems_are_told_as_one_and_how_many_more(web: Asked) -> None:
    web.gives[FIRST] = Reading(problems=("x: first", "x: second", "x: third"), complete=False)
    assert collect(config.current(), now=NOW)[0].problem == "x: first (and 2 more)"


def test_a_source_that_is_gone_for_good_is_not_asked_again(web: Asked) -> None:
    web.gives[FIRST] = Reading(problems=(f"{FIRST}: is gone",), stop=True, complete=False)
    collect(config.current(), now=NOW)
    web.asked.clear()
    problem = collect(config.current(), now=NOW + HOUR)[0].problem
    assert [url for url, _, _ in web.asked] == [SECOND]
    assert problem == f"{FIRST}: not read any more, as it answered that it is gone for good; take it out of config.toml"


def test_a_source_that_wants_to_be_left_alone_is_left_alone_until_then(web: Asked) -> None:
    web.gives[FIRST] = Reading(problems=(f"{FIRST}: busy",), retry_after=timedelta(hours=2), complete=False)
    collect(config.current(), now=NOW)
    web.gives.clear()
    assert "not read before 2026-02-06 16:00Z" in (collect(config.current(), now=NOW + HOUR)[0].problem or "")
    assert collect(config.current(), now=NOW + 2 * HOUR)[0].problem is None


def test_what_a_reading_remembers_is_handed_to_the_next(web: Asked) -> None:
    memory = Memory(kind="feed", feed_url=f"{FIRST}feed", etag='"1"')
    web.gives[FIRST] = Reading(kind="feed", memory=memory, not_modified=True)
    collect(config.current(), now=NOW)
    collect(config.current(), now=NOW + HOUR)
    assert [m for url, _, m in web.asked if url == FIRST] == [None, memory]


def test_an_unchanged_source_counts_as_read_and_loses_nothing(web: Asked) -> None:
    collect(config.current(), now=NOW)
    web.gives[FIRST] = Reading(kind="feed", not_modified=True)
    collect(config.current(), now=NOW + HOUR)
    assert Source.objects.get(url=FIRST).read_at == NOW + HOUR
    assert not Post.objects.exclude(gone_at=None).exists()


@pytest.mark.parametrize(
    ("pause", "since", "read_back_to"),
    [
        (HOUR, None, None),
        (HOUR, NOW - DAY, NOW - DAY),
        (3 * DAY, None, NOW),
        (3 * DAY, NOW + DAY, NOW),
        (3 * DAY, NOW - DAY, NOW - DAY),
    ],
)
def test_a_source_is_read_back_as_asked_and_to_where_it_was_left(
    web: Asked, pause: timedelta, since: datetime | None, read_back_to: datetime | None
) -> None:
    collect(config.current(), now=NOW)
    web.asked.clear()
    collect(config.current(), now=NOW + pause, since=since)
    assert {back for _, back, _ in web.asked} == {read_back_to}


def test_one_newsletter_alone_may_be_collected(web: Asked) -> None:
    assert collect(config.current(), "another", now=NOW) == []
