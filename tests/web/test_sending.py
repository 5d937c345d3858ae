"""Approving what was looked at, sending once, and following it."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from newsletter import config
from newsletter.editions import history
from newsletter.messages import history as acts
from newsletter.messages.delivery import STOPPED, TEST_ACCEPTED, TEST_DEFERRED
from newsletter.models import Bounce, Delivery, DeliveryStatus, Edition, Post, Result, Retry, State, Tally
from newsletter.sending import lifecycle, progress
from newsletter.web.desk import shown as fields
from newsletter.web.desk import users
from newsletter.web.desk.edition import summary
from subscribers import admin_actions
from subscribers.preferences import personal_data_of
from tests.web import make
from tests.web.field_errors import said_at

PAGE = f"/desk/editions/kinaforum/{make.PERIOD}/"


@pytest.fixture(autouse=True)
def by_file(db: None) -> None:
    """Mails go into a folder, so that links on this machine are no fault."""
    from dataclasses import replace

    given = config.current()
    config.use(replace(given, delivery=replace(given.delivery, provider="file")))


def _readers(count: int) -> None:
    for number in range(count):
        admin_actions.add(f"leser{number}@example.com", "kinaforum", consent="test")


def _approval(client: Client, page: str = "side/") -> dict[str, str]:
    """The hidden fields of the approve button as the page has them."""
    return _fields(client, page, r"[^>]*/approve/")


def _fields(client: Client, page: str, form: str) -> dict[str, str]:
    """The hidden fields of a form, and the value of its button where that says what was shown."""
    found = re.search(rf"<form{form}.*?</form>", client.get(PAGE + page).content.decode(), re.DOTALL)
    assert found is not None
    return dict(re.findall(r'name="(revision|mark|readers|due|state|count|says)" value="([^"]*)"', found[0]))


def _send(client: Client, **given: str) -> int:
    """What a browser sends from the page before sending, changed by what is given."""
    fields = _fields(client, "send/", r"[^>]*sending")
    at = {"says": given["at"]} if "at" in given else {}
    return client.post(f"{PAGE}send/", {**fields, "when": "now", **at, **given}).status_code


def _control(client: Client, act: str, **given: str) -> None:
    state = _fields(client, "report/", r"[^>]*/control/")
    client.post(f"{PAGE}control/", {**state, "act": act, **given})


def _approved(client: Client) -> Edition:
    make.draft("First", "Second")
    client.post(f"{PAGE}approve/", _approval(client))
    return Edition.objects.get()


def test_the_button_says_what_follows(editor: Client) -> None:
    draft = make.draft("First")
    _readers(2)
    assert "Approve (sending is a separate step)" in editor.get(f"{PAGE}side/").content.decode()
    draft.due_at = timezone.now() + timedelta(hours=2)
    draft.save()
    assert re.search(r"Approve – goes to 2 subscribers \w+ \d", editor.get(f"{PAGE}side/").content.decode())


def test_the_previewed_edition_is_what_is_frozen(editor: Client) -> None:
    make.draft("First")
    seen = editor.get(f"{PAGE}frame/").content.decode()
    editor.post(f"{PAGE}approve/", _approval(editor))
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
    fields = _approval(editor)
    editor.post(f"{PAGE}post/", {"act": f"out {Post.objects.get(title='First').pk}", "revision": fields["revision"]})
    answer = editor.post(f"{PAGE}approve/", fields)
    assert answer.status_code == 409
    assert "Removed: First" in answer.content.decode()
    assert Edition.objects.get().state == State.DRAFT


def test_a_post_that_its_source_changed_is_not_approved_unseen(editor: Client) -> None:
    make.draft("First", "Second")
    fields = _approval(editor)
    Post.objects.filter(title="First").update(html="<p>Something else.</p>", content_hash="other")
    answer = editor.post(f"{PAGE}approve/", fields)
    assert answer.status_code == 409
    assert "Text changed: First" in answer.content.decode()
    assert Edition.objects.get().state == State.DRAFT
    assert editor.post(f"{PAGE}approve/", _approval(editor)).status_code == 302
    assert "Something else." in Edition.objects.get().approved_content.html


def test_errors_are_overruled_by_name_only(editor: Client) -> None:
    make.draft("First")
    Edition.objects.update(subject="{{ left over }}")
    body = editor.get(f"{PAGE}preview/").content.decode()
    codes = re.findall(r'name="despite" value="([^"]+)"', body)
    assert codes
    editor.post(f"{PAGE}approve/", _approval(editor, "preview/"))
    assert Edition.objects.get().state == State.DRAFT
    editor.post(f"{PAGE}approve/", {**_approval(editor, "preview/"), "despite": codes})
    assert Edition.objects.get().despite_lint == sorted(codes)


def test_reopened_it_is_a_draft_again(editor: Client) -> None:
    _approved(editor)
    editor.post(f"{PAGE}reopen/", {"state": "approved"})
    assert Edition.objects.get().state == State.DRAFT


def test_the_page_before_sending_counts_who_gets_it(editor: Client) -> None:
    _readers(3)
    admin_actions.remove("leser0@example.com")
    _approved(editor)
    body = editor.get(f"{PAGE}send/").content.decode()
    assert "2 subscribers" in body
    assert "1 unsubscribed" in body
    assert "Save to a folder (to try things out)" in body


def test_many_readers_want_their_number_typed(editor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "TYPED_ABOVE", 2)
    _readers(3)
    _approved(editor)
    assert _send(editor, typed="2") == 422
    assert Edition.objects.get().state == State.APPROVED
    assert _send(editor, typed="3") == 302
    assert Edition.objects.get().state == State.QUEUED


def test_a_time_is_in_the_newsletter_s_time_zone(editor: Client) -> None:
    _approved(editor)
    assert _send(editor, when="at", at="2020-01-01T10:00") == 422
    assert _send(editor, when="at", at="nonsense") == 422
    assert _send(editor, when="at", at="2999-06-01T10:00") == 302
    due = Edition.objects.get().due_at
    assert due is not None
    assert due.isoformat() == "2999-06-01T08:00:00+00:00"


def test_send_pressed_twice_queues_once(editor: Client, admin: Client) -> None:
    _approved(editor)
    fields = {**_fields(editor, "send/", "[^>]*sending"), "when": "now"}
    assert editor.post(f"{PAGE}send/", fields).status_code == 302
    assert "Nothing was changed. Scheduled for" in admin.post(f"{PAGE}send/", fields, follow=True).content.decode()
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
    assert "b@example.com: utsatt: utsendelsen ble stoppet" in body


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
    _readers(2)
    _approved(editor)
    assert _send(editor, **given) == 422
    assert Edition.objects.get().state == State.APPROVED


def test_a_changed_number_of_readers_is_shown_before_anything_is_sent(editor: Client) -> None:
    _readers(2)
    _approved(editor)
    fields = {**_fields(editor, "send/", "[^>]*sending"), "when": "now"}
    admin_actions.add("new@example.com", "kinaforum", consent="test")
    cache.clear()
    answer = editor.post(f"{PAGE}send/", fields)
    assert answer.status_code == 422
    assert "Subscribers: 2 before, 3 now." in answer.content.decode()
    assert Edition.objects.get().state == State.APPROVED
    assert _send(editor) == 302


def test_a_large_list_may_change_a_little(editor: Client) -> None:
    for before, now, same in ((1_000, 1_010, True), (1_000, 1_011, False), (25, 26, False), (0, 0, True)):
        posted = QueryDict(f"readers={before}")
        assert fields.readers(posted, now).same is same, (before, now)


def test_an_edition_approved_again_is_not_sent_from_an_old_page(editor: Client) -> None:
    _approved(editor)
    fields = {**_fields(editor, "send/", "[^>]*sending"), "when": "now"}
    editor.post(f"{PAGE}reopen/", {"state": "approved"})
    first = Post.objects.get(title="First").pk
    editor.post(f"{PAGE}post/", {"act": f"out {first}", "revision": Edition.objects.get().revision})
    editor.post(f"{PAGE}approve/", _approval(editor))
    assert editor.post(f"{PAGE}send/", fields).status_code == 422
    assert Edition.objects.get().state == State.APPROVED


def test_approval_whose_time_passed_meanwhile_shows_the_difference(editor: Client) -> None:
    draft = make.draft("First")
    draft.due_at = timezone.now() + timedelta(hours=2)
    draft.save()
    fields = _approval(editor)
    Edition.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    answer = editor.post(f"{PAGE}approve/", fields)
    assert answer.status_code == 409
    assert "before, when you send it now." in answer.content.decode()
    assert Edition.objects.get().state == State.DRAFT


def test_acts_on_another_state_than_shown_are_refused(editor: Client) -> None:
    _sent(editor)
    for act in ("pause", "stop"):
        given = {"act": act, "state": "queued", "typed": make.PERIOD}
        body = editor.post(f"{PAGE}control/", given, follow=True).content.decode()
        assert "Status: Scheduled before, Sending now." in body
    assert Edition.objects.get().state == State.SENDING


def test_a_queued_edition_is_not_reopened_from_a_page_that_shows_it_approved(editor: Client) -> None:
    _approved(editor)
    _send(editor)
    body = editor.post(f"{PAGE}reopen/", {"state": "approved"}, follow=True).content.decode()
    assert "Status: Approved before, Scheduled now." in body
    assert Edition.objects.get().state == State.QUEUED


def test_another_number_of_unknown_ones_than_shown_is_not_decided_about(editor: Client) -> None:
    edition = _sent(editor)
    lifecycle.complete(["kinaforum"], timezone.now())
    for act in ("resend", "leave"):
        body = editor.post(f"{PAGE}settle/", {"act": act, "count": "3"}, follow=True).content.decode()
        assert "Unconfirmed: 3 before, 1 now." in body
    editor.post(f"{PAGE}settle/", {"act": "", "count": "1"})
    assert not Result.objects.get(edition=edition, kind=DeliveryStatus.UNKNOWN).settled
    assert Edition.objects.get().state == State.SENT


def _sent(client: Client, readers: int = 4) -> Edition:
    """An edition on its way: two accepted, one refused, one unknown."""
    _readers(readers)
    _approved(client)
    assert _send(client) == 302
    now = timezone.now() + timedelta(seconds=5)
    lifecycle.begin_due(config.current(), now)
    edition = Edition.objects.get()
    kinds = [DeliveryStatus.ACCEPTED, DeliveryStatus.ACCEPTED, DeliveryStatus.REFUSED, DeliveryStatus.UNKNOWN]
    for number, kind in enumerate(kinds, 1):
        text = "=550 no such user" if kind == DeliveryStatus.REFUSED else ""
        Result.objects.create(edition=edition, number=number, attempt=1, kind=kind, text=text, at=now.timestamp())
    for kind in kinds:
        Tally.objects.create(edition=edition, at=now, **{kind: 1})
    return edition


def test_live_progress_adds_up(editor: Client) -> None:
    _sent(editor)
    body = editor.get(f"{PAGE}live/?state=sending").content.decode()
    figures = dict(re.findall(r"<dt>(\w+), [^<]*</dt><dd>(\d+)</dd>", body))
    assert figures == {"accepted": "2", "refused": "1", "unconfirmed": "1"}


def test_the_page_is_loaded_anew_when_the_state_changes(editor: Client) -> None:
    _sent(editor)
    _control(editor, "pause")
    edition = Edition.objects.get()
    assert (edition.state, str(edition.reason)) == (State.PAUSED, "paused by anna@example.org")
    assert editor.get(f"{PAGE}live/?state=sending")["HX-Refresh"] == "true"
    _control(editor, "resume")
    assert Edition.objects.get().state == State.SENDING


def test_stopping_for_good_wants_the_name_typed(editor: Client) -> None:
    _sent(editor)
    _control(editor, "stop", typed="yes")
    assert Edition.objects.get().state == State.SENDING
    _control(editor, "stop", typed=make.PERIOD)
    assert Edition.objects.get().state == State.CANCELLED


def test_readers_left_out_by_a_cancelled_edition_are_shown_as_skipped_everywhere(editor: Client, admin: Client) -> None:
    _sent(editor, readers=5)
    _control(editor, "stop", typed=make.PERIOD)
    assert "skipped" in editor.get(f"{PAGE}live/").content.decode()
    fifth = Delivery.objects.get(number=5).subscription
    assert fifth is not None
    person = fifth.subscriber
    body = admin.get(f"/desk/subscribers/{person.pk}/").content.decode()
    assert "skipped" in body
    assert "pending" not in body
    assert [d["state"] for d in personal_data_of(person)["deliveries"]] == ["skipped"]


def test_the_rate_counts_from_the_moment_at_which_sending_went_on(editor: Client) -> None:
    edition, now = _sent(editor), timezone.now()
    Edition.objects.update(began_at=now - timedelta(hours=1))
    Tally.objects.update(at=now - timedelta(minutes=10))
    edition.refresh_from_db()
    history.log("anna", acts.RESUMED(), edition.name, now - timedelta(seconds=2))
    Tally.objects.create(edition=edition, at=now - timedelta(seconds=1), accepted=40)
    assert progress.rate(edition, now) == pytest.approx(20)


def test_pause_is_offered_while_something_is_tried_again(editor: Client) -> None:
    edition = _sent(editor)
    lifecycle.complete(["kinaforum"], timezone.now())
    assert ">Pause" not in editor.get(f"{PAGE}report/").content.decode()
    retry = Retry.objects.create(edition=edition, number=3, attempt=2, due=timezone.now() + timedelta(hours=1))
    assert ">Pause retries</button>" in editor.get(f"{PAGE}report/").content.decode()
    assert "HX-Refresh" not in editor.get(f"{PAGE}live/?state=sent&retries=1")
    retry.delete()
    assert editor.get(f"{PAGE}live/?state=sent&retries=1")["HX-Refresh"] == "true"


def test_an_approved_edition_that_nothing_will_send_needs_attention(editor: Client) -> None:
    _approved(editor)
    body = editor.get("/desk/").content.decode()
    assert "Nothing needs your attention" not in body
    assert "Approved but not sent or scheduled: “Kinaforum, uke 6: First”" in body
    Edition.objects.update(due_at=timezone.now() + timedelta(hours=2))
    assert "not sent or scheduled" not in editor.get("/desk/").content.decode()


def test_the_unknown_ones_are_named_and_settled(editor: Client) -> None:
    edition = _sent(editor)
    lifecycle.complete(["kinaforum"], timezone.now())
    body = editor.get(f"{PAGE}report/").content.decode()
    assert "1 unconfirmed – the connection dropped" in body
    editor.post(f"{PAGE}settle/", {**_fields(editor, "report/", "[^>]*/settle/"), "act": "leave"})
    assert Result.objects.get(edition=edition, kind=DeliveryStatus.UNKNOWN).settled


def test_the_first_page_tells_the_result_and_the_unknown_ones(editor: Client) -> None:
    _sent(editor)
    lifecycle.complete(["kinaforum"], timezone.now())
    body = editor.get("/desk/").content.decode()
    assert "2 of 4 emails accepted." in body
    assert ": 1 email unconfirmed – the connection dropped before the server confirmed." in body


def test_bounces_are_counted(editor: Client) -> None:
    edition = _sent(editor)
    lifecycle.complete(["kinaforum"], timezone.now())
    for number, kind in ((1, Bounce.Kind.HARD), (2, Bounce.Kind.COMPLAINT)):
        Bounce.objects.create(edition=edition, number=number, kind=kind, mail=str(number), at=timezone.now())
    body = editor.get(f"{PAGE}report/").content.decode()
    assert "hard bounces" in body
    assert "spam complaints" in body


def test_the_report_has_its_parts(editor: Client) -> None:
    _sent(editor)
    lifecycle.complete(["kinaforum"], timezone.now())
    assert Edition.objects.get().state == State.SENT
    body = editor.get(f"{PAGE}report/").content.decode()
    for part in (
        "By domain",
        "example.com",
        "Why emails were refused",
        "no such user",
        "Compared with earlier editions",
    ):
        assert part in body
    assert '<svg class="chart"' in body


def test_the_csv_is_safe_in_a_spreadsheet(editor: Client) -> None:
    _sent(editor)
    answer = editor.get(f"{PAGE}report.csv")
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert [row["outcome"] for row in rows] == ["refused", "unknown"]
    assert rows[0]["reply"] == "'=550 no such user"
    assert rows[0]["address"].endswith("@example.com")


def test_the_report_s_queries_are_bounded(editor: Client, django_assert_max_num_queries: Any) -> None:
    _sent(editor)
    lifecycle.complete(["kinaforum"], timezone.now())
    with django_assert_max_num_queries(32):
        editor.get(f"{PAGE}report/")


def test_readers_addresses_are_for_who_may_send(editor: Client) -> None:
    """Not in the file, not among the unconfirmed, not in what servers replied."""
    edition = _sent(editor)
    Result.objects.filter(edition=edition, kind=DeliveryStatus.REFUSED).update(
        text="550 <leser2@example.com>: no such user"
    )
    Edition.objects.update(state=State.SENT, ended_at=timezone.now())
    assert "leser3@example.com" in editor.get(f"{PAGE}report/").content.decode()
    users.let_send(users.named("anna@example.org"), by="admin", sends=False)
    page = editor.get(f"{PAGE}report/").content.decode()
    assert "550 &lt;…@example.com&gt;: no such user" in page
    assert "leser" not in page
    assert "report.csv" not in page
    assert editor.get(f"{PAGE}report.csv").status_code == 403
