"""Letters, copies, blocks and several posts at once at the desk."""

import html
import re
from dataclasses import replace

import pytest
from django.test import Client
from lxml import html as lxml_html

from newsletter import config
from newsletter.editions import approval, editing
from newsletter.editions.composing import blocks, standalone
from newsletter.models import Act, Edition, Post, State
from tests.web import make
from tests.web.field_errors import said_at

pytestmark = pytest.mark.django_db
PAGE = f"/desk/editions/kinaforum/{make.PERIOD}/"
BLOCK = {"act": "save", "kind": "sponsor", "title": "Coffee", "url": "coffee.example", "after": "end"}


def _now() -> Edition:
    return Edition.objects.get(period=make.PERIOD)


def _pk(title: str) -> int:
    return Post.objects.get(title=title).pk


def _included() -> list[str]:
    return [e.post.title for e in _now().entries.filter(included=True).order_by("position").select_related("post")]


def _text(page: bytes) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.decode())).split())


def _block(client: Client, revision: int, status: int = 302, **values: str) -> str:
    answer = client.post(f"{PAGE}blocks/", {**BLOCK, "revision": revision, **values})
    assert answer.status_code == status
    return _text(answer.content)


def test_a_letter_is_made_without_posts_and_opened(editor: Client, draft: Edition) -> None:
    answer = editor.post("/desk/n/kinaforum/letter/", {"posts": "none"})
    letter = Edition.objects.get(standalone=True)
    assert answer["Location"] == f"/desk/editions/kinaforum/{letter.period}/"
    page = editor.get(answer["Location"]).text
    assert 'name="greeting"' in page
    assert "Posts published" not in page
    assert not letter.entries.filter(included=True).exists()


def test_a_stored_post_is_added_by_any_form_of_its_address(editor: Client, draft: Edition) -> None:
    editing.leave_out(config.current(), draft, "kari@example.org", draft.revision, _pk("Second"))
    shared = Post.objects.get(title="Second").url.replace("https://", "http://www.")
    editor.post(f"{PAGE}add/", {"url": f"{shared}?utm_source=share&m=1", "title": "", "text": ""})
    assert _included() == ["First", "Second", "Third"]


def test_a_form_that_is_sent_again_because_its_answer_was_lost_adds_nothing_more(
    editor: Client, draft: Edition
) -> None:
    """Unless it was changed meanwhile."""
    letter = "/desk/n/kinaforum/letter/"
    post = {"title": "By hand", "text": "Tea", "day": "2026-02-06"}
    for again in ("", "", "!"):
        _block(editor, 1, text=f"Tea{again}")
        editor.post(f"{PAGE}add/", {**post, "text": f"Tea{again}"})
        editor.post(f"{PAGE}notes/", {"act": "write", "text": f"Look{again}"})
        page = editor.post(letter, {"posts": "none"})["Location"]
        editor.post("/desk/n/kinaforum/welcome/add/", {"days": "3"})
    assert [block["text"] for block in _now().blocks] == ["Tea", "Tea!"]
    assert _included().count("By hand") == 2
    assert _now().notes.count() == 2
    assert Edition.objects.filter(standalone=True, welcome=None).count() == 1
    assert Edition.objects.filter(welcome__days=3).count() == 1
    begun = Edition.objects.get(standalone=True, welcome=None)
    editing.set_words(config.current(), begun, "", 1, {"subject": "Good news"})
    assert editor.post(letter, {"posts": "none"})["Location"] != page
    with_posts = editor.post(letter, {"posts": "due"})["Location"]
    assert editor.post(letter, {"posts": "none"})["Location"] != with_posts


def test_an_earlier_letter_is_used_as_a_start(editor: Client, draft: Edition) -> None:
    page = "/desk/n/kinaforum/letter/"
    assert "Start from an earlier letter" not in editor.get(page).text
    standalone.make(
        config.current(),
        config.current().newsletters["kinaforum"],
        now=make.NOW,
        subject="Good news",
        greeting="Dear readers",
    )
    offered = lxml_html.fromstring(editor.get(page).content)
    (form,) = offered.xpath("//form[.//button[contains(., 'Start from this')]]")
    assert form.text_content().split() == ["Start", "from", "this", "Good", "news"]
    (button,) = form.xpath(".//button")
    editor.post(form.get("action"), {button.get("name"): button.get("value")})
    copy = Edition.objects.filter(standalone=True).latest("pk")
    assert (copy.subject, copy.greeting) == ("", "Dear readers"), "the new letter has a subject of its own"
    assert Edition.objects.filter(standalone=True).count() == 2
    first = Edition.objects.filter(standalone=True).earliest("pk")
    editor.post(f"/desk/editions/{first.name}/control/", {"act": "stop", "state": "draft"})
    for edition, name, told in (
        (first, "  ", "Enter a name for the template"),
        (first, "Monthly", "Saved as a template"),
        (copy, "monthly", "There is a template “monthly” already"),
        (draft, "Week", "Only a letter can be a template"),
    ):
        answer = editor.post(f"/desk/editions/{edition.name}/template/", {"template": name}, follow=True)
        assert told in _text(answer.content)
    offered = lxml_html.fromstring(editor.get(page).content)
    (form,) = offered.xpath("//section[@aria-labelledby='h-templates']//form")
    editor.post(form.get("action"))
    assert Edition.objects.filter(standalone=True).latest("pk").greeting == "Dear readers"
    assert not Edition.objects.filter(standalone=True).latest("pk").template
    editor.post(f"/desk/editions/{first.name}/template/", {"act": "remove"})
    assert "Start from a template" not in editor.get(page).text


