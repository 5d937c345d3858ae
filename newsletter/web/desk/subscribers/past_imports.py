"""Imports that were done: the figures of each, its refused lines as a file, and undoing it."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy, pgettext
from django.views.decorators.http import require_POST

from newsletter.messages import acts, from_json
from newsletter.models import Act, Job, JobState
from newsletter.sending import undoing_imports
from newsletter.web.desk import formatting, guides, jobs
from newsletter.web.desk.pages import as_sentence, csv_response, editor, newsletter_title, page, zone_of
from newsletter.web.desk.permissions import Role
from newsletter.web.desk.subscribers import import_jobs
from newsletter.web.desk.subscribers.import_jobs import SHOWN, incomplete_lines, reported_line
from subscribers.models import Import
from subscribers.requests import config_of

REPEAT_AFTER = timedelta(weeks=4)
"""When the desk reminds to import people who left the old tool since."""

LISTED = 100
"""How many imports are listed."""


def listed(request: HttpRequest) -> HttpResponse:
    """List the latest imports."""
    rows = [_row(request, record) for record in Import.objects.order_by("-pk")[:LISTED]]
    return page(request, "imports", {"rows": rows}, section="subscribers")


def imported(request: HttpRequest, record: Import, **more: object) -> HttpResponse:
    """Show an import: what became of its lines, and the button to undo it."""
    lines = record.refused_lines.order_by("pk")[:SHOWN]
    job = Job.objects.filter(pk=record.job).first() if record.job else None
    why_not = undoing_imports.obstacle(record)
    undoing = record.undo_began_at and not record.undone_at
    context = {
        **_row(request, record),
        "guide": guides.name_of(record.tool),
        "repeat": Import.objects.to_repeat(timezone.now() - REPEAT_AFTER).filter(pk=record.pk).exists(),
        "lines": [reported_line(line.line, line.address, line.reason, line.file) for line in lines],
        **incomplete_lines(job.result if job else {}),
        "why_not": as_sentence(why_not),
        "undoable": record.undone_at is None and why_not is None and record.lines > 0,
        "undoing": undoing,
        "undo": {name: formatting.number(record.undo.get(name, 0)) for name in ("removed", "restored", "kept")},
        **more,
    }
    return page(request, "imported", context, section="subscribers")


@require_POST
def dismiss(request: HttpRequest, record: Import) -> HttpResponse:
    """End the reminders to import people who leave the old tool."""
    record.reminder_dismissed_at = timezone.now()
    record.save(update_fields=["reminder_dismissed_at"])
    Act.objects.log(editor(request), acts.REMINDER_DISMISSED(tool=record.tool), record.newsletter or "subscribers")
    return redirect("desk:subscribers-imported", record.pk)


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


def refused(_request: HttpRequest, record: Import) -> StreamingHttpResponse:
    """Return the refused lines of an import as CSV, with line and reason."""
    lines = record.refused_lines.order_by("pk").iterator(chunk_size=2_000)
    rows = ((str(line.line), line.address, str(from_json(line.reason)), line.file) for line in lines)
    return csv_response(f"import-{record.pk}-refused.csv", ("line", "address", "reason", "file"), rows)


@require_POST
def undo(request: HttpRequest, record: Import) -> HttpResponse:
    """Undo an import in the background."""
    if record.undone_at or undoing_imports.obstacle(record):
        return redirect("desk:subscribers-imported", record.pk)
    return redirect(
        "desk:job", jobs.start(UNDO, config_of(request), record.newsletter, editor(request), {"import": record.pk}).pk
    )


def _finished(request: HttpRequest, job: Job) -> HttpResponse:
    problem = as_sentence(job.problem) if job.state == JobState.FAILED else ""
    return imported(request, get_object_or_404(Import, pk=job.order["import"]), problem=problem)


UNDO = jobs.JobKind(
    "import-undo",
    gettext_lazy("Undoing the import"),
    "subscribers",
    Role.ADMIN,
    import_jobs.undo,
    _finished,
    jobs.always_resumable,
    anywhere=True,
)
