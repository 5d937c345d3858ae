"""Promise 6: our faults pause the edition, and not before they are ours."""

import random

import pytest

from newsletter.delivery.circuit import Circuit
from newsletter.delivery.outcome import Phase, accepted, disconnected, from_reply, unknown
from newsletter.delivery.reply import Reply
from newsletter.domain.outcome import Outcome
from newsletter.messages import Message, sending
from newsletter.messages.delivery import CLOSED

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


@pytest.mark.parametrize("code", [530, 534, 535, 538])
def test_a_refused_login_pauses_at_once(code: int) -> None:
    refused = from_reply(1, 1, Phase.MAIL, Reply(code, (b"5.7.0 authentication required",)), 0.0)
    assert sending.LOGIN_REFUSED.matches(after(refused))


BROKEN = disconnected(1, 1, CLOSED(), 0.0)
LOST = unknown(1, 1, CLOSED(), 0.0)


def test_a_broken_connection_counts_as_an_attempt_but_not_against_the_sender() -> None:
    assert after(*[SPAM] * 9, *[BROKEN] * 50) is None
    assert after(*[BROKEN] * 190, *[SPAM] * 10) is None
    assert "11 of the last 200" in str(after(*[BROKEN] * 189, *[SPAM] * 11))


def test_ten_lost_replies_in_a_row_pause() -> None:
    assert after(*[LOST] * 9) is None
    assert after(*[LOST] * 9, GOOD, *[LOST] * 9) is None
    said = str(after(*[GOOD] * 150, *[LOST] * 10))
    assert said.startswith("10 of the last 10 emails are unconfirmed")
    assert "the mail server or email service took each of them whole" in said


def test_more_than_two_percent_of_lost_replies_pause_once_there_are_200_attempts() -> None:
    one_in_twenty = [*[GOOD] * 19, LOST]
    assert after(*one_in_twenty * 9) is None
    assert "10 of the last 200" in str(after(*one_in_twenty * 10))
    assert after(*[*[GOOD] * 49, LOST] * 40) is None, "two percent are not more than two percent"
    assert after(*[GOOD] * 5_000, *[*[GOOD] * 19, LOST] * 10) is None
    assert "21 of the last 1,000" in str(after(*[GOOD] * 5_000, *[*[GOOD] * 19, LOST] * 21))


def with_limit(limit: float, *outcomes: Outcome) -> Message | None:
    circuit = Circuit(limit, 200)
    return [circuit.record(outcome) for outcome in outcomes][-1]


@pytest.mark.parametrize(("good", "bounced"), [(0, 5), (3, 6), (11, 9), (36, 15), (76, 23)])
def test_bounces_that_chance_does_not_explain_pause_from_the_first_ones_on(good: int, bounced: int) -> None:
    assert with_limit(10.0, *[GOOD] * good, *[NOBODY] * (bounced - 1)) is None
    assert "find out where these addresses came from" in str(with_limit(10.0, *[GOOD] * good, *[NOBODY] * bounced))


def test_of_many_emails_the_share_that_bounced_is_compared_with_the_limit() -> None:
    one_in_ten = [*[GOOD] * 9, NOBODY] * 100
    assert with_limit(10.0, *one_in_ten) is None
    assert sending.BOUNCING.matches(with_limit(10.0, *one_in_ten, NOBODY))


def test_a_list_that_keeps_the_limit_is_not_paused() -> None:
    """A thousand lists of 199 addresses, of which each is bad with a probability of 8 %."""
    chance = random.Random(31)
    paused = 0
    for _ in range(1_000):
        circuit = Circuit(10.0, 200)
        paused += any(circuit.record(NOBODY if chance.random() < 0.08 else GOOD) for _ in range(199))
    assert paused <= 1


def test_without_a_limit_no_bounce_pauses() -> None:
    assert with_limit(0.0, *[NOBODY] * 300) is None
