"""Switches providers' tracking of opens and clicks off.

The promise is that no one is tracked. An account's default may track, so each call says that it is not to, and so do
header fields for a provider's SMTP server. Where neither can, the account decides, and checks say where.
"""

from newsletter.deliverability.services import service_of_server
from newsletter.domain.encoded_email import Header
from newsletter.providers import PROVIDERS
from newsletter.providers.declaration import Tracking


def relay_of(host: str) -> str:
    """Return the provider whose SMTP server this is; "" for any other server."""
    return service_of_server(host.lower().rstrip("."))


def smtp_headers(host: str) -> tuple[Header, ...]:
    """Return the header fields that switch tracking off at this SMTP server."""
    fields = _tracking(relay_of(host)).smtp_headers
    return tuple(Header(name, (value.encode("ascii"),)) for name, value in fields.items())


def account_setting(provider: str, host: str) -> str:
    """Return where the account of a provider decides about tracking, whatever a message says; "" if it doesn't.

    `host` is the SMTP server's, for the provider `smtp`.
    """
    return _tracking(relay_of(host)).smtp_account if provider == "smtp" else _tracking(provider).call_account


def _tracking(provider: str) -> Tracking:
    return PROVIDERS[provider].tracking if provider in PROVIDERS else Tracking()
