"""Ways that emails take: the program's own mail server, somebody else's SMTP server, or an API; and what the services
do with their customers' domains and with tracking."""

import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from newsletter.config import DeliverySettings
from newsletter.domain.check import Check, Verdict
from newsletter.domain.hosts import is_loopback
from newsletter.messages import Message
from newsletter.messages import failures as messages
from newsletter.messages.general import SETTING
from newsletter.mime.headers import ascii_domain
from newsletter.providers import PROVIDERS, provider_of_server


@dataclass(frozen=True, slots=True)
class MailService:
    """An email service; see `Dns` for its fields. Several services can use a subdomain of the customer for the return
    path, by a CNAME record that leads to the service's own SPF record, so that nothing else is needed.
    """

    name: str
    return_path: str = ""
    include: str = ""
    selectors: tuple[str, ...] = ()
    domain_key: str = ""
    subdomain: str = ""


SERVICES = {
    **{key: MailService(provider.name, **provider.dns._asdict()) for key, provider in PROVIDERS.items()},
    # "Set up SPF" of Google Workspace; the account's domain is the envelope sender's.
    "google": MailService("Google", include="_spf.google.com", selectors=("google",)),
    # "Set up SPF" of Microsoft 365.
    "microsoft": MailService(
        "Microsoft 365", include="spf.protection.outlook.com", selectors=("selector1", "selector2")
    ),
    # "Your own domain: DNS records" of Fastmail.
    "fastmail": MailService("Fastmail", include="spf.messagingengine.com", selectors=("fm1", "fm2", "fm3")),
    # Their own addresses only: people send from them with the account's password.
    "yahoo": MailService("Yahoo", "yahoo.com"),
    "apple": MailService("Apple", include="icloud.com", selectors=("sig1",)),
}
RELAYS = {
    "gmail.com": "google",
    "google.com": "google",
    "office365.com": "microsoft",
    "outlook.com": "microsoft",
    "fastmail.com": "fastmail",
    "mail.yahoo.com": "yahoo",
    "mail.me.com": "apple",
}
"""The domains of the SMTP servers of services without an API."""


def service_of_server(host: str) -> str:
    """Return the key of the service whose SMTP server this is; "" if it isn't one of these."""
    others = (key for domain, key in RELAYS.items() if host == domain or host.endswith(f".{domain}"))
    return provider_of_server(host) or next(others, "")


@dataclass(frozen=True, slots=True)
class Route:
    """A way that emails of a domain take.

    `own` is a mail server of the sender, which delivers to subscribers' servers itself and has the name `server`.
    `key` is the service's key in `SERVICES`, "" for others. `domain` is the domain that a service was told to send for,
    where that isn't From's; with SMTP, the user's name has it.
    """

    kind: Literal["own", "relay", "api", "file"]
    service: MailService
    server: str = ""
    key: str = ""
    domain: str = ""

    @property
    def server_setting(self) -> Message:
        """The key of config.toml that has the name of one's own mail server."""
        return SETTING(key="delivery.smtp.hello" if is_loopback(self.service.name) else "delivery.smtp.host")


def route_of(
    delivery: DeliverySettings, provider: str, domain: str, machine: str = "", own_domains: Iterable[str] = ()
) -> Route:
    """Return the way of emails from a domain.

    `machine` is this machine's name, by default asked of the system, and `own_domains` are further domains of the
    sender.
    """
    if provider == "file":
        return Route("file", MailService("file"))
    if provider != "smtp":
        service = SERVICES[provider]
        settings = getattr(delivery, provider)
        login_domain = str(settings.get(service.domain_key) or "") if service.domain_key else ""
        return Route("api", service, key=provider, domain=ascii_domain(login_domain).lower())
    host = delivery.smtp.host.lower().rstrip(".")
    if is_loopback(host):
        return Route("own", MailService(host), (delivery.smtp.hello or machine or socket.getfqdn()).lower().rstrip("."))
    if key := service_of_server(host):
        login_domain = delivery.smtp.user.rpartition("@")[2] if SERVICES[key].domain_key else ""
        return Route("relay", SERVICES[key], key=key, domain=ascii_domain(login_domain).lower())
    if any(_related(host, own_domain) for own_domain in (domain, *own_domains)):
        return Route("own", MailService(host), host)
    return Route("relay", MailService(host))


def _related(host: str, domain: str) -> bool:
    """Return whether a host and a domain are below the same domain, or one below the other."""
    parent = host.partition(".")[2]
    pairs = [(host, domain), (domain, host), *([(domain, parent)] if "." in parent else [])]
    return any(inner == outer or inner.endswith(f".{outer}") for inner, outer in pairs)


def tracking_check(delivery: DeliverySettings, provider: str) -> Iterator[Check]:
    """Tell who decides whether a provider tracks opens and clicks; nothing for a mail server that is no provider's.

    Where neither calls nor header fields can switch tracking off, the account decides.
    """
    name = provider_of_server(delivery.smtp.host) if provider == "smtp" else provider
    if name not in PROVIDERS:
        return
    about = messages.ABOUT_TRACKING(name=name)
    tracking = PROVIDERS[name].tracking
    if setting := tracking.smtp_account if provider == "smtp" else tracking.call_account:
        yield Check(about, Verdict.NOTE, messages.TRACKED_BY_ACCOUNT(setting=setting))
    else:
        yield Check(about, Verdict.GOOD, messages.NOT_TRACKED())
