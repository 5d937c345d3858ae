"""Blogger's feeds, over HTTP."""

from urllib.parse import urlencode

import pytest

from newsletter import config
from tests.feeds.conftest import SINCE, Answer, Served, Site, day, entry, feed, numbers, of

BLOGGER = "<generator uri='http://www.blogger.com'>Blogger</generator>"


def blogger(posts: list[int], *, heeds_window: bool = True, size: int = 2) -> Served:
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


def test_a_query_in_the_address_is_kept(site: Site, collect: config.Collect) -> None:
    site.pages["/feeds/posts/default"] = blogger([6, 5, 4])
    of(f"{site.base}/feeds/posts/default?{urlencode({'alt': 'atom', 'max-results': 1})}", collect, since=SINCE)
    assert all("alt=atom" in path for path in site.paths())
