"""A person of an account, and the CSV file of people that an import of subscribers understands."""

import csv
from collections.abc import Iterable
from typing import NamedTuple, TextIO

COLUMNS = ("email", "name", "status", "created_at", "unsubscribed_at", "tags")
"""Columns of no tool's own, so that the words of `status` are those of every file: active, pending, unsubscribed,
bounced, blocked, complained.
"""


class Person(NamedTuple):
    """A person, with the time at which they joined and left, as the tool writes it ("" if it does not say)."""

    address: str
    name: str
    status: str
    joined: str = ""
    left: str = ""
    tags: tuple[str, ...] = ()


def write_table(people: Iterable[Person], file: TextIO) -> int:
    """Write the people as CSV to a file opened with `newline=""`; return their number."""
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    count = 0
    for each in people:
        tags = ", ".join(tag.replace(",", " ") for tag in each.tags)
        writer.writerow([each.address, each.name, each.status, each.joined, each.left, tags])
        count += 1
    return count
