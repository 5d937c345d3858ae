"""Tries the key of an API provider without sending: asks for something that is only shown to those who have a key."""

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote, urljoin

import requests

from newsletter.config import DeliverySettings
from newsletter.messages import delivery as messages
from newsletter.messages.failures import KEY_REFUSED
from newsletter.messages.general import TEXT
from newsletter.providers import PROVIDERS
from newsletter.providers.declaration import Login
from newsletter.sending.api_calls.choice import provider
from newsletter.sending.api_calls.interface import ANSWER_SECONDS, CONNECT_SECONDS, ProviderProblem
from newsletter.sending.api_calls.responses import words_of

Answer = Literal["accepted", "forbidden"]
"""`forbidden`: the key is known, but may not read this. It may still send."""


def try_key(delivery: DeliverySettings) -> Answer:
    """Ask the provider of these settings. Raises ProviderProblem, also if the key is wrong."""
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
    body = {name: _filled(value, values) for name, value in login.body.items()} if login.body is not None else None
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


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    return value.format_map(values) if isinstance(value, str) else value


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
