"""A backup that can't be made says why."""

import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from newsletter.backup import create


def test_a_disk_without_room_for_the_copy_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fill(*_: Path) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(create, "copy_database", fill)
    configuration: Any = SimpleNamespace(
        site=SimpleNamespace(database="sqlite:///newsletter.db"), path=tmp_path.joinpath
    )
    with pytest.raises(OSError, match="No space left") as caught, create.consistent_source(configuration, tmp_path):
        pass
    assert caught.value.filename == str(tmp_path)
