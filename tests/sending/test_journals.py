"""Recovery after a sending process ends: who may take over, and what happens to its chunks."""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from newsletter import config
from newsletter.config import DeliverySettings
from newsletter.delivery.journal import Journal, JournalError
from newsletter.domain.batch import Batch
from newsletter.domain.outcome import OutcomeKind
from newsletter.messages import sending as messages
from newsletter.models import Chunk, Hold, Result, Retry
from newsletter.sending import journals, outbox, progress
from newsletter.sending.outbox import Outbox
from newsletter.sending.sql import database
from tests.sending import outbox_samples as samples

pytestmark = pytest.mark.django_db
NAME = "this database"
BOOT = "this start of the machine"


@pytest.fixture(autouse=True)
def one_boot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "boot_id", lambda: BOOT)


class Process:
    """A sending process with its journal and its claims."""

    def __init__(self, folder: Path, boot: str = BOOT) -> None:
        self.folder = folder
        self.journal = Journal.create(folder, NAME, boot)
        self.box = outbox.Outbox(
            outbox.Holder(journals.machine(folder), self.journal.name), [samples.NEWSLETTER], config.current()
        )

    def claim(self, limit: int = 10) -> Batch:
        batch = self.box.next(limit)
        assert batch is not None
        return batch

    def begin(self, batch: Batch) -> Batch:
        batch = self.box.begin(batch)
        self.journal.begin(batch.edition, batch.chunk)
        return batch

    def send(
        self, batch: Batch, number: int, kind: OutcomeKind | None = OutcomeKind.ACCEPTED, attempt: int = 1
    ) -> None:
        self.journal.log_intent(batch.edition, batch.chunk, number, attempt)
        if kind is not None:
            self.journal.log_result(batch.edition, batch.chunk, samples.outcome(number, kind, attempt))

    def die(self) -> None:
        """Release the lock and keep the file, as the kernel does."""
        self.journal._open[("kept", 0)] = (0, bytearray())
        self.journal.close()


def settle_orphans(folder: Path) -> int:
    return journals.settle_orphans(folder, NAME, DeliverySettings())


def test_a_killed_process_leaves_outcomes_unknown_deliveries_and_unsent_ones(tmp_path: Path) -> None:
    edition = samples.sending(5)
    process = Process(tmp_path)
    batch = process.begin(process.claim())
    process.send(batch, 1)
    process.send(batch, 2, OutcomeKind.REFUSED)
    process.send(batch, 3, None)
    process.die()
    assert settle_orphans(tmp_path) == 1
    counted = progress.counts(edition)
    assert (counted.accepted, counted.refused, counted.unknown, counted.pending) == (1, 1, 1, 2)
    assert [u.address for u in progress.unknown(edition)] == ["r3@reader.example"]
    assert set(Retry.objects.values_list("number", "attempt")) == {(4, 1), (5, 1)}
    assert list(tmp_path.glob("*.journal")) == []
    assert settle_orphans(tmp_path) == 0


def test_a_living_process_keeps_its_chunks_whatever_its_lease_says(tmp_path: Path) -> None:
    samples.sending(5)
    process = Process(tmp_path)
    process.begin(process.claim())
    Chunk.objects.update(leased_until=timezone.now() - timedelta(days=1))
    assert settle_orphans(tmp_path) == 0
    assert Chunk.objects.get().closed_at is None
    process.die()


def test_outcomes_recorded_before_the_kill_are_recorded_once(tmp_path: Path) -> None:
    edition = samples.sending(3)
    process = Process(tmp_path)
    batch = process.begin(process.claim())
    process.send(batch, 1)
    process.box.settle(batch.edition, batch.chunk, [samples.outcome(1)], finished=False)
    process.die()
    settle_orphans(tmp_path)
    assert progress.counts(edition).accepted == 1
    assert progress.counts(edition).pending == 2


