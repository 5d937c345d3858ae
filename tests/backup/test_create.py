"""A backup that can't be made says why."""

import os
import sqlite3
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from django.conf import settings
from django.db import OperationalError
from django.utils import timezone

from newsletter.backup import BackupProblem, create
from newsletter.sending import unsubscriptions
from subscribers import unsubscription_file
from tests.subscribers.make import add_subscription


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    configuration: Any = SimpleNamespace()
    with pytest.raises(BackupProblem, match=f"^{tmp_path}/missing: there is no such folder; create it"):
        create.create(configuration, tmp_path / "missing" / "x.zip", with_key=False, images=False, progress=print)


def test_what_a_killed_backup_left_is_removed_by_a_later_one(tmp_path: Path) -> None:
    for name, age in (("old", create.ABANDONED + 60), ("running", 0)):
        folder = tmp_path / f"{create.UNFINISHED}{name}"
        folder.mkdir()
        (folder / "copy.db").touch()
        for path in (folder / "copy.db", folder):
            os.utime(path, (time.time() - age,) * 2)
    (tmp_path / f"{create.UNFINISHED}file").touch()  # it has no files, as a folder that is gone meanwhile
    create.remove_abandoned(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {f"{create.UNFINISHED}{name}" for name in ("running", "file")}


def test_a_disk_without_room_for_the_copy_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fill(*_: Path) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(create, "copy_database", fill)
    configuration: Any = SimpleNamespace(sqlite_file=tmp_path / "newsletter.db")
    with pytest.raises(OSError, match="No space left") as caught:
        create.consistent_source(configuration, tmp_path / "unfinished")
    assert caught.value.filename == str(tmp_path)


@pytest.mark.django_db(transaction=True)
def test_unsubscriptions_that_wait_are_applied_before_a_backup_or_named(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    subscription = add_subscription()
    unsubscription_file.add([subscription.pk], timezone.now())
    with monkeypatch.context() as locked:
        locked.setattr(unsubscriptions, "record", Mock(side_effect=OperationalError("database is locked")))
        create._apply_unsubscriptions()
    assert f"unsubscriptions wait in {settings.WAITING_UNSUBSCRIPTIONS}, which is not in the backup" in caplog.text
    create._apply_unsubscriptions()
    subscription.refresh_from_db()
    assert subscription.state == "unsubscribed"
