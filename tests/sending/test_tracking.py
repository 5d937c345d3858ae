"""No provider may track anyone: what each call says, what its SMTP server is told, and what the account decides."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from newsletter import config
from newsletter.config import DeliverySettings, Smtp
from newsletter.deliverability.services import tracking_check
from newsletter.domain.encoded_email import Recipient
from newsletter.messages.failures import NOT_TRACKED, TRACKED_BY_ACCOUNT
from newsletter.providers import PROVIDERS
from newsletter.scheduling.checks import provider_checks
from newsletter.sending import engines
from newsletter.sending.api_calls import choice
from newsletter.sending.api_calls.payload import api_message
from newsletter.transactional.transport import outgoing, post
from tests.doubles import moody
from tests.doubles.provider_api import Api
from tests.factories import NAME
from tests.sending.provider_samples import MAIL

ROOT = Path(__file__).parents[2]
_ABOUT_TRACKING = re.compile(r"track|amp", re.IGNORECASE)


def fields(value: Any, path: str = "") -> Iterator[str]:
    """Yield what a call says about tracking, as `path = value`."""
    if isinstance(value, dict):
        for name, inside in value.items():
            yield from fields(inside, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for inside in value:
            yield from fields(inside, path)
    elif _ABOUT_TRACKING.search(path):
        yield f"{path} = {json.dumps(value)}"


def said(provider: str, api: Api, count: int) -> list[str]:
    """Return what a call to this many subscribers says about tracking, each statement once."""
    api.bodies.clear()
    settings = DeliverySettings(provider=provider, **{provider: api.settings(provider)})
    recipients = [Recipient(n, f"r{n}@reader.example", f"token{n}", f"m.{n}") for n in range(1, count + 1)]
    chosen = choice.provider(settings)
    chosen.call(api_message(MAIL), recipients[: chosen.most])
    (body,) = api.bodies
    call = parse_qs(body.decode()) if provider == "mailgun" else json.loads(body)
    return sorted(dict.fromkeys(fields(call)))


def account(provider: str) -> str:
    """Return what the check says about calls; "" if the account decides nothing."""
    (found,) = tracking_check(DeliverySettings(provider=provider), provider)
    return str(found.message.param("setting")) if TRACKED_BY_ACCOUNT.matches(found.message) else ""


def row(provider: str, api: Api) -> str:
    """Return a row of the table in the documents, from calls to the imitation."""
    single, batch = said(provider, api, 1), said(provider, api, 3)
    assert single == batch
    told = ", ".join(f"`{each}`" for each in single)
    relay = ", ".join(f"`{name}: {value}`" for name, value in PROVIDERS[provider].tracking.smtp_headers.items())
    return f"| `{provider}` | {told} | {relay} | {account(provider)} |"


def test_the_documents_have_what_each_call_says(api: Api) -> None:
    documented = (ROOT / "docs" / "providers.md").read_text(encoding="utf-8")
    rows = [row(provider, api) for provider in PROVIDERS]
    assert [each for each in rows if each not in documented] == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_each_call_switches_opens_and_clicks_off_or_the_account_decides(provider: str, api: Api) -> None:
    statements = said(provider, api, 3)
    assert not re.search(r"true|yes|enabled|HtmlAndText|= 1", " ".join(statements))
    if provider != "scaleway":  # which tracks nothing
        assert len(statements) >= (1 if provider == "postal" else 2) or account(provider)


def test_the_check_of_a_provider_says_who_decides(api: Api) -> None:
    for provider, message in (("mailgun", NOT_TRACKED), ("brevo", TRACKED_BY_ACCOUNT)):
        delivery = DeliverySettings(provider=provider, **{provider: api.settings(provider)})
        newsletters = {NAME: replace(config.current().newsletters[NAME], provider=provider)}
        found = provider_checks(replace(config.current(), delivery=delivery, newsletters=newsletters))
        assert [check for check in found if message.matches(check.message)]


def test_a_mail_server_of_ones_own_is_told_nothing() -> None:
    delivery = DeliverySettings(smtp=Smtp(host="mail.example.org"))
    assert engines.smtp_headers("mail.example.org") == ()
    assert list(tracking_check(delivery, "smtp")) == []


@pytest.mark.parametrize(
    ("host", "account"),
    [("smtp.eu.mailgun.org", False), ("smtp.postmarkapp.com", True), ("smtp-relay.brevo.com", True)],
)
def test_the_check_of_a_relay_says_who_decides(host: str, account: bool) -> None:
    (found,) = tracking_check(DeliverySettings(smtp=Smtp(host=host)), "smtp")
    assert TRACKED_BY_ACCOUNT.matches(found.message) is account


@pytest.mark.parametrize("relay", [name for name in PROVIDERS if PROVIDERS[name].tracking.smtp_headers])
def test_each_email_to_a_relay_has_its_header_fields(relay: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "provider_of_server", lambda host: relay)
    with moody.running() as server:
        now = config.current()
        configuration = replace(now, delivery=replace(now.delivery, smtp=Smtp(host="127.0.0.1", port=server.port)))
        post(configuration, NAME, outgoing(MAIL, "kari@a.example", "letter"))
        (taken,) = server.taken
    for name, value in PROVIDERS[relay].tracking.smtp_headers.items():
        assert f"\r\n{name}: {value}\r\n".encode() in taken.content
