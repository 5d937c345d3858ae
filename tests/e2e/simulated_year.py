"""A year that passes within minutes: scripts that follow a clock of their own, and processes that are killed."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import Site
from tests.e2e.sending_samples import CONFIG, MailServer

DAYS = 365
IN_FLIGHT = 8
"""Mails that a kill may leave unknown: two for each of four connections."""
BEGIN = """
from datetime import UTC, datetime, timedelta
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
FIRST = datetime(2030, 1, 1, 9, tzinfo=UTC)
"""
"""The first lines of each script. The year begins on FIRST."""


def made(folder: Path, server: MailServer, database: str = "", more: str = "") -> Site:
    """Return a site that sends to a server; `more` has further keys of its newsletter."""
    text = CONFIG.format(delivery="", port=server.port)
    text = text.replace("[newsletters.kinaforum]", f"[newsletters.kinaforum]\n{more}")
    return Site(folder, text.replace("[site]", f'[site]\ndatabase = "{database}"') if database else text)


def started(site: Site, script: str, *words: str) -> "subprocess.Popen[str]":
    """Start a script in a process group of its own, so that `kill_all` ends all of it."""
    return site.begin([sys.executable, "-c", script, *words])
