"""Readers of several cadences, who change whatever they like whenever they like, get each post once and miss none.

The model follows each reader with sets of posts and knows no marks; it must agree with the rule of marks.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from newsletter.config import Cadence
from newsletter.domain import cadence as rules
from newsletter.domain.cadence import OfferOutcome, Variants, edition_name, offer, possible_marks, start

CADENCES: list[Cadence] = ["post", "day", "week", "month"]
cadences = st.sampled_from(CADENCES)


@dataclass(eq=False)
class Reader:
    """A reader; `passed` has the posts that are not owed any more, `got` those of emails."""

    cadence: Cadence
    mark: int
    passed: set[str]
    got: list[str] = field(default_factory=list)
    active: bool = True
    paused: bool = False


@dataclass(eq=False)
class Edition:
    """An approved edition. `names` has the posts behind its numbers when it was approved."""

    cadence: Cadence
    end: int
    variants: Variants
    left_out: frozenset[int]
    names: dict[int, str]
    fixed: bool = False
    deliveries: dict[Reader, tuple[str, ...]] = field(default_factory=dict)


class Newsletter(RuleBasedStateMachine):
    """A newsletter with readers of every cadence."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: dict[str, int] = {}
        self.last = 0
        self.readers: list[Reader] = []
        self.editions: list[Edition] = []
        self.ends: dict[Cadence, int] = {}
        self.covered: dict[Cadence, set[str]] = {}

    @initialize(default=cadences)
    def begin(self, default: Cadence) -> None:
        self.default = default

    # Posts.

    @rule(count=st.integers(1, 3))
    def publish(self, count: int) -> None:
        """New posts, or old ones that are found late: all that matters is when they become eligible."""
        for _ in range(count):
            self.last += 1
            self.numbers[f"p{self.last}"] = self.last

    @precondition(lambda self: self.numbers)
    @rule(data=st.data())
    def free(self, data: st.DataObject) -> None:
        """An editor wants a post after all that was left out, or one comes back that its source had taken down."""
        post = data.draw(st.sampled_from(sorted(self.numbers)))
        if not rules.may_renumber(self.numbers[post], [e.variants for e in self.editions]):
            return
        self.last += 1
        self.numbers[post] = self.last
        for reader in self.readers:
            reader.passed.discard(post)
        for covered in self.covered.values():
            covered.discard(post)

    # Readers.

    @rule(cadence=cadences)
    def subscribe(self, cadence: Cadence) -> None:
        mark = rules.start(cadence, self.default, self.ends)
        self.readers.append(Reader(cadence, mark, set(self._covered(cadence))))

    def _covered(self, cadence: Cadence) -> set[str]:
        return self.covered.get(cadence, self.covered.get(self.default, set()))

    def _one(self, data: st.DataObject, **state: bool) -> Reader | None:
        found = [r for r in self.readers if all(getattr(r, key) is value for key, value in state.items())]
        return data.draw(st.sampled_from(found)) if found else None

    @precondition(lambda self: self.readers)
    @rule(data=st.data(), cadence=cadences)
    def change_cadence(self, data: st.DataObject, cadence: Cadence) -> None:
        if reader := self._one(data, active=True):
            reader.cadence = cadence

    @precondition(lambda self: self.readers)
    @rule(data=st.data())
    def pause_or_resume(self, data: st.DataObject) -> None:
        if reader := self._one(data, active=True):
            reader.paused = not reader.paused

    @precondition(lambda self: self.readers)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        if reader := self._one(data, active=True):
            reader.active = reader.paused = False

    @precondition(lambda self: self.readers)
    @rule(data=st.data(), cadence=cadences)
    def come_back(self, data: st.DataObject, cadence: Cadence) -> None:
        if reader := self._one(data, active=False):
            reader.active, reader.cadence = True, cadence
            reader.mark = rules.start(cadence, self.default, self.ends, reader.mark)
            reader.passed |= self._covered(cadence)

    # Editions.

    @precondition(lambda self: self.numbers)
    @rule(data=st.data(), cadence=cadences)
    def approve(self, data: st.DataObject, cadence: Cadence) -> None:
        """The end may be behind the newest post, as with an edition for each post, or a draft not refreshed since."""
        end = data.draw(st.integers(max(1, self.last - 3), self.last))
        recent = sorted(n for n in self.numbers.values() if n > end - 6)
        out = data.draw(st.sets(st.sampled_from(recent), max_size=2)) if recent else set()
        earlier = sorted(self._left_out())
        by_name = data.draw(st.sets(st.sampled_from(earlier), max_size=1)) if earlier else set()
        self._approve(cadence, end, frozenset(out), frozenset(by_name))

    def _left_out(self) -> frozenset[int]:
        return frozenset().union(*(e.left_out for e in self.editions))

    def _approve(self, cadence: Cadence, end: int, out: frozenset[int], by_name: frozenset[int]) -> Edition:
        left_out = (self._left_out() - by_name) | out
        held = [r.mark for r in self.readers]
        starts = [rules.start(c, self.default, self.ends) for c in CADENCES]
        approved = [e.end for e in self.editions if not e.fixed]
        marks = rules.possible_marks(held, starts, approved, end)
        found = rules.variants(self.numbers.values(), left_out, marks, end)
        names = {number: post for post, number in self.numbers.items()}
        edition = Edition(cadence, end, found, frozenset(n for n in left_out if n <= end), names)
        self.editions.append(edition)
        return edition

    def _unfixed(self) -> list[Edition]:
        return [e for e in self.editions if not e.fixed]

    @precondition(lambda self: self._unfixed())
    @rule(data=st.data())
    def cancel_or_reopen(self, data: st.DataObject) -> None:
        """Cancelled before its audience was fixed, reopened, or skipped for too few posts: nothing moves."""
        self.editions.remove(data.draw(st.sampled_from(self._unfixed())))

    @precondition(lambda self: self._unfixed())
    @rule(data=st.data())
    def fix_audience(self, data: st.DataObject) -> None:
        """Sending begins, not necessarily in the order of approval."""
        self._fix(data.draw(st.sampled_from(self._unfixed())))

    def _fix(self, edition: Edition) -> None:
        edition.fixed = True
        for reader in self.readers:
            if reader.active and reader.cadence == edition.cadence:
                self._offer(edition, reader)
        behind = {post for post, number in self.numbers.items() if number <= edition.end}
        self.covered[edition.cadence] = self._covered(edition.cadence) | behind
        last = rules.start(edition.cadence, self.default, self.ends)
        self.ends[edition.cadence] = max(last, edition.end)

    def _offer(self, edition: Edition, reader: Reader) -> None:
        found = rules.offer(reader.mark, edition.end, edition.variants, paused=reader.paused)
        event(found.outcome)
        posts = tuple(edition.names[number] for number in found.posts)
        behind = {post: number for post, number in self.numbers.items() if number <= edition.end}
        if found.outcome in (OfferOutcome.MAILED, OfferOutcome.NOTHING_NEW):
            owed = {post for post, number in behind.items() if number not in edition.left_out} - reader.passed
            assert sorted(posts) == sorted(owed)
        if found.outcome == OfferOutcome.MAILED:
            edition.deliveries[reader] = posts
        if found.outcome != OfferOutcome.NEXT_EDITION:
            reader.passed |= set(behind)
        assert found.mark >= reader.mark
        reader.mark = found.mark

    # Sending: cancelled in the middle, resumed or resent, or refused; those who were offered an edition keep that.

    @precondition(lambda self: any(e.deliveries for e in self.editions))
    @rule(data=st.data())
    def send_some(self, data: st.DataObject) -> None:
        edition = data.draw(st.sampled_from([e for e in self.editions if e.deliveries]))
        count = data.draw(st.integers(1, len(edition.deliveries)))
        self._send(edition, list(edition.deliveries)[:count])

    def _send(self, edition: Edition, readers: list[Reader]) -> None:
        for reader in readers:
            reader.got += edition.deliveries.pop(reader)

    # What must hold.

    @invariant()
    def none_twice(self) -> None:
        for reader in self.readers:
            waiting = [post for e in self.editions for post in e.deliveries.get(reader, ())]
            assert max(Counter([*reader.got, *waiting]).values(), default=0) <= 1

    @invariant()
    def nobody_waits_where_no_edition_was_approved_since(self) -> None:
        """The newest approved edition has a variant for every reader, whatever was fixed or changed since."""
        if self.editions and not self.editions[-1].fixed:
            newest = self.editions[-1]
            marks = {r.mark for r in self.readers if r.active and r.mark < newest.end}
            assert marks <= set(newest.variants)

    def teardown(self) -> None:
        """Send what waits and one more edition of each cadence: nobody is owed anything."""
        for edition in self._unfixed():
            self._fix(edition)
        for cadence in CADENCES:
            self._fix(self._approve(cadence, self.last, frozenset(), frozenset()))
        for edition in self.editions:
            self._send(edition, list(edition.deliveries))
        self.none_twice()
        for reader in self.readers:
            assert not reader.active or (reader.passed >= set(self.numbers) and reader.mark == self.last)


