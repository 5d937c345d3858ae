"""Reading an account at Ghost or listmonk by its address and key, in the background, into files that the imports take.

Promises: the key is never in the database or the log. While the job goes on it is a file of mode 0600, so that the next
start of the program can continue; it is removed when the job ends, however it ends. What an interrupted job has read is
kept for a day, and read no second time. A cancelled job ends within two seconds, and what it has read is removed.
"""

import hashlib
import shutil
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from newsletter.background import Task, enqueue
from newsletter.config import Config
from newsletter.feeds.accounts.answers import AccountProblem
from newsletter.feeds.accounts.client import clean_address
from newsletter.feeds.accounts.fetch import ISSUES, PEOPLE, TOOLS, Account, fetch
from newsletter.feeds.accounts.listings import write_private
from newsletter.models import Job, JobState
from newsletter.web.desk import formatting, jobs
from newsletter.web.desk.old_issues import IMPORT as IMPORT_ISSUES
from newsletter.web.desk.pages import as_sentence, editor, newsletter_title, page
from newsletter.web.desk.permissions import Role
from newsletter.web.desk.subscribers import uploads
from subscribers.requests import config_of, newsletter_of

KEY, FILES = "key", "files"
REPORTED = 1.0
"""Seconds between two reports of the progress, each of which notices that the job was cancelled."""
KEPT = timedelta(days=1)
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
    order = order_of(entered["tool"], address, entered["list"], newsletter.name)
    store_key(configuration, order, key)
    return redirect("desk:job", jobs.start(FETCH, configuration, newsletter.name, editor(request), order).pk)


def _page(request: HttpRequest, entered: dict[str, str], problem: str = "") -> HttpResponse:
    context = {"newsletters": config_of(request).newsletters.values(), "problem": problem, **entered}
    return page(request, "tool_account", context, section="subscribers", status=422 if problem else 200)


def _finished(request: HttpRequest, job: Job) -> HttpResponse:
    if job.state == JobState.FAILED:
        entered = {**{name: job.order[name] for name in ("tool", "address", "list")}, "newsletter": job.about}
        return _page(request, entered, as_sentence(job.problem))
    configuration = config_of(request)
    context = {
        "job": job,
        "title": newsletter_title(request, job.about),
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
    return redirect("desk:job", jobs.start(IMPORT_ISSUES, configuration, newsletter.name, editor(request), order).pk)


def order_of(tool: str, address: str, list_: str, newsletter: str) -> dict[str, str]:
    """Return the order of an account; the same account has the same folder."""
    digest = hashlib.sha256("\n".join((tool, address, list_, newsletter)).encode()).hexdigest()[:32]
    return {"tool": tool, "address": address, "list": list_, "file": f"{uploads.HELD}/account-{digest}"}


def store_key(configuration: Config, order: Mapping[str, str], key: str) -> None:
    """Store the key until the job ends."""
    folder = uploads.path(order["file"], configuration)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.parent.chmod(0o700)
    write_private(folder / KEY, key)


class _Progress:
    """Reports now and then how many people were read."""

    def __init__(self, progress: jobs.JobProgress) -> None:
        self._progress = progress
        self._done = self._total = 0
        self._next = 0.0

    def step(self, done: int, total: int) -> None:
        """Note how many people were read."""
        self._done, self._total = done, total
        self.report()

    def report(self) -> None:
        """Report it if the last report was long enough ago. Raises what a report raises."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + REPORTED
            self._progress(self._done, self._total, {"people": self._done})


def _run(configuration: Config, job: Job, progress: jobs.JobProgress) -> jobs.Json:
    """Read the account. The results are files like uploaded ones."""
    order = job.order
    folder = uploads.path(order["file"], configuration)
    people = _Progress(progress)
    ended = True
    try:
        fetched = fetch(
            Account(order["tool"], order["address"], order["list"]),
            (folder / KEY).read_text(encoding="utf-8"),
            folder / FILES,
            configuration.collect,
            step=people.step,
            check=people.report,
        )
        progress(fetched.people, fetched.people)
    except jobs.Stopping:
        ended = False  # the next start continues, and needs the key
        raise
    except jobs.Cancelled:
        _remove(configuration, str(order["file"]))
        raise
    finally:
        if ended:
            remove_key(configuration, job)
    people_file, issues_file = (uploads.take(folder / FILES / file) for file in (PEOPLE, ISSUES))
    shutil.rmtree(folder)
    return {
        "people": fetched.people,
        "issues": fetched.issues,
        "people_file": people_file,
        "issues_file": issues_file,
    }


def remove_key(configuration: Config, job: Job) -> None:
    """Remove the key of a job that has ended or was cancelled, and a day later what it has read.

    If the same account is being read again, both belong to that job.
    """
    name = str(job.order["file"])
    if not _is_read(name, but=job.pk):
        (uploads.path(name, configuration) / KEY).unlink(missing_ok=True)
    enqueue(REMOVE, name, datetime.now(UTC) + KEPT, name=name)


def can_continue(configuration: Config, job: Job) -> bool:
    """Return whether the key is still here."""
    return (uploads.path(str(job.order["file"]), configuration) / KEY).exists()


def _remove(configuration: Config, name: str) -> None:
    """Remove what an ended job has read, unless the account is being read again."""
    if not _is_read(name):
        shutil.rmtree(uploads.path(name, configuration), ignore_errors=True)


def _is_read(name: str, but: int = 0) -> bool:
    """Return whether a job goes on, other than `but`, that reads the account with this folder."""
    unfinished = Job.objects.filter(state__in=jobs.UNFINISHED)
    return name in {job.order.get("file") for job in unfinished if job.pk != but}


REMOVE = Task("remove account", _remove)


FETCH = jobs.JobKind(
    "account",
    gettext_lazy("Reading the account"),
    "subscribers",
    Role.ADMIN,
    _run,
    _finished,
    can_continue,
    cancelled=remove_key,
    above=("desk:subscribers-account", gettext_lazy("Import from an account")),
)
