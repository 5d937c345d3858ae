"""A file of subscribers: its columns named, looked at, imported after; and everybody as a file.

Promises: nothing is imported that was not shown before; an uploaded file is kept for an hour at most, and read by
nobody else.
"""

import tempfile
import time
from dataclasses import dataclass, replace
from io import TextIOWrapper
from pathlib import Path

from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from newsletter.web.desk import audit
from newsletter.web.desk.pages import as_sentence, editor, page, settings
from subscribers.exporting import export_csv
from subscribers.importing import FileProblem, ImportReport, import_file, outline

SALT, KEPT_SECONDS, PREFIX, SHOWN = "newsletter.desk.import", 3600, "newsletter-import-", 200


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be imported, as the page carries it signed from step to step; `meanings` of the columns, once told."""

    newsletter: str
    consent: str
    status: str
    file: str
    name: str
    meanings: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        return Path(tempfile.gettempdir()) / self.file

    def token(self) -> str:
        return signing.dumps(
            [self.newsletter, self.consent, self.status, self.file, self.name, *self.meanings],
            salt=SALT,
            compress=True,
        )


class _Missing(ValueError):
    """Something that the import needs was not given; the message is a sentence."""


def take_in(request: HttpRequest) -> HttpResponse:
    """A file and what it is about; which column holds what; what would come of it; then the import."""
    context: dict[str, object] = {
        "newsletters": settings().newsletters.values(),
        "newsletter": request.GET.get("newsletter", ""),
    }
    if request.method == "POST":
        steps = {"columns": _columns, "try": _tried, "import": _imported}
        try:
            if "token" in request.POST:
                order = _opened(request.POST["token"])
                context |= steps.get(request.POST.get("act", ""), _columns)(request, order)
            else:
                context |= _columns(request, _uploaded(request))
        except (FileProblem, _Missing) as problem:
            context |= {"problem": as_sentence(str(problem)), "consent": request.POST.get("consent", "")}
    return page(request, "import", context, section="subscribers", status=422 if "problem" in context else 200)


def _uploaded(request: HttpRequest) -> _Order:
    """Keep the file; nothing is read of it yet."""
    file, newsletter = request.FILES.get("file"), request.POST.get("newsletter", "")
    consent, status = request.POST.get("consent", "").strip(), request.POST.get("status", "active")
    if newsletter not in settings().newsletters or status not in ("active", "pending"):
        raise Http404("config.toml has no such newsletter")
    if not isinstance(file, UploadedFile):
        raise _Missing(_("choose a file"))
    if status == "active" and not consent:
        raise _Missing(_("write when and where these people agreed"))
    _tidy()
    return _Order(newsletter, consent, status, _kept(file).name, file.name or "")


def _opened(token: str) -> _Order:
    """The order that an earlier step signed, while its file is there."""
    try:
        newsletter, consent, status, file, name, *meanings = signing.loads(token, salt=SALT, max_age=KEPT_SECONDS)
    except signing.BadSignature:
        raise _Missing(_("the file was kept for an hour only; choose it again")) from None
    order = _Order(newsletter, consent, status, file, name, tuple(meanings))
    if not order.path.exists():
        raise _Missing(_("that file was imported already, or is gone; choose it again"))
    return order


def _columns(request: HttpRequest, order: _Order) -> dict[str, object]:
    """Each column with its first values, and what it seems to hold, or was said to."""
    try:
        found = outline(order.path)
    except FileProblem as problem:
        order.path.unlink()
        raise _named(problem, order) from problem
    meanings = order.meanings or [column.meaning for column in found]
    columns = [
        {"column": column, "meaning": meaning, "number": number + 1}
        for number, (column, meaning) in enumerate(zip(found, meanings, strict=True))
    ]
    return {"columns": columns, "meanings": _meanings(), "token": order.token(), "file_name": order.name}


def _meanings() -> dict[str, str]:
    return {
        "": _("– nothing of ours"),
        "address": _("E-mail address"),
        "name": _("Name"),
        "language": _("Language"),
        "tags": _("Tags"),
        "state": _("State, such as unsubscribed"),
        "joined": _("Since when"),
    }


def _tried(request: HttpRequest, order: _Order) -> dict[str, object]:
    """What would come of it with these columns; nothing is changed. Columns that can't be are shown again."""
    order = replace(order, meanings=tuple(request.POST.getlist("meaning")))
    try:
        report = _run(order, dry_run=True)
    except FileProblem as problem:
        said = as_sentence(str(_named(problem, order)))
        again = replace(order, meanings=()) if len(outline(order.path)) != len(order.meanings) else order
        return _columns(request, again) | {"problem": said}
    return {"token": order.token(), "tried": True, **_told(report, order)}


def _imported(request: HttpRequest, order: _Order) -> dict[str, object]:
    """Do what was shown."""
    try:
        report = _run(order, dry_run=False)
    finally:
        order.path.unlink(missing_ok=True)
    told = _told(report, order)
    counted = {key: told[key] for key in ("added", "updated", "unchanged")} | {"refused": len(report.refused)}
    audit.note(editor(request), "import", order.newsletter, after=counted)
    return told


def _told(report: ImportReport, order: _Order) -> dict[str, object]:
    counts = {"added": report.added, "updated": report.updated, "unchanged": report.unchanged}
    return {"report": report, "lines": report.refused[:SHOWN], "newsletter": order.newsletter, **counts}


def _run(order: _Order, *, dry_run: bool) -> ImportReport:
    return import_file(
        order.path,
        order.newsletter,
        consent=order.consent,
        status=order.status,
        dry_run=dry_run,
        meanings=order.meanings,
    )


def _named(problem: FileProblem, order: _Order) -> FileProblem:
    """The problem with the name that the file had where it came from."""
    return FileProblem(str(problem).replace(str(order.path), order.name))


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
