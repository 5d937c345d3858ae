"""Approving what was looked at, and sending it once."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from newsletter import config
from newsletter.editions import approval
from newsletter.messages.delivery import STOPPED, TEST_ACCEPTED, TEST_DEFERRED
from newsletter.models import DeliveryStatus, Edition, Post, Result, State
from newsletter.sending import lifecycle
from newsletter.web.desk import stale_forms
from newsletter.web.desk.edition import departure
from subscribers import admin_actions
from tests.sending.outbox_samples import subscribe
from tests.web import make
from tests.web.edition_forms import PAGE, add_subscribers, approval_fields, approved, form_fields, send, sending_edition
from tests.web.field_errors import said_at

pytestmark = pytest.mark.usefixtures("emails_to_files")

NOBODY = "Nobody would get this edition yet."


def test_the_button_says_what_follows(editor: Client) -> None:
    draft = make.draft("First")
    add_subscribers(2)
    assert "Approve and choose when to send" in editor.get(f"{PAGE}side/").content.decode()
    draft.due_at = timezone.now() + timedelta(hours=2)
    draft.save()
    assert re.search(r"Goes to 2 subscribers \w+ \d.*, once approved\.", editor.get(f"{PAGE}side/").content.decode())


def test_the_page_for_sending_says_before_that_links_would_not_work(editor: Client) -> None:
    make.draft("First")
    subscribe(["reader@mailbox.org"])
    page = editor.get(f"{PAGE}send/").content.decode()
    assert "open links that begin with" not in page
    assert "Posts that are found after it is approved go into the next edition." in page
    found = config.current()
    delivery = replace(found.delivery, provider="smtp", smtp=replace(found.delivery.smtp, host="localhost"))
    config.use(replace(found, site=replace(found.site, url="http://localhost:8000"), delivery=delivery))
    assert "1 subscriber can&#x27;t open links that begin with" in editor.get(f"{PAGE}send/").content.decode()


def test_the_previewed_edition_is_what_is_frozen(editor: Client) -> None:
    make.draft("First")
    seen = editor.get(f"{PAGE}frame/").content.decode()
    editor.post(f"{PAGE}approve/", approval_fields(editor))
    edition = Edition.objects.get()
    assert (edition.state, edition.approved_by) == (State.APPROVED, "anna@example.org")
    content = edition.approved_content.html
    for name, _value, _form, _fallback in edition.approved_content.placeholders:
        content = content.replace(name, "")
    plain = re.sub(r"/[up]/[\w-]{20,}", "", seen)
    assert re.sub(r"\s+", " ", re.sub(r"<style.*?</style>|<[^>]+>", "", plain, flags=re.DOTALL)) == re.sub(
        r"\s+", " ", re.sub(r"<style.*?</style>|<[^>]+>", "", content, flags=re.DOTALL)
    )


def test_a_changed_draft_is_not_approved(editor: Client) -> None:
    make.draft("First", "Second")
    fields = approval_fields(editor)
    editor.post(f"{PAGE}post/", {"act": f"out {Post.objects.get(title='First').pk}", "revision": fields["revision"]})
    answer = editor.post(f"{PAGE}approve/", fields)
    assert answer.status_code == 409
    assert "Removed “First”" in answer.content.decode()
    assert Edition.objects.get().state == State.DRAFT


def test_a_post_that_its_source_changed_is_not_approved_unseen(editor: Client) -> None:
    make.draft("First", "Second")
    fields = approval_fields(editor)
    Post.objects.filter(title="First").update(html="<p>Something else.</p>", content_hash="other")
    answer = editor.post(f"{PAGE}approve/", fields)
    assert answer.status_code == 409
    assert "Text of “First” changed" in answer.content.decode()
    assert Edition.objects.get().state == State.DRAFT
    assert editor.post(f"{PAGE}approve/", approval_fields(editor)).status_code == 302
    assert "Something else." in Edition.objects.get().approved_content.html


def test_errors_are_overruled_by_name_only(editor: Client) -> None:
    make.draft("First")
    Edition.objects.update(subject="{{ left over }}")
    body = editor.get(f"{PAGE}preview/").content.decode()
    codes = re.findall(r'name="despite" value="([^"]+)"', body)
    assert codes
    for code in codes:
        assert re.search(rf'value="{code}" required><span>[^<]{{10,}}</span>', body)
    editor.post(f"{PAGE}approve/", approval_fields(editor, "preview/"))
    assert Edition.objects.get().state == State.DRAFT
    editor.post(f"{PAGE}approve/", {**approval_fields(editor, "preview/"), "despite": codes})
    assert Edition.objects.get().despite_lint == sorted(codes)


def test_the_text_of_an_approved_edition_looks_as_its_editor_shows_it(editor: Client) -> None:
    approved(editor)
    Edition.objects.update(greeting="Hi **you**<script>alert(1)</script>")
    page = editor.get(PAGE).content.decode()
    assert "<p>Hi <strong>you</strong>" in page
    assert "<script>alert" not in page


def test_reopened_it_is_a_draft_again(editor: Client) -> None:
    approved(editor)
    editor.post(f"{PAGE}reopen/", {"state": "approved"})
    assert Edition.objects.get().state == State.DRAFT


def test_the_page_before_sending_counts_who_gets_it(editor: Client) -> None:
    add_subscribers(3)
    admin_actions.remove("leser0@example.com")
    approved(editor)
    body = editor.get(f"{PAGE}send/").content.decode()
    assert "2 subscribers" in body
    assert "1 unsubscribed" in body
    assert "Save to a folder, to try things out" in body
    assert NOBODY not in body


def test_many_subscribers_want_their_number_typed(editor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(departure, "TYPED_ABOVE", 2)
    add_subscribers(3)
    approved(editor)
    assert send(editor, typed="2") == 422
    assert Edition.objects.get().state == State.APPROVED
    assert send(editor, typed="3") == 302
    assert Edition.objects.get().state == State.QUEUED


def test_a_time_is_in_the_newsletter_s_time_zone(editor: Client) -> None:
    approved(editor)
    body = editor.get(f"{PAGE}send/").content.decode()
    assert "Time zone: Europe/Oslo</span>" in body
    assert NOBODY in body
    assert send(editor, when="at", at="2020-01-01T10:00") == 422
    assert send(editor, when="at", at="nonsense") == 422
    skipped = editor.post(f"{PAGE}send/", {"state": "approved", "when": "at", "at": "2999-03-31T02:30"})
    assert "such as 31 Mar 2999, 03:30." in skipped.content.decode(), "times in sentences are, too"
    assert send(editor, when="at", at="2999-06-01T10:00") == 302
    due = Edition.objects.get().due_at
    assert due is not None
    assert due.isoformat() == "2999-06-01T08:00:00+00:00"
    editor.post(f"{PAGE}reopen/", {"state": "queued"})
    assert 'name="at" value="2999-06-01T10:00"' in editor.get(f"{PAGE}send/").content.decode()
    editor.post(f"{PAGE}approve/", approval_fields(editor))
    assert Edition.objects.get().state == State.APPROVED
    assert 'name="at" value="2999-06-01T10:00"' in editor.get(f"{PAGE}send/").content.decode()


def test_send_pressed_twice_queues_once(editor: Client, admin: Client) -> None:
    approved(editor)
    fields = {**form_fields(editor, "send/", "[^>]*sending"), "when": "now"}
    assert editor.post(f"{PAGE}send/", fields).status_code == 302
    assert (
        "Nothing was changed. Sending begins as soon"
        in admin.post(f"{PAGE}send/", fields, follow=True).content.decode()
    )
    edition = Edition.objects.get()
    assert edition.state == State.QUEUED
    assert edition.newsletter == "kinaforum"
    from newsletter.models import Act

    assert Act.objects.filter(what__code="act.sending-started").count() == 1


def test_a_test_email_goes_to_named_people(editor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make.draft("First")
    told = {"a@example.com": TEST_ACCEPTED(), "b@example.com": TEST_DEFERRED(reply=STOPPED())}
    monkeypatch.setattr("newsletter.web.desk.send.views.edition_tests.send", lambda *_, by: told)
    assert "anna@example.org" in editor.get(f"{PAGE}proof/").content.decode()
    norwegian = {"Accept-Language": "nb"}
    body = editor.post(f"{PAGE}proof/", {"addresses": ", ".join(told)}, headers=norwegian).content.decode()
    assert "a@example.com" in body
    assert "Ikke sendt til b@example.com.</p><p>Send testen på nytt senere: utsendingen ble stoppet.</p>" in body


@pytest.mark.parametrize(
    ("typed", "said"),
    [("nOBODY", "'nOBODY' is not an email address: it has no @"), ("", "A test goes to 1 to 20 addresses")],
)
def test_a_test_to_no_address_is_refused_beside_the_field_as_it_was_typed(
    editor: Client, typed: str, said: str
) -> None:
    make.draft("First")
    answer = editor.post(f"{PAGE}proof/", {"addresses": typed})
    assert answer.status_code == 422
    assert said in said_at(answer.content, "addresses")


BAD_CHOICES: dict[str, dict[str, str]] = {
    "now and a time": {"when": "now", "at": "2999-06-01T10:00"},
    "at without a time": {"when": "at", "at": ""},
    "neither": {"when": ""},
    "another button": {"when": "at", "at": "2999-06-01T10:00", "says": "now"},
    "no button": {"when": "now", "says": ""},
    "an hour that does not exist": {"when": "at", "at": "2999-03-31T02:30"},
    "a time beyond the calendar": {"when": "at", "at": "9999-12-31T23:59:59-12:00"},
    "another revision": {"revision": "7"},
    "no number of readers": {"readers": ""},
    "an invalid number": {"readers": "²"},
}


@pytest.mark.parametrize("given", BAD_CHOICES.values(), ids=BAD_CHOICES)
def test_an_unclear_request_sends_nothing(editor: Client, given: dict[str, str]) -> None:
    add_subscribers(2)
    approved(editor)
    assert send(editor, **given) == 422
    assert Edition.objects.get().state == State.APPROVED


def test_a_changed_number_of_subscribers_is_shown_before_anything_is_sent(editor: Client) -> None:
    add_subscribers(2)
    approved(editor)
    fields = {**form_fields(editor, "send/", "[^>]*sending"), "when": "now"}
    admin_actions.add("new@example.com", "kinaforum", consent="test")
    cache.clear()
    answer = editor.post(f"{PAGE}send/", fields)
    assert answer.status_code == 422
    assert "Subscribers: 2 before, 3 now." in answer.content.decode()
    assert Edition.objects.get().state == State.APPROVED
    assert send(editor) == 302


def test_a_large_list_may_change_a_little(editor: Client) -> None:
    for before, now, same in ((1_000, 1_010, True), (1_000, 1_011, False), (25, 26, False), (0, 0, True)):
        posted = QueryDict(f"readers={before}")
        assert stale_forms.recipients(posted, now).same is same, (before, now)


def test_an_edition_approved_again_is_not_sent_from_an_old_page(editor: Client) -> None:
    approved(editor)
    fields = {**form_fields(editor, "send/", "[^>]*sending"), "when": "now"}
    editor.post(f"{PAGE}reopen/", {"state": "approved"})
    first = Post.objects.get(title="First").pk
    editor.post(f"{PAGE}post/", {"act": f"out {first}", "revision": Edition.objects.get().revision})
    editor.post(f"{PAGE}approve/", approval_fields(editor))
    assert editor.post(f"{PAGE}send/", fields).status_code == 422
    assert Edition.objects.get().state == State.APPROVED


def test_approval_whose_time_passed_meanwhile_shows_the_difference(editor: Client) -> None:
    draft = make.draft("First")
    draft.due_at = timezone.now() + timedelta(hours=2)
    draft.save()
    fields = approval_fields(editor)
    Edition.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    answer = editor.post(f"{PAGE}approve/", fields)
    assert answer.status_code == 409
    assert "before, when you send it now." in answer.content.decode()
    assert Edition.objects.get().state == State.DRAFT


def test_acts_on_another_state_than_shown_are_refused(editor: Client) -> None:
    sending_edition(editor)
    for act in ("pause", "stop"):
        given = {"act": act, "state": "queued", "typed": make.PERIOD}
        body = editor.post(f"{PAGE}control/", given, follow=True).content.decode()
        assert "Status: Scheduled before, Sending now." in body
    assert Edition.objects.get().state == State.SENDING


def test_a_queued_edition_is_not_reopened_from_a_page_that_shows_it_approved(editor: Client) -> None:
    approved(editor)
    send(editor)
    body = editor.post(f"{PAGE}reopen/", {"state": "approved"}, follow=True).content.decode()
    assert "Status: Approved before, Scheduled now." in body
    assert Edition.objects.get().state == State.QUEUED


def test_another_number_of_unknown_ones_than_shown_is_not_decided_about(editor: Client) -> None:
    edition = sending_edition(editor)
    lifecycle.complete(["kinaforum"], timezone.now())
    for act in ("resend", "leave"):
        body = editor.post(f"{PAGE}settle/", {"act": act, "count": "3"}, follow=True).content.decode()
        assert "Unconfirmed: 3 before, 1 now." in body
    editor.post(f"{PAGE}settle/", {"act": "", "count": "1"})
    assert not Result.objects.get(edition=edition, kind=DeliveryStatus.UNKNOWN).settled
    assert Edition.objects.get().state == State.SENT


def test_a_letter_without_posts_and_text_is_not_approved_at_the_desk(editor: Client) -> None:
    editor.post("/desk/n/kinaforum/letter/")
    letter = Edition.objects.get(standalone=True)
    page = f"/desk/editions/kinaforum/{letter.period}/"
    form = re.search(r"<form[^>]*/approve/.*?</form>", editor.get(f"{page}side/").text, re.DOTALL)
    assert form is not None
    hidden = dict(re.findall(r'name="(revision|mark|readers|due)" value="([^"]*)"', form[0]))
    told = editor.post(f"{page}approve/", hidden, follow=True).text
    letter.refresh_from_db()
    assert letter.state == State.DRAFT
    assert "This letter is empty; write something before you approve it." in told


def test_a_scheduled_edition_is_sent_at_another_time(editor: Client) -> None:
    approved(editor)
    assert send(editor, when="at", at="2999-06-01T10:00") == 302
    page = editor.get(f"{PAGE}send/").content.decode()
    assert 'value="2999-06-01T10:00"' in page
    assert "The list of recipients is fixed when sending begins." in page
    assert send(editor, when="at", at="2999-07-01T10:00") == 302
    edition = Edition.objects.get()
    assert (edition.state, edition.due_at) == (State.QUEUED, datetime(2999, 7, 1, 8, tzinfo=UTC))
    assert edition.audience is None
    assert send(editor, when="now", at="", says="now") == 302
    edition.refresh_from_db()
    assert edition.due_at is not None
    assert edition.due_at <= timezone.now()


def test_an_edition_that_was_rescheduled_meanwhile_does_not_begin(editor: Client) -> None:
    """The sender has read the edition as due before the editor moved it, and locks it after."""
    approved(editor)
    assert send(editor, when="now") == 302
    stale = Edition.objects.get()
    later = timezone.now() + timedelta(days=1)
    approval.reschedule(config.current(), stale, at=later)
    assert lifecycle._begin(config.current(), stale, timezone.now()) is None
    assert Edition.objects.get().state == State.QUEUED


@pytest.mark.parametrize(
    ("choice", "state"),
    [
        ({"when": "now", "says": "now"}, State.QUEUED),
        ({"when": "at", "at": "2999-06-01T10:00", "says": "2999-06-01T10:00"}, State.QUEUED),
        ({"when": "approve", "says": "approve"}, State.APPROVED),
    ],
)
def test_a_draft_is_approved_and_sent_on_the_page_of_its_departure(
    editor: Client, choice: dict[str, str], state: State
) -> None:
    make.draft("First")
    fields = form_fields(editor, "send/", "[^>]*sending")
    for unclear in ({"when": "approve", "says": "now"}, {**choice, "says": "x"}, {**choice, "readers": "7"}):
        assert editor.post(f"{PAGE}send/", {**fields, **unclear}).status_code == 422, unclear
    Post.objects.update(content_hash="changed at its source")
    assert editor.post(f"{PAGE}send/", {**fields, **choice}).status_code == 409
    assert Edition.objects.get().state == State.DRAFT
    fields = form_fields(editor, "send/", "[^>]*sending")
    assert editor.post(f"{PAGE}send/", {**fields, **choice}).status_code == 302
    edition = Edition.objects.get()
    assert (edition.state, edition.approved_by) == (state, "anna@example.org")
    assert (edition.due_at == datetime(2999, 6, 1, 8, tzinfo=UTC)) is ("at" in choice)


def test_the_page_of_a_draft_with_a_planned_time_proposes_it_and_cancels_it(editor: Client) -> None:
    draft = make.draft("First")
    draft.due_at = timezone.now() + timedelta(hours=2)
    draft.save()
    page = editor.get(f"{PAGE}send/").content.decode()
    assert re.search(r'value="approve" checked[^>]*>As planned: \w+ \d', page)
    assert re.search(r'id="sentence"[^>]*>Goes to 0 subscribers on \w+ \d', page)
    assert re.search(r'id="go" name="says" value="approve"[^>]*>Approve</button>', page)
    assert "Take back to draft" not in page
    editor.post(f"{PAGE}control/", {"act": "stop", "state": "draft"})
    assert Edition.objects.get().state == State.CANCELLED


def test_a_scheduled_edition_is_taken_back_or_cancelled_on_the_same_page(editor: Client) -> None:
    approved(editor)
    assert send(editor, when="at", at="2999-06-01T10:00") == 302
    page = editor.get(f"{PAGE}send/").content.decode()
    assert f'action="{PAGE}reopen/"' in page
    assert f'action="{PAGE}control/"' in page
    assert "letter-" not in page
    editor.post(f"{PAGE}control/", {"act": "stop", "state": "queued"})
    assert Edition.objects.get().state == State.CANCELLED
    assert "View report" not in editor.get(f"{PAGE}side/").content.decode(), "nothing was sent"
    assert "accepted" not in editor.get(f"{PAGE}report/").content.decode()
