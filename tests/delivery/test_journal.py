"""The journal: what a kill, a torn tail, a full disk and another machine leave of it."""

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from newsletter.delivery import journal as journals_module
from newsletter.delivery.journal import Journal, JournalError, OrphanedJournal, boot_id, journals, take_over
from newsletter.delivery.outcome import Phase
from newsletter.domain.outcome import Fault, Outcome, OutcomeKind
from newsletter.messages import delivery as messages
from newsletter.messages.general import TEXT

EDITION = "k/2026-W06"
TAKEN = Outcome(1, 1, OutcomeKind.ACCEPTED, 1.5, Fault.NONE, 250, "2.0.0", "", "Q1")
LATER = Outcome(2, 3, OutcomeKind.DEFERRED, 2.5, Fault.MAILBOX, 452, "4.2.2", "fullt … æøå", "", 300.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def abandoned(journal: Journal) -> Path:
    """The lock falls free without `close`, as when the process dies."""
    os.close(journal._fd)
    return journal.path


def taken_over(path: Path, database: str = "db", boot: str = "boot") -> OrphanedJournal:
    orphan = take_over(path, database, boot)
    assert orphan
    return orphan


def written(folder: Path) -> Path:
    journal = Journal.create(folder, "db", "boot")
    journal.begin(EDITION, 0)
    for number in (1, 2, 3):
        journal.log_intent(EDITION, 0, number, 3 if number == 2 else 1)
    journal.log_result(EDITION, 0, TAKEN)
    journal.log_result(EDITION, 0, LATER)
    return abandoned(journal)


def test_a_replay_knows_what_came_back_and_what_did_not(folder: Path) -> None:
    orphan = taken_over(written(folder))
    assert orphan.chunks == ((EDITION, 0),)
    found = {entry.outcome.number: entry.outcome for entry in orphan.entries}
    assert (found[1], found[2]) == (TAKEN, LATER)
    assert (found[3].kind, found[3].attempt) == (OutcomeKind.UNKNOWN, 1)
    assert not orphan.rebooted
    orphan.remove()
    assert journals(folder) == []


def test_the_last_word_about_an_attempt_counts(folder: Path) -> None:
    journal = Journal.create(folder, "db", "boot")
    journal.begin(EDITION, 0)
    for outcome in (Outcome(1, 1, OutcomeKind.DEFERRED, 1.0), TAKEN):
        journal.log_intent(EDITION, 0, 1, 1)
        journal.log_result(EDITION, 0, outcome)
    journal.log_intent(EDITION, 0, 1, 2)
    entries = taken_over(abandoned(journal)).entries
    assert [(e.outcome.attempt, e.outcome.kind) for e in entries] == [
        (1, OutcomeKind.ACCEPTED),
        (2, OutcomeKind.UNKNOWN),
    ]


def test_while_its_process_lives_nobody_takes_it_over(folder: Path) -> None:
    journal = Journal.create(folder, "db", "boot")
    assert take_over(journal.path, "db", "boot") is None
    journal.close()


def test_a_journal_that_another_removed_meanwhile_is_none(folder: Path) -> None:
    path = written(folder)
    fd = os.open(path, os.O_RDWR)
    taken_over(path).remove()
    assert not journals_module._same_file(fd, path)
    assert take_over(path, "db", "boot") is None
    os.close(fd)


def test_a_file_that_another_has_the_name_of_is_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(folder)
    monkeypatch.setattr(journals_module, "_same_file", lambda fd, path: False)
    assert take_over(path, "db", "boot") is None


def test_released_it_can_be_taken_over_again(folder: Path) -> None:
    path = written(folder)
    taken_over(path).release()
    assert len(taken_over(path).entries) == 3


def test_the_journal_of_another_database_is_refused_and_left(folder: Path) -> None:
    path = written(folder)
    with pytest.raises(JournalError, match="another database"):
        take_over(path, "other", "boot")
    assert len(taken_over(path).entries) == 3


def test_after_another_start_of_the_machine_that_is_said(folder: Path) -> None:
    assert taken_over(written(folder), boot="later").rebooted


ANOTHER_FORMAT = journals_module._head(journals_module.JournalHeader("db", "boot")).replace(b" 1\n", b" 2\n")


@pytest.mark.parametrize("content", [b"", b"something else altogether", journals_module.MAGIC, ANOTHER_FORMAT])
def test_a_file_that_is_no_journal_is_refused(folder: Path, content: bytes) -> None:
    folder.mkdir()
    path = folder / "x.journal"
    path.write_bytes(content)
    with pytest.raises(JournalError, match="not a journal"):
        take_over(path, "db", "boot")
    assert path.exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_a_torn_tail_is_ignored_wherever_it_was_torn(folder: Path, data: st.DataObject) -> None:
    path = written(folder)
    whole = path.read_bytes()
    head = len(journals_module._head(journals_module.JournalHeader("db", "boot")))
    cut = data.draw(st.integers(head, len(whole)))
    noise = data.draw(st.binary(max_size=12))
    path.write_bytes(whole[:cut] + noise)
    orphan = taken_over(path)
    for entry in orphan.entries:
        assert entry.outcome in (TAKEN, LATER) or entry.outcome.kind is OutcomeKind.UNKNOWN
    orphan.remove()


def test_an_octet_that_changed_ends_the_reading(folder: Path) -> None:
    path = written(folder)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    found = {entry.outcome.number: entry.outcome.kind for entry in taken_over(path).entries}
    assert found == {1: OutcomeKind.ACCEPTED, 2: OutcomeKind.UNKNOWN, 3: OutcomeKind.UNKNOWN}


def test_closing_keeps_the_file_while_a_chunk_is_open(folder: Path) -> None:
    journal = Journal.create(folder, "db", "boot")
    journal.begin(EDITION, 0)
    journal.close()
    assert journals(folder) == [journal.path]
    other = Journal.create(folder, "db", "boot")
    other.begin(EDITION, 500)
    other.forget(EDITION, 500)
    other.close()
    assert journals(folder) == [journal.path]


def test_closing_leaves_an_open_chunk_to_be_taken_over(folder: Path) -> None:
    journal = Journal.create(folder, "db", "boot")
    journal.begin(EDITION, 0)
    journal.close()
    assert taken_over(journal.path).chunks == ((EDITION, 0),)


def test_a_journal_whose_file_was_removed_can_be_closed(folder: Path) -> None:
    journal = Journal.create(folder, "db", "boot")
    journal.path.unlink()
    journal.close()
    assert journals(folder) == []


def test_its_name_is_its_files(folder: Path) -> None:
    journal = Journal.create(folder, "db", "boot")
    assert folder / journal.name == journal.path
    journal.close()
    journal.close()


def test_beginning_a_chunk_again_says_nothing_new(folder: Path) -> None:
    journal = Journal.create(folder, "db", "boot")
    journal.begin(EDITION, 0)
    size = journal.path.stat().st_size
    journal.begin(EDITION, 0)
    assert journal.path.stat().st_size == size
    journal.forget(EDITION, 0)
    journal.close()


def test_settled_chunks_are_dropped_when_it_grows_and_open_ones_kept(folder: Path) -> None:
    journal = Journal.create(folder, "db", "boot", compact_at=2000)
    for chunk in range(0, 50_000, 500):
        journal.begin(EDITION, chunk)
        if chunk:
            journal.forget(EDITION, chunk - 500)
        journal.log_intent(EDITION, chunk, chunk + 1, 1)
    assert journal.path.stat().st_size < 2200
    assert take_over(journal.path, "db", "boot") is None
    orphan = taken_over(abandoned(journal))
    assert (EDITION, 49_500) in orphan.chunks
    assert orphan.entries[-1].outcome.number == 49_501


def test_only_its_owner_can_read_a_journal(folder: Path) -> None:
    journal = Journal.create(folder, "db", "boot")
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    journal.close()


def test_a_smaller_file_keeps_the_results_and_intents_of_open_chunks(folder: Path) -> None:
    journal = Journal.create(folder, "db", "boot", compact_at=0)
    for chunk in (0, 500):
        journal.begin(EDITION, chunk)
    journal.log_intent(EDITION, 500, 501, 1)
    journal.log_result(EDITION, 500, TAKEN._replace(number=501))
    journal.log_intent(EDITION, 500, 502, 1)
    journal.forget(EDITION, 0)
    orphan = taken_over(abandoned(journal))
    assert orphan.chunks == ((EDITION, 500),)
    assert [entry.outcome.kind for entry in orphan.entries] == [OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN]


def test_a_full_disk_says_so_and_leaves_what_was_written_readable(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal.create(folder, "db", "boot")
    journal.begin(EDITION, 0)
    journal.log_intent(EDITION, 0, 1, 1)
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:5]))
    with pytest.raises(JournalError, match="free some space"):
        journal.log_intent(EDITION, 0, 2, 1)
    monkeypatch.undo()
    journal.log_result(EDITION, 0, TAKEN)
    assert [e.outcome for e in taken_over(abandoned(journal)).entries] == [TAKEN]


