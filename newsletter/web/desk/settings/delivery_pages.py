"""The settings pages of how emails are sent, and of webhooks through which services report events. The keys of
email services with an API are those of django-anymail.
"""

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from django.http import HttpRequest, HttpResponse
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy, gettext_lazy as _

from newsletter.bounces import webhook_events, webhook_secrets
from newsletter.config import Config
from newsletter.providers import PROVIDERS
from newsletter.providers.declaration import Key
from newsletter.web.desk import formatting
from newsletter.web.desk.pages import page
from newsletter.web.desk.settings.fields import Kind, PageSection, RowColumn, Rows, SettingField, SettingsPage, Words
from newsletter.web.hooks.provider_views import WEBHOOKS, address_of, signing_key
from subscribers.requests import config_of

API_NAMES = {key: provider.name for key, provider in PROVIDERS.items()}
"""The values of `delivery.provider` for services with an API, and how the services write their names."""

PROVIDER_CHOICES: tuple[tuple[str, Words], ...] = (
    ("smtp", _("Mail server, by SMTP")),
    ("file", _("Save to a folder, to try things out")),
    *API_NAMES.items(),
)


def _field(service: str, key: Key) -> SettingField:
    label = format_lazy(gettext_lazy(key.label), service=API_NAMES[service])
    help_text = gettext_lazy(key.help) if key.help else ""
    kind = Kind.SECRET if key.secret else Kind.TEXT
    return SettingField(f"{service}.{key.name}", label, help_text, kind, destination=key.destination)


EMAIL_SERVICES = SettingsPage(
    "providers",
    _("Email services"),
    "delivery",
    tuple(_field(name, key) for name, provider in PROVIDERS.items() for key in provider.keys if key.label),
    intro=_("Fill in the service that you use, and choose it as the provider under “Delivery”."),
    groups=tuple(API_NAMES.items()),
)
DELIVERY = SettingsPage(
    "delivery",
    _("Delivery"),
    "delivery",
    sections=(
        PageSection(
            "provider",
            _("Provider"),
            (SettingField("provider", _("Provider"), choices=PROVIDER_CHOICES),),
        ),
        PageSection(
            "server",
            _("Server and login"),
            (
                SettingField("smtp.host", _("SMTP server"), destination=True),
                SettingField("smtp.port", _("Port"), _("Usually 587 with a login, or 465 with TLS."), destination=True),
                SettingField(
                    "smtp.security",
                    _("Encryption"),
                    _(
                        "Leave it at Automatic unless your provider says otherwise: that is STARTTLS, or no encryption "
                        "if the server is on this machine."
                    ),
                    choices=(
                        ("auto", _("Automatic")),
                        ("tls", "TLS"),
                        ("starttls", "STARTTLS"),
                        ("none", _("None")),
                    ),
                    destination=True,
                ),
                SettingField("smtp.user", _("User name"), destination=True),
                SettingField("smtp.password", _("Password"), kind=Kind.SECRET),
            ),
        ),
        PageSection(
            "fallback",
            _("Fallback"),
            (
                SettingField(
                    "fallback",
                    _("Fallback provider"),
                    _("Sends the rest of an edition if the provider refuses access or can’t be reached."),
                    choices=(("", _("None")), *(choice for choice in PROVIDER_CHOICES if choice[0] != "file")),
                ),
            ),
        ),
        PageSection(
            "rate",
            _("Rate and connections"),
            (
                SettingField("rate", _("Maximum rate"), _("Such as 20/s, 300/m or 5000/h. 0 means no limit.")),
                SettingField("connections", _("Connections"), _("How many may be open at the same time.")),
            ),
        ),
        PageSection(
            "domains",
            _("Limits by domain"),
            (
                SettingField(
                    "domains",
                    _("Limits for individual domains"),
                    _(
                        "For mailbox providers that accept only a few emails at a time. Write rates such as 20/s, "
                        "300/m or 5000/h."
                    ),
                    Kind.ROWS,
                    rows=Rows(
                        (
                            RowColumn("domain", _("Domain"), example="gmail.com"),
                            RowColumn("connections", _("Connections"), kind=Kind.NUMBER, example="2"),
                            RowColumn("rate", _("Maximum rate"), example="20/s"),
                        ),
                        add=_("Add a domain"),
                    ),
                ),
            ),
        ),
        PageSection(
            "warm-up",
            _("Warm-up"),
            (
                SettingField(
                    "warm_up.first_day",
                    _("Messages on the first day"),
                    _("For a new sending address. 0 means no limit."),
                ),
                SettingField("warm_up.growth", _("Growth per day"), _("1.5 means 50 per cent more each day.")),
            ),
        ),
        PageSection(
            "pause",
            _("Automatic pause"),
            (
                SettingField(
                    "guard.bounces", _("Pause if bounces exceed"), _("Per cent of an edition’s emails. 0 means never.")
                ),
                SettingField(
                    "guard.complaints",
                    _("Pause if spam complaints exceed"),
                    _("Per cent of an edition’s emails, and at least three complaints. 0 means never."),
                ),
                SettingField(
                    "guard.minimum",
                    _("Only after this many emails"),
                    _("With fewer emails, percentages mean little. At least 50."),
                ),
            ),
        ),
        PageSection(
            "retries",
            _("Retries"),
            (
                SettingField("retry_for", _("Retry for")),
                SettingField(
                    "retry_delays",
                    _("Retry after"),
                    _("Durations such as 1m, 5m and 2h, one per line. The last one is repeated."),
                ),
            ),
        ),
        PageSection(
            "records",
            _("Stored deliveries"),
            (
                SettingField(
                    "keep_deliveries",
                    _("Keep delivery records for"),
                    _(
                        "After that, the record of who received an edition is deleted; its counts stay. 0 keeps it "
                        "forever."
                    ),
                ),
            ),
        ),
        PageSection(
            "folder",
            _("Saving to a folder"),
            (
                SettingField("file.folder", _("Folder for messages"), _("Used if emails are saved to a folder.")),
                SettingField(
                    "file.format",
                    _("Format of messages"),
                    kind=Kind.CHOICE,
                    choices=(("maildir", "Maildir"), ("eml", _(".eml files"))),
                ),
            ),
        ),
    ),
    related=("providers", "smtp", "bounces"),
)
ADVANCED = SettingsPage(
    "smtp",
    _("SMTP details"),
    "delivery",
    (
        SettingField(
            "smtp.auth",
            _("Login method"),
            choices=(("auto", _("Automatic")), ("plain", "PLAIN"), ("login", "LOGIN"), ("xoauth2", "XOAUTH2")),
        ),
        SettingField("smtp.hello", _("Name for EHLO"), _("If blank, this machine’s address.")),
        SettingField("smtp.ca", _("Certificate file"), _("Trusted instead of the system’s certificates.")),
        SettingField("processes", _("Sending processes"), _("0 chooses the number automatically.")),
        SettingField("smtp.timeouts.connect", _("Timeout: connecting")),
        SettingField("smtp.timeouts.greeting", _("Timeout: greeting")),
        SettingField("smtp.timeouts.command", _("Timeout: commands")),
        SettingField("smtp.timeouts.data", _("Timeout: DATA")),
        SettingField("smtp.timeouts.block", _("Timeout: each part of a message")),
        SettingField("smtp.timeouts.dot", _("Timeout: reply to a message")),
    ),
)


