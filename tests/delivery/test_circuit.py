"""Promise 6: our faults pause the edition, and not before they are ours."""

import pytest

from newsletter.delivery.circuit import Circuit
from newsletter.delivery.outcome import Phase, accepted, from_reply, unknown
from newsletter.delivery.reply import Reply
from newsletter.domain.outcome import Outcome
from newsletter.messages import Message, sending

GOOD = accepted(1, 1, Reply(250, (b"ok",)), 0.0)
SPAM = from_reply(1, 1, Phase.DOT, Reply(554, (b"5.7.1 looks like spam",)), 0.0)
QUOTA = from_reply(1, 1, Phase.DOT, Reply(550, (b"5.4.5 daily sending quota exceeded",)), 0.0)
NOBODY = from_reply(1, 1, Phase.RCPT, Reply(550, (b"5.1.1 no such user",)), 0.0)


def after(*outcomes: Outcome) -> Message | None:
    circuit = Circuit()
    return [circuit.record(outcome) for outcome in outcomes][-1]


@pytest.mark.parametrize("bad", [SPAM, QUOTA])
def test_an_edition_is_paused_above_five_percent_of_refusals(bad: Outcome) -> None:
    assert after(*[GOOD] * 190, *[bad] * 10) is None
    assert "11 of the last 200" in str(after(*[GOOD] * 189, *[bad] * 11))


def test_fewer_than_ten_refusals_never_pause() -> None:
    assert after(*[SPAM] * 9) is None
    assert "10 of the last 10" in str(after(*[SPAM] * 10))


def test_old_replies_are_forgotten() -> None:
    assert after(*[SPAM] * 9, *[GOOD] * 200, *[SPAM] * 9) is None


def test_only_the_last_200_attempts_count() -> None:
    assert "11 of the last 200" in str(after(SPAM, *[GOOD] * 189, *[SPAM] * 10))
    assert after(SPAM, *[GOOD] * 190, *[SPAM] * 10) is None


def test_the_sentence_quotes_the_server_and_says_what_to_do() -> None:
    said = str(after(*[SPAM] * 10))
    assert "554 5.7.1 looks like spam" in said
    assert "before you resume" in said


def test_addresses_that_do_not_exist_pause_nothing() -> None:
    assert after(*[NOBODY] * 300) is None


@pytest.mark.parametrize("code", [530, 534, 535, 538])
def test_a_refused_login_pauses_at_once(code: int) -> None:
    refused = from_reply(1, 1, Phase.MAIL, Reply(code, (b"5.7.0 authentication required",)), 0.0)
    assert sending.LOGIN_REFUSED.matches(after(refused))


def test_a_broken_connection_counts_as_an_attempt_but_not_against_the_sender() -> None:
    assert after(*[SPAM] * 9, *[unknown(1, 1, "closed", 0.0)] * 50) is None
    assert after(*[unknown(1, 1, "closed", 0.0)] * 190, *[SPAM] * 10) is None
    assert "11 of the last 200" in str(after(*[unknown(1, 1, "closed", 0.0)] * 189, *[SPAM] * 11))
