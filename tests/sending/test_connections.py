"""Database connections and other descriptors of a sending process stay as many as they are."""

import json
import subprocess
import sys
from collections.abc import Callable

from tests import settings
from tests.conftest import Site

RUNS = 40
ENGINES = """
import json, os, sys
from django.conf import settings
from newsletter import config
configuration = config.use(config.load(config.find("config.toml")))
os.environ["DJANGO_SETTINGS_MODULE"] = "newsletter.settings"
from newsletter.sending.worker import INSTALLED_APPS, Control, run_engine, _tune_garbage_collection
settings.INSTALLED_APPS = INSTALLED_APPS
import django
django.setup()
from newsletter.delivery.journal import Journal
from newsletter.delivery.limits import Limits
from newsletter.sending.sql import database
from newsletter.sending import journals
from newsletter.sending.outbox import Holder, Outbox
_tune_garbage_collection()
folder = journals.folder(configuration)
journal = Journal.create(folder, database.identity())
outbox = Outbox(Holder(journals.machine(folder), journal.name), ["kinaforum"], configuration)
counts = []
for _ in range(int(sys.argv[1])):
    outbox._busy = True  # each run asks the database, as one that has work does
    ended = run_engine(configuration, outbox, journal, Control(Limits.of(configuration.delivery)))
    assert ended.problem is None, ended
    counts.append(len(os.listdir("/proc/self/fd")))
print(json.dumps(counts))
"""


def test_forty_runs_of_the_engine_leave_no_descriptor_open(site: Callable[[str], Site]) -> None:
    """Each left its thread's database connections open: a file, its log and its index."""
    place = site(settings.TEXT.partition("[newsletters.daily]")[0] + '[delivery]\nprovider = "file"\n')
    place.run("editions")
    done = subprocess.run(
        [sys.executable, "-c", ENGINES, str(RUNS)],
        cwd=place.folder,
        env=place.environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert len(counts) == RUNS
    assert set(counts[1:]) == {counts[1]}, counts