def test_the_journal_of_a_closed_chunk_changes_nothing(tmp_path: Path) -> None:
    edition = samples.sending(2)
    process = Process(tmp_path)
    batch = process.begin(process.claim())
    process.send(batch, 1, OutcomeKind.DEFERRED)
    process.box.settle(batch.edition, batch.chunk, [samples.outcome(1, OutcomeKind.DEFERRED)], finished=True)
    Retry.objects.update(due=timezone.now())
    other = Process(tmp_path)
    again = other.begin(other.claim())
    other.box.settle(again.edition, again.chunk, [samples.outcome(1, attempt=2), samples.outcome(2)], finished=True)
    other.journal.forget(again.edition, again.chunk)
    other.journal.close()
    process.die()
    assert settle_orphans(tmp_path) == 0
    assert progress.counts(edition).accepted == 2
    assert not Retry.objects.exists()


def test_a_prefetched_chunk_is_returned_whole(tmp_path: Path) -> None:
    edition = samples.sending(5)
    process = Process(tmp_path)
    process.claim()
    process.die()
    assert settle_orphans(tmp_path) == 1
    assert progress.counts(edition).pending == 5
    assert Retry.objects.count() == 5


def test_after_a_power_cut_begun_deliveries_without_a_result_are_unknown(tmp_path: Path) -> None:
    edition = samples.sending(6)
    process = Process(tmp_path, boot="the start before")
    begun, ahead = process.begin(process.claim(4)), process.claim(2)
    assert ahead.attempts
    process.send(begun, 1)
    process.die()
    assert settle_orphans(tmp_path) == 2
    counted = progress.counts(edition)
    assert (counted.accepted, counted.unknown, counted.pending) == (1, 3, 2)


def test_if_a_power_cut_destroys_the_journal_all_begun_deliveries_are_unknown(tmp_path: Path) -> None:
    edition = samples.sending(6)
    process = Process(tmp_path)
    process.begin(process.claim(4))
    process.claim(2)
    process.journal.path.unlink()
    process.die()
    assert settle_orphans(tmp_path) == 2
    assert (progress.counts(edition).unknown, progress.counts(edition).pending) == (4, 2)


def test_a_retry_in_flight_at_a_power_cut_is_unknown_and_not_retried(tmp_path: Path) -> None:
    edition = samples.sending(1)
    box = samples.outbox()
    box.settle(edition.name, samples.claim(box, 1).chunk, [samples.outcome(1, OutcomeKind.DEFERRED)], finished=True)
    Retry.objects.update(due=timezone.now())
    process = Process(tmp_path, boot="the start before")
    process.begin(process.claim())
    process.die()
    settle_orphans(tmp_path)
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
        settle_orphans(tmp_path)
    assert len(list(tmp_path.glob("*.journal"))) == 1


def lost_machine(ago: timedelta) -> Outbox:
    """The outbox of a machine with a begun chunk of two numbers and one that was not begun, whose leases ended that
    long ago.
    """
    box = samples.outbox(machine="another machine")
    box.begin(box.next(2))
    box.next(1)
    Chunk.objects.update(leased_until=timezone.now() - ago)
    return box


LONGEST = journals.max_time_in_flight(DeliverySettings().smtp.timeouts)


def test_another_machine_s_chunks_are_left_alone_while_its_lease_is_valid(tmp_path: Path) -> None:
    samples.sending(3)
    lost_machine(timedelta(seconds=-5))
    assert settle_orphans(tmp_path) == 0


def test_deliveries_that_a_lost_machine_had_not_begun_are_returned_when_its_lease_ends(tmp_path: Path) -> None:
    edition = samples.sending(3)
    lost_machine(timedelta(seconds=1))
    assert settle_orphans(tmp_path) == 1
    assert set(Retry.objects.filter(chunk=None).values_list("number", "attempt")) == {(3, 1)}
    assert (progress.counts(edition).unknown, progress.counts(edition).pending) == (0, 3)


def test_deliveries_that_a_lost_machine_had_begun_wait_for_the_deadline_of_the_final_dot(tmp_path: Path) -> None:
    edition = samples.sending(3)
    lost_machine(LONGEST - timedelta(seconds=5))
    assert settle_orphans(tmp_path) == 1
    assert progress.counts(edition).unknown == 0
    Chunk.objects.update(leased_until=timezone.now() - LONGEST - timedelta(seconds=1))
    assert settle_orphans(tmp_path) == 1
    assert (progress.counts(edition).unknown, progress.counts(edition).pending) == (2, 1)


