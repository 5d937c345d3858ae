"""What a mail that came back says: its kind, whom it did not reach, and about which mail it speaks."""

import pytest

from newsletter.bounces.reading import BounceKind, parsing
from newsletter.bounces.reading.parsing import read
from newsletter.domain.outcome import Fault
from tests.bounces.reading.bounce_samples import VERP, prose, report
from tests.bounces.reading.test_complaints import as_base64


def test_a_report_of_a_missing_mailbox_is_hard() -> None:
    returned = read(report())
    assert (returned.kind, returned.fault, returned.status) == (BounceKind.HARD, Fault.RECIPIENT, "5.1.1")
    assert returned.recipients == ("kari@reader.example",)


def test_a_page_of_html_is_read_without_its_tags() -> None:
    page = prose("<p>No&nbsp;such&#32;<b>user</b>:<br><i>kari@reader.example</i></p>")
    returned = read(page.replace(b"Message-ID:", b"MIME-Version: 1.0\nContent-Type: text/html\nMessage-ID:"))
    assert (returned.kind, returned.fault) == (BounceKind.HARD, Fault.RECIPIENT)
    assert returned.text == "No such user : …"


@pytest.mark.parametrize("between", ["", "--- Below this line is a copy of the message.\n\n"])
def test_a_returned_message_is_found_with_and_without_a_line_that_announces_it(between: str) -> None:
    returned = read(
        prose(f"No such user\n\n{between}Received: from a.example\nMessage-ID: <0a1b2c@example.org>\n\nHello")
    )
    assert (returned.kind, returned.original_id) == (BounceKind.HARD, "0a1b2c@example.org")
    assert "Received" not in returned.text


def test_a_returned_message_to_several_was_sent_to_the_first_of_them() -> None:
    original = "Received: from a.example\nTo: kari@reader.example, ola@reader.example\nMessage-ID: <0a1b2c@example.org>"
    assert read(prose(f"No such user\n\n{original}\n\nHello")).recipients == ("kari@reader.example",)


def test_the_text_holds_no_address() -> None:
    assert read(report()).text == "smtp; 550 5.1.1 <…>: Recipient address rejected: User unknown"


def test_the_return_path_that_it_came_to_is_told() -> None:
    assert read(report()).to == (VERP,)


def test_the_message_id_and_unsubscribe_link_of_the_returned_message_are_read() -> None:
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
def test_a_person_s_message_is_never_a_bounce(subject: str, kind: BounceKind) -> None:
    gone = "Kari no longer works here. The mailbox kari@reader.example does not exist any more."
    assert read(prose(gone, sender="Kari <kari@reader.example>", subject=subject)).kind is kind


def test_a_daemon_that_says_nothing_known_is_not_understood() -> None:
    assert read(prose("Hello there", subject="Hello")).kind is BounceKind.UNKNOWN


@pytest.mark.parametrize("subject", ["自动回复: Uke 6", "自動回覆: Uke 6", "自動応答: Uke 6"])
def test_an_automatic_reply_of_a_postmaster_is_no_bounce(subject: str) -> None:
    gone = "550 5.1.1 User unknown"
    assert read(prose(gone, sender="postmaster@reader.example", subject=subject)).kind is not BounceKind.HARD


def test_auto_submitted_makes_no_difference() -> None:
    assert read(report().replace(b"Auto-Submitted: auto-replied\r\n", b"")).kind is BounceKind.HARD


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


def test_the_first_of_two_returned_messages_counts() -> None:
    second = b"Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <other@example.org>\r\n\r\n--b--"
    assert read(report().replace(b"--b--", b"--b\r\n" + second)).original_id == "0a1b2c@example.org"


def test_at_most_fifty_addresses_that_begin_a_line_are_told() -> None:
    listed = "\n".join(f"<r{number}@reader.example>: user unknown" for number in range(60))
    assert parsing._on_its_own(listed) == tuple(f"r{number}@reader.example" for number in range(50))


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


def test_a_report_in_base64_is_understood() -> None:
    returned = read(as_base64(report().replace(b"\r\n", b"\n"), b"message/delivery-status"))
    assert (returned.kind, returned.recipients) == (BounceKind.HARD, ("kari@reader.example",))


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("address", ["kari@reader.example", "kåre@reader.example"])
def test_a_report_for_internationalized_addresses_is_understood(address: str, *, encoded: bool) -> None:
    kind = b"message/global-delivery-status"
    raw = report(address=address, diagnostic=f"smtp; 550 5.1.1 <{address}>: User unknown")
    raw = raw.replace(b"message/delivery-status", kind).replace(b"rfc822;", b"utf-8;").replace(b"\r\n", b"\n")
    returned = read(as_base64(raw, kind) if encoded else raw)
    assert (returned.kind, returned.recipients, returned.status) == (BounceKind.HARD, (address,), "5.1.1")
    assert returned.text == "smtp; 550 5.1.1 <…>: User unknown"
