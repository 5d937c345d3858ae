"""Reading an account at Ghost or listmonk by its address and key, and going on with what was read."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from newsletter.feeds.accounts.client import AccountProblem, clean_address
from newsletter.feeds.accounts.fetch import ISSUES, TOOLS
from newsletter.models import Job, JobState
from newsletter.web.desk import formatting
from newsletter.web.desk.jobs import work
from newsletter.web.desk.old_issues import IMPORT as IMPORT_ISSUES
from newsletter.web.desk.pages import as_sentence, editor, newsletter_of, page
from newsletter.web.desk.permissions import Role
from newsletter.web.desk.subscribers import uploads
from newsletter.web.desk.tool_accounts import fetch_job
from subscribers.requests import config_of

FIELDS = ("tool", "address", "list", "newsletter")


@sensitive_post_parameters("key")
def account(request: HttpRequest) -> HttpResponse:
    """Ask for the address and key of an account, and begin to read it."""
    if request.method != "POST":
        return _page(request, {"newsletter": request.GET.get("newsletter", "")})
    entered = {name: request.POST.get(name, "").strip() for name in FIELDS}
    newsletter, key = newsletter_of(request, entered["newsletter"]), request.POST.get("key", "").strip()
    if entered["tool"] not in TOOLS:
        return _page(request, entered, _("Choose the tool."))
    try:
        address = clean_address(entered["address"])
        TOOLS[entered["tool"]].authorization(key)
    except AccountProblem as problem:
        return _page(request, entered, as_sentence(problem))
    configuration = config_of(request)
    order = fetch_job.order_of(entered["tool"], address, entered["list"], newsletter.name)
    fetch_job.store_key(configuration, order, key)
    return redirect("desk:job", work.start(FETCH, configuration, newsletter.name, editor(request), {**order}).pk)


def _page(request: HttpRequest, entered: dict[str, str], problem: str = "") -> HttpResponse:
    context = {"newsletters": config_of(request).newsletters.values(), "problem": problem, **entered}
    return page(request, "tool_account", context, section="subscribers", status=422 if problem else 200)


def _finished(request: HttpRequest, job: Job) -> HttpResponse:
    if job.state == JobState.FAILED:
        entered = {**{name: job.order[name] for name in ("tool", "address", "list")}, "newsletter": job.about}
        return _page(request, entered, as_sentence(job.problem or ""))
    configuration = config_of(request)
    known = configuration.newsletters.get(job.about)
    context = {
        "job": job,
        "title": known.title if known else job.about,
        "tool": TOOLS[job.order["tool"]].TOOL,
        "people": job.result["people"] and formatting.number(job.result["people"]),
        "issues": job.result["issues"] and formatting.number(job.result["issues"]),
        "people_here": uploads.path(job.result["people_file"], configuration).exists(),
        "issues_here": uploads.path(job.result["issues_file"], configuration).exists(),
    }
    return page(request, "tool_account_read", context, section="subscribers")


@require_POST
def import_issues(request: HttpRequest, pk: int) -> HttpResponse:
    """Import the old issues that a job has read."""
    job = get_object_or_404(Job, pk=pk, kind=FETCH.name, state=JobState.DONE)
    configuration, newsletter = config_of(request), newsletter_of(request, job.about)
    if not uploads.path(job.result["issues_file"], configuration).exists():
        return redirect("desk:job", job.pk)
    file = uploads.hold(job.result["issues_file"], configuration)
    order = {"file": file, "name": ISSUES, "base": job.order["address"]}
    return redirect("desk:job", work.start(IMPORT_ISSUES, configuration, newsletter.name, editor(request), order).pk)


FETCH = work.JobKind(
    "account",
    gettext_lazy("Reading the account"),
    "subscribers",
    Role.ADMIN,
    fetch_job.run,
    _finished,
    fetch_job.can_continue,
    cancelled=fetch_job.remove_key,
    above=("desk:subscribers-account", gettext_lazy("Import from an account")),
)
