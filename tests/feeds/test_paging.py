"""Reading a listing back page by page."""

import json
from datetime import datetime, timedelta

import pytest

from newsletter import config
from newsletter.feeds.model import EVERYTHING
from tests.feeds.conftest import (
    ATOM,
    SINCE,
    Answer,
    Site,
    atom,
    day,
    entry,
    feed,
    numbers,
    of,
)


def test_a_feed_with_archives_is_followed_back(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = feed(entry(6), entry(5), head="<link rel='prev-archive' href='/a2'/>")
    site.pages["/a2"] = feed(entry(4), entry(2), head="<link rel='prev-archive' href='/a3'/>")
    site.pages["/a3"] = feed(entry(1))
    found = of(site.base + "/a", collect, since=SINCE)
    assert numbers(found) == [6, 5, 4, 2]
    assert (found.complete, found.reached_back_to) == (True, datetime.fromisoformat(day(2)))
    assert site.paths() == ["/a", "/a2"]
    assert of(site.base + "/a", collect, since=SINCE - timedelta(days=9)).reached_back_to == EVERYTHING


def test_without_since_only_the_newest_page_is_read(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = feed(entry(6), head="<link rel='next' href='/a2'/>")
    found = of(site.base + "/a", collect)
    assert (site.paths(), found.complete, found.reached_back_to) == (["/a"], True, datetime.fromisoformat(day(6)))


def test_json_feed_is_followed_by_next_url(site: Site, collect: config.Collect) -> None:
    def pages(query: dict[str, list[str]]) -> Answer:
        number = int(query.get("page", ["1"])[0])
        posts = [
            {"id": str(n), "title": f"Post {n}", "date_published": day(n)} for n in (8 - 2 * number, 7 - 2 * number)
        ]
        body = {"version": "https://jsonfeed.org/version/1.1", "title": "A blog", "items": posts}
        return Answer(
            json.dumps(body | ({"next_url": f"/f?page={number + 1}"} if number < 3 else {})).encode(),
            "application/feed+json",
        )

    site.pages["/f"] = pages
    found = of(site.base + "/f", collect, since=SINCE)
    assert (found.kind, numbers(found), found.complete) == ("jsonfeed", [6, 5, 4, 3, 2, 1], True)


def test_a_pinned_old_post_does_not_end_the_reading(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = feed(entry(1), entry(6), head="<link rel='next' href='/a2'/>")
    site.pages["/a2"] = feed(entry(5), head="<link rel='next' href='/a3'/>")
    site.pages["/a3"] = feed(entry(2), head="<link rel='next' href='/a4'/>")
    found = of(site.base + "/a", collect, since=SINCE)
    assert numbers(found) == [6, 5, 2, 1]
    assert site.paths() == ["/a", "/a2", "/a3"]


def test_pages_in_a_circle_end(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = feed(entry(6), head="<link rel='next' href='/b'/>")
    site.pages["/b"] = feed(entry(5), head="<link rel='next' href='/a'/>")
    found = of(site.base + "/a", collect, since=SINCE)
    assert numbers(found) == [6, 5]
    assert len(site.requests) <= 3


def test_pages_without_end_end(site: Site, collect: config.Collect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.feeds.sources.paging.MAXIMUM_PAGES", 4)

    def more(query: dict[str, list[str]]) -> Answer:
        number = int(query.get("n", ["0"])[0])
        return feed(entry(6, uid=f"x:{number}"), head=f"<link rel='next' href='/a?n={number + 1}'/>")

    site.pages["/a"] = more
    found = of(site.base + "/a", collect, since=SINCE)
    assert (len(site.requests), found.complete) == (4, False)
    assert "more than 4 pages" in str(found.problems[0])


def test_a_page_that_fails_leaves_those_before(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = feed(entry(6), head="<link rel='next' href='/b'/>")
    site.pages["/b"] = Answer(status=500)
    found = of(site.base + "/a", collect, since=SINCE)
    assert (numbers(found), found.complete, found.stop) == ([6], False, False)
    assert str(found.problems[0]).startswith(f"{site.base}/a: could be read back only in part: {site.base}/b: ")


def test_a_feed_that_was_cut_says_nothing_of_what_is_gone(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = Answer(atom(entry(6), entry(5))[:-100], ATOM)
    found = of(site.base + "/a", collect)
    assert (numbers(found), found.reached_back_to) == ([6], None)
    assert "ends too early" in str(found.problems[0])
