"""What proves a webhook's call: secrets, signatures and certificates; a call without its proof is refused."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.test import Client

from newsletter import config
from newsletter.bounces import webhook_secrets
from newsletter.models import WebhookEvent
from newsletter.web.hooks import amazon_ses, mailgun, signatures
from newsletter.web.hooks.provider_views import WEBHOOKS
from tests.doubles import webhook_calls as calls
from tests.doubles.providers import CALLS, SIGNING
from tests.doubles.providers.amazon_ses import sns
from tests.doubles.providers.mailgun import signed
from tests.doubles.providers.resend import svix
from tests.web.webhook_reports import accepted, posted, report

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("webhook_keys")]


@cache
def other_rsa_key() -> rsa.RSAPrivateKey:
    """The key of somebody else."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.mark.parametrize("provider", CALLS)
def test_a_call_without_secret_or_signature_is_refused(provider: str) -> None:
    accepted()
    assert posted(provider, report(provider, "hard").without_proof()) in (401, 403)
    assert not WebhookEvent.objects.exists()


@pytest.mark.parametrize("provider", CALLS)
def test_a_call_with_another_secret_or_signature_is_refused(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    accepted()
    with monkeypatch.context() as other:
        other.setattr(calls, "KEY", "the key of somebody else")
        other.setattr(webhook_secrets, "current", lambda _: "somebody else's")
        other.setattr(calls, "rsa_key", other_rsa_key)
        other.setattr(calls, "ec_key", lambda: ec.generate_private_key(ec.SECP256R1()))
        call = report(provider, "hard")
    assert posted(provider, call) == 403
    assert not WebhookEvent.objects.exists()


@pytest.mark.parametrize("provider", CALLS)
def test_a_changed_body_is_refused_where_it_is_signed(provider: str) -> None:
    accepted(2)
    call = report(provider, "hard")
    changed = replace(call, body=re.sub(rb"r1(@|%40)reader", rb"r2\1reader", call.body))
    signed = provider not in ("brevo", "mailjet", "postmark", "sparkpost", "mailgun")
    assert posted(provider, changed) == (403 if signed else 200)


@pytest.mark.parametrize("provider", SIGNING)
def test_a_service_whose_key_is_not_configured_is_refused(provider: str) -> None:
    delivery = replace(config.current().delivery, **{provider: {}})
    config.use(replace(config.current(), delivery=delivery))
    assert posted(provider, report(provider, "hard")) == 403


@pytest.mark.parametrize("provider", SIGNING)
def test_a_changed_key_is_checked_at_once(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    accepted()
    assert posted(provider, report(provider, "delivered")) == 200
    with monkeypatch.context() as other:
        other.setattr(calls, "KEY", "the key of somebody else")
        other.setattr(calls, "rsa_key", other_rsa_key)
        other.setattr(calls, "ec_key", lambda: ec.generate_private_key(ec.SECP256R1()))
        changed = SIGNING[provider]()
    config.use(replace(config.current(), delivery=replace(config.current().delivery, **{provider: changed})))
    assert posted(provider, report(provider, "hard")) == 403


@pytest.mark.parametrize("provider", ["postal", "sendgrid"])
def test_a_malformed_key_refuses_calls(provider: str) -> None:
    (name,) = SIGNING[provider]()
    delivery = replace(config.current().delivery, **{provider: {name: "not a key"}})
    config.use(replace(config.current(), delivery=delivery))
    assert posted(provider, report(provider, "hard")) in (400, 403)


def test_a_secret_made_with_a_previous_key_is_accepted(settings: Any) -> None:
    accepted()
    call = report("brevo", "delivered")
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key of the usual length, new"
    assert posted("brevo", call) == 200


def test_each_service_has_a_secret_of_its_own() -> None:
    assert len({webhook_secrets.current(provider) for provider in WEBHOOKS}) == len(WEBHOOKS)


def test_a_subscription_of_amazon_sns_is_confirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(amazon_ses.AmazonSesWebhook, "fetch", staticmethod(opened.append))
    address = "https://sns.eu-north-1.amazonaws.com/?Action=ConfirmSubscription&Token=t"
    call = sns("You have chosen …", datetime.now(UTC), "SubscriptionConfirmation", SubscribeURL=address, Token="t")
    assert (posted("amazon_ses", call), opened) == (200, [address])


@pytest.mark.parametrize(
    "address",
    [
        "http://sns.eu-north-1.amazonaws.com/",
        "https://sns.eu-north-1.amazonaws.com.evil.example/",
        "https://evil.example/sns.eu-north-1.amazonaws.com",
        "https://sns.eu-north-1.amazonaws.com@evil.example/",
        "https://sns.eu-north-1.amazonaws.com:8443/",
        "https://[",
        "",
    ],
)
def test_no_other_address_is_opened(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(amazon_ses.AmazonSesWebhook, "fetch", staticmethod(opened.append))
    monkeypatch.setattr(amazon_ses.AmazonSesWebhook, "fetch_certificate", staticmethod(opened.append))
    kind = "SubscriptionConfirmation"
    confirm = sns("", datetime.now(UTC), kind, SubscribeURL=address, Token="t", SigningCertURL=f"{address}x.pem")
    assert (posted("amazon_ses", confirm), opened) == (403, [])
    assert not signatures.is_amazons(address)


def test_the_certificate_must_be_a_file_of_that_kind() -> None:
    call = sns("{}", datetime.now(UTC), SigningCertURL="https://sns.eu-north-1.amazonaws.com/key")
    assert posted("amazon_ses", call) == 403


@pytest.mark.parametrize("version", ["0", "3", ""])
def test_an_unknown_version_of_amazons_signature_is_refused(version: str) -> None:
    assert posted("amazon_ses", sns("{}", datetime.now(UTC), SignatureVersion=version)) == 403


def test_amazon_is_asked_for_its_credentials() -> None:
    answer = Client().post("/hooks/amazon_ses/", b"{}", content_type="text/plain")
    assert (answer.status_code, answer["WWW-Authenticate"][:5]) == (401, "Basic")


@pytest.mark.parametrize("seconds", [-signatures.TOLERANCE - 60, signatures.TOLERANCE + 60])
def test_an_old_signature_of_resend_is_refused(seconds: int) -> None:
    accepted()
    call = report("resend", "hard")
    stamped = svix(call.body, int(datetime.now(UTC).timestamp()) + seconds)
    assert posted("resend", replace(call, headers=stamped)) == 403


@pytest.mark.parametrize(("seconds", "status"), [(-mailgun.LONGEST_AGE - 60, 403), (-7 * 3600, 200), (3600, 403)])
def test_a_signature_of_mailgun_is_valid_as_long_as_it_repeats_calls(seconds: int, status: int) -> None:
    accepted()
    data = json.loads(report("mailgun", "hard").body)["event-data"]
    assert posted("mailgun", signed(data, int(datetime.now(UTC).timestamp()) + seconds)) == status
