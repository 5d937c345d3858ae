"""An attack on the sign-up form: `python -m tests.bench.bench_sign_up_attack [PROGRAMS] [READERS]`.

For an hour of injected time, programs sign other people up from 3,000 networks, beside real readers, of whom one in
fifty runs no scripts. Prints how many emails the programs cause and how many readers are refused or wait, with and
without a challenge, what a crowd of readers without programs gets, and what a challenge costs: the CPU seconds of a
program for each email, and of the server.
"""

import os
import sys
import time
from typing import TYPE_CHECKING

import altcha
import django
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

if TYPE_CHECKING:
    from tests.subscribers.attack import Attack, Outcome, Programs

NETWORKS, SOLVED, CREATED = 3_000, 10, 200
ATTACKS: "tuple[tuple[Programs, bool, float, str], ...]" = (
    ("post", False, 0, "no challenge"),
    ("post", True, 0, "challenge; programs post the form"),
    ("press", True, 0, "challenge; programs press the button without a script"),
    ("solve", True, 0, "challenge; programs solve it, nobody sends the code"),
    ("solve", True, 0.8, "challenge; programs solve it, four fifths send the code"),
)
DAYS_AFTER = 3
CROWD, CROWD_WITHOUT_SCRIPT, CROWD_MOBILE = 10_000, 200, 0.4


class _Undone(Exception):
    """Ends a transaction without a trace."""


def outcome(attack: "Attack", *, challenge: bool) -> "Outcome":
    """Run an attack, and leave nothing in the database."""
    from tests.subscribers.attack import run

    outcomes: list[Outcome] = []
    try:
        with transaction.atomic():
            outcomes.append(run(attack, "auto" if challenge else "off"))
            raise _Undone
    except _Undone:
        return outcomes[0]


def costs() -> tuple[float, float, float]:
    """Return the CPU seconds of creating, solving and checking a challenge."""
    from subscribers.protection import challenges

    began = time.process_time()
    made = [altcha.Challenge.from_dict(challenges.create(timezone.now())) for _ in range(CREATED)]
    created = (time.process_time() - began) / CREATED
    began = time.process_time()
    answers = [(each, altcha.solve_challenge(each)) for each in made[:SOLVED]]
    solving = (time.process_time() - began) / SOLVED
    texts = [altcha.Payload(each, answer).to_base64() for each, answer in answers if answer]
    began = time.process_time()
    if not all(challenges.read(text) for _ in range(CREATED // SOLVED) for text in texts):
        raise SystemExit("a solution was refused")
    return created, solving, (time.process_time() - began) / CREATED


def _described(result: "Outcome") -> str:
    waits = result.waits
    return (
        f"{result.emails:,} emails to victims in the hour, {result.emails_afterwards:,} in {DAYS_AFTER} days after it, "
        f"{result.solved:,} challenges solved; readers: {result.refused} refused ({result.refused_without_script} "
        f"without scripts), {result.late} got their email after an hour, {result.without_email} none; "
        f"waits: median {waits[len(waits) // 2]:.0f} s, longest in the hour "
        f"{max(wait for wait in waits if wait < 3600):.0f} s"
    )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main() -> None:
    """Print the figures."""
    programs, readers = (int(sys.argv[n]) if len(sys.argv) > n else default for n, default in ((1, 6_000), (2, 300)))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    _say(f"{programs:,} sign-ups by programs from {NETWORKS:,} networks, {readers:,} by readers, in an hour")
    from tests.subscribers.attack import Attack

    for does, challenge, ask, name in ATTACKS:
        attack = Attack(programs, NETWORKS, readers, readers // 50, does, ask=ask, days_after=DAYS_AFTER)
        _say(f"{name}: {_described(outcome(attack, challenge=challenge))}")
    crowd = Attack(0, 1, CROWD, CROWD_WITHOUT_SCRIPT, "solve", mobile=CROWD_MOBILE)
    _say(f"{CROWD:,} readers and no programs: {_described(outcome(crowd, challenge=True))}")
    created, solving, checking = costs()
    _say(f"CPU time: solving {solving:.2f} s, creating {created * 1e3:.2f} ms, checking {checking * 1e3:.3f} ms")


if __name__ == "__main__":
    main()
