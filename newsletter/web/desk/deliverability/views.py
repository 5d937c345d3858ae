"""The page of deliverability; for admins."""

from collections import Counter
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from newsletter.deliverability.records import fields
from newsletter.deliverability.requirements import NAMES, PURPOSES, Requirement
from newsletter.domain.check import Check, Verdict
from newsletter.web.desk import formatting
from newsletter.web.desk.deliverability import dns_check
from newsletter.web.desk.deliverability.complaint_rates import complaint_rates
from newsletter.web.desk.deliverability.dmarc_senders import senders
from newsletter.web.desk.jobs import work
from newsletter.web.desk.pages import default_zone, editor, page
from newsletter.web.desk.settings.labels import places, with_labels
from subscribers.requests import config_of

STATES = {Verdict.GOOD: "ok", Verdict.NOTE: "", Verdict.UNKNOWN: "", Verdict.WARNING: "waiting", Verdict.BAD: "failed"}
"""The class of the style sheet for each verdict."""


def deliverability(request: HttpRequest) -> HttpResponse:
    """Show what was found when DNS was last checked, by domain and requirement."""
    last_check = dns_check.last()
    checks = last_check[1] if last_check else []
    context = {
        "at": formatting.moment(last_check[0], default_zone(request)) if last_check else "",
        "running": work.unfinished(dns_check.CHECK),
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
    running = work.unfinished(dns_check.CHECK)
    job = running or work.start(dns_check.CHECK, config_of(request), "", editor(request), {})
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
