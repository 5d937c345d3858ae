"""The pages for addresses that don't exist or that only accept forms."""

import pytest
from django.db import OperationalError
from django.test import Client
from jinja2 import Template

from newsletter.web import error_pages
from subscribers.views import subscribe_page

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
ONLY_FORMS = ["/desk/account/name/", "/desk/logout/", "/desk/unsent/retry/", "/desk/editor/image/"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "path", "parts"),
    [
        ("nn-NO", "/nonesuch", ["<h1>Fann ikkje sida</h1>", '<a href="/">']),
        ("de", "/n/nonesuch/", ["<h1>Seite nicht gefunden</h1>", '<a href="/">']),
        ("he", "/n/kinaforum/2019-W01/", ['dir="rtl"', "הדף לא נמצא", "Kinaforum", '<a href="/n/kinaforum/">']),
        ("de", "/desk/nonesuch/", ['<html lang="en">', "<h1>Page not found</h1>", 'href="/desk/">Editions']),
        ("nn", "/desk/nonesuch/", ['<html lang="nb">', "<h1>Fant ikke siden</h1>", 'href="/desk/">Utgaver']),
    ],
)
def test_a_missing_page_is_in_the_language_of_its_visitor(language: str, path: str, parts: list[str]) -> None:
    answer = Client().get(path, headers={"Accept-Language": language})
    assert answer.status_code == 404
    assert [part for part in parts if part not in answer.text] == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "status"), [(RuntimeError("a fault"), 500), (OperationalError("database or disk is full"), 503)]
)
def test_a_public_page_that_fails_says_so_in_the_language_of_its_visitor(
    error: Exception, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise error

    monkeypatch.setattr(subscribe_page, "newsletter_of", fail)
    answer = Client(raise_request_exception=False).get("/n/kinaforum/subscribe?lang=fr")
    assert answer.status_code == status
    assert "Une erreur s’est produite" in answer.text
    monkeypatch.setattr(error_pages, "message", lambda *_args, **_named: Template("{{ not.there }}").render())
    assert '<p lang="nb">' in Client(raise_request_exception=False).get("/n/kinaforum/subscribe?lang=fr").text
    monkeypatch.setattr(error_pages, "message", lambda *_args, **_named: Template("{{ 1 + '' }}").render())
    missing = Client(raise_request_exception=False).get("/nonesuch")
    assert (missing.status_code, "<h1>Page not found</h1>" in missing.text) == (404, True)


def test_a_missing_page_of_the_desk_links_to_the_desk(editor: Client) -> None:
    answer = editor.get("/desk/nonesuch/")
    assert answer.status_code == 404
    assert '<a class="button" href="/desk/">Editions</a>' in answer.content.decode()


@pytest.mark.parametrize("path", ONLY_FORMS)
def test_an_address_that_only_accepts_forms_says_so(editor: Client, path: str) -> None:
    answer = editor.get(path, headers=BROWSER)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert answer.headers["Content-Length"] == str(len(answer.content))
    page = answer.content.decode()
    assert "Nothing was changed." in page
    assert '<a class="button" href="/desk/">Editions</a>' in page


def test_a_head_request_gets_no_body(editor: Client) -> None:
    answer = editor.head(ONLY_FORMS[0], headers=BROWSER)
    assert (answer.status_code, answer.content) == (405, b"")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/hooks/postmark/", "/api/v1/editions/kinaforum/2026-W06/approve"])
def test_programs_get_no_page(path: str) -> None:
    assert b"<html" not in Client().get(path).content


@pytest.mark.django_db
def test_a_form_sent_to_a_page_without_one_gets_no_page() -> None:
    answer = Client().post("/robots.txt", headers=BROWSER)
    assert (answer.status_code, answer.content) == (405, b"")