def webhooks(request: HttpRequest) -> HttpResponse:
    """Services in use come first, then the others."""
    configuration = config_of(request)
    used = {configuration.delivery.provider, *configuration.providers}
    services = [_service(configuration, name, used) for name in API_NAMES]
    in_use = [service for service in services if service["used"] or service["last"]]
    others = [service for service in services if service not in in_use and service["available"]]
    has_tls = configuration.site.url.startswith("https://")  # without it, no service can call the site
    return page(request, "webhooks", {"services": in_use, "others": others, "local": not has_tls}, section="settings")


def _service(configuration: Config, name: str, used: set[str]) -> Mapping[str, object]:
    webhook = WEBHOOKS.get(name)
    if webhook is None:
        return {"name": name, "title": API_NAMES[name], "used": name in used, "available": False, "last": ""}
    address = address_of(name, configuration)
    signed = bool(webhook.key)
    return {
        "name": name,
        "title": API_NAMES[name],
        "used": name in used,
        "available": True,
        "address": address if signed else _with_credentials(address, name),
        "signed": signed,
        "key": f"delivery.{name}.{webhook.key}",
        "key_is_set": signed and bool(signing_key(name, configuration.delivery)),
        "last": formatting.ago(webhook_events.last_received(name)),
    }


def _with_credentials(address: str, name: str) -> str:
    """Return the address with user and password, as these services take them (RFC 3986 3.2.1)."""
    parts = urlsplit(address)
    credentials = f"{webhook_secrets.USER}:{quote(webhook_secrets.current(name), safe='')}"
    return parts._replace(netloc=f"{credentials}@{parts.netloc}").geturl()
