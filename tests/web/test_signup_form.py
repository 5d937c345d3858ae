"""The sign-up form for other websites, as the desk shows it."""

import html
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from django.test import Client

from newsletter import config
from subscribers.forms import embedded_form
from subscribers.models import Consent, Subscription

pytestmark = pytest.mark.django_db
PAGE = "/desk/n/kinaforum/form/"


class Form(HTMLParser):
    """A form as a browser reads it: its address, its fields and the labels' targets."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.labels: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        self.tags.add(tag)
        if tag == "form":
            self.action = given["action"]
        if tag == "input":
            self.fields[given["name"]] = given.get("id", "")
        if tag == "label" and "for" in given:
            self.labels.append(given["for"])


def _shown(editor: Client) -> str:
    body = editor.get(PAGE).content.decode()
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", body, re.DOTALL)
    assert found
    return html.unescape(found[1])


def test_the_html_shown_at_the_desk_signs_people_up(editor: Client, client: Client) -> None:
    form = Form(_shown(editor))
    assert form.action == "http://localhost:8000/n/kinaforum/subscribe?lang=nb"
    path = form.action.removeprefix("http://localhost:8000")
    given = dict.fromkeys(form.fields, "") | {"address": "new@example.org"}
    answer = client.post(path, given, headers={"Origin": "https://blog.example"})
    assert answer.status_code == 202
    assert Subscription.objects.get().state == "pending"
    consent = Consent.objects.get()
    assert consent.page == "https://blog.example"
    assert html.escape(consent.text) in _shown(editor)


def test_the_form_needs_no_script_and_no_style(editor: Client) -> None:
    text = _shown(editor)
    assert Form(text).tags == {"form", "p", "label", "br", "input", "button"}
    assert "style=" not in text
    assert not re.search(r"\son\w+=", text)


def test_its_field_has_a_label(editor: Client) -> None:
    form = Form(_shown(editor))
    assert form.labels == [form.fields["address"]] == ["newsletter-kinaforum"]


def test_the_form_is_in_the_newsletter_s_language() -> None:
    given = config.current()
    german = replace(given.newsletters["kinaforum"], language="de-AT", title="Neues & <mehr>")
    text = embedded_form(german, given.site.url)
    assert "?lang=de" in text
    assert "Abonnieren" in text
    assert "Neues &amp; &lt;mehr&gt;" in text


def test_the_page_says_where_to_paste_it(editor: Client) -> None:
    body = editor.get(PAGE).content.decode()
    for system in ("Blogger", "WordPress", "Ghost", "Hugo"):
        assert f">{system}<" in body
    assert "{{&lt; newsletter &gt;}}" in body


def test_the_newsletters_page_links_to_it(editor: Client) -> None:
    assert f'href="{PAGE}"' in editor.get("/desk/n/kinaforum/").content.decode()
