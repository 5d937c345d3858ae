"""Pages while the database can't be used: 503 and when to come back, not 500 and a traceback for each request."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import Error, InterfaceError, OperationalError, connection
from django.test import Client

from newsletter.sending.sql import database_watch
from tests.web import make

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def failing(error: Error, words: str = "") -> Iterator[None]:
    """Every statement that has these words fails."""

    def fail(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if words in sql:
            raise error
        return execute(sql, *rest)

    with connection.execute_wrapper(fail):
        yield


@pytest.mark.parametrize("error", [OperationalError("connection refused"), InterfaceError("connection already closed")])
@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/desk/", "The database can’t be reached right now"),
        ("/metrics", "The database can’t be reached right now"),
        ("/", "Please try again in a few minutes."),
        ("/n/kinaforum/", "Please try again in a few minutes."),
    ],
)
def test_pages_say_that_the_database_can_t_be_reached(
    path: str, words: str, error: Error, editor: Client, caplog: pytest.LogCaptureFixture
) -> None:
    editor.raise_request_exception = False
    with failing(error):
        answer = editor.get(path)
    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "60", "no-store")
    assert words in answer.content.decode()
    assert [record for record in caplog.records if record.exc_info] == []
    assert len([record for record in caplog.records if record.levelno >= logging.ERROR]) == 1


def test_nothing_is_tried_with_a_database_file_that_was_removed(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written to a removed file is lost."""

    def removed() -> None:
        raise database_watch.DatabaseChanged("removed")

    monkeypatch.setattr(database_watch, "check", removed)
    with failing(AssertionError("asked")):
        answer = client.get("/n/kinaforum/")
        assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "60", "no-store")
        assert client.get("/healthz").content == b"ok\n"
    assert client.get("/readyz").status_code == 503


@pytest.mark.parametrize(
    ("problem", "words"), [("connection refused", ""), ("database is locked", "INSERT"), ("disk I/O error", "INSERT")]
)
def test_a_request_to_subscribe_is_refused_for_now(client: Client, problem: str, words: str) -> None:
    client.raise_request_exception = False
    with failing(OperationalError(problem), words):
        assert client.post("/n/kinaforum/subscribe", {"address": "kari@reader.example"}).status_code == 503


def test_a_statement_that_is_wrong_is_a_fault_of_ours(editor: Client, caplog: pytest.LogCaptureFixture) -> None:
    make.draft("First")
    editor.raise_request_exception = False
    with failing(OperationalError("no such column: x"), 'FROM "newsletter_edition"'):
        assert editor.get("/desk/").status_code == 500
    assert [record.levelname for record in caplog.records if record.exc_info] == ["ERROR"]


def test_another_error_is_no_matter_of_the_database(editor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    editor.raise_request_exception = False
    with failing(ValueError("a mistake")):
        assert editor.get("/desk/").status_code == 500
