"""The recovery log: what is appended is read again, whatever a crash left of a record."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import override_settings

from newsletter import config
from newsletter.recovery import entries, log
from tests import settings


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """Let the log be in this folder."""
    folder = tmp_path / "recovery-log"
    with override_settings(RECOVERY_LOG=str(folder)):
        yield folder


def test_records_are_read_as_they_were_written(place: Path) -> None:
    log.append("left", [1, 2])
    log.append("blocked", "address", "æ", durable=True)
    found = log.read([place, place])
    assert [(record.kind, record.values) for record in found] == [("left", ([1, 2],)), ("blocked", ("address", "æ"))]
    assert len({record.log for record in found}) == 1
    assert place.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in place.glob("*.log")} == {0o600}


def test_a_record_that_a_crash_cut_short_damages_no_other(place: Path) -> None:
    log.append("left", [1])
    (path,) = place.glob("*.log")
    with path.open("ab") as file:
        file.write(b'\n[1770000000.0,"left",[2')
    log.append("left", [3])
    assert [record.values for record in log.read([place])] == [([1],), ([3],)]


def test_entries_after_a_mark_are_found_and_none_without_the_mark(place: Path) -> None:
    log.append(entries.MARK, "one")
    log.append("left", [1])
    records = log.read([place])
    assert log.since_mark(records, "other") is None
    assert [record.kind for record in log.since_mark(records, "one") or ()] == ["mark", "left"]


def test_nothing_is_appended_while_the_log_is_suspended(place: Path) -> None:
    with log.suspended():
        log.append("left", [1])
    assert log.read([place]) == []


def test_numbers_are_packed_by_their_distances() -> None:
    numbers = [4_294_967_300, 4_294_967_301, 4_294_967_400]
    assert entries.unpacked_numbers(entries.packed_numbers(iter(numbers))) == numbers
    assert entries.unpacked_numbers(entries.packed_numbers(iter([]))) == []
    assert log.ranges([(3, 1), (1, 1), (2, 1), (5, 1), (6, 2)]) == [[1, 3, 1], [5, 5, 1], [6, 6, 2]]


def test_files_of_long_ago_are_removed(place: Path) -> None:
    log.append("left", [1])
    for month in ("2024-12", "2025-01"):
        (place / f"0123456789abcdef-{month}.log").write_text("")
    found = config.parse(settings.TEXT, place.with_name("config.toml"))
    assert log.remove_before(found, datetime(2025, 1, 15, tzinfo=UTC)) == 1
    assert len(list(place.glob("*.log"))) == 2
