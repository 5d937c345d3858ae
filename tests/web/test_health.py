"""What machines ask."""

import pytest
from django.db import OperationalError
from django.test import Client

from newsletter.models import Edition
from newsletter.web import health
from tests.web import make


def test_it_lives_without_a_database(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"


@pytest.mark.django_db
def test_it_is_ready(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (200, b"ready\n")


def test_a_database_that_is_gone_is_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> bool:
        raise OperationalError("gone")

    monkeypatch.setattr(health, "waiting_migrations", gone)
    assert client.get("/readyz").status_code == 503


def test_waiting_migrations_are_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "waiting_migrations", lambda: True)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert b"migrations" in answer.content


@pytest.mark.django_db
def test_metrics_count(client: Client) -> None:
    make.draft("First")
    body = client.get("/metrics").content.decode()
    assert 'newsletter_editions{newsletter="kinaforum",state="draft"} 1' in body
    assert "# TYPE newsletter_editions gauge" in body
    assert Edition.objects.count() == 1


@pytest.mark.django_db
def test_metrics_are_not_for_everybody(client: Client, admin: Client) -> None:
    far = {"REMOTE_ADDR": "8.8.8.8"}
    assert client.get("/metrics", **far).status_code == 403
    assert admin.get("/metrics", **far).status_code == 200
