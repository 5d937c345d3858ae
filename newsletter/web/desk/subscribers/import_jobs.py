"""The jobs of an import: the preview, which changes nothing, and the import of what was previewed.

An interrupted import continues behind the last portion that was stored, with the figures that were stored with it.
"""

import fcntl
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from newsletter.config import Config
from newsletter.messages import Message, from_json
from newsletter.messages import failures as messages
from newsletter.messages import history as acts
from newsletter.messages.importing import AMBIGUOUS_DATE
from newsletter.models import Job
from newsletter.web.desk import audit
from newsletter.web.desk.jobs.work import JobProgress, Json
from newsletter.web.desk.subscribers import queries, uploads
from subscribers.importing import FileProblem, Portion, import_file
from subscribers.importing.dates import Order, moment

SHOWN = 200
"""How many refused lines are shown, and stored for that."""

ORDERS: tuple[Order, Order] = ("day", "month")
COUNTS = ("added", "updated", "unchanged", "refused")


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """What is to be imported: `meanings` of the columns, once told; `shown`, the figures of the preview; `dates`,
    whether the day or the month comes first where that can't be seen; `welcome`, whether new active subscribers get the
    welcome series.
    """

    newsletter: str
    consent: str
    status: str
    file: str
    name: str
    meanings: Sequence[str] = ()
    shown: str = ""
    dates: Order = ""
    welcome: bool = False

    def to_json(self) -> Json:
        """Return the order as a JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that is not imported."""

    line: int
    address: str
    reason: Message


def preview(configuration: Config, job: Job, progress: JobProgress) -> Json:
    """Say what an import would do."""
    return _run(configuration, job, progress, _Figures(), dry_run=True)


def import_all(configuration: Config, job: Job, progress: JobProgress) -> Json:
    """Import what was previewed; where the result would be another now, only say so."""
    order = ImportOrder(**job.order)
    if "line" not in job.result:
        foreseen = _run(configuration, job, progress, _Figures(), dry_run=True)
        if figures(foreseen) != order.shown:
            uploads.release(order.file, configuration, later=True)
            return {**foreseen, "changed": True}
    found = _run(configuration, job, progress, _Figures(job.result), dry_run=False)
    uploads.release(order.file, configuration)
    queries.changed([order.newsletter])
    audit.note(job.by, acts.IMPORTED(), order.newsletter, after={key: found[key] for key in COUNTS})
    return found


def resumable(configuration: Config, job: Job) -> bool:
    """Return whether the file is still here."""
    return uploads.path(str(job.order["file"]), configuration).exists()


def figures(result: Json) -> str:
    """Return the numbers of a preview, by which an import can tell whether they still hold."""
    return " ".join(str(result.get(key, 0)) for key in COUNTS)


def refused_lines(result: Json) -> list[RefusedLine]:
    """Return the first lines that were refused."""
    return [RefusedLine(line, address, from_json(reason)) for line, address, reason in result.get("lines", ())]


class _Figures:
    """The figures of an import so far, as they are stored."""

    def __init__(self, stored: Json | None = None) -> None:
        given = stored or {}
        self.line = int(given.get("line", 0))
        self._counts = Counter({key: int(given.get(key, 0)) for key in COUNTS})
        self._lines: list[Any] = list(given.get("lines", ()))
        self._ambiguous = str(given.get("ambiguous", ""))

    def add(self, portion: Portion) -> None:
        """Add a portion's."""
        self.line = portion.line
        self._counts.update({**portion.counts, "refused": len(portion.refused)})
        unclear = (r.reason for r in portion.refused if AMBIGUOUS_DATE.matches(r.reason))
        self._ambiguous = self._ambiguous or next((str(reason.param("text")) for reason in unclear), "")
        free = SHOWN - len(self._lines)
        self._lines += [[r.line, r.address, r.reason.to_json()] for r in portion.refused[:free]]

    def to_json(self) -> Json:
        """Return the figures as a JSON object."""
        counts = {key: self._counts[key] for key in COUNTS}
        return {"line": self.line, "lines": self._lines, "ambiguous": self._ambiguous, **counts}


def readings(result: Json) -> tuple[str, datetime, datetime] | None:
    """Return a date of the file that can be read in two ways, with the day and with the month first."""
    text = result.get("ambiguous", "")
    day, month = (moment(text, order) for order in ORDERS)
    return (text, day, month) if day and month else None


def _run(configuration: Config, job: Job, progress: JobProgress, found: _Figures, *, dry_run: bool) -> Json:
    order = ImportOrder(**job.order)
    path = uploads.path(order.file, configuration)

    def store(portion: Portion) -> None:
        found.add(portion)
        progress(portion.done, portion.total, None if dry_run else found.to_json())

    with _locked(configuration, order.file):
        try:
            import_file(
                path,
                order.newsletter,
                consent=order.consent,
                status=order.status,
                welcome=order.welcome,
                dry_run=dry_run,
                meanings=order.meanings,
                at=job.created_at,
                dates=order.dates,
                after=found.line,
                portion=store,
            )
        except FileProblem as problem:
            raise FileProblem(problem.message.renamed(str(path), order.name)) from problem
    return found.to_json()


@contextmanager
def _locked(configuration: Config, name: str) -> Iterator[None]:
    """Hold the file's lock, so that two processes of one folder don't import it at once."""
    try:
        with uploads.path(name, configuration).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
    except FileNotFoundError:
        raise FileProblem(messages.FILE_GONE()) from None