def test_a_letter_of_a_paused_newsletter_is_refused(editor: Client) -> None:
    given = config.current()
    paused = replace(given.newsletters["kinaforum"], status="paused")
    config.use(replace(given, newsletters={**given.newsletters, "kinaforum": paused}))
    answer = editor.post("/desk/n/kinaforum/letter/")
    assert answer.status_code == 422
    assert not Edition.objects.filter(standalone=True).exists()


def test_editions_are_found_by_words_of_what_was_sent_and_of_drafts(editor: Client, draft: Edition) -> None:
    approval.approve(config.current(), draft, now=make.NOW)
    letter = standalone.make(config.current(), config.current().newsletters["kinaforum"], now=make.NOW)
    Edition.objects.filter(pk=letter.pk).update(subject="News", greeting="The café is open")
    for words, found in {"CAFÉ open": [True, False], "second beginning": [False, True], "tea": [False, False]}.items():
        page = editor.get("/desk/n/kinaforum/", {"q": words}).text
        assert [f"/{name}/" in page for name in (letter.period, make.PERIOD)] == found
        assert ("No edition has all these words." in page) is not any(found)
        assert f'value="{words}"' in page


def test_a_copy_says_which_posts_it_does_not_have(editor: Client, draft: Edition) -> None:
    approval.approve(config.current(), draft, now=make.NOW)
    answer = editor.post(f"{PAGE}duplicate/", follow=True)
    page = _text(answer.content)
    assert "This is a copy." in page
    assert "3 posts were not copied, because a post can only be in one edition." in page


def test_a_block_is_added_changed_and_removed(editor: Client, draft: Edition) -> None:
    _block(editor, draft.revision, after=str(_pk("Second")))
    (block,) = _now().blocks
    page = _text(editor.get(f"{PAGE}blocks/").content)
    assert "Coffee Sponsor · https://coffee.example" in page
    assert "After “Second”" in page
    assert "Sponsor Coffee (After “Second”)" in _text(editor.get(PAGE).content)
    _block(editor, _now().revision, id=block["id"], title="Tea")
    assert [b["title"] for b in _now().blocks] == ["Tea"]
    _block(editor, _now().revision, id=block["id"], act="remove")
    assert _now().blocks == []
    assert [a.what.code for a in Act.objects.order_by("pk")][-3:] == [
        "revision.block-added",
        "revision.block-changed",
        "revision.block-removed",
    ]


def test_the_log_says_what_was_changed_in_a_block(admin: Client, draft: Edition) -> None:
    _block(admin, draft.revision)
    _block(admin, _now().revision, id=_now().blocks[0]["id"], url="https://tea.example")
    log = _text(admin.get("/desk/log/").content)
    assert "Coffee, Web address https://coffee.example https://tea.example" in log
    assert "{" not in log


def test_a_refused_block_keeps_what_was_filled_in(editor: Client, draft: Edition) -> None:
    page = editor.post(f"{PAGE}blocks/", {**BLOCK, "revision": draft.revision, "url": "javascript:x", "text": "Words"})
    assert page.status_code == 422
    assert "That isn’t a web address" in _text(page.content)
    assert "Words</textarea>" in page.content.decode()
    assert _now().blocks == []


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("title", " ", "a heading"),
        ("url", "x y", "That isn’t a web address; enter one like"),
        ("after", "999999", "has no post 999999"),
    ],
)
def test_a_block_is_refused_beside_its_field(editor: Client, draft: Edition, field: str, typed: str, said: str) -> None:
    answer = editor.post(f"{PAGE}blocks/", {**BLOCK, "revision": draft.revision, field: typed})
    assert said in said_at(answer.content, field)


def test_two_editors_add_blocks_at_once_and_both_stay(editor: Client, draft: Edition) -> None:
    _block(editor, draft.revision, title="One")
    _block(editor, draft.revision, title="Two")
    assert [b["title"] for b in _now().blocks] == ["One", "Two"]


def test_a_block_that_a_colleague_changed_is_not_overwritten(editor: Client, draft: Edition) -> None:
    _block(editor, draft.revision, title="One")
    seen, block = _now().revision, _now().blocks[0]["id"]
    values = {"id": block, "kind": "sponsor", "title": "A colleague's"}
    blocks.save(config.current(), _now(), "bo@example.org", None, values)
    told = _block(editor, seen, 422, id=block, title="Mine")
    assert "changed the block “A colleague's" in told
    assert [b["title"] for b in _now().blocks] == ["A colleague's"]


