"""Promise 6: our faults pause the edition, and not before they are ours."""

import pytest

from newsletter.delivery.circuit import Circuit
from newsletter.delivery.outcome import Phase, accepted, unknown, verdict
from newsletter.delivery.reply import Reply
from newsletter.mail import Outcome

GOOD = accepted(1, 1, Reply(250, (b"ok",)), 0.0)
SPAM = verdict(1, 1, Phase.DOT, Reply(554, (b"5.7.1 looks like spam",)), 0.0)
QUOTA = verdict(1, 1, Phase.DOT, Reply(550, (b"5.4.5 daily sending quota exceeded",)), 0.0)
NOBODY = verdict(1, 1, Phase.RCPT, Reply(550, (b"5.1.1 no such user",)), 0.0)


def after(*outcomes: Outcome) -> str | None:
    circuit = Circuit()
    return [circuit.see(outcome) for outcome in outcomes][-1]


@pytest.mark.parametrize("bad", [SPAM, QUOTA])
def test_ten_of_two_hundred_are_borne_and_eleven_are_not(bad: Outcome) -> None:
    assert after(*[GOOD] * 190, *[bad] * 10) is None
    assert "11 of the last 200" in (after(*[GOOD] * 189, *[bad] * 11) or "")


def test_fewer_than_ten_never_pause() -> None:
    assert after(*[SPAM] * 9) is None
    assert "10 of the last 10" in (after(*[SPAM] * 10) or "")


def test_old_replies_are_forgotten() -> None:
    assert after(*[SPAM] * 9, *[GOOD] * 200, *[SPAM] * 9) is None


def test_the_sentence_quotes_the_server_and_says_what_to_do() -> None:
    said = after(*[SPAM] * 10) or ""
    assert "554 5.7.1 looks like spam" in said
    assert "before you resume" in said


def test_addresses_that_do_not_exist_pause_nothing() -> None:
    assert after(*[NOBODY] * 300) is None


@pytest.mark.parametrize("code", [530, 534, 535, 538])
def test_a_refused_login_pauses_at_once(code: int) -> None:
    refused = verdict(1, 1, Phase.MAIL, Reply(code, (b"5.7.0 authentication required",)), 0.0)
    assert "refused the login" in (after(refused) or "")


def test_what_never_came_is_a_try_all_the_same_and_held_against_nobody() -> None:
    assert after(*[SPAM] * 9, *[unknown(1, 1, "closed", 0.0)] * 50) is None
    assert after(*[unknown(1, 1, "closed", 0.0)] * 190, *[SPAM] * 10) is None
    assert "11 of the last 200" in (after(*[unknown(1, 1, "closed", 0.0)] * 189, *[SPAM] * 11) or "")
