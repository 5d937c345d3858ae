"""Which column of a file holds what, where a person says so instead of the headers.

What the tool's own columns say besides (who left, who wants no mail) stays in force unless a person gives that column
another meaning: nobody is brought back by a choice of columns.
"""

from collections.abc import Sequence
from dataclasses import replace

from subscribers.importing.headers import Columns, recognise

ADDRESS, NAME, LANGUAGE, TAGS, STATE, JOINED, NOTHING = "address", "name", "language", "tags", "state", "joined", ""
MEANINGS = (ADDRESS, NAME, LANGUAGE, TAGS, STATE, JOINED, NOTHING)
ONCE = {ADDRESS: "addresses", LANGUAGE: "languages", STATE: "states"}
"""What one column alone can hold; several columns make a name, tags, or the day somebody joined."""


class NotSo(ValueError):
    """The columns can't mean that; a sentence."""


def is_header(cells: Sequence[str]) -> bool:
    """Whether a file's first line names its columns: it holds no address."""
    return not any("@" in cell for cell in cells)


def guessed(head: Sequence[str]) -> list[str]:
    """What each column of a file with this first line seems to hold."""
    known = recognise(head) if is_header(head) else None
    if known is None:
        address = next((n for n, cell in enumerate(head) if "@" in cell), None)
        return [ADDRESS if n == address else NOTHING for n in range(len(head))]
    held = {known.address: ADDRESS, known.language: LANGUAGE, known.state: STATE}
    for numbers, meaning in ((known.names, NAME), (known.tags, TAGS), (known.joined, JOINED)):
        held |= dict.fromkeys(numbers, meaning)
    return [held.get(n, NOTHING) for n in range(len(head))]


def columns(head: Sequence[str], meanings: Sequence[str]) -> Columns:
    """The columns of a file with this first line, as a person says. Raises NotSo."""
    if len(meanings) != len(head) or not set(meanings) <= set(MEANINGS):
        raise NotSo("its columns are others than those that were looked at")
    held = {meaning: tuple(n for n, m in enumerate(meanings) if m == meaning) for meaning in MEANINGS}
    for meaning, plural in ONCE.items():
        if len(held[meaning]) > 1:
            raise NotSo(f"{len(held[meaning])} columns are to hold {plural}; choose one")
    if not held[ADDRESS]:
        raise NotSo("no column is to hold addresses; choose one")
    known = recognise(head) if is_header(head) else None
    base = known or Columns("a list", len(head), held[ADDRESS][0])
    free = held[NOTHING]
    return replace(
        base,
        address=held[ADDRESS][0],
        names=held[NAME],
        language=_one(held[LANGUAGE]),
        tags=held[TAGS],
        state=_one(held[STATE]) if held[STATE] else base.state if base.state in free else -1,
        joined=held[JOINED],
        ended=tuple(n for n in base.ended if n in free),
        wanted=tuple((n, no) for n, no in base.wanted if n in free),
    )


def _one(numbers: Sequence[int]) -> int:
    return numbers[0] if numbers else -1
