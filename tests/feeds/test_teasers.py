"""Posts of which a source has only the beginning, and summaries that stand beside texts."""

import json

import pytest

from newsletter.domain.found_post import FoundPost
from newsletter.feeds.formats.parse import parse
from newsletter.feeds.html.clean import clean

PAGE = "https://blog.example/2026/boats"
TEXT = "<p>The boats come in at dawn, one behind the other, and nobody counts them.</p>"


def rss(*items: str) -> tuple[FoundPost, ...]:
    listed = "".join(
        f"<item><title>Boats {n}</title><link>https://blog.example/{n}</link>{item}</item>"
        for n, item in enumerate(items)
    )
    head = '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>B</title>'
    return parse(f"{head}{listed}</channel></rss>".encode(), "https://blog.example/feed").posts


def described(html: str) -> str:
    return f"<description><![CDATA[{html}]]></description>"


@pytest.mark.parametrize(
    "end",
    [
        '<p><a href="https://blog.example/2026/boats?from=feed#more">Read more</a></p>',
        '<p><a href="https://www.blog.example/full">Les mer</a></p>',
        "<p>Continue reading</p>",
        '<p><a href="https://elsewhere.example/b">Continue reading on The Harbour »</a></p>',
        "<p>And then [&#8230;]</p>",
        "<p>And then [...]</p>",
        '<p>And then […]</p><p>The post <a href="/b">Boats</a> appeared first on <a href="/">Harbour</a>.</p>',
    ],
)
def test_a_post_that_leads_on_is_partial(end: str) -> None:
    assert clean(TEXT + end, PAGE, PAGE).partial


@pytest.mark.parametrize(
    "end",
    [
        "<p>And so on …</p>",
        '<p>The post <a href="/b">Boats</a> appeared first on <a href="/">Harbour</a>.</p>',
        '<p><a href="https://elsewhere.example/b">Read more</a></p>',
        '<p><a href="https://blog.example/other">Read more</a></p><p>The last boat has a name of its own.</p>',
        "<p>“The quay […] was empty.”</p>",
    ],
)
def test_a_post_that_is_whole_is_not(end: str) -> None:
    assert not clean(TEXT + end, PAGE, PAGE).partial


def test_a_line_that_leads_to_another_site_stays() -> None:
    html = f'{TEXT}<p><a href="https://elsewhere.example/b">Read more</a></p>'
    assert clean(html, PAGE, PAGE).html == html


def test_a_feed_of_short_descriptions_is_of_teasers() -> None:
    assert all(post.partial for post in rss(*[described(f"The boats of day {n} are here.") for n in range(4)]))


@pytest.mark.parametrize(
    "other",
    [
        described("The boats come in. " * 60),
        described('Nobody counts <a href="https://elsewhere.example/">them</a>.'),
        described("<ul><li>One boat</li></ul>"),
        described("Listen.") + '<enclosure url="https://blog.example/1.mp3" type="audio/mpeg" length="1"/>',
    ],
)
def test_one_text_that_is_no_teaser_makes_all_descriptions_texts(other: str) -> None:
    posts = rss(*[described(f"The boats of day {n} are here.") for n in range(4)], other)
    assert not any(post.partial for post in posts)


def test_a_feed_of_two_short_posts_is_not_judged() -> None:
    assert not any(post.partial for post in rss(described("One boat."), described("Two boats.")))


def test_entries_of_atom_with_a_summary_alone_are_partial() -> None:
    entry = "<entry><id>{0}</id><title>B</title><link href='https://blog.example/{0}'/>{1}</entry>"
    alone, both = entry.format("a", "<summary>One boat.</summary>"), entry.format("b", "<content>All.</content>")
    feed = f"<feed xmlns='http://www.w3.org/2005/Atom'><title>B</title>{alone}{both}</feed>"
    assert [post.partial for post in parse(feed.encode(), PAGE).posts] == [True, False]


def test_items_of_a_json_feed_with_a_summary_alone_are_partial() -> None:
    items = [{"id": "a", "summary": "One boat."}, {"id": "b", "content_html": "<p>All.</p>", "summary": "One boat."}]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "B", "items": items}
    posts = parse(json.dumps(feed).encode(), PAGE).posts
    assert [(post.partial, post.summary) for post in posts] == [(True, ""), (False, "One boat.")]


def test_a_summary_has_no_notes_of_feeds() -> None:
    note = '<p>The post <a href="https://blog.example/0">Boats</a> appeared first on <a href="/">Harbour</a>.</p>'
    whole = f"<content:encoded><![CDATA[{TEXT * 3}]]></content:encoded>"
    assert rss(described(f"<p>One boat &amp; more […]</p>{note}") + whole)[0].summary == "One boat & more […]"


def test_a_summary_that_says_all_of_the_text_is_none() -> None:
    whole = f"<content:encoded><![CDATA[{TEXT}]]></content:encoded>"
    assert rss(described(TEXT.removeprefix("<p>").removesuffix("</p>")) + whole)[0].summary == ""
