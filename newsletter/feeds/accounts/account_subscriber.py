"""A member or subscriber of an account, and the CSV file of people that an import of subscribers understands."""

import csv
from collections.abc import Iterable
from typing import NamedTuple, TextIO

COLUMNS = ("email", "name", "{tool}_status", "created_at", "unsubscribed_at", "tags")
"""The third column has one of these words: active, pending, unsubscribed, bounced, blocked, complained."""


class AccountSubscriber(NamedTuple):
    """A person, with the time at which they joined and left, as the tool writes it ("" if it does not say)."""

    address: str
    name: str
    status: str
    joined: str = ""
    left: str = ""
    tags: tuple[str, ...] = ()


def write_table(tool: str, people: Iterable[AccountSubscriber], file: TextIO) -> int:
    """Write the people of a tool as CSV to a file opened with `newline=""`; return their number."""
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow([column.format(tool=tool) for column in COLUMNS])
    count = 0
    for each in people:
        tags = ", ".join(tag.replace(",", " ") for tag in each.tags)
        writer.writerow([each.address, each.name, each.status, each.joined, each.left, tags])
        count += 1
    return count
