"""An older copy of the database is recognized by what the journal folder notes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.models import Hold, Identity
from newsletter.recovery import hold, older_copy
from newsletter.sending.sql import database

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 2, 6, 17, tzinfo=UTC)
LATER = NOW + timedelta(seconds=15)


@pytest.fixture(autouse=True)
def identity(db: None) -> str:
    """Return the name of the database."""
    return database.identity()


def test_a_database_that_counts_on_is_not_held(tmp_path: Path) -> None:
    assert [older_copy.renew(tmp_path, NOW) for _ in range(3)] == [True] * 3
    assert hold.reason() is None
    assert [path.name for path in tmp_path.iterdir()] == ["renewals"]


def test_an_older_copy_is_held_once_and_says_of_when_it_is(tmp_path: Path) -> None:
    older_copy.renew(tmp_path, NOW)
    older_copy.renew(tmp_path, LATER)
    Identity.objects.update(renewals=1, renewed_at=NOW)
    assert not older_copy.renew(tmp_path, LATER)
    assert older_copy.held_since() == NOW
    assert "an older copy, of about 2026-02-06 17:00" in str(hold.reason())
    assert older_copy.renew(tmp_path, LATER)
    assert Hold.objects.count() == 1
    assert hold.confirm()
    assert older_copy.renew(tmp_path, LATER)
    assert hold.reason() is None


def test_the_newest_database_may_be_put_back(tmp_path: Path) -> None:
    for _ in range(3):
        older_copy.renew(tmp_path, NOW)
    Identity.objects.update(renewals=1)
    older_copy.renew(tmp_path, NOW)
    Hold.objects.all().delete()
    Identity.objects.update(renewals=3)
    assert older_copy.renew(tmp_path, NOW)


@pytest.mark.parametrize("note", ["", "\x00\x00", "another-database 9", "not a note at all"])
def test_a_note_of_another_database_and_a_damaged_one_say_nothing(tmp_path: Path, note: str) -> None:
    (tmp_path / older_copy.NOTE).write_text(note, encoding="ascii")
    assert older_copy.renew(tmp_path, NOW)
    assert hold.reason() is None


def test_a_copy_that_never_sent_is_from_when_it_was_first_used(tmp_path: Path, identity: str) -> None:
    (tmp_path / older_copy.NOTE).write_text(f"{identity} 9", encoding="ascii")
    assert not older_copy.renew(tmp_path, NOW)
    assert older_copy.held_since() == Identity.objects.get().since


def test_a_folder_that_can_t_be_written_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert older_copy.renew(tmp_path / "missing", NOW)
    assert "renewals can't be written: No such file or directory" in caplog.text
