"""Short histories out of long ones that break a promise: what is left breaks the same one."""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace

from tests.oracle.blog import Settings
from tests.oracle.generated import Random
from tests.oracle.steps import Wait


def shortened(history: Random, breaks: Callable[[Random], bool]) -> Random:
    """Leave out of a history what it doesn't need: half of its steps, then a quarter, and so on to single ones.

    What is simpler takes the place of what is left, until nothing changes. `breaks` is called for each try.
    """
    before = None
    while history != before:
        before = history
        size = max(1, len(history.steps) // 2)
        while size:
            history = _without_steps(history, size, breaks)
            size //= 2
        while simpler := next((tried for tried in _simpler(history) if breaks(tried)), None):
            history = simpler
    return history


def _without_steps(history: Random, size: int, breaks: Callable[[Random], bool]) -> Random:
    """Leave out so many steps at once wherever that is possible, from the end on."""
    end = len(history.steps)
    while end > 0:
        start = max(0, end - size)
        tried = replace(history, steps=history.steps[:start] + history.steps[end:])
        if breaks(tried):
            history = tried
        end = start
    return history


def _simpler(history: Random) -> Iterator[Random]:
    """Yield simpler histories: without a post before it, with a usual setting, and with less time that passes."""
    usual = Settings(period=history.settings.period)
    if history.busy:
        yield replace(history, busy=False)
    for number in reversed(range(len(history.before))):
        yield replace(history, before=history.before[:number] + history.before[number + 1 :])
    for name in (field.name for field in fields(Settings)):
        if getattr(history.settings, name) != (value := getattr(usual, name)):
            yield replace(history, settings=replace(history.settings, **{name: value}))
    for number, step in enumerate(history.steps):
        if isinstance(step, Wait) and step.hours > 1:
            yield replace(history, steps=(*history.steps[:number], Wait(1), *history.steps[number + 1 :]))
