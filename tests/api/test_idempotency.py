"""A request with a key takes effect once, whatever happens to its answer."""

from datetime import timedelta

import pytest
from django.utils import timezone

from newsletter import config
from newsletter.collecting import ledger
from newsletter.models import KeptAnswer, Post
from newsletter.scheduling import housekeeping
from subscribers import erasure
from tests.api.client import ApiClient, token
from tests.api.test_posts import POST


def test_the_same_request_gets_the_same_answer(api: ApiClient) -> None:
    first = api.ask("POST", "/posts", POST, Idempotency_Key="a key")
    again = api.ask("POST", "/posts", POST, Idempotency_Key="a key")
    assert (again.status_code, again.content) == (201, first.content)
    assert again["Location"] == first["Location"]
    assert again["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first


def test_another_request_with_the_key_is_refused(api: ApiClient) -> None:
    api.post("/posts", POST, 201, Idempotency_Key="1")
    refused = api.post("/posts", {**POST, "title": "other"}, 422, Idempotency_Key="1")
    assert refused["code"] == "api.idempotency-key-reused"
    assert Post.objects.get().title == POST["title"]


def test_keys_of_different_tokens_have_nothing_in_common(api: ApiClient) -> None:
    api.post("/posts", POST, 201, Idempotency_Key="1")
    ApiClient(token().text).post("/posts", {**POST, "title": "other"}, 200, Idempotency_Key="1")
    assert KeptAnswer.objects.count() == 2


def test_a_refused_request_can_be_repeated_with_its_key(api: ApiClient) -> None:
    person = {"address": "kari", "newsletter": "kinaforum"}
    api.post("/subscribers", person, 422, Idempotency_Key="1")
    api.post("/subscribers", {**person, "address": "kari@example.org"}, 201, Idempotency_Key="1")


def test_a_request_that_fails_leaves_neither_effect_nor_stored_answer(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    push = ledger.push

    def fail(*given: object) -> None:
        push(*given)
        raise RuntimeError("the process ends here")

    monkeypatch.setattr(ledger, "push", fail)
    with pytest.raises(RuntimeError):
        api.ask("POST", "/posts", POST, Idempotency_Key="1")
    assert not KeptAnswer.objects.exists()
    assert not Post.objects.exists()


@pytest.mark.parametrize("key", ["", " ", "å", "x" * 256, "a\tb"])
def test_a_key_that_is_none_is_refused(api: ApiClient, key: str) -> None:
    assert api.post("/posts", POST, 400, Idempotency_Key=key)["code"] == "api.idempotency-key-invalid"


def test_after_a_day_a_key_is_free_again(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    api.post("/posts", POST, 201, Idempotency_Key="1")
    KeptAnswer.objects.update(at=timezone.now() - timedelta(days=1, seconds=1))
    assert "Idempotency-Replayed" not in api.ask("POST", "/posts", POST, Idempotency_Key="1")


def test_old_answers_are_deleted(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "empty_write_ahead_log", lambda: None)
    api.post("/posts", POST, 201, Idempotency_Key="1")
    housekeeping.tidy(config.current(), timezone.now() + timedelta(days=2))
    assert not KeptAnswer.objects.exists()
