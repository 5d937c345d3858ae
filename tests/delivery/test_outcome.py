"""From replies to outcomes: the kinds, whose fault, and what the server named."""

import pytest

from newsletter.delivery.outcome import (
    Phase,
    accepted,
    broken,
    held_against_us,
    no_such_mailbox,
    queue_id,
    refused_here,
    unknown,
    verdict,
)
from newsletter.delivery.reply import Reply
from newsletter.mail import Fault, Kind


def reply(text: str) -> Reply:
    return Reply(int(text[:3]), (text[4:].encode(),))


@pytest.mark.parametrize(
    ("phase", "said", "kind", "fault"),
    [
        (Phase.RCPT, "550 5.1.1 no such user", Kind.REFUSED, Fault.READER),
        (Phase.RCPT, "550 5.1.2 no such domain", Kind.REFUSED, Fault.READER),
        (Phase.RCPT, "550 5.1.10 null MX", Kind.REFUSED, Fault.READER),
        (Phase.RCPT, "450 4.1.2 name server", Kind.DEFERRED, Fault.READER),
        (Phase.RCPT, "550 5.1.0 rejected", Kind.REFUSED, Fault.MAILBOX),
        (Phase.RCPT, "550 5.1.8 sender's domain", Kind.REFUSED, Fault.POLICY),
        (Phase.RCPT, "550 5.2.1 disabled", Kind.REFUSED, Fault.MAILBOX),
        (Phase.RCPT, "452 4.2.2 full", Kind.DEFERRED, Fault.MAILBOX),
        (Phase.DOT, "552 5.2.3 too long", Kind.REFUSED, Fault.CONTENT),
        (Phase.DOT, "552 5.3.4 too big", Kind.REFUSED, Fault.CONTENT),
        (Phase.RCPT, "451 4.3.2 not now", Kind.DEFERRED, Fault.CONNECTION),
        (Phase.RCPT, "550 5.4.1 access denied", Kind.REFUSED, Fault.MAILBOX),
        (Phase.RCPT, "550 5.4.4 no host", Kind.REFUSED, Fault.READER),
        (Phase.DOT, "550 5.4.5 daily limit", Kind.REFUSED, Fault.POLICY),
        (Phase.RCPT, "501 5.5.4 parameters", Kind.REFUSED, Fault.POLICY),
        (Phase.DOT, "554 5.6.0 content", Kind.REFUSED, Fault.CONTENT),
        (Phase.RCPT, "550 5.6.7 wide address", Kind.REFUSED, Fault.READER),
        (Phase.RCPT, "451 4.7.1 greylisted", Kind.DEFERRED, Fault.POLICY),
        (Phase.DOT, "554 5.7.1 spam", Kind.REFUSED, Fault.POLICY),
        (Phase.MAIL, "530 5.7.0 log in", Kind.DEFERRED, Fault.POLICY),
        (Phase.RCPT, "550 user unknown", Kind.REFUSED, Fault.READER),
        (Phase.RCPT, "550 No such mailbox here", Kind.REFUSED, Fault.READER),
        (Phase.RCPT, "550 mailbox unavailable", Kind.REFUSED, Fault.MAILBOX),
        (Phase.RCPT, "450 user unknown, try later", Kind.DEFERRED, Fault.MAILBOX),
        (Phase.RCPT, "552 too much in it", Kind.REFUSED, Fault.MAILBOX),
        (Phase.RCPT, "554 no", Kind.REFUSED, Fault.POLICY),
        (Phase.RCPT, "550 blocked by our list", Kind.REFUSED, Fault.POLICY),
        (Phase.RCPT, "550 5.9.1 what?", Kind.REFUSED, Fault.MAILBOX),
        (Phase.MAIL, "550 who are you", Kind.REFUSED, Fault.POLICY),
        (Phase.DOT, "554 no", Kind.REFUSED, Fault.CONTENT),
        (Phase.DOT, "554 looks like spam", Kind.REFUSED, Fault.POLICY),
        (Phase.DOT, "451 disk", Kind.DEFERRED, Fault.CONNECTION),
        (Phase.DATA, "454 Throttling failure: Daily message quota exceeded.", Kind.DEFERRED, Fault.POLICY),
    ],
)
def test_a_reply_says_what_became_of_the_mail_and_whose_fault_it_was(
    phase: Phase, said: str, kind: Kind, fault: Fault
) -> None:
    outcome = verdict(7, 2, phase, reply(said), 10.0)
    assert (outcome.kind, outcome.fault) == (kind, fault)
    assert (outcome.number, outcome.attempt, outcome.at, outcome.code) == (7, 2, 10.0, int(said[:3]))


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
def test_a_time_that_the_server_names_is_kept_for_deferrals(said: str, seconds: float | None) -> None:
    assert verdict(1, 1, Phase.RCPT, reply(said), 0.0).retry_after == seconds


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("250 2.0.0 Ok: queued as 4ZxQ2y1K3z", "4ZxQ2y1K3z"),
        ("250 OK id=1rXyZ0-0001Ab-2C", "1rXyZ0-0001Ab-2C"),
        ("250 Ok 0100018d1f2a3b4c-5d6e", "0100018d1f2a3b4c-5d6e"),
        ("250 2.6.0 <abc@host.example> Queued mail for delivery", ""),
        ("250 2.0.0 Message accepted", ""),
        ("250 ok", ""),
        ("250 ", ""),
    ],
)
def test_what_the_server_calls_the_mail_is_kept(said: str, name: str) -> None:
    assert queue_id(reply(said)) == name
    assert accepted(1, 1, reply(said), 0.0).queue_id == name


def test_only_a_mailbox_that_is_none_may_touch_a_subscription() -> None:
    assert no_such_mailbox(verdict(1, 1, Phase.RCPT, reply("550 5.1.1 no"), 0.0))
    assert not no_such_mailbox(verdict(1, 1, Phase.RCPT, reply("450 4.1.1 no"), 0.0))
    assert not no_such_mailbox(verdict(1, 1, Phase.DOT, reply("554 5.7.1 no"), 0.0))


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
def test_policy_content_and_used_up_quotas_are_held_against_us(said: str, ours: bool) -> None:
    assert held_against_us(verdict(1, 1, Phase.RCPT, reply(said), 0.0)) is ours


def test_outcomes_without_a_reply_say_so() -> None:
    assert unknown(1, 1, "closed", 0.0).kind is Kind.UNKNOWN
    assert broken(1, 1, "closed", 0.0).code == 0
    assert broken(1, 1, "bye", 0.0, reply("421 4.3.2 bye")).status == "4.3.2"
    assert refused_here(1, 1, Fault.READER, "5.1.3", "no address", 0.0).code == 0
