"""The page of deliverability, for admins: requirements of mailbox providers, complaints, and who sends in our name.

DNS is checked in the background, and the last result is kept.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDate
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST

from newsletter.config import Config
from newsletter.deliverability.dmarc.policy import report_address
from newsletter.deliverability.rates import RECENT, Alarm, Rates, by_domain, total
from newsletter.deliverability.records import fields
from newsletter.deliverability.requirements import NAMES, PURPOSES, Requirement
from newsletter.domain.check import Check, Verdict
from newsletter.messages import from_json, is_known
from newsletter.messages.deliverability.signatures import NOT_SIGNED
from newsletter.models import DmarcReport, DmarcResult, DnsCheck, DomainRate, Job, Tally
from newsletter.web.desk import charts, formatting, jobs
from newsletter.web.desk.pages import as_sentence, editor, page, zone_of
from newsletter.web.desk.permissions import Role
from newsletter.web.desk.settings.labels import places, with_labels
from subscribers.requests import config_of

STATES_OF_VERDICTS = {
    Verdict.GOOD: "ok",
    Verdict.NOTE: "",
    Verdict.UNKNOWN: "",
    Verdict.WARNING: "waiting",
    Verdict.BAD: "failed",
}
"""The class of the style sheet for each verdict."""


def deliverability(request: HttpRequest) -> HttpResponse:
    """Show what was found when DNS was last checked, by domain and requirement."""
    last = last_check()
    checks = last[1] if last else []
    context = {
        "at": formatting.moment(last[0], zone_of(request)) if last else "",
        "running": jobs.unfinished(CHECK),
        "domains": [
            {"domain": domain, "rows": list(map(_row, of_domain))}
            for domain, of_domain in groupby(checks, key=lambda check: str(check.about.param("subject")))
        ],
        "counts": Counter(check.verdict.value for check in checks),
        "rates": list(complaint_rates(config_of(request), timezone.now(), zone_of(request))),
        "uncounted": _uncounted(config_of(request), timezone.now()),
        "senders": senders(config_of(request), timezone.now(), zone_of(request)),
    }
    return page(request, "deliverability", context, section="settings")


@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """Check DNS in the background; a check that goes on is shown instead of a second one."""
    job = jobs.unfinished(CHECK) or jobs.start(CHECK, config_of(request), "", editor(request), {})
    return redirect("desk:job", job.pk)


def _row(check: Check) -> dict[str, Any]:
    return {
        "check": check,
        "message": with_labels(check.message),
        "places": places(check.message),
        "title": check.about.param("message"),
        "purpose": PURPOSES[Requirement(check.requirement)](),
        "state": STATES_OF_VERDICTS[check.verdict],
        "records": [fields(line) for line in check.record.splitlines()],
        "key_domain": check.message.param("domain") if NOT_SIGNED.matches(check.message) else "",
        "required_by": [NAMES[name] for name in check.required_by],
    }


def last_check() -> tuple[datetime, list[Check]] | None:
    """Return when DNS was last checked, and the findings; None if it never was, or by another version."""
    row = DnsCheck.objects.first()
    checks = [_from_json(check) for check in row.checks] if row else []
    return (row.at, checks) if row and all(is_known(check.message) for check in checks) else None


def _run(configuration: Config, _job: Job, progress: jobs.JobProgress) -> jobs.Json:
    from newsletter.deliverability.report import report  # its parsers take half a second to import

    checks = report(configuration, step=progress)
    DnsCheck.objects.update_or_create(
        pk=1, defaults={"at": timezone.now(), "checks": [_to_json(check) for check in checks]}
    )
    return {"count": len(checks)}


def _show(request: HttpRequest, job: Job) -> HttpResponse:
    if job.problem:
        messages.error(request, as_sentence(job.problem))
    return redirect("desk:deliverability")


def _to_json(check: Check) -> dict[str, Any]:
    return {
        "about": check.about.to_json(),
        "verdict": check.verdict.value,
        "message": check.message.to_json(),
        "record": check.record,
        "requirement": check.requirement,
        "required_by": list(check.required_by),
    }


def _from_json(stored: dict[str, Any]) -> Check:
    return Check(
        from_json(stored["about"]),
        Verdict(stored["verdict"]),
        from_json(stored["message"]),
        stored["record"],
        stored["requirement"],
        tuple(stored["required_by"]),
    )


CHECK = jobs.JobKind(
    "dns", gettext_lazy("Checking DNS"), "settings", Role.ADMIN, _run, _show, jobs.always_resumable, anywhere=True
)


WEEKS, DOMAINS = 12, 15
STATES_OF_ALARMS = {Alarm.NONE: "", Alarm.HIGH: "waiting", Alarm.TOO_HIGH: "failed"}
"""The class of the style sheet for each alarm."""


def complaint_rates(configuration: Config, now: datetime, zone: tzinfo) -> Iterator[dict[str, object]]:
    """Yield the rates of each newsletter that has sent something in the last weeks: the chart and the weeks, newest
    first, and the domains with the most emails first.
    """
    for newsletter in configuration.newsletters.values():
        if weeks := _weeks(newsletter.name, now, zone):
            recent = by_domain(newsletter.name, now - RECENT)
            domains = [_line(domain, rates) for domain, rates in recent.items() if domain]
            others = [_line(_("Other domains"), recent[""])] if "" in recent else []
            yield {
                "title": newsletter.title,
                "total": _line("", total(recent.values())),
                "chart": _chart_of_rates(weeks),
                "weeks": [_line(formatting.day(monday), rates) for monday, rates in reversed(weeks)],
                "domains": [*domains[:DOMAINS], *others],
                "more": max(len(domains) - DOMAINS, 0),
            }


def _uncounted(configuration: Config, now: datetime) -> int:
    """Return how many emails of recent editions were accepted whose bounces and complaints aren't counted yet."""
    tallies = Tally.objects.filter(edition__newsletter__in=list(configuration.newsletters), edition__rates=None)
    return tallies.filter(edition__began_at__gt=now - timedelta(weeks=WEEKS)).aggregate(n=Sum("accepted"))["n"] or 0


