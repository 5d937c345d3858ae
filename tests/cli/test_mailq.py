"""`newsletter mailq`: what it lists, and `--retry`."""

from pathlib import Path

import pytest

from subscribers.models import Subscriber, Subscription, TransactionalEmail
from tests.cli.conftest import Run
from tests.factories import NAME, NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def refused() -> TransactionalEmail:
    """A welcome that was given up."""
    person = Subscriber.objects.named("anna@example.org", "anna@example.org")
    subscription = Subscription.objects.create(subscriber=person, newsletter=NAME, state="active")
    values = {"created": NOW, "due": NOW, "attempts": 1, "gave_up_at": NOW, "problem": "550 5.7.1 not today"}
    return TransactionalEmail.objects.create(
        kind="welcome", subscriber=person, subscription=subscription, newsletter=NAME, **values
    )


def test_an_empty_queue_says_so(command: Run) -> None:
    assert command("mailq").out == "Nothing is waiting.\n"


def test_it_lists_waiting_emails(command: Run, refused: TransactionalEmail) -> None:
    assert command("mailq", "--json").document["waiting"] == [
        {
            "kind": "welcome",
            "newsletter": NAME,
            "to": "a…@e….org",
            "written": "2026-02-06T14:00:00+00:00",
            "attempts": 1,
            "next_try": None,
            "problem": "550 5.7.1 not today",
            "problem_code": "text",
        }
    ]
    assert "given up" in command("mailq").out


@pytest.mark.django_db(transaction=True)
def test_a_retry_sends_it(command: Run, refused: TransactionalEmail, tmp_path: Path) -> None:
    assert command("mailq", "--retry").out == "Retried 1, sent 1. Nothing is waiting.\n"
    assert len(list((tmp_path / "mails" / "new").iterdir())) == 1


def test_status_says_how_many_failed(command: Run, refused: TransactionalEmail) -> None:
    assert "1 message to subscribers, editors or webhooks could not be sent yet" in command("status").err
