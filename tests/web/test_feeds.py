"""Feeds of editions and posts: valid Atom (RFC 4287) and JSON Feed 1.1, with what was sent and nothing else."""

import json
import re
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from django.test import Client

from newsletter import config
from newsletter.config import Topic
from newsletter.editions import approval
from newsletter.feeds.formats.parse import parse
from newsletter.models import ApprovedContent, Edition, EditionPost
from tests.web import make

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"
FEEDS = "/n/kinaforum/"
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


@pytest.fixture(autouse=True)
def by_file() -> None:
    """Emails go into a folder, so that links on this machine are no fault."""
    given = config.current()
    config.use(replace(given, delivery=replace(given.delivery, provider="file")))


def _sent(*titles: str) -> Edition:
    edition = make.draft(*titles)
    EditionPost.objects.filter(post__title="Third").update(included=False, choice="out")
    approval.queue(config.current(), approval.approve(config.current(), edition))
    make.first_accepted()
    return Edition.objects.get()


def _with(**keys: Any) -> None:
    given = config.current()
    newsletter = replace(given.newsletters["kinaforum"], **keys)
    config.use(replace(given, newsletters={**given.newsletters, "kinaforum": newsletter}))


def _atom(client: Client, file: str) -> ElementTree.Element:
    """A feed that has what RFC 4287 requires (4.1.1, 4.1.2)."""
    answer = client.get(f"{FEEDS}{file}")
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    root = ElementTree.fromstring(answer.content)
    assert root.tag == f"{ATOM}feed"
    for element in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1
        assert RFC3339.fullmatch(element.findtext(f"{ATOM}updated") or "")
        assert urlsplit(element.findtext(f"{ATOM}id") or "").scheme == "http"
        assert [
            each.get("href") for each in element.findall(f"{ATOM}link") if each.get("rel", "alternate") == "alternate"
        ]
        assert element.find(f"{ATOM}author/{ATOM}name") is not None or element is not root
    own = [each.get("href") for each in root.findall(f"{ATOM}link") if each.get("rel") == "self"]
    assert own == [f"http://localhost:8000{FEEDS}{file}"]
    ids = [each.text for each in root.findall(f"{ATOM}entry/{ATOM}id")]
    assert len(set(ids)) == len(ids)
    return root


def _json(client: Client, file: str) -> dict[str, Any]:
    """A feed that has what JSON Feed 1.1 requires, with values of the right types."""
    answer = client.get(f"{FEEDS}{file}")
    assert answer["Content-Type"] == "application/feed+json; charset=utf-8"
    found: dict[str, Any] = json.loads(answer.content)
    assert found["version"] == "https://jsonfeed.org/version/1.1"
    assert found["feed_url"] == f"http://localhost:8000{FEEDS}{file}"
    assert isinstance(found["title"], str)
    for item in found["items"]:
        assert isinstance(item["id"], str)
        assert item["id"]
        assert ("content_html" in item) != ("content_text" in item)
        assert RFC3339.fullmatch(item["date_published"])
        assert RFC3339.fullmatch(item["date_modified"])
        assert urlsplit(item["url"]).scheme in ("http", "https")
        assert all(isinstance(tag, str) for tag in item.get("tags", []))
        assert all(author["name"] for author in item.get("authors", []))
    ids = [item["id"] for item in found["items"]]
    assert len(set(ids)) == len(ids)
    return found


@pytest.mark.parametrize("file", ["feed", "posts"])
def test_a_feed_without_entries_is_valid(client: Client, file: str) -> None:
    make.draft("First")
    assert not _atom(client, f"{file}.atom").findall(f"{ATOM}entry")
    assert _json(client, f"{file}.json")["items"] == []


def test_the_feed_of_editions_has_sent_editions(client: Client) -> None:
    edition = _sent("First")
    (item,) = _json(client, "feed.json")["items"]
    assert item["url"] == item["id"] == f"http://localhost:8000/n/{edition.name}/"
    assert item["title"] == edition.approved_content.subject
    assert len(_atom(client, "feed.atom").findall(f"{ATOM}entry")) == 1


def test_the_feed_of_posts_has_what_was_sent_and_not_what_an_editor_left_out(client: Client) -> None:
    _sent("First", "Second", "Third")
    items = _json(client, "posts.json")["items"]
    assert [item["title"] for item in items] == ["First", "Second"]
    assert "the beginning of a text" in items[0]["content_html"]
    titles = [each.text for each in _atom(client, "posts.atom").findall(f"{ATOM}entry/{ATOM}title")]
    assert titles == ["First", "Second"]


