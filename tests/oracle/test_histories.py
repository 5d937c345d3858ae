"""A history for each clause of "each post once", judged by its emails.

Those that once broke the rule are in tests/sending/test_each_post_once.py, and are played here with processes.
"""

import logging
from collections.abc import Iterator

import pytest

from tests.oracle.clauses import CLAUSES
from tests.oracle.histories import played
from tests.oracle.judge import judge


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Nothing is logged of so many editions."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.django_db
@pytest.mark.parametrize("name", CLAUSES)
def test_each_reader_gets_each_post_once(name: str) -> None:
    judgement = judge(played(CLAUSES[name]))
    assert not judgement.violations, "\n".join(map(str, judgement.violations))
    assert judgement.pairs
    assert not judgement.either
