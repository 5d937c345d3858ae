"""An email that must not come twice is settled by its journal after a crash: sent, unknown, or not tried."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter import config
from newsletter.delivery.journal import Journal
from newsletter.domain.outcome import Fault, Outcome, OutcomeKind
from newsletter.transactional import sent_once, subscriber_mail
from newsletter.transactional.transport import NAME as CHUNK
from subscribers import transactional
from subscribers.models import EmailKind, TransactionalEmail
from tests.factories import DAY, NAME, NOW, configured
from tests.sending import outbox_samples as samples

pytestmark = pytest.mark.django_db


@pytest.fixture
def crashed(tmp_path: Path) -> Callable[[str], TransactionalEmail]:
    """A question to someone whose sending process was killed: before its attempt, during it, or after the reply."""
    found = configured()
    config.use(replace(found, delivery=replace(found.delivery, journal=str(tmp_path / "journal"))))

    def crash(when: str) -> TransactionalEmail:
        subscription = samples.subscribe(["anna@example.org"])[0]
        row = transactional.write(EmailKind.ASK, subscription.subscriber, subscription, NAME, NOW)
        row.attempts, row.leased_until = 1, NOW + timedelta(minutes=5)
        row.save()
        journal = sent_once.create_journal(config.current(), {1: row})
        journal.begin(CHUNK, 1)
        if when != "before":
            journal.log_intent(CHUNK, 1, 1, 1)
        if when in ("accepted", "deferred"):
            kind, fault = OutcomeKind(when), Fault.NONE if when == "accepted" else Fault.MAILBOX
            journal.log_result(CHUNK, 1, Outcome(1, 1, kind, NOW.timestamp(), fault, 250))
        os.close(journal._fd)
        return row

    return crash


def settled(row: TransactionalEmail) -> tuple[bool, bool]:
    """Return whether the email counts as sent, and whether it may be sent now."""
    sent_once.settle(config.current(), NOW + timedelta(minutes=1))
    row.refresh_from_db()
    return row.sent_at is not None, row.journal == "" and row.leased_until is None


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("before", (False, True)),
        ("during", (True, False)),
        ("accepted", (True, False)),
        ("deferred", (False, True)),
    ],
)
def test_the_journal_decides(
    crashed: Callable[[str], TransactionalEmail], when: str, expected: tuple[bool, bool]
) -> None:
    assert settled(crashed(when)) == expected


def test_an_email_in_a_journal_is_not_taken(crashed: Callable[[str], TransactionalEmail]) -> None:
    crashed("during")
    assert subscriber_mail._due_emails(NOW + DAY) == []


def test_without_its_journal_an_email_is_unknown(crashed: Callable[[str], TransactionalEmail], tmp_path: Path) -> None:
    row = crashed("before")
    for path in (tmp_path / "journal" / "letters").glob("*.journal"):
        path.unlink()
    sent_once.settle(config.current(), NOW + timedelta(minutes=30))
    assert TransactionalEmail.objects.get(pk=row.pk).sent_at is None
    sent_once.settle(config.current(), NOW + DAY)
    assert TransactionalEmail.objects.get(pk=row.pk).sent_at is not None


def test_a_journal_of_another_database_is_left_alone(crashed: Callable[[str], TransactionalEmail]) -> None:
    row = crashed("before")
    folder = Path(config.current().delivery.journal) / "letters"
    Journal.create(folder, "another").close()
    other = Journal.create(folder, "another")
    other.begin(CHUNK, 1)
    os.close(other._fd)
    assert settled(row) == (False, True)
    assert other.path.exists()
