"""Random histories, judged by their emails alone: a broken promise is shown with a short history.

STEPS sets how many steps are made, and SEED of which histories; `make readers` does that with new ones each time.
"""

import logging
import os
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest
from django.db import transaction

from tests.oracle.generated import Random, play, random_history
from tests.oracle.judge import judge
from tests.oracle.judgement import Judgement
from tests.oracle.shortening import shortened

pytestmark = pytest.mark.soak
LENGTH = 120
STEPS = int(os.environ.get("STEPS", "10000"))
SEED = os.environ.get("SEED", "30")
MOST_EITHER = 0.05
counted: Counter[str] = Counter()
either: Counter[str] = Counter()


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """What is logged of thousands of editions."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.django_db
def test_each_reader_gets_each_post_once() -> None:
    while counted["steps"] < STEPS:
        counted["histories"] += 1
        history = random_history(f"{SEED}.{counted['histories']}", LENGTH)
        judgement = judged(history, counted)
        counted["pairs"] += judgement.pairs
        either.update(judgement.either)
        if judgement.violations:
            short = shortened(history, partial(_breaks, judgement.violations[0].kind))
            pytest.fail("\n".join([repr(short), *map(str, judged(short).violations)]))


def _breaks(kind: tuple[str, str], history: Random) -> bool:
    return kind in {each.kind for each in judged(history).violations}


def judged(history: Random, counted: Counter[str] | None = None) -> Judgement:
    """Play a history, and judge it by its emails."""
    with transaction.atomic():
        judgement = judge(play(history, counted))
        transaction.set_rollback(True)
    return judgement


def test_little_is_left_open(capsys: pytest.CaptureFixture[str]) -> None:
    """The documents say of at least 95 % of the pairs what has to happen."""
    share = either.total() / counted["pairs"]
    if "STEPS" in os.environ:
        with capsys.disabled():
            sys.stdout.write(f"\n{dict(counted)}; either {share:.1%}: {dict(either)}\n")
    assert share < MOST_EITHER, either
