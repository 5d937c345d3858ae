"""Whatever a request's parameters hold, a page answers, and never with 500."""

import socket
from collections.abc import Callable

import pytest
from django.db import transaction
from django.http import StreamingHttpResponse
from django.test import Client
from hypothesis import HealthCheck, given, settings, strategies as st

from newsletter.models import Post
from subscribers.tokens import link_token
from tests.subscribers.make import add_subscription
from tests.web import make
from tests.web.parameters import Case, cases


@pytest.fixture
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No name is looked up."""
    looked_up: Callable[..., object] = socket.getaddrinfo

    def refused(host: object, *given: object, **more: object) -> object:
        if host not in ("127.0.0.1", "localhost", "::1"):
            raise socket.gaierror(socket.EAI_NONAME, "not looked up in tests")
        return looked_up(host, *given, **more)

    monkeypatch.setattr(socket, "getaddrinfo", refused)


def things() -> tuple[tuple[int, ...], tuple[str, ...]]:
    """A draft with posts, and a reader; the numbers of things and the tokens of links."""
    make.draft("First", "Second")
    subscription = add_subscription()
    return (Post.objects.get(title="First").pk, subscription.subscriber_id, subscription.pk, 2**31), (
        link_token(subscription.pk),
    )


@pytest.mark.usefixtures("loopback_only")
def test_every_page_answers_every_request(admin: Client) -> None:
    ids, tokens = things()
    admin.raise_request_exception = True

    @settings(max_examples=2 * settings().max_examples, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        case: Case = data.draw(cases(ids, tokens))
        with transaction.atomic():
            answer = case.ask(admin)
            assert answer.status_code < 500
            if isinstance(answer, StreamingHttpResponse):
                answer.getvalue()
            transaction.set_rollback(True)

    ask()
