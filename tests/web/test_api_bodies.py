"""Bodies of the API: large ones only with a token."""

import json

import pytest

from newsletter.web.desk import body_limits
from newsletter.web.requests import AsgiMessage
from tests.api.client import token
from tests.web.test_bodies import Client


def scope(*authorization: bytes) -> AsgiMessage:
    return {"type": "http", "path": "/api/v1/posts", "headers": [(b"authorization", each) for each in authorization]}


@pytest.mark.django_db
def test_a_token_allows_a_larger_body() -> None:
    text = f"Bearer {token().text}".encode()
    assert body_limits.body_limit(scope(text)) == body_limits.LARGEST_OF_API
    for given in ([], [text + b"0"], [text, text], [b""], [b"\xff"]):
        assert body_limits.body_limit(scope(*given)) == 0


async def test_without_a_token_a_large_body_is_refused() -> None:
    client = Client([b"x" * 60_000] * 4, path="/api/v1/posts")
    assert await client.ask(allowed=0) == 413
    assert client.seen == []
    assert client.headers[b"content-type"] == b"application/problem+json"
    document = json.loads(client.sent[1]["body"])
    assert (document["code"], document["params"]) == ("api.too-large", {"most": 100_000})


async def test_with_a_token_it_is_passed_on() -> None:
    client = Client([b"x" * 60_000] * 4, path="/api/v1/posts")
    assert await client.ask(allowed=1_000_000) == 0
    assert len(client.seen[0][0]) == 240_000
