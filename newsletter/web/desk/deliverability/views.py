"""The page of deliverability, and the check of DNS in the background, whose last result is kept; for admins."""

from collections import Counter
from datetime import datetime
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from newsletter.config import Config
from newsletter.deliverability.records import fields
from newsletter.deliverability.requirements import NAMES, PURPOSES, Requirement
from newsletter.domain.check import Check, Verdict
from newsletter.messages import from_json, is_known
from newsletter.models import DnsCheck, Job
from newsletter.web.desk import formatting, jobs
from newsletter.web.desk.deliverability.complaint_rates import complaint_rates
from newsletter.web.desk.deliverability.dmarc_senders import senders
from newsletter.web.desk.pages import as_sentence, default_zone, editor, page
from newsletter.web.desk.permissions import Role
from newsletter.web.desk.settings.labels import places, with_labels
from subscribers.requests import config_of

STATES = {Verdict.GOOD: "ok", Verdict.NOTE: "", Verdict.UNKNOWN: "", Verdict.WARNING: "waiting", Verdict.BAD: "failed"}
"""The class of the style sheet for each verdict."""


def deliverability(request: HttpRequest) -> HttpResponse:
    """Show what was found when DNS was last checked, by domain and requirement."""
    last = last_check()
    checks = last[1] if last else []
    context = {
        "at": formatting.moment(last[0], default_zone(request)) if last else "",
        "running": jobs.unfinished(CHECK),
        "domains": [
            {"domain": domain, "rows": list(map(_row, of_domain))}
            for domain, of_domain in groupby(checks, key=lambda check: str(check.about.param("subject")))
        ],
        "counts": Counter(check.verdict.value for check in checks),
        "rates": list(complaint_rates(config_of(request), timezone.now(), default_zone(request))),
        "senders": senders(config_of(request), timezone.now(), default_zone(request)),
    }
    return page(request, "deliverability", context, section="settings")


@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """Check DNS in the background; a check that goes on is shown instead of a second one."""
    running = jobs.unfinished(CHECK)
    job = running or jobs.start(CHECK, config_of(request), "", editor(request), {})
    return redirect("desk:job", job.pk)


def _row(check: Check) -> dict[str, Any]:
    return {
        "check": check,
        "message": with_labels(check.message),
        "places": places(check.message),
        "title": check.about.param("message"),
        "purpose": PURPOSES[Requirement(check.requirement)](),
        "state": STATES[check.verdict],
        "records": [fields(line) for line in check.record.splitlines()],
        "required_by": [NAMES[name] for name in check.required_by],
    }


def last_check() -> tuple[datetime, list[Check]] | None:
    """Return when DNS was last checked, and the findings; None if it never was, or by another version."""
    row = DnsCheck.objects.first()
    checks = [_from_json(check) for check in row.checks] if row else []
    return (row.at, checks) if row and all(is_known(check.message) for check in checks) else None


def _run(configuration: Config, job: Job, progress: jobs.JobProgress) -> jobs.Json:
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
