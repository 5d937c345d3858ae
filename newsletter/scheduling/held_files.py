"""The files that jobs of the desk need beside config.toml: uploads with addresses, and the keys of accounts."""

import shutil
from collections.abc import Iterable
from datetime import datetime

from newsletter.config import Config
from newsletter.models import Job

FOLDER = ".imports"
"""The name of their folder."""


def remove_unused(configuration: Config, jobs: Iterable[Job], before: datetime | None = None) -> None:
    """Remove the files that none of these jobs names; with `before`, only those that nothing has changed since."""
    paths = list(configuration.path(FOLDER).glob("*"))
    names = {job.order.get("file", "") for job in jobs} if paths else set()
    for path in paths:
        if f"{FOLDER}/{path.name}" in names or (before and path.lstat().st_ctime >= before.timestamp()):
            continue
        if path.is_dir():  # of an account that was being read
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
