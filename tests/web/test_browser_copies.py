"""The browser is told that its text has been saved only where it has been."""

import pytest
from django.test import Client

from tests.web import make

PAGE = f"/desk/editions/kinaforum/{make.PERIOD}/notes/"


def _confirmed(client: Client, given: dict[str, str]) -> list[str]:
    answer = client.post(PAGE, {"act": "write", "kept": "abc123", **given})
    return [name for name in answer.cookies if name.startswith("kept-")]


def test_a_saved_text_is_confirmed(editor: Client) -> None:
    make.draft("First")
    assert _confirmed(editor, {"text": "Look at this"}) == ["kept-abc123"]


@pytest.mark.parametrize("given", [{"text": ""}, {"text": "x" * 10_000}, {"text": "Look", "kept": "a; path=/"}])
def test_a_refused_text_and_an_unknown_key_are_not(editor: Client, given: dict[str, str]) -> None:
    make.draft("First")
    assert _confirmed(editor, given) == []


@pytest.mark.django_db
def test_a_text_of_somebody_who_is_logged_out_is_not(client: Client) -> None:
    make.draft("First")
    assert _confirmed(client, {"text": "Look at this"}) == []


def test_a_text_that_was_refused_with_a_message_on_the_next_page_is_not(editor: Client) -> None:
    answer = editor.post("/desk/account/name/", {"name": "x" * 1000, "kept": "abc123"})
    assert answer.status_code == 302
    assert not [name for name in answer.cookies if name.startswith("kept-")]


@pytest.mark.django_db
def test_an_expired_page_says_what_to_do() -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/desk/login/", {"email": "anna@example.org", "password": "x"})
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "This page has expired" in page
    assert "Go back, reload the page, and try again." in page
    assert "DEBUG" not in page


@pytest.mark.django_db
def test_a_form_of_somebody_without_cookies_leads_to_the_login_and_back(client: Client) -> None:
    make.draft("First")
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(PAGE, {"act": "write", "text": "Look"}, headers={"Referer": f"http://testserver{PAGE}"})
    assert answer["Location"] == f"/desk/login/?next={PAGE}&unsaved=1"
    page = strict.get(answer["Location"]).content.decode()
    assert "Not saved: you have been logged out." in page
    assert strict.post(PAGE, {"text": "Look"}, headers={"HX-Request": "true"}).status_code == 401
    elsewhere = strict.post(PAGE, {"text": "Look"}, headers={"Referer": "https://evil.example/desk/"})
    assert elsewhere["Location"] == "/desk/login/?unsaved=1"


@pytest.mark.parametrize("is_logged_in", [True, False])
def test_texts_without_scripts_are_shown_if_their_page_has_expired(editor: Client, is_logged_in: bool) -> None:
    edition = make.draft("First")
    editor.handler.enforce_csrf_checks = True
    if not is_logged_in:
        editor.logout()
    draft, typed = f"/desk/editions/{edition.name}/", {"greeting": "Good day", "closing": "<b>Bye", "save": ""}
    answer = editor.post(f"{draft}words/", typed, headers={"Referer": f"http://testserver{draft}"})
    assert answer.status_code == 403
    assert [
        part for part in ("Good day</textarea>", "&lt;b&gt;Bye<", f'href="{draft}"') if part not in answer.text
    ] == []
    edition.refresh_from_db()
    assert edition.greeting == ""
    elsewhere = editor.post(f"{draft}words/", typed, headers={"Referer": "https://evil.example/desk/"})
    assert "Good day" not in elsewhere.text
