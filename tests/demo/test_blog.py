"""The sample blog answers as Blogger does, so that the product's own reader finds its way."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest

from newsletter import config
from newsletter.demo.blog import FEED, Blog
from newsletter.demo.place import _free_ports
from newsletter.demo.sample_posts import published_by
from newsletter.demo.serving import DemoProblem, served
from newsletter.feeds.sources.read import read

NOW = datetime(2026, 2, 10, 12, tzinfo=UTC)
ATOM = "{http://www.w3.org/2005/Atom}"
BLOG = Blog(8001, lambda: NOW)


def entries(**asked: str) -> list[str]:
    root = ET.fromstring(BLOG(FEED, {k.replace("_", "-"): v for k, v in asked.items()}).body)
    return [e.findtext(f"{ATOM}id", "") for e in root.iter(f"{ATOM}entry")]


def test_the_home_page_names_the_feed() -> None:
    assert (
        b'type="application/atom+xml" title="\xc3\x98stbrevet - Atom" href="http://127.0.0.1:8001/feeds/posts/default"'
        in (BLOG("/", {}).body)
    )


def test_the_feed_shows_25_unless_asked() -> None:
    assert len(entries()) == 25


def test_pages_follow_one_another() -> None:
    assert entries(max_results="10") + entries(start_index="11", max_results="10") == entries(max_results="20")


def test_the_feed_names_its_next_page_until_the_last() -> None:
    assert b"rel='next'" in BLOG(FEED, {}).body
    assert b"rel='next'" not in BLOG(FEED, {"start-index": "26"}).body


def test_a_window_is_half_open() -> None:
    newest, second = published_by(NOW)[:2]
    found = entries(published_min=second.published.isoformat(), published_max=newest.published.isoformat())
    assert [e.rpartition("-")[2] for e in found] == [str(second.number)]


@pytest.mark.parametrize("asked", [{"start-index": "x"}, {"published-min": "yesterday"}, {"max-results": "-1"}])
def test_parameters_that_cannot_be_read_are_left_aside(asked: dict[str, str]) -> None:
    assert BLOG(FEED, asked) == BLOG(FEED, {})


def test_every_post_has_its_page() -> None:
    assert {BLOG(p.path, {}).status for p in published_by(NOW)} == {200}


def test_a_picture_is_a_png() -> None:
    post = next(p for p in published_by(NOW) if p.alt)
    answer = BLOG(post.picture, {})
    assert (answer.kind, answer.body[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize("path", ["/2026/02/none.html", "/pictures/x.png", "/../config.toml"])
def test_a_missing_page_is_404(path: str) -> None:
    assert BLOG(path, {}).status == 404


def test_the_reader_takes_it_for_a_blogger_blog_and_tidies_it() -> None:
    (port,) = _free_ports(1)
    with served(Blog(port, lambda: NOW), port) as address:
        limits = config.Collect(allow_private_addresses=True)
        reading = read(config.SourceSettings(url=f"{address}/"), limits, now=NOW, since=NOW - timedelta(days=20))
    assert (reading.kind, reading.problems) == ("blogger", ())
    assert [p.title for p in reading.posts] == [p.title for p in published_by(NOW)]
    assert {kind for p in reading.posts for kind, _ in p.dropped} == {"repeated paragraph", "read more"}
    assert {p.language for p in reading.posts} == {"en"}


def test_a_port_that_is_taken_is_told_in_a_sentence() -> None:
    with served(BLOG, 0) as address, pytest.raises(DemoProblem, match="perhaps another demo runs in this folder"):
        served(BLOG, int(address.rpartition(":")[2])).__enter__()
