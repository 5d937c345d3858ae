"""Reading a source: from what the configuration says to a `Reading`."""

from datetime import datetime
from pathlib import Path

from newsletter import config
from newsletter.feeds.model import Memory, Reading


def read(
    source: config.Source,
    collect: config.Collect,
    memory: Memory | None = None,
    *,
    now: datetime,
    since: datetime | None = None,
    root: Path = Path(),
    site_url: str = "",
) -> Reading:
    """Read a source: its newest page, or with `since` page by page until the listing reaches back to that instant.

    A folder is relative to `root`; `site_url` says in the User-Agent who asks. With `since` the page is fetched even
    where nothing changed. Never raises for what a source does.
    """
    raise NotImplementedError


def read_file(path: Path, base_url: str = "") -> Reading:
    """Read a feed from a file, as if it had been fetched from `base_url`."""
    raise NotImplementedError
