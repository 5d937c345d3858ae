"""What an act on the draft page says, and its Undo: with htmx in place, and without JavaScript as a message."""

from typing import Any

import pytest
from django.test import Client

from newsletter import config
from newsletter.editions import editing, history
from newsletter.messages import acts
from newsletter.models import Edition, Post
from tests.web import make

pytestmark = pytest.mark.django_db
PAGE = f"/desk/editions/kinaforum/{make.PERIOD}/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def draft() -> Edition:
    return make.draft("First", "Second")


def _act(client: Client, act: str, headline: str, **fields: Any) -> str:
    """Do something to a post; returns the new list."""
    post = Post.objects.get(title=headline).pk
    given = {"act": f"{act} {post}", "revision": Edition.objects.get().revision, **fields}
    return client.post(f"{PAGE}post/", given, headers=HTMX).content.decode()


def _included(title: str) -> bool:
    return Edition.objects.get().entries.get(post__title=title).included


def test_an_act_says_what_was_done_in_a_status_region(editor: Client, draft: Edition) -> None:
    assert 'id="toast" class="toast" role="status"' in editor.get(PAGE).content.decode()
    listed = _act(editor, "out", "First")
    assert 'hx-swap-oob="innerHTML:#toast"><p>Removed “First”</p>' in listed
    assert f'name="to" value="{draft.revision}"' in listed


def test_an_act_without_effect_says_nothing(editor: Client, draft: Edition) -> None:
    assert "#toast" not in _act(editor, "up", "First")


def test_undo_with_htmx_gives_the_list_as_it_was(editor: Client, draft: Edition) -> None:
    _act(editor, "out", "First")
    given = {"to": draft.revision, "revision": draft.revision + 1}
    answer = editor.post(f"{PAGE}undo/", given, headers=HTMX)
    assert answer.status_code == 200
    assert "draft-changed" in answer["HX-Trigger"]
    assert "First" in answer.content.decode()
    assert "Undone." in answer.content.decode()
    assert _included("First")


def test_undo_takes_back_what_was_written_in_a_post(editor: Client, draft: Edition) -> None:
    post = Post.objects.get(title="First").pk
    written = {f"title-{post}": "Another", f"text-{post}": "By hand", "force": "1", "revision": draft.revision}
    assert editor.post(f"{PAGE}words/", written, headers=HTMX).status_code == 200
    for revision in (draft.revision + 2, draft.revision + 3):
        editor.post(f"{PAGE}undo/", {"revision": revision}, headers=HTMX)
    entry = Edition.objects.get().entries.get(post__title="First")
    assert (entry.title, entry.text) == ("", "")


def test_undo_that_changes_the_subject_loads_the_page_again(editor: Client, draft: Edition) -> None:
    editing.set_words(config.current(), draft, "", draft.revision, {"subject": "A subject"})
    answer = editor.post(f"{PAGE}undo/", {"to": draft.revision, "revision": draft.revision + 1}, headers=HTMX)
    assert (answer.status_code, answer["HX-Redirect"]) == (204, PAGE)
    assert "Undid: subject" in editor.get(PAGE).content.decode()


def test_undo_in_an_older_page_says_that_the_text_was_changed_again(editor: Client, draft: Edition) -> None:
    for subject in ("First subject", "Second subject"):
        written = {"subject": subject, "force": "1", "revision": draft.revision}
        editor.post(f"{PAGE}words/", written, headers=HTMX)
    editor.post(f"{PAGE}undo/", {"revision": draft.revision + 1}, headers=HTMX)
    assert "so nothing was undone" in editor.get(PAGE).content.decode()
    assert (Edition.objects.get().subject, Edition.objects.get().revision) == ("Second subject", draft.revision + 2)


def test_undo_after_someone_else_s_change_is_refused(editor: Client, draft: Edition) -> None:
    _act(editor, "out", "First")
    editing.pin(config.current(), Edition.objects.get(), "", None, Post.objects.get(title="Second").pk)
    editor.post(f"{PAGE}undo/", {"to": draft.revision, "revision": draft.revision + 1}, headers=HTMX)
    assert not _included("First")
    assert "note error" in editor.get(PAGE).content.decode()


def test_without_javascript_the_message_has_undo(editor: Client, draft: Edition) -> None:
    editor.post(f"{PAGE}add/", {"title": "By hand", "text": "Some text"})
    page = editor.get(PAGE).content.decode()
    said = page[page.index('class="messages" role="status"') : page.index("</main>")]
    assert "Added “By hand” by hand" in said
    assert f'action="{PAGE}undo/"' in said


def _side_buttons(client: Client) -> list[str]:
    side = client.get(f"{PAGE}side/").content.decode()
    return [name for name in ("Undo change", "Redo change") if f">{name}</button>" in side]


def test_undo_and_redo_are_offered_when_they_have_something_to_do(editor: Client, draft: Edition) -> None:
    assert _side_buttons(editor) == []
    _act(editor, "out", "First")
    assert _side_buttons(editor) == ["Undo change"]
    assert 'title="Removed “First”' in editor.get(f"{PAGE}side/").content.decode()
    editor.post(f"{PAGE}undo/", {"to": draft.revision, "revision": draft.revision + 1}, headers=HTMX)
    assert _side_buttons(editor) == ["Redo change"]


def test_undo_takes_back_one_change_and_keeps_what_was_written_since(editor: Client, draft: Edition) -> None:
    _act(editor, "out", "First")
    before, seen = draft.revision, draft.revision + 1
    editing.set_words(config.current(), draft, "anna@example.org", seen, {"subject": "Written since"})
    history.record(Edition.objects.get(), "", acts.SOURCES_CHANGED(), make.NOW)
    answer = editor.post(f"{PAGE}undo/", {"revision": seen, "to": before}, headers=HTMX)
    assert "Undone." in answer.content.decode()
    edition = Edition.objects.get()
    assert edition.subject == "Written since"
    assert _included("First")


def test_undo_is_refused_where_somebody_else_changed_the_draft(editor: Client, draft: Edition) -> None:
    _act(editor, "out", "First")
    seen = draft.revision + 1
    editing.set_words(config.current(), draft, "bo@example.org", seen, {"subject": "Bo's"})
    editor.post(f"{PAGE}undo/", {"revision": seen, "to": draft.revision})
    assert not _included("First")
