"""Programs that change an edition at the same time: with If-Match, exactly one of them succeeds."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

from tests.conftest import Site
from tests.e2e import running_api
from tests.e2e.running_api import POST, RunningApi

WRITERS = 6
KEYS = ("subject", "preheader", "greeting", "closing")
T = TypeVar("T")


def together(acts: Sequence[Callable[[], T]]) -> list[T]:
    """Do all at the same time, and return their results."""
    with ThreadPoolExecutor(len(acts)) as threads:
        return [each.result() for each in [threads.submit(act) for act in acts]]


def one_of_several_writers_with_the_same_etag_succeeds(api: RunningApi, edition: str) -> None:
    etag = api.ask("GET", edition).headers["ETag"]

    def write(number: int) -> int:
        return api.ask("PATCH", edition, {"subject": f"by {number}"}, If_Match=etag).status_code

    statuses = together([lambda number=number: write(number) for number in range(WRITERS)])  # type: ignore[misc]
    assert sorted(statuses) == [200, *[412] * (WRITERS - 1)]
    assert api.ask("GET", edition).json()["subject"] == f"by {statuses.index(200)}"


def writers_that_read_again_all_succeed(api: RunningApi, edition: str) -> None:
    def write(key: str) -> int:
        while True:
            etag = api.ask("GET", edition).headers["ETag"]
            status = api.ask("PATCH", edition, {key: f"the {key}"}, If_Match=etag).status_code
            if status != 412:
                return status

    assert together([lambda key=key: write(key) for key in KEYS]) == [200] * len(KEYS)  # type: ignore[misc]
    assert api.ask("GET", edition).json()["texts"] == {key: f"the {key}" for key in KEYS}


def the_same_request_sent_several_times_takes_effect_once(api: RunningApi) -> None:
    body = {**POST, "url": "https://kinaforum.example/once.html"}
    answers = together([lambda: api.ask("POST", "/posts", body, Idempotency_Key="1") for _ in range(WRITERS)])
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == WRITERS - 1


@pytest.mark.e2e
def test_writers_at_the_same_time(site: Callable[[str], Site]) -> None:
    api = running_api.run(site)
    edition = api.draft()
    one_of_several_writers_with_the_same_etag_succeeds(api, edition)
    writers_that_read_again_all_succeed(api, edition)
    the_same_request_sent_several_times_takes_effect_once(api)
