"""The API provider that a configuration names."""

from collections.abc import Collection
from importlib.util import find_spec
from typing import Any

from anymail.exceptions import AnymailError

from newsletter.config import DeliverySettings
from newsletter.config.fields import web_address
from newsletter.config.values import InvalidValue
from newsletter.messages import delivery as messages
from newsletter.messages.configuration import MISSING
from newsletter.messages.general import ABOUT
from newsletter.providers import PROVIDERS
from newsletter.sending.api_calls.anymail_provider import AnymailProvider
from newsletter.sending.api_calls.interface import ProviderApi, ProviderProblem, wrong_settings


def missing(name: str, present: Collection[str]) -> list[str]:
    """Return the required settings of a provider that are not among the given ones."""
    return [key for key in PROVIDERS[name].required if key not in present]


def provider(settings: DeliverySettings) -> ProviderApi:
    """Return the provider in the settings. Raises ProviderProblem if they are invalid, or a package is missing."""
    name = str(settings.provider)
    keys = {key.lower(): value for key, value in getattr(settings, name).items()}
    if absent := missing(name, [key for key in keys if keys[key]]):
        raise ProviderProblem(ABOUT(subject=f"delivery.{name}.{absent[0]}", message=MISSING()))
    if keys.get("api_url"):
        _check_api_url(name, keys["api_url"])
    try:
        return _amazon_ses(keys) if name == "amazon_ses" else AnymailProvider(name, keys)
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


def _amazon_ses(keys: dict[str, Any]) -> ProviderApi:
    if find_spec("boto3") is None:
        command = "pip install 'newsletter[ses]'"
        raise ProviderProblem(messages.PROVIDER_NEEDS(provider="amazon_ses", package="boto3", command=command))
    from newsletter.sending.api_calls.amazon_ses_provider import AmazonSes

    return AmazonSes(keys)
