"""The pages of sources: how they are doing, reading them now, and trying an address before it becomes one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from newsletter import config
from newsletter.collecting import gaps
from newsletter.collecting.collect import collect
from newsletter.config import Config, Newsletter
from newsletter.feeds.sources.read import read
from newsletter.messages import Message, from_json
from newsletter.messages.sources import read_once
from newsletter.models import Job, Source, SourceDay, SourceGap
from newsletter.web.desk import charts, formatting, jobs
from newsletter.web.desk.pages import as_sentence, editor, page
from newsletter.web.desk.permissions import Role
from newsletter.web.desk.settings import catalogue
from subscribers.requests import config_of


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """One source; `state` is ok, failed, or pending where it was never read."""

    newsletter: str
    settings: config.SourceSettings
    state: str
    kind: str
    title: str
    read_at: datetime | None
    tried_at: datetime | None
    retry_at: datetime | None
    problem: Message | None
    notes: tuple[Message, ...]
    posts: int

    @property
    def name(self) -> str:
        """What people call it: its name in the configuration, its own title, or its address."""
        return self.settings.name or self.title or self.settings.url


def kind_name(kind: str) -> str:
    """Return the name of a source's kind, as its settings page has it; "" as long as it is to be detected."""
    names = next(field.choices for field in catalogue.SOURCE.fields if field.key == "type")
    return "" if kind == "auto" else str(dict(names).get(kind, kind))


def health(configuration: Config) -> list[SourceHealth]:
    """Return all sources in the order of the configuration, without those of archived newsletters, which are not
    read.
    """
    rows = {(s.newsletter, s.url): s for s in Source.objects.annotate(posts=Count("listings"))}
    open_gaps = gaps.recent(timezone.now())
    return [
        _health(newsletter.name, settings, rows.get((newsletter.name, settings.url), Source()), open_gaps)
        for newsletter in configuration.newsletters.values()
        if newsletter.status != "archived"
        for settings in newsletter.sources
    ]


def days_read(since: date) -> dict[tuple[str, str], list[SourceDay]]:
    """Return the days on which each source was read, by its newsletter and address; oldest first."""
    days: dict[tuple[str, str], list[SourceDay]] = {}
    for row in SourceDay.objects.filter(day__gte=since).select_related("source").order_by("day"):
        days.setdefault((row.source.newsletter, row.source.url), []).append(row)
    return days


def _health(
    newsletter: str, settings: config.SourceSettings, row: Source, open_gaps: Mapping[int, SourceGap]
) -> SourceHealth:
    """Return how a source is doing; the row is a new one if the source was never read."""
    gap = open_gaps.get(row.pk)
    return SourceHealth(
        newsletter=newsletter,
        settings=settings,
        state="failed" if row.problem or row.stopped else "ok" if row.read_at else "pending",
        kind=row.kind or settings.type,
        title=row.title,
        read_at=row.read_at,
        tried_at=row.tried_at,
        retry_at=row.retry_at,
        problem=row.problem,
        notes=(*row.notes, *((gaps.message(gap),) if gap else ())),
        posts=int(getattr(row, "posts", 0)),
    )


DAYS = 30
Days = Mapping[tuple[str, str], list[SourceDay]]


def sources(request: HttpRequest) -> HttpResponse:
    """Show every source of every newsletter, failing ones first."""
    sources_health = sorted(health(config_of(request)), key=lambda h: ("failed", "pending", "ok").index(h.state))
    today = timezone.now().astimezone(UTC).date()
    days = days_read(today - timedelta(days=DAYS))
    groups = [
        {
            "newsletter": newsletter,
            "rows": [_row(h, newsletter, _days(days, h, today)) for h in sources_health if h.newsletter == name],
        }
        for name, newsletter in config_of(request).newsletters.items()
        if newsletter.status != "archived"
    ]
    return page(request, "sources", {"groups": groups}, section="sources")


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
def fetch(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """Read all sources of a newsletter now, in the background."""
    name = newsletter.name
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


POSTS_SHOWN = 8


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


def _try(configuration: Config, job: Job, _progress: jobs.JobProgress) -> jobs.Json:
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
            for post in reading.posts[:POSTS_SHOWN]
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
