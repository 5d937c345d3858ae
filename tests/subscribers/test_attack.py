"""What an attack on the sign-up form costs, with a challenge and without one."""

import pytest

from subscribers.protection import sign_up_limits as limits
from tests.subscribers.attack import Attack, Outcome, Programs, run

pytestmark = pytest.mark.django_db
READERS, WITHOUT_SCRIPT = 60, 2


@pytest.fixture(autouse=True)
def smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the limits, for a tenth of the attack."""
    for name in ("PER_DOMAIN", "UNSOLVED", "ATTACK"):
        monkeypatch.setattr(limits, name, getattr(limits, name) // 10)


def outcome(does: Programs, *, challenge: bool) -> Outcome:
    attack = Attack(600, 300, READERS, WITHOUT_SCRIPT, does)
    return run(attack, "auto" if challenge else "off")


def test_without_a_challenge_programs_send_hundreds_of_emails_and_readers_are_turned_away() -> None:
    found = outcome("post", challenge=False)
    assert found.emails > 300
    assert found.lost > 10


def test_a_challenge_stops_programs_that_only_post_and_turns_nobody_away() -> None:
    found = outcome("post", challenge=True)
    assert found.emails <= limits.ATTACK
    assert (found.lost, found.solved) == (0, 0)


def test_programs_that_press_the_button_cause_few_emails_and_cost_no_reader_with_scripts() -> None:
    found = outcome("press", challenge=True)
    assert found.emails <= limits.ATTACK + limits.UNSOLVED * 2
    assert found.lost == found.lost_without_script <= WITHOUT_SCRIPT


def test_programs_that_solve_challenges_pay_for_each_email() -> None:
    found = outcome("solve", challenge=True)
    assert found.emails <= limits.ATTACK + found.solved
