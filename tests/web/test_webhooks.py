"""Webhooks of every email service: what is accepted, and what becomes of a subscription."""

import json
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from newsletter import config
from newsletter.bounces import policy, processing, webhook_events
from newsletter.bounces.reading import BounceKind
from newsletter.bounces.reading.parsing import read_reply
from newsletter.config import Bounces
from newsletter.models import Bounce, Edition, Result, State, WebhookEvent
from newsletter.sending import audience, return_path
from newsletter.web.hooks.provider_views import WEBHOOKS
from subscribers.models import Subscriber, Subscription, Suppression
from tests.bounces.reading.bounce_samples import report as mail
from tests.doubles import webhook_calls as calls
from tests.doubles.providers import CALLS, DOUBLES
from tests.doubles.webhook_calls import Happened
from tests.web.webhook_reports import ADDRESS, EVERY, EXPECTED, NAME, accepted, posted, report, state

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("webhook_keys")]

BARE = "bounce@example.org"


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


@pytest.mark.parametrize("provider", ["scaleway", "smtp", "nobody"])
def test_others_have_no_webhooks(provider: str) -> None:
    assert Client().post(f"/hooks/{provider}/").status_code == 404


def test_only_posts_are_taken() -> None:
    assert Client().get("/hooks/brevo/").status_code == 405


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


def test_many_events_in_one_call_are_stored_together() -> None:
    accepted(300)
    one = [
        json.loads(CALLS["mailjet"](Happened("hard", f"id-{n}", f"r{n}@reader.example")).body)[0] for n in range(1, 301)
    ]
    call = replace(report("mailjet", "hard"), body=json.dumps(one).encode())
    assert posted("mailjet", call) == 200
    assert Bounce.objects.count() == 300


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
