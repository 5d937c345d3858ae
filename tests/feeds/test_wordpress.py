"""WordPress, through REST and by its feed."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

from newsletter import config
from newsletter.feeds.model import EVERYTHING
from tests.feeds.conftest import (
    RSS,
    SINCE,
    Answer,
    Site,
    alternate,
    day,
    entry,
    feed,
    numbers,
    of,
    page,
)

WORDPRESS = "<generator>https://wordpress.org/?v=6.8</generator>"


def wordpress_feed(posts: list[int], size: int = 2) -> Callable[[dict[str, list[str]]], Answer]:
    def answer(query: dict[str, list[str]]) -> Answer:
        number = int(query.get("paged", ["1"])[0])
        shown = posts[(number - 1) * size : number * size]
        return feed(*(entry(n) for n in shown), head=WORDPRESS) if shown else Answer(status=404)

    return answer


def rest(posts: list[int], size: int = 2) -> Callable[[dict[str, list[str]]], Answer]:
    """The REST interface of a site in Oslo: `after` is compared with local time."""

    def answer(query: dict[str, list[str]]) -> Answer:
        chosen = [n for n in posts if "after" not in query or day(n)[:19] > query["after"][0]]
        number = int(query["page"][0])
        rows = [
            {"date": day(n)[:19], "date_gmt": day(n, 11)[:19], "modified_gmt": day(n, 11)[:19], "link": f"https://blog.example/{n}",
             "guid": {"rendered": f"https://blog.example/?p={n}&#038;x=1"}, "title": {"rendered": f"Post &#8217;{n}"},
             "content": {"rendered": f"<p>Text {n}</p>"}, "excerpt": {"rendered": "<p>Short</p>"},
             "_embedded": {"author": [{"name": "Ada"}], "wp:term": [[{"name": "News &amp; more"}]],
                           "wp:featuredmedia": [{"source_url": "https://blog.example/a.png"}]}}
            for n in chosen[(number - 1) * size : number * size]
        ]  # fmt: skip
        return Answer(
            json.dumps(rows).encode(), "application/json", headers={"X-WP-TotalPages": str(-(-len(chosen) // size))}
        )

    return answer


def test_wordpress_is_read_through_rest(site: Site, collect: config.Collect) -> None:
    site.pages["/"] = page(alternate("/feed/", RSS), Link=f'<{site.base}/wp-json/>; rel="https://api.w.org/"')
    site.pages["/feed/"] = wordpress_feed([6, 5, 4, 3])
    site.pages["/wp-json/wp/v2/posts"] = rest([6, 5, 4, 3, 2, 1])
    found = of(site.base + "/", collect, since=SINCE)
    assert found.kind == "wordpress"
    assert [p.title for p in found.posts] == ["Post ’6", "Post ’5", "Post ’4", "Post ’3", "Post ’2"]
    assert (found.complete, found.reached_back_to) == (True, datetime.fromisoformat(day(2)))
    post = found.posts[0]
    assert post.published is not None
    assert post.published.isoformat() == "2026-02-06T12:00:00+01:00"
    assert (post.uid, post.author, post.categories) == ("https://blog.example/?p=6&x=1", "Ada", ("News & more",))
    assert (post.html, post.summary) == ("<p>Text 6</p>", "Short")
    assert post.image is not None
    site.requests.clear()
    again = of(site.base + "/", collect, found.memory)
    assert len(again.posts) == 2
    assert [p.partition("?")[0] for p in site.paths()] == ["/wp-json/wp/v2/posts"]


def test_a_site_that_keeps_rest_to_itself_is_read_by_its_feed(site: Site, collect: config.Collect) -> None:
    site.pages["/"] = page(alternate("/feed/", RSS), Link=f'<{site.base}/wp-json/>; rel="https://api.w.org/"')
    site.pages["/feed/"] = wordpress_feed([6, 5, 4, 3])
    site.pages["/wp-json/wp/v2/posts"] = Answer(b'{"code": "rest_disabled"}', "application/json", status=401)
    found = of(site.base + "/", collect, since=SINCE - timedelta(days=9))
    assert (numbers(found), found.complete, found.reached_back_to) == ([6, 5, 4, 3], True, EVERYTHING)
    assert found.memory.api == ""


def test_the_feed_of_a_category_is_not_read_through_rest(site: Site, collect: config.Collect) -> None:
    link = {"Link": f'<{site.base}/wp-json/>; rel="https://api.w.org/"'}
    site.pages["/category/boats/feed/"] = feed(entry(6), head=WORDPRESS, **link)
    found = of(site.base + "/category/boats/feed/", collect)
    assert (numbers(found), found.memory.api) == ([6], "")
    assert len(site.requests) == 1