def test_a_buffered_record_is_written_with_the_next_one_or_by_flush(folder: Path) -> None:
    journal = Journal.create(folder, "db", "boot")
    journal.begin(EDITION, 0)
    for number in (1, 2):
        journal.log_intent(EDITION, 0, number, 1)
    size = journal.path.stat().st_size
    journal.log_result(EDITION, 0, TAKEN, buffered=True)
    assert journal.path.stat().st_size == size
    journal.log_intent(EDITION, 0, 3, 1)
    with_both = journal.path.stat().st_size
    assert with_both > size
    journal.log_result(EDITION, 0, LATER._replace(number=3), buffered=True)
    journal.flush()
    flushed = journal.path.stat().st_size
    journal.flush()
    assert journal.path.stat().st_size == flushed > with_both
    found = {e.outcome.number: e.outcome.kind for e in taken_over(abandoned(journal)).entries}
    assert found == {1: TAKEN.kind, 2: OutcomeKind.UNKNOWN, 3: LATER.kind}


def test_buffered_records_are_written_when_a_full_disk_has_space_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal.create(folder, "db", "boot")
    journal.begin(EDITION, 0)
    journal.log_intent(EDITION, 0, 1, 1)
    journal.log_result(EDITION, 0, TAKEN, buffered=True)
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:5]))
    with pytest.raises(JournalError, match="free some space"):
        journal.flush()
    monkeypatch.undo()
    journal.log_intent(EDITION, 0, 2, 1)
    found = [e.outcome for e in taken_over(abandoned(journal)).entries]
    assert (found[0], found[1].kind) == (TAKEN, OutcomeKind.UNKNOWN)


