"""A few mutated inputs for every parser of foreign input, always the same ones."""

from pathlib import Path

import pytest

from tests.fuzz.mutation import LARGEST, Mutator
from tests.fuzz.running import fuzz
from tests.fuzz.targets import TARGETS

INPUTS = 120


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_breaks_a_promise(name: str) -> None:
    count = fuzz(name, 1, lambda count: count.inputs < INPUTS)
    assert (count.inputs, count.failed) == (INPUTS, 0)


def test_a_seed_makes_the_same_inputs_again() -> None:
    first, second, other = (Mutator([b"sample"], [b"token"], seed) for seed in (7, 7, 8))
    made = [first.next() for _ in range(50)]
    assert made == [second.next() for _ in range(50)]
    assert made != [other.next() for _ in range(50)]
    assert all(len(data) <= LARGEST for data in made)


def test_an_input_that_fails_is_counted_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(data: bytes) -> None:
        raise ZeroDivisionError

    target = TARGETS["tokens"]
    monkeypatch.setitem(TARGETS, "tokens", type(target)(target.samples, target.tokens, broken))
    count = fuzz("tokens", 1, lambda count: count.inputs < 2, kept=tmp_path)
    assert count.failed == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "tokens-1-0",
        "tokens-1-0.txt",
        "tokens-1-1",
        "tokens-1-1.txt",
    ]
    with pytest.raises(ZeroDivisionError):
        fuzz("tokens", 1, lambda count: True)
