"""A command loads only what it needs, so that it answers soon and takes little memory."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.conftest import Site
from tests.doubles.ports import free_port
from tests.site_texts import with_kinaforum

pytestmark = pytest.mark.e2e

SOURCE = """
[[newsletters.kinaforum.sources]]
url = "http://127.0.0.1:9/"
"""
STATUS = """
import sys
sys.argv = ["newsletter", "status"]
from newsletter.__main__ import main
try:
    main()
finally:
    sys.stderr.write("\\n".join(sys.modules))
"""
NOT_NEEDED = {
    "altcha",
    "apscheduler",
    "lxml",
    "newsletter.feeds",
    "newsletter.models.migrations.0055_machines_without_configuration",
    "requests",
}


def test_status_loads_no_sources_schedule_or_migrations(site: Callable[[str], Site]) -> None:
    """The first command stores the key's fingerprint, the second finds the database as it must be."""
    where = site(with_kinaforum(SOURCE))
    where.run("status")
    done = subprocess.run(
        [sys.executable, "-c", STATUS], cwd=where.folder, env=where.environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert set(done.stderr.splitlines()) & NOT_NEEDED == set()


RUN = """
import os, signal, sys, threading, time, urllib.error, urllib.request
port = sys.argv[1]
sys.argv = ["newsletter", "run", "--port", port]

def ready():
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz").status == 200
    except (urllib.error.URLError, ConnectionError):
        return False

def stop_when_ready():
    while not ready():
        time.sleep(0.1)
    sys.stderr.write("\\n".join(["Loaded modules:", *sys.modules]))
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=stop_when_ready, daemon=True).start()
from newsletter.__main__ import main
main()
"""
NEVER_USED = {
    "PIL",
    "altcha",
    "cssutils",
    "flufl.bounce",
    "markdown_it",
    "newsletter.config.document",
    "newsletter.web.desk.urls",
    "ninja",
    "premailer",
    "rich",
    "tomlkit",
    "yaml",
}


def test_run_loads_no_pages_and_no_parsers_before_they_are_needed(site: Callable[[str], Site]) -> None:
    """It does the first round of everything that it does periodically, and answers /readyz."""
    where = site(with_kinaforum(SOURCE))
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(free_port())],
        cwd=where.folder,
        env=where.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stderr.partition("Loaded modules:")[2].splitlines())
    assert "newsletter.web.application" in loaded
    assert loaded & NEVER_USED == set()
