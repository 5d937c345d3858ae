"""Sending anyway, sending now, and sending to those who were skipped: each says why, and who may."""

import html
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from newsletter import config
from newsletter.editions import approval, editing
from newsletter.editions.states import change
from newsletter.messages import editions as messages
from newsletter.models import Act, Edition, State
from newsletter.sending import lifecycle, progress
from newsletter.web.desk import users
from newsletter.web.desk.edition.preview_queries import content_mark
from tests.sending import outbox_samples as samples
from tests.web import make

pytestmark = pytest.mark.django_db
PAGE = f"/desk/editions/kinaforum/{make.PERIOD}/"
ANYWAY = f"{PAGE}anyway/"


@pytest.fixture
def draft(editor: Client) -> Edition:
    """A draft that was due and is on hold."""
    edition = make.draft("First", "Second")
    edition.waiting = messages.NOT_APPROVED()
    edition.save()
    return edition


def _text(page: bytes) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.decode())).split())


def test_times_on_a_page_about_an_edition_are_in_the_zone_of_its_newsletter(editor: Client) -> None:
    make.draft("First")
    Edition.objects.update(waiting=messages.SCHEDULED_TIME_MISSED(at=make.NOW))
    known = config.current()
    abroad = replace(known.newsletters["kinaforum"], timezone="America/New_York")
    config.use(replace(known, newsletters={"daily": known.newsletters["daily"], "kinaforum": abroad}))
    assert "scheduled for 6 Feb 2026, 07:00" in _text(editor.get(PAGE, headers={"Accept-Language": "en"}).content)


def _form(edition: Edition, **changed: object) -> dict[str, object]:
    """What the form of a draft carries, with changes."""
    shown = {"state": edition.state, "revision": edition.revision, "mark": content_mark(edition), "readers": 0}
    return {**shown, **changed}


def test_the_draft_says_that_it_is_on_hold_and_leads_on(editor: Client, draft: Edition) -> None:
    assert "Send anyway…" in _text(editor.get(PAGE).content)
    page = _text(editor.get(ANYWAY).content)
    assert "Nobody has approved it yet" in page
    assert "Send now to 0 subscribers" in page


def test_sending_anyway_approves_and_queues_what_was_reviewed(editor: Client, draft: Edition) -> None:
    answer = editor.post(ANYWAY, _form(draft))
    assert answer["Location"] == f"{PAGE}report/"
    draft.refresh_from_db()
    assert (draft.state, draft.approved_by) == (State.QUEUED, "anna@example.org")
    assert Act.objects.filter(what__code="act.sent-anyway", by="anna@example.org").count() == 1


@pytest.mark.parametrize("changed", [{"revision": 0}, {"readers": 7}, {"state": "approved"}])
def test_nothing_is_sent_if_something_has_changed(editor: Client, draft: Edition, changed: dict[str, object]) -> None:
    assert editor.post(ANYWAY, _form(draft, **changed)).status_code == 422
    draft.refresh_from_db()
    assert draft.state == State.DRAFT


def test_a_text_that_a_source_changed_meanwhile_is_not_sent_unseen(editor: Client, draft: Edition) -> None:
    form = _form(draft)
    post = draft.entries.all()[0].post
    post.content_hash = "another"
    post.save()
    assert editor.post(ANYWAY, form).status_code == 422
    draft.refresh_from_db()
    assert (draft.state, draft.revision) == (State.DRAFT, int(str(form["revision"])) + 1)
    assert editor.post(ANYWAY, _form(draft)).status_code == 302


def test_errors_have_to_be_ticked(editor: Client, draft: Edition) -> None:
    draft = editing.set_words(config.current(), draft, "anna@example.org", None, {"greeting": "Hello {navn}"})
    page = editor.get(ANYWAY).content.decode()
    assert 'name="despite" value="placeholder-unknown"' in page
    assert editor.post(ANYWAY, _form(draft)).status_code == 422
    assert editor.post(ANYWAY, _form(draft, despite="placeholder-unknown")).status_code == 302


def test_an_editor_who_may_not_send_sees_who_may(editor: Client, draft: Edition) -> None:
    users.let_send(users.named("anna@example.org"), by="admin", sends=False)
    users.rename(make.person("bo@example.org"), "Bo Dahl")
    page = _text(editor.get(ANYWAY).content)
    assert "Nobody has approved it yet" in page
    assert "You can’t send editions. These people can: Bo Dahl" in page
    editor.post(ANYWAY, _form(draft))
    draft.refresh_from_db()
    assert draft.state == State.DRAFT


