"""Texts of a draft: headlines and texts of posts, and an edition's own words."""

import pytest
from django.test import Client

from newsletter.models import Edition, Post
from newsletter.web.desk.edition.texts import mark, word_fields
from tests.web.draft_page import PAGE, draft_now, panel_fields, pk_of, write_post, write_words

pytestmark = pytest.mark.django_db


def test_headline_and_text_are_saved_as_they_are_typed(editor: Client, draft: Edition) -> None:
    panel = panel_fields(editor)
    answer = write_post(editor, panel, title="Better", text="**New** words")
    assert "draft-changed" in answer["HX-Trigger"]
    saved = answer.content.decode()
    assert f'hx-swap-oob="afterbegin:#post-{pk_of("First")}"' in saved, "the list follows"
    assert "Better</b>" in saved
    assert ">edited</span>" in saved
    entry = draft_now().entries.get(post_id=pk_of("First"))
    assert (entry.title, entry.text) == ("Better", "**New** words")
    frame = editor.get(f"{PAGE}frame/").content.decode()
    assert "Better" in frame
    assert "<strong" in frame
    marks = {f"shown-{name}": mark(text) for name, text in (("title", "Better"), ("text", "**New** words"))}
    for name, shown in marks.items():
        assert f'name="{name}-{pk_of("First")}" value="{shown}"' in saved, "the next save names what is there now"


def test_rewriting_begins_with_what_the_source_says(editor: Client, draft: Edition) -> None:
    Post.objects.filter(title="First").update(html='<p>Te og <a href="https://a.example/">kaffe</a></p>')
    panel = panel_fields(editor)
    assert panel["text"] == "Te og [kaffe](https://a.example/)"
    write_post(editor, panel, title="Better")
    assert draft_now().entries.get(post_id=pk_of("First")).text == "", "a text that nobody changed stays the source's"
    write_post(editor, panel_fields(editor), text="Kaffe")
    assert draft_now().entries.get(post_id=pk_of("First")).text == "Kaffe"
    write_post(editor, panel_fields(editor), text=panel["text"])
    assert draft_now().entries.get(post_id=pk_of("First")).text == "", "the source's text again is the source's"
    write_post(editor, panel_fields(editor), text="Kaffe")
    write_post(editor, panel_fields(editor), text=" ", title="")
    entry = draft_now().entries.get(post_id=pk_of("First"))
    assert (entry.title, entry.text) == ("", ""), "without a text the source's is used"
    assert panel_fields(editor) == panel


def test_previews_of_texts_may_show_the_images_of_sources(editor: Client, draft: Edition) -> None:
    policy = editor.get(PAGE)["Content-Security-Policy"]
    assert "img-src 'self' data: https: http:;" in policy
    assert "script-src 'self';" in policy


def test_a_source_that_changes_while_a_post_is_open_is_not_overwritten(editor: Client, draft: Edition) -> None:
    panel = panel_fields(editor)
    Post.objects.filter(title="First").update(html="<p>Corrected by the source</p>")
    write_post(editor, panel, title="Better")
    assert draft_now().entries.get(post_id=pk_of("First")).text == ""
    refused = write_post(editor, panel_fields(editor) | {"shown-text": panel["shown-text"]}, text="Mine")
    assert refused.status_code == 409
    assert "Corrected by the source" in refused.content.decode()
    assert draft_now().entries.get(post_id=pk_of("First")).text == ""


def test_a_text_that_is_too_long_is_refused_and_not_cut(editor: Client, draft: Edition) -> None:
    answer = write_post(editor, panel_fields(editor), text="x" * 200_001)
    assert answer.status_code == 422
    assert "has 200001 characters" in answer.content.decode().replace(",", "")
    assert draft_now().revision == draft.revision


def test_a_text_of_a_post_that_the_draft_has_not_got_is_refused(editor: Client, draft: Edition) -> None:
    answer = editor.post(f"{PAGE}words/", {"text-999": "Mine", "revision": draft.revision})
    assert answer.status_code == 422


def test_the_source_s_own_headline_is_no_editor_s(editor: Client, draft: Edition) -> None:
    write_post(editor, panel_fields(editor) | {"shown-title": mark("Another")}, title="First")
    assert draft_now().revision == draft.revision


def test_words_are_saved_and_the_page_told(editor: Client, draft: Edition) -> None:
    answer = write_words(editor, {}, subject="  Hei   alle ", greeting="Kjære leser,\r\n\r\nhei")
    assert answer.status_code == 200
    assert "draft-changed" in answer["HX-Trigger"]
    assert "Saved" in answer.content.decode()
    assert (draft_now().subject, draft_now().greeting) == ("Hei alle", "Kjære leser,\n\nhei")
    assert draft_now().revision == draft.revision + 1


def test_saving_nothing_new_makes_no_revision(editor: Client, draft: Edition) -> None:
    write_words(editor, {}, subject="", greeting="")
    assert draft_now().revision == draft.revision


def test_the_beginning_of_a_folded_text_is_plain_words(editor: Client, draft: Edition) -> None:
    write_words(editor, {}, greeting="::: note\n**Dear** [readers](https://example.org/),\n:::")
    assert next(field.begin for field in word_fields(draft_now()) if field.key == "greeting") == "Dear readers,"
