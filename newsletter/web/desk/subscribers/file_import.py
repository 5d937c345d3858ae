"""Importing a file of subscribers in steps: columns, preview, import.

Promises: nothing is imported that was not shown before; an uploaded file is kept as `uploads` says.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _, gettext_lazy

from newsletter.feeds.accounts.fetch import PEOPLE
from newsletter.models import Job, JobState
from newsletter.web.converters import whole_number
from newsletter.web.desk import formatting, jobs
from newsletter.web.desk.pages import as_sentence, editor, newsletter_title, page, zone_of
from newsletter.web.desk.permissions import Role
from newsletter.web.desk.subscribers import import_jobs, past_imports, uploads
from newsletter.web.desk.subscribers.import_jobs import ImportOrder
from newsletter.web.desk.subscribers.pasted_list import ListedPerson, as_csv
from subscribers.importing import FileProblem, is_archive, outline
from subscribers.importing.blocking import has_hashes
from subscribers.models import Import, Suppression
from subscribers.personal_fields import personal_fields
from subscribers.requests import config_of

SALT = "newsletter.desk.import"
SALT_OF_UPLOADS = "newsletter.desk.upload"
BLOCKED = "blocked"
"""What a file is imported as whose addresses and domains are blocked."""


class _Missing(ValueError):
    """Something that the import needs was not given; the message is a sentence. `upload` is the file, if any."""

    def __init__(self, sentence: str, upload: "_Upload | None" = None) -> None:
        super().__init__(sentence)
        self.upload = upload


class _Upload(NamedTuple):
    """A file that waits for the next step, and its name on the person's machine."""

    file: str
    name: str

    def token(self) -> str:
        """Return the upload as the form carries it, so that nobody has to choose the file again."""
        return signing.dumps(list(self), salt=SALT_OF_UPLOADS, compress=True)


def import_subscribers(request: HttpRequest) -> HttpResponse:
    """Show a file and what it is about; which column holds what; a preview of the result; then the import."""
    context: dict[str, object] = {
        "newsletters": config_of(request).newsletters.values(),
        "newsletter": request.GET.get("newsletter", ""),
        **_read(request),
    }
    if request.method == "POST":
        try:
            order = _opened(request) if "token" in request.POST else _uploaded(request)
            if request.POST.get("act") in ("try", "import") or not _has_columns(request, order):
                return redirect("desk:job", _started(request, order).pk)
            context |= _columns(request, order)
        except (FileProblem, _Missing) as problem:
            context |= {"problem": as_sentence(problem), **_entered(request)}
            if isinstance(problem, _Missing) and problem.upload:
                context |= {"upload": problem.upload.token(), "upload_name": problem.upload.name}
    return _page(request, context)


def preview_list(request: HttpRequest, newsletter: str, people: Sequence[ListedPerson], consent: str) -> Job:
    """Start the preview of an import of these people, who have agreed as `consent` says."""
    file = uploads.keep(SimpleUploadedFile("list.csv", as_csv(people)))
    order = ImportOrder(newsletter, consent, "active", file, _("Pasted list"), meanings=("address", "name"))
    return jobs.start(PREVIEW, config_of(request), newsletter, editor(request), order.to_json())


def _read(request: HttpRequest) -> dict[str, object]:
    """Return the file that was read from an account, as one that is chosen already."""
    number = whole_number(request.GET.get("read", ""))
    job = Job.objects.filter(pk=number, kind="account", state=JobState.DONE).first() if number else None
    if job is None:
        return {}
    upload = _Upload(job.result["people_file"], PEOPLE)
    return {"upload": upload.token(), "upload_name": upload.name, "newsletter": job.about}


def _page(request: HttpRequest, context: dict[str, object]) -> HttpResponse:
    refused = request.method == "POST" and "problem" in context
    return page(
        request, "import", {"reasons": reasons(), **context}, section="subscribers", status=422 if refused else 200
    )


