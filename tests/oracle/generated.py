"""Random histories: the beginning and the steps of each follow from a seed.

Each history has only some kinds of steps, and posts of only some ages (swarm testing: Groce and others, ISSTA 2012). A
step that hides the fault of another, as a change of cadences hides what is wrong without one, is missing in half of
them.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.oracle.acts import CADENCES, WITHOUT, Act, Began, Email
from tests.oracle.blog import Settings
from tests.oracle.edition_steps import Draft, Editor, Letter, Page, Schedule, Undo
from tests.oracle.fast import FastSite
from tests.oracle.histories import finish
from tests.oracle.site import OracleSite
from tests.oracle.steps import (
    CATEGORIES,
    MEANINGS,
    ZONES,
    Change,
    Clock,
    Delete,
    Edit,
    Feed,
    ImportList,
    Join,
    Kill,
    Move,
    Off,
    Offer,
    Publish,
    Redate,
    Relist,
    Restore,
    Set,
    Step,
    Wait,
)

BEGINNINGS = tuple(
    datetime(2026, month, day, hour, tzinfo=UTC) for month, day, hour in ((2, 23, 9), (3, 24, 16), (4, 29, 0))
)
"""One is some days before clocks change in Europe."""
PERIODS = ("week", "day", "month")
AGES = (20, 40, 900, -20, -60)
"""Hours for which a post that is not new has been dated: late, too late, or dated ahead."""
WAITS = (1, 6, 24, 24, 60)
OUTAGES = (5, 30, 80, 250)
EDITORS_CHOICES = (-1, -1, -1, 0, 1)
OTHER_SETTINGS = (
    "topics",
    "excluded",
    "minimum_posts",
    "maximum_posts",
    "skip",
    "timezone",
    "approval",
    "times",
    "language",
)


@dataclass(frozen=True)
class Random:
    """A history: the beginning, posts that were there before (hours ago), and steps."""

    start: datetime
    settings: Settings
    busy: bool
    before: tuple[int, ...]
    steps: tuple[Step, ...] = field(default=())


def random_history(seed: str, length: int, *, kills: bool = False) -> Random:
    """Return the history of a seed, with up to a number of steps."""
    chosen = random.Random(seed)
    period, others = chosen.choice(PERIODS), _some(chosen, CADENCES, 3)
    settings = Settings(
        period=period,
        cadences=tuple(dict.fromkeys((period, *others))) if others else (),
        approval=chosen.choice(["none", "none", "editor"]),
        topics=chosen.choice(MEANINGS),
        timezone=chosen.choice(ZONES),
    )
    return Random(
        chosen.choice(BEGINNINGS),
        settings,
        busy=chosen.random() < 0.5,
        before=tuple(chosen.choice([1, 30, 100, 400, 1_000]) for _ in range(chosen.randint(0, 3))),
        steps=_steps(chosen, chosen.randint(length * 2 // 3, length), kills=kills),
    )


def _some(chosen: random.Random, things: tuple[str, ...], most: int) -> tuple[str, ...]:
    return tuple(chosen.sample(things, chosen.randint(0, most)))


def _steps(chosen: random.Random, length: int, *, kills: bool) -> tuple[Step, ...]:
    """Return steps of kinds that are chosen first: posts and time always, every other kind in half of the histories."""
    ages = (0, *chosen.sample(AGES, chosen.randint(0, 3)))
    ways = _ways(chosen, ages)
    weights = {"publish": 4, "wait": 6} | {
        kind: w for kind, w in WEIGHTS.items() if chosen.random() < SHARES.get(kind, 0.5)
    }
    if kills:
        weights["kill"] = 2
    kinds = chosen.choices(list(weights), list(weights.values()), k=length)
    return tuple(ways[kind]() for kind in kinds)


WEIGHTS = {
    "publish elsewhere": 2,
    "second source": 1,
    "cadence": 3,
    "come and go": 2,
    "move or erase": 1,
    "off": 1,
    "pick topics": 1,
    "draft": 3,
    "approve": 2,
    "interrupt": 1,
    "unlock": 1,
    "correct": 1,
    "join": 2,
    "offer": 2,
    "set": 2,
    "redate": 1,
    "edit": 1,
    "delete": 1,
    "feed": 1,
    "move": 1,
    "letter": 1,
    "import": 1,
    "page": 2,
    "list page": 1,
    "relist": 1,
    "clock": 1,
    "undo": 2,
    "schedule": 1,
    "segment": 1,
    "status": 1,
    "restore": 1,
}
"""How often a kind of step comes, where it comes at all."""
READERS = ("cadence", "come and go", "pick topics")
MEANWHILE = ("publish", "wait", "wait", "draft", "letter", "segment", "page", "list page", "feed", "edit", *READERS)
"""The kinds of steps between a backup and the restore. Whoever joins, and what is configured, is not in its log."""
SHARES = {"move": 0.2, "restore": 0.2}
"""In which part of the histories a kind of step comes, if not in half: much is left open of a blog that moves."""


def _ways(chosen: random.Random, ages: Sequence[int]) -> Mapping[str, Callable[[], Step]]:
    """Return how a step of each kind is made; posts are as many hours old as `ages` says, or new."""
    one, number = chosen.choice, chosen.randrange

    def change(*whats: str) -> Step:
        return Change(number(10), one(whats), one(CADENCES), _some(chosen, CATEGORIES, 2))

    def edit(*whats: str) -> Step:
        return Editor(one(whats), number(4))

    def draft() -> Step:
        how, approve, send = one(["next", "next", "now", "calendar"]), one([True, False]), one([True, False])
        return Draft(one(CADENCES), how, approve, send, *(one(EDITORS_CHOICES) for _ in range(3)))

    def restore() -> Step:
        return Restore(tuple(ways[one(MEANWHILE)]() for _ in range(number(1, 8))))

    ways: Mapping[str, Callable[[], Step]] = {
        "publish": lambda: Publish(one((0, *ages)), _some(chosen, CATEGORIES, 2)),
        "publish elsewhere": lambda: Publish(one((0, *ages)), _some(chosen, CATEGORIES, 2), second=True),
        "second source": lambda: Set("second", number(2)),
        "wait": lambda: Wait(one(WAITS)),
        "cadence": lambda: change("cadence"),
        "come and go": lambda: change("leave", "pause"),
        "move or erase": lambda: change("address", "address", "erase"),
        "off": lambda: Off(one(OUTAGES)),
        "pick topics": lambda: change("topics"),
        "draft": draft,
        "approve": lambda: edit("approve", "send"),
        "interrupt": lambda: edit("split", "stop", "resend", "refuse"),
        "unlock": lambda: edit("reopen", "cancel"),
        "correct": lambda: edit("correct"),
        "join": lambda: Join(one(["", *CADENCES]), _some(chosen, CATEGORIES, 2)),
        "offer": lambda: Offer(one(PERIODS), _some(chosen, CADENCES, 3)),
        "set": lambda: Set(one(OTHER_SETTINGS), number(4)),
        "redate": lambda: Redate(number(10), one([-100, -10, 10, 40])),
        "edit": lambda: Edit(number(10)),
        "delete": lambda: Delete(number(10)),
        "feed": lambda: Feed(one([True, False]), one([1_000, 1_000, 10])),
        "move": lambda: Move(one([True, False])),
        "letter": lambda: Letter(number(10)),
        "import": lambda: ImportList(one([True, False])),
        "page": lambda: Page(one(CADENCES), number(4), one((0, *ages)), one([True, False]), one([True, False])),
        "list page": Page,
        "relist": lambda: Relist(number(10), one(["id", "address", "both", "twice"])),
        "clock": lambda: Clock(one([-1, 1])),
        "undo": Undo,
        "schedule": lambda: Schedule(number(4), one(WAITS)),
        "segment": lambda: Letter(number(10), one((*CADENCES, WITHOUT))),
        "status": lambda: Set("status", number(2)),
        "restore": restore,
        "kill": Kill,
    }
    return ways


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
        for step in history.steps:
            step.play(site)
        finish(site)
    if counted is not None:
        counted["steps"] += len(history.steps)
        counted["editions"] += sum(isinstance(act, Began) for act in site.log)
        counted["emails"] += sum(isinstance(act, Email) for act in site.log)
    return site.log
