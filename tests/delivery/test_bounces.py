"""What a mail that came back says: its kind, whose fault it was, and about which mail it speaks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.bounces import Kind, read
from newsletter.delivery.bounces.words import fault_of_status, fault_of_words
from newsletter.mail import Fault
from tests.delivery.bounce_samples import VERP, complaint, prose, report


def test_a_report_of_a_missing_mailbox_is_hard() -> None:
    returned = read(report())
    assert (returned.kind, returned.fault, returned.status) == (Kind.HARD, Fault.READER, "5.1.1")
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
    assert (returned.kind, returned.fault) == (Kind.SOFT, fault)


def test_words_weigh_more_than_a_status_that_says_something_else() -> None:
    assert read(report(status="5.1.1", diagnostic="smtp; 552 Mailbox full")).kind is Kind.SOFT


def test_a_missing_mailbox_that_only_ran_out_of_time_is_soft() -> None:
    assert read(report(status="4.1.1", diagnostic="smtp; 450 4.1.1 User unknown")).kind is Kind.SOFT


def test_a_mailbox_whose_state_is_told_is_there_whatever_the_words() -> None:
    assert read(report(status="5.2.1", diagnostic="smtp; 550 5.2.1 User Unknown")).kind is Kind.SOFT


def test_unknown_after_the_whole_mail_is_a_filters_word() -> None:
    filtered = report(status="5.0.0", diagnostic="smtp; 550 User unknown", prose="(in reply to end of DATA command)")
    assert read(filtered).kind is Kind.SOFT


def test_a_delay_is_no_bounce() -> None:
    assert read(report(action="delayed", status="4.4.1", diagnostic="")).kind is Kind.DELAYED


def test_a_receipt_asks_for_nothing() -> None:
    assert read(report(action="delivered", status="2.1.5", diagnostic="")).kind is Kind.NOTHING


def test_a_failure_counts_where_the_same_report_tells_of_success_too() -> None:
    mixed = report().replace(
        b"Final-Recipient", b"Final-Recipient: rfc822; ola@reader.example\r\nAction: relayed\r\n\r\nFinal-Recipient"
    )
    assert read(mixed).recipients == ("kari@reader.example",)


def test_a_report_whose_boundary_was_lost_is_read_as_text() -> None:
    returned = read(report().replace(b'boundary="b"', b'boundary="lost"'))
    assert (returned.kind, returned.recipients) == (Kind.HARD, ("kari@reader.example",))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("<kari@reader.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n", Kind.HARD),
        ("<kari@reader.example>:\nSorry, I couldn't find any host named reader.example. (#5.1.2)\n", Kind.HARD),
        ("<kari@reader.example>:\nThe user's mailfolder is full.\n", Kind.SOFT),
        ("<kari@reader.example>:\nHost not found, try again\n", Kind.SOFT),
        ("Your message to kari@reader.example has not yet been delivered. This is just a warning.", Kind.DELAYED),
    ],
)
def test_a_daemons_prose_is_understood(text: str, kind: Kind) -> None:
    assert read(prose(f"I wasn't able to deliver your message.\n\n{text}")).kind is kind


def test_the_mail_below_a_daemons_prose_is_not_its_prose() -> None:
    below = "<kari@reader.example>:\nover quota\n\n--- Below this line is a copy of the message.\n\n"
    returned = read(
        prose(below + "Received: by mx\nSubject: user unknown\nMessage-ID: <x@example.org>\n\nuser unknown")
    )
    assert (returned.kind, returned.original_id) == (Kind.SOFT, "x@example.org")


@pytest.mark.parametrize(
    ("subject", "kind"),
    [("Out of office", Kind.NOTHING), ("Automatic reply: Uke 6", Kind.NOTHING), ("Re: Uke 6", Kind.UNKNOWN)],
)
def test_what_a_person_writes_is_never_a_bounce(subject: str, kind: Kind) -> None:
    gone = "Kari no longer works here. The mailbox kari@reader.example does not exist any more."
    assert read(prose(gone, sender="Kari <kari@reader.example>", subject=subject)).kind is kind


def test_a_daemon_that_says_nothing_known_is_not_understood() -> None:
    assert read(prose("Hello there", subject="Hello")).kind is Kind.UNKNOWN


def test_auto_submitted_makes_no_difference() -> None:
    assert read(report().replace(b"Auto-Submitted: auto-replied\r\n", b"")).kind is Kind.HARD


def test_a_feedback_report_is_a_complaint() -> None:
    returned = read(complaint())
    assert (returned.kind, returned.recipients) == (Kind.COMPLAINT, ("kari@reader.example",))
    assert VERP in returned.about


@pytest.mark.parametrize("kind", ["auth-failure", "not-spam", "Auth-Failure"])
def test_a_feedback_report_of_another_kind_is_none(kind: str) -> None:
    assert read(complaint(kind=kind)).kind is Kind.NOTHING


def test_a_status_that_says_nothing_says_nothing() -> None:
    assert [fault_of_status(status) for status in ("", "5.0.0", "5.5.0")] == [Fault.NONE] * 3


def test_words_over_several_lines_are_read_as_one() -> None:
    assert fault_of_words("said: 550 user\n    unknown") is Fault.READER


@given(st.binary(max_size=2_000))
def test_no_octets_raise(raw: bytes) -> None:
    assert isinstance(read(raw).kind, Kind)


@given(st.data())
def test_no_damaged_report_raises(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from([report(), complaint(), prose("<a@b.example>:\nno such user")])))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=10))
    assert isinstance(read(bytes(raw)).kind, Kind)


def test_a_deep_nest_and_a_long_line_are_survived() -> None:
    nest = b"Content-Type: message/rfc822\n\n" * 3_000
    assert read(nest + b"a@" * 500_000).kind is Kind.UNKNOWN
