"""Imports of subscribers: the jobs of the preview, which changes nothing, of the import, and of its undoing;
and the pages of imports that were done.

An interrupted import continues behind the last portion that was stored, with the figures that were stored with it."""

import fcntl
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_POST

from newsletter.config import Config
from newsletter.messages import acts, from_json
from newsletter.messages import failures as messages
from newsletter.messages.subscriptions import AMBIGUOUS_DATE
from newsletter.models import Act, Job, JobState
from newsletter.sending import undoing_imports
from newsletter.web.desk import formatting, guides, jobs
from newsletter.web.desk.jobs import JobProgress, Json
from newsletter.web.desk.pages import as_sentence, csv_response, editor, newsletter_title, page, zone_of
from newsletter.web.desk.permissions import Role
from newsletter.web.desk.subscribers import queries, uploads
from subscribers.importing import FileProblem, ImportReport, Portion, import_blocked, import_file
from subscribers.importing.blocking import has_hashes, import_hashes
from subscribers.importing.dates import DateOrder, moment
from subscribers.importing.run import PortionHook
from subscribers.models import Import
from subscribers.requests import config_of

SHOWN = 200
"""How many refused lines are shown, and stored for that."""

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


def _undo_import(configuration: Config, job: Job, progress: JobProgress) -> Json:
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
    return [refused_line(*stored) for stored in result.get("told", ())]


def refused_line(line: int, address: str, reason: Json, file: str = "") -> Json:
    """Return a line that is not imported, as pages show it."""
    return {"line": line, "address": address, "reason": from_json(reason), "file": file}


class _Figures:
    """The figures of an import so far, as they are stored."""

    def __init__(self, stored: Json | None = None) -> None:
        numbers = stored or {}
        self.place = int(numbers.get("place", 0))
        self._counts = Counter({key: int(numbers.get(key, 0)) for key in COUNTS})
        self._told: list[Any] = list(numbers.get("told", ()))
        self._ambiguous = str(numbers.get("ambiguous", ""))

    def add(self, portion: Portion) -> None:
        """Add a portion's."""
        self.place = portion.place
        self._counts.update(portion.counts)
        unclear = (r.reason for r in portion.refused if AMBIGUOUS_DATE.matches(r.reason))
        self._ambiguous = self._ambiguous or next((str(reason.param("text")) for reason in unclear), "")
        free = SHOWN - len(self._told)
        self._told += [[r.line, r.address, r.reason.to_json(), r.file] for r in portion.refused[:free]]

    def to_json(self) -> Json:
        """Return the figures as a JSON object."""
        counts = {key: self._counts[key] for key in COUNTS}
        return {"place": self.place, "told": self._told, "ambiguous": self._ambiguous, **counts}


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
            left_out = _import(path, order, job, figures.place, store, record).left_out
        except FileProblem as problem:
            raise FileProblem(problem.message.renamed(str(path), order.name)) from problem
    return {**figures.to_json(), "left_out": list(left_out)}


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


REPEAT_AFTER = timedelta(weeks=4)
"""When the desk reminds to import people who left the old tool since."""

LISTED = 100
"""How many imports are listed."""


def listed(request: HttpRequest) -> HttpResponse:
    """List the latest imports."""
    rows = [_row(request, record) for record in Import.objects.order_by("-pk")[:LISTED]]
    return page(request, "imports", {"rows": rows}, section="subscribers")


def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an import."""
    return import_page(request, get_object_or_404(Import, pk=pk))


def import_page(request: HttpRequest, record: Import, **more: object) -> HttpResponse:
    """Return the page of an import: what became of its lines, and the button to undo it."""
    lines = record.refused_lines.order_by("pk")[:SHOWN]
    why_not = undoing_imports.obstacle(record)
    undoing = record.undo_began_at and not record.undone_at
    context = {
        **_row(request, record),
        "guide": guides.name_of(record.tool),
        "repeat": Import.objects.to_repeat(timezone.now() - REPEAT_AFTER).filter(pk=record.pk).exists(),
        "lines": [refused_line(line.line, line.address, line.reason, line.file) for line in lines],
        "why_not": as_sentence(why_not),
        "undoable": record.undone_at is None and why_not is None and record.lines > 0,
        "undoing": undoing,
        "undo": {name: formatting.number(record.undo.get(name, 0)) for name in ("removed", "restored", "kept")},
        **more,
    }
    return page(request, "imported", context, section="subscribers")


@require_POST
def dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """End the reminders to import people who leave the old tool."""
    record = get_object_or_404(Import, pk=pk)
    record.reminder_dismissed_at = timezone.now()
    record.save(update_fields=["reminder_dismissed_at"])
    Act.objects.log(editor(request), acts.REMINDER_DISMISSED(tool=record.tool), record.newsletter or "subscribers")
    return redirect("desk:subscribers-imported", pk)


def _row(request: HttpRequest, record: Import) -> dict[str, object]:
    zone = zone_of(request)
    counts = named_figures(record.figures)
    return {
        "record": record,
        "title": newsletter_title(request, record.newsletter) or _("Blocked addresses"),
        "when": formatting.moment(record.at, zone),
        "undone": formatting.moment(record.undone_at, zone),
        "figures": counts,
        "counted": [figure for figure in counts if figure["count"]],
    }


def named_figures(counts: dict[str, int]) -> list[dict[str, object]]:
    """Return the figures of an import with their names; the first is the sum of the others."""
    names = {
        "lines": _("Lines in the file"),
        "active": pgettext("lines of a file", "Active"),
        "waiting": _("Waiting for confirmation"),
        "suppressed": _("Unsubscribed or blocked"),
        "present": _("Already here"),
        "refused": pgettext("lines of a file", "Refused"),
    }
    return [
        {"name": name, "count": counts.get(key, 0), "number": formatting.number(counts.get(key, 0))}
        for key, name in names.items()
    ]


def refused(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """Return the refused lines of an import as CSV, with line and reason."""
    record = get_object_or_404(Import, pk=pk)
    lines = record.refused_lines.order_by("pk").iterator(chunk_size=2_000)
    rows = ((str(line.line), line.address, str(from_json(line.reason)), line.file) for line in lines)
    return csv_response(f"import-{record.pk}-refused.csv", ("line", "address", "reason", "file"), rows)


@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo an import in the background."""
    record = get_object_or_404(Import, pk=pk)
    if record.undone_at or undoing_imports.obstacle(record):
        return redirect("desk:subscribers-imported", pk)
    return redirect(
        "desk:job", jobs.start(UNDO, config_of(request), record.newsletter, editor(request), {"import": pk}).pk
    )


def _finished(request: HttpRequest, job: Job) -> HttpResponse:
    problem = as_sentence(job.problem) if job.state == JobState.FAILED else ""
    return import_page(request, get_object_or_404(Import, pk=job.order["import"]), problem=problem)


UNDO = jobs.JobKind(
    "import-undo",
    gettext_lazy("Undoing the import"),
    "subscribers",
    Role.ADMIN,
    _undo_import,
    _finished,
    jobs.always_resumable,
    anywhere=True,
)
