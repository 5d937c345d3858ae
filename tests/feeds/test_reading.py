"""Reading a source as a whole, over HTTP."""

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

from newsletter import config
from newsletter.feeds import Memory, Reading, read, read_file, reading
from newsletter.feeds.model import EVERYTHING
from tests.feeds.conftest import ATOM, NOW, RSS, Answer, Page, Site, atom, day, entry, item, rss

SINCE = datetime(2026, 2, 3, tzinfo=UTC)


def of(
    url: str,
    collect: config.Collect,
    memory: Memory | None = None,
    *,
    kind: str = "auto",
    since: datetime | None = None,
) -> Reading:
    return read(config.Source(url=url, type=kind), collect, memory, now=NOW, since=since)  # type: ignore[arg-type]


def numbers(found: Reading) -> list[int]:
    return [int(post.title.removeprefix("Post ")) for post in found.posts]


def feed(*entries: str, head: str = "", **headers: str) -> Answer:
    return Answer(atom(*entries, head=head), ATOM, headers=headers)


# Finding the feed


def page(*links: str) -> Answer:
    return Answer(f"<!doctype html><html><head>{''.join(links)}</head><body>Hello</body></html>".encode())


def alternate(href: str, kind: str = ATOM, title: str = "") -> str:
    return f"<link rel='alternate' type='{kind}' href='{href}' title='{title}'>"


def test_the_feed_that_a_page_names_is_found_and_remembered(site: Site, collect: config.Collect) -> None:
    site.pages["/"] = page(alternate("/comments/feed", title="Comments"), alternate("atom"))
    site.pages["/atom"] = feed(entry(2), entry(1))
    found = of(site.base + "/", collect)
    assert (found.kind, found.title, numbers(found), found.problems) == ("feed", "A blog", [2, 1], ())
    assert found.memory.feed_url == found.feed_url == site.base + "/atom"
    site.requests.clear()
    of(site.base + "/", collect, found.memory)
    assert site.paths() == ["/atom"]


@pytest.mark.parametrize("path", ["/feeds/posts/default", "/feed/", "/atom.xml", "/index.xml", "/rss.xml"])
def test_a_feed_where_engines_have_it_is_found(path: str, site: Site, collect: config.Collect) -> None:
    site.pages["/"] = page()
    site.pages[path] = feed(entry(1))
    assert of(site.base + "/", collect).feed_url == site.base + path


def test_a_page_of_a_site_prefers_the_feed_of_its_own_part(site: Site, collect: config.Collect) -> None:
    site.pages["/boats/"] = page(alternate("/feed/"), alternate("/boats/feed/"))
    site.pages["/feed/"] = feed(entry(1))
    site.pages["/boats/feed/"] = feed(entry(2))
    assert numbers(of(site.base + "/boats/", collect)) == [2]


def test_a_feed_that_is_named_and_is_none_gives_way_to_the_next(site: Site, collect: config.Collect) -> None:
    reply = entry(3, more="<thr:in-reply-to ref='x'/>")
    site.pages["/"] = page(alternate("/gone"), alternate("/replies"), alternate("/good"))
    site.pages["/replies"] = feed(reply)
    site.pages["/good"] = feed(entry(1))
    assert numbers(of(site.base + "/", collect)) == [1]


def test_a_link_in_the_text_names_a_feed_where_no_other_does(site: Site, collect: config.Collect) -> None:
    site.pages["/"] = Answer(b"<p>Subscribe: <a href='/x.xml'>RSS</a></p>")
    site.pages["/x.xml"] = feed(entry(1))
    assert numbers(of(site.base + "/", collect)) == [1]


def test_a_page_without_a_feed_is_said(site: Site, collect: config.Collect) -> None:
    site.pages["/"] = page()
    found = of(site.base + "/", collect, kind="feed")
    (problem,) = found.problems
    assert problem.startswith(f"{site.base}/: is a web page that names no feed; put the address of the blog's feed")
    assert site.paths() == ["/"]


def test_a_feed_that_moved_is_found_again(site: Site, collect: config.Collect) -> None:
    site.pages["/"] = page(alternate("/new"))
    site.pages["/new"] = feed(entry(1))
    for memory in (Memory(kind="feed", feed_url=site.base + "/old"), Memory(kind="feed", feed_url=site.base + "/")):
        assert of(site.base + "/", collect, memory).memory.feed_url == site.base + "/new"


