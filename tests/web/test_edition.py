"""The draft page: each act does what it says, and two editors lose nothing."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from lxml import html as lxml_html

from newsletter import config
from newsletter.editions import approval, editing
from newsletter.feeds.fetcher import Fetcher, Response
from newsletter.feeds.identity import link_key
from newsletter.messages import posts
from newsletter.models import Edition, Post, Source, SourceGap, TextLease
from newsletter.web.desk.edition import conflicts
from newsletter.web.desk.edition.texts import mark, word_fields
from tests.web import make

pytestmark = pytest.mark.django_db
PAGE = f"/desk/editions/kinaforum/{make.PERIOD}/"


@pytest.fixture
def draft() -> Edition:
    """Three posts under two days."""
    return make.draft("First", "Second", "Third")


def _now() -> Edition:
    return Edition.objects.get()


def _pk(title: str) -> int:
    return Post.objects.get(title=title).pk


def _act(client: Client, act: str, revision: int | None = None, **fields: Any) -> str:
    given = {"act": act, "revision": _now().revision if revision is None else revision, **fields}
    answer = client.post(f"{PAGE}post/", given)
    assert answer.status_code == 200
    return answer.content.decode()


def _order() -> list[str]:
    return [e.post.title for e in _now().entries.filter(included=True).order_by("position").select_related("post")]


def test_the_page_shows_every_post_with_its_reason_unless_that_is_the_usual_one(editor: Client, draft: Edition) -> None:
    draft.entries.filter(post__title="Second").update(reason=posts.LATE())
    page = editor.get(PAGE).content.decode()
    assert all(title in page for title in ("First", "Second", "Third"))
    assert page.count("published in this period") == 0
    assert page.count(str(posts.LATE())) == 1
    assert "Friday 6 February 2026" in page or "Thursday 5 February 2026" in page


def test_a_post_is_left_out_and_taken_in_again(editor: Client, draft: Edition) -> None:
    assert "1 post not included" in _act(editor, f"out {_pk('Second')}")
    assert _order() == ["First", "Third"]
    _act(editor, f"in {_pk('Second')}")
    assert _order() == ["First", "Second", "Third"]


def test_a_choice_is_left_to_the_rules_again(editor: Client, draft: Edition) -> None:
    _act(editor, f"out {_pk('Second')}")
    _act(editor, f"in {_pk('Second')}")
    panel = editor.get(f"{PAGE}post/{_pk('Second')}/").content.decode()
    assert f'value="rules {_pk("Second")}"' in panel
    _act(editor, f"rules {_pk('Second')}")
    assert _now().entries.get(post_id=_pk("Second")).choice == ""
    assert "rules" not in editor.get(f"{PAGE}post/{_pk('Second')}/").content.decode()


def test_a_post_is_pinned_to_the_top_of_its_day(editor: Client, draft: Edition) -> None:
    _act(editor, f"up {_pk('Third')}")
    _act(editor, f"pin {_pk('Third')}")
    assert _now().entries.get(post_id=_pk("Third")).pinned
    _act(editor, f"unpin {_pk('Third')}")
    assert not _now().entries.get(post_id=_pk("Third")).pinned


def test_moving_up_and_down_goes_past_the_days(editor: Client) -> None:
    make.draft("First", "Second", "Third", "Fourth")
    before = _order()
    for _ in range(6):
        _act(editor, f"up {_pk('Fourth')}")
    assert _order()[0] == "Fourth"
    for _ in range(6):
        _act(editor, f"down {_pk('Fourth')}")
    assert _order()[-1] == "Fourth"
    assert sorted(_order()) == sorted(before)


def test_a_post_is_dragged_to_a_day_and_place(editor: Client, draft: Edition) -> None:
    day = re.findall(r'data-day="([^"]+)"', editor.get(PAGE).content.decode())[0]
    _act(editor, "move", post=_pk("Third"), day=day, place=0)
    assert _order()[0] == "Third"


def _panel(client: Client, title: str = "First") -> dict[str, str]:
    """The fields of a post's panel: `title` and `text`, and the marks of what the page was filled with."""
    post = _pk(title)
    panel = lxml_html.fromstring(client.get(f"{PAGE}post/{post}/").content)
    names = ("title", "text", "shown-title", "shown-text")
    return {name: str(panel.xpath(f"//*[@name='{name}-{post}']")[0].value).removeprefix("\n") for name in names}


