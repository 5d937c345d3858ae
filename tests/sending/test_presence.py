"""Programs tell each other that they are alive, and a newer database is noticed."""

import logging
import os
import socket
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.db.models import F
from django.utils import timezone

from newsletter import __version__, config, start
from newsletter.models import Machine, Worker
from newsletter.sending import journals
from newsletter.sending.machines import presence
from newsletter.sending.machines.lease import LeaseHolder, acquire
from newsletter.sending.machines.presence import SILENT, Presence, SchemaWatch
from newsletter.sending.machines.share import Share
from tests.sending import outbox_samples as samples

pytestmark = pytest.mark.django_db
SERVICES = {"sender": "running", "letters": "failing"}


def pass_time(length: timedelta) -> None:
    Worker.objects.update(seen_at=F("seen_at") - length)


def test_a_program_shows_its_version_its_services_and_what_it_sends(tmp_path: Path) -> None:
    edition = samples.sending(3)
    identity = journals.machine(tmp_path)
    acquire(identity, LeaseHolder("host", "boot", "here"), tmp_path, timedelta())
    Machine.objects.create(name="other", seen_at=timezone.now(), joined_at=timezone.now() - timedelta(hours=2))
    Machine.objects.filter(name=identity).update(joined_at=timezone.now() - timedelta(hours=1))
    samples.outbox(machine=identity).next(2)
    here = Presence("worker", Path("/srv/news"), tmp_path)
    here.beat({})
    here.beat(SERVICES)
    (found,) = presence.workers(config.current().delivery)
    assert (found.host, found.folder, found.pid) == (socket.gethostname(), "/srv/news", os.getpid())
    assert (found.command, found.version, found.alive) == ("worker", __version__, True)
    assert (found.share, found.editions, found.services) == (Share(1, 2), (edition.name,), SERVICES)


def test_a_program_that_ends_normally_is_gone_and_a_killed_one_is_shown_as_lost_for_a_day() -> None:
    ended, killed = (Presence("run", Path(folder), None) for folder in ("/srv/one", "/srv/two"))
    ended.beat(SERVICES)
    killed.beat(SERVICES)
    ended.leave()
    pass_time(SILENT)
    assert [(found.folder, found.alive) for found in presence.workers()] == [("/srv/two", False)]
    pass_time(timedelta(days=1))
    ended.beat(SERVICES)
    assert [found.folder for found in presence.workers()] == ["/srv/one"]


@pytest.mark.e2e
@pytest.mark.parametrize("after", [timedelta(minutes=1), timedelta(hours=25)])
def test_a_program_that_was_killed_is_logged_by_the_next_one(
    after: timedelta, caplog: pytest.LogCaptureFixture
) -> None:
    killed = subprocess.Popen(["true"])
    killed.wait()
    Presence("run", Path("/srv/news"), None).beat(SERVICES)
    Worker.objects.update(pid=killed.pid)
    pass_time(after)
    seen = f"{Worker.objects.get().seen_at:%F %T} UTC"
    with caplog.at_level(logging.WARNING):
        Presence("run", Path("/srv/news"), None).beat(SERVICES)
    assert f"'newsletter run', last seen {seen}, ended without stopping" in caplog.text
    assert Worker.objects.count() == 1


def test_a_database_that_is_away_is_left_to_other_services(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(self: Presence, services: object) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(Presence, "_store", away)
    monkeypatch.setattr(connection, "close", lambda: None)
    Presence("run", Path("/srv"), None).beat(SERVICES)
    assert not Worker.objects.exists()


def test_a_running_program_of_another_machine_or_process_is_found() -> None:
    Presence("run", Path("/srv"), None).beat(SERVICES)
    assert presence.other_worker_alive() == "", "it is this one"
    Worker.objects.update(pid=os.getppid())
    assert presence.other_worker_alive() == f"'newsletter run' {__version__} on {socket.gethostname()}:/srv"
    Worker.objects.update(pid=2**22 + 1)
    assert presence.other_worker_alive() == "", "it was killed"
    Worker.objects.update(host="another")
    assert presence.other_worker_alive() == f"'newsletter run' {__version__} on another:/srv"
    pass_time(SILENT)
    assert presence.other_worker_alive() == ""


def test_a_database_that_a_newer_version_has_changed_stops_sending() -> None:
    watch = SchemaWatch()
    assert watch.problem() is None
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)",
            ["newsletter", "9999_newer", timezone.now()],
        )
    assert watch.problem() is None, "it looks every few seconds"
    watch._looked -= presence.SCHEMA_SECONDS
    problem = watch.problem()
    assert problem
    assert "has changed the database (newsletter.9999_newer), so this version sends nothing" in str(problem)


def test_a_new_version_does_not_change_the_tables_while_an_older_one_is_running(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(start, "_is_own_file", lambda: False)
    Presence("run", Path("/srv/news"), None).beat(SERVICES)
    Worker.objects.update(host="another", version="0.1.0")
    with pytest.raises(start.StartProblem, match=r"'newsletter run' 0\.1\.0 on another:/srv/news is running with it"):
        start._refuse_beside_older_programs()
    Worker.objects.all().delete()
    start._refuse_beside_older_programs()
