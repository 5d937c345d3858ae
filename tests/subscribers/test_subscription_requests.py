"""Requests that are stored in groups give what the same requests give one after another."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from subscribers import subscription_requests
from subscribers.addresses import read_address
from subscribers.models import Consent, Hits, Subscriber, Subscription, TransactionalEmail
from subscribers.protection import confirmation_budget as budget, sign_up_limits as limits
from subscribers.protection.challenges import SolvedChallenge
from subscribers.protection.sign_up_limits import Request, RequestAnswer, mailbox_of
from subscribers.subscription_requests import request_subscription, request_subscriptions
from tests.subscribers.make import AT

pytestmark = pytest.mark.django_db

REQUESTS = st.builds(
    lambda name, domain, newsletter, network, hours, challenge, solution: Request(
        newsletter=newsletter,
        address=read_address(f"{name}@{domain}"),
        language="nb",
        consent="Yes",
        network=network,
        page="https://blog.example/",
        at=AT + timedelta(hours=hours),
        challenge=challenge,
        proof=SolvedChallenge(solution, 2**31) if solution else None,
        without_script=solution == "none",
    ),
    st.sampled_from(["kari", "Kari", "kari+a", "ola", "k.ari"]),
    st.sampled_from(["reader.example", "gmail.com"]),
    st.sampled_from(["kinaforum", "daily"]),
    st.sampled_from(["192.0.2.7", "198.51.100.7"]),
    st.sampled_from([0, 0, 0, 1, 7, 800]),
    st.sampled_from(["off", "auto", "auto", "on"]),
    st.sampled_from(["", "", "none", "first", "second"]),
)
LIMITS = (
    ("PER_NETWORK", 5),
    ("PER_MAILBOX", 3),
    ("UNSOLVED_PER_NETWORK", 2),
    ("UNSOLVED", 4),
    ("ATTACK", 3),
)


def _stored() -> list[Any]:
    """Everything that requests store, without primary keys."""
    return [
        sorted(Subscriber.objects.values_list("key", "address", "language", "address_hash")),
        sorted(Subscription.objects.values_list("subscriber__key", "newsletter", "state", "created")),
        sorted(Consent.objects.values_list("subscription__subscriber__key", "subscription__newsletter", "at", "text")),
        sorted(
            TransactionalEmail.objects.values_list(
                "subscriber__key", "newsletter", "kind", "created", "due", "delayed_at"
            )
        ),
        sorted(Hits.objects.values_list("what", "start", "until", "count")),
        all(email.payload["consent"] in _consents(email) for email in TransactionalEmail.objects.all()),
    ]


def _consents(email: TransactionalEmail) -> set[int]:
    return set(Consent.objects.filter(subscription=email.subscription).values_list("pk", flat=True))


def _forget() -> None:
    Subscriber.objects.all().delete()
    Hits.objects.all().delete()


@given(st.lists(st.lists(REQUESTS, min_size=1, max_size=8), max_size=4))
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_groups_are_as_single_requests(groups: list[list[Request]]) -> None:
    ordered = [sorted(group, key=lambda request: request.at) for group in groups]
    with pytest.MonkeyPatch.context() as patched:
        for name, limit in LIMITS:
            patched.setattr(limits, name, limit)
        for name, limit in (("OF_NEWSLETTER", 4), ("OF_DOMAIN", 3), ("OF_NETWORK", 3), ("UNSOLVED", 2)):
            patched.setattr(budget, name, limit)
        patched.setattr(subscription_requests, "LETTERS_A_MONTH", 3)
        _forget()
        answers = [answer for group in ordered for answer in request_subscriptions(group)]
        stored = _stored()
        _forget()
        assert [request_subscription(request) for group in ordered for request in group] == answers
        assert _stored() == stored
    assert stored[-1]


def test_a_group_takes_a_few_statements(django_assert_max_num_queries: Any) -> None:
    group = [_request(f"k{n}@mail{n}.example", AT) for n in range(40)]
    with django_assert_max_num_queries(24):
        assert request_subscriptions(group) == [RequestAnswer.ACCEPTED] * 30 + [RequestAnswer.DELAYED] * 10


def _request(address: str, at: datetime) -> Request:
    return Request("kinaforum", read_address(address), "nb", "Yes", "192.0.2.7", "https://blog.example/", at)


def test_both_domains_of_gmail_are_one_mailbox_for_limits() -> None:
    keys = ("vic.tim@gmail.com", "victim+news@googlemail.com", "victim@googlemail.com")
    assert {mailbox_of(key) for key in keys} == {"victim@gmail.com"}