def test_an_edition_that_was_skipped_for_too_few_posts_becomes_a_draft_again(editor: Client, draft: Edition) -> None:
    change(draft, State.SKIPPED, reason=messages.TOO_FEW_POSTS(count=2, minimum=3), ended_at=make.NOW, waiting=None)
    assert "Send anyway…" in _text(editor.get(PAGE).content)
    page = _text(editor.get(ANYWAY).content)
    assert "It has 2 posts, and the minimum is 3" in page
    editor.post(f"{PAGE}reopen/", {"state": "skipped"})
    draft.refresh_from_db()
    assert (draft.state, messages.TOO_FEW_POSTS.matches(draft.waiting)) == (State.DRAFT, True)


def test_an_edition_that_is_not_on_hold_is_sent_on_the_page_of_its_departure(editor: Client, draft: Edition) -> None:
    approved = approval.approve(config.current(), draft, now=make.NOW)
    approval.queue(config.current(), approved, at=timezone.now() + timedelta(days=1))
    assert "Change or cancel…" in _text(editor.get(f"{PAGE}side/").content)
    assert editor.get(ANYWAY)["Location"] == f"{PAGE}send/"


def test_a_reason_that_has_to_be_fixed_is_not_overridden(editor: Client, draft: Edition) -> None:
    approved = approval.approve(config.current(), draft, now=make.NOW)
    approval.queue(config.current(), approved, now=make.NOW)
    Edition.objects.update(waiting=messages.LINKS_LOCAL(url="http://localhost:8000"))
    page = _text(editor.get(ANYWAY).content)
    assert "it can’t be overridden" in page
    editor.post(ANYWAY, {"state": "queued", "readers": 0})
    assert Edition.objects.get().waiting is None


def test_a_sent_edition_has_nothing_to_override(editor: Client, draft: Edition) -> None:
    Edition.objects.update(state=State.SENT, waiting=None)
    assert "There is nothing to override here." in _text(editor.get(ANYWAY).content)


def test_those_who_were_skipped_get_it_after_their_number_was_shown(editor: Client) -> None:
    edition = samples.sending(3)
    lifecycle.cancel(config.current(), edition)
    address = f"/desk/editions/{edition.name}/missed/"
    assert "3 subscribers were skipped and got nothing." in _text(
        editor.get(f"/desk/editions/{edition.name}/report/").content
    )
    assert "Send to 3 subscribers" in _text(editor.get(address).content)
    assert editor.post(address, {"count": 2}).status_code == 422
    done = editor.post(address, {"count": 3}, follow=True)
    assert "The edition will be sent to 3 subscribers who did not get it." in _text(done.content)
    assert progress.counts(edition).pending == 3
    assert "Nobody is left to send it to" in _text(editor.get(address).content)


def test_an_edition_that_missed_its_time_leads_to_all_that_can_be_done_now(editor: Client) -> None:
    make.draft("First")
    editor.post(f"{PAGE}approve/", _form(Edition.objects.get(), due=""))
    missed = messages.SCHEDULED_TIME_MISSED(at=make.NOW)
    Edition.objects.update(state=State.APPROVED, due_at=None, waiting=missed)
    for address in ("/desk/", PAGE):
        page = editor.get(address).content.decode()
        assert f'href="{PAGE}send/"' in page
        assert "Send anyway" not in page
    page = _text(editor.get(PAGE).content)
    assert "could not be sent then" in page
    assert "Take it back to draft to make changes" not in page
    assert editor.get(ANYWAY)["Location"] == f"{PAGE}send/"
    departure = _text(editor.get(f"{PAGE}send/").content)
    assert "could not be sent then" in departure
    for choice in ("Send now", "Schedule for", "Take back to draft", "Cancel this edition"):
        assert choice in departure
    edition = Edition.objects.get()
    form = {"state": "approved", "revision": edition.approved_content.revision, "readers": 0}
    at = "2126-03-01T10:00"
    assert editor.post(f"{PAGE}send/", {**form, "when": "at", "at": at, "says": at}).status_code == 302
    edition.refresh_from_db()
    assert (edition.state, edition.waiting) == (State.QUEUED, None)
