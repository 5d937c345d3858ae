"""Run an import, in batches."""

import gc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from django.db import IntegrityError, connection
from django.utils import timezone

from newsletter.messages import Message, Problem, subscriptions as messages
from subscribers.addresses import AddressProblem, read_address
from subscribers.importing.archives import ArchiveFile, unpacked
from subscribers.importing.batch import ImportBatch, ImportSettings
from subscribers.importing.dates import DateOrder
from subscribers.importing.line_results import LineResult, Person
from subscribers.importing.reading import (
    FileLine,
    FileProblem,
    HasOldIssues,
    file_problem,
    has_old_issues,
    lines,
    opened,
)
from subscribers.importing.tools import OWN
from subscribers.models import FIGURES, Import, RefusedLine, Subscription, subscriptions_starting
from subscribers.models.inserts import insert_all, large_cache
from subscribers.pacing import PacedTransactions
from subscribers.spreadsheets import create, escape_formulas, write_csv

PORTION = 2_000
"""The most lines of a transaction."""
ATTEMPTS = 5
"""How often a portion is saved if others store its people at the same moment."""
PORTIONS_LOCK = 7_239_118_034_551_205
CHANGES = ("added", "updated", "unchanged")

Progress = Callable[[int, int], None]
"""Called with the number of bytes read and the total."""


class ImportUndone(Problem):
    """The import is being undone, so nothing more of it is done."""


class ReportedLine(NamedTuple):
    """A line that was refused, or imported without its date, and why; `file` is its file in a ZIP archive."""

    line: int
    address: str
    reason: Message
    file: str = ""


@dataclass(frozen=True, slots=True)
class Portion:
    """Lines that were imported together: how many lines were done with them, and how many had each result."""

    place: int
    counts: Counter[str]
    refused: tuple[ReportedLine, ...]
    done: int
    total: int
    incomplete: tuple[ReportedLine, ...] = ()


PortionHook = Callable[[Portion], None]
"""Called in the transaction of each portion, so that what it stores is as true as the import; a dry run has none."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The result of an import, as numbers of lines: `lines` is the sum of `active`, `waiting`, `suppressed`, `present`
    and `refused`. `added`, `updated` and `unchanged` count subscriptions. `number` is that of the import, None for a
    dry run; `left_out` are the files of an archive that have no addresses; `incomplete` are the lines that were
    imported without a date or value that can't be read, `ignored` the headers of the columns that are not imported.
    """

    added: int
    updated: int
    unchanged: int
    refused: tuple[ReportedLine, ...]
    lines: int = 0
    active: int = 0
    waiting: int = 0
    suppressed: int = 0
    present: int = 0
    number: int | None = None
    left_out: tuple[str, ...] = ()
    incomplete: tuple[ReportedLine, ...] = ()
    ignored: tuple[str, ...] = ()


Judged = tuple[FileLine, LineResult | Message]
Judge = Callable[[int | None], list[Judged]]
"""Judges a batch of lines, and saves it for the import of that number; a dry run has none."""
Prepare = Callable[[list[FileLine]], Judge]
"""Does all for a batch of lines that needs no transaction."""


