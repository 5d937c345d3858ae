"""A line with a valid address, and what becomes of it."""

from typing import NamedTuple

from subscribers.addresses import Address
from subscribers.importing.headers import PersonRow


class Person(NamedTuple):
    """A line with a valid address."""

    line: int
    address: Address
    row: PersonRow


class LineResult(NamedTuple):
    """What becomes of a line: a figure (see `FIGURES`), and "added", "updated" or "unchanged", or "" if it is neither,
    because it is suppressed.
    """

    figure: str
    change: str


ACTIVE, WAITING = LineResult("active", "added"), LineResult("waiting", "added")
ACTIVATED, COMPLETED = LineResult("active", "updated"), LineResult("present", "updated")
UNCHANGED, SUPPRESSED = LineResult("present", "unchanged"), LineResult("suppressed", "")
