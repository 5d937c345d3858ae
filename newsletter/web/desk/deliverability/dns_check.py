"""Checking DNS in the background; the last result is kept with its time."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy

from newsletter.config import Config
from newsletter.domain.check import Check, Verdict
from newsletter.messages import from_json, is_known
from newsletter.models import DnsCheck, Job
from newsletter.web.desk.jobs import work
from newsletter.web.desk.pages import as_sentence
from newsletter.web.desk.permissions import Role


def last() -> tuple[datetime, list[Check]] | None:
    """Return when DNS was last checked, and the findings; None if it never was, or by another version."""
    row = DnsCheck.objects.first()
    checks = [_from_json(check) for check in row.checks] if row else []
    return (row.at, checks) if row and all(is_known(check.message) for check in checks) else None


def _run(configuration: Config, job: Job, progress: work.JobProgress) -> work.Json:
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


CHECK = work.JobKind(
    "dns", gettext_lazy("Checking DNS"), "settings", Role.ADMIN, _run, _show, work.always_resumable, anywhere=True
)
