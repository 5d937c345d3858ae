"""Unusual requests: each is answered, and none breaks anything."""

import io
import logging

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from newsletter import config
from newsletter.logs.setup import RoutesInsteadOfPaths
from subscribers import signup, transactional
from subscribers.models import Consent, EmailKind, Subscriber, Subscription, Suppression, TransactionalEmail
from subscribers.protection import sign_up_limits as limits
from subscribers.tokens import Purpose, link_token, timed_token
from tests.subscribers.make import AT, add_subscription, only_email

pytestmark = pytest.mark.django_db
SUBSCRIBE = "/n/kinaforum/subscribe"
KARI = {"address": "kari@reader.example"}


@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"a":' * 100_000, '{"address": "\\ud800@x.example"}', "\xff", "9" * 9_999]
)
def test_invalid_json_is_an_address_error(client: Client, body: str) -> None:
    answer = client.post(SUBSCRIBE, body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize("number", ["9" * 5_000, "²", "-1", "1e9", ""])
def test_an_invalid_page_number_means_the_first_page(client: Client, number: str) -> None:
    assert client.get("/n/kinaforum/", {"page": number}).status_code == 200


@pytest.mark.parametrize("name", ["\x00", "x" * 100_000, "kinaforum\x00"])
def test_a_newsletter_without_a_name_is_not_found(client: Client, name: str) -> None:
    """Looked for in what the reader has: a database that refuses NUL never sees it."""
    link = f"/p/{link_token(add_subscription().pk)}"
    with CaptureQueriesContext(connection) as asked:
        assert client.post(link, {"do": "leave", "newsletter": name}).status_code == 400
    assert not any("x" * 1_000 in query["sql"] or "\x00" in query["sql"] for query in asked)
    assert Subscription.objects.get().state == Subscription.State.ACTIVE


@pytest.mark.parametrize(
    ("headers", "named"),
    [
        ({}, f"http://localhost:8000{SUBSCRIBE}"),
        ({"Origin": "http://localhost:8000"}, f"http://localhost:8000{SUBSCRIBE}"),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, f"http://localhost:8000{SUBSCRIBE}"),
        ({"Origin": "https://blog.example", "Sec-Fetch-Site": "cross-site"}, "https://blog.example"),
        ({"Origin": "null"}, "null"),
    ],
)
def test_a_consent_names_the_page_on_which_it_was_given(client: Client, headers: dict[str, str], named: str) -> None:
    client.post(SUBSCRIBE, KARI, headers=headers)
    assert Consent.objects.get().page == named


def test_a_consent_accepts_any_remote_address(client: Client) -> None:
    client.post(SUBSCRIBE, KARI, REMOTE_ADDR="unknown " * 20)
    assert len(Consent.objects.get().network) == 45


@pytest.mark.parametrize(("query", "browser", "language"), [("", "es", "es"), ("?lang=sv", "es", "sv"), ("", "", "nb")])
def test_the_email_has_the_language_of_the_page(client: Client, query: str, browser: str, language: str) -> None:
    page = client.post(f"{SUBSCRIBE}{query}", KARI, headers={"Accept-Language": browser})
    assert page["Content-Language"] == language
    assert only_email().language == language


def test_a_known_subscriber_gets_emails_in_the_language_of_the_page_too(client: Client) -> None:
    subscription = add_subscription(language="de")
    client.post(f"{SUBSCRIBE}?lang=sv", KARI)
    assert only_email().language == "sv"
    client.post(f"/p/{link_token(subscription.pk)}?lang=fr", {"do": "me"})
    assert only_email(kind=EmailKind.ME).language == "fr"
    client.post(f"/p/{link_token(subscription.pk)}?lang=da", {"do": "join daily"})
    assert only_email(newsletter="daily").language == "da"


def test_too_many_requests_for_another_newsletter_are_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PER_NETWORK", 0)
    answer = client.post(f"/p/{link_token(add_subscription().pk)}", {"do": "join", "newsletter": "daily"})
    assert (answer.status_code, "Too many requests" in answer.text) == (400, True)
    assert not TransactionalEmail.objects.exists()


def test_confirming_does_not_unblock_a_domain() -> None:
    """Whatever the reason: only an editor lifts a domain, and nothing of it is lifted by halves."""
    subscription = add_subscription(state=Subscription.State.PENDING)
    Suppression.objects.suppress_domain("reader.example", Suppression.Reason.BOUNCED)
    Suppression.objects.suppress("kari@reader.example", Suppression.Reason.UNSUBSCRIBED)
    asked = Consent.objects.create(subscription=subscription, how=Consent.How.FORM, at=AT)
    assert not transactional.can_be_unblocked("kari@reader.example", AT)
    token = timed_token(Purpose.CONFIRM, asked.pk, 60)
    assert signup.confirm(config.current(), token, AT)[0] is signup.ConfirmResult.REFUSED
    assert Suppression.objects.count() == 2
    assert Subscriber.objects.count() == 1


def test_an_unknown_host_name_is_logged_in_one_line(client: Client) -> None:
    told = io.StringIO()
    handler = logging.StreamHandler(told)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    handler.addFilter(RoutesInsteadOfPaths())
    log = logging.getLogger("django.security.DisallowedHost")
    log.addHandler(handler)
    try:
        client.get(SUBSCRIBE, headers={"Host": "evil.example"})
    finally:
        log.removeHandler(handler)
    sentence = (
        "WARNING Invalid HTTP_HOST header: 'evil.example'; site.url and site.url_previous have the names of this site"
    )
    assert told.getvalue() == f"{sentence}\n"
