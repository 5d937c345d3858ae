"""The API provider that a configuration names."""

from collections.abc import Callable, Collection
from functools import partial
from importlib.util import find_spec
from typing import Any

from anymail.exceptions import AnymailError

from newsletter.config import DeliverySettings
from newsletter.config.fields import web_address
from newsletter.config.values import InvalidValue
from newsletter.messages import delivery as messages
from newsletter.messages.configuration import MISSING
from newsletter.messages.general import ABOUT
from newsletter.sending.providers.anymail_api import Mailgun, Postmark, Resend
from newsletter.sending.providers.anymail_backends import INTERFACES, AnymailProvider
from newsletter.sending.providers.interface import Provider, ProviderProblem, wrong_settings

REQUIRED = {
    "brevo": ("api_key",),
    "mailersend": ("api_token",),
    "mailgun": ("api_key",),
    "mailjet": ("api_key", "secret_key"),
    "mailtrap": ("api_token",),
    "postal": ("api_key", "api_url"),
    "postmark": ("server_token",),
    "resend": ("api_key",),
    "scaleway": ("secret_key", "project_id"),
    "sendgrid": ("api_key",),
    "sparkpost": ("api_key",),
    "unisender_go": ("api_key", "api_url"),
}
"""The settings without which a provider can't be used. Amazon SES finds its own in the machine's environment too."""


def missing(name: str, given: Collection[str]) -> list[str]:
    """Return the required settings of a provider that are not among the given ones."""
    return [key for key in REQUIRED.get(name, ()) if key not in given]


def provider(settings: DeliverySettings) -> Provider:
    """Return the provider in the settings. Raises ProviderProblem if they are invalid, or a package is missing."""
    kinds: dict[str, Callable[[dict[str, Any]], Provider]] = {
        "mailgun": Mailgun,
        "postmark": Postmark,
        "resend": Resend,
        "amazon_ses": _amazon_ses,
        **{name: partial(AnymailProvider, name) for name in INTERFACES},
    }
    name = str(settings.provider)
    keys = {key.lower(): given for key, given in getattr(settings, name).items()}
    if absent := missing(name, [key for key in keys if keys[key]]):
        raise ProviderProblem(ABOUT(subject=f"delivery.{name}.{absent[0]}", message=MISSING()))
    if keys.get("api_url"):
        _check_api_url(name, keys["api_url"])
    try:
        return kinds[name](keys)
    except ProviderProblem:
        raise
    except Exception as e:
        if not isinstance(e, AnymailError | ValueError | LookupError) and "anymail" not in type(e).__module__:
            raise
        raise wrong_settings(name, e) from e


def _check_api_url(name: str, value: object) -> None:
    try:
        web_address(value)
    except InvalidValue as e:
        raise ProviderProblem(ABOUT(subject=f"delivery.{name}.api_url", message=e.message)) from e


def _amazon_ses(keys: dict[str, Any]) -> Provider:
    if find_spec("boto3") is None:
        command = "pip install 'newsletter[ses]'"
        raise ProviderProblem(messages.PROVIDER_NEEDS(provider="amazon_ses", package="boto3", command=command))
    from newsletter.sending.providers.amazon_ses import AmazonSes

    return AmazonSes(keys)
