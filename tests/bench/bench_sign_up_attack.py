"""An attack on the sign-up form: `python -m tests.bench.bench_sign_up_attack [PROGRAMS] [READERS]`.

For an hour of injected time, programs sign other people up from 3,000 networks, beside real readers, of whom one in
fifty runs no scripts. Prints how many emails the programs cause and how many readers are turned away, with and without
a challenge, and what a challenge costs: the CPU seconds of a program for each email, and of the server.
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
    from tests.subscribers.attack import Outcome, Programs

NETWORKS, SOLVED, CREATED = 3_000, 10, 200
ATTACKS: "tuple[tuple[Programs, bool, str], ...]" = (
    ("post", False, "no challenge"),
    ("post", True, "challenge; programs post the form"),
    ("press", True, "challenge; programs press the button without a script"),
    ("solve", True, "challenge; programs solve it"),
)


class _Undone(Exception):
    """Ends a transaction without a trace."""


def outcome(programs: int, readers: int, does: "Programs", *, challenge: bool) -> "Outcome":
    """Run an attack, and leave nothing in the database."""
    from tests.subscribers.attack import Attack, run

    found: list[Outcome] = []
    try:
        with transaction.atomic():
            attack = Attack(programs, NETWORKS, readers, readers // 50, does)
            found.append(run(attack, "auto" if challenge else "off"))
            raise _Undone
    except _Undone:
        return found[0]


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


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main() -> None:
    """Print the figures."""
    programs, readers = (int(sys.argv[n]) if len(sys.argv) > n else default for n, default in ((1, 6_000), (2, 300)))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    _say(f"{programs:,} sign-ups by programs from {NETWORKS:,} networks, {readers:,} by readers, in an hour")
    for does, challenge, name in ATTACKS:
        found = outcome(programs, readers, does, challenge=challenge)
        _say(
            f"{name}: {found.emails:,} emails to victims, {found.solved:,} challenges solved, "
            f"{found.lost} readers turned away, {found.lost_without_script} of them without scripts"
        )
    created, solving, checking = costs()
    _say(f"CPU time: solving {solving:.2f} s, creating {created * 1e3:.2f} ms, checking {checking * 1e3:.3f} ms")


if __name__ == "__main__":
    main()
