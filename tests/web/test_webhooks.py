"""Webhooks of every email service: what is accepted, what is refused, and what becomes of a subscription."""

import base64
import json
import re
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import unquote

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.db import transaction
from django.test import Client

from newsletter import config
from newsletter.bounces import policy, processing, webhook_events, webhook_secrets
from newsletter.bounces.reading import BounceKind
from newsletter.bounces.reading.parsing import read_reply
from newsletter.config import Bounces
from newsletter.models import Bounce, Edition, Result, State, WebhookEvent
from newsletter.sending import audience, return_path
from newsletter.web.hooks import amazon_ses, mailgun, signatures
from newsletter.web.hooks.provider_views import WEBHOOKS
from subscribers.models import Subscriber, Subscription, Suppression
from tests.bounces.reading.bounce_samples import report as mail
from tests.doubles import webhook_calls as calls
from tests.doubles.providers import CALLS, DOUBLES, SIGNING
from tests.doubles.providers.amazon_ses import sns
from tests.doubles.providers.mailgun import signed
from tests.doubles.providers.resend import svix
from tests.doubles.webhook_calls import Call, Happened
from tests.sending import outbox_samples as samples

pytestmark = pytest.mark.django_db

BARE = "bounce@example.org"
ADDRESS, NAME = "r1@reader.example", "id-1"
EVERY = [(provider, kind) for provider in CALLS for kind in DOUBLES[provider].kinds]


@pytest.fixture(autouse=True)
def configured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every key is configured, Amazon's certificate is known, and events are processed at once."""
    delivery = replace(config.current().delivery, **{name: keys() for name, keys in SIGNING.items()})
    config.use(replace(config.current(), delivery=delivery))
    monkeypatch.setattr(amazon_ses.AmazonSesWebhook, "fetch_certificate", staticmethod(lambda _: calls.certificate()))
    monkeypatch.setattr(
        webhook_events, "enqueue", lambda *_: webhook_events.process(config.current(), datetime.now(UTC))
    )


def accepted(count: int = 1) -> Edition:
    """Return an edition that a provider accepted for each reader."""
    edition = samples.sending(count)
    Edition.objects.update(began_at=datetime.now(UTC) - timedelta(hours=1))
    for number in range(1, count + 1):
        Result.objects.create(edition=edition, number=number, attempt=1, kind="accepted", at=0, queue_id=f"id-{number}")
    return edition


def posted(provider: str, call: Call) -> int:
    """Return the status of the answer."""
    answer = Client().generic("POST", f"/hooks/{provider}/", call.body, call.content_type, headers=dict(call.headers))
    return answer.status_code


def report(provider: str, kind: str, **more: Any) -> Call:
    """Return a call about the first reader."""
    return CALLS[provider](Happened(kind, NAME, ADDRESS, **more))


def state() -> tuple[Any, ...]:
    """Return what a report has changed."""
    bounces = sorted({(b.number, b.kind, b.fault, b.status) for b in Bounce.objects.all()})
    blocked = Suppression.objects.suppressed([ADDRESS]).get(ADDRESS)
    return bounces, blocked, Subscription.objects.get(subscriber__key=ADDRESS).state


EXPECTED = {
    "delivered": ([], None, "active"),
    "deferred": ([], None, "active"),
    "hard": ([(1, "hard", "reader", "5.1.1")], "bounced", "active"),
    "soft": ([(1, "soft", "mailbox", "4.2.2")], None, "active"),
    "complained": ([(1, "complaint", "", "")], "complained", "unsubscribed"),
    "unsubscribed": ([], None, "unsubscribed"),
}


