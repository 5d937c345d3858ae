"""Creating and refreshing drafts, which read the sources first: background jobs with progress."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST

from newsletter.config import Config, Newsletter
from newsletter.editions import draft as drafting
from newsletter.editions.problems import Impossible
from newsletter.editions.selection.windows import RequestedWindow, requested
from newsletter.models import Edition, Job, State
from newsletter.web.desk import jobs
from newsletter.web.desk.pages import as_sentence, editor
from newsletter.web.desk.permissions import Role
from subscribers.requests import config_of


@require_POST
def draft(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """Make or refresh the draft of the next edition in a cadence, or of the period that was picked."""
    newsletter = newsletter.at(request.POST.get("cadence", ""))
    period = request.POST.get("period", "").strip()
    try:
        window = requested(newsletter, period, timezone.now()) if period and not newsletter.by_post else None
    except Impossible as problem:
        messages.error(request, as_sentence(problem))
        return redirect("desk:newsletter", newsletter.name)
    order = {"until": window.until.isoformat(), "period": window.period} if window else {}
    if newsletter.period != newsletter.default_cadence:
        order["cadence"] = newsletter.period
    return _started(request, MAKE, newsletter.name, order)


@require_POST
def refresh(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Read the sources again; what editors did stays."""
    return _started(request, REFRESH, newsletter.name, {"edition": edition.pk, "period": edition.period})


def _started(request: HttpRequest, kind: jobs.JobKind, name: str, order: jobs.Json) -> HttpResponse:
    """Start a job, unless the same one goes on; go to its page."""
    going = jobs.unfinished(kind, name)
    if going is None or going.order != order:
        going = jobs.start(kind, config_of(request), name, editor(request), order)
    return redirect("desk:job", going.pk)


def _make(configuration: Config, job: Job, progress: jobs.JobProgress) -> jobs.Json:
    until = job.order.get("until")
    window = RequestedWindow(datetime.fromisoformat(until), period=job.order["period"]) if until else None
    newsletter = configuration.newsletters[job.about].at(job.order.get("cadence", ""))
    edition = drafting.make(configuration, newsletter, window, now=timezone.now(), by=job.by, step=progress)
    return {"period": edition.period, "draft": edition.state == State.DRAFT}


def _made(request: HttpRequest, job: Job) -> HttpResponse:
    """Show the draft; or the newsletter, with the reason why no draft was made."""
    if job.problem:
        messages.error(request, as_sentence(job.problem))
        return redirect("desk:newsletter", job.about)
    period = job.result["period"]
    if not job.result["draft"]:
        messages.info(request, _("The edition of this period is no longer a draft."))
    return redirect("desk:edition", job.about, period)


def _refresh(configuration: Config, job: Job, progress: jobs.JobProgress) -> jobs.Json:
    edition = Edition.objects.get(pk=job.order["edition"])
    now = drafting.refresh(configuration, edition, now=timezone.now(), by=job.by, step=progress)
    return {"changed": now.revision != edition.revision}


def _refreshed(request: HttpRequest, job: Job) -> HttpResponse:
    """Show the draft, with the result of reading the sources."""
    if job.problem:
        messages.error(request, as_sentence(job.problem))
    elif job.result["changed"]:
        messages.success(request, _("The draft has been updated from the sources."), extra_tags="undo")
    else:
        messages.success(request, _("There is nothing new at the sources."))
    return redirect("desk:edition", job.about, job.order["period"])


MAKE = jobs.JobKind(
    "draft", gettext_lazy("Creating the draft"), "home", Role.EDITOR, _make, _made, jobs.always_resumable, anywhere=True
)
REFRESH = jobs.JobKind(
    "refresh",
    gettext_lazy("Checking for new posts"),
    "home",
    Role.EDITOR,
    _refresh,
    _refreshed,
    jobs.always_resumable,
    anywhere=True,
)