def test_both_formats_say_the_same(client: Client) -> None:
    _sent("First", "Second")
    entries = _atom(client, "posts.atom").findall(f"{ATOM}entry")
    items = _json(client, "posts.json")["items"]
    assert [e.findtext(f"{ATOM}content") for e in entries] == [item["content_html"] for item in items]
    assert [e.findtext(f"{ATOM}id") for e in entries] == [item["id"] for item in items]
    published = [datetime.fromisoformat(e.findtext(f"{ATOM}published") or "") for e in entries]
    assert published == [datetime.fromisoformat(item["date_published"]) for item in items]


def test_an_editors_headline_and_text_are_in_the_feed_without_a_readers_name(client: Client) -> None:
    edition = make.draft("First")
    EditionPost.objects.update(title="A better headline", text="Dear {name|reader}, read this.")
    approval.queue(config.current(), approval.approve(config.current(), edition))
    make.first_accepted()
    (item,) = _json(client, "posts.json")["items"]
    assert item["title"] == "A better headline"
    assert "Dear reader, read this." in item["content_html"]


def test_a_newsletter_of_headlines_has_a_feed_of_headlines(client: Client) -> None:
    _with(body="title")
    _sent("First")
    (item,) = _json(client, "posts.json")["items"]
    assert item["content_text"] == "First"
    (entry,) = _atom(client, "posts.atom").findall(f"{ATOM}entry")
    assert entry.find(f"{ATOM}content") is None


@pytest.mark.parametrize("file", ["feed.atom", "feed.json", "posts.atom", "posts.json"])
def test_the_program_reads_its_own_feeds(client: Client, file: str) -> None:
    _sent("First", "Second")
    answer = client.get(f"{FEEDS}{file}")
    found = parse(answer.content, f"http://localhost:8000{FEEDS}{file}", answer["Content-Type"])
    assert len(found.posts) == (1 if file.startswith("feed") else 2)
    assert not found.problems


@pytest.mark.parametrize("file", ["feed.atom", "feed.json", "posts.atom", "posts.json"])
def test_characters_that_xml_can_not_contain_are_left_out(client: Client, file: str) -> None:
    edition = _sent("First")
    ApprovedContent.objects.filter(edition=edition).update(subject="A\x0b", preheader="B\x00\ufffe")
    EditionPost.objects.update(title="C\x0b & <b>D</b>")
    (_atom if file.endswith("atom") else _json)(client, file)


def test_the_archive_links_to_its_feeds(client: Client) -> None:
    head = client.get(FEEDS).content.decode().partition("</head>")[0]
    found = re.findall(r'<link rel="alternate" type="([^"]+)" href="([^"]+)"', head)
    atom, as_json = "application/atom+xml", "application/feed+json"
    assert found == [
        (atom, f"{FEEDS}feed.atom"),
        (as_json, f"{FEEDS}feed.json"),
        (atom, f"{FEEDS}posts.atom"),
        (as_json, f"{FEEDS}posts.json"),
    ]


@pytest.mark.parametrize("file", ["feed.json", "posts.atom", "posts.json"])
def test_feeds_may_be_kept_by_caches_and_respect_noindex(client: Client, file: str) -> None:
    _with(noindex=True)
    answer = client.get(f"{FEEDS}{file}")
    assert answer["Cache-Control"] == "public, max-age=300"
    assert answer["X-Robots-Tag"] == "noindex"
    assert not answer.cookies
    assert client.post(f"{FEEDS}{file}").status_code == 405
    assert client.get(f"/n/nobody/{file}").status_code == 404


def test_a_topic_has_a_feed_of_its_posts(client: Client) -> None:
    _sent("A film", "A book", "Another film")
    given = config.current()
    topics = {"film": Topic(title="Films", words=("film",)), "tea": Topic(words=("tea",))}
    newsletter = replace(given.newsletters["kinaforum"], topics=topics)
    config.use(replace(given, newsletters={**given.newsletters, "kinaforum": newsletter}))
    root = _atom(client, "topics/film.atom")
    assert root.findtext(f"{ATOM}title") == "Kinaforum: Films"
    assert {each.text for each in root.findall(f"{ATOM}entry/{ATOM}title")} == {"A film", "Another film"}
    assert _atom(client, "topics/tea.atom").findall(f"{ATOM}entry") == []
    assert client.get("/n/kinaforum/topics/music.atom").status_code == 404
    archive = client.get("/n/kinaforum/").content.decode()
    assert archive.count("/n/kinaforum/topics/film.atom") == 2


def test_a_reader_that_has_a_feed_is_told_so_and_its_language_is_the_newsletters(client: Client) -> None:
    _sent("First")
    for file in ("feed.atom", "posts.json"):
        answer = client.get(f"{FEEDS}{file}", headers={"Accept-Language": "en"})
        assert answer["Content-Language"] == config.current().newsletters["kinaforum"].language
        assert client.get(f"{FEEDS}{file}", headers={"If-None-Match": answer["ETag"]}).status_code == 304
