"""Forty hostile requests with their statuses; none changes a subscription."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from subscribers import subscription_requests
from subscribers.models import Consent, EmailKind, Hits, Subscriber, Subscription, Suppression, TransactionalEmail
from subscribers.protection import confirmation_budget as budget, sign_up_limits as limits
from subscribers.tokens import Purpose, link_token, timed_token
from tests.subscribers.make import add_subscription

pytestmark = pytest.mark.django_db
State = Subscription.State
SUBSCRIBE = "/n/kinaforum/subscribe"


@dataclass
class World:
    """Kari is subscribed to Kinaforum, Ola is pending, Liv has unsubscribed."""

    kari: Subscription
    ola: Subscription
    liv: Subscription
    asked: Consent
    used: Consent
    move: TransactionalEmail

    @property
    def states(self) -> tuple[list[tuple[int, str]], int, list[str], list[int]]:
        """What no hostile request may change."""
        return (
            sorted(Subscription.objects.values_list("pk", "state")),
            Subscriber.objects.count(),
            sorted(Subscriber.objects.values_list("address", flat=True)),
            sorted(Suppression.objects.values_list("pk", flat=True)),
        )


@pytest.fixture
def world() -> World:
    kari = add_subscription()
    ola = add_subscription("ola@reader.example", state=State.PENDING)
    liv = add_subscription("liv@reader.example", state=State.UNSUBSCRIBED)
    asked = Consent.objects.create(subscription=ola, how=Consent.How.FORM)
    used = Consent.objects.create(subscription=liv, how=Consent.How.FORM, confirmed_at=timezone.now())
    payload = {"address": "kari@new.example"}
    move = TransactionalEmail.objects.create(
        kind=EmailKind.CHANGE, subscriber=kari.subscriber, newsletter="kinaforum", payload=payload
    )
    return World(kari, ola, liv, asked, used, move)


@dataclass(frozen=True)
class Attack:
    """A request and the expected status."""

    what: str
    path: Callable[[World], str]
    status: int
    method: str = "GET"
    body: str | Mapping[str, str] = ""
    kind: str = "application/x-www-form-urlencoded"
    headers: Mapping[str, str] = field(default_factory=dict)


def _confirm(w: World, seconds: int = 60) -> str:
    return timed_token(Purpose.CONFIRM, w.asked.pk, seconds)


def _me(w: World, seconds: int = 60) -> str:
    return timed_token(Purpose.ME, w.kari.subscriber_id, seconds)


def _move(w: World) -> str:
    return timed_token(Purpose.CHANGE, w.move.pk, 60)


def _link(w: World) -> str:
    return link_token(w.kari.pk)


def _flipped(token: str) -> str:
    return ("B" if token[0] == "A" else "A") + token[1:]


ERASE = {"do": "erase", "sure": "yes"}
SPAMMED = {"address": "new@y.example", "website": "https://spam.example"}
LONG_NAME = {"do": "save", "name": "x" * 1_000_000, "language": "en"}
TWO_LINES = {"address": "x@y.example\r\nBcc: z@y.example"}
PREFETCH = {"Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch", "X-Moz": "prefetch"}
ATTACKS = [
    Attack("GET on the link to leave", lambda w: f"/u/{_link(w)}", 200),
    Attack("HEAD on the link to leave", lambda w: f"/u/{_link(w)}", 200, "HEAD"),
    Attack("prefetch of the link to leave", lambda w: f"/u/{_link(w)}", 200, headers=PREFETCH),
    Attack("PUT on the link to leave", lambda w: f"/u/{_link(w)}", 405, "PUT"),
    Attack("GET on the link to leave with the one-click field in the query",
           lambda w: f"/u/{_link(w)}?List-Unsubscribe=One-Click", 200),
    Attack("GET on the link to confirm", lambda w: f"/confirm/{_confirm(w)}", 200),
    Attack("HEAD on the link to confirm", lambda w: f"/confirm/{_confirm(w)}", 200, "HEAD"),
    Attack("prefetch of the link to confirm", lambda w: f"/confirm/{_confirm(w)}", 200, headers=PREFETCH),
    Attack("GET on the link to change the address", lambda w: f"/confirm/{_move(w)}", 200),
    Attack("GET on the preferences with an act in the query", lambda w: f"/p/{_link(w)}?do=leave-all", 200),
    Attack("GET on the own page with erasing in the query", lambda w: f"/me/{_me(w)}?do=erase&sure=yes", 200),
    Attack("forged link to leave", lambda w: f"/u/{_flipped(_link(w))}", 404, "POST", "List-Unsubscribe=One-Click"),
    Attack("forged preferences", lambda w: f"/p/{_flipped(_link(w))}", 404, "POST", {"do": "leave"}),
    Attack("forged own page", lambda w: f"/me/{_flipped(_me(w))}", 404, "POST", ERASE),
    Attack("forged confirmation", lambda w: f"/confirm/{_flipped(_confirm(w))}", 404, "POST"),
    Attack("a token cut short", lambda w: f"/u/{_link(w)[:-1]}", 404, "POST"),
    Attack("a token with something after it", lambda w: f"/u/{_link(w)}A", 404, "POST"),
    Attack("a token 100,000 characters long", lambda w: f"/u/{'A' * 100_000}", 404, "POST"),
    Attack("a token with a NUL and a line end", lambda w: "/u/%00%0d%0aSet-Cookie:x=1", 404, "POST"),
    Attack("expired confirmation", lambda w: f"/confirm/{_confirm(w, -1)}", 410, "POST"),
    Attack("expired own page", lambda w: f"/me/{_me(w, -1)}", 410, "POST", ERASE),
    Attack("confirmation replayed after leaving",
           lambda w: f"/confirm/{timed_token(Purpose.CONFIRM, w.used.pk, 60)}", 200, "POST"),
    Attack("a mail's link used as own page", lambda w: f"/me/{_link(w)}", 404, "POST", ERASE),
    Attack("a mail's link used to confirm", lambda w: f"/confirm/{_link(w)}", 404, "POST"),
    Attack("a confirmation used as own page", lambda w: f"/me/{_confirm(w)}", 404, "POST", ERASE),
    Attack("an own page's token used to confirm", lambda w: f"/confirm/{_me(w)}", 404, "POST"),
    Attack("an own page's token used to leave", lambda w: f"/u/{_me(w)}", 404, "POST"),
    Attack("line ends in the address", lambda w: SUBSCRIBE, 400, "POST", TWO_LINES),
    Attack("angle brackets in the address", lambda w: SUBSCRIBE, 400, "POST", {"address": "<script>@y.example"}),
    Attack("a megabyte as address", lambda w: SUBSCRIBE, 400, "POST", {"address": "x" * 1_000_000}),
    Attack("three megabytes as body", lambda w: SUBSCRIBE, 400, "POST", "address=" + "x" * 3_000_000),
    Attack("five thousand fields", lambda w: SUBSCRIBE, 400, "POST", "&".join(f"f{n}=1" for n in range(5_000))),
    Attack("a megabyte as reason", lambda w: f"/u/{link_token(w.liv.pk)}", 200, "POST", {"reason": "x" * 1_000_000}),
    Attack("a megabyte as name", lambda w: f"/me/{_me(w)}", 400, "POST", LONG_NAME),
    Attack("a machine that fills in every field", lambda w: SUBSCRIBE, 202, "POST", SPAMMED),
    Attack("a form on another site that uses another person's cookies", lambda w: f"/me/{'A' * 36}", 404, "POST",
           ERASE, headers={"Origin": "https://evil.example", "Cookie": "sessionid=x"}),
    Attack("a script of another site", lambda w: SUBSCRIBE, 204, "OPTIONS", headers={"Origin": "https://evil.example"}),
    Attack("a foreign host name", lambda w: SUBSCRIBE, 400, headers={"Host": "evil.example"}),
    Attack("an open redirect", lambda w: f"{SUBSCRIBE}?next=https://evil.example&lang=//evil.example", 200),
    Attack("another newsletter's name with a path in it", lambda w: "/n/..%2f..%2fetc/subscribe", 404, "POST"),
]  # fmt: skip


def test_there_are_forty_hostile_requests() -> None:
    assert len({attack.what for attack in ATTACKS}) == 40


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.what)
def test_a_hostile_request_is_rejected(attack: Attack, world: World) -> None:
    client, before = Client(enforce_csrf_checks=True), world.states
    path, query = [*attack.path(world).split("?"), ""][:2]
    body = (
        attack.body if isinstance(attack.body, str) else "&".join(f"{k}={_quoted(v)}" for k, v in attack.body.items())
    )
    answer = client.generic(
        attack.method, path, body, content_type=attack.kind, query_string=query, headers=dict(attack.headers)
    )
    assert answer.status_code == attack.status
    assert world.states == before
    assert not any(cookie.value for cookie in answer.cookies.values())
    assert "Location" not in answer
    assert "Access-Control-Allow-Origin" not in answer
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert b"evil.example" not in answer.content
    assert b"<script" not in answer.content


def _quoted(text: str) -> str:
    return "".join(c if c.isalnum() else "".join(f"%{o:02X}" for o in c.encode()) for c in text)


def test_reflected_input_is_escaped(client: Client) -> None:
    answer = client.post(SUBSCRIBE, {"address": '"><img src=x onerror=alert(1)>@y.example'})
    assert "<img" not in answer.text
    assert "&lt;img" in answer.text


@pytest.fixture
def in_one_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time stands still, so that no window of the limits ends during many requests."""
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 2, 6, 12, 30, tzinfo=UTC))


