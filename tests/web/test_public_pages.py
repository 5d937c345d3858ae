"""Archive and edition pages: metadata for search engines and other sites, ways around, sign-up and search."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from newsletter import config
from newsletter.editions import approval
from newsletter.models import ApprovedContent, Edition
from subscribers.models import Subscriber, Subscription
from subscribers.tokens import Purpose, timed_token
from tests.subscribers.make import add_subscription
from tests.web import make

pytestmark = pytest.mark.django_db
ARCHIVE, PAGE = "/n/kinaforum/", f"/n/kinaforum/{make.PERIOD}/"
SITE = "http://localhost:8000"
CARD = ("og:type", "og:url", "og:title", "og:site_name", "og:locale", "twitter:card")


@pytest.fixture(autouse=True)
def by_file() -> None:
    """Emails go into a folder, so that links on this machine are no fault."""
    given = config.current()
    config.use(replace(given, delivery=replace(given.delivery, provider="file")))


def _with(**keys: Any) -> None:
    given = config.current()
    newsletter = replace(given.newsletters["kinaforum"], **keys)
    config.use(replace(given, newsletters={**given.newsletters, "kinaforum": newsletter}))


def _send(edition: Edition) -> None:
    approval.queue(config.current(), approval.approve(config.current(), edition))
    make.first_accepted()


def _sent(*titles: str) -> Edition:
    _send(make.draft(*titles or ("First",)))
    return Edition.objects.get()


class Head(HTMLParser):
    """Metadata as a program that shows links reads it: the standard library's parser, and no code of the project."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.meta: dict[str, str] = {}
        self.links: list[tuple[str, str]] = []
        self.data: dict[str, Any] = {}
        self._is_data = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag == "meta" and (name := given.get("property") or given.get("name")):
            assert name not in self.meta, name
            self.meta[name] = given["content"]
        elif tag == "link":
            self.links.append((given["rel"], given["href"]))
        self._is_data = tag == "script" and given.get("type") == "application/ld+json"

    def handle_data(self, data: str) -> None:
        if self._is_data and data.strip():
            self.data = json.loads(data)


def _head(client: Client, path: str) -> Head:
    return Head(client.get(path).content.decode())


# Metadata.


def test_an_edition_can_be_shown_as_a_card(client: Client) -> None:
    content = _sent().approved_content
    head = _head(client, PAGE)
    assert {name: head.meta.get(name, "") for name in CARD if not head.meta.get(name)} == {}
    assert head.meta["og:type"] == "article"
    assert head.meta["og:title"] == content.subject
    assert head.meta["og:description"] == head.meta["description"] == content.preheader
    assert head.meta["og:url"] == f"{SITE}{PAGE}"
    assert ("canonical", f"{SITE}{PAGE}") in head.links
    began = Edition.objects.get().began_at
    assert began is not None
    assert head.meta["article:published_time"] == began.isoformat(timespec="seconds")


def test_an_edition_is_an_article_of_a_periodical(client: Client) -> None:
    _sent()
    data = _head(client, PAGE).data
    assert (data["@context"], data["@type"]) == ("https://schema.org", "Article")
    assert data["isPartOf"] == {"@type": "Periodical", "name": "Kinaforum", "url": f"{SITE}{ARCHIVE}"}
    assert data["url"] == f"{SITE}{PAGE}"


def test_the_archive_is_a_collection(client: Client) -> None:
    head = _head(client, ARCHIVE)
    assert head.meta["og:type"] == "website"
    assert head.data["@type"] == "CollectionPage"
    assert ("canonical", f"{SITE}{ARCHIVE}") in head.links


def test_a_subject_can_not_leave_its_place_in_the_metadata(client: Client) -> None:
    edition = _sent()
    hostile = "</script><script>alert(1)</script> \"' & <b>"
    ApprovedContent.objects.filter(edition=edition).update(subject=hostile, preheader=hostile)
    body = client.get(PAGE).content.decode()
    assert "<script>alert" not in body
    head = Head(body)
    assert head.meta["og:title"] == head.data["headline"] == hostile


# Ways around.


def test_an_edition_links_to_the_ones_beside_it(client: Client) -> None:
    first = _sent()
    make.post("Second", hours=1)
    for number, period in enumerate(("2026-W07", "2026-W08"), 1):
        copy = Edition.objects.get(pk=first.pk)
        content = copy.approved_content
        copy.pk, copy.period, copy.until = None, period, first.until + timedelta(days=7 * number)
        copy.save()
        content.pk, content.edition, content.subject = None, copy, f"Subject {period}"
        content.save()
    middle = _head(client, f"{ARCHIVE}2026-W07/")
    assert {("prev", PAGE), ("next", f"{ARCHIVE}2026-W08/")} <= set(middle.links)
    body = client.get(PAGE).content.decode()
    assert "Subject 2026-W07" in body
    assert "Subject 2026-W08" not in body


