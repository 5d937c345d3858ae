"""Tags: as one text, separated by commas, and added to or removed from every subscription that a filter finds.

A tag that has a comma itself stands in quotation marks in the text.

Promises: undoing changes exactly the subscriptions that were changed; an interrupted change continues after a restart.
"""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST

from newsletter.config import Config
from newsletter.messages import acts
from newsletter.models import Act, Job, JobState
from newsletter.web.desk import formatting, jobs
from newsletter.web.desk.pages import as_sentence, editor, page
from newsletter.web.desk.permissions import Role
from newsletter.web.desk.subscribers import queries
from newsletter.web.desk.subscribers.queries import FILTERS
from subscribers.models import Subscription
from subscribers.models.people import clean_tag
from subscribers.requests import config_of

PORTION = 2_000
ADD, REMOVE = "add", "remove"
_TAG = re.compile(r'\s*(?:"((?:[^"]|"")*)"\s*|([^,]*))(?:,|\Z)')


def as_text(tags: Iterable[str]) -> str:
    """Return tags as one text: `film, "oslo, east"`."""
    return ", ".join('"' + tag.replace('"', '""') + '"' if "," in tag or tag.startswith('"') else tag for tag in tags)


def from_text(text: str) -> list[str]:
    """Return the tags of a text, in which a quotation mark within quotation marks is doubled."""
    written = (match[2] if match[1] is None else match[1].replace('""', '"') for match in _TAG.finditer(text))
    return [tag for word in written if (tag := word.strip())]


def tag(request: HttpRequest) -> HttpResponse:
    """Ask which tag to add or remove; POST starts it."""
    parameters = request.POST if request.method == "POST" else request.GET
    filters = {key: value for key in FILTERS if (value := parameters.get(key, "")[:254])}
    word, act, problem = clean_tag(parameters.get("word", "")), parameters.get("act", ""), ""
    if request.method == "POST" and act in (ADD, REMOVE):
        if word:
            order = {"filter": filters, "word": word, "act": act}
            return redirect("desk:job", _start(request, filters.get("newsletter", ""), order).pk)
        problem = _("Enter a tag.")
    count = queries.matching(filters).count()
    context = {
        "kept": filters,
        "back": urlencode(filters),
        "count": formatting.number(count),
        "any": count > 0,
        "problem": problem,
    }
    return page(request, "bulk_tags", context, section="subscribers", status=422 if problem else 200)


@require_POST
def undo(request: HttpRequest, job: Job) -> HttpResponse:
    """Undo a change, once."""
    is_change = job.kind == TAGS.name and job.state == JobState.DONE and "undo" not in job.order
    if not is_change or job.result.get("undone"):
        raise Http404("there is nothing to undo")
    Job.objects.filter(pk=job.pk).update(result={**job.result, "undone": True})
    act = REMOVE if job.order["act"] == ADD else ADD
    return redirect("desk:job", _start(request, job.about, {"undo": job.pk, "word": job.order["word"], "act": act}).pk)


def _start(request: HttpRequest, newsletter: str, order: dict[str, Any]) -> Job:
    return jobs.start(TAGS, config_of(request), newsletter, editor(request), order)


def _run(configuration: Config, job: Job, progress: jobs.JobProgress) -> jobs.Json:
    word, adds = job.order["word"], job.order["act"] == ADD
    changed: list[int] = list(job.result.get("changed", ()))
    numbers = _numbers(job)
    total, last_number = len(numbers), int(job.result.get("after", 0))
    for start in range(0, total, PORTION):
        portion = [n for n in numbers[start : start + PORTION] if n > last_number]
        if not portion:
            continue
        with transaction.atomic():
            changed += _change(portion, word, adds=adds)
            progress(start + PORTION, total, {"changed": changed, "after": portion[-1]})
    queries.changed([job.about] if job.about else configuration.newsletters)
    act = {"added" if adds else "removed": word, "count": len(changed)}
    Act.objects.log(job.by, acts.TAGS_CHANGED(), job.about or "subscribers", after=act)
    return {"changed": changed}


def _numbers(job: Job) -> list[int]:
    """Return the subscriptions to look at, in ascending order: those that the filter finds, or those of the undone
    change.
    """
    if undone := job.order.get("undo"):
        return sorted(Job.objects.get(pk=undone).result["changed"])
    subscribers = queries.matching(job.order["filter"])
    return list(subscribers.order_by("pk").values_list("pk", flat=True))


def _change(numbers: list[int], word: str, *, adds: bool) -> list[int]:
    """Change the tags of these subscriptions; return those that were changed."""
    rows = []
    for row in Subscription.objects.select_for_update().filter(pk__in=numbers).only("pk", "tags"):
        if (word in row.tags) is not adds:
            row.tags = tuple({*row.tags, word} if adds else set(row.tags) - {word})
            rows.append(row)
    Subscription.objects.bulk_update(rows, ["tags"], batch_size=500)
    return [row.pk for row in rows]


def _finished(request: HttpRequest, job: Job) -> HttpResponse:
    """Show what was changed, with a button to undo it."""
    count = len(job.result.get("changed", ()))
    context = {
        "job": job,
        "done": job.state == JobState.DONE,
        "problem": as_sentence(job.problem),
        "word": job.order["word"],
        "adds": job.order["act"] == ADD,
        "count": count,
        "changed": formatting.number(count),
        "undoable": bool(count) and "undo" not in job.order and not job.result.get("undone"),
        "back": urlencode(job.order.get("filter", {})),
    }
    return page(request, "bulk_tags", context, section="subscribers")


TAGS = jobs.JobKind(
    "tags",
    gettext_lazy("Changing tags"),
    "subscribers",
    Role.ADMIN,
    _run,
    _finished,
    jobs.always_resumable,
    anywhere=True,
    above=("desk:subscribers", gettext_lazy("Subscribers")),
)
