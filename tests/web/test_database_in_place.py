"""Requests while the file of the database is gone: 503, nothing is tried, and probes answer."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.test import Client

from newsletter.sending.sql import database_watch

pytestmark = pytest.mark.django_db


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that the program takes for the database that it has opened."""
    path = tmp_path / "newsletter.db"
    sqlite3.connect(path).close()
    path.touch()
    settings: dict[str, Any] = {**connection.settings_dict, "NAME": str(path)}
    monkeypatch.setattr(database_watch, "connection", DatabaseWrapper(settings, alias="watched"))
    database_watch.remember()
    return path


def test_a_removed_database_is_answered_with_503_until_it_is_back(database: Path, client: Client) -> None:
    assert client.get("/desk/login/").status_code == 200
    aside = database.rename(database.with_name("aside.db"))
    answer = client.get("/desk/login/")
    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "60", "no-store")
    assert client.get("/healthz").status_code != 404
    aside.rename(database)
    assert client.get("/desk/login/").status_code == 200