def test_a_new_edition_changes_the_page_of_the_one_before(client: Client) -> None:
    first = _sent()
    before = client.get(PAGE)["ETag"]
    content = first.approved_content
    first.pk, first.period, first.until = None, "2026-W07", first.until + timedelta(days=7)
    first.save()
    content.pk, content.edition = None, first
    content.save()
    assert client.get(PAGE, headers={"If-None-Match": before}).status_code == 200


def test_an_edition_has_a_field_for_an_address_and_links_to_share_it_and_to_the_feed(client: Client) -> None:
    _sent()
    page = client.get(PAGE)
    body = page.content.decode()
    form = body[body.index("<form") : body.index("</form>")]
    assert f'action="{ARCHIVE}subscribe"' in form
    assert re.findall(r'<input[^>]* name="([^"]+)"', form) == ["address", "website"]
    assert "form-action 'self'" in page["Content-Security-Policy"]
    assert body.count('href="mailto:?subject=') == 1
    assert f'href="{ARCHIVE}feed.atom"' in body


def test_an_edition_s_page_has_the_time_that_reading_takes(client: Client) -> None:
    make.post("Long", hours=1, html=f"<p>{'tea ' * 700}</p>")
    _with(language="en", body="full")
    _sent()
    assert re.search(r"· \d min read", re.sub(r"<[^>]*>", "", client.get(PAGE).text))


def test_an_edition_s_page_leads_to_each_post_if_there_are_many(client: Client) -> None:
    _with(language="en")
    _sent("First", "Second", "Third", "Fourth")
    body = client.get(PAGE).text
    links = re.findall(r'<a href="#([\w-]+)"[^>]*>(\w+)</a></li>', body)
    assert sorted(title for _, title in links) == ["First", "Fourth", "Second", "Third"]
    assert all(body.count(f'id="{anchor}"') == 1 for anchor, _ in links)


def test_an_archived_newsletter_offers_no_subscription(client: Client) -> None:
    _sent()
    _with(status="archived")
    assert "subscribe" not in client.get(PAGE).content.decode()
    assert f"{ARCHIVE}subscribe" not in client.get(ARCHIVE).content.decode()


def test_the_page_around_the_email_is_in_the_newsletter_s_language(client: Client) -> None:
    _with(language="nb")
    _sent()
    body = client.get(PAGE).content.decode()
    assert '<html lang="nb" dir="ltr">' in body
    assert "Alle utgaver" in body


def test_the_email_itself_has_nothing_of_the_page() -> None:
    assert "<form" not in _sent().approved_content.html


# What a newsletter's page says of it.


def test_a_newsletter_s_page_says_who_writes_and_how_often_below_its_picture(client: Client) -> None:
    _with(author="Kari", cover="https://kinaforum.example/cover.jpg", description="News from East Asia")
    page = client.get(f"{ARCHIVE}?lang=en").text
    assert '<img class="cover" src="https://kinaforum.example/cover.jpg" alt="">' in page
    assert "<bdi>By Kari</bdi>" in page
    assert "<bdi>Every Friday</bdi>" in page
    assert "<bdi>Hver fredag</bdi>" in client.get(f"{ARCHIVE}?lang=nb").text
    assert Head(page).meta["og:image"] == "https://kinaforum.example/cover.jpg"
    assert 'placeholder="name@example.org"' in page
    assert 'class="opening"' not in page


def test_a_newsletter_s_page_is_whole_without_what_nobody_gave(client: Client) -> None:
    _with(description="")
    page = client.get(f"{ARCHIVE}?lang=en").text
    assert 'class="cover"' not in page
    name, _, field = page.partition('<div class="opening">')[2].partition("</h1>")
    assert "Kinaforum" in name
    assert 'name="address"' in field.partition("<section")[0]
    assert 'class="lead"' not in page
    assert "By " not in page
    assert "<bdi>Every Friday</bdi>" in page


@pytest.mark.parametrize(
    ("count", "is_shown", "text"), [(100, True, "100 subscribers"), (99, True, ""), (100, False, "")]
)
def test_the_number_of_subscribers_is_shown_from_a_hundred_on_if_the_publisher_wishes(
    client: Client, count: int, is_shown: bool, text: str
) -> None:
    _with(show_subscribers=is_shown)
    people = Subscriber.objects.bulk_create(
        Subscriber(address=f"r{n}@reader.example", key=f"r{n}@reader.example") for n in range(count + 1)
    )
    Subscription.objects.bulk_create(
        Subscription(subscriber=person, newsletter="kinaforum", state="active" if number else "pending")
        for number, person in enumerate(people)
    )
    facts = re.findall(r"<bdi>([^<]*subscribers)</bdi>", client.get(f"{ARCHIVE}?lang=en").text)
    assert facts == ([text] if text else [])


