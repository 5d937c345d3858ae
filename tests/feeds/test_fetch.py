"""Fetching one address within limits."""

import gzip
import time
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from newsletter import __version__, config
from newsletter.feeds.fetcher import Fetcher, Response
from newsletter.feeds.model import SourceProblem
from tests.feeds.conftest import Answer, Site


def get(collect: config.Collect, url: str, **conditions: str) -> Response:
    with Fetcher(collect, "https://brev.example") as fetcher:
        return fetcher.get(url, **conditions)


def problem(collect: config.Collect, url: str) -> SourceProblem:
    with pytest.raises(SourceProblem) as caught:
        get(collect, url)
    assert str(caught.value).startswith(url)
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_page_comes_with_what_to_ask_by_next_time(site: Site, collect: config.Collect) -> None:
    headers = {"ETag": '"1"', "Last-Modified": "Fri, 06 Feb 2026 17:40:00 GMT"}
    site.pages["/"] = Answer(b"hello", headers=headers)
    response = get(collect, site.base + "/")
    assert (response.status, response.body, response.etag, response.last_modified) == (200, b"hello", *headers.values())


def test_the_user_agent_names_the_site(site: Site, collect: config.Collect) -> None:
    site.pages["/"] = Answer(b"hello")
    get(collect, site.base + "/")
    assert site.requests[0][1]["user-agent"] == f"newsletter/{__version__} (+https://brev.example)"


def test_conditions_are_sent_and_304_has_no_body(site: Site, collect: config.Collect) -> None:
    site.pages["/"] = Answer(status=304)
    assert get(collect, site.base + "/", etag='"1"', last_modified="Fri").status == 304
    headers = site.requests[0][1]
    assert (headers["if-none-match"], headers["if-modified-since"]) == ('"1"', "Fri")