@pytest.mark.usefixtures("in_one_window")
def test_a_distributed_list_bomb_sends_one_email_and_stores_few_rows(client: Client) -> None:
    """From 400 networks, more than the domain's share; the rest of the domain is heard as before."""
    answers = [_asked(client, "victim@reader.example", f"198.{n // 250}.{n % 250}.7") for n in range(400)]
    assert set(answers) == {202}
    assert TransactionalEmail.objects.count() == Consent.objects.count() == Subscriber.objects.count() == 1
    assert Hits.objects.count() <= 2 * limits.PER_MAILBOX + 8
    assert max(Hits.objects.values_list("count", flat=True)) == limits.PER_MAILBOX


@pytest.mark.usefixtures("in_one_window")
def test_a_list_bomb_with_varied_spellings_sends_ten_emails(client: Client) -> None:
    """Text after a plus belongs to the reader, and Gmail ignores dots."""
    for n in range(200):
        _asked(client, f"vic{'.' * (n % 2)}tim+{n}@gmail.com", f"198.51.{n}.7")
    for n in range(200):
        _asked(client, f"victim+{n}@reader.example", f"198.52.{n}.7")
    assert (
        TransactionalEmail.objects.filter(subscriber__domain="gmail.com").count()
        == subscription_requests.LETTERS_A_MONTH
    )
    assert (
        TransactionalEmail.objects.filter(subscriber__domain="reader.example").count()
        == subscription_requests.LETTERS_A_MONTH
    )


