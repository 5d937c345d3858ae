"""Uploads that wait for the next step of an import are kept for an hour, and not after the process."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from newsletter import config
from newsletter.background import Task
from newsletter.web.desk.subscribers import uploads
from tests.e2e.sending_samples import ROOT

PROGRAM = """
import sys
from django.conf import settings
settings.configure()
from newsletter import config
from tests.e2e.sending_samples import CONFIG
TEXT = CONFIG.format(port=25, delivery="")
from django.core.files.uploadedfile import SimpleUploadedFile
from newsletter.web.desk.subscribers import uploads
name = uploads.keep(SimpleUploadedFile("a.csv", b"email"))
print(uploads.path(name, config.parse(TEXT)), flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The system's folder for temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    uploads._folder.cache_clear()
    yield tmp_path
    uploads._folder.cache_clear()


def _keep() -> Path:
    name = uploads.keep(SimpleUploadedFile("readers.csv", b"email\na@reader.example\n"))
    return uploads.path(name, config.current())


def test_only_this_user_reads_it() -> None:
    kept = _keep()
    assert kept.read_bytes() == b"email\na@reader.example\n"
    assert [path.stat().st_mode & 0o777 for path in (kept, kept.parent)] == [0o600, 0o700]


def test_an_upload_is_removed_after_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to come back for that."""
    queued: list[tuple[Task, datetime, dict[str, str]]] = []
    monkeypatch.setattr(uploads, "enqueue", lambda task, key, run_at, **given: queued.append((task, run_at, given)))
    before = datetime.now(UTC)
    kept = _keep()
    ((task, run_at, given),) = queued
    assert before + uploads.KEPT <= run_at <= datetime.now(UTC) + uploads.KEPT
    task.run(config.current(), **given)
    assert not kept.exists()
    task.run(config.current(), **given)  # an import has removed it meanwhile


@pytest.fixture
def other(processes: None) -> Iterator[tuple["subprocess.Popen[str]", Path]]:
    """Another process that has taken in an upload, and where it is."""
    words, environment = [sys.executable, "-c", PROGRAM], {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def test_nothing_stays_after_the_end(other: tuple["subprocess.Popen[str]", Path]) -> None:
    process, kept = other
    assert kept.exists()
    process.communicate(timeout=30)
    assert not kept.parent.exists()


def test_only_files_left_by_a_killed_process_are_removed(other: tuple["subprocess.Popen[str]", Path]) -> None:
    process, kept = other
    mine = _keep()
    uploads.remove_abandoned()
    assert kept.exists(), "the process that holds it is alive"
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)
    assert kept.exists()
    uploads.remove_abandoned()
    assert not kept.parent.exists()
    assert mine.exists()
