"""A blog's profile from a server on loopback, and the config.toml made from it."""

from datetime import UTC, datetime, timedelta

import pytest

from newsletter import config
from newsletter.feeds.model import SourceProblem
from newsletter.setup.blog_profile import (
    BlogProfile,
    _language,
    _short_title,
    find_profile,
    newsletter_name,
    posting_period,
)
from newsletter.setup.starter import starter_config
from tests.doubles.blog import BlogServer, Entry

NOW = datetime(2026, 2, 6, 18, tzinfo=UTC)
LIMITS = config.Collect(allow_private_addresses=True)
TEXT = "<p>The ferry left the harbour before noon, and nobody on the quay had expected it to come back so soon.</p>"


def test_a_blog_is_described_by_its_page_and_its_feed() -> None:
    oslo = [
        (NOW - timedelta(days=n)).astimezone(datetime.fromisoformat("2026-02-06T18:00+01:00").tzinfo) for n in range(5)
    ]
    with BlogServer([Entry(f"p{n}", at, html=TEXT * 3) for n, at in enumerate(oslo)]) as blog:
        found = find_profile(blog.url + "/", LIMITS, now=NOW)
    assert (found.title, len(found.posts), found.period, found.name) == ("A blog", 5, "week", "a-blog")
    assert (found.language or found.post_language) == "en"
    assert found.timezone


def test_a_page_in_english_is_not_believed_where_the_posts_are_in_another_language() -> None:
    pairs = [("en", "tr"), ("en-GB", "zh"), ("en", "en"), ("en", ""), ("nb", "en"), ("", "no")]
    assert [_language(*pair) for pair in pairs] == ["tr", "zh-Hans", "en", "en", "nb", "nb"]


def test_the_kind_of_a_feed_is_no_part_of_the_title() -> None:
    titles = [("Blog", "Quay | Boats"), ("Quay – Boats", ""), ("Quay | RSS", ""), ("", "Quay"), ("News", "")]
    assert [_short_title(*pair) for pair in titles] == ["Quay", "Quay – Boats", "Quay", "Quay", "News"]


def test_an_address_without_a_feed_is_refused_with_the_remedy() -> None:
    with BlogServer() as blog, pytest.raises(SourceProblem, match="feed"):
        find_profile(blog.url + "/page", LIMITS, now=NOW)


def test_a_private_address_is_refused() -> None:
    with BlogServer() as blog, pytest.raises(SourceProblem, match="not a public address"):
        find_profile(blog.url + "/", config.Collect(), now=NOW)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Kinaforum", "kinaforum"),
        ("The Daily – News!", "the-daily-news"),
        ("Łódź: Große Übersicht", "lodz-grosse-ubersicht"),
        ("Blåbær på Øya", "blabaer-pa-oya"),
        ("新聞", ""),
        ("x" * 60, "x" * 40),
    ],
)
def test_names_of_newsletters_are_made_from_titles(text: str, name: str) -> None:
    assert newsletter_name(text) == name


def test_a_blog_without_a_title_in_ascii_is_named_after_its_host() -> None:
    assert BlogProfile(url="https://www.news.example/", title="新聞").name == "news"


@pytest.mark.parametrize(("days", "period"), [(1, "week"), (6, "week"), (20, "month")])
def test_the_period_follows_the_posting_rhythm(days: int, period: str) -> None:
    assert posting_period([NOW - timedelta(days=days * n) for n in range(10)], NOW) == period


@pytest.mark.parametrize("title", ["Kinaforum", 'Say "hi" # now', "Bücher, Berge & \\", "a\tb", "日本"])
@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_the_configuration_made_from_a_profile_is_valid(title: str, period: str) -> None:
    blog = BlogProfile(
        "https://blog.example/",
        title,
        "About 'it'",
        post_language="en",
        logo="https://blog.example/l.png",
        accent="#00aa77",
        period=period,
    )
    written = config.parse(starter_config(blog, language="nb", timezone="Europe/Oslo"), environ={})
    newsletter = written.newsletters[blog.name]
    assert (newsletter.title, newsletter.description, newsletter.period) == (title, "About 'it'", period)
    assert (newsletter.language, newsletter.timezone, newsletter.theme.accent) == ("nb", "Europe/Oslo", "#00aa77")
    assert newsletter.sources[0].language == "en"


def test_placeholders_are_refused_by_every_provider_but_file() -> None:
    text = starter_config(BlogProfile("https://blog.example/", "A blog"), language="en", timezone="UTC")
    with pytest.raises(config.ConfigError) as refused:
        config.parse(text.replace('provider = "file"', 'provider = "smtp"'), environ={})
    assert list(map(str, refused.value.problems)) == [
        f"newsletters.a-blog.{key}: is still a placeholder; write your {what} before you use the provider 'smtp'"
        for key, what in (("from", "sender address"), ("address", "postal address"))
    ]
