"""An upgrade from the version before with an edition in progress, and the way back from a backup, with real programs.

The version before is `UPGRADE_FROM`, or the newest tag, or, in a repository without tags, the oldest commit whose
database can be upgraded. It is built from this repository and installed in a folder of its own, and uses the
dependencies of this environment.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.models.migration_state import FIRST_COMMIT
from tests.conftest import Site
from tests.e2e.sending_samples import CONFIG, EDITION, ROOT, MailServer, kill_all
from tests.e2e.test_restore import LEAVE, SLOW, hurry, python

pytestmark = pytest.mark.soak
READERS = 1_500
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-q")


def git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def version_before() -> str:
    """The commit to upgrade from."""
    tags = git("tag", "--list", "v*", "--sort=-v:refname").split()
    return os.environ.get("UPGRADE_FROM") or next(iter(tags), FIRST_COMMIT)


class Older:
    """An earlier version: its sources, and its package as a wheel installs it."""

    def __init__(self, folder: Path, commit: str) -> None:
        self.sources, self.installed = folder / "sources", folder / "installed"
        self.sources.mkdir()
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True).stdout
        subprocess.run(["tar", "-x", "-C", self.sources], input=archive, check=True)
        install = (*PIP, "install", "--no-build-isolation", "--no-deps", "--no-index", "--target")
        subprocess.run([*install, self.installed, self.sources], check=True)

    def site(self, folder: Path, text: str) -> Site:
        """A site that is run by this version."""
        found = Site(folder, text)
        found.environment["PYTHONPATH"] = str(self.installed)
        return found

    def prepare(self, site: Site) -> None:
        """Queue an edition, with this version's own samples."""
        environment = {**site.environment, "PYTHONPATH": str(self.sources)}
        samples = (self.sources / "tests" / "e2e" / "sending_samples.py").read_text(encoding="utf-8")
        own = samples.partition('PREPARE = """')[2].partition('"""')[0]
        words = [sys.executable, "-c", own, str(READERS)]
        subprocess.run(words, cwd=site.folder, env=environment, umask=0o077, check=True)


@pytest.fixture
def server() -> Iterator[MailServer]:
    """A slow server, so that an edition is in progress."""
    found = MailServer(SLOW)
    found.start()
    yield found
    found.kill()


def interrupted(site: Site, server: MailServer) -> None:
    """Send, and kill all processes in the middle of it."""
    process = site.start("send", EDITION, "--wait")
    server.wait_for(server.got.total() + 60, 120)
    kill_all(process)


def test_an_edition_in_progress_survives_an_upgrade_and_the_way_back(server: MailServer, tmp_path: Path) -> None:
    older, text = Older(tmp_path, version_before()), CONFIG.format(port=server.port, delivery="")
    (tmp_path / "site").mkdir()
    old = older.site(tmp_path / "site", text)
    older.prepare(old)
    interrupted(old, server)
    old.run("backup", "before.zip")

    new = Site(old.folder, text)
    interrupted(new, server)
    python(new, LEAVE, f"r{READERS}@reader.example")
    counted = new.json("status", EDITION)
    assert counted["pending"] > 1_000

    old.run("restore", "before.zip", "--replace")
    assert old.json("status", EDITION)["state"] == "paused"
    old.run("restore", "--confirm")
    old.run("resume", EDITION)
    hurry(server)
    old.run("send", EDITION, "--wait", status=None)
    counted = old.json("status", EDITION)
    assert (counted["pending"], counted["skipped"]) == (0, 1)
    server.wait_for(READERS - counted["unknown"] - 1)
    assert set(server.got.values()) == {1}
    assert f"r{READERS}@reader.example" not in server.got
    assert counted["unknown"] <= 2 * 8, "two for each of four connections, at each kill"
