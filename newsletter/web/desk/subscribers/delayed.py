"""The page of confirmation emails that were delayed: how many, for which domains, to send or delete them."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from newsletter.messages import acts
from newsletter.models import Act
from newsletter.web.desk import formatting
from newsletter.web.desk.pages import editor, newsletter_of, page
from subscribers import delayed_confirmations

DOMAINS = 30
"""How many domains are listed, those with the most first."""


def delayed(request: HttpRequest, name: str) -> HttpResponse:
    """Show what waits; POST sends or deletes the emails to one address, to one domain, or all."""
    newsletter = newsletter_of(request, name)
    if request.method == "POST":
        return _act(request, newsletter.name)
    since = timezone.now() - timedelta(days=30)
    totals = delayed_confirmations.totals(newsletter.name, since)
    domains = delayed_confirmations.domains(newsletter.name)
    context = {
        "newsletter": newsletter,
        "totals": {
            "waiting": formatting.number(totals.waiting),
            "released": formatting.number(totals.released),
            "confirmed": formatting.number(totals.confirmed),
        },
        "waiting": totals.waiting,
        "domains": [(domain, formatting.number(count)) for domain, count in domains[:DOMAINS]],
        "others": max(0, len(domains) - DOMAINS),
        "days": delayed_confirmations.KEEP_DELAYED.days,
    }
    return page(request, "delayed", context, section="subscribers")


def _act(request: HttpRequest, newsletter: str) -> HttpResponse:
    rows = delayed_confirmations.waiting().filter(newsletter=newsletter)
    address, domain = request.POST.get("address", "").strip().lower(), request.POST.get("domain", "")
    if "one" in request.POST:
        rows = rows.filter(subscriber__key=address)
        if not address or not rows.exists():
            messages.error(request, _("No delayed email waits for that address."))
            return redirect("desk:subscribers-delayed", newsletter)
    elif domain:
        rows = rows.filter(subscriber__domain=domain)
    deletes = "delete" in request.POST
    count = rows.delete()[0] if deletes else delayed_confirmations.release(rows, timezone.now())
    Act.objects.log(
        editor(request), (acts.DELAYED_DELETED if deletes else acts.DELAYED_SENT)(), newsletter, after={"count": count}
    )
    messages.success(request, _deleted(count) if deletes else _sent(count))
    return redirect("desk:subscribers-delayed", newsletter)


def _sent(count: int) -> str:
    return ngettext("%(n)s email will be sent now.", "%(n)s emails will be sent now.", count) % {
        "n": formatting.number(count)
    }


def _deleted(count: int) -> str:
    return ngettext("%(n)s email was deleted.", "%(n)s emails were deleted.", count) % {"n": formatting.number(count)}
