"""The page of a job: its progress, and then its result."""

from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from newsletter.models import Job
from newsletter.web.desk import formatting, jobs
from newsletter.web.desk.jobs import KINDS, JobKind
from newsletter.web.desk.pages import newsletter_title, page, zone_of
from newsletter.web.desk.permissions import refused, role
from subscribers.requests import config_of

SILENT = timedelta(minutes=1)


def job(request: HttpRequest, job: Job) -> HttpResponse:
    """Show the progress of a job, or its result once it is finished."""
    kind = _kind(job)
    if role(request) < kind.role:
        return refused(request, sending=False)
    return (
        kind.show(request, job) if job.finished else page(request, "job", _progress(request, job), section=kind.section)
    )


def live(request: HttpRequest, job: Job) -> HttpResponse:
    """Show the part that is asked for again until the job is finished; then the page is loaded anew."""
    if role(request) < _kind(job).role:
        return HttpResponse(status=403)
    response = page(request, "_job", _progress(request, job))
    if job.finished:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def cancel(request: HttpRequest, job: Job) -> HttpResponse:
    """Cancel a job, if its kind can be."""
    kind = _kind(job)
    if role(request) < kind.role:
        return refused(request, sending=False)
    if kind.cancelled is None:
        raise Http404("this job can't be cancelled")
    jobs.cancel(config_of(request), job)
    return redirect("desk:job", job.pk)


def _kind(job: Job) -> JobKind:
    kind = KINDS.get(job.kind)
    if kind is None:
        raise Http404("this version of the program has no such job")
    return kind


def _progress(request: HttpRequest, job: Job) -> dict[str, object]:
    counts = [
        {"name": name, "number": formatting.number(job.result[key])}
        for key, name in (
            ("people", _("Subscribers")),
            ("added", _("New")),
            ("updated", _("Updated")),
            ("refused", _("Not imported")),
        )
        if key in job.result
    ]
    kind = _kind(job)
    return {
        "job": job,
        "title": kind.title,
        "above": {"address": reverse(kind.above[0]), "title": kind.above[1]} if kind.above else None,
        "can_be_cancelled": kind.cancelled is not None,
        "about": newsletter_title(request, job.about),
        "percent": job.done * 100 // job.total if job.total else 0,
        "counts": counts,
        "of": formatting.number(job.total) if job.total and "people" in job.result else "",
        "restarted": formatting.moment(job.restarted_at, zone_of(request, job.about)),
        "silent": timezone.now() - job.updated_at > SILENT,
    }