def test_redirects_are_followed_and_permanent_ones_remembered(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = Answer(status=301, headers={"Location": "/b"})
    site.pages["/b"] = Answer(status=302, headers={"Location": "/c"})
    site.pages["/c"] = Answer(b"hello")
    response = get(collect, site.base + "/a")
    assert (response.url, response.moved_to) == (site.base + "/c", site.base + "/b")


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_redirect_to_an_address_that_is_not_escaped_is_followed(
    encoding: str, site: Site, collect: config.Collect
) -> None:
    site.pages["/a"] = Answer(status=302, headers={"Location": "/bær  ".encode(encoding).decode("latin-1")})
    site.pages["/b%C3%A6r"] = Answer(b"hello")
    assert get(collect, site.base + "/a").body == b"hello"


def test_a_site_that_redirects_to_itself_gets_its_cookies_and_the_password_of_the_address(
    site: Site, collect: config.Collect
) -> None:
    site.pages["/a"] = Answer(status=302, headers={"Location": "/b", "Set-Cookie": "seen=1; Path=/; HttpOnly"})
    site.pages["/b"] = Answer(b"hello")
    get(collect, site.base.replace("//", "//ada:p%40ss@") + "/a")
    (_, first), (_, second) = site.requests
    assert "cookie" not in first
    assert second["cookie"] == "seen=1"
    assert first["authorization"] == second["authorization"] == "Basic YWRhOnBAc3M="


def test_redirects_end(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = Answer(status=302, headers={"Location": "/a"})
    assert "redirects more than 5 times" in str(problem(collect, site.base + "/a"))
    assert len(site.requests) == 6


@pytest.mark.parametrize("target", ["ftp://x.example/", "file:///etc/hostname"])
def test_a_redirect_to_no_web_address_is_refused(target: str, site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = Answer(status=302, headers={"Location": target})
    assert "not a web address" in str(problem(collect, site.base + "/a"))


@pytest.mark.parametrize("url", ["ftp://blog.example/", "blog.example", "http://", "http://[", "http://a b/"])
def test_an_address_that_is_none_is_refused(url: str, collect: config.Collect) -> None:
    problem(collect, url)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (410, "gone permanently"),
        (404, "check the address"),
        (403, "access denied"),
        (500, "try again automatically"),
        (418, "418"),
    ],
)
def test_each_refusal_has_its_sentence(status: int, said: str, site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = Answer(b"no", status=status)
    found = problem(collect, site.base + "/a")
    assert said in str(found)
    assert found.status == status


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", timedelta(minutes=2)),
        ("Fri, 06 Feb 2026 18:00:00 GMT", timedelta(minutes=20)),
        ("Fri, 06 Feb 2026 17:00:00 GMT", timedelta()),
        ("9999999999999", timedelta(days=30)),
        ("soon", None),
    ],
)
def test_retry_after_is_heeded(value: str, wait: timedelta | None, site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = Answer(b"no", status=429, headers={"Retry-After": value})
    assert problem(collect, site.base + "/a").retry_after == wait


def test_a_private_address_needs_permission(site: Site, collect: config.Collect) -> None:
    found = problem(replace(collect, allow_private_addresses=False), site.base + "/")
    assert "collect.allow_private_addresses" in str(found)
    assert site.requests == []


def test_nothing_listening_is_said(collect: config.Collect) -> None:
    assert "connection was refused" in str(problem(collect, "http://127.0.0.1:9/"))


def test_no_tls_is_said(site: Site, collect: config.Collect) -> None:
    assert "the secure connection failed" in str(problem(collect, site.base.replace("http:", "https:") + "/"))


def endless(piece: bytes, pause: float = 0.0) -> Iterator[bytes]:
    for _ in range(20_000):
        time.sleep(pause)
        yield piece


def test_a_body_without_end_is_cut_off(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = Answer(endless(b"x" * 1000))
    assert "larger than 200,000 bytes" in str(problem(collect, site.base + "/a"))


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_small_body_that_unpacks_large_is_cut_off(encoding: str, site: Site, collect: config.Collect) -> None:
    pack = gzip.compress if encoding == "gzip" else zlib.compress
    site.pages["/a"] = Answer(pack(b"x" * 50_000_000), headers={"Content-Encoding": encoding})
    assert "larger than 200,000 bytes" in str(problem(collect, site.base + "/a"))


def test_a_byte_now_and_then_does_not_keep_it_waiting(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = Answer(endless(b"x", pause=0.05))
    started = time.monotonic()
    found = problem(replace(collect, timeout=timedelta(seconds=0.5)), site.base + "/a")
    assert "no complete answer within 0.5 s" in str(found)
    assert time.monotonic() - started < 3


def test_the_body_of_a_redirect_is_not_read(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = Answer(endless(b"x", pause=0.05), status=302, headers={"Location": "/b"})
    site.pages["/b"] = Answer(b"there")
    with Fetcher(replace(collect, timeout=timedelta(seconds=2))) as fetcher:
        assert fetcher.get(site.base + "/a").body == b"there"


def test_all_requests_of_a_reading_together_have_an_end(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = lambda _: Answer(endless(b"x", pause=0.05))
    site.pages["/b"] = Answer(b"fast")
    with Fetcher(replace(collect, timeout=timedelta(seconds=0.2))) as fetcher:
        for _ in range(3):
            with pytest.raises(SourceProblem, match="no complete answer"):
                fetcher.get(site.base + "/a")
        with pytest.raises(SourceProblem, match=r"longer than 0\.6 s in all"):
            fetcher.get(site.base + "/b")


def test_a_body_that_breaks_off_is_kept_and_not_remembered(site: Site, collect: config.Collect) -> None:
    site.pages["/a"] = Answer(b"half", headers={"Content-Length": "8", "ETag": '"1"', "Connection": "close"})
    response = get(collect, site.base + "/a")
    assert (response.body, response.whole, response.etag) == (b"half", False, "")


@pytest.mark.parametrize(
    "url",
    [
        "http://[::1/",
        "ftp://blog.example/",
        "http:///feed",
        "blog.example",
        "http://a b.example/",
        "http://a.example:99999/",
    ],
)
def test_an_invalid_url_is_reported(url: str, collect: config.Collect) -> None:
    assert str(problem(collect, url)) == f"{url}: this is not a web address; enter one that begins with https://"


def test_a_private_address_is_named_once() -> None:
    with pytest.raises(
        SourceProblem, match=r"^http://127\.0\.0\.1:9/: 127\.0\.0\.1 is not a public address; set collect"
    ):
        get(config.Collect(), "http://127.0.0.1:9/")
