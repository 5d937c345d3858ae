"""From the address that a person pastes to the feed behind it."""

from dataclasses import replace

import pytest

from newsletter import config
from newsletter.feeds import Memory
from newsletter.feeds.html.markup import page_tree
from newsletter.feeds.sources import discover
from tests.feeds.conftest import Answer, Site, alternate, entry, feed, numbers, of, page


def test_the_feed_that_a_page_names_is_found_and_remembered(site: Site, collect: config.Collect) -> None:
    site.pages["/"] = page(alternate("/comments/feed", title="Comments"), alternate("atom"))
    site.pages["/atom"] = feed(entry(2), entry(1))
    found = of(site.base + "/", collect)
    assert (found.kind, found.title, numbers(found), found.problems) == ("feed", "A blog", [2, 1], ())
    assert found.memory.feed_url == found.feed_url == site.base + "/atom"
    site.requests.clear()
    of(site.base + "/", collect, found.memory)
    assert site.paths() == ["/atom"]


@pytest.mark.parametrize("path", ["/feeds/posts/default", "/feed/", "/atom.xml", "/index.xml", "/rss.xml", "/feed.xml"])
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


def test_the_blog_that_a_home_page_links_to_names_its_feed(site: Site, collect: config.Collect) -> None:
    anew = "<meta http-equiv=refresh content='300; url=/'>"  # the page loads itself every five minutes
    site.pages["/"] = Answer(f"{anew}<p><a href='/about'>About</a> <a href='/our-blog'>Blog</a></p>".encode())
    site.pages["/our-blog"] = page(alternate("/our-blog.rss"))
    site.pages["/our-blog.rss"] = feed(entry(1))
    assert numbers(of(site.base + "/", collect)) == [1]


def test_a_page_that_only_leads_on_names_the_feed_of_where_it_leads(site: Site, collect: config.Collect) -> None:
    site.pages["/"] = Answer(b"<meta charset=utf-8><meta http-equiv=Refresh content='0; URL=\"/en/\"'>")
    site.pages["/en/"] = page(alternate("/en/index.xml"))
    site.pages["/en/index.xml"] = feed(entry(1))
    assert numbers(of(site.base + "/", collect)) == [1]


def test_a_page_without_a_feed_is_said(site: Site, collect: config.Collect) -> None:
    site.pages["/"] = page()
    found = of(site.base + "/", collect, kind="feed")
    (problem,) = map(str, found.problems)
    assert problem.startswith(f"{site.base}/: no feed found on this page; enter its RSS address")
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


def test_a_document_with_a_remedy_of_its_own_gets_no_second_one(site: Site, collect: config.Collect) -> None:
    site.pages["/"] = Answer(b"<!DOCTYPE rss [<!ENTITY a SYSTEM 'file:///x'>]><rss><channel/></rss>", "text/xml")
    (problem,) = map(str, of(site.base + "/", collect).problems)
    assert problem.endswith("as attacks do; tell its owner")


def test_only_the_first_links_of_a_page_are_looked_at_and_none_with_an_endless_address() -> None:
    """Each of 30,000 links with a long address was searched for words, which took 75 s."""
    endless = alternate("https://blog.example/" + "x" * 3_000)
    feeds = "".join(alternate(f"https://blog.example/{number}") for number in range(discover._MOST_LINKS + 5))
    found = discover._named_feeds(page_tree(f"<html><head>{endless}{feeds}"), "https://blog.example/", "auto")
    assert len(found) == discover._MOST_LINKS - 1
    assert found[0] == "https://blog.example/0"
