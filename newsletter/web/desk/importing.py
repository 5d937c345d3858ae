"""A file of subscribers: looked at first, imported after; and everybody as a file.

Promises: nothing is imported that was not shown before; an uploaded file is kept for an hour at most, and read by
nobody else.
"""

import tempfile
import time
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from newsletter.web.desk import audit
from newsletter.web.desk.pages import as_sentence, editor, page, settings
from subscribers.exporting import export_csv
from subscribers.importing import FileProblem, ImportReport, import_file

SALT, KEPT_SECONDS, PREFIX, SHOWN = "newsletter.desk.import", 3600, "newsletter-import-", 200


@dataclass(frozen=True, slots=True)
class _Order:
    newsletter: str
    consent: str
    status: str
    path: Path


def take_in(request: HttpRequest) -> HttpResponse:
    """First a file and what it is about; then what would come of it; then the import."""
    context: dict[str, object] = {
        "newsletters": settings().newsletters.values(),
        "newsletter": request.GET.get("newsletter", ""),
    }
    if request.method == "POST":
        try:
            context |= _confirmed(request) if "token" in request.POST else _tried(request)
        except (FileProblem, _Missing) as problem:
            context |= {"problem": as_sentence(str(problem)), "consent": request.POST.get("consent", "")}
    return page(request, "import", context, section="subscribers", status=422 if "problem" in context else 200)


class _Missing(ValueError):
    """Something that the import needs was not given; the message is a sentence."""


def _tried(request: HttpRequest) -> dict[str, object]:
    """Keep the file, and say what would come of it; nothing is changed."""
    file, newsletter = request.FILES.get("file"), request.POST.get("newsletter", "")
    consent, status = request.POST.get("consent", "").strip(), request.POST.get("status", "active")
    if newsletter not in settings().newsletters or status not in ("active", "pending"):
        raise Http404("config.toml has no such newsletter")
    if not isinstance(file, UploadedFile):
        raise _Missing(_("choose a file"))
    if status == "active" and not consent:
        raise _Missing(_("write when and where these people agreed"))
    _tidy()
    order = _Order(newsletter, consent, status, _kept(file))
    try:
        report = _run(order, dry_run=True)
    except FileProblem as problem:
        order.path.unlink()
        raise FileProblem(str(problem).replace(str(order.path), file.name or "")) from problem
    token = signing.dumps([newsletter, consent, status, order.path.name], salt=SALT, compress=True)
    return {"report": report, "token": token, "lines": report.refused[:SHOWN], "newsletter": newsletter, "tried": True}


def _confirmed(request: HttpRequest) -> dict[str, object]:
    """Do what was shown."""
    try:
        newsletter, consent, status, name = signing.loads(request.POST["token"], salt=SALT, max_age=KEPT_SECONDS)
    except signing.BadSignature:
        raise _Missing(_("the file was kept for an hour only; choose it again")) from None
    order = _Order(newsletter, consent, status, Path(tempfile.gettempdir()) / name)
    if not order.path.exists():
        raise _Missing(_("that file was imported already, or is gone; choose it again"))
    try:
        report = _run(order, dry_run=False)
    finally:
        order.path.unlink(missing_ok=True)
    done = {
        "added": report.added,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "refused": len(report.refused),
    }
    audit.note(editor(request), "import", newsletter, after=done)
    return {"report": report, "lines": report.refused[:SHOWN], "newsletter": newsletter, "tried": False}


def _run(order: _Order, *, dry_run: bool) -> ImportReport:
    return import_file(order.path, order.newsletter, consent=order.consent, status=order.status, dry_run=dry_run)


def _kept(file: "UploadedFile[bytes]") -> Path:
    """The upload as a file of mode 600, named so that it is found again."""
    with tempfile.NamedTemporaryFile("wb", prefix=PREFIX, suffix=".csv", delete=False) as target:
        for chunk in file.chunks():
            target.write(chunk)
    return Path(target.name)


def _tidy() -> None:
    """Remove uploads that nobody came back for."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*.csv"):
        if path.stat().st_mtime < time.time() - KEPT_SECONDS:
            path.unlink(missing_ok=True)


def export(request: HttpRequest) -> FileResponse:
    """All subscriptions of a newsletter, as CSV."""
    newsletter = request.GET.get("newsletter", "")
    if newsletter not in settings().newsletters:
        raise Http404("config.toml has no such newsletter")
    file = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - the response closes it
    text = TextIOWrapper(file, encoding="utf-8-sig", newline="")
    count = export_csv(newsletter, text)
    text.flush()
    text.detach()
    file.seek(0)
    audit.note(editor(request), "export", newsletter, after={"count": count})
    return FileResponse(file, as_attachment=True, filename=f"{newsletter}-subscribers.csv", content_type="text/csv")
