"""An import from the first line to the last, in portions."""

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from subscribers.addresses import AddressProblem, read_address
from subscribers.importing.portion import Order, Person, Portion
from subscribers.importing.reading import Line, lines, opened
from subscribers.models import Subscription
from subscribers.spreadsheets import harmless

PORTION = 5_000
"""Lines in one transaction: short enough (well below a second) for readers who leave meanwhile not to wait."""

Progress = Callable[[int, int], None]
"""Called with how many octets of how many were read."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that was not taken."""

    line: int
    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import came to; `added` and the like count lines."""

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
    dry_run: bool = False,
    refused_to: Path | None = None,
    progress: Progress = lambda done, total: None,
    at: datetime | None = None,
    meanings: Sequence[str] | None = None,
) -> ImportReport:
    """Import a CSV file. `dry_run` tells what would come of it and changes nothing; refused lines go into `refused_to`;
    `meanings` say what each column holds where a person chose it (see `mapping`).

    Raises FileProblem where the file can't be read or holds no addresses.
    """
    order = Order(newsletter, consent, Subscription.State(status), confirm_by_mail, at or timezone.now())
    counts: Counter[str] = Counter()
    refused: list[Refusal] = []
    tried: set[int] | None = set() if dry_run else None
    with opened(path) as file:
        total, found = path.stat().st_size, lines(path, file, meanings)
        while batch := list(islice(found, PORTION)):
            for line, verdict in _take(batch, order, tried):
                if verdict in ("added", "updated", "unchanged"):
                    counts[verdict] += 1
                else:
                    refused.append(Refusal(line.number, line.row.address, verdict))
            progress(file.buffer.tell(), total)
    if refused and refused_to:
        write_refused(refused_to, refused)
    return ImportReport(counts["added"], counts["updated"], counts["unchanged"], tuple(refused))


def _take(batch: list[Line], order: Order, tried: set[int] | None) -> list[tuple[Line, str]]:
    """Judge a portion and, unless it is only tried, save it."""
    checked = [(line, _checked(line)) for line in batch]
    keys = list({person.address.key for _, person in checked if isinstance(person, Person)})
    portion = Portion(order)
    with transaction.atomic():
        portion.look_up(keys)
        verdicts = [(line, portion.judge(person) if isinstance(person, Person) else person) for line, person in checked]
        if tried is None:
            portion.save()
    if tried is not None:
        verdicts = list(_tried(verdicts, checked, tried))
    return verdicts


def _tried(
    verdicts: list[tuple[Line, str]], checked: list[tuple[Line, Person | str]], tried: set[int]
) -> Iterator[tuple[Line, str]]:
    """What an earlier portion would have added is there already when it is only tried."""
    for (line, verdict), (_, person) in zip(verdicts, checked, strict=True):
        if verdict == "added" and isinstance(person, Person):
            number = hash(person.address.key)
            yield line, "unchanged" if number in tried else "added"
            tried.add(number)
        else:
            yield line, verdict


def _checked(line: Line) -> Person | str:
    """The person that a line is about, or why there is none."""
    if line.problem:
        return line.problem
    text = line.row.address
    if not text:
        return "it has no address"
    if text.endswith(">") and "<" in text:
        text = text[text.rindex("<") + 1 : -1]
    try:
        return Person(line.number, read_address(text.removeprefix("mailto:")), line.row)
    except AddressProblem as e:
        return f"it is no mail address: {e}"


def write_refused(path: Path, refused: list[Refusal]) -> None:
    """The refused lines as CSV: line, address, reason."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["line", "address", "reason"])
        writer.writerows([r.line, harmless(r.address), r.reason] for r in refused)
