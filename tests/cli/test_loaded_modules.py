"""A command loads only what it needs, so that it answers soon and takes little memory."""

import subprocess
import sys
from collections.abc import Callable

from tests.conftest import Site
from tests.site_texts import with_kinaforum

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
    "newsletter.models.migrations.0001_initial",
    "requests",
}


def test_status_loads_no_sources_schedule_or_migrations(site: Callable[[str], Site]) -> None:
    """The first command makes the database, the second finds it as it must be."""
    where = site(with_kinaforum(SOURCE))
    where.run("status")
    done = subprocess.run(
        [sys.executable, "-c", STATUS], cwd=where.folder, env=where.environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert set(done.stderr.splitlines()) & NOT_NEEDED == set()
