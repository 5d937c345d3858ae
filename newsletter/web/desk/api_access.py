"""The pages that give other programs access, for admins: tokens of the API, and webhooks that tell them of events."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST

from newsletter import later
from newsletter.api import tokens
from newsletter.api.permissions import TokenScope
from newsletter.config import Newsletter
from newsletter.events import webhooks
from newsletter.events.record import EventKind, deliveries
from newsletter.models import ApiToken, EventWebhook, RecordedEvent
from newsletter.web.converters import whole_number
from newsletter.web.desk import formatting, users
from newsletter.web.desk.forms import DeskForm
from newsletter.web.desk.pages import as_sentence, editor, newsletter_title, page, sentences, zone_of
from subscribers.requests import config_of

SCOPES = {
    TokenScope.NEWSLETTERS_READ: gettext_lazy("See newsletters"),
    TokenScope.EDITIONS_READ: gettext_lazy("See editions and their progress"),
    TokenScope.EDITIONS_WRITE: gettext_lazy("Create and change drafts"),
    TokenScope.EDITIONS_SEND: gettext_lazy("Approve, send, pause and cancel"),
    TokenScope.POSTS_READ: gettext_lazy("See posts"),
    TokenScope.POSTS_WRITE: gettext_lazy("Push posts"),
    TokenScope.SUBSCRIBERS_READ: gettext_lazy("See and export subscribers"),
    TokenScope.SUBSCRIBERS_WRITE: gettext_lazy("Add, change and unsubscribe subscribers"),
    TokenScope.EVENTS_READ: gettext_lazy("See events"),
}
"""What each scope allows, as the desk says it."""

EVENTS = {
    EventKind.EDITION_DRAFTED: gettext_lazy("A draft was created"),
    EventKind.EDITION_APPROVED: gettext_lazy("An edition was approved"),
    EventKind.EDITION_SENT: gettext_lazy("An edition was sent"),
    EventKind.SUBSCRIBER_JOINED: gettext_lazy("Someone subscribed"),
    EventKind.SUBSCRIBER_CHANGED: gettext_lazy("A subscriber’s details changed"),
    EventKind.SUBSCRIBER_LEFT: gettext_lazy("A subscription ended"),
    EventKind.EMAIL_BOUNCED: gettext_lazy("An email bounced"),
    EventKind.EMAIL_COMPLAINED: gettext_lazy("An email was reported as spam"),
}
"""What each kind of event says, as the desk says it."""


class _ForNewsletters(DeskForm):
    """A form about some newsletters, or all."""

    def __init__(self, newsletters: Iterable[Newsletter], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["newsletters"] = forms.MultipleChoiceField(
            label=gettext_lazy("Limit to"),
            help_text=gettext_lazy("If none is ticked, all newsletters are included."),
            required=False,
            widget=forms.CheckboxSelectMultiple,
            choices=[(newsletter.name, newsletter.title) for newsletter in newsletters],
        )


class TokenForm(_ForNewsletters):
    """A new token."""

    name = forms.CharField(
        label=gettext_lazy("What is it for?"),
        help_text=gettext_lazy("For example, the program that uses it."),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Permissions"),
        choices=[(scope.value, label) for scope, label in SCOPES.items()],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one.")},
    )


class WebhookForm(_ForNewsletters):
    """A new webhook."""

    url = forms.CharField(
        label=gettext_lazy("Web address"),
        max_length=2_000,
        widget=forms.URLInput(attrs={"autocomplete": "off", "placeholder": "https://"}),
    )
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Events"),
        help_text=gettext_lazy("If none is ticked, all events are sent."),
        choices=[(kind.value, format_lazy("{} ({})", EVENTS[kind], kind.value)) for kind in EventKind],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


def tokens_page(request: HttpRequest) -> HttpResponse:
    """Show all tokens, and a form for one more; a new one is shown here and nowhere else."""
    newsletters = config_of(request).newsletters.values()
    form = TokenForm(newsletters, request.POST if request.method == "POST" else None)
    created: tokens.CreatedToken | None = None
    if form.is_valid():
        entered, by, now = form.cleaned_data, editor(request), timezone.now()
        try:
            created = tokens.create(
                config_of(request), entered["name"], entered["scopes"], entered["newsletters"], by=by, now=now
            )
        except tokens.TokenProblem as problem:
            form.add_error("name", as_sentence(problem))
        else:
            form = TokenForm(newsletters)
    context = {"form": form, "rows": _token_rows(request), "made": created}
    return page(request, "tokens", context, section="settings", status=422 if form.errors else 200)


def _token_rows(request: HttpRequest) -> list[dict[str, object]]:
    rows, zone = tokens.listed(), zone_of(request)
    names = users.names(row.created_by for row in rows)
    return [
        {
            "token": row,
            "allows": [SCOPES.get(scope, scope) for scope in row.scopes],
            "newsletters": [newsletter_title(request, name) for name in row.newsletters],
            "created": formatting.day(row.created_at, zone),
            "by": names[row.created_by],
            "used": formatting.moment(row.last_used_at, zone),
            "revoked": formatting.day(row.revoked_at, zone),
        }
        for row in rows
    ]


@require_POST
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke a token; programs that use it are refused from now on."""
    key = ApiToken.objects.filter(pk=pk).values_list("key", flat=True).first()
    with sentences(request):
        row = tokens.revoke(key or str(pk), by=editor(request), now=timezone.now())
        messages.success(request, _("The token “%(name)s” has been revoked.") % {"name": row.name})
    return redirect("desk:tokens")


