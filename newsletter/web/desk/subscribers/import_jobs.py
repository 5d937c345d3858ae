"""The jobs of an import: the preview, which changes nothing, the import of what was previewed, and its undoing.

An interrupted import continues behind the last portion that was stored, with the figures that were stored with it.
"""

import fcntl
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from newsletter.config import Config
from newsletter.messages import acts, failures as messages, from_json
from newsletter.messages.subscriptions import AMBIGUOUS_DATE
from newsletter.models import Act, Job
from newsletter.sending import undoing_imports
from newsletter.web.desk import formatting
from newsletter.web.desk.jobs import JobProgress, Json
from newsletter.web.desk.subscribers import queries, uploads
from subscribers.importing import FileProblem, ImportReport, Portion, import_blocked, import_file
from subscribers.importing.blocking import has_hashes, import_hashes
from subscribers.importing.dates import DateOrder, moment
from subscribers.importing.run import PortionHook
from subscribers.models import Import

SHOWN = 200
"""How many lines are shown that were refused, or imported without a value, and stored for that."""

ORDERS: tuple[DateOrder, DateOrder] = ("day", "month")
COUNTS = ("lines", "active", "waiting", "suppressed", "present", "refused", "added", "updated", "unchanged")


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """What is to be imported: `meanings` of the columns, once told; `shown`, the figures of the preview; `dates`,
    whether the day or the month comes first where that can't be seen; `welcome`, whether new active subscribers get the
    welcome series; `reason`, why all addresses and domains of the file are blocked, if they are.
    """

    newsletter: str
    consent: str
    status: str
    file: str
    name: str
    meanings: Sequence[str] = ()
    shown: str = ""
    dates: DateOrder = ""
    welcome: bool = False
    reason: str = ""

    def to_json(self) -> Json:
        """Return the order as a JSON object."""
        return asdict(self)


def preview(configuration: Config, job: Job, progress: JobProgress) -> Json:
    """Say what an import would do."""
    return _run(configuration, job, progress, _Figures())


def import_all(configuration: Config, job: Job, progress: JobProgress) -> Json:
    """Import what was previewed; where the result would be another now, only say so."""
    order = ImportOrder(**job.order)
    if "place" not in job.result:
        foreseen = _run(configuration, job, progress, _Figures())
        if figures_text(foreseen) != order.shown:
            uploads.release(order.file, configuration, later=True)
            return {**foreseen, "changed": True}
    record = _record(job, order)
    counted = {**_run(configuration, job, progress, _Figures(job.result), record), "import": record.pk}
    uploads.release(order.file, configuration)
    queries.changed(_newsletters(configuration, order.newsletter))
    Act.objects.log(
        job.by, acts.IMPORTED(), order.newsletter or "subscribers", after={key: counted[key] for key in COUNTS}
    )
    return counted


def _record(job: Job, order: ImportOrder) -> Import:
    """Return the import of a job, which is begun once."""
    values = {
        "at": job.created_at,
        "by": job.by,
        "newsletter": order.newsletter,
        "file": order.name[:254],
        "consent": order.consent,
        "reason": order.reason,
    }
    return Import.objects.get_or_create(job=job.pk, defaults=values)[0]


def undo(configuration: Config, job: Job, progress: JobProgress) -> Json:
    """Undo an import."""
    record = undoing_imports.find(int(job.order["import"]))
    undoing_imports.undo(record, step=lambda done: progress(min(done, record.lines), record.lines))
    record.refresh_from_db()
    queries.changed(_newsletters(configuration, record.newsletter))
    Act.objects.log(job.by, acts.IMPORT_UNDONE(), record.newsletter or "subscribers", after=record.undo)
    return {"import": record.pk}


def _newsletters(configuration: Config, newsletter: str) -> list[str]:
    """Return the newsletters whose figures an import changes: all of them, if it blocks addresses for all."""
    return [newsletter] if newsletter else list(configuration.newsletters)


def figures_text(result: Json) -> str:
    """Return the numbers of a preview, by which an import can tell whether they still hold."""
    return " ".join(str(result.get(key, 0)) for key in COUNTS)


def refused_lines(result: Json) -> list[Json]:
    """Return the first lines that were refused."""
    return [reported_line(*stored) for stored in result.get("told", ())]


