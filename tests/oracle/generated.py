"""Random histories: their beginnings and steps, as Hypothesis draws and shrinks them."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from tests.oracle.acts import CADENCES, Act, Began, Email
from tests.oracle.blog import Settings
from tests.oracle.fast import FastSite
from tests.oracle.histories import DAY, finish
from tests.oracle.site import OracleSite
from tests.oracle.steps import (
    CATEGORIES,
    MEANINGS,
    ZONES,
    Change,
    Delete,
    Draft,
    Edit,
    Editor,
    Feed,
    ImportList,
    Join,
    Kill,
    Letter,
    Nothing,
    Offer,
    Publish,
    Redate,
    Set,
    Step,
    Wait,
)

BEGINNINGS = tuple(
    datetime(2026, month, day, hour, tzinfo=UTC) for month, day, hour in ((2, 23, 9), (3, 24, 16), (4, 29, 0))
)
"""One is some days before clocks change in Europe."""
PERIODS = ("week", "day", "month")

several = st.lists(st.sampled_from(CADENCES), max_size=3, unique=True).map(tuple)
numbers = st.integers(0, 9)
topics = st.lists(st.sampled_from(CATEGORIES), max_size=2, unique=True).map(tuple)
cadences = st.sampled_from(CADENCES)
publish = st.builds(Publish, st.sampled_from([0, 0, 0, 0, 0, 20, 40, 900, -20, -60]), topics)
"""Hours ago: most posts are new, some late or too late, and some dated ahead."""
wait = st.builds(Wait, st.sampled_from([1, 6, 24, 24, 60]))
change = st.builds(
    Change, numbers, st.sampled_from(["leave", "pause", "topics", "cadence", "cadence", "cadence"]), cadences, topics
)
draft = st.builds(
    Draft,
    cadences,
    st.sampled_from(["next", "next", "now", "calendar"]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([-1, -1, -1, 0, 1]),
    st.sampled_from([-1, -1, -1, 0, 1]),
)
editor = st.builds(
    Editor,
    st.sampled_from(["approve", "send", "split", "stop", "reopen", "cancel", "resend", "correct"]),
    st.integers(0, 3),
)
steps: st.SearchStrategy[Step] = st.one_of(
    publish,
    publish,
    wait,
    wait,
    wait,
    change,
    change,
    draft,
    editor,
    st.builds(Join, st.one_of(st.just(""), cadences), topics),
    st.builds(Offer, st.sampled_from(PERIODS), several),
    st.builds(Set, st.sampled_from(["topics", "excluded", "minimum_posts", "timezone", "approval"]), st.integers(0, 3)),
    st.one_of(
        st.builds(Redate, numbers, st.sampled_from([-100, -10, 10, 40])),
        st.builds(Edit, numbers),
        st.builds(Delete, numbers),
        st.builds(Feed, st.booleans(), st.sampled_from([1_000, 1_000, 10])),
        st.builds(Letter, numbers),
        st.builds(ImportList, st.booleans()),
        st.builds(Kill),
    ),
)


@dataclass(frozen=True)
class Random:
    """A history: the beginning, posts that were there before (hours ago), and steps."""

    start: datetime
    settings: Settings
    busy: bool
    before: tuple[int, ...]
    steps: tuple[Step, ...] = field(default=())


def histories(length: int, *, kills: bool = False) -> st.SearchStrategy[Random]:
    """Return random histories of up to a number of steps, one in eight of which may be a kill."""
    settings = st.builds(
        lambda period, others, approval, meaning, zone: Settings(
            period=period,
            cadences=tuple(dict.fromkeys((period, *others))) if others else (),
            approval=approval,
            topics=meaning,
            timezone=zone,
        ),
        st.sampled_from(PERIODS),
        several,
        st.sampled_from(["none", "none", "editor"]),
        st.sampled_from(MEANINGS),
        st.sampled_from(ZONES),
    )
    before = st.lists(st.sampled_from([1, 30, 100, 400, 1_000]), max_size=3).map(tuple)
    others = [st.builds(Kill)] if kills else []
    some = st.lists(
        st.one_of(st.just(Nothing()), *others, *[steps] * (6 if kills else 9)),
        min_size=length * 2 // 3,
        max_size=length,
    )
    inside = some.map(lambda found: tuple(step for step in found if not isinstance(step, Nothing)))
    return st.builds(Random, st.sampled_from(BEGINNINGS), settings, st.booleans(), before, inside)


def play(history: Random, counted: Counter[str] | None = None, site: OracleSite | None = None) -> list[Act]:
    """Play a history to its end, in this process if no site is given, and return its log.

    One reader of each cadence is there from the beginning.
    """
    site = site or FastSite(history.start, history.settings, busy=history.busy)
    for hours in history.before:
        site.publish(site.now - timedelta(hours=hours))
    with site.open():
        site.look()
        for cadence in CADENCES:
            site.join(f"always-{cadence}", cadence if cadence in site.settings.offered else "")
        site.wait(DAY)
        for step in history.steps:
            step.play(site)
        finish(site)
    if counted is not None:
        counted["steps"] += len(history.steps)
        counted["editions"] += sum(isinstance(act, Began) for act in site.log)
        counted["emails"] += sum(isinstance(act, Email) for act in site.log)
    return site.log
