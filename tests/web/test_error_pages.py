"""The pages for addresses that don't exist or that only accept forms."""

import pytest
from django.test import Client

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
ONLY_FORMS = ["/desk/account/name/", "/desk/logout/", "/desk/unsent/retry/", "/desk/editor/image/"]


@pytest.mark.django_db
def test_a_missing_page_links_to_the_newsletters() -> None:
    answer = Client().get("/nonesuch")
    assert answer.status_code == 404
    assert '<a class="button" href="/">All newsletters</a>' in answer.content.decode()


@pytest.mark.django_db
def test_a_missing_page_is_in_one_language() -> None:
    for language, heading, other in (("nn-NO", "Fant ikke siden", "public"), ("de", "Page not found", "offentlig")):
        page = Client().get("/nonesuch", headers={"Accept-Language": language}).content.decode()
        assert f"<h1>{heading}</h1>" in page
        assert other not in page


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
