"""The fast path answers as Django does, and leaves to Django what is unusual."""

import asyncio
import re
import threading
from collections.abc import Callable
from typing import Any, cast

import pytest
from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application
from django.db import OperationalError

from newsletter.web import unsubscribing
from newsletter.web.fast_path import LARGEST_FORM, FastPath
from newsletter.web.metrics.http import requests as request_metrics
from newsletter.web.requests import App, AsgiMessage
from subscribers import preferences, unsubscription_file, waiting_unsubscriptions
from subscribers.models import Consent, Subscription, TransactionalEmail
from subscribers.protection import sign_up_limits as limits
from subscribers.tokens import link_token, link_token_for_tests
from tests.subscribers.make import add_subscription
from tests.subscribers.test_challenges import ask_for

pytestmark = pytest.mark.django_db(transaction=True)

ONE_CLICK = b"List-Unsubscribe=One-Click"
FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json", "origin": "https://blog.example"}
NONCE = re.compile(r"nonce-[\w-]+|nonce=\"[\w-]+\"")

Answer = tuple[int, dict[str, str], str]


class Site:
    """The fast path and Django behind it, which counts its requests."""

    def __init__(self) -> None:
        self.django = cast(App, WSGIMiddleware(get_wsgi_application(), workers=1))
        self.passed_on = 0
        self.short = FastPath(self._counted)

    async def _counted(self, scope: AsgiMessage, receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        self.passed_on += 1
        await self.django(scope, receive, send)

    def post(self, path: str, body: bytes, *, django: bool = False, **more: Any) -> Answer:
        """Post to the fast path, or to Django alone; return the status, the headers and the body without nonces."""
        given = {"content-length": str(len(body)), **more}
        return self.ask("POST", path, body, django=django, **given)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        django: bool = False,
        scheme: str = "http",
        query: bytes = b"",
        twice: str = "",
        **headers: str,
    ) -> Answer:
        """Ask the fast path, or Django alone; return the status, the headers and the body without nonces.

        `twice` names a header that is sent twice.
        """
        given = [("host", "localhost"), *headers.items()] if "host" not in headers else list(headers.items())
        given += [(twice, headers.get(twice, "localhost"))] if twice else []
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query,
            "scheme": scheme,
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in given],
            "client": ("192.0.2.7", 1234),
            "server": ("127.0.0.1", 8000),
        }
        return asyncio.run(_answer(self.django if django else self.short, scope, body))


async def _answer(app: App, scope: AsgiMessage, body: bytes) -> Answer:
    pieces = [body[:3], body[3:]]
    sent: list[AsgiMessage] = []

    async def receive() -> AsgiMessage:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def send(message: AsgiMessage) -> None:
        sent.append(message)

    await app(scope, receive, send)
    headers = {name.decode().lower(): NONCE.sub("", value.decode()) for name, value in sent[0]["headers"]}
    text = b"".join(each["body"] for each in sent[1:]).decode()
    headers.pop("content-length", None) if "nonce" in text else None
    return sent[0]["status"], headers, NONCE.sub("", text)


@pytest.fixture
def site() -> Site:
    return Site()


LANGUAGES = [{}, {"accept_language": "nb-NO,nb;q=0.9"}, {"accept_language": "de"}]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_one_click_request_is_answered_as_by_django(site: Site, language: dict[str, str], scheme: str) -> None:
    first, second = add_subscription("kari@reader.example"), add_subscription("ola@reader.example")
    headers = {"content_type": FORM["content-type"], **language}
    short = site.post(f"/u/{link_token(first.pk)}", ONE_CLICK, scheme=scheme, **headers)
    django = site.post(f"/u/{link_token(second.pk)}", ONE_CLICK, django=True, scheme=scheme, **headers)
    assert (short, site.passed_on) == (django, 0)
    assert short[0] == 200
    assert "set-cookie" not in short[1]
    assert set(Subscription.objects.values_list("state", flat=True)) == {Subscription.State.UNSUBSCRIBED}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"address=%s@reader.example", FORM),
        (b"address=%s@reader.example&website=http://spam.example", FORM),
        (b"address=%s", FORM),
        (b"address=", FORM),
        (b'{"address": "%s@reader.example"}', JSON),
        (b'{"address": "%s"}', JSON),
        (b"not json %s", JSON),
    ],
)
def test_a_sign_up_is_answered_as_by_django(
    site: Site, body: bytes, headers: dict[str, str], language: dict[str, str]
) -> None:
    given = {**{name.replace("-", "_"): value for name, value in headers.items()}, **language}
    short = site.post("/n/daily/subscribe", body.replace(b"%s", b"kari"), **given)
    django = site.post("/n/daily/subscribe", body.replace(b"%s", b"ola"), django=True, **given)
    expected = 0 if headers is FORM else 1
    assert (short[0], short[1], short[2].replace("kari", "ola"), site.passed_on) == (*django, expected)
    assert TransactionalEmail.objects.count() in (0, 2)