def _write(client: Client, panel: dict[str, str], **typed: str) -> Any:
    """Save headline and text of the first post as a page does that was filled with `panel`."""
    fields = {f"{name}-{_pk('First')}": text for name, text in {**panel, **typed}.items()}
    return client.post(f"{PAGE}words/", {**fields, "revision": _now().revision}, headers={"HX-Target": "said-1"})


def test_headline_and_text_are_saved_as_they_are_typed(editor: Client, draft: Edition) -> None:
    panel = _panel(editor)
    answer = _write(editor, panel, title="Better", text="**New** words")
    assert "draft-changed" in answer["HX-Trigger"]
    saved = answer.content.decode()
    assert f'hx-swap-oob="afterbegin:#post-{_pk("First")}"' in saved, "the list follows"
    assert "Better</b>" in saved
    assert ">edited</span>" in saved
    entry = _now().entries.get(post_id=_pk("First"))
    assert (entry.title, entry.text) == ("Better", "**New** words")
    frame = editor.get(f"{PAGE}frame/").content.decode()
    assert "Better" in frame
    assert "<strong" in frame
    marks = {f"shown-{name}": mark(text) for name, text in (("title", "Better"), ("text", "**New** words"))}
    for name, shown in marks.items():
        assert f'name="{name}-{_pk("First")}" value="{shown}"' in saved, "the next save names what is there now"


def test_rewriting_begins_with_what_the_source_says(editor: Client, draft: Edition) -> None:
    Post.objects.filter(title="First").update(html='<p>Te og <a href="https://a.example/">kaffe</a></p>')
    panel = _panel(editor)
    assert panel["text"] == "Te og [kaffe](https://a.example/)"
    _write(editor, panel, title="Better")
    assert _now().entries.get(post_id=_pk("First")).text == "", "a text that nobody changed stays the source's"
    _write(editor, _panel(editor), text="Kaffe")
    assert _now().entries.get(post_id=_pk("First")).text == "Kaffe"
    _write(editor, _panel(editor), text=panel["text"])
    assert _now().entries.get(post_id=_pk("First")).text == "", "the source's text again is the source's"
    _write(editor, _panel(editor), text="Kaffe")
    _write(editor, _panel(editor), text=" ", title="")
    entry = _now().entries.get(post_id=_pk("First"))
    assert (entry.title, entry.text) == ("", ""), "without a text the source's is used"
    assert _panel(editor) == panel


def test_previews_of_texts_may_show_the_images_of_sources(editor: Client, draft: Edition) -> None:
    policy = editor.get(PAGE)["Content-Security-Policy"]
    assert "img-src 'self' data: https: http:;" in policy
    assert "script-src 'self';" in policy


def test_a_source_that_changes_while_a_post_is_open_is_not_overwritten(editor: Client, draft: Edition) -> None:
    panel = _panel(editor)
    Post.objects.filter(title="First").update(html="<p>Corrected by the source</p>")
    _write(editor, panel, title="Better")
    assert _now().entries.get(post_id=_pk("First")).text == ""
    refused = _write(editor, _panel(editor) | {"shown-text": panel["shown-text"]}, text="Mine")
    assert refused.status_code == 409
    assert "Corrected by the source" in refused.content.decode()
    assert _now().entries.get(post_id=_pk("First")).text == ""


def test_a_text_that_is_too_long_is_refused_and_not_cut(editor: Client, draft: Edition) -> None:
    answer = _write(editor, _panel(editor), text="x" * 200_001)
    assert answer.status_code == 422
    assert "has 200001 characters" in answer.content.decode().replace(",", "")
    assert _now().revision == draft.revision


