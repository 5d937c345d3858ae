"""The page of machines."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models import F
from django.test import Client

from newsletter.models import Worker
from newsletter.sending.machines.presence import SILENT, Presence

pytestmark = pytest.mark.django_db


def page(admin: Client) -> str:
    return " ".join(admin.get("/desk/workers/").content.decode().split())


def test_the_page_says_that_no_program_runs(admin: Client) -> None:
    assert "No program is running." in page(admin)


def test_the_page_shows_programs_and_their_problems(admin: Client) -> None:
    Presence("worker", Path("/srv/news"), None).beat({"letters": "failing"})
    shown = page(admin)
    assert "newsletter worker" in shown
    assert "Not working: sending confirmations and other emails to single subscribers" in shown
    assert "Lost" not in shown
    Worker.objects.update(seen_at=F("seen_at") - SILENT - timedelta(seconds=1))
    assert "Lost" in page(admin)


def test_a_retry_says_how_many_there_are(admin: Client) -> None:
    answer = admin.post("/desk/workers/retry/", follow=True)
    assert "0 tasks are being retried." in answer.content.decode()


def test_different_versions_are_pointed_out(admin: Client) -> None:
    for folder in ("/srv/one", "/srv/two"):
        Presence("worker", Path(folder), None).beat({})
    assert "Different versions" not in page(admin)
    Worker.objects.filter(folder="/srv/two").update(version="0.0.1")
    assert "Different versions of the program are running." in page(admin)
