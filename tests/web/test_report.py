"""The report of an edition: results, unconfirmed deliveries, bounces and the CSV file."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from newsletter.models import Bounce, DeliveryStatus, Edition, Result, State
from newsletter.sending import lifecycle
from newsletter.web.desk import users
from subscribers.models import Subscription
from tests.web.edition_forms import (
    PAGE,
    form_fields,
    sending_edition,
)

pytestmark = pytest.mark.usefixtures("emails_to_files")


def test_the_unknown_ones_are_named_and_settled(editor: Client) -> None:
    edition = sending_edition(editor)
    lifecycle.complete(["kinaforum"], timezone.now())
    body = editor.get(f"{PAGE}report/").content.decode()
    assert "1 unconfirmed – the connection dropped" in body
    editor.post(f"{PAGE}settle/", {**form_fields(editor, "report/", "[^>]*/settle/"), "act": "leave"})
    assert Result.objects.get(edition=edition, kind=DeliveryStatus.UNKNOWN).settled


def test_the_first_page_tells_the_result_and_the_unknown_ones(editor: Client) -> None:
    sending_edition(editor)
    lifecycle.complete(["kinaforum"], timezone.now())
    body = editor.get("/desk/").content.decode()
    assert "2 of 4 emails accepted." in body
    assert ": 1 email unconfirmed – the connection dropped before the server confirmed." in body


def test_the_first_page_tells_how_many_bounced_and_unsubscribed(editor: Client) -> None:
    edition = sending_edition(editor)
    lifecycle.complete(["kinaforum"], timezone.now())
    began = Edition.objects.get().began_at
    assert began
    for mail, kind in (("1", Bounce.Kind.SOFT), ("2", Bounce.Kind.HARD), ("3", Bounce.Kind.COMPLAINT)):
        number = 2 if kind == Bounce.Kind.COMPLAINT else 1
        Bounce.objects.create(edition=edition, number=number, kind=kind, mail=mail, at=timezone.now())
    left = Subscription.objects.filter(newsletter="kinaforum").order_by("pk")
    for subscription, days in zip(left, (-1, 1, 6, 8), strict=False):
        left.filter(pk=subscription.pk).update(state="unsubscribed", unsubscribed_at=began + timedelta(days=days))
    body = editor.get("/desk/").content.decode()
    assert "2 of 4 emails accepted. 1 bounced. 2 unsubscribed." in body


def test_bounces_are_counted(editor: Client) -> None:
    edition = sending_edition(editor)
    lifecycle.complete(["kinaforum"], timezone.now())
    for number, kind in ((1, Bounce.Kind.HARD), (2, Bounce.Kind.COMPLAINT)):
        Bounce.objects.create(edition=edition, number=number, kind=kind, mail=str(number), at=timezone.now())
    body = editor.get(f"{PAGE}report/").content.decode()
    assert "hard bounces" in body
    assert "spam complaints" in body


def test_the_report_has_its_parts(editor: Client) -> None:
    sending_edition(editor)
    lifecycle.complete(["kinaforum"], timezone.now())
    assert Edition.objects.get().state == State.SENT
    body = editor.get(f"{PAGE}report/").content.decode()
    for part in (
        "By domain",
        "example.com",
        "Why emails were refused",
        "no such user",
    ):
        assert part in body
    assert "Compared with earlier editions" not in body, "there is no earlier one"
    assert '<svg class="chart"' in body


def test_the_csv_is_safe_in_a_spreadsheet(editor: Client) -> None:
    sending_edition(editor)
    answer = editor.get(f"{PAGE}report.csv")
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert [row["outcome"] for row in rows] == ["refused", "unknown"]
    assert rows[0]["reply"] == "'=550 no such user"
    assert rows[0]["address"].endswith("@example.com")


def test_the_report_s_queries_are_bounded(editor: Client, django_assert_max_num_queries: Any) -> None:
    sending_edition(editor)
    lifecycle.complete(["kinaforum"], timezone.now())
    with django_assert_max_num_queries(34):
        editor.get(f"{PAGE}report/")


def test_subscribers_addresses_are_for_who_may_send(editor: Client) -> None:
    """Not in the file, not among the unconfirmed, not in what servers replied."""
    edition = sending_edition(editor)
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


def test_a_correction_is_begun_for_those_who_received_the_edition(editor: Client) -> None:
    sending_edition(editor)
    more = editor.get(f"{PAGE}more/").content.decode()
    assert "Write a correction" in more
    assert "Recipients" not in more, "they are fixed"
    draft = editor.post(f"{PAGE}correct/")["Location"]
    assert Edition.objects.exclude(corrects=None).get().period in draft
    Subscription.objects.filter(subscriber__address="leser3@example.com").update(state="unsubscribed")
    before_sending = editor.get(f"{draft}send/").content.decode()
    assert "2 subscribers" in before_sending
    assert "Not sent to" not in before_sending, "they did not get the edition"
    assert "Write a correction" not in editor.get(f"{draft}more/").content.decode()
    refused = editor.post(f"{draft}correct/", follow=True)
    assert "only an edition that has begun to be sent can be corrected" in refused.content.decode()