def _entered(request: HttpRequest) -> dict[str, object]:
    """Return what was entered besides the file, for the form to show it again."""
    fields = {key: request.POST.get(key, "") for key in ("consent", "newsletter", "status", "reason")}
    return {**fields, "welcome": request.POST.get("welcome") == "on"}


def _uploaded(request: HttpRequest) -> ImportOrder:
    """Keep the file; nothing is read of it yet."""
    newsletter = request.POST.get("newsletter", "")
    consent, status = request.POST.get("consent", "").strip(), request.POST.get("status", "active")
    if status == BLOCKED:
        if (reason := request.POST.get("reason", "")) not in reasons():
            raise Http404("there is no such reason")
        blocked = _upload(request)
        return ImportOrder("", "", status, blocked.file, blocked.name, reason=reason)
    if newsletter not in config_of(request).newsletters or status not in ("active", "pending"):
        raise Http404("config.toml has no such newsletter")
    upload = _upload(request)
    if status == "active" and not consent:
        raise _Missing(_("enter when and where these people agreed"), upload)
    welcome = status == "active" and request.POST.get("welcome") == "on"
    return ImportOrder(newsletter, consent, status, upload.file, upload.name, welcome=welcome)


def reasons() -> dict[str, str]:
    """Return the reasons for which a list of addresses can be blocked."""
    return {
        Suppression.Reason.BY_HAND: _("blocked by hand"),
        Suppression.Reason.COMPLAINED: _("they complained about an email"),
        Suppression.Reason.BOUNCED: _("emails to them bounced"),
        Suppression.Reason.UNSUBSCRIBED: _("they unsubscribed from everything"),
    }


def _has_columns(request: HttpRequest, order: ImportOrder) -> bool:
    """Return whether a person chooses what the columns hold; in an archive, the headers of its files decide."""
    return not order.reason and not is_archive(uploads.path(order.file, config_of(request)))


def _upload(request: HttpRequest) -> _Upload:
    """Return the file that is sent with the form, or was sent before the form was refused."""
    file = request.FILES.get("file")
    if isinstance(file, UploadedFile):
        return _Upload(uploads.keep(file), file.name or "")
    try:
        upload = _Upload(*signing.loads(request.POST.get("upload", ""), salt=SALT_OF_UPLOADS, max_age=uploads.KEPT))
    except signing.SignatureExpired:
        raise _Missing(_("the file is only kept for an hour; choose it again")) from None
    except signing.BadSignature:
        raise _Missing(_("choose a file")) from None
    if not uploads.path(upload.file, config_of(request)).exists():
        raise _Missing(_("that file has already been imported or is gone; choose it again"))
    return upload


def _token(order: ImportOrder) -> str:
    """Return the order as pages carry it from step to step."""
    return signing.dumps(order.to_json(), salt=SALT, compress=True)


def _opened(request: HttpRequest) -> ImportOrder:
    """Return the order that an earlier step signed, while its file is there."""
    try:
        order = ImportOrder(**signing.loads(request.POST["token"], salt=SALT, max_age=uploads.KEPT))
    except signing.BadSignature:
        raise _Missing(_("the file is only kept for an hour; choose it again")) from None
    if not uploads.path(order.file, config_of(request)).exists():
        raise _Missing(_("that file has already been imported or is gone; choose it again"))
    return order


def _columns(request: HttpRequest, order: ImportOrder) -> dict[str, object]:
    """Return each column with its first values, and its detected or chosen meaning."""
    path = uploads.path(order.file, config_of(request))
    try:
        outlined = outline(path)
    except FileProblem as problem:
        path.unlink()
        raise FileProblem(problem.message.renamed(str(path), order.name)) from problem
    meanings = order.meanings if len(order.meanings) == len(outlined) else [column.meaning for column in outlined]
    columns = [
        {"column": column, "meaning": meaning, "number": number + 1}
        for number, (column, meaning) in enumerate(zip(outlined, meanings, strict=True))
    ]
    return {"columns": columns, "meanings": _meanings(), "token": _token(order), "file_name": order.name}


