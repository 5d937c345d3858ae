"""Posts that an editor adds to a draft: by hand, and by their address."""

import pytest
from django.test import Client
from lxml import html as lxml_html

from newsletter.feeds.fetcher import Fetcher, Response
from newsletter.feeds.identity import link_key
from newsletter.models import Edition, Post
from tests.web import make
from tests.web.draft_page import PAGE, draft_now, titles

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        ({"url": "ftp://example.org/", "text": "My text"}, "url", "isn’t a web address"),
        ({"text": "My text"}, "title", "A post needs a headline."),
        ({"title": "Mine", "text": "x" * 200_001}, "text", "characters"),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_a_refused_post_keeps_its_fields_with_the_message_beside_the_field(
    editor: Client, draft: Edition, given: dict[str, str], field: str, sentence: str, headers: dict[str, str]
) -> None:
    answer = editor.post(f"{PAGE}add/", given, headers=headers)
    assert answer.status_code == 422
    page = lxml_html.fromstring(answer.text)
    (wrong,) = page.xpath("//*[@aria-invalid='true']")
    assert wrong.name == field
    (said,) = page.xpath(f"//*[@id='{wrong.get('aria-describedby').split()[0]}']")
    assert sentence in said.text_content()
    for name, text in given.items():
        assert page.xpath(f"//*[@id='add-{name}']")[0].value.strip() == text


def test_a_post_is_added_by_hand(editor: Client, draft: Edition) -> None:
    editor.post(f"{PAGE}add/", {"title": "Et notat", "url": "https://example.org/x", "text": "Tekst"})
    assert "Et notat" in titles()


def test_a_post_of_the_ledger_is_included_by_its_address(editor: Client, draft: Edition) -> None:
    old = make.post("Long ago", hours=24 * 20)
    editor.post(f"{PAGE}add/", {"url": old.url})
    assert "Long ago" in titles()


def test_a_page_is_known_by_the_address_to_which_a_short_one_leads(
    editor: Client, draft: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = make.post("Long ago", hours=24 * 20).url, "https://kinaforum.example/new.html"
    urls = {"https://s.example/1": old, "https://s.example/2": new}
    monkeypatch.setattr(Fetcher, "get", lambda _, url: Response(urls[url], 200, b"<title>New | Kinaforum</title>"))
    for url in urls:
        editor.post(f"{PAGE}add/", {"url": url})
    assert {"Long ago", "New | Kinaforum"} < set(titles())
    assert Post.objects.get(title="New | Kinaforum").link_key == link_key(new)
    editor.post(f"{PAGE}add/", {"url": "https://s.example/1", "text": "What I think of it"})
    assert Post.objects.filter(link_key=link_key(old)).count() == 1


def test_an_address_that_can_t_be_read_is_said_and_loses_nothing(editor: Client, draft: Edition) -> None:
    answer = editor.post(f"{PAGE}add/", {"url": "http://127.0.0.1:9/nothing"}, follow=True)
    assert "write its headline yourself" in answer.content.decode()
    assert draft_now().revision == draft.revision


@pytest.mark.parametrize("evil", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd"])
def test_no_other_kind_of_address_is_added(editor: Client, draft: Edition, evil: str) -> None:
    editor.post(f"{PAGE}add/", {"title": "Evil", "url": evil})
    assert not Post.objects.filter(url=evil).exists()


def test_a_refused_post_keeps_what_was_typed(editor: Client) -> None:
    make.draft("First")
    given = {"url": "ftp://example.org/", "title": "", "text": "Line one\nline two"}
    answer = editor.post(f"{PAGE}add/", given)
    assert answer.status_code == 422
    for kept in ("isn’t a web address", 'value="ftp://example.org/"', "Line one\nline two</textarea>"):
        assert kept in answer.content.decode()
    part = editor.post(f"{PAGE}add/", given, headers={"HX-Request": "true"})
    assert (part.status_code, part.content.decode().count("<form")) == (422, 0)
    assert "isn’t a web address" in part.content.decode()


def test_a_post_added_by_the_page_leads_back_to_it(editor: Client) -> None:
    make.draft("First")
    given = {"title": "By hand", "text": "Some text"}
    assert editor.post(f"{PAGE}add/", given, headers={"HX-Request": "true"})["HX-Redirect"] == PAGE
    assert "By hand" in editor.get(PAGE).content.decode()
