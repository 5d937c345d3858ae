"""Feeds that are nearly XML, or break off."""

from datetime import datetime

import pytest
from hypothesis import given, settings, strategies as st

from newsletter.feeds.formats.parse import parse
from newsletter.feeds.model import NotAFeed
from tests.feeds.conftest import BASE, atom, entry, item, one, rss, titles


@pytest.mark.parametrize(
    "mend",
    [
        lambda b: b"\n\n" + b,
        lambda b: b"<br />\n<b>Warning</b>: something in feed.php<br />\n" + b,
        lambda b: b.replace(b"A title", b"A \x10title"),
        lambda b: b.replace(b"<description/>", b"<description>Salt & pepper &nbsp; &bogus; a&b</description>"),
        lambda b: b.replace(b'encoding="UTF-8"', b'encoding="ISO-8859-1"'),
        lambda b: b.replace(b"</rss>", b"</rss>\n<!-- made in 3 ms -->\n"),
        lambda b: b.replace(b'xmlns:dc="http://purl.org/dc/elements/1.1/"', b""),
    ],
    ids=["newline", "warning", "control", "ampersand", "encoding", "comment", "prefix"],
)
def test_a_feed_that_is_nearly_xml_is_read(mend: object) -> None:
    assert callable(mend)
    body = mend(rss(item("A title", "Tørr", "<dc:creator>Åse</dc:creator>")))
    post = one(body)
    assert (post.title, post.html, post.author) == ("A title", "<p>Tørr</p>", "Åse")


def test_a_bare_ampersand_in_an_address_is_kept() -> None:
    post = one(rss(item()).replace(b"<link>https://blog.example/a<", b"<link>https://blog.example/a?b=1&c=2<"))
    assert post.url == "https://blog.example/a?b=1&c=2"


def test_named_characters_of_html_are_characters() -> None:
    assert one(rss(item("Caf&eacute; &amp;&lt;3", "x&nbsp;y"))).title == "Café &<3"


def test_cdata_is_left_as_it_is() -> None:
    post = one(rss(item("<![CDATA[R&D & more]]>", "<![CDATA[<p>a &amp; b</p>]]>")))
    assert (post.title, post.html) == ("R&D & more", "<p>a &amp; b</p>")


def test_complete_entries_of_a_truncated_feed_are_kept() -> None:
    body = rss(item("One", more="<category>x</category>"), item("Two"), item("Three"))
    feed = parse(body[: body.index(b"Three") + 3], BASE)
    assert titles(feed) == ["One", "Two"]
    assert not feed.whole
    assert "ends too early" in str(feed.problems[0])


def test_a_feed_cut_inside_a_tag_has_no_empty_post() -> None:
    body = rss(item("One"), item("Two"))
    assert titles(parse(body[: body.rindex(b"<item>") + 5], BASE)) == ["One"]


def test_a_feed_cut_inside_cdata_keeps_what_came_before() -> None:
    body = rss(item("One"), item("Two", "<![CDATA[<p>half of it, and <item> in it]]>"))
    assert titles(parse(body[: body.index(b"half") + 2], BASE)) == ["One"]


@settings(deadline=None)
@given(st.integers(1, 1200))
def test_a_feed_truncated_anywhere_raises_nothing_but_not_a_feed(length: int) -> None:
    body = atom(*(entry(n) for n in range(1, 4)))
    try:
        feed = parse(body[:length], BASE)
    except NotAFeed:
        return
    assert titles(feed) == [f"Post {n}" for n in range(1, 4)][: len(feed.posts)]


def test_short_characters_of_a_feed_s_own_are_read() -> None:
    body = b"<!DOCTYPE rss [<!ENTITY copy2 '&#169;'>]>" + rss(item("&copy2; 2026"))[38:]
    assert one(body).title == "© 2026"


@pytest.mark.parametrize(
    "text", ["one<br>two", "<p>one<p>two", "one</b>two", "<b>one<i>two</b>", "one <img src='a.png'> two"]
)
def test_html_that_is_never_closed_costs_no_later_post(text: str) -> None:
    feed = parse(rss(item("First", text), item("Second", "&lt;b&gt;Salt&lt;/b&gt; &amp;amp; pepper")), BASE)
    assert titles(feed) == ["First", "Second"]
    assert [word in feed.posts[0].html for word in ("one", "two")] == [True, True]
    assert feed.posts[1].html == "<p><b>Salt</b> &amp; pepper</p>"


def test_a_sign_that_begins_no_tag_is_itself() -> None:
    assert one(rss(item("1 < 2 && 3 <4 <- x"))).title == "1 < 2 && 3 <4 <- x"


def test_a_sign_inside_an_attribute_ends_no_tag() -> None:
    body = atom(entry(1).replace("<link ", "<link title='a > b' "))
    assert one(body).url == "https://blog.example/posts/1"


@pytest.mark.parametrize(
    ("reference", "character"),
    [("&#8;", ""), ("&#0;", ""), ("&#xD800;", ""), ("&#x110000;", ""), ("&#xFFFE;", ""), ("&#150;", "–"),
     ("&#38;", "&"), ("&#60;", "<"), ("&#x1F600;", "\U0001f600"), ("&AMP;", "&"), ("&Nope;", "&Nope;")],
)  # fmt: skip
def test_characters_by_number_are_read_and_what_is_none_goes(reference: str, character: str) -> None:
    post = one(rss(item(f"a{reference}b", f"c{reference}d")))
    assert post.title == f"a{character}b"
    assert post.published == datetime.fromisoformat("2026-02-06T18:40:00+01:00")


def test_junk_behind_a_whole_feed_is_left_out() -> None:
    feed = parse(rss(item("One")) + b"<script>count()</script> bye", BASE)
    assert (titles(feed), feed.whole, feed.problems) == (["One"], True, ())


def test_a_feed_that_is_one_empty_element_is_whole() -> None:
    feed = parse(b'<feed xmlns="http://www.w3.org/2005/Atom"/>', BASE)
    assert (feed.posts, feed.whole, feed.problems) == ((), True, ())