def test_a_text_of_a_post_that_the_draft_has_not_got_is_refused(editor: Client, draft: Edition) -> None:
    answer = editor.post(f"{PAGE}words/", {"text-999": "Mine", "revision": draft.revision})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        ({"url": "ftp://example.org/", "text": "My text"}, "url", "isn’t a web address"),
        ({"text": "My text"}, "title", "A post needs a headline."),
        ({"title": "Mine", "text": "x" * 200_001}, "text", "characters"),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_a_refused_post_keeps_its_fields_with_the_message_beside_the_field(
    editor: Client, draft: Edition, given: dict[str, str], field: str, sentence: str, headers: dict[str, str]
) -> None:
    answer = editor.post(f"{PAGE}add/", given, headers=headers)
    assert answer.status_code == 422
    page = lxml_html.fromstring(answer.text)
    (wrong,) = page.xpath("//*[@aria-invalid='true']")
    assert wrong.name == field
    (said,) = page.xpath(f"//*[@id='{wrong.get('aria-describedby').split()[0]}']")
    assert sentence in said.text_content()
    for name, text in given.items():
        assert page.xpath(f"//*[@id='add-{name}']")[0].value.strip() == text


def test_the_source_s_own_headline_is_no_editor_s(editor: Client, draft: Edition) -> None:
    _write(editor, _panel(editor) | {"shown-title": mark("Another")}, title="First")
    assert _now().revision == draft.revision


def _words(client: Client, seen: dict[str, str], **given: str) -> Any:
    shown = {f"shown-{key}": mark(seen.get(key, "")) for key in given}
    return client.post(f"{PAGE}words/", {**given, **shown, "revision": _now().revision})


def test_words_are_saved_and_the_page_told(editor: Client, draft: Edition) -> None:
    answer = _words(editor, {}, subject="  Hei   alle ", greeting="Kjære leser,\r\n\r\nhei")
    assert answer.status_code == 200
    assert "draft-changed" in answer["HX-Trigger"]
    assert "Saved" in answer.content.decode()
    assert (_now().subject, _now().greeting) == ("Hei alle", "Kjære leser,\n\nhei")
    assert _now().revision == draft.revision + 1


def test_saving_nothing_new_makes_no_revision(editor: Client, draft: Edition) -> None:
    _words(editor, {}, subject="", greeting="")
    assert _now().revision == draft.revision


def test_two_editors_on_two_fields_are_put_together(editor: Client, draft: Edition) -> None:
    editing.set_words(config.current(), draft, "kari@example.org", draft.revision, {"greeting": "Karis hilsen"})
    answer = client_saves_stale_page(editor, draft, subject="Mitt emne", greeting="")
    assert answer.status_code == 200
    assert (_now().subject, _now().greeting) == ("Mitt emne", "Karis hilsen")
    assert "others-changed" in answer["HX-Trigger"]
    told = editor.post(f"{PAGE}writers/", {"revision": draft.revision, "shown-greeting": mark("")}).json()
    assert told["texts"] == {"greeting": {"text": "Karis hilsen", "shown": mark("Karis hilsen")}}


@pytest.mark.django_db(transaction=True)
def test_the_draft_is_held_from_the_look_to_the_change(draft: Edition) -> None:
    """However many save at that moment: nobody can come between, so nobody has to be turned away."""
    held = []

    def act(newest: Edition, revision: int) -> Edition:
        held.append(connection.in_atomic_block)
        return editing.pin(config.current(), newest, "kari@example.org", revision, _pk("First"))

    editing.set_words(config.current(), draft, "ola@example.org", draft.revision, {"greeting": "Hei"})
    conflicts.on_posts(draft, draft.revision, [_pk("First")], act)
    assert held == [True]
    assert _now().entries.get(post_id=_pk("First")).pinned


