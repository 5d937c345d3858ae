"""What anybody may read: from the first mail on, without anybody's links, quickly and for caches."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from lxml import html as lxml_html

from newsletter import config
from newsletter.editions import approval, public_editions
from newsletter.models import ApprovedContent, Edition, Post
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
        assert ">First</a>" in body
        assert edition.approved_content.subject not in body, "and 1 more tells nothing there"
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


PICTURE = '<img src="https://kinaforum.example/tea.jpg" alt="Tea" width="1200" height="800">'


def _editions(count: int) -> Edition:
    """So many public editions, a week apart; the first one of these is the newest."""
    first = _begun()
    content = ApprovedContent.objects.get(edition=first)
    weeks = [first.until - timedelta(weeks=number) for number in range(1, count)]
    values = {"newsletter": first.newsletter, "state": first.state, "created_at": first.created_at}
    Edition.objects.bulk_create(
        Edition(
            **values,
            period=f"{until.isocalendar().year}-W{until.isocalendar().week:02}",
            since=until - timedelta(weeks=1),
            until=until,
            refreshed_at=until,
            published_at=until,
        )
        for until in weeks
    )
    copied = ("revision", "subject", "preheader", "html", "text", "placeholders", "headers", "segments")
    ApprovedContent.objects.bulk_create(
        ApprovedContent(edition=edition, **{key: getattr(content, key) for key in copied})
        for edition in Edition.objects.exclude(pk=first.pk)
    )
    return first


def _listed(client: Client, query: str = "") -> list[str]:
    """The pages of the editions that the archive lists, in its order."""
    document = lxml_html.fromstring(client.get(f"/n/kinaforum/{query}").content)
    return [link.get("href") for link in document.xpath("//li[contains(@class, 'edition')]//h3/a")]


def test_the_archive_shows_each_edition_s_headline_picture_and_excerpt(client: Client) -> None:
    make.post("With a picture", hours=1, html=f"<p>Tea is drunk in the afternoon, and again at night.</p>{PICTURE}")
    _begun()
    item = lxml_html.fromstring(client.get("/n/kinaforum/").content).find_class("newest")[0]
    assert item.findtext(".//h3/a") == "With a picture"
    assert item.find(".//p[@class='excerpt']").text == "Kjære leser,"
    assert item.find("img").get("src") == "https://kinaforum.example/tea.jpg"


def test_an_edition_without_pictures_has_its_headline_and_excerpt_alone(client: Client) -> None:
    _begun()
    item = lxml_html.fromstring(client.get("/n/kinaforum/").content).find_class("newest")[0]
    assert item.find("img") is None
    assert item.findtext(".//p[@class='excerpt']")


def test_an_excerpt_is_the_preview_text_that_an_editor_wrote(client: Client) -> None:
    Edition.objects.filter(pk=_begun().pk).update(preheader="Mine")
    ApprovedContent.objects.update(preheader="Mine")
    assert '<p class="excerpt" dir="auto">Mine</p>' in client.get("/n/kinaforum/").content.decode()


def test_the_excerpts_of_earlier_editions_are_short_and_end_with_a_word(client: Client) -> None:
    _editions(2)
    text = "One walk, one camera, and a few frames of the landscape between the two rivers, with notes on each of them."
    Edition.objects.update(preheader=text)
    ApprovedContent.objects.update(preheader=text)
    document = lxml_html.fromstring(client.get("/n/kinaforum/").content)
    newest, earlier = (excerpt.text for excerpt in document.find_class("excerpt"))
    assert newest == text
    assert earlier.endswith("…")
    assert text.startswith(f"{earlier[:-1]} ")


def test_the_archive_takes_as_many_queries_for_300_editions_as_for_one(
    client: Client, django_assert_num_queries: Any
) -> None:
    _editions(300)
    with django_assert_num_queries(3):  # the editions, their texts, and how many there are
        assert len(_listed(client)) == 24
    with django_assert_num_queries(2):
        assert len(_listed(client)) == 24


def test_the_pages_of_the_archive_list_every_edition_once_and_no_removed_one(client: Client) -> None:
    removed = _editions(300)
    public_editions.remove(removed)
    paths = [path for page in range(1, 14) for path in _listed(client, f"?page={page}")]
    assert len(paths) == len(set(paths)) == 299
    assert PAGE not in paths
    assert "13 / 13" in client.get("/n/kinaforum/?page=13").content.decode()
    assert client.get("/n/kinaforum/?page=14").status_code == 404


def test_an_archive_with_one_edition_has_no_pages(client: Client) -> None:
    _begun()
    assert "?page=" not in client.get("/n/kinaforum/").content.decode()


def test_all_newsletters_and_their_latest_editions_take_one_query(
    client: Client, django_assert_num_queries: Any
) -> None:
    _editions(3)
    client.get("/")
    with django_assert_num_queries(1):
        assert f'href="{PAGE}"' in client.get("/").content.decode()


def test_the_title_of_a_page_is_the_first_headline_which_is_there_once(client: Client) -> None:
    edition = _begun()
    page = client.get(PAGE)
    document = lxml_html.fromstring(page.content)
    (heading,) = document.iter("h1")
    assert heading.text_content() == "First"
    assert heading.find("a").get("href") == edition.entries.get(post__title="First").post.url
    assert [each.text_content() for each in document.find_class("issue-headline")] == ["Second"]
    assert edition.approved_content.subject not in page.text
    assert document.findtext(".//title") == "First · Kinaforum"


def test_the_page_has_its_day_once_and_who_writes(client: Client) -> None:
    known = config.current()
    config.use(replace(known, newsletters={"kinaforum": replace(known.newsletters["kinaforum"], author="Ida Marsh")}))
    _begun()
    Edition.objects.update(published_at=Post.objects.earliest("published").published)
    document = lxml_html.fromstring(client.get(PAGE).content)
    (byline,) = document.find_class("byline")
    assert " ".join(byline.text_content().split()).startswith("Av Ida Marsh · ")
    in_words = byline.findtext("time")
    assert document.find(".//main").text_content().count(in_words) == 1


def test_a_subject_that_an_editor_wrote_is_the_title(client: Client) -> None:
    make.draft("First", "Second")
    Edition.objects.update(subject="First, and tea")
    edition = approval.queue(config.current(), approval.approve(config.current(), Edition.objects.get()))
    make.first_accepted()
    document = lxml_html.fromstring(client.get(PAGE).content)
    assert [heading.text_content() for heading in document.iter("h1")] == [edition.approved_content.subject]
    assert [heading.text_content() for heading in document.find_class("issue-headline")] == ["First", "Second"]


def test_an_archive_in_arabic_runs_from_right_to_left(client: Client) -> None:
    _begun()
    shared = config.current()
    arabic = replace(shared.newsletters["kinaforum"], language="ar")
    config.use(replace(shared, newsletters={**shared.newsletters, "kinaforum": arabic}))
    document = lxml_html.fromstring(client.get("/n/kinaforum/").content)
    assert document.find(".//ul[@class='editions']").get("dir") == "rtl"
    page = lxml_html.fromstring(client.get(PAGE).content)
    assert (page.get("lang"), page.get("dir")) == ("ar", "rtl")


def test_a_newsletter_that_has_ended_says_so_wherever_it_is_listed(client: Client) -> None:
    _begun()
    known = config.current()
    ended = {name: replace(each, status="archived") for name, each in known.newsletters.items()}
    config.use(replace(known, newsletters=ended))
    for path in ("/", "/n/kinaforum/", "/n/daily/", "/n/kinaforum/subscribe"):
        page = client.get(path, headers={"Accept-Language": "en"}).text
        assert "This newsletter is no longer published." in page
        assert ">Subscribe<" not in page
        assert "Subscribe to get" not in page


def test_a_page_that_has_only_a_sentence_has_a_link_onward(client: Client) -> None:
    for path in ("/p/cut", "/confirm/cut", "/me/cut", "/u/cut"):
        assert '<p><a href="/">Newsletters</a></p>' in client.get(path, headers={"Accept-Language": "en"}).text
    signed_up = client.post("/n/daily/subscribe", {"address": "kari@reader.example"}, headers={"Accept-Language": "en"})
    assert '<p><a href="/n/daily/">Read earlier editions</a></p>' in signed_up.text


def test_an_edition_s_page_is_shared_in_the_words_of_a_page(client: Client) -> None:
    _begun()
    page = client.get(PAGE).text
    assert page.count("Del på e-post</a>") == 1
    assert "Videresend e-posten" not in page


def test_the_archive_has_the_day_where_the_newsletter_is_published_as_its_emails_write_it(client: Client) -> None:
    _begun()
    Edition.objects.update(published_at=datetime(2026, 2, 7, 1, 30, tzinfo=UTC))
    known = config.current()
    abroad = replace(known.newsletters["kinaforum"], timezone="America/New_York", language="en-US")
    config.use(replace(known, newsletters={**known.newsletters, "kinaforum": abroad}))
    for path, in_english in (("/", "6 February 2026"), ("/n/kinaforum/", "February 6, 2026")):
        assert in_english in client.get(path, headers={"Accept-Language": "en"}).text
        assert "6. februar 2026" in client.get(path, headers={"Accept-Language": "nb"}).text
    assert 'datetime="2026-02-06"' in client.get("/n/kinaforum/").text
