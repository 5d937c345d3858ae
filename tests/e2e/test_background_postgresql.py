"""Work that machines share through PostgreSQL: each source is read once, and what ends its worker is set aside."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import Site
from tests.doubles import postgresql
from tests.doubles.blog import BlogServer, Entry
from tests.e2e.faults import eventually
from tests.e2e.sending_samples import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.postgresql]

SOURCES = 12
CONFIG = """
[site]
url = "http://localhost:8000"
database = "{database}"
secret_key = "the same key on both machines"
[collect]
every = "1h"
allow_private_addresses = true
[newsletters.kinaforum]
title = "Kinaforum"
from = "Kinaforum <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
editors = ["redaksjon@example.org"]
{sources}
"""
START = """
import logging, os, sys
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
"""
READ = (
    START
    + """
from newsletter.models import Source
print(Source.objects.exclude(read_at=None).count())
"""
)
NOTICES = (
    START
    + """
from newsletter.models import Notice
for notice in Notice.objects.filter(kind="service"):
    print(notice.text)
"""
)
ENQUEUE = (
    START
    + """
from newsletter.background import enqueue
from newsletter.background.tasks import Task
for _ in range(3):
    enqueue(Task("crash", print, queue="work"), "kinaforum", newsletter="kinaforum")
from procrastinate.contrib.django.models import ProcrastinateJob
print(ProcrastinateJob.objects.count())
"""
)
CRASH = (
    START
    + """
import threading
from newsletter.background import shared
from newsletter.background.tasks import Task
from newsletter.scheduling import set_aside
Task("crash", lambda configuration, newsletter: os._exit(9), queue="work")
shared.STALLED_SECONDS, shared.LOOK_SECONDS, shared.POLL_SECONDS = 1.0, 0.2, 0.2
ended = threading.Event()

def told(name, arguments):
    set_aside.tell(config.current(), name, arguments)
    stop[0]()

stop = []
shared.work(stop.append, told, {"work": 1})
"""
)

DATABASE_AWAY = (
    START
    + """
import time
from django.conf import settings
from newsletter.cli import services
from newsletter.sending.faults import explain
from newsletter.supervision import Periods, Service

def wait(state):
    while state():
        time.sleep(0.05)

services.DATABASE_RETRY_SECONDS = 0.2
database = settings.DATABASES["default"]
port, database["PORT"] = database["PORT"], "1"
background = Service("background", lambda service: services._share_work(service, config.current), explain, Periods())
background.start()
wait(lambda: background.status().problem is None)
print(background.status().problem.code, background.status().restarts)
database["PORT"] = port
wait(lambda: background.status().problem)
background.stop()
print(background.join(30), background.status().restarts)
"""
)


@pytest.fixture
def blog() -> Iterator[BlogServer]:
    with BlogServer([Entry("a-post", datetime(2026, 2, 3, tzinfo=UTC))]) as served:
        yield served


@pytest.fixture
def machines(tmp_path: Path, blog: BlogServer) -> Iterator[list[Site]]:
    address = [f"{blog.url}/?source={number}" for number in range(SOURCES)]
    sources = "".join(f'[[newsletters.kinaforum.sources]]\nurl = "{url}"\ntype = "feed"\n' for url in address)
    with postgresql.running() as database:
        text = CONFIG.format(database=database, sources=sources)
        found = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            found.append(Site(tmp_path / name, text))
        yield found
        for machine in found:
            machine.kill()


def script(machine: Site, text: str) -> "subprocess.CompletedProcess[str]":
    environment = {**machine.environment, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", text], cwd=machine.folder, env=environment, capture_output=True, text=True, timeout=120
    )


def test_two_machines_read_each_source_once(machines: list[Site], blog: BlogServer) -> None:
    machines[0].run("editions")
    for machine in machines:
        machine.start("run", "--port", "0")
    eventually(lambda: script(machines[0], READ).stdout.strip() == str(SOURCES), 120)
    queries = [path for path in blog.seen if "source=" in path]
    assert len(queries) == len(set(queries)) == SOURCES


def test_a_task_that_ends_its_worker_three_times_is_set_aside_and_told(machines: list[Site]) -> None:
    here = machines[0]
    assert script(here, ENQUEUE).stdout.strip() == "1", "one with this key waits already"
    for _ in range(3):
        assert script(here, CRASH).returncode == 9
    assert script(here, CRASH).returncode == 0
    told = script(here, NOTICES).stdout
    assert script(here, ENQUEUE).stdout.strip() == "1", "it is not stored again"
    assert "the task crash (kinaforum) was set aside, because the program ended three times while it did it" in told


def test_a_database_that_is_away_is_told_and_work_goes_on_when_it_returns(machines: list[Site]) -> None:
    machines[0].run("editions")
    told = script(machines[0], DATABASE_AWAY)
    assert told.stdout.split() == ["database.unusable", "0", "True", "0"], told.stderr
