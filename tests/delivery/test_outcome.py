"""From replies to outcomes: the kinds, whose fault, and what the server named."""

import pytest

from newsletter.delivery.outcome import (
    Phase,
    accepted,
    counts_against_sender,
    disconnected,
    from_reply,
    is_valid_reply,
    queue_id,
    redacted,
    refused_locally,
    unknown,
)
from newsletter.delivery.reply import Reply, redact_stored
from newsletter.domain.outcome import Fault, OutcomeKind
from newsletter.messages import delivery as messages, from_text


def reply(text: str) -> Reply:
    return Reply(int(text[:3]), (text[4:].encode(),))


@pytest.mark.parametrize(
    ("phase", "said", "kind", "fault"),
    [
        (Phase.RCPT, "550 5.1.1 no such user", OutcomeKind.REFUSED, Fault.RECIPIENT),
        (Phase.RCPT, "550 5.1.2 no such domain", OutcomeKind.REFUSED, Fault.RECIPIENT),
        (Phase.RCPT, "550 5.1.10 null MX", OutcomeKind.REFUSED, Fault.RECIPIENT),
        (Phase.RCPT, "450 4.1.2 name server", OutcomeKind.DEFERRED, Fault.RECIPIENT),
        (Phase.RCPT, "550 5.1.0 rejected", OutcomeKind.REFUSED, Fault.MAILBOX),
        (Phase.RCPT, "550 5.1.8 sender's domain", OutcomeKind.REFUSED, Fault.POLICY),
        (Phase.RCPT, "550 5.2.1 disabled", OutcomeKind.REFUSED, Fault.MAILBOX),
        (Phase.RCPT, "452 4.2.2 full", OutcomeKind.DEFERRED, Fault.MAILBOX),
        (Phase.DOT, "552 5.2.3 too long", OutcomeKind.REFUSED, Fault.CONTENT),
        (Phase.DOT, "552 5.3.4 too big", OutcomeKind.REFUSED, Fault.CONTENT),
        (Phase.RCPT, "451 4.3.2 not now", OutcomeKind.DEFERRED, Fault.CONNECTION),
        (Phase.RCPT, "550 5.4.1 access denied", OutcomeKind.REFUSED, Fault.MAILBOX),
        (Phase.RCPT, "550 5.4.4 no host", OutcomeKind.REFUSED, Fault.RECIPIENT),
        (Phase.DOT, "550 5.4.5 daily limit", OutcomeKind.REFUSED, Fault.POLICY),
        (Phase.RCPT, "501 5.5.4 parameters", OutcomeKind.REFUSED, Fault.POLICY),
        (Phase.DOT, "554 5.6.0 content", OutcomeKind.REFUSED, Fault.CONTENT),
        (Phase.RCPT, "550 5.6.7 wide address", OutcomeKind.REFUSED, Fault.RECIPIENT),
        (Phase.RCPT, "451 4.7.1 greylisted", OutcomeKind.DEFERRED, Fault.POLICY),
        (Phase.DOT, "554 5.7.1 spam", OutcomeKind.REFUSED, Fault.POLICY),
        (Phase.MAIL, "530 5.7.0 log in", OutcomeKind.DEFERRED, Fault.POLICY),
        (Phase.RCPT, "550 user unknown", OutcomeKind.REFUSED, Fault.RECIPIENT),
        (Phase.RCPT, "550 No such mailbox here", OutcomeKind.REFUSED, Fault.RECIPIENT),
        (Phase.RCPT, "550 mailbox unavailable", OutcomeKind.REFUSED, Fault.MAILBOX),
        (Phase.RCPT, "450 user unknown, try later", OutcomeKind.DEFERRED, Fault.MAILBOX),
        (Phase.RCPT, "552 too much in it", OutcomeKind.REFUSED, Fault.MAILBOX),
        (Phase.RCPT, "499 no", OutcomeKind.DEFERRED, Fault.MAILBOX),
        (Phase.RCPT, "500 no", OutcomeKind.REFUSED, Fault.POLICY),
        (Phase.RCPT, "554 no", OutcomeKind.REFUSED, Fault.POLICY),
        (Phase.RCPT, "550 blocked by our list", OutcomeKind.REFUSED, Fault.POLICY),
        (Phase.RCPT, "550 5.9.1 what?", OutcomeKind.REFUSED, Fault.POLICY),
        (Phase.MAIL, "550 who are you", OutcomeKind.REFUSED, Fault.POLICY),
        (Phase.DOT, "554 no", OutcomeKind.REFUSED, Fault.CONTENT),
        (Phase.DOT, "554 looks like spam", OutcomeKind.REFUSED, Fault.POLICY),
        (Phase.DOT, "451 disk", OutcomeKind.DEFERRED, Fault.CONNECTION),
        (Phase.DATA, "454 Throttling failure: Daily message quota exceeded.", OutcomeKind.DEFERRED, Fault.POLICY),
    ],
)
def test_a_reply_determines_the_outcome_and_its_cause(phase: Phase, said: str, kind: OutcomeKind, fault: Fault) -> None:
    outcome = from_reply(7, 2, phase, reply(said), 10.0)
    assert (outcome.kind, outcome.fault) == (kind, fault)
    assert (outcome.number, outcome.attempt, outcome.at, outcome.code) == (7, 2, 10.0, int(said[:3]))


