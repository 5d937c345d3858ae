"""Damage of a database file, missing rows, and too little space are found, with what to do."""

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from newsletter.scheduling import storage
from tests import settings
from tests.conftest import Site

TEXT = settings.TEXT.partition("[newsletters.daily]")[0] + '[delivery]\nprovider = "file"\n'


def test_damage_is_found_and_a_backup_is_the_remedy(site: Callable[[str], Site]) -> None:
    place = site(TEXT)
    found = {check["about"]: check for check in place.json("check", "--integrity")["checks"]}
    assert found["integrity"]["sentence"] == "no damage was found"
    assert found["free space"]["verdict"] == "good"
    database = place.folder / "newsletter.db"
    content = bytearray(database.read_bytes())
    for page in range(40, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    database.write_bytes(content)
    told = place.run("check", "--integrity", status=1).stderr
    assert "the database is damaged (" in told
    assert "restore a backup" in told


def test_too_little_space_for_a_copy_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "_size", lambda: 3_000_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2_000_000_000))
    assert "2.0 GB are free, but an upgrade first copies the database" in str(storage.space_for_copy())