def test_several_posts_are_removed_included_and_moved(editor: Client, draft: Edition) -> None:
    both = [_pk("First"), _pk("Third")]
    editor.post(f"{PAGE}several/", {"act": "out", "post": both, "revision": draft.revision})
    assert _included() == ["Second"]
    editor.post(f"{PAGE}several/", {"act": "in", "post": both, "revision": _now().revision})
    assert _included() == ["First", "Second", "Third"]
    moved = {"act": "move", "post": both, "day": "2026-02-02", "revision": _now().revision}
    assert "2 posts have been moved." in _text(editor.post(f"{PAGE}several/", moved, follow=True).content)
    assert _included() == ["Second", "First", "Third"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [({"act": "out"}, "Select at least one post."), ({"act": "move"}, "Choose the day to move the posts to.")],
)
def test_a_missing_choice_for_several_posts_is_reported(
    editor: Client, draft: Edition, fields: dict[str, str], sentence: str
) -> None:
    chosen = [_pk("First")] if fields["act"] == "move" else []
    answer = editor.post(f"{PAGE}several/", {**fields, "post": chosen, "revision": draft.revision})
    assert (answer.status_code, _now().revision) == (422, draft.revision)
    assert sentence in _text(answer.content)
    assert answer.content.decode().count(" checked") == len(chosen)


def test_several_posts_are_not_changed_if_a_colleague_changed_one_of_them(editor: Client, draft: Edition) -> None:
    editor.post(f"{PAGE}post/", {"act": f"pin {_pk('First')}", "revision": draft.revision})
    given = {"act": "out", "post": [_pk("First"), _pk("Second")], "revision": draft.revision}
    assert editor.post(f"{PAGE}several/", given).status_code == 422
    other = {"act": "out", "post": [_pk("Second"), _pk("Third")], "revision": draft.revision}
    assert editor.post(f"{PAGE}several/", other).status_code == 302
    assert _included() == ["First"]


def test_the_day_of_a_post_is_chosen_where_it_is_edited(editor: Client, draft: Edition) -> None:
    assert 'type="date" value="2026-02-0' in editor.get(f"{PAGE}post/{_pk('First')}/").content.decode()
    fields = {"act": f"day {_pk('First')}", "day": "2026-02-02"}
    editor.post(f"{PAGE}post/", {**fields, "revision": draft.revision})
    assert _included() == ["Second", "Third", "First"]
    assert editor.post(f"{PAGE}post/", {**fields, "day": "x", "revision": _now().revision}).status_code == 404


def test_a_post_written_by_hand_gets_the_day_that_was_chosen(editor: Client, draft: Edition) -> None:
    editor.post(f"{PAGE}add/", {"title": "By hand", "text": "Words", "url": "", "day": "2026-02-02"})
    assert _included()[-1] == "By hand"


def test_undo_and_redo(editor: Client, draft: Edition) -> None:
    editor.post(f"{PAGE}post/", {"act": f"out {_pk('Second')}", "revision": draft.revision})
    undone = editor.post(f"{PAGE}undo/", {"revision": _now().revision}, follow=True)
    assert "Undid: removed “Second”" in _text(undone.content)
    assert _included() == ["First", "Second", "Third"]
    assert 'name="again" title="Removed “Second”."' in editor.get(f"{PAGE}side/").content.decode()
    editor.post(f"{PAGE}undo/", {"revision": _now().revision, "again": ""})
    assert _included() == ["First", "Third"]
    nothing = editor.post(f"{PAGE}undo/", {"revision": _now().revision, "again": ""}, follow=True)
    assert "There is nothing to redo." in _text(nothing.content)


def test_two_revisions_are_compared_side_by_side(editor: Client, draft: Edition) -> None:
    editing.set_words(config.current(), draft, "anna@example.org", None, {"subject": "The week in Asia"})
    editor.post(f"{PAGE}post/", {"act": f"out {_pk('Second')}", "revision": _now().revision})
    _block(editor, _now().revision)
    newest = _now().revision
    page = editor.get(f"{PAGE}compare/?old=1&new={newest}").content
    assert "<ins>The week in Asia</ins>" in page.decode()
    assert "<del>Second</del>" in page.decode()
    assert "<ins>Coffee</ins>" in page.decode()
    assert "added the block" in _text(page).lower()
    usual = editor.get(f"{PAGE}compare/").content.decode()
    assert f'value="{newest}" selected' in usual
    assert f'value="{newest - 1}" selected' in usual
    assert "These revisions are the same." in _text(editor.get(f"{PAGE}compare/?old=1&new=1").content)
    assert editor.get(f"{PAGE}compare/?old=1&new=99").status_code == 404


def test_the_page_of_more_actions_offers_what_the_state_allows(editor: Client, draft: Edition) -> None:
    page = _text(editor.get(f"{PAGE}more/").content)
    assert "Change several posts" in page
    assert "Send it now, at a time or as planned" in page
    Edition.objects.update(state=State.SENT)
    page = _text(editor.get(f"{PAGE}more/").content)
    assert "Change several posts" not in page
    assert "Duplicate" in page