def test_a_sign_up_over_the_limit_is_answered_as_by_django(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PER_NETWORK", 0)
    short = site.post("/n/daily/subscribe", b"address=kari@reader.example", content_type=FORM["content-type"])
    django = site.post(
        "/n/daily/subscribe", b"address=kari@reader.example", django=True, content_type=FORM["content-type"]
    )
    assert (short, site.passed_on) == (django, 0)
    assert short[0] == 429


@pytest.mark.parametrize("headers", [FORM, JSON])
def test_a_sign_up_that_needs_a_challenge_is_answered_as_by_django(site: Site, headers: dict[str, str]) -> None:
    ask_for("on")
    given = {name.replace("-", "_"): value for name, value in headers.items()}
    body = b'{"address": "kari@reader.example"}' if headers is JSON else b"address=kari@reader.example"
    short = site.post("/n/kinaforum/subscribe", body, **given)
    django = site.post("/n/kinaforum/subscribe", body, django=True, **given)
    assert (short, site.passed_on) == (django, 0 if headers is FORM else 1)
    assert short[0] == 403


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("/u/{token}", b"a=b", FORM, 200),
        ("/u/{token}", b"", {}, 200),
        ("/u/{token}", ONE_CLICK, {}, 200),
        ("/u/{token}", ONE_CLICK, {**FORM, "host": "evil.example"}, 400),
        ("/u/{test}", ONE_CLICK, FORM, 200),
        ("/u/wrong", ONE_CLICK, FORM, 404),
        ("/u/", ONE_CLICK, FORM, 404),
        ("/u/{token}/more", ONE_CLICK, FORM, 404),
        ("/n/unknown/subscribe", b"address=kari@reader.example", FORM, 404),
        ("/n/daily/2026-02-06/subscribe", b"address=kari@reader.example", FORM, 404),
        ("/n/daily/subscribe", b"address=kari@reader.example", {**FORM, "host": "evil.example"}, 400),
        ("/p/{token}", b"do=pause", FORM, 400),
    ],
)
def test_unusual_requests_are_left_to_django(
    site: Site, path: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    token = link_token(add_subscription().pk)
    given = {name.replace("-", "_"): value for name, value in headers.items()}
    address = path.format(token=token, test=link_token_for_tests())
    assert (site.post(address, body, **given)[0], site.passed_on) == (status, 1)


MALFORMED: list[tuple[bytes, str]] = [
    (b"address=kari@reader.example", "application/x-www-form-urlencoded; charset=utf-16"),
    (b"address=kari@reader.example", "application/x-www-form-urlencoded; charset=utf-7"),
    (b"address=kari@reader.example", "application/x-www-form-urlencoded; charset=utf- 8"),
    (b"address=kari@reader.example", "multipart/form-data"),
    (b"&".join(b"f%d=x" % number for number in range(1_100)), FORM["content-type"]),
    (b"&" * 1_100, FORM["content-type"]),
    (
        b"".join(
            b'--x\r\nContent-Disposition: form-data; name="f%d"; filename="f"\r\n\r\nx\r\n' % number
            for number in range(120)
        )
        + b"--x--\r\n",
        "multipart/form-data; boundary=x",
    ),
]


@pytest.mark.parametrize("path", ["/n/daily/subscribe", "/hooks/postmark/"])
@pytest.mark.parametrize(("body", "media_type"), MALFORMED)
def test_a_malformed_request_is_answered_by_django_with_a_sentence(
    site: Site, path: str, body: bytes, media_type: str, caplog: pytest.LogCaptureFixture
) -> None:
    status, _headers, text = site.post(path, body, content_type=media_type)
    sentence = "The request could not be read" if path.startswith("/n/") else "The secret or signature is missing"
    assert (status, site.passed_on) == (400 if path.startswith("/n/") else 403, 1)
    assert sentence in text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(("body", "media_type"), MALFORMED[:-1])
def test_whatever_is_posted_to_an_unsubscribe_link_unsubscribes(site: Site, body: bytes, media_type: str) -> None:
    subscription = add_subscription()
    assert site.post(f"/u/{link_token(subscription.pk)}", body, content_type=media_type)[0] == 200
    subscription.refresh_from_db()
    assert subscription.state == Subscription.State.UNSUBSCRIBED


def test_malformed_requests_are_counted(site: Site) -> None:
    before = _count("/n/<slug:newsletter>/subscribe", "400")
    site.post("/n/daily/subscribe", b"address=a", content_type="multipart/form-data")
    assert _count("/n/<slug:newsletter>/subscribe", "400") == before + 1


TWICE = [("content_type", FORM["content-type"]), ("accept_language", "nb"), ("host", "localhost"), ("origin", "null")]


@pytest.mark.parametrize(("name", "value"), TWICE)
def test_a_request_with_a_header_twice_is_left_to_django(site: Site, name: str, value: str) -> None:
    subscription = add_subscription("ola@reader.example")
    given = {"content_type": FORM["content-type"], name: value}
    for path, body in (
        ("/n/daily/subscribe", b"address=kari@reader.example"),
        (f"/u/{link_token(subscription.pk)}", ONE_CLICK),
    ):
        site.passed_on = 0
        site.post(path, body, twice=name, **given)
        assert site.passed_on == 1


@pytest.mark.parametrize("query", [b"a=b", b"&" * 1_100])
def test_a_request_with_a_query_is_left_to_django(site: Site, query: bytes) -> None:
    answer = site.post("/n/daily/subscribe", b"address=", query=query, content_type=FORM["content-type"])
    assert (answer[0], site.passed_on) == (400, 1)


def test_a_large_form_is_left_to_django(site: Site) -> None:
    body = b"address=kari@reader.example&altcha=" + b"x" * LARGEST_FORM
    assert (site.post("/n/daily/subscribe", body, content_type=FORM["content-type"])[0], site.passed_on) == (202, 1)


def test_multipart_one_click_requests_work_too(site: Site) -> None:
    subscription = add_subscription()
    body = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
    answer = site.post(f"/u/{link_token(subscription.pk)}", body, content_type="multipart/form-data; boundary=x")
    subscription.refresh_from_db()
    assert (answer[0], answer[2], subscription.state) == (200, "", Subscription.State.UNSUBSCRIBED)


def test_a_one_click_request_that_the_database_refuses_is_kept_and_answered(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscription = add_subscription()

    def locked(*_given: object) -> None:
        raise OperationalError("database is locked")

    with monkeypatch.context() as patched:
        patched.setattr(preferences, "unsubscribe_all", locked)
        answer = site.post(f"/u/{link_token(subscription.pk)}", ONE_CLICK, content_type=FORM["content-type"])
    assert (answer[0], answer[2], site.passed_on) == (200, "", 0)
    waiting_unsubscriptions.apply_all()
    subscription.refresh_from_db()
    assert subscription.state == Subscription.State.UNSUBSCRIBED


def test_a_database_that_does_not_answer_delays_no_one_click_request(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = threading.Event()
    monkeypatch.setattr(unsubscribing, "LONGEST_WAIT", 0.01)
    monkeypatch.setattr(unsubscribing, "_in_database", lambda *_given: answers.wait(60))
    act = unsubscribing.Unsubscribing()
    act([1])
    act([2])  # while the first is still asked for
    answers.set()
    assert [unsubscription.number for unsubscription in unsubscription_file.waiting()] == [1, 2]


def test_a_one_click_request_that_can_be_written_nowhere_is_left_to_django(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_given: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(waiting_unsubscriptions, "unsubscribe", refused)
    subscription = add_subscription()
    site.post(f"/u/{link_token(subscription.pk)}", ONE_CLICK, content_type=FORM["content-type"])
    assert site.passed_on == 1


def test_repeating_a_one_click_request_keeps_a_new_request_to_subscribe(site: Site) -> None:
    subscription = add_subscription()
    path = f"/u/{link_token(subscription.pk)}"
    site.post(path, ONE_CLICK, content_type=FORM["content-type"])
    site.post("/n/kinaforum/subscribe", b"address=kari@reader.example", content_type=FORM["content-type"])
    site.post(path, ONE_CLICK, content_type=FORM["content-type"])
    assert Consent.objects.filter(confirmed_at=None).count() == 1


def test_answers_are_counted_by_route(site: Site) -> None:
    before = _count("/u/<str:token>")
    site.post(f"/u/{link_token(add_subscription().pk)}", ONE_CLICK, content_type=FORM["content-type"])
    assert _count("/u/<str:token>") == before + 1


def _count(route: str, status: str = "200") -> float:
    labels = {"route": route, "method": "POST", "status": status}
    found = request_metrics().registry().get_sample_value("newsletter_http_request_duration_seconds_count", labels)
    return found or 0.0