DELIVERIES_ON_PAGE = 50


def webhooks_page(request: HttpRequest) -> HttpResponse:
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
            "failed": deliveries(row).exclude(gave_up_at=None).count(),
            "waiting": later.unfinished(deliveries(row)).count(),
            "delivered": deliveries(row).exists(),
        }
        for row in EventWebhook.objects.order_by("-pk")
    ]
    context = {"form": form, "rows": rows}
    return page(request, "outgoing_webhooks", context, section="settings", status=422 if form.errors else 200)


def webhook(request: HttpRequest, webhook: EventWebhook) -> HttpResponse:
    """Show one webhook: its secret, and what it was told, the newest first."""
    zone = zone_of(request)
    page_of_deliveries = Paginator(deliveries(webhook).order_by("-pk"), DELIVERIES_ON_PAGE).get_page(
        request.GET.get("page")
    )
    keys = [delivery.payload["event"] for delivery in page_of_deliveries]
    events = RecordedEvent.objects.in_bulk(keys, field_name="key")
    lines = [
        {
            "delivery": delivery,
            "event": events.get(delivery.payload["event"]),
            "when": formatting.moment(delivery.tried_at, zone),
            "due": formatting.moment(delivery.due, zone),
            "answer": _("Status %(status)s") % {"status": status}
            if (status := delivery.payload.get("status"))
            else as_sentence(delivery.problem),
        }
        for delivery in page_of_deliveries
    ]
    has_failed = deliveries(webhook).exclude(gave_up_at=None).exists()
    context = {"webhook": webhook, "page_obj": page_of_deliveries, "lines": lines, "has_failed": has_failed}
    return page(request, "webhook", context, section="settings")


@require_POST
def change_webhook(request: HttpRequest, webhook: EventWebhook) -> HttpResponse:
    """Send something again, or all that failed, or remove the webhook."""
    action, now = request.POST.get("act", ""), timezone.now()
    if action == "remove":
        webhooks.remove(webhook, by=editor(request), now=now)
        messages.success(request, _("Webhook removed."))
        return redirect("desk:webhooks")
    number = whole_number(request.POST.get("delivery", "")) or 0
    rows = deliveries(webhook)
    later.retry(rows.filter(pk=number) if action == "replay" else rows.exclude(gave_up_at=None), now)
    messages.success(request, _("Sending again."))
    return redirect("desk:webhook", webhook.pk)
