"""The sources: how they are doing, and reading them now."""

from collections.abc import Mapping
from datetime import UTC, date, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from newsletter import config
from newsletter.collecting.collect import collect
from newsletter.messages import from_json
from newsletter.models import Job, SourceDay
from newsletter.web.desk import charts, formatting, jobs
from newsletter.web.desk.pages import as_sentence, editor, newsletter_of, page
from newsletter.web.desk.permissions import Role
from newsletter.web.desk.sources.queries import SourceHealth, days_read, health, kind_name
from subscribers.requests import config_of

DAYS = 30
Days = Mapping[tuple[str, str], list[SourceDay]]


def sources(request: HttpRequest) -> HttpResponse:
    """Show every source of every newsletter, failing ones first."""
    sources_health, today = health(config_of(request)), timezone.now().astimezone(UTC).date()
    days = days_read(today - timedelta(days=DAYS))
    groups = [
        {
            "newsletter": newsletter,
            "rows": [_row(h, newsletter, _days(days, h, today)) for h in _worst_first(sources_health, name)],
        }
        for name, newsletter in config_of(request).newsletters.items()
        if newsletter.status != "archived"
    ]
    return page(request, "sources", {"groups": groups}, section="sources")


def _worst_first(sources: list[SourceHealth], name: str) -> list[SourceHealth]:
    return sorted(
        (h for h in sources if h.newsletter == name), key=lambda h: ("failed", "pending", "ok").index(h.state)
    )


def _row(source: SourceHealth, newsletter: config.Newsletter, days: object) -> dict[str, object]:
    states = {"failed": _("Failing"), "pending": _("Not checked yet"), "ok": _("OK")}
    return {
        "source": source,
        "number": newsletter.sources.index(source.settings) + 1,
        "state": states[source.state],
        "read": formatting.ago(source.read_at),
        "tried": formatting.ago(source.tried_at),
        "retry": formatting.moment(source.retry_at, newsletter.zone),
        "posts": formatting.number(source.posts),
        "kind": kind_name(source.kind),
        "days": days,
    }


def _days(days_of_sources: Days, source: SourceHealth, today: date) -> dict[str, object] | None:
    """Return the last 30 days of a source as a chart, in words, and those on which it failed; None if it was never
    read.
    """
    by_day = {row.day: row for row in days_of_sources.get((source.newsletter, source.settings.url), [])}
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    checked = [by_day[day] for day in days if day in by_day]
    if not checked:
        return None
    failed = [row for row in checked if row.failures]
    sentence = ngettext("OK on %(ok)s of %(all)s day", "OK on %(ok)s of %(all)s days", len(checked))
    return {
        "chart": charts.strip([_state(by_day.get(day)) for day in days], _("The last 30 days")),
        "said": sentence
        % {"ok": formatting.number(len(checked) - len(failed)), "all": formatting.number(len(checked))},
        "failed": [
            _("%(day)s: %(failures)s of %(tries)s checks failed")
            % {"day": formatting.day(row.day), "failures": row.failures, "tries": row.tries}
            for row in reversed(failed)
        ],
    }


def _state(row: SourceDay | None) -> str:
    if row is None:
        return "none"
    return "ok" if not row.failures else "some" if row.failures < row.tries else "failed"


@require_POST
def fetch(request: HttpRequest, name: str) -> HttpResponse:
    """Read all sources of a newsletter now, in the background."""
    newsletter_of(request, name)
    running = jobs.unfinished(COLLECT, name) or jobs.start(COLLECT, config_of(request), name, editor(request), {})
    return redirect("desk:job", running.pk)


def _collect(configuration: config.Config, job: Job, progress: jobs.JobProgress) -> jobs.Json:
    brought = collect(configuration, job.about, now=timezone.now(), step=progress)
    return {
        "new": sum(result.new for result in brought),
        "problems": [result.problem.to_json() for result in brought if result.problem],
    }


def _collected(request: HttpRequest, job: Job) -> HttpResponse:
    """Show the present state of the sources, with the result of reading them."""
    if job.problem:
        messages.error(request, as_sentence(job.problem))
        return redirect("desk:sources")
    new: int = job.result["new"]
    sentence = ngettext("%(count)s new post.", "%(count)s new posts.", new) % {"count": formatting.number(new)}
    messages.success(request, sentence if new else _("There is nothing new at the sources."))
    for problem in job.result["problems"]:
        messages.warning(request, as_sentence(from_json(problem)))
    return redirect("desk:sources")


COLLECT = jobs.JobKind(
    "collect",
    gettext_lazy("Checking sources"),
    "sources",
    Role.EDITOR,
    _collect,
    _collected,
    jobs.always_resumable,
    anywhere=True,
)