@pytest.mark.parametrize(
    ("phase", "code", "valid"),
    [
        (Phase.GREETING, 220, True),
        (Phase.GREETING, 250, False),
        (Phase.MAIL, 200, True),
        (Phase.MAIL, 299, True),
        (Phase.MAIL, 300, False),
        (Phase.MAIL, 399, False),
        (Phase.MAIL, 400, True),
        (Phase.MAIL, 599, True),
        (Phase.DATA, 354, True),
        (Phase.DATA, 250, False),
        (Phase.AUTH, 334, True),
        (Phase.QUIT, 221, True),
        (Phase.QUIT, 421, True),
        (Phase.QUIT, 550, False),
    ],
)
def test_the_codes_that_can_answer_a_command(phase: Phase, code: int, valid: bool) -> None:
    assert is_valid_reply(phase, code) is valid


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("451 4.7.1 greylisted for 300 seconds", 300.0),
        ("450 try again in 5 minutes", 300.0),
        ("450 retry after 2 hours", 7200.0),
        ("450 wait 99999 hours", 86400.0),
        ("450 later", None),
        ("550 not in 5 minutes", None),
    ],
)
def test_the_wait_that_a_server_requests_is_kept_for_deferrals(said: str, seconds: float | None) -> None:
    assert from_reply(1, 1, Phase.RCPT, reply(said), 0.0).retry_after == seconds


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("250 2.0.0 Ok: queued as 4ZxQ2y1K3z", "4ZxQ2y1K3z"),
        ("250 OK id=1rXyZ0-0001Ab-2C", "1rXyZ0-0001Ab-2C"),
        ("250 2.0.0 0100018d1f2a3b4c-5d6e", "0100018d1f2a3b4c-5d6e"),
        ("250 Ok 0100018d1f2a3b4c-5d6e", "0100018d1f2a3b4c-5d6e"),
        ("250 2.6.0 <abc@host.example> Queued mail for delivery", ""),
        ("250 2.0.0 Message accepted", ""),
        ("250 ok", ""),
        ("250 ", ""),
    ],
)
def test_the_queue_id_is_kept(said: str, name: str) -> None:
    assert queue_id(reply(said)) == name
    assert accepted(1, 1, reply(said), 0.0).queue_id == name


@pytest.mark.parametrize(
    ("said", "ours"),
    [
        ("554 5.7.1 spam", True),
        ("550 5.4.5 daily limit", True),
        ("552 5.3.4 too big", True),
        ("454 4.7.0 daily sending quota exceeded", True),
        ("451 4.7.1 greylisted", False),
        ("452 4.2.2 mailbox quota exceeded", False),
        ("550 5.1.1 no such user", False),
    ],
)
def test_policy_content_and_exhausted_quotas_count_against_the_sender(said: str, ours: bool) -> None:
    assert counts_against_sender(from_reply(1, 1, Phase.RCPT, reply(said), 0.0)) is ours


def test_outcomes_without_a_reply_say_so() -> None:
    assert unknown(1, 1, "closed", 0.0).kind is OutcomeKind.UNKNOWN
    assert disconnected(1, 1, messages.CLOSED(), 0.0).code == 0
    assert disconnected(1, 1, messages.CLOSED(), 0.0, reply("421 4.3.2 bye")).status == "4.3.2"
    assert refused_locally(1, 1, Fault.RECIPIENT, "5.1.3", "no address", 0.0).code == 0


def test_a_connection_that_ends_with_a_reply_keeps_the_reply() -> None:
    outcome = disconnected(1, 1, messages.SAID(reply="421 4.3.2 bye"), 0.0, reply("421 4.3.2 bye"))
    assert (outcome.code, outcome.text, outcome.problem) == (421, "bye", None)


def test_an_address_is_removed_from_a_problem_and_not_from_its_code() -> None:
    outcome = redacted(unknown(1, 1, messages.BROKE(cause="code@a.example is gone"), 0.0), "code@a.example")
    assert outcome.problem == messages.BROKE(cause="… is gone")


def test_an_address_is_removed_from_a_stored_problem_and_not_from_its_code() -> None:
    stored = messages.BROKE(cause="code@a.example is gone").to_text()
    assert from_text(redact_stored(stored, "code@a.example")) == messages.BROKE(cause="… is gone")
    assert redact_stored("550 code@a.example: no such user", "code@a.example") == "550 …: no such user"
    assert redact_stored("", "code@a.example") == ""
