"""Two editors of one draft lose nothing."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from lxml import html as lxml_html

from newsletter import config
from newsletter.editions import editing
from newsletter.models import Edition, TextLease
from newsletter.web.desk.edition import conflicts
from newsletter.web.desk.edition.texts import mark
from tests.web.draft_page import (
    PAGE,
    act_on_posts,
    draft_now,
    panel_fields,
    pk_of,
    save_stale_page,
    titles,
    write_post,
    write_words,
)

pytestmark = pytest.mark.django_db


def test_two_editors_on_two_fields_are_put_together(editor: Client, draft: Edition) -> None:
    editing.set_words(config.current(), draft, "kari@example.org", draft.revision, {"greeting": "Karis hilsen"})
    answer = save_stale_page(editor, draft, subject="Mitt emne", greeting="")
    assert answer.status_code == 200
    assert (draft_now().subject, draft_now().greeting) == ("Mitt emne", "Karis hilsen")
    assert "others-changed" in answer["HX-Trigger"]
    told = editor.post(f"{PAGE}writers/", {"revision": draft.revision, "shown-greeting": mark("")}).json()
    assert told["texts"] == {"greeting": {"text": "Karis hilsen", "shown": mark("Karis hilsen")}}


@pytest.mark.django_db(transaction=True)
def test_the_draft_is_held_from_the_look_to_the_change(draft: Edition) -> None:
    """However many save at that moment: nobody can come between, so nobody has to be turned away."""
    held = []

    def act(newest: Edition, revision: int) -> Edition:
        held.append(connection.in_atomic_block)
        return editing.pin(config.current(), newest, "kari@example.org", revision, pk_of("First"))

    editing.set_words(config.current(), draft, "ola@example.org", draft.revision, {"greeting": "Hei"})
    conflicts.on_posts(draft, draft.revision, [pk_of("First")], act)
    assert held == [True]
    assert draft_now().entries.get(post_id=pk_of("First")).pinned


def test_two_editors_on_one_field_see_both_wordings(editor: Client, draft: Edition) -> None:
    editing.set_words(config.current(), draft, "kari@example.org", draft.revision, {"greeting": "Karis hilsen"})
    answer = save_stale_page(editor, draft, greeting="Annas hilsen")
    assert answer.status_code == 409
    assert "kari@example.org has changed the same text" in answer.content.decode()
    assert "Karis hilsen" in answer.content.decode()
    assert "Annas hilsen" in answer.content.decode()
    assert draft_now().greeting == "Karis hilsen"
    forced = {"greeting": "Annas hilsen", "force": "1", "revision": str(draft_now().revision)}
    assert editor.post(f"{PAGE}words/", forced).status_code == 200
    assert draft_now().greeting == "Annas hilsen"
    again = save_stale_page(editor, draft, greeting="From another tab")
    assert "You have changed the same text in another window." in again.content.decode()
    assert "Karis hilsen" in str(draft_now().revisions.order_by("-number")[1].snapshot), "the history keeps both"


def test_texts_saved_without_scripts_that_are_refused_are_shown_on_a_page(editor: Client, draft: Edition) -> None:
    """It has all that was typed, and the other's text beside it; saving from it stores both texts."""

    def save(**fields: str) -> Any:
        return editor.post(f"{PAGE}words/", {"revision": draft.revision, **fields, "save": ""})

    editing.set_words(config.current(), draft, "kari@example.org", draft.revision, {"greeting": "Karis hilsen"})
    empty = mark("")
    shown = {"shown-greeting": empty, "shown-subject": empty, "shown-closing": empty}
    answer = save(greeting="Annas\nhilsen", subject="Annas emne", closing="", **shown)
    assert answer.status_code == 409
    page = lxml_html.fromstring(answer.content)
    assert "Karis hilsen" in page.text_content()
    form = page.forms[0]
    assert (form.method, form.action) == ("POST", f"{PAGE}words/")
    fields = dict(form.form_values())
    assert (fields["greeting"].strip(), fields["subject"].strip()) == ("Annas\nhilsen", "Annas emne")
    assert "closing" not in fields, "what the editor left alone isn't saved over another's text"
    too_long = save(**{**fields, "subject": "x" * 200_001})
    assert too_long.status_code == 422
    assert "x" * 200_001 in too_long.content.decode()
    logged_out = Client().post(f"{PAGE}words/", {**fields, "save": ""}, headers={"Referer": f"http://testserver{PAGE}"})
    assert logged_out.status_code == 403
    page = lxml_html.fromstring(logged_out.content)
    assert not page.forms, "a choice of language would lead away from the text"
    (link,) = page.xpath("//main//a[@target='_blank']")
    assert link.get("href") == PAGE
    assert "Annas\nhilsen" in logged_out.content.decode()
    assert save(**fields).status_code == 302
    assert (draft_now().greeting.strip(), draft_now().subject) == ("Annas\nhilsen", "Annas emne")


def test_two_editors_on_two_posts_do_not_get_into_each_other_s_way(editor: Client, draft: Edition) -> None:
    editing.leave_out(config.current(), draft, "kari@example.org", draft.revision, pk_of("First"))
    act_on_posts(editor, f"out {pk_of('Second')}", revision=draft.revision)
    assert titles() == ["Third"]


def test_two_editors_on_one_post_see_both_wordings(editor: Client, draft: Edition) -> None:
    panel, post = panel_fields(editor), pk_of("First")
    editing.retitle(config.current(), draft, "kari@example.org", draft.revision, post, "Karis tittel")
    answer = write_post(editor, panel, title="Annas tittel")
    assert answer.status_code == 409
    clash = answer.content.decode()
    assert "kari@example.org has changed the same text" in clash
    assert 'hx-target="#said-1"' in clash
    assert 'value="Annas tittel"' in clash
    assert draft_now().entries.get(post_id=post).title == "Karis tittel"
    forced = {f"title-{post}": "Annas tittel", "force": "1", "revision": draft_now().revision}
    assert editor.post(f"{PAGE}words/", forced).status_code == 200
    assert draft_now().entries.get(post_id=post).title == "Annas tittel"


def test_one_person_writes_in_a_text_at_a_time(editor: Client, admin: Client, draft: Edition) -> None:
    """`editor` writes; `admin` is told, waits, and writes once the editor has stopped."""

    def ask(client: Client, **said: Any) -> Any:
        marks = {f"shown-{key}": mark(getattr(draft_now(), key)) for key in ("greeting", "closing")}
        return client.post(f"{PAGE}writers/", {"revision": draft_now().revision, **marks, **said}).json()["writers"]

    assert ask(admin) == {}
    assert write_words(editor, {}, greeting="Kjære").status_code == 200
    (writer,) = ask(admin).values()
    assert set(ask(admin)) == {"greeting"}
    assert ask(editor) == {}, "the page of who is writing is not told of itself"
    seen = {"greeting": "Kjære"}
    refused = write_words(admin, seen, greeting="Min hilsen")
    assert refused.status_code == 409
    assert f"{writer} is writing in the same text" in refused.content.decode()
    assert draft_now().greeting == "Kjære"
    assert write_words(admin, {}, closing="Hilsen oss").status_code == 200, "another text is free"
    assert set(ask(admin, writing=["greeting"])) == {"greeting"}, "writing does not take a text from its writer"
    TextLease.objects.update(until=timezone.now())
    assert write_words(admin, seen, greeting="Min hilsen").status_code == 200, "but an old lease ends"
    assert set(ask(editor)) == {"greeting"}
    assert write_words(editor, seen, greeting="Kjære leser").status_code == 409, (
        "and nothing of the first one's is lost"
    )
