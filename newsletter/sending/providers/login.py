"""Tries the key of an API provider without sending: asks for something that is only shown to those who have a key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote, urljoin

import requests

from newsletter.config import DeliverySettings
from newsletter.messages import delivery as messages
from newsletter.messages.failures import KEY_REFUSED
from newsletter.messages.general import TEXT
from newsletter.sending.providers.choice import provider
from newsletter.sending.providers.interface import ANSWER_SECONDS, CONNECT_SECONDS, ProviderProblem
from newsletter.sending.providers.responses import words_of

Answer = Literal["accepted", "forbidden"]
"""`forbidden`: the key is known, but may not read this. It may still send."""

RESTRICTED_TO_SENDING = "restricted_api_key"
"""What Resend says to a key that may only send, with the status of a wrong key."""


@dataclass(frozen=True, slots=True)
class _Question:
    """A request: its address, relative to the API's, and headers and body with the keys as `{name}`."""

    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    auth: tuple[str, str] | None = None
    body: Mapping[str, Any] | None = None


def _bearer(key: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {{{key}}}"}


_QUESTIONS = {
    "brevo": _Question("account", {"api-key": "{api_key}"}),
    "mailersend": _Question("api-quota", _bearer("api_token")),
    "mailgun": _Question("domains/{sender_domain}", auth=("api", "{api_key}")),
    "mailjet": _Question("../v3/REST/apikey", auth=("{api_key}", "{secret_key}")),
    "mailtrap": _Question("accounts", {"Api-Token": "{api_token}"}),
    "postal": _Question("api/v1/messages/message", {"X-Server-API-Key": "{api_key}"}, body={"id": 0}),
    "postmark": _Question("server", {"X-Postmark-Server-Token": "{server_token}"}),
    "resend": _Question("domains", _bearer("api_key")),
    "scaleway": _Question("emails?page_size=1", {"X-Auth-Token": "{secret_key}"}),
    "sendgrid": _Question("scopes", _bearer("api_key")),
    "sparkpost": _Question("account", {"Authorization": "{api_key}"}),
    "unisender_go": _Question("system/info.json", {"X-API-KEY": "{api_key}"}, body={}),
}
_ELSEWHERE = {"https://send.api.mailtrap.io/api/": "https://mailtrap.io/api/"}
"""APIs whose other parts are at another address."""


def try_key(delivery: DeliverySettings) -> Answer:
    """Ask the provider of these settings. Raises ProviderProblem, also if the key is wrong."""
    name = str(delivery.provider)
    chosen: Any = provider(delivery)
    if name == "amazon_ses":
        found: Answer = chosen.try_key()
        return found
    keys = {key.lower(): str(value) for key, value in getattr(delivery, name).items()}
    question, base = _QUESTIONS[name], chosen.backend.api_url
    values = {"sender_domain": "", **keys}
    address = urljoin(_ELSEWHERE.get(base, base), question.path.format_map({k: quote(v) for k, v in values.items()}))
    headers = {header: value.format_map(values) for header, value in question.headers.items()}
    auth = (question.auth[0].format_map(values), question.auth[1].format_map(values)) if question.auth else None
    try:
        answer = requests.request(
            "GET" if question.body is None else "POST",
            address,
            headers=headers,
            auth=auth,
            json=question.body,
            timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
            allow_redirects=False,
        )
    except requests.RequestException as e:
        raise ProviderProblem(messages.UNANSWERED(error=type(e).__name__)) from e
    return _judged(answer)


def _judged(answer: requests.Response) -> Answer:
    said = answer.text
    wrong = answer.status_code == 401 or "InvalidServerAPIKey" in said or '"AccessDenied"' in said
    if wrong and RESTRICTED_TO_SENDING not in said:
        raise ProviderProblem(KEY_REFUSED(reply=f"{answer.status_code} {words_of(answer)}"))
    if answer.ok:
        return "accepted"
    if answer.status_code in (401, 403):
        return "forbidden"
    raise ProviderProblem(TEXT(words=f"{answer.status_code} {words_of(answer)}"))
