"""Collecting: parallel sources, failures, and how far back each is read."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from newsletter import config
from newsletter.collecting.collect import collect
from newsletter.feeds import Memory, SourceReading
from newsletter.messages import sources
from newsletter.messages.general import ABOUT, TEXT
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
        self.gives: dict[str, SourceReading] = {}

    def read(self, source: config.SourceSettings, *arguments: Any, **named: Any) -> SourceReading:
        memory = arguments[1] if len(arguments) > 1 else None
        self.asked.append((source.url, named.get("since"), memory))
        return self.gives.get(source.url) or super().read(source, *arguments, **named)


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Two blogs with an article each."""
    blogs = Blog(FIRST, articles=[article("a", NOW - DAY)]), Blog(SECOND, articles=[article("b", NOW - DAY)])
    web = Asked(*blogs)
    monkeypatch.setattr("newsletter.collecting.collect.read", web.read)
    configured((FIRST, SECOND))
    return web


def test_sources_are_reported_in_the_order_of_the_configuration(web: Asked) -> None:
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


def test_a_failing_source_does_not_affect_others(web: Asked) -> None:
    collect(config.current(), now=NOW)
    web.blogs[FIRST].up = False
    results = collect(config.current(), now=NOW + HOUR)
    assert [r.problem for r in results] == [TEXT(words=f"{FIRST}: does not answer"), None]
    row = Source.objects.get(url=FIRST)
    assert (str(row.problem), row.read_at, row.tried_at) == (f"{FIRST}: does not answer", NOW, NOW + HOUR)
    assert Post.objects.filter(gone_at=None).count() == 2


def test_many_problems_are_reported_as_one_with_a_count(web: Asked) -> None:
    web.gives[FIRST] = SourceReading(
        problems=(
            TEXT(words="x: first"),
            TEXT(words="x: second"),
            TEXT(words="x: third"),
        ),
        complete=False,
    )
    assert str(collect(config.current(), now=NOW)[0].problem) == "x: first (and 2 more)"


def test_a_source_that_is_gone_is_not_read_again(web: Asked) -> None:
    web.gives[FIRST] = SourceReading(problems=(TEXT(words=f"{FIRST}: is gone"),), stop=True, complete=False)
    collect(config.current(), now=NOW)
    web.asked.clear()
    problem = collect(config.current(), now=NOW + HOUR)[0].problem
    assert [url for url, _, _ in web.asked] == [SECOND]
    assert problem == ABOUT(subject=FIRST, message=sources.STOPPED())


def test_retry_after_of_a_source_is_respected(web: Asked) -> None:
    web.gives[FIRST] = SourceReading(
        problems=(TEXT(words=f"{FIRST}: busy"),), retry_after=timedelta(hours=2), complete=False
    )
    collect(config.current(), now=NOW)
    web.gives.clear()
    assert "not read before 2026-02-06 16:00 UTC" in str(collect(config.current(), now=NOW + HOUR)[0].problem)
    assert collect(config.current(), now=NOW + 2 * HOUR)[0].problem is None


def test_the_memory_of_a_reading_is_passed_to_the_next(web: Asked) -> None:
    memory = Memory(kind="feed", feed_url=f"{FIRST}feed", etag='"1"')
    web.gives[FIRST] = SourceReading(kind="feed", memory=memory, not_modified=True)
    collect(config.current(), now=NOW)
    collect(config.current(), now=NOW + HOUR)
    assert [m for url, _, m in web.asked if url == FIRST] == [None, memory]


def test_an_unchanged_source_counts_as_read_and_loses_nothing(web: Asked) -> None:
    collect(config.current(), now=NOW)
    web.gives[FIRST] = SourceReading(kind="feed", not_modified=True)
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
def test_a_source_is_read_back_to_the_last_reading(
    web: Asked, pause: timedelta, since: datetime | None, read_back_to: datetime | None
) -> None:
    collect(config.current(), now=NOW)
    web.asked.clear()
    collect(config.current(), now=NOW + pause, since=since)
    assert {back for _, back, _ in web.asked} == {read_back_to}


def test_one_newsletter_can_be_collected_alone(web: Asked) -> None:
    assert collect(config.current(), "another", now=NOW) == []
