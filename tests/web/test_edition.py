"""The draft page: each act does what it says, and the history and the header show it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from lxml import html as lxml_html

from newsletter import config
from newsletter.editions import approval
from newsletter.messages import posts
from newsletter.models import Edition, Source, SourceGap
from tests.web import make
from tests.web.draft_page import (
    PAGE,
    act_on_posts,
    draft_now,
    pk_of,
    titles,
    write_words,
)

pytestmark = pytest.mark.django_db


def test_the_page_shows_every_post_with_its_reason_unless_that_is_the_usual_one(editor: Client, draft: Edition) -> None:
    draft.entries.filter(post__title="Second").update(reason=posts.LATE())
    page = editor.get(PAGE).content.decode()
    assert all(title in page for title in ("First", "Second", "Third"))
    assert page.count("published in this period") == 0
    assert page.count(str(posts.LATE())) == 1
    assert "Friday 6 February 2026" in page or "Thursday 5 February 2026" in page


def test_a_post_is_left_out_and_taken_in_again(editor: Client, draft: Edition) -> None:
    assert "1 post not included" in act_on_posts(editor, f"out {pk_of('Second')}")
    assert titles() == ["First", "Third"]
    act_on_posts(editor, f"in {pk_of('Second')}")
    assert titles() == ["First", "Second", "Third"]


def test_a_choice_is_left_to_the_rules_again(editor: Client, draft: Edition) -> None:
    act_on_posts(editor, f"out {pk_of('Second')}")
    act_on_posts(editor, f"in {pk_of('Second')}")
    panel = editor.get(f"{PAGE}post/{pk_of('Second')}/").content.decode()
    assert f'value="rules {pk_of("Second")}"' in panel
    act_on_posts(editor, f"rules {pk_of('Second')}")
    assert draft_now().entries.get(post_id=pk_of("Second")).choice == ""
    assert "rules" not in editor.get(f"{PAGE}post/{pk_of('Second')}/").content.decode()


def test_a_post_is_pinned_to_the_top_of_its_day(editor: Client, draft: Edition) -> None:
    act_on_posts(editor, f"up {pk_of('Third')}")
    act_on_posts(editor, f"pin {pk_of('Third')}")
    assert draft_now().entries.get(post_id=pk_of("Third")).pinned
    act_on_posts(editor, f"unpin {pk_of('Third')}")
    assert not draft_now().entries.get(post_id=pk_of("Third")).pinned


def test_moving_up_and_down_goes_past_the_days(editor: Client) -> None:
    make.draft("First", "Second", "Third", "Fourth")
    before = titles()
    for _ in range(6):
        act_on_posts(editor, f"up {pk_of('Fourth')}")
    assert titles()[0] == "Fourth"
    for _ in range(6):
        act_on_posts(editor, f"down {pk_of('Fourth')}")
    assert titles()[-1] == "Fourth"
    assert sorted(titles()) == sorted(before)


def test_a_post_is_dragged_to_a_day_and_place(editor: Client, draft: Edition) -> None:
    day = re.findall(r'data-day="([^"]+)"', editor.get(PAGE).content.decode())[0]
    act_on_posts(editor, "move", post=pk_of("Third"), day=day, place=0)
    assert titles()[0] == "Third"


def test_undo_goes_back_one_change_at_a_time(editor: Client, draft: Edition) -> None:
    write_words(editor, {}, subject="One")
    write_words(editor, {"subject": "One"}, subject="Two")
    for expected in ("One", ""):
        editor.post(f"{PAGE}undo/", {"revision": draft_now().revision})
        assert draft_now().subject == expected


def test_the_history_names_posts_by_their_headline(editor: Client, draft: Edition) -> None:
    act_on_posts(editor, f"out {pk_of('Second')}")
    page = editor.get(f"{PAGE}history/").content.decode()
    assert "Removed “Second”" in page
    assert "anna@example.org" in page


def test_the_history_has_approval_scheduling_and_taking_back(editor: Client, draft: Edition) -> None:
    approved = approval.approve(config.current(), draft, by="anna@example.org", now=make.NOW)
    approval.queue(config.current(), approved, by="anna@example.org", at=make.NOW + timedelta(days=9), now=make.NOW)
    approval.reopen(draft_now(), by="anna@example.org", now=make.NOW)
    history = lxml_html.fromstring(editor.get(f"{PAGE}history/").content)
    rows = [cell.text_content() for cell in history.cssselect("tbody td.lead")]
    assert {"Approved", "Scheduled", "Taken back to draft"} <= set(rows)
    compared = lxml_html.fromstring(editor.get(f"{PAGE}compare/").content)
    assert not [option for option in compared.cssselect("option") if "Approved" in option.text_content()]


def test_the_queries_do_not_grow_with_the_posts(editor: Client, django_assert_max_num_queries: Any) -> None:
    make.draft(*(f"Post {n}" for n in range(20)))
    editor.get(PAGE)
    with django_assert_max_num_queries(10):
        editor.get(PAGE)


def test_an_act_of_no_name_is_not_found(editor: Client, draft: Edition) -> None:
    assert editor.post(f"{PAGE}post/", {"act": "explode 1", "revision": 1}).status_code == 404
    assert editor.post(f"{PAGE}post/", {"act": f"out {pk_of('First')}"}).status_code == 404


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