def client_saves_stale_page(client: Client, seen: Edition, **given: str) -> Any:
    """What a page that was loaded before somebody else's change sends."""
    shown = {f"shown-{key}": mark(getattr(seen, key)) for key in given}
    return client.post(f"{PAGE}words/", {**given, **shown, "revision": seen.revision})


def test_two_editors_on_one_field_see_both_wordings(editor: Client, draft: Edition) -> None:
    editing.set_words(config.current(), draft, "kari@example.org", draft.revision, {"greeting": "Karis hilsen"})
    answer = client_saves_stale_page(editor, draft, greeting="Annas hilsen")
    assert answer.status_code == 409
    assert "kari@example.org has changed the same text" in answer.content.decode()
    assert "Karis hilsen" in answer.content.decode()
    assert "Annas hilsen" in answer.content.decode()
    assert _now().greeting == "Karis hilsen"
    forced = {"greeting": "Annas hilsen", "force": "1", "revision": str(_now().revision)}
    assert editor.post(f"{PAGE}words/", forced).status_code == 200
    assert _now().greeting == "Annas hilsen"
    again = client_saves_stale_page(editor, draft, greeting="From another tab")
    assert "You have changed the same text in another window." in again.content.decode()
    assert "Karis hilsen" in str(_now().revisions.order_by("-number")[1].snapshot), "the history keeps both"


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
    assert (_now().greeting.strip(), _now().subject) == ("Annas\nhilsen", "Annas emne")


def test_two_editors_on_two_posts_do_not_get_into_each_other_s_way(editor: Client, draft: Edition) -> None:
    editing.leave_out(config.current(), draft, "kari@example.org", draft.revision, _pk("First"))
    _act(editor, f"out {_pk('Second')}", revision=draft.revision)
    assert _order() == ["Third"]


def test_two_editors_on_one_post_see_both_wordings(editor: Client, draft: Edition) -> None:
    panel, post = _panel(editor), _pk("First")
    editing.retitle(config.current(), draft, "kari@example.org", draft.revision, post, "Karis tittel")
    answer = _write(editor, panel, title="Annas tittel")
    assert answer.status_code == 409
    clash = answer.content.decode()
    assert "kari@example.org has changed the same text" in clash
    assert 'hx-target="#said-1"' in clash
    assert 'value="Annas tittel"' in clash
    assert _now().entries.get(post_id=post).title == "Karis tittel"
    forced = {f"title-{post}": "Annas tittel", "force": "1", "revision": _now().revision}
    assert editor.post(f"{PAGE}words/", forced).status_code == 200
    assert _now().entries.get(post_id=post).title == "Annas tittel"


def test_one_person_writes_in_a_text_at_a_time(editor: Client, admin: Client, draft: Edition) -> None:
    """`editor` writes; `admin` is told, waits, and writes once the editor has stopped."""

    def ask(client: Client, **said: Any) -> Any:
        marks = {f"shown-{key}": mark(getattr(_now(), key)) for key in ("greeting", "closing")}
        return client.post(f"{PAGE}writers/", {"revision": _now().revision, **marks, **said}).json()["writers"]

    assert ask(admin) == {}
    assert _words(editor, {}, greeting="Kjære").status_code == 200
    (writer,) = ask(admin).values()
    assert set(ask(admin)) == {"greeting"}
    assert ask(editor) == {}, "the page of who is writing is not told of itself"
    seen = {"greeting": "Kjære"}
    refused = _words(admin, seen, greeting="Min hilsen")
    assert refused.status_code == 409
    assert f"{writer} is writing in the same text" in refused.content.decode()
    assert _now().greeting == "Kjære"
    assert _words(admin, {}, closing="Hilsen oss").status_code == 200, "another text is free"
    assert set(ask(admin, writing=["greeting"])) == {"greeting"}, "writing does not take a text from its writer"
    TextLease.objects.update(until=timezone.now())
    assert _words(admin, seen, greeting="Min hilsen").status_code == 200, "but an old lease ends"
    assert set(ask(editor)) == {"greeting"}
    assert _words(editor, seen, greeting="Kjære leser").status_code == 409, "and nothing of the first one's is lost"