def test_a_site_with_one_newsletter_begins_with_its_page(client: Client) -> None:
    given = config.current()
    config.use(replace(given, newsletters={"kinaforum": given.newsletters["kinaforum"]}))
    head = _head(client, "/")
    assert ("canonical", f"{SITE}{ARCHIVE}") in head.links
    assert 'class="sign-up"' in client.get("/").text


# Signing up in the archive.


def test_the_form_of_the_archive_asks_for_a_subscription(client: Client) -> None:
    body = client.get(f"{ARCHIVE}?lang=en").content.decode()
    form = body[body.index("<form") : body.index("</form>")]
    assert f'action="{ARCHIVE}subscribe"' in form
    names = re.findall(r'<input[^>]* name="([^"]+)"', form)
    assert names == ["address", "website"]
    assert "Yes, send me Kinaforum by email." in form
    answer = client.post(f"{ARCHIVE}subscribe", {"address": "new@example.org", "website": ""})
    assert answer.status_code == 202
    assert Subscription.objects.get().state == "pending"


def test_the_sign_up_page_shows_the_latest_edition(client: Client) -> None:
    path = f"{ARCHIVE}subscribe"
    assert "The latest edition" not in client.get(path, {"lang": "en"}).content.decode()
    _sent()
    body = client.get(path, {"lang": "en"}).content.decode()
    card = body[body.index("The latest edition") :]
    assert "First is the beginning of a text" in card
    assert f'href="{PAGE}" dir="auto">First</a>' in card


def test_whoever_confirms_is_told_what_comes_and_has_the_latest_edition_and_the_preferences(client: Client) -> None:
    _sent()
    consent = add_subscription(state="pending").consents.create(how="form")
    link = f"/confirm/{timed_token(Purpose.CONFIRM, consent.pk, 60)}?lang=en"
    assert "/p/" not in client.get(link).text, "before the button is pressed"
    page = client.post(link).text
    assert "You get an email each week, the first one around " in page
    assert "Add brev@example.org to your contacts" in page
    assert '<h3><span dir="auto">First</span></h3>' in page
    assert f'href="{PAGE}">Read the latest edition</a>' in page
    assert page.count(f'href="{PAGE}"') == 1, "one link to the edition"
    assert '<h1><svg class="done"' in page
    (preferences,) = re.findall(r'href="(/p/[^"]+)"', page)
    assert client.get(preferences).status_code == 200
    again = client.post(link).text
    assert "/p/" not in again, "the link works once"
    assert 'class="done"' not in again


def test_the_language_of_a_page_is_chosen_from_one_select(client: Client) -> None:
    page = client.get(f"{ARCHIVE}?lang=nb").text
    assert page.count('name="lang"') == 1
    assert re.findall(r'<option value="(\w+)"[^>]* selected>', page) == ["nb"]
    assert "?lang=" not in page


# Search.


@pytest.mark.parametrize("query", ["First", "first", "beginning FIRST", "  first  "])
def test_search_finds_an_edition_by_its_words(client: Client, query: str) -> None:
    _sent("First")
    assert f'href="{PAGE}"' in client.get(ARCHIVE, {"q": query}).content.decode()


def test_search_folds_case_in_any_alphabet(client: Client) -> None:
    edition = _sent()
    ApprovedContent.objects.filter(edition=edition).update(subject="Å gå på ØY, ΑΘΗΝΑ")
    for query in ("å gå", "øy", "αθηνα"):
        assert f'href="{PAGE}"' in client.get(ARCHIVE, {"q": query}).content.decode()


@pytest.mark.parametrize(
    "query", ["nothing", "first nothing", "%", "_", "' OR 1=1", "\\", '"><script>x</script>', "\0"]
)
def test_search_that_finds_nothing_says_so(client: Client, query: str) -> None:
    edition = _sent()
    ApprovedContent.objects.filter(edition=edition).update(text="Only words", preheader="")
    answer = client.get(f"{ARCHIVE}?lang=en", {"q": query, "lang": "en"})
    body = answer.content.decode()
    assert "<script>x" not in body
    if query.strip("\0"):
        assert "No edition contains" in body
        assert answer["X-Robots-Tag"] == "noindex"


def test_a_search_of_one_newsletter_finds_nothing_of_another_or_of_drafts(client: Client) -> None:
    make.draft("First")
    assert PAGE not in client.get(ARCHIVE, {"q": "first"}).content.decode()


def test_pages_are_small_and_need_no_script(client: Client) -> None:
    _sent(*(f"Post number {number}" for number in range(8)))
    for path in (ARCHIVE, PAGE, f"{ARCHIVE}subscribe"):
        body = client.get(path).content.decode()
        assert len(body.encode()) < 60_000
        assert set(re.findall(r"<script[^>]*>", body)) <= {'<script type="application/ld+json">'}
        assert not re.search(r"<[^>]+\son\w+=", body)
