"""What an attack on the sign-up form costs, with a challenge and without one, and what a crowd of real people gets."""

import pytest

from subscribers.protection import confirmation_budget as budget, sign_up_limits as limits
from tests.subscribers import attack as simulation
from tests.subscribers.attack import Attack, Outcome, Programs, run

pytestmark = pytest.mark.django_db
READERS, WITHOUT_SCRIPT = 60, 2


@pytest.fixture(autouse=True)
def smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the limits, for a tenth of the attack; delayed emails go once a minute, which saves queries."""
    monkeypatch.setattr(simulation, "LOOK_SECONDS", 60)
    for name in ("UNSOLVED", "ATTACK"):
        monkeypatch.setattr(limits, name, getattr(limits, name) // 10)
    for name in ("OF_NEWSLETTER", "OF_DOMAIN", "OF_NETWORK", "UNSOLVED"):
        monkeypatch.setattr(budget, name, getattr(budget, name) // 10)


def outcome(does: Programs, *, challenge: bool, ask: float = 0.0) -> Outcome:
    attack = Attack(600, 300, READERS, WITHOUT_SCRIPT, does, ask=ask)
    return run(attack, "auto" if challenge else "off")


def test_without_a_challenge_the_budget_limits_what_programs_cause() -> None:
    found = outcome("post", challenge=False)
    assert found.emails <= 2 * budget.OF_NEWSLETTER
    assert found.refused == 0


def test_a_challenge_stops_programs_that_only_post_and_delays_nobody_for_long() -> None:
    found = outcome("post", challenge=True)
    assert found.emails <= limits.ATTACK
    assert (found.refused, found.solved, found.without_email, found.late) == (0, 0, 0, 0)


def test_programs_that_press_the_button_cause_few_emails_and_cost_no_subscriber_with_scripts() -> None:
    found = outcome("press", challenge=True)
    assert found.emails <= limits.ATTACK + budget.UNSOLVED * 2
    assert found.refused == found.refused_without_script <= WITHOUT_SCRIPT
    assert found.without_email <= WITHOUT_SCRIPT


def test_programs_that_solve_challenges_cause_few_emails_too() -> None:
    found = outcome("solve", challenge=True)
    assert found.emails <= 2 * budget.OF_NEWSLETTER < found.solved / 20
    assert found.refused == 0


def test_subscribers_who_send_the_code_get_their_email_during_the_attack() -> None:
    found = outcome("solve", challenge=True, ask=1.0)
    assert (found.refused, found.without_email, found.late) == (0, 0, 0)
    assert found.emails <= 3 * budget.OF_NEWSLETTER


def test_a_crowd_of_real_people_loses_nobody() -> None:
    """A crowd in the hour after a mention on the radio; two fifths of them share a few mobile networks."""
    found = run(Attack(0, 1, 400, 8, "solve", mobile=0.4), "auto")
    assert (found.refused, found.late) == (0, 0)
    assert found.without_email == 0
    assert found.waits[len(found.waits) // 2] == 0
