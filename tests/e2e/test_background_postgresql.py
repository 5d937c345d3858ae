"""Work that machines share through PostgreSQL: each source is read once, and what ends its worker is set aside."""

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import Site
from tests.doubles import postgresql
from tests.doubles.blog import BlogServer, Entry
from tests.e2e.faults import eventually

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
from dataclasses import replace
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
for notice in Notice.objects.filter(kind="task"):
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
from newsletter.scheduling import failed_tasks
from newsletter.web.desk import deliverability
from newsletter.web.desk import jobs
from newsletter.web.desk.urls import urlpatterns

def crash(configuration, newsletter):
    # The clock or a request adds it once more before the program ends.
    shared.enqueue(crashing, {"kinaforum": {"newsletter": newsletter}})
    os._exit(9)

crashing = Task("crash", crash, queue="work")
jobs.KINDS["dns"] = replace(jobs.KINDS["dns"], run=lambda configuration, job, progress: os._exit(9))
shared.STALLED_SECONDS, shared.LOOK_SECONDS, shared.POLL_SECONDS = 1.0, 0.2, 0.2
ended = threading.Event()

def told(name, arguments):
    failed_tasks.tell_set_aside(config.current(), name, arguments)
    stop[0]()

stop = []
shared.work(stop.append, shared.Tell(told, print), {"work": 1})
"""
)
START_JOB = (
    START
    + """
from newsletter.web.desk import deliverability
from newsletter.web.desk import jobs
print(jobs.start(deliverability.CHECK, config.current(), "kinaforum", "redaksjon@example.org", {}).pk)
"""
)
JOB = (
    START
    + """
from newsletter.models import Job
print(Job.objects.get().state)
"""
)
HAND_OUT = (
    START
    + """
from datetime import UTC, datetime, timedelta
from newsletter.editions import notices
from newsletter.later import attempts
from newsletter.messages.general import TEXT
from newsletter.models import Occurrence
from newsletter.scheduling import schedule, shared_work
from newsletter.transactional import notice_delivery
from procrastinate.contrib.django.models import ProcrastinateJob
configuration, now = config.current(), datetime.now(UTC)
notices.tell("kinaforum", notices.SERVICE, TEXT(words="something"), now)
Occurrence.objects.create(newsletter="kinaforum", act="draft", due_at=now - timedelta(minutes=1))
for _ in range(2):
    shared_work.hand_out_schedule(configuration, now)
    attempts.hand_out(configuration, now)
    shared_work.hand_out_housekeeping(configuration, now)
print(*sorted(ProcrastinateJob.objects.values_list("task_name", flat=True)))
"""
)
WORK = (
    START
    + """
from newsletter.background import shared
from newsletter.cli import services
from newsletter.sending.faults import explain
from newsletter.supervision import Periods, Service
background = Service("background", lambda service: services._share_work(service, config.current), explain, Periods())
background.start()
import time
while shared.waiting():
    time.sleep(0.1)
background.stop()
background.join(60)
from newsletter.models import Edition, LaterWork, Occurrence
print(LaterWork.objects.filter(kind="notice-email", attempts=1).count(), Edition.objects.count())
print(Occurrence.objects.filter(done_at__isnull=False).count())
"""
)
FAIL = (
    START
    + """
from newsletter.background import shared, enqueue
from newsletter.background.tasks import Task
from newsletter.scheduling import failed_tasks
import threading

def fail(configuration, newsletter):
    raise ValueError("no")

fails = Task("fail", fail, queue="work")
for key in "ab":
    enqueue(fails, key, newsletter="kinaforum")
stop = []

def told(*failed):
    failed_tasks.tell_failing(config.current(), *failed)
    stop[0]()

shared.work(stop.append, shared.Tell(print, told), {"work": 1})
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
STOP_EARLY = (
    START
    + """
import threading
from newsletter.background import shared

for step in range(60):
    thread = threading.Thread(target=shared.work, args=(
        lambda stop: threading.Timer(step * 0.002, stop).start(), shared.Tell(print, print)
    ))
    thread.start()
    thread.join(20)
    if thread.is_alive():
        print("stopped after", step * 0.002, "s, and still there", flush=True)
        os._exit(1)
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
    with postgresql.running(with_tables=True) as database:
        text = CONFIG.format(database=database, sources=sources)
        found = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            found.append(Site(tmp_path / name, text))
        yield found
        for machine in found:
            machine.kill()


def script(machine: Site, text: str) -> "subprocess.CompletedProcess[str]":
    return machine.script(text, status=None)


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
    assert "the task crash (kinaforum) was set aside, because the program crashed three times while running it" in told
    (aside,) = here.json("workers")["set_aside"]
    assert (aside["task"], aside["about"]) == ("crash", "kinaforum")
    assert "set aside: crash (kinaforum)" in here.run("workers").stdout


def test_a_task_that_was_set_aside_runs_once_more_when_asked(machines: list[Site]) -> None:
    here = machines[0]
    script(here, ENQUEUE)
    for _ in range(3):
        assert script(here, CRASH).returncode == 9
    assert script(here, CRASH).returncode == 0
    assert here.json("workers", "--retry") == {"retried": 1}
    assert here.json("workers")["set_aside"] == []
    assert script(here, CRASH).returncode == 9, "it is done once more"
    assert script(here, CRASH).returncode == 0, "it is set aside again at once"
    assert [each["task"] for each in here.json("workers")["set_aside"]] == ["crash"]


def test_a_job_of_the_desk_that_ends_its_worker_three_times_has_failed(machines: list[Site]) -> None:
    here = machines[0]
    here.run("editions")
    assert script(here, START_JOB).stdout
    for _ in range(3):
        assert script(here, CRASH).returncode == 9
    assert script(here, CRASH).returncode == 0
    assert script(here, JOB).stdout.strip() == "failed"
    assert "because the program crashed three times" in script(here, NOTICES).stdout


def test_drafts_notices_and_housekeeping_are_handed_out_once_and_done_by_another_machine(machines: list[Site]) -> None:
    machines[0].run("editions")
    handed_out = script(machines[0], HAND_OUT)
    assert handed_out.stdout.split() == ["notice-email", "run-schedule", "tidy"], handed_out.stderr
    done = script(machines[1], WORK)
    assert done.stdout.split() == ["1", "1", "1"], done.stderr


def test_a_task_that_fails_twice_in_a_row_is_told(machines: list[Site]) -> None:
    machines[0].run("editions")
    failed = script(machines[0], FAIL)
    assert failed.returncode == 0, failed.stderr
    assert (
        "the task fail (kinaforum) failed 2 times in a row, most recently with ValueError"
        in script(machines[0], NOTICES).stdout
    )


def test_a_database_that_is_away_is_told_and_work_goes_on_when_it_returns(machines: list[Site]) -> None:
    machines[0].run("editions")
    told = script(machines[0], DATABASE_AWAY)
    assert told.stdout.split() == ["database.unusable", "0", "True", "0"], told.stderr


def test_workers_end_that_are_stopped_while_they_start(machines: list[Site]) -> None:
    machines[0].run("editions")
    assert script(machines[0], STOP_EARLY).stdout == ""