@dataclass
class FileLines:
    """The lines of a file, or of the files in an archive; `left_out` are those without addresses."""

    path: Path
    members: Sequence[ArchiveFile]
    reader: Callable[[ArchiveFile], Iterator[FileLine]]
    left_out: list[str] = field(default_factory=list)
    done: int = 0

    @property
    def total(self) -> int:
        """The octets of all files."""
        return sum(member.path.stat().st_size for member in self.members)

    def lines(self) -> Iterator[FileLine]:
        """Yield the lines of all files. Raises FileProblem if none has addresses."""
        problem: FileProblem | None = None
        for member in self.members:
            try:
                for line in self.reader(member):
                    yield line._replace(file=member.name) if member.name else line
            except FileProblem as e:
                if not member.name:
                    raise
                if not isinstance(problem, HasOldIssues):
                    problem = self._of_member(e, member)
                self.left_out.append(member.name)
            self.done += member.path.stat().st_size
        if problem and len(self.left_out) == len(self.members):
            raise problem

    def _of_member(self, problem: FileProblem, member: ArchiveFile) -> FileProblem:
        """Return a problem with the names that the archive and the file in it have for people."""
        if isinstance(problem, HasOldIssues):
            return has_old_issues(self.path)
        return file_problem(self.path, problem.message.renamed(str(member.path), member.name))


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
    portion: PortionHook = lambda judged: None,
    record: Import | None = None,
    name: str = "",
) -> ImportReport:
    """Import a CSV file, or the CSV files of a ZIP archive. With `dry_run` nothing is changed. Refused lines are
    written to `refused_to`. `meanings` are a person's choice of what each column holds (see `mapping`); `dates` says
    whether the day or the month comes first in dates such as 01/02/2025. The first `after` lines are left out: an
    interrupted import has done them. `record` is the import if it was begun, and `name` the file's name where it was
    made.

    Raises FileProblem if the file can't be read or has no addresses, and ImportUndone.
    """
    at = record.at if record else at or timezone.now()
    settings = ImportSettings(newsletter, consent, Subscription.State(status), confirm_by_mail, at, welcome)
    tried: dict[int, str] = {}

    def prepare(batch: list[FileLine]) -> Judge:
        checked = [(line, _checked(line)) for line in batch]
        return lambda imported: _take(checked, settings, tried, imported)

    tools: list[str] = []
    ignored: dict[str, None] = {}

    def recognised(tool: str, ignored_columns: Sequence[str]) -> None:
        tools.append(tool)
        ignored.update(dict.fromkeys(ignored_columns))

    def begin() -> Import:
        tool = next((recognised for recognised in tools if recognised and recognised != OWN.name), "")
        if record:
            Import.objects.filter(pk=record.pk).update(tool=tool)
            return record
        return Import.objects.create(
            at=at, newsletter=newsletter, file=(name or path.name)[:254], tool=tool, consent=consent
        )

    def read(member: ArchiveFile) -> Iterator[FileLine]:
        with opened(member.path) as file:
            yield from lines(member.path, file, meanings, dates, member.name or name, recognised)

    report = run(path, read, prepare, begin, dry_run, after, portion, progress, refused_to)
    return replace(report, ignored=tuple(ignored))


def run(
    path: Path,
    read: Callable[[ArchiveFile], Iterator[FileLine]],
    prepare: Prepare,
    begin: Callable[[], Import],
    dry_run: bool,
    after: int,
    portion: PortionHook,
    progress: Progress,
    refused_to: Path | None,
) -> ImportReport:
    """Judge and save the lines of a file, in portions, and keep the figures of the import."""
    counts: Counter[str] = Counter()
    refused: list[ReportedLine] = []
    incomplete: list[ReportedLine] = []
    number: int | None = None
    with unpacked(path) as members, large_cache():
        source = FileLines(path, members, read)
        total, place = source.total, 0
        lines = source.lines()
        first_line = next(lines, None)  # before the import begins, so that a file that can't be read leaves no trace
        if not dry_run:
            number = begin().pk
        remaining = chain(() if first_line is None else (first_line,), lines)
        place += sum(1 for _ in islice(remaining, after))
        paced = PacedTransactions(PORTION)
        while batch := _portion(remaining, paced.lines):
            place += len(batch)
            with _collector_paused():
                judge, done = prepare(batch), min(source.done, total)
                if number is None:
                    result = _counted(judge(None), place, done, total)
                    portion(result)
                else:
                    result = _saved(paced, number, lambda: _counted(judge(number), place, done, total), portion)  # noqa: B023
            counts += result.counts
            refused += result.refused
            incomplete += result.incomplete
            progress(result.done, total)
    if number is not None:
        Import.objects.filter(pk=number).update(finished_at=timezone.now())
    if refused and refused_to:
        write_refused(refused_to, refused)
    figures = {key: counts[key] for key in (*CHANGES, *FIGURES) if key != "refused"}
    return ImportReport(
        refused=tuple(refused),
        number=number,
        left_out=tuple(source.left_out),
        incomplete=tuple(incomplete),
        ignored=(),  # known once the file's last table was read
        **figures,
    )