@pytest.mark.parametrize("step", ["create", "compact"])
def test_a_folder_that_cannot_be_written_is_an_error_that_names_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    journal = Journal.create(folder, "db", "boot", compact_at=0)
    journal.begin(EDITION, 0)

    def full(fd: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    attempt = (lambda: Journal.create(folder, "db", "boot")) if step == "create" else lambda: journal.forget(EDITION, 0)
    with pytest.raises(JournalError, match="No space left"):
        attempt()
    assert [p.suffix for p in folder.iterdir()] == [".journal"]
    monkeypatch.undo()
    assert len(taken_over(abandoned(journal)).chunks) == 1


def test_the_boot_id_is_the_kernels() -> None:
    assert len(boot_id()) == 36


KILLED = """
import os, sys, signal
from pathlib import Path
from newsletter.delivery.journal import Journal
journal = Journal.create(Path(sys.argv[1]), "db", "boot")
journal.begin("k/2026-W06", 0)
for number in range(1, 1001):
    journal.log_intent("k/2026-W06", 0, number, 1)
print(journal.path, flush=True)
os.kill(os.getpid(), int(sys.argv[2]))
"""


@pytest.mark.e2e
def test_kill_9_loses_no_record_and_frees_the_lock(folder: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(folder), str(int(signal.SIGKILL))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(taken_over(Path(done.stdout.strip())).entries) == 1000


@pytest.mark.e2e
def test_a_stopped_process_keeps_its_lock(folder: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(folder), str(int(signal.SIGSTOP))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        path = Path(process.stdout.readline().strip())
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        assert take_over(path, "db", "boot") is None
        process.kill()
        process.wait()
    assert len(taken_over(path).entries) == 1000


def test_a_problem_is_read_back_as_a_message(folder: Path) -> None:
    journal = Journal.create(folder, "db", "boot")
    journal.begin(EDITION, 0)
    problem = messages.TIMED_OUT(step=Phase.DOT.shown)
    lost = Outcome(1, 1, OutcomeKind.UNKNOWN, 1.5, Fault.CONNECTION, problem=problem)
    journal.log_result(EDITION, 0, lost)
    assert [entry.outcome for entry in taken_over(abandoned(journal)).entries] == [lost]


def test_a_sentence_of_an_earlier_version_is_read_back_as_words(folder: Path) -> None:
    journal = Journal.create(folder, "db", "boot")
    journal.begin(EDITION, 0)
    stored = Outcome(1, 1, OutcomeKind.UNKNOWN, 1.5, Fault.CONNECTION, text="the connection broke: reset by peer")
    journal.log_result(EDITION, 0, stored)
    (entry,) = taken_over(abandoned(journal)).entries
    assert (entry.outcome, entry.outcome.explanation) == (stored, TEXT(words=stored.text))
