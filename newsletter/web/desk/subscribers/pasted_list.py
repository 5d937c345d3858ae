"""A list of addresses that is typed or pasted into one field: a line for each, or several with commas between them.

`Kari Berg <kari@example.org>` and `Berg, Kari <kari@example.org>` give a name too. Addresses are not checked here.
"""

import csv
import io
import re
from collections.abc import Iterable
from typing import NamedTuple

from subscribers.addresses import bare_address

AT = "@\uff20"
"""The sign of an address, also as wide as Chinese and Japanese characters."""


class ListedPerson(NamedTuple):
    """An address as it was written, and the name beside it, "" if none."""

    address: str
    name: str


def read(text: str) -> list[ListedPerson]:
    """Return the people of a list; of a line with one address, the whole line is one person."""
    entries = (entry for line in text.splitlines() for entry in _entries(line))
    return [_person(entry) for entry in entries if entry.strip(" \t,;")]


def _entries(line: str) -> list[str]:
    return [line] if sum(map(line.count, AT)) == 1 else re.split(r"[,;]", line)


def _person(entry: str) -> ListedPerson:
    entry = entry.strip(" \t,;")
    address = bare_address(entry)
    name = "" if "<" in address else entry.rpartition("<")[0]
    return ListedPerson(address, name.strip(" \t\"'"))


def as_csv(people: Iterable[ListedPerson]) -> bytes:
    """Return a file with the columns `email` and `name`, as the import reads it."""
    text = io.StringIO()
    csv.writer(text).writerows([("email", "name"), *people])
    return text.getvalue().encode()
