"""The judge finds it when a clause of the rule is broken."""

import pytest

from tests.oracle.histories import played
from tests.oracle.judge import judge
from tests.oracle.negations import NEGATIONS

pytestmark = pytest.mark.soak


@pytest.mark.django_db
@pytest.mark.parametrize("clause", NEGATIONS)
def test_a_broken_clause_is_found(clause: str, monkeypatch: pytest.MonkeyPatch) -> None:
    negation = NEGATIONS[clause]
    negation.breaks(monkeypatch)
    violations = judge(played(negation.played)).violations
    assert negation.finds in {each.what for each in violations}, violations
