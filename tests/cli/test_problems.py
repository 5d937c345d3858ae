"""Errors as one sentence."""

import errno
import io
import os
import sqlite3
import sys
from pathlib import Path

import psycopg
import pytest
from django.db import IntegrityError, OperationalError

from newsletter.__main__ import prepare_output
from newsletter.cli.common import document_output
from newsletter.cli.problems import sentence_and_status


def test_a_file_that_a_full_disk_cuts_short_is_one_sentence() -> None:
    """The error of a write names no file."""
    with pytest.raises(OSError, match="No space left") as caught:
        Path("/dev/full").write_text("x", encoding="ascii")
    assert caught.value.filename is None
    assert sentence_and_status(caught.value) == (
        "a file or the output: No space left on device; free some space and try again",
        1,
    )


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (
            errno.EACCES,
            "a.txt: Permission denied; change its permissions, or use another user",
        ),
        (errno.ENOENT, "a.txt: No such file or directory; check the path"),
        (errno.EISDIR, "a.txt: Is a directory; name a file"),
        (errno.ENOTDIR, "a.txt: Not a directory; name a folder"),
        (errno.EEXIST, "a.txt: File exists; choose another name"),
        (errno.EROFS, "a.txt: Read-only file system; choose another folder, or mount the file system for writing"),
        (errno.EIO, "a.txt: Input/output error; check the disk and the system's log"),
        (errno.EMFILE, "a.txt: Too many open files; raise the limit on open files (ulimit -n)"),
        (errno.EDQUOT, "a.txt: Disk quota exceeded; free some space and try again"),
    ],
)
def test_an_error_of_the_system_has_a_remedy(number: int, sentence: str) -> None:
    assert sentence_and_status(OSError(number, os.strerror(number), "a.txt")) == (sentence, 1)


@pytest.mark.parametrize("kind", [OperationalError, sqlite3.OperationalError, psycopg.OperationalError])
@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ("attempt to write a readonly database", "make the file and its folder writable for the user that runs"),
        ("database or disk is full", "free some space on it"),
        ("disk I/O error", "check the disk and the system's log"),
        ("Unable to create the django_migrations table (disk I/O error)", "check the disk and the system's log"),
        ("unable to open database file", "check site.database, and make the file and its folder readable"),
        ("database is locked", "try again when it has finished"),
        ("database disk image is malformed", "restore a backup"),
        ("connection refused\nIs the server running?", "(connection refused); check that it is running"),
    ],
)
def test_an_error_of_the_database_has_a_remedy(kind: type[Exception], words: str, remedy: str) -> None:
    told = sentence_and_status(kind(words))
    assert told is not None
    assert remedy in told[0]
    assert "\n" not in told[0]


def test_an_error_of_the_database_that_is_no_fault_of_its_server_says_what_it_was() -> None:
    assert sentence_and_status(IntegrityError("UNIQUE constraint failed")) == (
        "database error: UNIQUE constraint failed; please report it",
        1,
    )


def test_text_of_the_command_line_in_another_encoding_than_utf_8_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError) as caught:
        os.fsdecode(b"\xe5").encode()
    told = "the command line has text that is not UTF-8; use a terminal with UTF-8"
    assert sentence_and_status(caught.value) == (told, 2)


def test_output_lacks_letters_of_other_encodings_and_may_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding="latin-1"))
    monkeypatch.setattr("sys.stderr", None)
    prepare_output()
    sys.stdout.write("å’\n")
    sys.stdout.flush()
    with sys.stderr:
        sys.stderr.write("nowhere")
    assert written.getvalue() == b"\xe5?\n"


def test_a_document_in_a_file_lacks_no_letter_whatever_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding="latin-1", errors="replace"))
    document_output().write("łukasz@reader.example\n")
    sys.stdout.flush()
    assert written.getvalue() == "łukasz@reader.example\n".encode()
