"""Each issue of a series is a post, and so is what uses the id or the link of another post."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import given, settings as hypothesis_settings, strategies as st

from newsletter.models import Post
from tests.collecting.found_posts import LINKS, A, count, made, then
from tests.factories import DAY, HOUR, NAME, NOW, SOURCE, collected, configured

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def one_source() -> None:
    configured((SOURCE,))


def test_an_issue_with_the_last_date_of_the_one_before_is_another_post() -> None:
    """As of a source that dates what it lists with the present day, and shows one post."""
    issue = {"title": "Weekly links", "html": LINKS}
    for uid, day in (("first", 3), ("first", 1), ("second", 1)):
        at = NOW - day * DAY
        collected(made(uid, at, **issue), now=NOW - day * HOUR, reached=at)
    assert count() == 2


SERIES = {
    "links": {"title": "Weekly links", "html": LINKS},
    "links-of-home-page": {"title": "Weekly links", "html": LINKS, "url": "https://old.example/"},
    "photos": {"title": "Photo of the day", "html": ""},
    "untitled": {"title": "", "html": "<p>Short.</p>"},
    "untitled-of-home-page": {"title": "", "html": "<p>Short.</p>", "url": "https://old.example"},
}


@pytest.mark.parametrize("same", SERIES.values(), ids=SERIES)
@pytest.mark.parametrize("apart", [DAY - HOUR, DAY, 7 * DAY], ids=("23h", "day", "week"))
@pytest.mark.parametrize("size", [1, 3])
def test_each_issue_of_a_series_is_a_post(same: dict[str, str], apart: timedelta, size: int) -> None:
    """With its title, and a text that recurs; the feed shows the newest one or three."""
    issues = [made(f"issue-{n}", NOW + n * apart, **same) for n in range(6)]
    for n in range(len(issues)):
        listed = issues[max(0, n + 1 - size) : n + 1][::-1]
        collected(*listed, now=NOW + n * apart, reached=listed[-1].published)
    assert count() == len(issues)


@pytest.mark.parametrize(
    "again",
    [
        {"uid": "a", "url": "https://old.example/other.html"},
        {"uid": "b", "url": "https://old.example/a.html"},
        {"uid": "b", "url": "https://old.example/"},
    ],
    ids=("id", "link", "home-page"),
)
def test_an_id_or_a_link_that_is_used_again_is_another_post(again: dict[str, str]) -> None:
    first = replace(A, url="https://old.example/") if again["url"].endswith("/") else A
    other = replace(made("other", NOW + 2 * DAY), **again)
    assert then(first, other) == 2


def test_a_feed_without_ids_whose_links_all_lead_to_the_home_page_has_a_post_each() -> None:
    home = "https://old.example/"
    for n in range(4):
        one = made(f"post-{n}", NOW + 2 * n * DAY, url=home)
        collected(replace(one, uid=home), now=NOW + 2 * n * DAY, reached=one.published)
    assert count() == 4


def test_the_first_post_of_an_id_that_is_used_again_is_still_listed_under_its_link() -> None:
    other = replace(made("other", NOW + 2 * DAY), uid="a")
    collected(A)
    collected(other, now=NOW + 2 * DAY, reached=other.published)
    collected(other, replace(A, uid=A.url), now=NOW + 3 * DAY)
    collected(replace(A, uid="a"), now=NOW + 4 * DAY)
    assert count() == 2
    assert not Post.objects.filter(title=A.title, gone_at__isnull=False).exists()


@given(st.data())
@hypothesis_settings(max_examples=25, deadline=None)
def test_posts_that_differ_are_never_taken_for_each_other(data: st.DataObject) -> None:
    """Posts on days of their own, with texts of their own; ids and links may be used again, but not both."""
    with transaction.atomic():
        number = data.draw(st.integers(2, 6))
        size = data.draw(st.integers(1, 3))
        posts = []
        for n in range(number):
            one = made(f"post-{n}", NOW + 2 * n * DAY)
            uid = data.draw(st.sampled_from([one.uid, "same"]))
            url = one.url if uid == "same" else data.draw(st.sampled_from([one.url, "https://old.example/"]))
            posts.append(replace(one, uid=uid, url=url))
        for n in range(number):
            listed = {p.uid: p for p in posts[max(0, n + 1 - size) : n + 1]}
            newest = posts[n]
            listed[newest.uid] = newest
            oldest = min(p.published for p in listed.values() if p.published)
            collected(*listed.values(), now=NOW + 2 * n * DAY, reached=oldest)
        assert {p.title for p in Post.objects.filter(newsletter=NAME)} == {p.title for p in posts}
        transaction.set_rollback(True)
