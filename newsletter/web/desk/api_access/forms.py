"""The forms for tokens and webhooks."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from newsletter.api.permissions import TokenScope
from newsletter.config import Newsletter
from newsletter.events.record import EventKind
from newsletter.web.desk.forms import DeskForm

SCOPES = {
    TokenScope.NEWSLETTERS_READ: _("See newsletters"),
    TokenScope.EDITIONS_READ: _("See editions and their progress"),
    TokenScope.EDITIONS_WRITE: _("Create and change drafts"),
    TokenScope.EDITIONS_SEND: _("Approve, send, pause and cancel"),
    TokenScope.POSTS_READ: _("See posts"),
    TokenScope.POSTS_WRITE: _("Push posts"),
    TokenScope.SUBSCRIBERS_READ: _("See and export subscribers"),
    TokenScope.SUBSCRIBERS_WRITE: _("Add, change and unsubscribe subscribers"),
    TokenScope.EVENTS_READ: _("See events"),
}
"""What each scope allows, as the desk says it."""

EVENTS = {
    EventKind.EDITION_DRAFTED: _("A draft was created"),
    EventKind.EDITION_APPROVED: _("An edition was approved"),
    EventKind.EDITION_SENT: _("An edition was sent"),
    EventKind.SUBSCRIBER_JOINED: _("Someone subscribed"),
    EventKind.SUBSCRIBER_CHANGED: _("A subscriber’s details changed"),
    EventKind.SUBSCRIBER_LEFT: _("A subscription ended"),
    EventKind.EMAIL_BOUNCED: _("An email bounced"),
    EventKind.EMAIL_COMPLAINED: _("An email was reported as spam"),
}
"""What each kind of event says, as the desk says it."""


class _ForNewsletters(DeskForm):
    """A form about some newsletters, or all."""

    newsletters = forms.MultipleChoiceField(
        label=_("Limit to"),
        help_text=_("If none is ticked, all newsletters are included."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, newsletters: Iterable[Newsletter], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["newsletters"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(newsletter.name, newsletter.title) for newsletter in newsletters]


class TokenForm(_ForNewsletters):
    """A new token."""

    field_order = ("name", "scopes", "newsletters")
    name = forms.CharField(
        label=_("What is it for?"),
        help_text=_("For example, the program that uses it."),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label=_("Permissions"),
        choices=[(scope.value, label) for scope, label in SCOPES.items()],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one.")},
    )


class WebhookForm(_ForNewsletters):
    """A new webhook."""

    field_order = ("url", "kinds", "newsletters")
    url = forms.CharField(
        label=_("Web address"),
        max_length=2_000,
        widget=forms.URLInput(attrs={"autocomplete": "off", "placeholder": "https://"}),
    )
    kinds = forms.MultipleChoiceField(
        label=_("Events"),
        help_text=_("If none is ticked, all events are sent."),
        choices=[(kind.value, format_lazy("{} ({})", EVENTS[kind], kind.value)) for kind in EventKind],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