@pytest.mark.usefixtures("in_one_window")
def test_a_list_bomb_from_one_network_causes_few_emails(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PER_NETWORK", 40)
    answers = [_asked(client, f"victim{n}@reader.example", "198.51.100.7") for n in range(100)]
    assert answers == [202] * limits.PER_NETWORK + [429] * (100 - limits.PER_NETWORK)
    assert TransactionalEmail.objects.filter(delayed_at=None).count() == budget.OF_NETWORK


def _asked(client: Client, address: str, network: str) -> int:
    return client.post(SUBSCRIBE, {"address": address}, REMOTE_ADDR=network).status_code


def test_responses_do_not_reveal_subscribers(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Status, text (except the nonce) and duration are the same."""
    monkeypatch.setattr(limits, "PER_NETWORK", 10**9)
    for name in ("OF_NEWSLETTER", "OF_DOMAIN", "OF_NETWORK"):
        monkeypatch.setattr(budget, name, 10**9)
    monkeypatch.setattr(limits, "ATTACK", 10**9)
    for n in range(60):
        add_subscription(f"known{n}@reader.example")
        Suppression.objects.suppress(f"shut{n}@reader.example", Suppression.Reason.BY_HAND)
    answers: dict[str, set[tuple[int, str]]] = {}
    times: dict[str, list[float]] = {}
    for n in range(60):
        for kind in ("known", "shut", "new"):
            began = time.perf_counter()
            answer = client.post(SUBSCRIBE, {"address": f"{kind}{n}@reader.example"})
            times.setdefault(kind, []).append(time.perf_counter() - began)
            nonce = answer["Content-Security-Policy"].partition("nonce-")[2].partition("'")[0]
            answers.setdefault(kind, set()).add((answer.status_code, answer.text.replace(nonce, "")))
    assert answers["known"] == answers["shut"] == answers["new"]
    medians = {kind: statistics.median(values) * 1_000 for kind, values in times.items()}
    spread = max(statistics.stdev(values) for values in times.values()) * 1_000
    assert max(medians.values()) - min(medians.values()) < max(3 * spread, 2), medians


def test_a_forwarded_link_reveals_nothing(client: Client, world: World) -> None:
    Subscriber.objects.filter(pk=world.kari.subscriber_id).update(name="Kari Nordmann")
    for path in (f"/p/{_link(world)}", f"/u/{_link(world)}"):
        for answer in (client.get(path), client.post(path, {"do": "me"})):
            assert "kari@" not in answer.text
            assert "Nordmann" not in answer.text


def test_profile_links_are_rate_limited(client: Client, world: World) -> None:
    for _ in range(100):
        client.post(f"/p/{_link(world)}", {"do": "me"})
    assert (
        TransactionalEmail.objects.filter(kind=EmailKind.ME, created__gt=timezone.now() - timedelta(days=1)).count()
        == 1
    )
