"""Ways that emails take: the program's own mail server, somebody else's SMTP server, or an API."""

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from newsletter.config import DeliverySettings
from newsletter.deliverability.services import SERVICES, MailService, service_of_server
from newsletter.domain.hosts import is_loopback
from newsletter.messages import Message
from newsletter.messages.general import SETTING
from newsletter.mime.headers import ascii_domain


@dataclass(frozen=True, slots=True)
class Route:
    """A way that emails of a domain take.

    `own` is a mail server of the sender, which delivers to subscribers' servers itself and has the name `server`.
    `key` is the service's key in `SERVICES`, "" for others. `domain` is the domain that a service was told to send for,
    where that isn't From's; with SMTP, the user's name has it. `site` is the name that
    public addresses have for the machine of the program, where a mail server of one's own is on it too.
    """

    kind: Literal["own", "relay", "api", "file"]
    service: MailService
    server: str = ""
    key: str = ""
    domain: str = ""
    site: str = ""

    @property
    def server_setting(self) -> Message:
        """The key of config.toml that has the name of one's own mail server."""
        return SETTING(key="delivery.smtp.hello" if is_loopback(self.service.name) else "delivery.smtp.host")


def route_of(
    delivery: DeliverySettings,
    provider: str,
    domain: str,
    machine: str = "",
    own_domains: Iterable[str] = (),
    site: str = "",
) -> Route:
    """Return the way of emails from a domain.

    `machine` is this machine's name, by default asked of the system, `site` its name in public addresses, and
    `own_domains` are further domains of the sender.
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
        server = (delivery.smtp.hello or machine or socket.getfqdn()).lower().rstrip(".")
        return Route("own", MailService(host), server, site=site)
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
