"""What anybody may read: from the first mail on, without anybody's links, quickly and for caches."""

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client

from newsletter import config
from newsletter.editions import approval
from newsletter.models import ApprovedContent, Edition
from newsletter.sending import lifecycle
from tests.web import make

pytestmark = pytest.mark.django_db
PAGE = f"/n/kinaforum/{make.PERIOD}/"


@pytest.fixture(autouse=True)
def by_file() -> None:
    """Mails go into a folder, so that links on this machine are no fault."""
    given = config.current()
    config.use(replace(given, delivery=replace(given.delivery, provider="file")))


def _approved() -> Edition:
    draft = make.draft("First", "Second")
    Edition.objects.update(greeting="Kjære {name|leser},")
    return approval.approve(config.current(), draft, by="anna@example.org")


def _begun() -> Edition:
    edition = approval.queue(config.current(), _approved())
    make.first_accepted()
    return Edition.objects.get(pk=edition.pk)


def test_nothing_is_there_before_the_first_mail(client: Client) -> None:
    make.draft("First")
    assert client.get(PAGE).status_code == 404
    approval.queue(config.current(), approval.approve(config.current(), Edition.objects.get()))
    assert client.get(PAGE).status_code == 404
    assert "First" not in client.get("/n/kinaforum/").content.decode()
    make.first_accepted()
    assert client.get(PAGE).status_code == 200


def test_an_edition_cancelled_during_sending_stays_readable(client: Client) -> None:
    lifecycle.cancel(config.current(), _begun())
    assert client.get(PAGE).status_code == 200


def test_nobody_s_links_are_in_it(client: Client) -> None:
    _begun()
    answer = client.get(PAGE)
    body = answer.content.decode()
    assert "First" in body
    assert "Kjære leser," in body
    assert "/u/" not in body
    assert "/p/" not in body
    assert "sandbox" in answer["Content-Security-Policy"]
    assert not answer.cookies
    for name, _value, _form, _fallback in Edition.objects.get().approved_content.placeholders:
        assert name not in body


def test_caches_may_keep_it(client: Client, django_assert_num_queries: Any) -> None:
    _begun()
    first = client.get(PAGE)
    assert first["Cache-Control"] == "public, max-age=300"
    assert client.get(PAGE, headers={"If-None-Match": first["ETag"]}).status_code == 304
    with django_assert_num_queries(6):
        assert client.get(PAGE).status_code == 200


@pytest.mark.parametrize("path", ["/n/nobody/", "/n/nobody/2026-W06/", "/n/nobody/feed.atom", "/n/kinaforum/?page=9"])
def test_a_missing_edition_is_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_lists_name_the_editions(client: Client) -> None:
    edition = _begun()
    for path in ("/", "/n/kinaforum/"):
        body = client.get(path).content.decode()
        assert f'href="{PAGE}"' in body
        assert edition.approved_content.subject in body
    assert "subscribe" in client.get("/n/kinaforum/").content.decode()


def test_an_archive_without_editions_says_what_comes(client: Client) -> None:
    assert "No editions yet" in client.get("/n/kinaforum/?lang=en").content.decode()


def test_the_feed_is_atom(client: Client) -> None:
    _begun()
    answer = client.get("/n/kinaforum/feed.atom")
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    root = ElementTree.fromstring(answer.content)
    atom = "{http://www.w3.org/2005/Atom}"
    entries = root.findall(f"{atom}entry")
    assert [e.findtext(f"{atom}id") for e in entries] == [f"http://localhost:8000{PAGE}"]
    assert root.findtext(f"{atom}title") == "Kinaforum"


def test_the_site_map_leaves_out_what_is_not_to_be_found(client: Client) -> None:
    _begun()
    assert PAGE in client.get("/sitemap.xml").content.decode()
    given = config.current()
    hidden = replace(given.newsletters["kinaforum"], noindex=True)
    config.use(replace(given, newsletters={**given.newsletters, "kinaforum": hidden}))
    assert "kinaforum" not in client.get("/sitemap.xml").content.decode()
    assert client.get("/n/kinaforum/")["X-Robots-Tag"] == "noindex"
    assert client.get(PAGE)["X-Robots-Tag"] == "noindex"


def test_robots_are_kept_out_of_the_desk(client: Client) -> None:
    body = client.get("/robots.txt").content.decode()
    assert "Disallow: /desk/\n" in body
    assert "Sitemap: http://localhost:8000/sitemap.xml" in body


@pytest.mark.parametrize("path", ["/", "/n/kinaforum/", "/n/kinaforum/feed.atom", "/sitemap.xml", "/robots.txt"])
def test_only_reading_is_possible(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405


def test_the_feed_s_texts_are_plain(client: Client) -> None:
    """A title's `<b>` is text, and a control character is no fault of the feed."""
    edition = _begun()
    ApprovedContent.objects.filter(edition=edition).update(
        subject="<i>A</i> & B\x0b", preheader="<b>Tom</b> &amp; Jerry\x00\ufffe"
    )
    root = ElementTree.fromstring(client.get("/n/kinaforum/feed.atom").content)
    summary = root.find("{*}entry/{*}summary")
    assert summary is not None
    assert (summary.get("type"), summary.text) == ("text", "<b>Tom</b> &amp; Jerry")
    assert root.findtext("{*}entry/{*}title") == "<i>A</i> & B"
