"""What all answers have in common: problem documents, limits, caching, and no script in the documents."""

import contextlib
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given, strategies as st

from newsletter.api import paging, rate_limits
from newsletter.api.problem_document import EXPLANATIONS
from newsletter.api.refusals import Refused
from newsletter.api.routes import editions
from newsletter.sending.sql import database_watch
from subscribers.models import Hits
from tests.api.client import ApiClient

AT = datetime(2026, 2, 6, 17, 0, 20, tzinfo=UTC)
IN_THE_NEXT_MINUTE = AT + timedelta(seconds=40)


@pytest.mark.django_db
def test_a_limit_counts_down_and_begins_anew() -> None:
    counters = rate_limits.RequestCounters()
    assert [counters.count("token", "a", 3, AT).remaining for _ in range(3)] == [2, 1, 0]
    with pytest.raises(Refused) as refused:
        counters.count("token", "a", 3, AT)
    assert refused.value.headers == {
        "RateLimit-Policy": '"token";q=3;w=60', "RateLimit": '"token";r=0;t=40', "Retry-After": "40",
    }  # fmt: skip
    assert counters.count("token", "b", 3, AT).remaining == 2
    assert counters.count("token", "a", 3, IN_THE_NEXT_MINUTE).remaining == 2


@pytest.mark.django_db
def test_processes_count_together() -> None:
    processes = [rate_limits.RequestCounters() for _ in range(2)]
    assert [processes[n % 2].count("token", "a", 4, AT).remaining for n in range(4)] == [3, 2, 1, 0]
    for each in processes:
        with pytest.raises(Refused):
            each.count("token", "a", 4, AT)


@pytest.mark.django_db
def test_a_client_over_its_limit_causes_no_more_writes() -> None:
    counters = rate_limits.RequestCounters()
    for _ in range(50):
        with contextlib.suppress(Refused):
            counters.count("token", "a", 3, AT)
    assert [row.count for row in Hits.objects.all()] == [4]


@pytest.mark.django_db
def test_counters_take_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "MOST_REMEMBERED", 10)
    counters = rate_limits.RequestCounters()
    for number in range(100):
        with contextlib.suppress(Refused):
            counters.count("network", str(number), 0, AT)
    assert len(counters._used_up) == 10


def test_answers_say_what_is_left(api: ApiClient) -> None:
    api.get("/newsletters")
    assert api.last["RateLimit-Policy"] == '"token";q=600;w=60'
    assert re.fullmatch(r'"token";r=599;t=\d+', api.last["RateLimit"])
    assert api.last["Cache-Control"] == "private, no-store"


def test_too_many_requests_of_a_token_are_refused(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "PER_TOKEN", 2)
    statuses = [api.ask("GET", "/newsletters").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert api.last.json()["code"] == "api.too-many-requests"
    assert int(api.last["Retry-After"]) > 0


@pytest.mark.django_db
def test_a_network_that_guesses_tokens_is_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "PER_NETWORK", 2)
    headers = {"Authorization": "Bearer nl_a_b"}
    statuses = [client.get("/api/v1/newsletters", headers=headers).status_code for _ in range(3)]
    assert statuses == [401, 401, 429]


@pytest.mark.django_db
def test_a_missing_page_is_a_problem_document(client: Client) -> None:
    for path in ("nothing", "editions/a/b/c/d/e", ""):
        answer = client.get(f"/api/v1/{path}")
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
        assert answer.json()["code"] == "api.not-found"


def test_a_method_that_is_not_possible_is_a_problem_document(client: Client) -> None:
    answer = client.put("/api/v1/newsletters")
    assert (answer.status_code, answer["Allow"]) == (405, "GET")
    assert answer.json()["params"] == {"method": "PUT", "allowed": "GET"}


@pytest.mark.parametrize("path", ["/newsletters/%00", "/posts?newsletter=%00"])
def test_nul_is_refused(api: ApiClient, path: str) -> None:
    assert api.ask("GET", path).status_code == 400


def test_the_type_of_a_problem_leads_to_its_explanation(api: ApiClient) -> None:
    found = api.ask("GET", "/newsletters/gone").json()
    explained = Client().get(found["type"])
    assert explained.json()["sentence"] == "there is no newsletter '{name}'; config.toml has {known}"
    assert Client().get("/api/v1/problems/none-such").status_code == 404


def test_the_documents_need_no_script_and_nothing_from_elsewhere(client: Client) -> None:
    page = client.get("/api/v1/docs").content.decode()
    assert "<script" not in page
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    for name in ("draft_edition", "push_post", "add_subscriber"):
        assert f'id="{name}"' in page


def test_the_description_is_openapi(client: Client) -> None:
    described = client.get("/api/v1/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    assert all(op["security"] == [{"BearerToken": []}] for path in described["paths"].values() for op in path.values())


@given(st.text())
def test_any_cursor_is_read_or_refused(cursor: str) -> None:
    with contextlib.suppress(Refused):
        assert paging._read("posts", cursor) >= 0


@given(st.integers(min_value=1, max_value=10**17))
def test_a_cursor_is_read_by_the_list_that_gave_it(pk: int) -> None:
    cursor = paging._write("posts", pk)
    assert paging._read("posts", cursor) == pk
    with pytest.raises(Refused):
        paging._read("editions", cursor)


@given(st.text())
def test_any_if_match_is_compared(given_text: str) -> None:
    current = editions.etag(3, {"a": 1})
    with contextlib.suppress(Refused):
        editions.check_if_match(given_text, current, "kinaforum/2026-W06")
        assert given_text.strip() == "*" or current in given_text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("problem", "status", "code"),
    [
        (ZeroDivisionError(), 500, "api.internal-error"),
        (database_watch.DatabaseChanged("removed"), 503, "api.unavailable"),
    ],
)
def test_an_error_of_the_server_is_a_problem_document(
    problem: Exception, status: int, code: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise problem

    where = {500: "newsletter.api.operations.count_network", 503: "newsletter.sending.sql.database_watch.check"}
    monkeypatch.setattr(where[status], fails)
    answer = Client(raise_request_exception=False).get("/api/v1/newsletters")
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert answer["Content-Length"] == str(len(answer.content))
    assert (answer.json()["code"], answer.json()["status"]) == (code, status)
    assert ("ZeroDivisionError" in caplog.text) == (status == 500)


def test_the_codes_are_explained_where_documents_say() -> None:
    assert reverse("api:explain_problem", args=["api.nul"]) == f"{EXPLANATIONS}api.nul"
