"""Who may take over, and what becomes of what an ended process had in hand."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from newsletter import config
from newsletter.config import Delivery
from newsletter.delivery.journal import Journal, JournalError
from newsletter.jobs import database, journals, outbox, progress
from newsletter.mail import Batch, Kind
from newsletter.models import Chunk, Edition, Result, Retry
from tests.jobs import outbox_samples as samples

pytestmark = pytest.mark.django_db
NAME = "this database"
BOOT = "this start of the machine"


@pytest.fixture(autouse=True)
def one_boot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "boot_id", lambda: BOOT)


class Process:
    """A sending process as the journal and the database see it."""

    def __init__(self, folder: Path, boot: str = BOOT) -> None:
        self.folder = folder
        self.journal = Journal.create(folder, NAME, boot)
        self.box = outbox.Outbox(
            outbox.Holder(journals.machine(folder), self.journal.name), [samples.NEWSLETTER], Delivery()
        )

    def claim(self, limit: int = 10) -> Batch:
        batch = self.box.next(limit)
        assert batch is not None
        return batch

    def begin(self, batch: Batch) -> Batch:
        batch = self.box.begin(batch)
        self.journal.begin(batch.edition, batch.chunk)
        return batch

    def send(self, batch: Batch, number: int, kind: Kind | None = Kind.ACCEPTED, attempt: int = 1) -> None:
        self.journal.about(batch.edition, batch.chunk, number, attempt)
        if kind is not None:
            self.journal.came(batch.edition, batch.chunk, samples.outcome(number, kind, attempt))

    def die(self) -> None:
        """What the kernel does of it: the lock is free, the file stays."""
        self.journal._open[("kept", 0)] = (0, bytearray())
        self.journal.close()


def adopt(folder: Path) -> int:
    return journals.adopt(folder, NAME, Delivery())


def test_a_killed_process_leaves_outcomes_unknown_ones_and_the_rest(tmp_path: Path) -> None:
    edition = samples.sending(5)
    process = Process(tmp_path)
    batch = process.begin(process.claim())
    process.send(batch, 1)
    process.send(batch, 2, Kind.REFUSED)
    process.send(batch, 3, None)
    process.die()
    assert adopt(tmp_path) == 1
    counted = progress.counts(edition)
    assert (counted.accepted, counted.refused, counted.unknown, counted.pending) == (1, 1, 1, 2)
    assert [u.address for u in progress.unknown(edition)] == ["r3@reader.example"]
    assert set(Retry.objects.values_list("number", "attempt")) == {(4, 1), (5, 1)}
    assert list(tmp_path.glob("*.journal")) == []
    assert adopt(tmp_path) == 0


def test_a_living_process_keeps_its_chunks_whatever_its_lease_says(tmp_path: Path) -> None:
    samples.sending(5)
    process = Process(tmp_path)
    process.begin(process.claim())
    Chunk.objects.update(leased_until=timezone.now() - timedelta(days=1))
    assert adopt(tmp_path) == 0
    assert Chunk.objects.get().closed_at is None
    process.die()


def test_what_was_recorded_before_the_kill_is_recorded_once(tmp_path: Path) -> None:
    edition = samples.sending(3)
    process = Process(tmp_path)
    batch = process.begin(process.claim())
    process.send(batch, 1)
    process.box.settle(batch.edition, batch.chunk, [samples.outcome(1)], finished=False)
    process.die()
    adopt(tmp_path)
    assert progress.counts(edition).accepted == 1
    assert progress.counts(edition).pending == 2


def test_a_journal_of_a_chunk_that_was_closed_already_changes_nothing(tmp_path: Path) -> None:
    edition = samples.sending(2)
    process = Process(tmp_path)
    batch = process.begin(process.claim())
    process.send(batch, 1, Kind.DEFERRED)
    process.box.settle(batch.edition, batch.chunk, [samples.outcome(1, Kind.DEFERRED)], finished=True)
    Retry.objects.update(due=timezone.now())
    other = Process(tmp_path)
    again = other.begin(other.claim())
    other.box.settle(again.edition, again.chunk, [samples.outcome(1, attempt=2), samples.outcome(2)], finished=True)
    other.journal.settled(again.edition, again.chunk)
    other.journal.close()
    process.die()
    assert adopt(tmp_path) == 0
    assert progress.counts(edition).accepted == 2
    assert not Retry.objects.exists()


def test_a_chunk_that_was_fetched_ahead_goes_back_whole(tmp_path: Path) -> None:
    edition = samples.sending(5)
    process = Process(tmp_path)
    process.claim()
    process.die()
    assert adopt(tmp_path) == 1
    assert progress.counts(edition).pending == 5
    assert Retry.objects.count() == 5


def test_after_a_power_cut_all_that_was_begun_and_not_told_is_unknown(tmp_path: Path) -> None:
    edition = samples.sending(6)
    process = Process(tmp_path, boot="the start before")
    begun, ahead = process.begin(process.claim(4)), process.claim(2)
    assert ahead.attempts
    process.send(begun, 1)
    process.die()
    assert adopt(tmp_path) == 2
    counted = progress.counts(edition)
    assert (counted.accepted, counted.unknown, counted.pending) == (1, 3, 2)


def test_a_journal_that_the_power_cut_took_leaves_all_that_was_begun_unknown(tmp_path: Path) -> None:
    edition = samples.sending(6)
    process = Process(tmp_path)
    process.begin(process.claim(4))
    process.claim(2)
    process.journal.path.unlink()
    process.die()
    assert adopt(tmp_path) == 2
    assert (progress.counts(edition).unknown, progress.counts(edition).pending) == (4, 2)


def test_a_retry_in_hand_at_a_power_cut_is_unknown_and_not_tried_again(tmp_path: Path) -> None:
    edition = samples.sending(1)
    box = samples.outbox()
    box.settle(edition.name, box.next(1).chunk, [samples.outcome(1, Kind.DEFERRED)], finished=True)
    Retry.objects.update(due=timezone.now())
    process = Process(tmp_path, boot="the start before")
    process.begin(process.claim())
    process.die()
    adopt(tmp_path)
    assert progress.counts(edition).unknown == 1
    assert not Retry.objects.exists()
    assert Result.objects.get().attempt == 2


def test_the_journal_of_another_database_is_refused_and_stays(tmp_path: Path) -> None:
    process = Process(tmp_path)
    process.journal.close()
    foreign = Journal.create(tmp_path, "another database")
    foreign._open[("kept", 0)] = (0, bytearray())
    foreign.close()
    with pytest.raises(JournalError, match="another database; move it away"):
        adopt(tmp_path)
    assert len(list(tmp_path.glob("*.journal"))) == 1


def lost_machine(edition: Edition, ago: timedelta) -> None:
    """Chunks of a machine that was not heard of since its lease ran out that long ago."""
    box = samples.outbox(machine="another machine")
    box.begin(box.next(2))
    box.next(1)
    Chunk.objects.update(leased_until=timezone.now() - ago)


def test_another_machine_s_chunks_are_left_alone_while_something_may_be_in_flight(tmp_path: Path) -> None:
    edition = samples.sending(3)
    lost_machine(edition, journals.longest(Delivery().smtp.timeouts) - timedelta(minutes=1))
    assert adopt(tmp_path) == 0


def test_another_machine_s_chunks_are_unknown_when_it_is_gone_for_good(tmp_path: Path) -> None:
    edition = samples.sending(3)
    lost_machine(edition, journals.longest(Delivery().smtp.timeouts) + timedelta(minutes=1))
    assert adopt(tmp_path) == 2
    counted = progress.counts(edition)
    assert (counted.unknown, counted.pending) == (2, 1)


def test_a_journal_stays_where_the_database_would_not_take_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples.sending(1)
    process = Process(tmp_path)
    process.send(process.begin(process.claim()), 1)
    process.die()

    def full(*_: object, **__: object) -> None:
        raise OSError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(journals, "settle", full)
        with pytest.raises(OSError, match="no room"):
            adopt(tmp_path)
    assert len(list(tmp_path.glob("*.journal"))) == 1
    assert adopt(tmp_path) == 1


def test_a_machine_is_named_once(tmp_path: Path) -> None:
    assert journals.machine(tmp_path) == journals.machine(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["machine"]


def test_there_is_one_sender_a_folder(tmp_path: Path) -> None:
    code = (
        "import fcntl, os, sys\n"
        "fcntl.flock(os.open(sys.argv[1], os.O_RDWR | os.O_CREAT), fcntl.LOCK_EX)\n"
        "print('held', flush=True)\nsys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / journals.SENDER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "held\n"
        with journals.sender_lock(tmp_path) as ours:
            assert not ours
        other.kill()
    with journals.sender_lock(tmp_path) as ours:
        assert ours


@pytest.mark.parametrize(
    ("url", "journal", "where"),
    [
        ("sqlite:///data/letters.db", "", "data/journal"),
        ("postgresql://me@host/letters", "", "journal"),
        ("sqlite:///data/letters.db", "elsewhere", "elsewhere"),
    ],
)
def test_journals_lie_beside_the_database(tmp_path: Path, url: str, journal: str, where: str) -> None:
    given = config.current()
    configuration = replace(
        given,
        file=tmp_path / "config.toml",
        site=replace(given.site, database=url),
        delivery=replace(given.delivery, journal=journal),
    )
    assert journals.folder(configuration) == tmp_path / where
    assert (tmp_path / where).stat().st_mode & 0o777 == 0o700


@pytest.mark.django_db(transaction=True)
def test_commits_of_a_sender_wait_for_the_disk() -> None:
    database.durable()
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous")
            assert cursor.fetchone() == (2,)
