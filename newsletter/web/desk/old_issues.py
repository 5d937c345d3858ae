"""Issues that were sent with another tool: importing its archive, undoing that, and the page of an imported edition."""

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST

from newsletter.config import Config, Newsletter
from newsletter.editions.imported import old_addresses
from newsletter.editions.imported.archive_import import import_archive, undo_import
from newsletter.feeds.archives.old_issue import ArchiveProblem
from newsletter.messages import from_json
from newsletter.models import ArchiveImport, Edition, Job, JobState, State
from newsletter.web.desk import formatting, jobs
from newsletter.web.desk.pages import about, as_sentence, editor, page, sentences
from newsletter.web.desk.permissions import Role
from newsletter.web.desk.subscribers import uploads
from subscribers.requests import config_of, newsletter_of

LISTED = 50
"""How many imports are listed."""

FORMATS: tuple[old_addresses.ProxyFormat, ...] = ("csv", "caddy", "nginx")


def imports(request: HttpRequest) -> HttpResponse:
    """List the imports, and import a file."""
    problem = ""
    if request.method == "POST":
        newsletter = newsletter_of(request, request.POST.get("newsletter", ""))
        base = request.POST.get("base", "").strip()
        file = request.FILES.get("file")
        if not isinstance(file, UploadedFile):
            problem = as_sentence(_("choose a file"))
        elif base and not base.startswith(("https://", "http://")):
            problem = as_sentence(_("the old address must begin with https://"))
        else:
            configuration = config_of(request)
            order = {"file": uploads.hold(uploads.keep(file), configuration), "name": file.name or "", "base": base}
            return redirect("desk:job", jobs.start(IMPORT, configuration, newsletter.name, editor(request), order).pk)
    return _page(request, problem)


def _page(request: HttpRequest, problem: str = "", finished: int | None = None) -> HttpResponse:
    newsletters = config_of(request).newsletters
    name = request.POST.get("newsletter") or request.GET.get("newsletter", "")
    records = ArchiveImport.objects.filter(newsletter__in=newsletters).order_by("-pk")[:LISTED]
    context = {
        "newsletters": newsletters.values(),
        "newsletter": name,
        "base": request.POST.get("base", ""),
        "problem": problem,
        "rows": [_row(config_of(request), record, finished) for record in records],
        "tables": [
            newsletter for newsletter in newsletters.values() if next(old_addresses.table(newsletter.name, ""), None)
        ],
    }
    return page(request, "old_issues", context, section="home", status=422 if problem else 200)


def _row(configuration: Config, record: ArchiveImport, finished: int | None) -> dict[str, object]:
    newsletter = configuration.newsletters[record.newsletter]
    return {
        "record": record,
        "title": newsletter.title,
        "when": formatting.moment(record.at, newsletter.zone),
        "added": formatting.number(record.added),
        "present": formatting.number(record.present),
        "images_missing": record.images_missing and formatting.number(record.images_missing),
        "left_out": [(name, as_sentence(from_json(reason))) for name, reason in record.left_out],
        "open": record.pk == finished,
    }


@require_POST
def undo(request: HttpRequest, archive_import: ArchiveImport) -> HttpResponse:
    """Delete the editions of an import."""
    with sentences(request):
        undo_import(config_of(request), archive_import, now=timezone.now(), by=editor(request))
    return redirect("desk:old-issues")


def addresses(request: HttpRequest, newsletter: Newsletter, form: str) -> HttpResponse:
    """Return the table of old addresses for a server in front."""
    chosen = next((each for each in FORMATS if each == form), None)
    if chosen is None:
        raise Http404("there is no such format")
    lines = old_addresses.proxy_lines(newsletter.name, config_of(request).site.url, chosen)
    suffix = "csv" if chosen == "csv" else "conf"
    response = HttpResponse("".join(f"{line}\n" for line in lines), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{newsletter.name}-old-addresses-{chosen}.{suffix}"'
    return response


def imported(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Show an imported edition: where it is, and where it was."""
    if edition.state != State.IMPORTED:
        return redirect("desk:edition", newsletter.name, edition.period)
    context = {
        **about(request, edition, newsletter),
        "standing": formatting.standing(edition, newsletter.zone),
        "paths": edition.old_addresses.order_by("path"),
        "removed": formatting.moment(edition.removed_from_archive_at, newsletter.zone),
    }
    return page(request, "imported_edition", context, section="home")


def _import(configuration: Config, job: Job, progress: jobs.JobProgress) -> jobs.Json:
    """Import the uploaded file. An interrupted import goes on where it had stopped: no issue is imported twice."""
    order = job.order
    path = uploads.path(order["file"], configuration)
    try:
        result = import_archive(
            configuration,
            configuration.newsletters[job.about],
            path,
            now=job.created_at,
            base=order["base"],
            name=order["name"],
            by=job.by,
            job=job.pk,
            step=progress,
        )
    except ArchiveProblem as problem:
        uploads.release(order["file"], configuration)
        raise ArchiveProblem(problem.message.renamed(path.name, order["name"])) from problem
    uploads.release(order["file"], configuration)
    return {"import": result.number}


def _finished(request: HttpRequest, job: Job) -> HttpResponse:
    if job.state == JobState.FAILED:
        return _page(request, as_sentence(job.problem))
    return _page(request, finished=job.result.get("import"))


IMPORT = jobs.JobKind(
    "archive-import",
    gettext_lazy("Importing old issues"),
    "home",
    Role.ADMIN,
    _import,
    _finished,
    uploads.is_kept,
)
