"""Trying an address before it becomes a source: it is read in the background, and nothing of it is stored as a post."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy

from newsletter import config
from newsletter.config import Config
from newsletter.feeds import read
from newsletter.messages import from_json
from newsletter.messages.sources import read_once
from newsletter.models import Job
from newsletter.web.desk import formatting, jobs
from newsletter.web.desk.pages import as_sentence, editor, page
from newsletter.web.desk.permissions import Role
from newsletter.web.desk.sources.queries import kind_name
from subscribers.requests import config_of

SHOWN = 8


def try_address(request: HttpRequest) -> HttpResponse:
    """Read an address in the background; without one, ask for it."""
    address = request.POST.get("url", "").strip()
    if not address:
        is_missing = request.method == "POST"
        return page(
            request, "source_tried", {"missing": is_missing}, section="sources", status=422 if is_missing else 200
        )
    url = address if "://" in address else f"https://{address}"
    return redirect("desk:job", jobs.start(TRY, config_of(request), "", editor(request), {"url": url}).pk)


def _try(configuration: Config, job: Job, progress: jobs.JobProgress) -> jobs.Json:
    reading = read(
        config.SourceSettings(url=job.order["url"]),
        configuration.collect,
        now=timezone.now(),
        root=configuration.folder,
        site_url=configuration.site.url,
    )
    return {
        "title": reading.title,
        "kind": reading.kind,
        "count": len(reading.posts),
        "posts": [
            [post.title or post.url, post.published.isoformat() if post.published and post.published.tzinfo else ""]
            for post in reading.posts[:SHOWN]
        ],
        "problems": [problem.to_json() for problem in reading.problems],
    }


def _tried(request: HttpRequest, job: Job) -> HttpResponse:
    """Show what was found at an address, and the newsletters to which it can be added."""
    address, result = job.order["url"], job.result
    problems = [as_sentence(job.problem)] if job.problem else []
    problems += [as_sentence(read_once(from_json(problem))) for problem in result.get("problems", ())]
    newsletters = config_of(request).newsletters.values()
    context = {
        "address": address,
        "tried": result,
        "kind": kind_name(result.get("kind", "")),
        "problems": problems,
        "posts": [{"title": title, "when": _moment(when)} for title, when in result.get("posts", ())],
        "newsletters": [n for n in newsletters if n.status != "archived" and address not in {s.url for s in n.sources}],
    }
    return page(request, "source_tried", context, section="sources")


def _moment(when: str) -> str:
    published = datetime.fromisoformat(when) if when else None
    return formatting.moment(published, published.tzinfo) if published and published.tzinfo else ""


TRY = jobs.JobKind(
    "try",
    gettext_lazy("Reading the address"),
    "sources",
    Role.EDITOR,
    _try,
    _tried,
    jobs.always_resumable,
    anywhere=True,
)
