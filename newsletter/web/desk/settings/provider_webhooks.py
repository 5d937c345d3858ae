"""The page of webhooks: what to enter at an email service, and when it last reported an event. For admins."""

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from django.http import HttpRequest, HttpResponse

from newsletter.bounces import webhook_events, webhook_secrets
from newsletter.config import Config
from newsletter.web.desk import formatting
from newsletter.web.desk.pages import page
from newsletter.web.desk.settings.delivery_pages import API_NAMES
from newsletter.web.hooks.provider_views import WEBHOOKS, address_of, signing_key
from subscribers.requests import config_of


def webhooks(request: HttpRequest) -> HttpResponse:
    """Services in use come first, then the others."""
    configuration = config_of(request)
    used = {configuration.delivery.provider, *configuration.providers}
    services = [_service(configuration, name, used) for name in API_NAMES]
    in_use = [service for service in services if service["used"] or service["last"]]
    others = [service for service in services if service not in in_use and service["available"]]
    has_tls = configuration.site.url.startswith("https://")  # without it, no service can call the site
    context = {"services": in_use, "others": others, "local": not has_tls}
    return page(request, "webhooks", context, section="settings")


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