def _saved(paced: PacedTransactions, number: int, save: Callable[[], Portion], portion: PortionHook) -> Portion:
    """Save a portion in a transaction. On PostgreSQL, others may store one of its people between its look-up and its
    insertion; then it is judged and saved again.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with paced.begin():
                _wait_for_other_imports()
                result = save()
                _store(number, result)
                portion(result)
                return result
        except IntegrityError:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("a portion is saved, or its last attempt fails")


def _wait_for_other_imports() -> None:
    """Let imports save their portions one after the other, so that each sees whom the others have stored."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [PORTIONS_LOCK])


def _portion(lines: Iterator[FileLine], most: int) -> list[FileLine]:
    """Return the next lines."""
    with _collector_paused():
        return list(islice(lines, most))


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause the search for reference cycles, which takes a fourth of an import: its objects have none."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _counted(verdicts: list[Judged], place: int, done: int, total: int) -> Portion:
    refused = tuple(
        ReportedLine(line.number, line.row.address, verdict, line.file)
        for line, verdict in verdicts
        if not isinstance(verdict, LineResult)
    )
    incomplete = tuple(
        ReportedLine(line.number, line.row.address, line.row.left_out, line.file)
        for line, verdict in verdicts
        if line.row.left_out and isinstance(verdict, LineResult) and verdict.figure != "present"
    )
    counts: Counter[str] = Counter({"lines": len(verdicts), "refused": len(refused)})
    for _line, verdict in verdicts:
        if isinstance(verdict, LineResult):
            counts.update(filter(None, verdict))
    return Portion(place, counts, refused, done, total, incomplete)


def _store(number: int, result: Portion) -> None:
    """Add the figures of a portion to those of its import, with the refused lines. Raises ImportUndone."""
    row = Import.objects.select_for_update().get(pk=number)
    if row.undo_began_at:
        raise ImportUndone(messages.IMPORT_UNDONE())
    for name in FIGURES:
        setattr(row, name, getattr(row, name) + result.counts[name])
    row.save(update_fields=FIGURES)
    insert_all(
        RefusedLine(
            of_id=number,
            line=refusal.line,
            file=refusal.file[:254],
            address=refusal.address[:320],
            key=refusal.address.lower()[:320],
            reason=refusal.reason.to_json(),
        )
        for refusal in result.refused
    )


def _take(
    checked: list[tuple[FileLine, Person | Message]],
    settings: ImportSettings,
    tried: dict[int, str],
    imported: int | None,
) -> list[Judged]:
    """Judge a batch and save it for the import of that number; a dry run has none, and only judges.

    The caller holds a transaction.
    """
    portion = ImportBatch(settings)
    people = [person for _line, person in checked if isinstance(person, Person)]
    if imported is None:
        portion.look_up(people)
        return [(line, _try(portion, person, tried)) for line, person in checked]
    subscriptions_starting.send(Subscription, newsletter=settings.newsletter, at=settings.at)
    portion.look_up(people, lock=True)
    verdicts: list[Judged] = [
        (line, portion.judge(person) if isinstance(person, Person) else person) for line, person in checked
    ]
    portion.save(imported)
    return verdicts


def _try(portion: ImportBatch, person: Person | Message, tried: dict[int, str]) -> LineResult | Message:
    """Judge a line in a dry run, as if the earlier lines with the same address had been imported."""
    if not isinstance(person, Person):
        return person
    number = hash(person.address.key)
    if number in tried:
        portion.pretend(person, tried[number])
    verdict = portion.judge(person)
    if isinstance(verdict, LineResult) and verdict.figure != "present":
        tried[number] = portion.became(person)
    return verdict


def _checked(line: FileLine) -> Person | Message:
    """Return the person of a line, or the reason why it is refused."""
    if line.problem:
        return line.problem
    text = line.row.address
    if not text:
        return messages.NO_ADDRESS()
    try:
        return Person(line.number, read_address(text), line.row)
    except AddressProblem as e:
        return messages.INVALID(problem=e.message)


def write_refused(path: Path, refused: Sequence[ReportedLine]) -> None:
    """Write the refused lines as CSV: line, address, reason, and for an archive the file."""
    with create(path) as file:
        columns = 4 if any(r.file for r in refused) else 3
        lines = ((str(r.line), escape_formulas(r.address), str(r.reason), r.file) for r in refused)
        write_csv(file, (row[:columns] for row in [("line", "address", "reason", "file"), *lines]))
