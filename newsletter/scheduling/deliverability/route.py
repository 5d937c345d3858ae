"""Ways that emails take: the program's own mail server, somebody else's SMTP server, or an API.

The domains that providers want in SPF records, and the selectors of their DKIM keys, are from their documentation.
"""

import socket
from dataclasses import dataclass
from typing import Literal

from newsletter.config import DeliverySettings
from newsletter.domain.hosts import is_loopback


@dataclass(frozen=True, slots=True)
class MailService:
    """A provider: what its customers' SPF records include, and the selectors of its DKIM keys, () if they vary."""

    name: str
    include: str = ""
    selectors: tuple[str, ...] = ()


SERVICES = {
    "amazon_ses": MailService("Amazon SES", "amazonses.com"),
    "brevo": MailService("Brevo", "spf.brevo.com", ("mail", "brevo1", "brevo2")),
    "mailersend": MailService("MailerSend", "_spf.mailersend.net", ("mlsend", "mlsend2")),
    "mailgun": MailService("Mailgun", "mailgun.org"),
    "mailjet": MailService("Mailjet", "spf.mailjet.com", ("mailjet",)),
    "mailtrap": MailService("Mailtrap", "_spf.smtp.mailtrap.live", ("rwmt1", "rwmt2")),
    "postal": MailService("Postal"),
    "postmark": MailService("Postmark", "spf.mtasv.net"),
    "resend": MailService("Resend", "amazonses.com", ("resend",)),
    "scaleway": MailService("Scaleway", "_spf.tem.scaleway.com"),
    "sendgrid": MailService("SendGrid", "sendgrid.net", ("s1", "s2")),
    "sparkpost": MailService("SparkPost", "_spf.sparkpostmail.com"),
    "unisender_go": MailService("Unisender Go", "spf.unisender.com", ("us",)),
    "google": MailService("Google", "_spf.google.com", ("google",)),
    "microsoft": MailService("Microsoft 365", "spf.protection.outlook.com", ("selector1", "selector2")),
    "fastmail": MailService("Fastmail", "spf.messagingengine.com", ("fm1", "fm2", "fm3")),
}
RELAYS = {
    "amazonaws.com": "amazon_ses",
    "brevo.com": "brevo",
    "sendinblue.com": "brevo",
    "mailersend.net": "mailersend",
    "mailgun.org": "mailgun",
    "mailjet.com": "mailjet",
    "mailtrap.io": "mailtrap",
    "postmarkapp.com": "postmark",
    "resend.com": "resend",
    "scw.cloud": "scaleway",
    "sendgrid.net": "sendgrid",
    "sparkpostmail.com": "sparkpost",
    "unisender.ru": "unisender_go",
    "gmail.com": "google",
    "office365.com": "microsoft",
    "outlook.com": "microsoft",
    "fastmail.com": "fastmail",
}
"""The domains of providers' SMTP servers."""


@dataclass(frozen=True, slots=True)
class Route:
    """A way that emails of a domain take.

    `own` is a mail server of the sender, which delivers to readers' servers itself and has the name `server`.
    """

    kind: Literal["own", "relay", "api", "file"]
    service: MailService
    server: str = ""


def route_of(delivery: DeliverySettings, provider: str, domain: str, machine: str = "") -> Route:
    """Return the way of emails from a domain; `machine` is this machine's name, by default asked of the system."""
    if provider == "file":
        return Route("file", MailService("file"))
    if provider != "smtp":
        return Route("api", SERVICES[provider])
    host = delivery.smtp.host.lower().rstrip(".")
    if is_loopback(host):
        return Route("own", MailService(host), delivery.smtp.hello or machine or socket.getfqdn())
    for suffix, name in RELAYS.items():
        if host == suffix or host.endswith(f".{suffix}"):
            return Route("relay", SERVICES[name])
    return Route("own", MailService(host), host) if _related(host, domain) else Route("relay", MailService(host))


def _related(host: str, domain: str) -> bool:
    """Return whether a host and a domain are below the same domain, or one below the other."""
    parent = host.partition(".")[2]
    pairs = [(host, domain), (domain, host), *([(domain, parent)] if "." in parent else [])]
    return any(inner == outer or inner.endswith(f".{outer}") for inner, outer in pairs)
