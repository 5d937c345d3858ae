"""A restore that is refused leaves the folder as it was; confirming one is said in words."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import settings
from tests.cli.conftest import Run
from tests.conftest import Site

SHARED = settings.TEXT.partition("[newsletters.daily]")[0] + '[delivery]\nprovider = "file"\n'
TEXT = "".join(line for line in SHARED.splitlines(keepends=True) if not line.startswith("secret_key"))


@pytest.fixture
def backup(site: Callable[[str], Site], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup without the secret key, of a site that has a template."""
    place, file = site(TEXT), tmp_path_factory.mktemp("backups") / "newsletter.zip"
    (place.folder / "templates").mkdir()
    (place.folder / "templates" / "mine.mjml").write_text("{% extends 'shipped/edition.mjml' %}", encoding="utf-8")
    place.run("backup", file)
    return file


def empty_site(folder: Path) -> Site:
    """A folder without config.toml, in which commands are run."""
    found = Site(folder, "")
    (folder / "config.toml").unlink()
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.e2e
def test_a_backup_without_the_key_is_refused_at_once_in_an_empty_folder(backup: Path, tmp_path: Path) -> None:
    there = tmp_path / "elsewhere"
    there.mkdir()
    told = empty_site(there).run("restore", backup, status=1).stderr
    assert told.startswith(f"{backup}: it has no secret key, nor has this site; copy the site's .secret_key to ")
    assert list(there.iterdir()) == []


@pytest.mark.e2e
@pytest.mark.parametrize("damaged", [False, True])
def test_a_restore_that_is_refused_leaves_the_folder_as_it_was(backup: Path, tmp_path: Path, damaged: bool) -> None:
    there = tmp_path / "elsewhere"
    (there / "templates").mkdir(parents=True)
    (there / "templates" / "other.mjml").write_text("kept", encoding="utf-8")
    key = (tmp_path / ".secret_key").read_text(encoding="ascii")
    (there / ".secret_key").write_text(key if damaged else "another key, which is long enough to be one\n", "ascii")
    if damaged:
        whole = backup.read_bytes()
        at = whole.index(b"templates/mine.mjml") + 45
        backup.write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
    before = contents(there)
    told = empty_site(there).run("restore", backup, status=1).stderr
    assert ("is damaged" if damaged else "the backup was made with another key") in told
    assert contents(there) == before
    assert sorted(path.name for path in there.iterdir()) == [".secret_key", "templates"]


@pytest.mark.e2e
def test_what_stops_the_restore_after_the_files_are_written_removes_them(backup: Path, tmp_path: Path) -> None:
    there = tmp_path / "elsewhere"
    there.mkdir()
    (there / ".secret_key").write_bytes((tmp_path / ".secret_key").read_bytes())
    with sqlite3.connect(there / "newsletter.db") as database:
        database.execute("CREATE TABLE mine (id)")
    before = contents(there)
    told = empty_site(there).run("restore", backup, status=1).stderr
    assert "there is a database already" in told
    assert contents(there) == before


@pytest.mark.django_db
def test_there_may_be_nothing_to_confirm(command: Run) -> None:
    assert command("restore", "--confirm").out == (
        "There is nothing to confirm: this database was not restored, or sending was confirmed already.\n"
    )
    assert command("restore", "--confirm", "--json").document == {"confirmed": False, "waiting": []}
