"""What email services do with their customers' domains and with tracking: those with an API (`newsletter.providers`),
and others.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.config import DeliverySettings
from newsletter.domain.check import Check, Verdict
from newsletter.messages import failures as messages
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