@cache
def other_rsa_key() -> rsa.RSAPrivateKey:
    """The key of somebody else."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def test_every_service_for_which_anymail_has_webhooks_is_tried() -> None:
    assert set(CALLS) == set(WEBHOOKS) == set(DOUBLES) - {"scaleway"}


@pytest.mark.parametrize(("provider", "kind"), EVERY)
def test_a_call_with_its_proof_takes_effect(provider: str, kind: str) -> None:
    accepted()
    assert posted(provider, report(provider, kind)) == 200
    assert state() == EXPECTED[kind]
    event = WebhookEvent.objects.get()
    assert (event.number, event.recipient, event.due_at) == (1, "", None)
    assert "@" not in event.text


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


@pytest.mark.parametrize("provider", CALLS)
def test_a_replay_counts_once(provider: str) -> None:
    accepted()
    assert [posted(provider, report(provider, "hard")) for _ in range(3)] == [200] * 3
    assert (WebhookEvent.objects.count(), Bounce.objects.count()) == (1, 1)


def test_no_order_of_events_undoes_a_worse_one() -> None:
    accepted()
    at = datetime(2026, 2, 6, 17, 30, tzinfo=UTC)
    happened = [report("brevo", kind, at=at + timedelta(minutes=n)) for n, kind in enumerate(calls.ALL)]
    for call in reversed(happened):
        posted("brevo", call)
    backwards = state()
    for call in happened:
        posted("brevo", call)
    assert state() == backwards


def test_all_orders_of_all_events_end_in_the_same_state() -> None:
    edition = accepted()
    found: defaultdict[frozenset[str], list[tuple[dict[str, int], tuple[Any, ...]]]] = defaultdict(list)

    def go_on(order: tuple[str, ...]) -> None:
        for kind in calls.ALL:
            if kind not in order:
                with transaction.atomic():
                    assert posted("brevo", report("brevo", kind)) == 200
                    found[frozenset((*order, kind))].append((webhook_events.counts(edition), state()))
                    if len(order) < 2:
                        go_on((*order, kind))
                    transaction.set_rollback(True)

    go_on(())
    assert sum(map(len, found.values())) == 6 + 6 * 5 + 6 * 5 * 4
    assert {kinds for kinds, ends in found.items() if any(end != ends[0] for end in ends)} == set()
    none = dict.fromkeys(WebhookEvent.Kind.values, 0)
    assert found[frozenset(("delivered", "hard", "complained"))][0][0] == {**none, "complained": 1}
    assert found[frozenset(("delivered", "deferred", "hard"))][0][0] == {**none, "bounced": 1}


@pytest.mark.parametrize("provider", CALLS)
def test_a_call_of_another_form_has_no_effect(provider: str) -> None:
    call = report(provider, "hard")
    bodies = (b"", b"{}", b"[]", b"[[]]", b"null", b"\xff", b'{"a": ', b"[1]", b'"x"')
    answers = {body: posted(provider, replace(call, body=body)) for body in bodies}
    assert {body for body, status in answers.items() if status not in (200, 400, 403)} == set()
    assert not WebhookEvent.objects.exists()


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


@pytest.mark.parametrize("provider", ["scaleway", "smtp", "nobody"])
def test_others_have_no_webhooks(provider: str) -> None:
    assert Client().post(f"/hooks/{provider}/").status_code == 404


def test_only_posts_are_taken() -> None:
    assert Client().get("/hooks/brevo/").status_code == 405


def test_a_secret_made_with_a_previous_key_is_accepted(settings: Any) -> None:
    accepted()
    call = report("brevo", "delivered")
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key of the usual length, new"
    assert posted("brevo", call) == 200


def test_each_service_has_a_secret_of_its_own() -> None:
    assert len({webhook_secrets.current(provider) for provider in WEBHOOKS}) == len(WEBHOOKS)


def test_an_event_about_nobody_waits_and_is_given_up_without_the_address() -> None:
    accepted()
    posted("brevo", CALLS["brevo"](Happened("hard", "unknown", ADDRESS)))
    event = WebhookEvent.objects.get()
    assert (event.due_at is not None, event.recipient) == (True, ADDRESS)
    webhook_events.process(config.current(), event.received_at + webhook_events.GIVE_UP)
    event.refresh_from_db()
    assert (event.due_at, event.recipient, event.number) == (None, "", None)
    assert state() == EXPECTED["delivered"]


def test_an_event_that_is_faster_than_the_result_takes_effect_later() -> None:
    edition = accepted()
    Result.objects.all().delete()
    posted("brevo", report("brevo", "hard"))
    assert state() == EXPECTED["delivered"]
    Result.objects.create(edition=edition, number=1, attempt=1, kind="accepted", at=0, queue_id=NAME)
    webhook_events.process(config.current(), datetime.now(UTC) + webhook_events.AGAIN)
    assert state() == EXPECTED["hard"]


def test_our_own_message_id_names_the_delivery_too() -> None:
    edition = accepted()
    (ours, *_) = audience.message_ids(edition.pk, Subscription.objects.get().pk)
    posted("mailgun", CALLS["mailgun"](Happened("hard", f"{ours}@example.org", ADDRESS)))
    assert state() == EXPECTED["hard"]


def test_the_identifier_of_another_message_names_no_delivery() -> None:
    accepted(2)
    posted("brevo", CALLS["brevo"](Happened("hard", "id-2", ADDRESS)))
    assert not Bounce.objects.exists()


def test_bounces_by_webhook_by_imap_and_during_sending_lead_to_the_same_state() -> None:
    found = []
    for way in ("webhook", "imap", "smtp"):
        for table in (Edition, Suppression, Subscription, Subscriber):
            table.objects.all().delete()
        edition = accepted()
        now = datetime.now(UTC)
        if way == "webhook":
            posted("brevo", report("brevo", "hard"))
        elif way == "imap":
            settings = config.use(replace(config.current(), bounces=Bounces(return_path=BARE)))
            reply = f"smtp; {calls.MISSING.format(address=ADDRESS)}"
            processing.process(settings, mail(to=return_path.return_path(BARE, edition.pk, 1), diagnostic=reply), now)
        else:
            Result.objects.update(kind="refused", fault="reader", status="5.1.1", code=550, text="User unknown")
            Edition.objects.update(state=State.SENT)  # before that, it may be the first refusal of many
            policy.count_refusals(config.current(), now)
        found.append((state(), Suppression.objects.get().note))
    assert found[0] == found[1] == found[2]
    assert found[0][0] == EXPECTED["hard"]


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


def test_many_events_in_one_call_are_stored_together() -> None:
    accepted(300)
    one = [
        json.loads(CALLS["mailjet"](Happened("hard", f"id-{n}", f"r{n}@reader.example")).body)[0] for n in range(1, 301)
    ]
    call = replace(report("mailjet", "hard"), body=json.dumps(one).encode())
    assert posted("mailjet", call) == 200
    assert Bounce.objects.count() == 300


@pytest.mark.parametrize("provider", WEBHOOKS)
def test_the_desk_shows_what_to_enter_and_when_the_last_event_came(provider: str, admin: Client) -> None:
    config.use(replace(config.current(), delivery=replace(config.current().delivery, provider=provider)))
    before = admin.get("/desk/settings/webhooks/").content.decode()
    accepted()
    posted(provider, report(provider, DOUBLES[provider].kinds[0]))
    WebhookEvent.objects.update(received_at=datetime.now(UTC) - timedelta(minutes=2))
    after = admin.get("/desk/settings/webhooks/").content.decode()
    assert f"localhost:8000/hooks/{provider}/" in after
    assert "No events yet" in before
    assert "Last event 2 minutes ago" in after


def test_the_address_at_the_desk_is_accepted(admin: Client) -> None:
    config.use(replace(config.current(), delivery=replace(config.current().delivery, provider="brevo")))
    page = admin.get("/desk/settings/webhooks/").content.decode()
    (credentials,) = re.findall(r"http://([^@]+)@localhost:8000/hooks/brevo/", page)
    basic = base64.b64encode(unquote(credentials).encode()).decode()
    call = replace(report("brevo", "hard"), headers={"Authorization": f"Basic {basic}"})
    assert posted("brevo", call) == 200


def test_the_desk_says_where_a_missing_key_is_entered(admin: Client) -> None:
    config.use(replace(config.current(), delivery=config.DeliverySettings(provider="resend")))
    page = admin.get("/desk/settings/webhooks/").content.decode()
    assert "Resend signs its calls" in page
    assert 'href="/desk/settings/site/providers/"' in page


@pytest.mark.parametrize(("provider", "said"), [("smtp", "has no webhooks"), ("scaleway", "receive webhooks from")])
def test_the_desk_says_which_provider_has_no_webhooks(provider: str, said: str, admin: Client) -> None:
    config.use(replace(config.current(), delivery=replace(config.current().delivery, provider=provider)))
    assert said in admin.get("/desk/settings/webhooks/").content.decode()


@pytest.mark.parametrize(
    ("said", "permanent", "kind", "fault"),
    [
        ("550 5.1.1 User unknown", None, BounceKind.HARD, "reader"),
        ("550 5.1.1 User unknown", False, BounceKind.SOFT, "mailbox"),
        ("", True, BounceKind.HARD, "reader"),
        ("", None, BounceKind.SOFT, ""),
        ("550 5.7.1 Message blocked as spam", True, BounceKind.SOFT, "policy"),
        ("552 5.2.2 Mailbox full", True, BounceKind.SOFT, "mailbox"),
        ("450 4.1.1 User unknown", None, BounceKind.SOFT, "reader"),
    ],
)
def test_a_servers_words_count_for_more_than_the_services(
    said: str, permanent: bool | None, kind: BounceKind, fault: str
) -> None:
    assert read_reply(said, permanent=permanent)[:2] == (kind, fault)