def test_undo_goes_back_one_change_at_a_time(editor: Client, draft: Edition) -> None:
    _words(editor, {}, subject="One")
    _words(editor, {"subject": "One"}, subject="Two")
    for expected in ("One", ""):
        editor.post(f"{PAGE}undo/", {"revision": _now().revision})
        assert _now().subject == expected


def test_the_history_names_posts_by_their_headline(editor: Client, draft: Edition) -> None:
    _act(editor, f"out {_pk('Second')}")
    page = editor.get(f"{PAGE}history/").content.decode()
    assert "Removed “Second”" in page
    assert "anna@example.org" in page


def test_the_history_has_approval_scheduling_and_taking_back(editor: Client, draft: Edition) -> None:
    approved = approval.approve(config.current(), draft, by="anna@example.org", now=make.NOW)
    approval.queue(config.current(), approved, by="anna@example.org", at=make.NOW + timedelta(days=9), now=make.NOW)
    approval.reopen(_now(), by="anna@example.org", now=make.NOW)
    history = lxml_html.fromstring(editor.get(f"{PAGE}history/").content)
    rows = [cell.text_content() for cell in history.cssselect("tbody td.lead")]
    assert {"Approved", "Scheduled", "Taken back to draft"} <= set(rows)
    compared = lxml_html.fromstring(editor.get(f"{PAGE}compare/").content)
    assert not [option for option in compared.cssselect("option") if "Approved" in option.text_content()]


def test_the_beginning_of_a_folded_text_is_plain_words(editor: Client, draft: Edition) -> None:
    _words(editor, {}, greeting="::: note\n**Dear** [readers](https://example.org/),\n:::")
    assert next(field.begin for field in word_fields(_now()) if field.key == "greeting") == "Dear readers,"


def test_a_post_is_added_by_hand(editor: Client, draft: Edition) -> None:
    editor.post(f"{PAGE}add/", {"title": "Et notat", "url": "https://example.org/x", "text": "Tekst"})
    assert "Et notat" in _order()


def test_a_post_of_the_ledger_is_included_by_its_address(editor: Client, draft: Edition) -> None:
    old = make.post("Long ago", hours=24 * 20)
    editor.post(f"{PAGE}add/", {"url": old.url})
    assert "Long ago" in _order()


