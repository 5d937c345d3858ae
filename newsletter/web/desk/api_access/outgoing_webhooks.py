"""The pages of outgoing webhooks: list, add, remove, and the log of deliveries; for admins."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from newsletter.events import delivering, webhooks
from newsletter.events.record import EventKind
from newsletter.models import EventWebhook, WebhookDelivery, WebhookDeliveryState
from newsletter.web.converters import whole_number
from newsletter.web.desk import formatting
from newsletter.web.desk.api_access.forms import EVENTS, WebhookForm
from newsletter.web.desk.pages import as_sentence, default_zone, editor, newsletter_title, page
from subscribers.requests import config_of

PAGE = 50


def listed(request: HttpRequest) -> HttpResponse:
    """Show all webhooks, and a form for one more."""
    newsletters = config_of(request).newsletters.values()
    form = WebhookForm(newsletters, request.POST if request.method == "POST" else None)
    if form.is_valid():
        entered, now = form.cleaned_data, timezone.now()
        kinds = [EventKind(kind) for kind in entered["kinds"]]
        try:
            row = webhooks.add(
                config_of(request), entered["url"], kinds, entered["newsletters"], by=editor(request), now=now
            )
        except webhooks.WebhookProblem as problem:
            form.add_error("url", as_sentence(problem))
        else:
            messages.success(request, _("Webhook added. Its secret is below."))
            return redirect("desk:webhook", row.pk)
    rows = [
        {
            "webhook": row,
            "events": [EVENTS.get(kind, kind) for kind in row.kinds],
            "newsletters": [newsletter_title(request, name) for name in row.newsletters],
            "failed": row.deliveries.filter(state=WebhookDeliveryState.FAILED).count(),
            "waiting": row.deliveries.filter(state=WebhookDeliveryState.PENDING).count(),
            "delivered": row.deliveries.exists(),
        }
        for row in EventWebhook.objects.order_by("-pk")
    ]
    context = {"form": form, "rows": rows}
    return page(request, "outgoing_webhooks", context, section="settings", status=422 if form.errors else 200)


def log(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one webhook: its secret, and what it was told, the newest first."""
    row, zone = get_object_or_404(EventWebhook, pk=pk), default_zone(request)
    deliveries = row.deliveries.select_related("event").order_by("-pk")
    page_of_deliveries = Paginator(deliveries, PAGE).get_page(request.GET.get("page"))
    lines = [
        {
            "delivery": delivery,
            "when": formatting.moment(delivery.tried_at, zone) if delivery.tried_at else "",
            "due": formatting.moment(delivery.due, zone),
            "answer": _("Status %(status)s") % {"status": delivery.status} if delivery.status else delivery.problem,
        }
        for delivery in page_of_deliveries
    ]
    has_failed = row.deliveries.filter(state=WebhookDeliveryState.FAILED).exists()
    context = {"webhook": row, "found": page_of_deliveries, "lines": lines, "has_failed": has_failed}
    return page(request, "webhook", context, section="settings")


@require_POST
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """Send something again, or all that failed, or remove the webhook."""
    row = get_object_or_404(EventWebhook, pk=pk)
    action, now = request.POST.get("act", ""), timezone.now()
    if action == "remove":
        webhooks.remove(row, by=editor(request), now=now)
        messages.success(request, _("Webhook removed."))
        return redirect("desk:webhooks")
    failed = row.deliveries.filter(state=WebhookDeliveryState.FAILED)
    number = whole_number(request.POST.get("delivery", "")) or 0
    deliveries = row.deliveries.filter(pk=number) if action == "replay" else failed
    for delivery in WebhookDelivery.objects.filter(pk__in=deliveries.values("pk")):
        delivering.replay(delivery, now)
    messages.success(request, _("Sending again."))
    return redirect("desk:webhook", pk)
