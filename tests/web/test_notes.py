"""Notes to colleagues: people by name, and nobody deletes what another wrote."""

import html
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from newsletter.models import Act, Edition, Note
from newsletter.web.desk import users
from tests.web import make

pytestmark = pytest.mark.django_db
PAGE = f"/desk/editions/kinaforum/{make.PERIOD}/"
NOTES = f"{PAGE}notes/"


@pytest.fixture
def colleague(editor: Client) -> User:
    """Somebody with a name; the editor has one too."""
    users.rename(users.named("anna@example.org"), "Anna Lie")
    person = make.person("bo@example.org")
    users.rename(person, "Bo Dahl")
    make.draft("First")
    return person


def _text(page: bytes) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.decode())).split())


def _write(client: Client, text: str = "Please check the subject.", to: str = "") -> int:
    return client.post(NOTES, {"act": "write", "text": text, "to": to}).status_code


def test_a_note_names_its_author_and_whom_it_is_for(editor: Client, colleague: User) -> None:
    assert _write(editor, to="bo@example.org") == 302
    page = _text(editor.get(NOTES).content)
    assert "Anna Lie → Bo Dahl" in page
    assert "Please check the subject." in page
    assert "anna@example.org" not in page
    assert "1 note" in _text(editor.get(PAGE).content)


def test_an_assigned_note_is_shown_to_its_user(editor: Client, colleague: User) -> None:
    _write(editor, to="bo@example.org")
    assert "for you" not in _text(editor.get(NOTES).content)
    editor.force_login(colleague, backend="django.contrib.auth.backends.ModelBackend")
    assert "for you" in _text(editor.get(NOTES).content)


def test_the_first_page_tells_whom_a_note_is_for(editor: Client, colleague: User) -> None:
    _write(editor, to="bo@example.org")
    _write(editor, "And the introduction.", to="bo@example.org")
    assert "notes for you" not in _text(editor.get("/desk/").content)
    editor.force_login(colleague, backend="django.contrib.auth.backends.ModelBackend")
    assert "First”: 2 notes for you" in _text(editor.get("/desk/").content)
    for note in Note.objects.all():
        editor.post(NOTES, {"act": "done", "note": note.pk})
    assert "notes for you" not in _text(editor.get("/desk/").content)


def test_a_note_is_done_and_no_longer_counted(editor: Client, colleague: User) -> None:
    _write(editor)
    note = Note.objects.get()
    editor.post(NOTES, {"act": "done", "note": note.pk})
    assert "done" in _text(editor.get(NOTES).content)
    assert "1 note" not in _text(editor.get(PAGE).content)


def test_only_its_author_deletes_a_note(editor: Client, colleague: User) -> None:
    _write(editor)
    note = Note.objects.get().pk
    other = Client()
    other.force_login(colleague, backend="django.contrib.auth.backends.ModelBackend")
    refused = other.post(NOTES, {"act": "remove", "note": note})
    assert refused.status_code == 422
    assert "Only the person who wrote a note can delete it." in _text(refused.content)
    assert editor.post(NOTES, {"act": "remove", "note": note}).status_code == 302
    assert not Note.objects.exists()
    assert "This note has been deleted." in _text(editor.post(NOTES, {"act": "done", "note": note}).content)


@pytest.mark.parametrize(
    ("text", "to", "sentence"),
    [
        (" ", "", "Write the note first."),
        ("x" * 5_001, "", "The note is too long; shorten it."),
        ("Words", "nobody@example.org", "This person can no longer log in; choose someone else."),
    ],
)
def test_a_refused_note_keeps_what_was_written(
    editor: Client, colleague: User, text: str, to: str, sentence: str
) -> None:
    answer = editor.post(NOTES, {"act": "write", "text": text, "to": to})
    assert answer.status_code == 422
    assert sentence in _text(answer.content)
    assert text.strip() in answer.content.decode()
    assert not Note.objects.exists()


def test_the_log_says_that_there_was_a_note_but_not_what_it_says(editor: Client, colleague: User) -> None:
    _write(editor, "A secret")
    act = Act.objects.latest("pk")
    assert (act.what.code, act.by, act.before, act.after) == ("act.note-written", "anna@example.org", None, None)


def test_notes_are_on_every_edition_whatever_its_state(editor: Client, colleague: User) -> None:
    Edition.objects.update(state="sent")
    assert _write(editor) == 302