def _meanings() -> dict[str, str]:
    return {
        "": _("Ignore"),
        "address": _("Email address"),
        **{name: str(field.label) for name, field in personal_fields().items()},
        "tags": _("Tags"),
        "state": _("Status, such as unsubscribed"),
        "joined": _("Subscribed since"),
        "joined_day": _("Subscribed since, as day/month/year"),
        "joined_month": _("Subscribed since, as month/day/year"),
    }


def _started(request: HttpRequest, order: ImportOrder) -> Job:
    """Start the preview with the chosen columns, or the import that was previewed."""
    configuration = config_of(request)
    if request.POST.get("act") != "import":
        meanings = tuple(request.POST.getlist("meaning")) or tuple(order.meanings)
        dates = next(
            (first for first in import_jobs.ORDERS if first == request.POST.get("dates")),
            order.dates,
        )
        order, kind = replace(order, meanings=meanings, dates=dates), PREVIEW
    else:
        order = replace(order, file=uploads.hold(order.file, configuration), shown=request.POST.get("shown", ""))
        kind = IMPORT
    return jobs.start(kind, configuration, order.newsletter, editor(request), order.to_json())


def _finished(request: HttpRequest, job: Job) -> HttpResponse:
    """Show the result of a preview or an import. Columns that can't be used are shown again."""
    order = ImportOrder(**job.order)
    if job.state == JobState.FAILED:
        context: dict[str, object] = {"newsletters": config_of(request).newsletters.values()}
        context |= {key: getattr(order, key) for key in ("consent", "newsletter", "status", "welcome", "reason")}
        if uploads.path(order.file, config_of(request)).exists() and _has_columns(request, order):
            context |= _columns(request, order)
        return _page(request, context | {"problem": as_sentence(job.problem)})
    previewed = job.kind == PREVIEW.name or "changed" in job.result
    if not previewed:
        return _imported(request, job)
    context = {
        "token": _token(order),
        "figures": past_imports.named_figures(job.result),
        "left_out": job.result.get("left_out", ()),
        "ignored": job.result.get("ignored", ()),
        "has_columns": bool(order.meanings),
        "why": _("for the reasons in it")
        if has_hashes(uploads.path(order.file, config_of(request)))
        else reasons().get(order.reason, ""),
        "shown": import_jobs.figures_text(job.result),
        "title": newsletter_title(request, order.newsletter),
        "consent": order.consent,
        "status": order.status,
        "welcome": order.welcome,
        "report": job.result,
        "dates": _dates(job),
        "lines": import_jobs.refused_lines(job.result),
        **import_jobs.incomplete_lines(job.result),
        "newsletter": order.newsletter,
    }
    if "changed" in job.result:
        sentence = _(
            "The result of this import has changed since the preview, so nothing was imported. Check it again."
        )
        context["problem"] = sentence
    return _page(request, context)


def _imported(request: HttpRequest, job: Job) -> HttpResponse:
    """Show an import that is done; one of an earlier version of the program has no page of its own."""
    record = Import.objects.filter(job=job.pk).first()
    if record is None:
        return redirect("desk:subscribers-imports")
    restarted = formatting.moment(job.restarted_at, zone_of(request))
    columns = {key: job.result.get(key, ()) for key in ("left_out", "ignored")}
    return past_imports.imported(request, record, restarted=restarted, finished=True, **columns)


def _dates(job: Job) -> dict[str, str] | None:
    """Return a date that can be read in two ways, and both."""
    readings = import_jobs.readings(job.result)
    return readings and {"text": readings[0], "day": formatting.day(readings[1]), "month": formatting.day(readings[2])}


PREVIEW = jobs.JobKind(
    "import-preview", gettext_lazy("Checking the file"), "subscribers", Role.ADMIN, import_jobs.preview, _finished
)
IMPORT = jobs.JobKind(
    "import",
    gettext_lazy("Importing subscribers"),
    "subscribers",
    Role.ADMIN,
    import_jobs.import_all,
    _finished,
    uploads.is_kept,
)
