"""The page of exports, and the files that it offers."""

import tempfile
from io import TextIOWrapper

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST

from newsletter.config import Config, Newsletter
from newsletter.messages import acts
from newsletter.models import Act, Job, JobState
from newsletter.web.archive import static_site
from newsletter.web.desk import jobs
from newsletter.web.desk.jobs import JobProgress, Json
from newsletter.web.desk.pages import as_sentence, editor, newsletter_title, page
from newsletter.web.desk.permissions import Role
from newsletter.web.desk.subscribers import uploads
from subscribers.exporting import COLUMNS, export_csv, export_for, export_suppressions
from subscribers.models import local_day
from subscribers.requests import config_of, newsletter_of


def exports(request: HttpRequest, **more: object) -> HttpResponse:
    """Show what can be exported; `more` is about an archive that was made."""
    name = request.GET.get("newsletter", "")
    newsletters = sorted(config_of(request).newsletters.values(), key=lambda newsletter: newsletter.name != name)
    return page(
        request, "exports", {"newsletters": newsletters, "tools": sorted(COLUMNS), **more}, section="subscribers"
    )


def subscribers(request: HttpRequest) -> FileResponse:
    """Return the subscribers of a newsletter as CSV: all of them; with `tool`, those who get it, as that tool takes
    them; with `suppressions`, who must not get it.
    """
    newsletter = newsletter_of(request, request.GET.get("newsletter", ""))
    tool = request.GET.get("tool", "")
    if tool and tool not in COLUMNS:
        raise Http404("there is no such tool")
    file = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - the response closes it
    text = TextIOWrapper(file, encoding="utf-8" if tool else "utf-8-sig", newline="")
    if "suppressions" in request.GET:
        what, count = "blocked", export_suppressions(newsletter.name, text).written
    elif tool:
        today = local_day(newsletter, timezone.now())
        what, count = f"for-{tool}", export_for(tool, newsletter.name, today, text)
    else:
        what, count = "subscribers", export_csv(newsletter.name, text)
    text.flush()
    text.detach()
    file.seek(0)
    Act.objects.log(editor(request), acts.EXPORTED(), newsletter.name, after={"count": count})
    return FileResponse(file, as_attachment=True, filename=f"{newsletter.name}-{what}.csv", content_type="text/csv")


@require_POST
def archive(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """Make a static site of the archive in the background."""
    return redirect("desk:job", jobs.start(ARCHIVE, config_of(request), newsletter.name, editor(request), {}).pk)


def archive_file(request: HttpRequest, pk: int) -> FileResponse:
    """Return the static site that a job made, while it is kept."""
    job = get_object_or_404(Job, pk=pk, kind=ARCHIVE.name, state=JobState.DONE)
    path = uploads.path(job.result["file"], config_of(request))
    if not path.exists():
        raise Http404("the file is only kept for an hour")
    return FileResponse(
        path.open("rb"), as_attachment=True, filename=f"{job.about}-archive.zip", content_type="application/zip"
    )


def _make(configuration: Config, job: Job, progress: JobProgress) -> Json:
    name = f"{uploads.HELD}/archive-{job.pk}.zip"
    path = uploads.path(name, configuration)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    files = static_site.files_of(configuration, configuration.newsletters[job.about], progress)
    count = static_site.write_zip(path, files)
    uploads.release(name, configuration, later=True)
    return {"file": name, "count": count}


def _made(request: HttpRequest, job: Job) -> HttpResponse:
    if job.state == JobState.FAILED:
        return exports(request, problem=as_sentence(job.problem))
    if not uploads.path(job.result["file"], config_of(request)).exists():
        return exports(request, problem=_("The file was only kept for an hour. Make it again."))
    return exports(request, made=job, made_of=newsletter_title(request, job.about))


ARCHIVE = jobs.JobKind(
    "archive-export",
    gettext_lazy("Exporting the archive"),
    "subscribers",
    Role.ADMIN,
    _make,
    _made,
    jobs.always_resumable,
)
