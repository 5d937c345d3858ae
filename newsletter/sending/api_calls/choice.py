"""The API provider that a configuration names, and whether its key works."""

from collections.abc import Collection
from importlib.util import find_spec
from typing import Any, Literal
from urllib.parse import quote, urljoin

import requests
from anymail.exceptions import AnymailError

from newsletter.config import DeliverySettings
from newsletter.config.fields import web_address
from newsletter.config.values import InvalidValue
from newsletter.messages import delivery as messages
from newsletter.messages.configuration import MISSING
from newsletter.messages.failures import KEY_REFUSED
from newsletter.messages.general import ABOUT, TEXT
from newsletter.providers import PROVIDERS
from newsletter.providers.declaration import Login
from newsletter.sending.api_calls.anymail_provider import AnymailProvider
from newsletter.sending.api_calls.interface import (
    ANSWER_SECONDS,
    CONNECT_SECONDS,
    ProviderApi,
    ProviderProblem,
    wrong_settings,
)
from newsletter.sending.api_calls.responses import words_of


def missing(name: str, present: Collection[str]) -> list[str]:
    """Return the required settings of a provider that are not among the given ones."""
    return [key for key in PROVIDERS[name].required if key not in present]


def provider(settings: DeliverySettings) -> ProviderApi:
    """Return the provider in the settings. Raises ProviderProblem if they are invalid, or a package is missing."""
    name = str(settings.provider)
    keys = {key.lower(): value for key, value in getattr(settings, name).items()}
    if absent := missing(name, [key for key in keys if keys[key]]):
        raise ProviderProblem(ABOUT(subject=f"delivery.{name}.{absent[0]}", message=MISSING()))
    try:
        if keys.get("api_url"):
            web_address(keys["api_url"])
        return _amazon_ses(keys) if name == "amazon_ses" else AnymailProvider(name, keys)
    except ProviderProblem:
        raise
    except InvalidValue as e:
        raise ProviderProblem(ABOUT(subject=f"delivery.{name}.api_url", message=e.message)) from e
    except Exception as e:
        if not isinstance(e, AnymailError | ValueError | LookupError) and "anymail" not in type(e).__module__:
            raise
        raise wrong_settings(name, e) from e


def _amazon_ses(keys: dict[str, Any]) -> ProviderApi:
    if find_spec("boto3") is None:
        command = "pip install 'newsletter[ses]'"
        raise ProviderProblem(messages.PROVIDER_NEEDS(provider="amazon_ses", package="boto3", command=command))
    from newsletter.sending.api_calls.amazon_ses_provider import AmazonSes

    return AmazonSes(keys)


Answer = Literal["accepted", "forbidden"]
"""`forbidden`: the key is known, but may not read this. It may still send."""


def try_key(delivery: DeliverySettings) -> Answer:
    """Ask for something that is only shown to those who have a key; nothing is sent.

    Raises ProviderProblem, also if the key is wrong.
    """
    name = str(delivery.provider)
    api: Any = provider(delivery)
    login = PROVIDERS[name].login
    if login is None:
        answer_of_library: Answer = api.try_key()
        return answer_of_library
    keys = {key.lower(): str(value) for key, value in getattr(delivery, name).items()}
    base = api.backend.api_url
    values = {"sender_domain": "", **keys}
    address = urljoin(login.elsewhere.get(base, base), login.path.format_map({k: quote(v) for k, v in values.items()}))
    headers = {header: value.format_map(values) for header, value in login.headers.items()}
    auth = (login.auth[0].format_map(values), login.auth[1].format_map(values)) if login.auth else None
    body = None
    if login.body is not None:
        body = {k: v.format_map(values) if isinstance(v, str) else v for k, v in login.body.items()}
    try:
        response = requests.request(
            "GET" if body is None else "POST",
            address,
            headers=headers,
            auth=auth,
            json=body,
            timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
            allow_redirects=False,
        )
    except requests.RequestException as e:
        raise ProviderProblem(messages.UNANSWERED(error=type(e).__name__)) from e
    return _judged(login, response)


def _judged(login: Login, response: requests.Response) -> Answer:
    body = response.text
    wrong = response.status_code == 401 or any(words in body for words in login.wrong)
    if wrong and not (login.restricted and login.restricted in body):
        raise ProviderProblem(KEY_REFUSED(reply=f"{response.status_code} {words_of(response)}"))
    if response.ok:
        return "accepted"
    if response.status_code in (401, 403):
        return "forbidden"
    raise ProviderProblem(TEXT(words=f"{response.status_code} {words_of(response)}"))
