"""Complaints in each form, and the notifications of Amazon and Microsoft."""

from base64 import b64encode

import pytest

from newsletter.bounces.reading import BounceKind
from newsletter.bounces.reading.parsing import read
from newsletter.domain.outcome import Fault
from tests.bounces.reading.bounce_samples import VERP, amazon, amazon_event, complaint, junk_mail_report


def test_a_feedback_report_is_a_complaint() -> None:
    returned = read(complaint())
    assert (returned.kind, returned.recipients) == (BounceKind.COMPLAINT, ("kari@reader.example",))
    assert VERP in returned.about


@pytest.mark.parametrize("kind", ["auth-failure", "not-spam", "Auth-Failure"])
def test_a_feedback_report_of_another_kind_is_none(kind: str) -> None:
    assert read(complaint(kind=kind)).kind is BounceKind.NOTHING


def bounced(**said: str) -> dict[str, str]:
    """A recipient as Amazon names it in a bounce."""
    usual = {"emailAddress": "kari@reader.example", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
    return {**usual, **said}


@pytest.mark.parametrize("enveloped", [True, False])
@pytest.mark.parametrize(
    ("bounce_type", "said", "kind"),
    [
        ("Permanent", {}, BounceKind.HARD),
        ("Permanent", {"status": "5.2.2", "diagnosticCode": "smtp; 552 5.2.2 Mailbox full"}, BounceKind.SOFT),
        ("Transient", {}, BounceKind.SOFT),
        ("Undetermined", {}, BounceKind.SOFT),
    ],
)
def test_amazons_bounce_is_understood(
    bounce_type: str, said: dict[str, str], kind: BounceKind, *, enveloped: bool
) -> None:
    event = amazon_event("Bounce", bounceType=bounce_type, bouncedRecipients=[bounced(**said)])
    returned = read(amazon(event, enveloped=enveloped, broken_at=120))
    assert (returned.kind, returned.recipients) == (kind, ("kari@reader.example",))
    assert (returned.original_id, VERP in returned.about) == ("0a1b2c@example.org", True)
    assert returned.unsubscribe.startswith("<https://example.org/u/")


def test_amazons_status_counts_where_the_server_said_nothing() -> None:
    event = amazon_event(
        "Bounce", bounceType="Permanent", bouncedRecipients=[bounced(status="5.2.2", diagnosticCode="")]
    )
    returned = read(amazon(event))
    assert (returned.kind, returned.fault, returned.status) == (BounceKind.SOFT, Fault.MAILBOX, "5.2.2")


@pytest.mark.parametrize("enveloped", [True, False])
def test_a_notification_of_amazon_whose_texts_have_raw_tabs_is_understood(*, enveloped: bool) -> None:
    event = amazon_event(
        "Bounce", bounceType="Permanent", bouncedRecipients=[bounced(diagnosticCode="550 no such user")]
    )
    raw = amazon(event, enveloped=enveloped).replace(b"no such user", b"no such\tuser")
    assert read(raw).kind is BounceKind.HARD


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({}, BounceKind.COMPLAINT),
        ({"complaintFeedbackType": "abuse"}, BounceKind.COMPLAINT),
        ({"complaintFeedbackType": "not-spam"}, BounceKind.NOTHING),
        ({"complaintFeedbackType": "auth-failure"}, BounceKind.NOTHING),
    ],
)
def test_amazons_complaint_is_understood(said: dict[str, object], kind: BounceKind) -> None:
    event = amazon_event("Complaint", complainedRecipients=[{"emailAddress": "kari@reader.example"}], **said)
    assert read(amazon(event)).kind is kind


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (amazon_event("DeliveryDelay", delayedRecipients=[{"emailAddress": "a@b.example"}]), BounceKind.SOFT),
        (amazon_event("Delivery", recipients=["a@b.example"]), BounceKind.NOTHING),
        ({"notificationType": "Bounce", "bounce": 1, "mail": []}, BounceKind.SOFT),
        ({"notificationType": "Complaint"}, BounceKind.UNKNOWN),
        ({"notificationType": {}}, BounceKind.UNKNOWN),
    ],
)
def test_amazons_other_notifications_do_nothing_and_odd_ones_raise_nothing(
    event: dict[str, object], kind: BounceKind
) -> None:
    assert read(amazon(event)).kind is kind


def test_microsofts_complaint_is_understood() -> None:
    returned = read(junk_mail_report())
    assert (returned.kind, returned.recipients) == (BounceKind.COMPLAINT, ("kari@reader.example",))
    assert VERP in returned.about


def as_base64(raw: bytes, kind: bytes) -> bytes:
    """The message with the content of its part of that type in base64."""
    head, _, rest = raw.partition(b"Content-Type: " + kind + b"\n\n")
    content, _, tail = rest.partition(b"\n\n--b")
    encoded = b64encode(content)
    return head + b"Content-Type: " + kind + b"\nContent-Transfer-Encoding: base64\n\n" + encoded + b"\n\n--b" + tail


@pytest.mark.parametrize(
    "raw",
    [
        complaint().replace(b"multipart/report; report-type=feedback-report", b"multipart/mixed"),
        complaint().replace(b"message/feedback-report", b"text/plain"),
        complaint().replace(b"Feedback-Type: abuse\n", b""),
        as_base64(complaint(), b"message/feedback-report"),
        complaint(kind="opt-out"),
        complaint().replace(b"message/feedback-report\n", b"message/feedback-report\n\n"),
    ],
)
def test_complaints_in_other_forms_are_understood(raw: bytes) -> None:
    returned = read(raw)
    assert (returned.kind, returned.recipients) == (BounceKind.COMPLAINT, ("kari@reader.example",))
    assert (VERP in returned.about, returned.original_id) == (True, "0a1b2c@example.org")


def test_a_complaint_names_all_of_its_recipients() -> None:
    two = complaint().replace(b"Original-Rcpt-To", b"Original-Rcpt-To: ola@reader.example\nOriginal-Rcpt-To")
    assert read(two).recipients == ("ola@reader.example", "kari@reader.example")
