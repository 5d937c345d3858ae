"""Histories that once broke "each post once", and one for each clause of the rule, judged by their emails."""

import logging
from collections.abc import Iterator

import pytest

from tests.oracle.clauses import CLAUSES
from tests.oracle.histories import HISTORIES, played
from tests.oracle.judge import judge


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Nothing is logged of so many editions."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.django_db
@pytest.mark.parametrize("name", [*HISTORIES, *CLAUSES])
def test_each_reader_gets_each_post_once(name: str) -> None:
    judgement = judge(played((HISTORIES | CLAUSES)[name]))
    assert not judgement.violations, "\n".join(map(str, judgement.violations))
    assert judgement.pairs
    assert not judgement.either