def incomplete_lines(result: Json) -> Json:
    """Return how many lines were imported without a value, and the first of them, as pages show them."""
    count = int(result.get("incomplete_count", 0))
    lines = [reported_line(*stored) for stored in result.get("incomplete", ())]
    return {"incomplete": lines, "incomplete_count": formatting.number(count)}


def reported_line(line: int, address: str, reason: Json, file: str = "") -> Json:
    """Return a line that was refused, or imported without its date, as pages show it."""
    return {"line": line, "address": address, "reason": from_json(reason), "file": file}


class _Figures:
    """The figures of an import so far, as they are stored."""

    def __init__(self, stored: Json | None = None) -> None:
        numbers = stored or {}
        self.place = int(numbers.get("place", 0))
        self._counts = Counter({key: int(numbers.get(key, 0)) for key in COUNTS})
        self._told: list[Any] = list(numbers.get("told", ()))
        self._incomplete: list[Any] = list(numbers.get("incomplete", ()))
        self._incomplete_count = int(numbers.get("incomplete_count", 0))
        self._ambiguous = str(numbers.get("ambiguous", ""))

    def add(self, portion: Portion) -> None:
        """Add a portion's."""
        self.place = portion.place
        self._counts.update(portion.counts)
        unclear = (r.reason for r in portion.incomplete if AMBIGUOUS_DATE.matches(r.reason))
        self._ambiguous = self._ambiguous or next((str(reason.param("text")) for reason in unclear), "")
        self._incomplete_count += len(portion.incomplete)
        for kept, lines in ((self._told, portion.refused), (self._incomplete, portion.incomplete)):
            kept += [[r.line, r.address, r.reason.to_json(), r.file] for r in lines[: SHOWN - len(kept)]]

    def to_json(self) -> Json:
        """Return the figures as a JSON object."""
        counts = {key: self._counts[key] for key in COUNTS}
        incomplete = {"incomplete": self._incomplete, "incomplete_count": self._incomplete_count}
        return {"place": self.place, "told": self._told, "ambiguous": self._ambiguous, **incomplete, **counts}


def readings(result: Json) -> tuple[str, datetime, datetime] | None:
    """Return a date of the file that can be read in two ways, with the day and with the month first."""
    text = result.get("ambiguous", "")
    day, month = (moment(text, order) for order in ORDERS)
    return (text, day, month) if day and month else None


def _run(
    configuration: Config, job: Job, progress: JobProgress, figures: _Figures, record: Import | None = None
) -> Json:
    """Import the file of a job; without `record`, only try."""
    order = ImportOrder(**job.order)
    path = uploads.path(order.file, configuration)

    def store(portion: Portion) -> None:
        figures.add(portion)
        progress(portion.done, portion.total, figures.to_json() if record else None)

    with _locked(configuration, order.file):
        try:
            report = _import(path, order, job, figures.place, store, record)
        except FileProblem as problem:
            raise FileProblem(problem.message.renamed(str(path), order.name)) from problem
    return {**figures.to_json(), "left_out": list(report.left_out), "ignored": list(report.ignored)}


def _import(
    path: Path, order: ImportOrder, job: Job, after: int, store: PortionHook, record: Import | None
) -> ImportReport:
    dry_run = record is None
    if order.reason and has_hashes(path):
        report = import_hashes(path, dry_run=dry_run, record=record)
        numbers = {"lines": report.lines, "suppressed": report.suppressed, "present": report.present}
        store(Portion(report.lines, Counter(numbers), (), 1, 1))
        return report
    if order.reason:
        return import_blocked(
            path, order.reason, dry_run=dry_run, after=after, portion=store, record=record, name=order.name
        )
    return import_file(
        path,
        order.newsletter,
        consent=order.consent,
        status=order.status,
        welcome=order.welcome,
        dry_run=dry_run,
        meanings=order.meanings or None,
        at=job.created_at,
        dates=order.dates,
        after=after,
        portion=store,
        record=record,
        name=order.name,
    )


@contextmanager
def _locked(configuration: Config, name: str) -> Iterator[None]:
    """Hold the file's lock, so that two processes of one folder don't import it at once."""
    try:
        with uploads.path(name, configuration).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
    except FileNotFoundError:
        raise FileProblem(messages.FILE_GONE()) from None