def _line(name: str, rates: Rates) -> dict[str, str]:
    """Return a week or a domain with its numbers and shares as they are written."""
    return {
        "name": name,
        "sent": formatting.number(rates.sent),
        "bounced": formatting.number(rates.bounced),
        "complained": formatting.number(rates.complained),
        "bounce_share": formatting.share(rates.bounced, rates.sent),
        "complaint_share": formatting.share(rates.complained, rates.sent, decimals=2),
        "state": STATES_OF_ALARMS[rates.alarm],
    }


def _weeks(newsletter: str, now: datetime, zone: tzinfo) -> list[tuple[date, Rates]]:
    """Return the Monday of each week in which an edition began, and the rates of its editions."""
    rows = DomainRate.objects.filter(
        edition__newsletter=newsletter, edition__began_at__gt=now - timedelta(weeks=WEEKS)
    ).values("edition__began_at")
    weeks: defaultdict[date, list[Rates]] = defaultdict(list)
    for row in rows.annotate(s=Sum("sent"), b=Sum("bounced"), c=Sum("complained")).order_by():
        began: datetime = row["edition__began_at"]  # type: ignore[assignment] # the filter leaves no NULL
        day = began.astimezone(zone).date()
        weeks[day - timedelta(days=day.weekday())].append(Rates(row["s"], row["b"], row["c"]))
    return [(monday, total(rates)) for monday, rates in sorted(weeks.items())]


def _chart_of_rates(weeks: list[tuple[date, Rates]]) -> SafeString:
    columns = [[("bounced", rates.bounced), ("complained", rates.complained)] for _monday, rates in weeks]
    ends = formatting.day(weeks[0][0]), formatting.day(weeks[-1][0])
    return charts.stacked(columns, ends, _("Bounces and spam complaints by week"))


REPORTED = timedelta(days=30)
SERVERS, RECEIVERS = 50, 5
PASSED = Q(dkim=True) | Q(spf=True)


def senders(configuration: Config, now: datetime, zone: tzinfo) -> dict[str, object]:
    """Return the chart and the sums of the last days, and the servers; `more` are not shown.

    `address` is where reports are read, "" without a bounce mailbox.
    """
    results = DmarcResult.objects.filter(report__ends_at__gt=now - REPORTED)
    sums = results.aggregate(emails=_sum(), passed=_sum(PASSED))
    servers = results.values("address", "report__domain").order_by()
    return {
        "chart": _chart_of_senders(results, now, zone),
        "emails": formatting.number(sums["emails"]),
        "passed": formatting.number(sums["passed"]),
        "failed": formatting.number(sums["emails"] - sums["passed"]),
        "reports": formatting.number(DmarcReport.objects.filter(ends_at__gt=now - REPORTED).count()),
        "rows": _server_rows(results),
        "more": max(servers.distinct().count() - SERVERS, 0),
        "address": report_address(configuration),
    }


def _sum(condition: Q | None = None) -> Coalesce:
    return Coalesce(Sum("count", filter=condition), 0)


def _server_rows(results: QuerySet[DmarcResult]) -> list[dict[str, object]]:
    """Return the servers with the most failed emails first, then those with the most."""
    grouped = results.values("address", "report__domain").order_by()
    counted = grouped.annotate(emails=_sum(), passed=_sum(PASSED), dkims=_sum(Q(dkim=True)), spfs=_sum(Q(spf=True)))
    failed = counted.annotate(failed=F("emails") - F("passed"))
    rows = list(failed.order_by("-failed", "-emails", "address")[:SERVERS])
    receivers = _receivers(results, [row["address"] for row in rows])
    return [
        {
            "address": row["address"],
            "domain": row["report__domain"],
            "passed": formatting.number(row["passed"]),
            "failed": formatting.number(row["failed"]),
            "dkim": formatting.number(row["dkims"]),
            "spf": formatting.number(row["spfs"]),
            "receivers": receivers[(row["address"], row["report__domain"])][:RECEIVERS],
        }
        for row in rows
    ]


def _receivers(results: QuerySet[DmarcResult], addresses: list[str]) -> dict[tuple[str, str], list[str]]:
    """Return the receivers that reported each server and domain."""
    reported = results.filter(address__in=addresses).order_by("report__receiver")
    receivers: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for address, domain, receiver in reported.values_list("address", "report__domain", "report__receiver").distinct():
        receivers[(address, domain)].append(receiver)
    return receivers


def _chart_of_senders(results: QuerySet[DmarcResult], now: datetime, zone: tzinfo) -> SafeString:
    """Return a column for each day, of emails that passed and that failed."""
    by_day = results.annotate(day=TruncDate("report__begins_at", tzinfo=zone)).values("day").order_by()
    counts = {row["day"]: row for row in by_day.annotate(emails=_sum(), passed=_sum(PASSED))}
    moments = [now - timedelta(days=back) for back in range(REPORTED.days, -1, -1)]
    columns = []
    for moment in moments:
        row = counts.get(moment.astimezone(zone).date(), {"emails": 0, "passed": 0})
        columns.append([("passed", row["passed"]), ("unproven", row["emails"] - row["passed"])])
    ends = formatting.day(moments[0], zone), formatting.day(now, zone)
    return charts.stacked(columns, ends, _("Emails that passed and failed DMARC, by day"))
