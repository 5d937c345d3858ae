"""Random histories, judged by their emails alone: what shrinks to a minimal history is a broken promise.

STEPS sets how many steps are made, with new histories each time; `make readers` does that.
"""

import logging
import os
import sys
from collections import Counter
from collections.abc import Iterator

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.oracle.generated import Random, histories, play
from tests.oracle.judge import judge

pytestmark = pytest.mark.soak
LENGTH = 60
STEPS = int(os.environ.get("STEPS", "10000"))
SEED = int(os.environ.get("SEED", "30"))
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
@seed(SEED)
@settings(
    max_examples=max(1, STEPS * 4 // (LENGTH * 3)),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)
@given(history=histories(LENGTH))
def test_each_reader_gets_each_post_once(history: Random) -> None:
    with transaction.atomic():
        judgement = judge(play(history, counted))
        transaction.set_rollback(True)
    counted["pairs"] += judgement.pairs
    either.update(judgement.either)
    assert not judgement.violations, "\n".join([repr(history), *map(str, judgement.violations)])


def test_little_is_left_open(capsys: pytest.CaptureFixture[str]) -> None:
    """The documents say of at least 95 % of the pairs what has to happen."""
    share = either.total() / counted["pairs"]
    if "STEPS" in os.environ:
        with capsys.disabled():
            sys.stdout.write(f"\n{dict(counted)}; either {share:.1%}: {dict(either)}\n")
    assert share < MOST_EITHER, either
