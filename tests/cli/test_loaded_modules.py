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
COMMAND = """
import sys
sys.argv[0] = "newsletter"
from newsletter.__main__ import main
try:
    main()
finally:
    sys.stderr.write("\\n".join(sys.modules))
"""
FOR_OTHER_COMMANDS = {
    "altcha",
    "apscheduler",
    "django.contrib.admin",
    "email_validator",
    "newsletter.feeds.fetcher",
    "newsletter.models.migrations.0055_machines_without_configuration",
    "newsletter.urls",
    "ninja",
    "pydantic",
    "rich",
    "tomlkit",
}
FOR_EMAILS = {"cssutils", "jinja2", "lxml", "mjml", "newsletter.feeds", "requests"}


def loaded_by(where: Site, *arguments: str) -> set[str]:
    """The modules that a command has loaded at its end."""
    command = [sys.executable, "-c", COMMAND, *arguments]
    done = subprocess.run(command, cwd=where.folder, env=where.environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines())


def test_status_and_preview_load_what_they_need(site: Callable[[str], Site]) -> None:
    """The first command stores the key's fingerprint, the second finds the database as it must be."""
    where = site(with_kinaforum(SOURCE))
    draft = where.json("draft", "kinaforum", "--letter")
    status = loaded_by(where, "status")
    assert status & (FOR_OTHER_COMMANDS | FOR_EMAILS) == set()
    assert "django.db.models" in status
    preview = loaded_by(where, "preview", draft["edition"])
    assert preview & FOR_OTHER_COMMANDS == set()
    assert "cssutils" in preview


RUN = """
import os, signal, sys, threading, time, urllib.error, urllib.request
port = os.environ["NEWSLETTER__WEB__PORT"]
sys.argv = ["newsletter", "run"]

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
    "pydantic",
    "rich",
    "tomlkit",
    "yaml",
}


def test_run_loads_no_pages_and_no_parsers_before_they_are_needed(site: Callable[[str], Site]) -> None:
    """It does the first round of everything that it does periodically, and answers /readyz."""
    where = site(with_kinaforum(SOURCE))
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=where.folder,
        env={**where.environment, "NEWSLETTER__WEB__PORT": str(free_port())},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stderr.partition("Loaded modules:")[2].splitlines())
    assert "newsletter.web.application" in loaded
    assert loaded & NEVER_USED == set()
