"""What a mail that came back says: its kind, whose fault it was, and about which mail it speaks."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.bounces import BounceKind, read, reading
from newsletter.delivery.bounces.stage import Stage, stage_of
from newsletter.delivery.bounces.words import fault_of_status, fault_of_words
from newsletter.domain.outcome import Fault
from tests.delivery.bounce_samples import (
    MALFORMED,
    VERP,
    amazon,
    amazon_event,
    complaint,
    junk_mail_report,
    prose,
    report,
)

_CHARSETS = (b"idna", b"punycode", b"undefined", b"utf-7", b"utf-16", b"\0", b"hex", b"x", b"unicode_escape", b"utf-8")
FRAGMENTS = (
    *MALFORMED,
    *(b"=?" + charset + b"?" + encoding + b"?YWJj=?= " for charset in _CHARSETS for encoding in (b"b", b"q")),
    *(b"Content-Type: text/html; charset=" + charset + b"\r\n" for charset in _CHARSETS),
    *(b"Content-Type: multipart/report; boundary*=" + charset + b"''b\r\n" for charset in _CHARSETS),
    *(b"Content-Transfer-Encoding: " + name + b"\r\n" for name in (b"base64", b"x-uuencode", b"\0")),
    b"Content-Type: message/delivery-status\r\n",
    b"Content-Type: message/feedback-report\r\n",
    b"Content-Type: message/rfc822\r\n",
    b"Content-Type: multipart/mixed; boundary=b\r\n",
    b"From: MAILER-DAEMON\r\n",
    b"Subject: ",
    b"X-Failed-Recipients: ",
    b"Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\n",
    b"\r\n",
    b"\r\n\r\n",
    b"--b\r\n",
    b"--b--\r\n",
    b"<!--",
    b"<style ",
)
DAMAGED = (
    report(),
    complaint(),
    prose("<a@b.example>:\nno such user"),
    junk_mail_report(),
    amazon(amazon_event("Bounce", bounceType="Permanent", bouncedRecipients=[{"emailAddress": "a@b.example"}])),
    amazon(amazon_event("Complaint", complainedRecipients=[{"emailAddress": "a@b.example"}]), enveloped=True),
)


def test_a_report_of_a_missing_mailbox_is_hard() -> None:
    returned = read(report())
    assert (returned.kind, returned.fault, returned.status) == (BounceKind.HARD, Fault.READER, "5.1.1")
    assert returned.recipients == ("kari@reader.example",)


def test_the_text_holds_no_address() -> None:
    assert read(report()).text == "smtp; 550 5.1.1 <…>: Recipient address rejected: User unknown"


def test_the_return_path_that_it_came_to_is_told() -> None:
    assert read(report()).to == (VERP,)


def test_what_the_returned_mail_was_is_told() -> None:
    returned = read(report(token="abc"))
    assert returned.original_id == "0a1b2c@example.org"
    assert returned.unsubscribe.startswith("<https://example.org/u/abc>")
    assert returned.message_id == "r1@mx.example"


@pytest.mark.parametrize(
    ("status", "diagnostic", "fault"),
    [
        ("5.2.2", "smtp; 552 5.2.2 Over quota", Fault.MAILBOX),
        ("5.2.1", "smtp; 550 5.2.1 The account is disabled", Fault.MAILBOX),
        ("5.7.1", "smtp; 550 5.7.1 Message blocked as spam", Fault.POLICY),
        ("5.7.26", "smtp; 550 5.7.26 Unauthenticated email is not accepted due to DMARC policy", Fault.POLICY),
        ("5.1.8", "smtp; 553 5.1.8 Domain of sender address brev@example.org does not exist", Fault.POLICY),
        ("5.3.4", "smtp; 552 5.3.4 Message size exceeds fixed limit", Fault.CONTENT),
        ("4.4.7", "smtp; 554 4.4.7 Message expired: unable to deliver", Fault.CONNECTION),
        ("5.7.1", "", Fault.POLICY),
    ],
)
def test_other_failures_are_soft_with_whose_fault_it_was(status: str, diagnostic: str, fault: Fault) -> None:
    returned = read(report(status=status, diagnostic=diagnostic))
    assert (returned.kind, returned.fault) == (BounceKind.SOFT, fault)


def test_words_weigh_more_than_a_status_that_says_something_else() -> None:
    assert read(report(status="5.1.1", diagnostic="smtp; 552 Mailbox full")).kind is BounceKind.SOFT


def test_a_missing_mailbox_that_only_ran_out_of_time_is_soft() -> None:
    assert read(report(status="4.1.1", diagnostic="smtp; 450 4.1.1 User unknown")).kind is BounceKind.SOFT


def test_a_mailbox_whose_state_is_told_is_there_whatever_the_words() -> None:
    assert read(report(status="5.2.1", diagnostic="smtp; 550 5.2.1 User Unknown")).kind is BounceKind.SOFT


def test_unknown_after_the_whole_mail_is_a_filters_word() -> None:
    filtered = report(status="5.0.0", diagnostic="smtp; 550 User unknown", prose="(in reply to end of DATA command)")
    assert read(filtered).kind is BounceKind.SOFT


@pytest.mark.parametrize("action", ["failed", "fail", "failure", "error", "Failed (permanently)"])
def test_a_failure_is_known_by_each_name_that_servers_use(action: str) -> None:
    assert read(report(action=action)).kind is BounceKind.HARD


def test_a_delay_is_a_soft_bounce_that_may_still_arrive() -> None:
    returned = read(report(action="delayed", status="4.4.1", diagnostic=""))
    assert (returned.kind, returned.delayed) == (BounceKind.SOFT, True)


def test_a_receipt_asks_for_nothing() -> None:
    assert read(report(action="delivered", status="2.1.5", diagnostic="")).kind is BounceKind.NOTHING


def test_a_failure_counts_where_the_same_report_tells_of_success_too() -> None:
    mixed = report().replace(
        b"Final-Recipient", b"Final-Recipient: rfc822; ola@reader.example\r\nAction: relayed\r\n\r\nFinal-Recipient"
    )
    assert read(mixed).recipients == ("kari@reader.example",)


def test_a_report_whose_boundary_was_lost_is_read_as_text() -> None:
    returned = read(report().replace(b'boundary="b"', b'boundary="lost"'))
    assert (returned.kind, returned.recipients) == (BounceKind.HARD, ("kari@reader.example",))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("<kari@reader.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n", BounceKind.HARD),
        ("<kari@reader.example>:\nSorry, I couldn't find any host named reader.example. (#5.1.2)\n", BounceKind.HARD),
        ("<kari@reader.example>:\nThe user's mailfolder is full.\n", BounceKind.SOFT),
        ("<kari@reader.example>:\nHost not found, try again\n", BounceKind.SOFT),
        ("Your message to kari@reader.example has not yet been delivered. This is just a warning.", BounceKind.SOFT),
    ],
)
def test_a_daemons_prose_is_understood(text: str, kind: BounceKind) -> None:
    returned = read(prose(f"I wasn't able to deliver your message.\n\n{text}"))
    assert (returned.kind, returned.delayed) == (kind, "just a warning" in text)


def test_the_mail_below_a_daemons_prose_is_not_its_prose() -> None:
    below = "<kari@reader.example>:\nover quota\n\n--- Below this line is a copy of the message.\n\n"
    returned = read(
        prose(below + "Received: by mx\nSubject: user unknown\nMessage-ID: <x@example.org>\n\nuser unknown")
    )
    assert (returned.kind, returned.original_id) == (BounceKind.SOFT, "x@example.org")


def test_the_text_begins_where_the_recipient_is_named() -> None:
    assert read(prose("<kari@reader.example>: user unknown")).text == "<…>: user unknown"
    far = "The following message could not be delivered to all of its recipients, as listed in detail here:"
    assert read(prose(f"{far}\n<kari@reader.example>: user unknown")).text == f"{far[-58:]} <…>: user unknown"


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        ("Out of office", BounceKind.NOTHING),
        ("Automatic reply: Uke 6", BounceKind.NOTHING),
        ("Re: Uke 6", BounceKind.UNKNOWN),
    ],
)
def test_what_a_person_writes_is_never_a_bounce(subject: str, kind: BounceKind) -> None:
    gone = "Kari no longer works here. The mailbox kari@reader.example does not exist any more."
    assert read(prose(gone, sender="Kari <kari@reader.example>", subject=subject)).kind is kind


def test_a_daemon_that_says_nothing_known_is_not_understood() -> None:
    assert read(prose("Hello there", subject="Hello")).kind is BounceKind.UNKNOWN


def test_auto_submitted_makes_no_difference() -> None:
    assert read(report().replace(b"Auto-Submitted: auto-replied\r\n", b"")).kind is BounceKind.HARD


def test_a_feedback_report_is_a_complaint() -> None:
    returned = read(complaint())
    assert (returned.kind, returned.recipients) == (BounceKind.COMPLAINT, ("kari@reader.example",))
    assert VERP in returned.about


@pytest.mark.parametrize("kind", ["auth-failure", "not-spam", "Auth-Failure"])
def test_a_feedback_report_of_another_kind_is_none(kind: str) -> None:
    assert read(complaint(kind=kind)).kind is BounceKind.NOTHING


def test_a_status_that_says_nothing_says_nothing() -> None:
    assert [fault_of_status(status) for status in ("", "5.0.0", "5.5.0")] == [Fault.NONE] * 3


def test_words_over_several_lines_are_read_as_one() -> None:
    assert fault_of_words("said: 550 user\n    unknown") is Fault.READER


@given(st.binary(max_size=2_000))
def test_no_octets_raise(raw: bytes) -> None:
    assert isinstance(read(raw).kind, BounceKind)


@given(st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=12), max_size=30))
def test_no_combination_of_headers_and_encodings_raises(pieces: list[bytes]) -> None:
    assert read(b"".join(pieces)).kind in BounceKind


@given(st.data())
def test_no_damaged_report_raises(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from(DAMAGED)))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=10))
    assert isinstance(read(bytes(raw)).kind, BounceKind)


def test_a_deep_nest_and_a_long_line_are_survived() -> None:
    nest = b"Content-Type: message/rfc822\n\n" * 3_000
    assert read(nest + b"a@" * 500_000).kind is BounceKind.UNKNOWN


UNCONFIRMED = {"status": "5.0.0", "diagnostic": "smtp; 550 kari@reader.example... User unknown"}
BAD_MAILBOX = b"X-PowerMTA-BounceCategory: bad-mailbox\r\nDiagnostic-Code"


def test_a_quoted_user_unknown_alone_is_soft() -> None:
    assert read(report(**UNCONFIRMED)).kind is BounceKind.SOFT


@pytest.mark.parametrize(
    "said",
    [
        "(in reply to RCPT TO command)",
        "SMTP error from remote mail server after RCPT TO:<kari@reader.example>:",
        ">>> RCPT To:<kari@reader.example>",
        "192.0.2.1 does not like recipient.",
        ">>> DATA\n<<< 550 User unknown\n<<< 503 5.0.0 Need RCPT (recipient)",
    ],
)
def test_a_refused_recipient_confirms_user_unknown(said: str) -> None:
    assert read(report(**UNCONFIRMED, prose=said)).kind is BounceKind.HARD


@pytest.mark.parametrize("status", ["5.1.1", "5.1.2", "5.1.10", "5.4.1", "5.4.4"])
def test_a_status_of_a_bad_destination_confirms_user_unknown(status: str) -> None:
    assert read(report(**{**UNCONFIRMED, "status": status})).kind is BounceKind.HARD


@pytest.mark.parametrize(
    "diagnostic", ["smtp; 550 Host or domain name not found", "x-local; no such user", "smtp; 550 5.1.1 no such user"]
)
def test_a_missing_domain_or_the_reporting_servers_own_word_is_hard(diagnostic: str) -> None:
    assert read(report(status="5.0.0", diagnostic=diagnostic)).kind is BounceKind.HARD


def test_a_senders_bounce_category_confirms_user_unknown() -> None:
    assert read(report(**UNCONFIRMED).replace(b"Diagnostic-Code", BAD_MAILBOX)).kind is BounceKind.HARD


@pytest.mark.parametrize("command", ["MAIL FROM", "end of DATA", "DATA"])
def test_a_refusal_of_the_sender_or_the_message_is_soft_whatever_its_words(command: str) -> None:
    assert read(report(prose=f"(in reply to {command} command)")).kind is BounceKind.SOFT


@pytest.mark.parametrize(
    ("said", "stage"),
    [
        ("SMTP:RCPT host 192.0.2.1: 553 5.3.0", Stage.RECIPIENT),
        ("550 no such user (state 14).", Stage.RECIPIENT),
        ("550 no such user (state 17).", Stage.OTHER),
        ("Connected but sender was rejected.", Stage.OTHER),
        ("failed after I sent the message.", Stage.OTHER),
        ("-------SMTP command\nDATA", Stage.OTHER),
        ("550 no such user", Stage.NOT_SAID),
    ],
)
def test_the_refused_command_is_recognized(said: str, stage: Stage) -> None:
    assert stage_of(said) is stage


def test_a_delivery_program_that_could_not_open_its_file_is_no_missing_mailbox() -> None:
    assert read(report(diagnostic='x-unix; could not create "/var/mail/kari": no such user')).kind is BounceKind.SOFT


def test_a_report_about_several_recipients_is_hard_only_for_all_of_them() -> None:
    full = b"Final-Recipient: rfc822; ola@reader.example\r\nAction: failed\r\nStatus: 5.2.2\r\n\r\nFinal-Recipient"
    returned = read(report().replace(b"Final-Recipient", full))
    assert (returned.kind, returned.status) == (BounceKind.SOFT, "5.2.2")
    assert returned.recipients == ("ola@reader.example", "kari@reader.example")


def test_the_final_recipient_is_told_and_the_original_one_is_kept() -> None:
    original = b"Original-Recipient: rfc822; list@reader.example\r\nFinal-Recipient"
    returned = read(report().replace(b"Final-Recipient", original))
    assert returned.recipients == ("kari@reader.example",)
    assert "list@reader.example" in returned.about


def test_the_recipient_with_a_whole_domain_is_told() -> None:
    original = b"Original-Recipient: rfc822; kari@reader.example\r\nFinal-Recipient"
    returned = read(report(address="kari@localhost").replace(b"Final-Recipient", original))
    assert returned.recipients == ("kari@reader.example",)


@pytest.mark.parametrize(("action", "kind"), [("delayed", BounceKind.SOFT), ("failed", BounceKind.HARD)])
def test_a_report_that_a_daemon_forwards_is_understood(action: str, kind: BounceKind) -> None:
    head = b"From: MAILER-DAEMON@mx.example\nSubject: failure notice\nContent-Type: multipart/mixed; boundary=x\n\n"
    text = b"--x\nContent-Type: text/plain\n\n<kari@reader.example>: user unknown\n\n--x\n"
    forwarded = b"Content-Type: message/rfc822\n\n" + report(action=action).replace(b"\r\n", b"\n") + b"\n--x--\n"
    returned = read(head + text + forwarded)
    assert (returned.kind, returned.recipients) == (kind, ("kari@reader.example",))
    assert returned.delayed == (action == "delayed")


@pytest.mark.parametrize(
    "kind",
    [
        "message/rfc822", "message/global", "message/rfc822-headers", "message/global-headers", "text/rfc822-headers",
        "text/rfc822-header",
    ],
)  # fmt: skip
def test_the_returned_message_is_read_in_each_form_that_servers_use(kind: str) -> None:
    returned = read(report().replace(b"text/rfc822-headers", kind.encode()))
    assert (returned.kind, returned.original_id) == (BounceKind.HARD, "0a1b2c@example.org")


def test_of_two_returned_messages_the_first_counts() -> None:
    second = b"Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <other@example.org>\r\n\r\n--b--"
    assert read(report().replace(b"--b--", b"--b\r\n" + second)).original_id == "0a1b2c@example.org"


def test_at_most_fifty_addresses_that_begin_a_line_are_told() -> None:
    listed = "\n".join(f"<r{number}@reader.example>: user unknown" for number in range(60))
    assert reading._on_its_own(listed) == tuple(f"r{number}@reader.example" for number in range(50))


def test_no_further_attempts_is_a_failure_and_no_delay() -> None:
    said = "<kari@reader.example>\nMailbox full.\nNo further delivery attempts will be made."
    assert read(prose(said)).kind is BounceKind.SOFT


NOT_DELIVERED = "Could not be delivered to: <kari@reader.example>\nAs their mailbox is full.\n"


def test_a_message_without_a_return_path_that_names_whom_it_did_not_reach_is_a_bounce() -> None:
    raw = prose(NOT_DELIVERED, sender="no-reply@mx.example", subject="Mail")
    returned = read(b"Return-Path: <>\n" + raw)
    assert (returned.kind, returned.recipients) == (BounceKind.SOFT, ("kari@reader.example",))
    assert read(raw).kind is BounceKind.UNKNOWN
    assert read(b"Return-Path: <>\nAuto-Submitted: auto-replied\n" + raw).kind is BounceKind.NOTHING


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


def test_a_report_in_base64_is_understood() -> None:
    returned = read(as_base64(report().replace(b"\r\n", b"\n"), b"message/delivery-status"))
    assert (returned.kind, returned.recipients) == (BounceKind.HARD, ("kari@reader.example",))


def test_a_report_whose_base64_is_damaged_leaves_the_rest_of_the_mail() -> None:
    raw = as_base64(report().replace(b"\r\n", b"\n"), b"message/delivery-status")
    head, _, rest = raw.partition(b"base64\n\n")
    returned = read(head + b"base64\n\nabcde\n\n--b" + rest.partition(b"--b")[2])
    assert (returned.kind, returned.original_id) == (BounceKind.SOFT, "0a1b2c@example.org")


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("address", ["kari@reader.example", "kåre@reader.example"])
def test_a_report_for_internationalized_addresses_is_understood(address: str, *, encoded: bool) -> None:
    kind = b"message/global-delivery-status"
    raw = report(address=address, diagnostic=f"smtp; 550 5.1.1 <{address}>: User unknown")
    raw = raw.replace(b"message/delivery-status", kind).replace(b"rfc822;", b"utf-8;").replace(b"\r\n", b"\n")
    returned = read(as_base64(raw, kind) if encoded else raw)
    assert (returned.kind, returned.recipients, returned.status) == (BounceKind.HARD, (address,), "5.1.1")
    assert returned.text == "smtp; 550 5.1.1 <…>: User unknown"


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("Mail for this address is on hold", Fault.MAILBOX),
        ("Mailbox is frozen", Fault.MAILBOX),
        ("Media error", Fault.CONNECTION),
        ("Unable to verify the address, try later", Fault.CONNECTION),
        ("User unknown (greylisted)", Fault.CONNECTION),
        ("Too many recipients this hour", Fault.POLICY),
        ("This message was filtered", Fault.POLICY),
        ("The recipient is overwhelmed", Fault.POLICY),
        ("Invalid HELO: host name not found", Fault.POLICY),
        ("User unknown; sender verification failed", Fault.POLICY),
        ("This is a closed group", Fault.POLICY),
        ("The sender is not on the allow-list", Fault.POLICY),
    ],
)
def test_other_reasons_are_soft_even_with_the_status_and_command_of_a_missing_mailbox(words: str, fault: Fault) -> None:
    returned = read(report(diagnostic=f"smtp; 550 5.1.1 {words}", prose="(in reply to RCPT TO command)"))
    assert (returned.kind, returned.fault) == (BounceKind.SOFT, fault)


def test_a_quoted_servers_status_counts_where_the_quoting_one_gives_none() -> None:
    diagnostic = "smtp; 550 5.0.350 Remote server returned an error -> 550 5.1.1 User unknown"
    returned = read(report(status="5.0.350", diagnostic=diagnostic))
    assert (returned.kind, returned.status) == (BounceKind.HARD, "5.1.1")


@pytest.mark.parametrize("charset", ["utf-16", "utf-7", "utf-8", "raw-unicode-escape"])
def test_a_lone_surrogate_is_stored_nowhere(charset: str) -> None:
    surrogate = {"utf-16": b"\xff\xfea\0\x16\xdf", "utf-7": b"+3xY-", "utf-8": b"\xed\xbc\x96"}.get(charset, b"\\udf16")
    body = surrogate + b"kari@reader.example\r\nMessage-ID: <" + surrogate + b"@example.org>"
    body += b"\r\nList-Unsubscribe: <https://example.org/" + surrogate + b">\r\n"
    kind = f"Content-Type: text/rfc822-headers; charset={charset}\r\nMessage-ID: <".encode()
    found = read(b"From: MAILER-DAEMON@mx.example\r\n" + kind + surrogate + b"@mx.example>\r\n\r\n" + body)
    said = (found.text, found.message_id, found.original_id, found.unsubscribe, *found.recipients, *found.about)
    assert "".join(said).encode()
