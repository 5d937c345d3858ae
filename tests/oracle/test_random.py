"""Random histories, judged by their emails alone: a broken promise is shown with a short history.

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
from tests.oracle.judge import Judgement, judge
from tests.oracle.shortening import shortened

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
    phases=[Phase.generate],
)
@given(history=histories(LENGTH))
def test_each_reader_gets_each_post_once(history: Random) -> None:
    judgement = judged(history, counted)
    counted["pairs"] += judgement.pairs
    either.update(judgement.either)
    if judgement.violations:
        what = judgement.violations[0].what
        short = shortened(history, lambda tried: what in {each.what for each in judged(tried).violations})
        pytest.fail("\n".join([repr(short), *map(str, judged(short).violations)]))


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