def _run(**limits: Any) -> None:
    found = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None, **limits)
    run_state_machine_as_test(Newsletter, settings=found)


def test_every_reader_gets_each_post_once() -> None:
    _run(stateful_step_count=40)


RULES_THAT_FAIL = {
    "a cancelled edition's posts get new numbers although another edition has them": ("may_renumber", lambda *_: True),
    "a returning reader starts at the cadence's last end": (
        "start",
        lambda cadence, default, ends, own=0: start(cadence, default, ends),
    ),
    "only marks that readers have are prepared": (
        "possible_marks",
        lambda held, ends, approved, end: possible_marks(held, (), (), end),
    ),
}
"""What the model refutes; with each, it finds a reader who misses a post, waits for one or gets it twice."""


@pytest.mark.parametrize("name", RULES_THAT_FAIL)
def test_the_model_finds_what_is_wrong_with(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, *RULES_THAT_FAIL[name])
    with pytest.raises(AssertionError):
        _run(stateful_step_count=40, max_examples=300, phases=[Phase.generate], derandomize=True)


def test_only_the_default_cadence_has_names_without_a_prefix() -> None:
    days = [edition_name("2026-02-06", cadence, "week") for cadence in ("week", "day", "post")]
    assert days == ["2026-02-06", "day-2026-02-06", "post-2026-02-06"]


def test_a_reader_whose_mark_was_not_prepared_is_caught_up_by_the_next_edition() -> None:
    """An edition for the first of two posts is approved after the daily edition for both, and sent before it."""
    daily = rules.variants([1, 2], (), possible_marks([0], [0], [], 2), 2)
    first = rules.variants([1, 2], (), possible_marks([0], [0], [2], 1), 1)
    assert offer(0, 1, first) == rules.Offer(OfferOutcome.MAILED, 1, (1,))
    assert offer(1, 2, daily) == rules.Offer(OfferOutcome.NEXT_EDITION, 1)
    assert offer(1, 3, rules.variants([1, 2, 3], (), [1], 3)) == rules.Offer(OfferOutcome.MAILED, 3, (2, 3))
