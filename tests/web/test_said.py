"""What jobs say is told in Norwegian at a Norwegian desk, and every sentence known there is one that the code says."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation

import newsletter
from newsletter.jobs.draft import NOT_READ
from newsletter.models import Edition, Source, State
from newsletter.web.desk import said
from tests.web import make

ROOMS = ("newsletter/jobs", "newsletter/feeds", "newsletter/render", "newsletter/web/desk", "newsletter/delivery")


def _skeleton(node: ast.expr) -> str:
    """A text of the code with `{}` for what is put into it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_skeleton(value) if isinstance(value, ast.Constant) else "{}" for value in node.values)
    return ""


def _texts() -> Iterator[str]:
    for room in (*ROOMS, "subscribers"):
        for path in (Path(newsletter.__file__).parents[1] / room).rglob("*.py"):
            if path.name != "said.py":
                yield from (
                    _skeleton(n) for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.expr)
                )


def test_each_sentence_is_one_that_the_code_says() -> None:
    says = {said for text in _texts() for said in (text, text.removeprefix("{}: "), text.replace("{}", NOT_READ, 1))}
    assert [s for s in said.SENTENCES if re.sub(r"\{\w+\}", "{}", s) not in says] == []


@pytest.mark.parametrize(
    ("english", "norwegian"),
    [
        ("nobody has approved it yet", "ingen har godkjent den ennå"),
        (
            "not read since the last edition: https://kinaforum.example/; what it has is missing until it answers",
            "ikke lest siden forrige utgave: https://kinaforum.example/; det den har, mangler til den svarer",
        ),
        (
            "no posts, and minimum_posts is 1; what there is waits for the next",
            "ingen innlegg, og minimum_posts er 1; det som finnes, venter på neste",
        ),
        ("out now: Om te (gone from its source)", "ute nå: Om te (borte fra kilden)"),
        ("text changed: Om te", "endret tekst: Om te"),
        ("headline: “A: en by” is now “B”", "overskrift: «A: en by» er nå «B»"),
        ("subject: “A” is now “B”", "emne: «A» er nå «B»"),
        (
            "https://kinaforum.example/feed: is not there (404); check the address",
            "https://kinaforum.example/feed: finnes ikke (404); sjekk adressen",
        ),
        ("The subject has 90 characters; 78 are seen.", "Emnet har 90 tegn; 78 blir sett."),
        (
            "the bounce mailbox at imap.example.org:993: the connection failed (timed out); it is tried again",
            "returpostkassen på imap.example.org:993: forbindelsen sviktet (timed out); den prøves igjen",
        ),
        ("the bounce mailbox at a.example:1 could not be reached", "returpostkassen på a.example:1 kunne ikke nås"),
        ("it is no mail address: it has no @", "det er ingen e-postadresse: den mangler @"),
        (
            "people.csv: 2 columns are to hold addresses; choose one",
            "people.csv: 2 kolonner skal inneholde adresser; velg én",
        ),
        ("something that nobody knows: here", "something that nobody knows: here"),
    ],
)
def test_a_known_sentence_is_told_in_norwegian(english: str, norwegian: str) -> None:
    with translation.override("nb"):
        assert said.in_words(english) == norwegian
    with translation.override("en"):
        assert said.in_words(english) == english


@pytest.fixture
def norwegian(editor: Client) -> Client:
    """The desk of an editor who chose Norwegian."""
    editor.cookies["django_language"] = "nb"
    return editor


def test_the_first_page_says_in_norwegian_why_an_edition_waits(norwegian: Client) -> None:
    make.draft("First")
    Edition.objects.update(waiting="nobody has approved it yet")
    for address in ("/desk/", f"/desk/editions/kinaforum/{make.PERIOD}/"):
        page = norwegian.get(address).content.decode()
        assert "ingen har godkjent den ennå" in page
        assert "approved it yet" not in page


def test_a_source_s_fault_is_told_in_norwegian(norwegian: Client) -> None:
    make.source()
    Source.objects.update(problem="https://kinaforum.example/: is not there (404); check the address")
    for address in ("/desk/", "/desk/sources/"):
        assert "finnes ikke (404); sjekk adressen" in norwegian.get(address).content.decode()


def test_a_pause_and_its_reason_are_told_in_norwegian(norwegian: Client) -> None:
    make.draft("First")
    reason = "the mail server refused the login: 535 no; check delivery.smtp.user and password"
    Edition.objects.update(state=State.PAUSED, reason=reason, began_at=make.NOW, audience=3)
    page = norwegian.get(f"/desk/editions/kinaforum/{make.PERIOD}/report/").content.decode()
    assert "avviste innloggingen: 535 no" in page
    assert "refused the login" not in page


def test_a_refusal_of_a_job_is_told_in_norwegian(norwegian: Client) -> None:
    draft = make.draft("First")
    Edition.objects.update(state=State.APPROVED)
    act = {"act": "out 1", "revision": draft.revision}
    page = norwegian.post(f"/desk/editions/kinaforum/{make.PERIOD}/post/", act).content.decode()
    assert "er godkjent: bare et utkast kan endres" in page