def test_a_permanent_redirect_is_remembered(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = Answer(status=301, headers={"Location": "/b"})
    site.pages["/b"] = feed(entry(1))
    found = of(site.base + "/a", collect)
    assert found.memory.feed_url == site.base + "/b"
    again = of(site.base + "/a", collect, replace(found.memory, feed_url=site.base + "/a"))
    assert again.memory.feed_url == site.base + "/b"


# Asking again


def test_what_did_not_change_is_not_read_again(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = feed(entry(1), ETag='"1"')
    first = of(site.base + "/a", collect)
    assert first.memory.etag == '"1"'
    site.pages["/a"] = Answer(status=304)
    again = of(site.base + "/a", collect, first.memory)
    assert (again.not_modified, again.posts, again.problems, again.memory) == (True, (), (), first.memory)


def test_with_since_it_is_read_even_where_nothing_changed(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = feed(entry(5), entry(1), ETag='"1"')
    memory = Memory(kind="feed", feed_url=site.base + "/a", etag='"1"')
    assert numbers(of(site.base + "/a", collect, memory, since=SINCE)) == [5, 1]
    assert "if-none-match" not in site.requests[0][1]


# Reading back


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
    monkeypatch.setattr("newsletter.feeds.pages.MAXIMUM_PAGES", 4)

    def more(query: dict[str, list[str]]) -> Answer:
        number = int(query.get("n", ["0"])[0])
        return feed(entry(6, uid=f"x:{number}"), head=f"<link rel='next' href='/a?n={number + 1}'/>")

    site.pages["/a"] = more
    found = of(site.base + "/a", collect, since=SINCE)
    assert (len(site.requests), found.complete) == (4, False)
    assert "more than 4 pages" in found.problems[0]


def test_a_page_that_fails_leaves_those_before(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = feed(entry(6), head="<link rel='next' href='/b'/>")
    site.pages["/b"] = Answer(status=500)
    found = of(site.base + "/a", collect, since=SINCE)
    assert (numbers(found), found.complete, found.stop) == ([6], False, False)
    assert found.problems[0].startswith(f"{site.base}/a: could be read back only in part: {site.base}/b: ")


def test_a_feed_that_was_cut_says_nothing_of_what_is_gone(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = Answer(atom(entry(6), entry(5))[:-100], ATOM)
    found = of(site.base + "/a", collect)
    assert (numbers(found), found.reached_back_to) == ([6], None)
    assert "breaks off" in found.problems[0]


# Blogger

BLOGGER = "<generator uri='http://www.blogger.com'>Blogger</generator>"


def blogger(posts: list[int], *, heeds_window: bool = True, size: int = 2) -> Page:
    """A blog at Blogger; it gives two posts unless asked for more, and at most `size` then."""

    def answer(query: dict[str, list[str]]) -> Answer:
        start = int(query.get("start-index", ["1"])[0])
        chosen = [
            n for n in posts if not heeds_window or "published-min" not in query or day(n) >= query["published-min"][0]
        ]
        shown = chosen[start - 1 : start - 1 + (size if "max-results" in query else 2)]
        head = f"{BLOGGER}<openSearch:totalResults>{len(chosen)}</openSearch:totalResults><link rel='next' href='http://www.blogger.invalid/x'/>"
        return feed(*(entry(n) for n in shown), head=head)

    return answer


@pytest.mark.parametrize("heeds_window", [True, False])
def test_blogger_is_read_back_whether_it_heeds_the_window_or_not(
    heeds_window: bool, site: Site, collect: config.Collect
) -> None:
    site.pages["/feeds/posts/default"] = blogger([9, 8, 7, 6, 5, 4, 2, 1], heeds_window=heeds_window, size=3)
    found = of(site.base + "/feeds/posts/default", collect, since=SINCE)
    assert found.kind == "blogger"
    assert [n for n in numbers(found) if n >= 3] == [9, 8, 7, 6, 5, 4]
    assert found.complete
    assert found.reached_back_to is not None
    assert found.reached_back_to <= SINCE
    assert "published-min=2026-02-03T00%3A00%3A00%2B00%3A00" in site.paths()[1]
    assert all("max-results=150" in path for path in site.paths()[1:])


def test_a_copy_of_a_blogger_feed_elsewhere_gets_no_parameters(site: Site, collect: config.Collect) -> None:
    site.pages["/copy"] = feed(entry(6), entry(5), head=BLOGGER)
    of(site.base + "/copy", collect, since=SINCE)
    assert site.paths() == ["/copy"]


# WordPress

WORDPRESS = "<generator>https://wordpress.org/?v=6.8</generator>"


def wordpress_feed(posts: list[int], size: int = 2) -> Page:
    def answer(query: dict[str, list[str]]) -> Answer:
        number = int(query.get("paged", ["1"])[0])
        shown = posts[(number - 1) * size : number * size]
        return feed(*(entry(n) for n in shown), head=WORDPRESS) if shown else Answer(status=404)

    return answer


def rest(posts: list[int], size: int = 2) -> Page:
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
    site.pages["/"] = replace_headers(
        page(alternate("/feed/", RSS)), Link=f'<{site.base}/wp-json/>; rel="https://api.w.org/"'
    )
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


def replace_headers(answer: Answer, **headers: str) -> Answer:
    return replace(answer, headers=headers)


def test_a_site_that_keeps_rest_to_itself_is_read_by_its_feed(site: Site, collect: config.Collect) -> None:
    site.pages["/"] = replace_headers(
        page(alternate("/feed/", RSS)), Link=f'<{site.base}/wp-json/>; rel="https://api.w.org/"'
    )
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


# What goes wrong


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(status=410), "gone for good"),
        (Answer(status=500), "a fault"),
        (Answer(b"Hello", "text/plain"), "is no feed"),
        (Answer(b"<html><body>Not a feed</body></html>"), "names no feed"),
        (Answer(b"{}", "application/json"), "no JSON Feed"),
        (Answer(status=302, headers={"Location": "/a"}), "redirects"),
        (Answer(b"<rss><!-- " + b"x" * 300_000 + b"--></rss>", RSS), "larger than"),
        (Answer(atom(entry(1, more="<thr:in-reply-to ref='x'/>")), ATOM), "comments"),
    ],
)
def test_each_fault_is_one_sentence_that_names_the_source(
    answer: Answer, said: str, site: Site, collect: config.Collect
) -> None:
    site.pages["/a"] = answer
    for kind in ("feed", "auto"):
        found = of(site.base + "/a", collect, kind=kind)
        (problem,) = found.problems
        assert problem.startswith(f"{site.base}/a: ")
        assert said in problem
        assert "\n" not in problem
        assert (found.posts, found.complete, found.stop) == ((), False, answer.status == 410)


def test_a_source_that_wants_to_be_left_alone_is(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = Answer(status=503, headers={"Retry-After": "3600"})
    assert of(site.base + "/a", collect).retry_after == timedelta(hours=1)


def test_a_fault_keeps_what_was_remembered(site: Site, collect: config.Collect) -> None:
    memory = Memory(kind="feed", feed_url=site.base + "/a", title="A blog", etag='"1"')
    site.pages["/a"] = Answer(status=500)
    found = of(site.base + "/a", collect, memory)
    assert (found.memory, found.title, found.kind) == (memory, "A blog", "feed")


def test_a_fault_of_our_own_is_a_sentence_too(
    site: Site, collect: config.Collect, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(reading, "discover", fail)
    with caplog.at_level(logging.ERROR):
        (problem,) = of(site.base + "/a", collect).problems
    assert "ZeroDivisionError" in problem
    assert "ZeroDivisionError" in caplog.text


def test_stopping_by_hand_passes(site: Site, collect: config.Collect, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(reading, "discover", stop)
    with pytest.raises(KeyboardInterrupt):
        of(site.base + "/a", collect)


def test_a_post_dated_far_ahead_is_named_and_kept(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = feed(entry(6), entry(5, date="2099-02-05T12:00:00+01:00"))
    found = of(site.base + "/a", collect)
    assert numbers(found) == [5, 6]
    assert found.problems == (f"{site.base}/a: its post 'Post 5' is dated ahead (2099-02-05) and waits for that day",)


# Small things


def test_the_language_of_config_wins(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = feed(entry(6))
    found = read(config.Source(url=site.base + "/a", language="nn"), collect, now=NOW)
    assert [p.language for p in found.posts] == ["nn"]


def test_an_id_that_comes_twice_is_one_post(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = feed(entry(6, uid="x"), entry(5, uid="x"))
    assert numbers(of(site.base + "/a", collect)) == [6]


def test_posts_come_newest_first_and_undated_ones_last(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = feed(entry(3, date="someday"), entry(4), entry(6), entry(5))
    assert numbers(of(site.base + "/a", collect)) == [6, 5, 4, 3]


def test_a_folder_is_read_from_beside_the_configuration(tmp_path: Path, collect: config.Collect) -> None:
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "a.md").write_text("---\ntitle: Post 1\ndate: 2026-02-06\n---\nText.\n")
    source = config.Source(url="posts", base="https://blog.example", permalink="/:slug/")
    found = read(source, collect, now=NOW, root=tmp_path, since=SINCE)
    assert (found.kind, numbers(found), found.complete, found.reached_back_to) == ("folder", [1], True, EVERYTHING)
    missing = read(config.Source(url="nowhere", type="folder"), collect, now=NOW, root=tmp_path)
    assert "no such folder" in missing.problems[0]


def test_a_file_is_read_as_if_it_came_from_its_base(tmp_path: Path) -> None:
    file = tmp_path / "feed.xml"
    file.write_bytes(rss(item("Post 1", "&lt;a href='/x'&gt;x&lt;/a&gt;"), item("Post 2")))
    found = read_file(file, "https://blog.example/feed")
    assert numbers(found) == [1, 2]
    assert 'href="https://blog.example/x"' in found.posts[0].html


def test_a_file_that_is_no_feed_is_said(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text("<html></html>")
    assert read_file(file).problems == (f"{file}: is a web page, not a feed",)
    assert "can't be read" in read_file(tmp_path / "nowhere").problems[0]


def test_a_query_in_the_address_is_kept(site: Site, collect: config.Collect) -> None:
    site.pages["/feeds/posts/default"] = blogger([6, 5, 4])
    of(f"{site.base}/feeds/posts/default?{urlencode({'alt': 'atom', 'max-results': 1})}", collect, since=SINCE)
    assert all("alt=atom" in path for path in site.paths())
