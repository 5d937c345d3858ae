"""The pages of confirmations that subscribers still owe: emails that were delayed, to send or delete them; and
subscribers who were asked whether they still want a newsletter, and have not answered.
"""

from datetime import timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext

from newsletter.config import Newsletter
from newsletter.messages import acts
from newsletter.models import Act
from newsletter.web.desk import formatting
from newsletter.web.desk.pages import editor, page
from subscribers import asking, delayed_confirmations, pacing

DOMAINS = 30
"""How many domains are listed, those with the most first."""


def delayed(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """Show what waits; POST sends or deletes the emails to one address, to one domain, or all."""
    if request.method == "POST":
        return _act(request, newsletter.name)
    since = timezone.now() - timedelta(days=30)
    totals = delayed_confirmations.totals(newsletter.name, since)
    domains = delayed_confirmations.domains(newsletter.name)
    context = {
        "newsletter": newsletter,
        "totals": {key: formatting.number(count) for key, count in totals.items()},
        "waiting": totals["waiting"],
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
    if "delete" in request.POST:
        count = pacing.delete(rows)
        act = acts.DELAYED_DELETED()
        sentence = ngettext("%(n)s email was deleted.", "%(n)s emails were deleted.", count)
    else:
        count = delayed_confirmations.release(rows, timezone.now())
        act = acts.DELAYED_SENT()
        sentence = ngettext("%(n)s email will be sent now.", "%(n)s emails will be sent now.", count)
    Act.objects.log(editor(request), act, newsletter, after={"count": count})
    messages.success(request, sentence % {"n": formatting.number(count)})
    return redirect("desk:subscribers-delayed", newsletter)


def unanswered(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """List them, the longest ago first. Each can be unsubscribed on their page; the program unsubscribes nobody."""
    now = timezone.now()
    pages = Paginator(asking.unanswered(newsletter, now), 50)
    subscriptions = pages.get_page(request.GET.get("page"))
    context = {
        "newsletter": newsletter,
        "page_obj": subscriptions,
        "rows": [
            {
                "subscription": subscription,
                "asked": formatting.day(subscription.asked_at, newsletter.zone),
                "sign": formatting.day(
                    max(filter(None, (subscription.heard_at, subscription.joined, subscription.created))),
                    newsletter.zone,
                ),
            }
            for subscription in subscriptions
        ],
        "count": pages.count,
        "waiting": asking.silent(newsletter, now).count() if newsletter.ask_after else 0,
        "days": asking.TO_ANSWER.days,
    }
    return page(request, "unanswered", context, section="subscribers")