def test_a_page_is_known_by_the_address_to_which_a_short_one_leads(
    editor: Client, draft: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = make.post("Long ago", hours=24 * 20).url, "https://kinaforum.example/new.html"
    urls = {"https://s.example/1": old, "https://s.example/2": new}
    monkeypatch.setattr(Fetcher, "get", lambda _, url: Response(urls[url], 200, b"<title>New | Kinaforum</title>"))
    for url in urls:
        editor.post(f"{PAGE}add/", {"url": url})
    assert {"Long ago", "New | Kinaforum"} < set(_order())
    assert Post.objects.get(title="New | Kinaforum").link_key == link_key(new)
    editor.post(f"{PAGE}add/", {"url": "https://s.example/1", "text": "What I think of it"})
    assert Post.objects.filter(link_key=link_key(old)).count() == 1


def test_an_address_that_can_t_be_read_is_said_and_loses_nothing(editor: Client, draft: Edition) -> None:
    answer = editor.post(f"{PAGE}add/", {"url": "http://127.0.0.1:9/nothing"}, follow=True)
    assert "write its headline yourself" in answer.content.decode()
    assert _now().revision == draft.revision


@pytest.mark.parametrize("evil", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd"])
def test_no_other_kind_of_address_is_added(editor: Client, draft: Edition, evil: str) -> None:
    editor.post(f"{PAGE}add/", {"title": "Evil", "url": evil})
    assert not Post.objects.filter(url=evil).exists()


def test_the_queries_do_not_grow_with_the_posts(editor: Client, django_assert_max_num_queries: Any) -> None:
    make.draft(*(f"Post {n}" for n in range(20)))
    editor.get(PAGE)
    with django_assert_max_num_queries(10):
        editor.get(PAGE)


def test_an_act_of_no_name_is_not_found(editor: Client, draft: Edition) -> None:
    assert editor.post(f"{PAGE}post/", {"act": "explode 1", "revision": 1}).status_code == 404
    assert editor.post(f"{PAGE}post/", {"act": f"out {_pk('First')}"}).status_code == 404


def test_a_refused_post_keeps_what_was_typed(editor: Client) -> None:
    make.draft("First")
    given = {"url": "ftp://example.org/", "title": "", "text": "Line one\nline two"}
    answer = editor.post(f"{PAGE}add/", given)
    assert answer.status_code == 422
    for kept in ("isn’t a web address", 'value="ftp://example.org/"', "Line one\nline two</textarea>"):
        assert kept in answer.content.decode()
    part = editor.post(f"{PAGE}add/", given, headers={"HX-Request": "true"})
    assert (part.status_code, part.content.decode().count("<form")) == (422, 0)
    assert "isn’t a web address" in part.content.decode()


def test_a_post_added_by_the_page_leads_back_to_it(editor: Client) -> None:
    make.draft("First")
    given = {"title": "By hand", "text": "Some text"}
    assert editor.post(f"{PAGE}add/", given, headers={"HX-Request": "true"})["HX-Redirect"] == PAGE
    assert "By hand" in editor.get(PAGE).content.decode()


def test_a_draft_says_where_posts_may_be_missing(editor: Client) -> None:
    edition = make.draft("First")
    address = config.current().newsletters[edition.newsletter].sources[0].url
    source, _ = Source.objects.get_or_create(newsletter=edition.newsletter, url=address)
    times = {"after": edition.since, "before": edition.until, "found_at": edition.since}
    SourceGap.objects.create(source=source, listed=10, interrupted=False, **times)
    page = editor.get(PAGE).content.decode()
    assert "Posts may be missing." in page
    assert f"{source.url}: posts may be missing between" in page


def test_a_draft_has_one_link_to_its_full_preview(editor: Client, draft: Edition) -> None:
    page, side = lxml_html.fromstring(editor.get(PAGE).text), editor.get(f"{PAGE}side/").text
    (without_scripts,) = page.xpath("//a[contains(., 'Full preview')]")
    assert without_scripts.getparent().tag == "noscript", "the preview beside the draft has the link otherwise"
    assert side.count("Full preview") == 1


def test_the_header_of_a_draft_has_its_subject_one_button_and_a_menu(editor: Client, draft: Edition) -> None:
    page = lxml_html.fromstring(editor.get(PAGE).text)
    (header,) = page.cssselect(".heading")
    (subject,) = header.cssselect("input[name=subject]")
    assert (subject.get("form"), subject.get("placeholder")) == ("words", "First, og 2 til")
    assert len(page.cssselect("[name=subject]")) == len(page.cssselect("#words [name=shown-subject]")) == 1
    assert "Draft" in header.text_content()
    assert "For 0 subscribers, not scheduled yet." in header.text_content()
    links = [link.text_content() for link in header.cssselect("#more a")]
    assert links == ["Send a test", "History", "More…"]
    assert "Check for new posts" not in header.text_content()
    side = lxml_html.fromstring(editor.get(f"{PAGE}side/").text)
    assert len(side.cssselect("#bar .first")) <= 1


def test_the_header_says_when_a_draft_goes(editor: Client, draft: Edition) -> None:
    due = timezone.now() + timedelta(days=3)
    Edition.objects.filter(pk=draft.pk).update(due_at=due)
    header = lxml_html.fromstring(editor.get(PAGE).text).cssselect("#goes")[0].text_content()
    assert re.fullmatch(r"Goes to 0 subscribers .+, once approved\.", header)