def test_a_retry_that_a_lost_machine_did_not_begin_is_returned_when_its_lease_ends(tmp_path: Path) -> None:
    edition = samples.sending(1)
    box = samples.outbox(machine="another machine")
    box.settle(edition.name, samples.claim(box, 1).chunk, [samples.outcome(1, OutcomeKind.DEFERRED)], finished=True)
    Retry.objects.update(due=timezone.now())
    box.next(1)
    Chunk.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert settle_orphans(tmp_path) == 1
    assert Retry.objects.get().chunk is None


def test_a_machine_that_resumes_does_not_begin_returned_deliveries(tmp_path: Path) -> None:
    samples.sending(3)
    box = samples.outbox(machine="another machine")
    ahead = samples.claim(box, 3)
    Chunk.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    settle_orphans(tmp_path)
    assert box.begin(ahead).recipients == ()
    assert box.renew_leases([(ahead.edition, ahead.chunk)]) == {}
    box.settle(ahead.edition, ahead.chunk, (), finished=True)
    assert Retry.objects.count() == 3


def test_a_chunk_that_its_machine_begins_just_now_is_not_returned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It resumes after it was found to be abandoned, and before its row is locked."""
    edition = samples.sending(3)
    box = samples.outbox(machine="another machine")
    ahead = box.next(3)
    Chunk.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    with_retries = database.with_retries

    def resumed(work: Callable[[], bool], patience: float | None = None) -> bool:
        assert len(box.begin(ahead).recipients) == 3
        return with_retries(work, patience)

    monkeypatch.setattr(journals, "with_retries", resumed)
    assert settle_orphans(tmp_path) == 0
    assert Chunk.objects.get().closed_at is None
    assert (progress.counts(edition).unknown, progress.counts(edition).pending) == (0, 3)


def test_a_journal_that_can_not_be_stored_in_the_database_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples.sending(1)
    process = Process(tmp_path)
    process.send(process.begin(process.claim()), 1)
    process.die()

    def full(*_: object, **__: object) -> None:
        raise OSError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(journals, "settle", full)
        with pytest.raises(OSError, match="no room"):
            settle_orphans(tmp_path)
    assert len(list(tmp_path.glob("*.journal"))) == 1
    assert settle_orphans(tmp_path) == 1


def test_a_machine_is_named_once(tmp_path: Path) -> None:
    assert journals.machine(tmp_path) == journals.machine(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["machine"]


def test_a_damaged_machine_identity_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / journals.MACHINE).write_bytes(b"\xff\xfe")
    with pytest.raises(JournalError, match=r"machine is damaged; restore it, or remove it if no edition"):
        journals.machine(tmp_path)


@pytest.mark.e2e
def test_there_is_one_sender_per_folder(tmp_path: Path) -> None:
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
def test_journals_are_stored_beside_the_database(tmp_path: Path, url: str, journal: str, where: str) -> None:
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
    database.make_durable()
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous")
            assert cursor.fetchone() == (2,)


def test_services_that_start_at_once_give_the_folder_one_identity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, link = Barrier(2, timeout=60), os.link

    def link_together(source: Path, target: Path) -> None:
        both.wait()
        link(source, target)

    monkeypatch.setattr(os, "link", link_together)
    with ThreadPoolExecutor(2) as pool:
        names = list(pool.map(journals.machine, [tmp_path, tmp_path]))
    assert len(set(names)) == 1
    assert [file.name for file in tmp_path.iterdir()] == [journals.MACHINE]


def test_a_journal_of_chunks_that_the_database_has_not_come_to_is_kept_and_nothing_is_sent(tmp_path: Path) -> None:
    database.identity()
    edition = samples.sending(5)
    process = Process(tmp_path)
    batch = process.begin(process.claim())
    process.send(batch, 1)
    later = replace(batch, chunk=batch.chunk + 1)
    process.journal.begin(later.edition, later.chunk)
    process.send(later, 2)
    process.die()
    assert settle_orphans(tmp_path) == 0
    assert len(list(tmp_path.glob("*.journal"))) == 1
    assert messages.OLDER_COPY.matches(Hold.objects.get().reason)
    assert progress.counts(edition).accepted == 0
