"""When a failure is hard: what confirms a missing mailbox, and which other causes weigh more."""

import pytest

from newsletter.bounces.reading import BounceKind
from newsletter.bounces.reading.judgement import Stage, stage_of
from newsletter.bounces.reading.parsing import read
from newsletter.bounces.reading.words import fault_of_status, fault_of_words
from newsletter.domain.outcome import Fault
from tests.bounces.reading.bounce_samples import report


def test_words_weigh_more_than_a_status_that_says_something_else() -> None:
    assert read(report(status="5.1.1", diagnostic="smtp; 552 Mailbox full")).kind is BounceKind.SOFT


def test_a_missing_mailbox_that_only_ran_out_of_time_is_soft() -> None:
    assert read(report(status="4.1.1", diagnostic="smtp; 450 4.1.1 User unknown")).kind is BounceKind.SOFT


def test_a_mailbox_whose_state_is_told_is_there_whatever_the_words() -> None:
    assert read(report(status="5.2.1", diagnostic="smtp; 550 5.2.1 User Unknown")).kind is BounceKind.SOFT


def test_unknown_after_the_whole_mail_is_a_filters_word() -> None:
    filtered = report(status="5.0.0", diagnostic="smtp; 550 User unknown", prose="(in reply to end of DATA command)")
    assert read(filtered).kind is BounceKind.SOFT


def test_a_status_that_says_nothing_says_nothing() -> None:
    assert [fault_of_status(status) for status in ("", "5.0.0", "5.5.0")] == [Fault.NONE] * 3


def test_words_over_several_lines_are_read_as_one() -> None:
    assert fault_of_words("said: 550 user\n    unknown") is Fault.RECIPIENT


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
    "diagnostic", ["smtp; Host or domain name not found", "x-local; no such user", "smtp; 550 5.1.1 no such user"]
)
def test_a_missing_domain_or_the_reporting_servers_own_word_is_hard(diagnostic: str) -> None:
    assert read(report(status="5.0.0", diagnostic=diagnostic)).kind is BounceKind.HARD


def test_a_senders_bounce_category_confirms_user_unknown() -> None:
    assert read(report(**UNCONFIRMED).replace(b"Diagnostic-Code", BAD_MAILBOX)).kind is BounceKind.HARD


def test_a_refusal_of_the_sender_is_soft_whatever_its_words() -> None:
    assert read(report(prose="(in reply to MAIL FROM command)")).kind is BounceKind.SOFT


@pytest.mark.parametrize(("status", "kind"), [("5.1.1", BounceKind.HARD), ("5.0.0", BounceKind.SOFT)])
def test_a_refusal_of_the_message_is_hard_only_if_words_and_status_agree(status: str, kind: BounceKind) -> None:
    refused = report(status=status, diagnostic=f"smtp; 550 {status} User unknown", prose="(in reply to DATA command)")
    assert read(refused).kind is kind


def test_a_reply_that_names_only_the_sender_is_about_the_sender() -> None:
    refused = report(status="5.1.0", diagnostic="smtp; 550 #5.1.0 Address rejected brev@example.org")
    returned = read(refused)
    assert (returned.kind, returned.fault) == (BounceKind.SOFT, Fault.POLICY)


def test_another_servers_unknown_host_may_be_the_senders() -> None:
    assert read(report(status="5.0.0", diagnostic="smtp; 550 unknown host")).kind is BounceKind.SOFT


def test_a_mailbox_that_a_service_documents_as_missing_is_hard_whatever_the_status() -> None:
    assert read(report(status="5.7.1", diagnostic="smtp; 550 5.7.1 No such user!")).kind is BounceKind.HARD


@pytest.mark.parametrize(
    ("said", "stage"),
    [
        ("SMTP:RCPT host 192.0.2.1: 553 5.3.0", Stage.RECIPIENT),
        ("550 no such user (state 14).", Stage.RECIPIENT),
        ("550 no such user (state 17).", Stage.MESSAGE),
        ("Connected but sender was rejected.", Stage.SENDER),
        ("failed after I sent the message.", Stage.MESSAGE),
        ("-------SMTP command\nDATA", Stage.MESSAGE),
        ("550 no such user", Stage.NOT_SAID),
        ("SMTP error from remote server for RCPT TO command, host: mx.example", Stage.RECIPIENT),
        ("Remote SMTP server has rejected address", Stage.RECIPIENT),
        ("550 <kari@reader.example>: Recipient address rejected: User unknown", Stage.RECIPIENT),
    ],
)
def test_the_refused_command_is_recognized(said: str, stage: Stage) -> None:
    assert stage_of(said) is stage


def test_a_delivery_program_that_could_not_open_its_file_is_no_missing_mailbox() -> None:
    assert read(report(diagnostic='x-unix; could not create "/var/mail/kari": no such user')).kind is BounceKind.SOFT


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
