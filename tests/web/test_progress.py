"""Following an edition while it is being sent: numbers, pause and cancel."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from newsletter.messages import acts
from newsletter.models import Act, Delivery, Edition, Retry, State, Tally
from newsletter.sending import lifecycle, progress
from subscribers.personal_data import personal_data_of
from tests.web.edition_forms import PAGE, approved, control, sending_edition

pytestmark = pytest.mark.usefixtures("emails_to_files")


def test_live_progress_adds_up(editor: Client) -> None:
    sending_edition(editor)
    body = editor.get(f"{PAGE}live/?state=sending").content.decode()
    figures = dict(re.findall(r"<dt>(\w+), [^<]*</dt><dd>(\d+)</dd>", body))
    assert figures == {"accepted": "2", "refused": "1", "unconfirmed": "1"}


def test_the_page_is_loaded_anew_when_the_state_changes(editor: Client) -> None:
    sending_edition(editor)
    control(editor, "pause")
    edition = Edition.objects.get()
    assert (edition.state, str(edition.reason)) == (State.PAUSED, "paused by anna@example.org")
    assert editor.get(f"{PAGE}live/?state=sending")["HX-Refresh"] == "true"
    control(editor, "resume")
    assert Edition.objects.get().state == State.SENDING


def test_stopping_for_good_wants_a_word_typed(editor: Client) -> None:
    sending_edition(editor)
    control(editor, "stop", typed="yes")
    assert Edition.objects.get().state == State.SENDING
    control(editor, "stop", typed="cancel")
    assert Edition.objects.get().state == State.CANCELLED


def test_subscribers_left_out_by_a_cancelled_edition_are_shown_as_skipped_everywhere(
    editor: Client, admin: Client
) -> None:
    sending_edition(editor, readers=5)
    control(editor, "stop", typed="cancel")
    assert "skipped" in editor.get(f"{PAGE}live/").content.decode()
    fifth = Delivery.objects.get(number=5).subscription
    assert fifth is not None
    person = fifth.subscriber
    body = admin.get(f"/desk/subscribers/{person.pk}/").content.decode()
    assert "Skipped" in body
    assert "pending" not in body
    assert [d["state"] for d in personal_data_of(person)["deliveries"]] == ["skipped"]


def test_the_rate_counts_from_the_moment_at_which_sending_went_on(editor: Client) -> None:
    edition, now = sending_edition(editor), timezone.now()
    Edition.objects.update(began_at=now - timedelta(hours=1))
    Tally.objects.update(at=now - timedelta(minutes=10))
    edition.refresh_from_db()
    Act.objects.log("anna", acts.RESUMED(), edition.name, now=now - timedelta(seconds=2))
    Tally.objects.create(edition=edition, at=now - timedelta(seconds=1), accepted=40)
    assert progress.rate(edition, now) == pytest.approx(20)


def test_pause_is_offered_while_something_is_tried_again(editor: Client) -> None:
    edition = sending_edition(editor)
    lifecycle.complete(["kinaforum"], timezone.now())
    assert ">Pause" not in editor.get(f"{PAGE}report/").content.decode()
    retry = Retry.objects.create(edition=edition, number=3, attempt=2, due=timezone.now() + timedelta(hours=1))
    assert ">Pause retries</button>" in editor.get(f"{PAGE}report/").content.decode()
    assert "HX-Refresh" not in editor.get(f"{PAGE}live/?state=sent&retries=1")
    retry.delete()
    assert editor.get(f"{PAGE}live/?state=sent&retries=1")["HX-Refresh"] == "true"


def test_an_approved_edition_that_nothing_will_send_needs_attention(editor: Client) -> None:
    approved(editor)
    body = editor.get("/desk/").content.decode()
    assert "All clear" not in body
    assert "Approved but not sent or scheduled: “First, og 1 til”" in body
    Edition.objects.update(due_at=timezone.now() + timedelta(hours=2))
    assert "not sent or scheduled" not in editor.get("/desk/").content.decode()
