"""When two posts are the same."""

from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st

from newsletter.domain.found_post import FoundPost
from newsletter.feeds.identity import content_hash, link_key, made_up_id, text_key

TEXT = "<p>Forty letters and more, so that the text can be told from another text of the same title.</p>"


@pytest.mark.parametrize(
    "other",
    [
        "http://blog.example/2026/02/a.html",
        "https://www.blog.example/2026/02/a.html",
        "https://BLOG.example:443/2026/02/a.html/",
        "https://blog.example/2026/02/a.html?utm_source=feed&utm_medium=rss",
        "https://blog.example/2026/02/a.html?fbclid=x&m=1",
        "https://blog.example/2026/02/a.html?source=rss-1234------2",
        "https://blog.example/2026/02/a.html#xtor=RSS-3",
        "https://blog.example/2026/02/%61.html",
    ],
)
def test_addresses_of_the_same_post_have_the_same_key(other: str) -> None:
    assert link_key(other) == link_key("https://blog.example/2026/02/a.html")


@pytest.mark.parametrize(
    "other",
    [
        "https://blog.example/2026/02/b.html",
        "https://blog.example/2026/02/a.html?p=2",
        "https://other.example/2026/02/a.html",
        "https://blog.example:8080/2026/02/a.html",
        "https://blog.example/2026/02/a.html#second",
    ],
)
def test_addresses_of_different_posts_have_different_keys(other: str) -> None:
    assert link_key(other) != link_key("https://blog.example/2026/02/a.html")


def test_parameters_count_in_any_order() -> None:
    assert link_key("https://b.example/?p=1&q=2") == link_key("http://b.example/?q=2&p=1")


@settings(deadline=None)
@given(st.text())
def test_no_address_makes_it_raise(text: str) -> None:
    assert isinstance(link_key(text), str)
    assert isinstance(link_key(f"https://blog.example/{text}"), str)


@settings(deadline=None)
@given(st.from_regex(r"[a-z]{1,8}(/[a-z0-9-]{1,8}){0,3}", fullmatch=True), st.sampled_from(["http", "https"]))
def test_a_key_made_an_address_again_has_the_same_key(path: str, scheme: str) -> None:
    key = link_key(f"{scheme}://blog.example/{path}")
    assert link_key(f"{scheme}://{key}") == key


def test_a_text_is_the_same_whatever_engine_quotes_and_wraps_it() -> None:
    first = text_key("It's a “title”", TEXT)
    second = text_key("It’s a \"title\"", "<div><b>Forty</b> letters and more — so that the text can be told from "
                      "another text of the SAME title</div>")  # fmt: skip
    assert first == second != ""


def test_another_text_is_another() -> None:
    assert text_key("Title", TEXT) != text_key("Title", TEXT.replace("letters", "numbers"))


def test_a_short_text_is_nobodys() -> None:
    assert text_key("Open thread", "<p>Discuss.</p>") == ""


@pytest.mark.parametrize(
    "change", [{"title": "x"}, {"url": "x"}, {"html": "x"}, {"author": "x"}, {"categories": ("x",)}]
)
def test_visible_changes_change_the_hash(change: dict[str, object]) -> None:
    post = FoundPost(uid="1", url="https://blog.example/a", title="A", html=TEXT)
    assert content_hash(replace(post, **change)) != content_hash(post)


def test_a_date_changes_no_hash() -> None:
    post = FoundPost(uid="1", url="https://blog.example/a", title="A", html=TEXT)
    assert content_hash(replace(post, uid="2")) == content_hash(post)


def test_parts_do_not_run_into_each_other() -> None:
    assert made_up_id("ab", "c") != made_up_id("a", "bc")
