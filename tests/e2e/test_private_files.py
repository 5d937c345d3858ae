"""Files that the program makes are private, whatever the umask: the real commands under umask 022."""

import os
import signal
import stat
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Site
from tests.e2e.sending_samples import kill_all

pytestmark = pytest.mark.e2e

EDITION = "kinaforum/2026-W06"
NOBODY = 65_534
CONFIG = """
[site]
url = "https://brev.example.org"
[newsletters.kinaforum]
title = "Kinaforum"
from = "Kinaforum <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
[[newsletters.kinaforum.sources]]
url = "posts"
base = "https://blog.example/"
[delivery]
provider = "file"
file = {{ folder = "mails", format = "{form}" }}
"""
POST = "---\ntitle: A post\ndate: 2026-02-04T10:00:00+01:00\n---\nText of the post.\n"
READERS = "email\nreader@example.org\nno address\n"


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """The usual umask, which child processes inherit."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def written(site: Site) -> Site:
    """Write what a person writes, which others may read, and return the site."""
    (site.folder / "posts").mkdir()
    (site.folder / "posts" / "post.md").write_text(POST, encoding="utf-8")
    (site.folder / "readers.csv").write_text(READERS, encoding="utf-8")
    return site


def tree(folder: Path) -> dict[str, int]:
    """The mode of every file and folder below a folder."""
    return {str(p.relative_to(folder)): stat.S_IMODE(p.lstat().st_mode) for p in folder.rglob("*")}


def loose(site: Site, besides: dict[str, int]) -> dict[str, str]:
    """What others may read, besides what stood there before."""
    modes = {name: mode for name, mode in tree(site.folder).items() if name not in besides}
    return {name: oct(mode) for name, mode in modes.items() if mode & 0o077}


def send(site: Site) -> None:
    site.run("subscribers", "import", "readers.csv", "--newsletter", "kinaforum", "--consent", "on paper")
    site.run("draft", "kinaforum", "--week", "2026-W06")
    site.run("send", EDITION, "--approve", "--yes", "--wait")


@pytest.mark.parametrize("form", ["maildir", "eml"])
def test_every_file_is_private(site: Callable[[str], Site], form: str) -> None:
    """Commands of root leave files that the owner of the folder, as whom the service runs, can read."""
    found = written(site(CONFIG.format(form=form)))
    by_hand = tree(found.folder)
    owner = NOBODY if os.geteuid() == 0 else os.geteuid()
    os.chown(found.folder, owner, -1)
    found.run("init", "another", "--templates")
    found.run("dkim", "new", "example.org")
    send(found)
    found.run("subscribers", "export", "--newsletter", "kinaforum", "export.csv")
    found.run("subscribers", "export", "--newsletter", "kinaforum", "export.json")
    found.run("preview", EDITION, "--out", "seen")
    found.run("backup", "site.backup")
    names = set(tree(found.folder))
    place = "mails/new" if form == "maildir" else "mails"
    assert [name for name in names if name.startswith(place + "/")]
    assert {"newsletter.db", "readers.csv.refused.csv", "export.csv", "export.json", "dkim.pem", "journal"} <= names
    assert {"recovery-log", "site.backup"} <= names
    assert loose(found, by_hand) == {}
    used = ("newsletter.db", ".secret_key", ".newsletter.lock", "journal", "recovery-log", "mails")
    assert {
        p
        for name in used
        for p in (found.folder / name, *(found.folder / name).rglob("*"))
        if p.lstat().st_uid != owner
    } == set()


def test_files_that_a_running_service_writes_are_private(site: Callable[[str], Site]) -> None:
    found = written(site(CONFIG.format(form="maildir")))
    by_hand = tree(found.folder)
    process = found.start("run", "--port", "0")
    try:
        assert process.stdout
        line = next(each for each in process.stdout if "the desk is at" in each)
        port = line.rpartition("at http://127.0.0.1:")[2].strip(")\n")
        urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=30).close()
        assert {"newsletter.db", "newsletter.db-wal", "newsletter.db-shm"} <= set(tree(found.folder))
        assert loose(found, by_hand) == {}
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            kill_all(process)


@pytest.mark.parametrize("form", ["maildir", "eml"])
def test_files_of_an_earlier_version_are_made_private_and_logged_once(site: Callable[[str], Site], form: str) -> None:
    found = written(site(CONFIG.format(form=form)))
    by_hand = tree(found.folder)
    send(found)
    for path in (p for p in found.folder.rglob("*") if str(p.relative_to(found.folder)) not in by_hand):
        path.chmod(0o755 if path.is_dir() else 0o644)
    said = [found.run("mailq").stderr for _ in range(2)]
    assert "removed their permissions" in said[0]
    assert len(said[0].splitlines()) == 1
    assert said[1] == ""
    assert loose(found, by_hand) == {}


def test_an_export_over_a_readable_file_makes_it_private(site: Callable[[str], Site]) -> None:
    found = written(site(CONFIG.format(form="maildir")))
    export = found.folder / "export.csv"
    export.write_text("", encoding="utf-8")
    found.run("subscribers", "export", "--newsletter", "kinaforum", "export.csv")
    assert stat.S_IMODE(export.stat().st_mode) == 0o600


def test_other_files_in_the_emails_folder_are_left_alone(site: Callable[[str], Site]) -> None:
    found = written(site(CONFIG.format(form="eml").replace('folder = "mails"', 'folder = "."')))
    before = stat.S_IMODE(found.folder.stat().st_mode)
    by_hand = tree(found.folder)
    found.run("subscribers", "import", "readers.csv", "--newsletter", "kinaforum", "--consent", "on paper")
    found.run("check", status=None)
    assert stat.S_IMODE(found.folder.stat().st_mode) == before
    assert {name: mode for name, mode in tree(found.folder).items() if name in by_hand} == by_hand
