"""Run an import, in batches."""

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from newsletter.messages import Message
from newsletter.messages import importing as messages
from subscribers.addresses import AddressProblem, read_address
from subscribers.importing.batch import ImportBatch, Order, Person
from subscribers.importing.dates import Order as DateOrder
from subscribers.importing.reading import FileLine, lines, opened
from subscribers.models import Subscription
from subscribers.spreadsheets import create, escape_formulas

PORTION = 5_000
"""Lines per transaction, which takes well below a second, so that readers who unsubscribe meanwhile don't wait."""

Progress = Callable[[int, int], None]
"""Called with the number of bytes read and the total."""


@dataclass(frozen=True, slots=True)
class Portion:
    """Lines that were imported together: the number of the last one, and how many lines had each result."""

    line: int
    counts: Counter[str]
    refused: "tuple[Refusal, ...]"
    done: int
    total: int


PortionHook = Callable[[Portion], None]
"""Called in the transaction of each portion, so that what it stores is as true as the import."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused line."""

    line: int
    address: str
    reason: Message


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The result of an import, as numbers of lines."""

    added: int
    updated: int
    unchanged: int
    refused: tuple[Refusal, ...]


def import_file(
    path: Path,
    newsletter: str,
    *,
    consent: str = "",
    status: str = Subscription.State.ACTIVE,
    confirm_by_mail: bool = False,
    welcome: bool = False,
    dry_run: bool = False,
    refused_to: Path | None = None,
    progress: Progress = lambda done, total: None,
    at: datetime | None = None,
    meanings: Sequence[str] | None = None,
    dates: DateOrder = "",
    after: int = 0,
    portion: PortionHook = lambda found: None,
) -> ImportReport:
    """Import a CSV file. With `dry_run` nothing is changed. Refused lines are written to `refused_to`. `meanings` are a
    person's choice of what each column holds (see `mapping`); `dates` says whether the day or the month comes first in
    dates such as 01/02/2025. Lines up to `after` are left out: an interrupted import has done them.

    Raises FileProblem if the file can't be read or has no addresses.
    """
    order = Order(newsletter, consent, Subscription.State(status), confirm_by_mail, at or timezone.now(), welcome)
    counts: Counter[str] = Counter()
    refused: list[Refusal] = []
    tried: set[int] | None = set() if dry_run else None
    with opened(path) as file:
        total = path.stat().st_size
        found = (line for line in lines(path, file, meanings, dates) if line.number > after)
        while batch := [(line, _checked(line)) for line in islice(found, PORTION)]:
            with transaction.atomic():
                done = _counted(_take(batch, order, tried), file.buffer.tell(), total)
                portion(done)
            counts += done.counts
            refused += done.refused
            progress(done.done, total)
    if refused and refused_to:
        write_refused(refused_to, refused)
    return ImportReport(counts["added"], counts["updated"], counts["unchanged"], tuple(refused))


def _counted(verdicts: list[tuple[FileLine, str | Message]], done: int, total: int) -> Portion:
    refused = tuple(
        Refusal(line.number, line.row.address, verdict) for line, verdict in verdicts if isinstance(verdict, Message)
    )
    counts = Counter(verdict for _, verdict in verdicts if isinstance(verdict, str))
    return Portion(verdicts[-1][0].number, counts, refused, done, total)


def _take(
    checked: list[tuple[FileLine, Person | Message]], order: Order, tried: set[int] | None
) -> list[tuple[FileLine, str | Message]]:
    """Judge a batch and save it, unless this is a dry run. The caller holds a transaction."""
    keys = list({person.address.key for _, person in checked if isinstance(person, Person)})
    portion = ImportBatch(order)
    portion.look_up(keys)
    verdicts = [(line, portion.judge(person) if isinstance(person, Person) else person) for line, person in checked]
    if tried is None:
        portion.save()
    if tried is not None:
        verdicts = list(_tried(verdicts, checked, tried))
    return verdicts


def _tried(
    verdicts: list[tuple[FileLine, str | Message]], checked: list[tuple[FileLine, Person | Message]], tried: set[int]
) -> Iterator[tuple[FileLine, str | Message]]:
    """In a dry run, treat lines that an earlier batch would have added as existing."""
    for (line, verdict), (_, person) in zip(verdicts, checked, strict=True):
        if verdict == "added" and isinstance(person, Person):
            number = hash(person.address.key)
            yield line, "unchanged" if number in tried else "added"
            tried.add(number)
        else:
            yield line, verdict


def _checked(line: FileLine) -> Person | Message:
    """Return the person of a line, or the reason why it is refused."""
    if line.problem:
        return line.problem
    text = line.row.address
    if not text:
        return messages.NO_ADDRESS()
    if text.endswith(">") and "<" in text:
        text = text[text.rindex("<") + 1 : -1]
    try:
        return Person(line.number, read_address(text.removeprefix("mailto:")), line.row)
    except AddressProblem as e:
        return messages.INVALID(problem=e.message)


def write_refused(path: Path, refused: list[Refusal]) -> None:
    """Write the refused lines as CSV: line, address, reason."""
    with create(path) as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(["line", "address", "reason"])
        writer.writerows([r.line, escape_formulas(r.address), str(r.reason)] for r in refused)
