"""Columns whose meaning a person chooses instead of the headers.

The tool's columns about unsubscribed people stay in force unless a person gives them another meaning, so that nobody is
subscribed again by a choice of columns. Other words in a column of states, such as "customer", say nothing then.
"""

from collections.abc import Sequence
from dataclasses import replace

from newsletter.messages import Problem, subscriptions as messages
from subscribers.importing.dates import DateOrder
from subscribers.importing.headers import Columns, recognise
from subscribers.importing.tools import WORDS
from subscribers.personal_fields import BUILT_IN, personal_fields

ADDRESS, TAGS, STATE, JOINED, NOTHING = "address", "tags", "state", "joined", ""
ORDERS: dict[str, DateOrder] = {"joined_day": "day", "joined_month": "month"}
"""A subscription date for which a person chooses whether the day or the month comes first."""
ONCE = {
    ADDRESS: messages.TWO_ADDRESSES,
    **{name: field.only_one for name, field in BUILT_IN.items() if field.only_one},
}
"""Meanings that only one column can have, with the message for more; the others can have several."""


def meanings_of_columns() -> tuple[str, ...]:
    """Return what a column can mean: NOTHING, or what a line says of a person, such as their town."""
    return (ADDRESS, *personal_fields(), TAGS, STATE, JOINED, *ORDERS, NOTHING)


class InvalidMapping(Problem):
    """The chosen columns are invalid."""


def guessed(head: Sequence[str]) -> list[str]:
    """Guess the meaning of each column from a file's first line."""
    recognised = recognise(head)
    if recognised is None:
        return [NOTHING] * len(head)
    meanings = {recognised.address: ADDRESS}
    meant = {**recognised.personal, TAGS: recognised.tags, STATE: recognised.state, JOINED: recognised.joined}
    for meaning, numbers in meant.items():
        meanings |= dict.fromkeys(numbers, meaning)
    return [meanings.get(n, NOTHING) for n in range(len(head))]


def columns(head: Sequence[str], meanings: Sequence[str]) -> Columns:
    """Return the columns of a file as a person chose them. Raises InvalidMapping."""
    if len(meanings) != len(head) or not set(meanings) <= set(known := meanings_of_columns()):
        raise InvalidMapping(messages.OTHER_COLUMNS())
    numbers = {meaning: tuple(n for n, m in enumerate(meanings) if m == meaning) for meaning in known}
    for meaning, refusal in ONCE.items():
        if len(numbers[meaning]) > 1:
            raise InvalidMapping(refusal(count=len(numbers[meaning])))
    base = recognise(head, numbers[ADDRESS][0]) if numbers[ADDRESS] else None
    if base is None:
        raise InvalidMapping(messages.CHOOSE_ADDRESSES())
    free = numbers[NOTHING]
    state = numbers[STATE] or tuple(n for n in base.state if n in free and base.form)
    words = (*base.words, *((n, WORDS) for n in base.state if n not in state))
    orders = {n: order for meaning, order in ORDERS.items() for n in numbers[meaning]}
    return replace(
        base,
        personal={name: numbers[name] for name in personal_fields()},
        tags=numbers[TAGS],
        state=state,
        states=base.states if set(numbers[STATE]) <= set(base.state) else {},
        joined=tuple(sorted((*numbers[JOINED], *orders))),
        dates={**base.dates, **orders},
        cadence=base.cadence if base.cadence in free else -1,
        topics=base.topics if base.topics in free else -1,
        ended=tuple(column for column in base.ended if column[0] in free),
        words=tuple(column for column in words if column[0] in free),
    )
