"""What machines ask."""

import errno
import html
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from newsletter import config, later, supervision
from newsletter.cli import services
from newsletter.messages import failures as messages
from newsletter.models import Edition, LaterWork
from newsletter.models.later_work import NOTICE_EMAIL
from newsletter.scheduling import alerts
from newsletter.supervision import Status, Supervisor
from newsletter.web import health
from newsletter.web.desk import workers
from subscribers.models import Subscriber, TransactionalEmail
from tests.web import make
from tests.web.scrape import scraped
from tests.web.test_entrance import RIGHT


def test_it_lives_without_a_database(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"


@pytest.mark.django_db
def test_it_is_ready(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (200, b"ready\n")


@pytest.mark.django_db
def test_a_database_that_is_gone_is_not_ready_and_no_probe_is_logged(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def gone() -> bool:
        raise OperationalError("gone")

    monkeypatch.setattr(health, "waiting_migrations", gone)
    assert [client.get("/readyz").status_code for _ in range(3)] == [503] * 3
    assert caplog.records == []


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["unknown_migrations", "storage.problems"])
def test_a_process_without_file_descriptors_is_not_ready(
    part: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error page would need a descriptor too, and the answer was a bare 500."""

    def used_up(*given: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(f"newsletter.web.health.{part}", used_up)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content.decode()) == (503, "the check failed: Too many open files\n")


@pytest.mark.django_db
def test_waiting_migrations_are_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "waiting_migrations", lambda: True)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert b"migrations" in answer.content


@pytest.mark.django_db
def test_metrics_count(client: Client) -> None:
    make.draft("First")
    body = client.get("/metrics").content.decode()
    assert 'newsletter_editions{newsletter="kinaforum",state="draft"} 1' in body
    assert "# TYPE newsletter_editions gauge" in body
    assert Edition.objects.count() == 1


@pytest.mark.django_db
def test_metrics_are_not_for_everybody(client: Client, admin: Client) -> None:
    far = {"REMOTE_ADDR": "8.8.8.8"}
    assert client.get("/metrics", **far).status_code == 403
    assert admin.get("/metrics", **far).status_code == 200


class Failing(Supervisor):
    """A supervisor whose sender fails."""

    PROBLEM = messages.SYSTEM_ERROR(cause="/srv/journal: Not a directory", remedy=messages.NOT_A_FOLDER())

    def __init__(self) -> None:
        super().__init__()
        self.status = Status("sender", "restarting", self.PROBLEM, failing_for=90.0, restarts=7, next_try=11.2)

    def statuses(self) -> tuple[Status, ...]:
        return (Status("clock", "running"), self.status)

    def failing(self) -> tuple[Status, ...]:
        return (self.status,)


@pytest.fixture
def failing() -> Iterator[Failing]:
    before, made = supervision.current(), Failing()
    supervision.use(made)
    yield made
    supervision.use(before)


@pytest.mark.django_db
@pytest.mark.usefixtures("failing")
def test_a_service_that_fails_is_not_ready_and_strangers_learn_no_paths(client: Client) -> None:
    near, far = client.get("/readyz"), client.get("/readyz", REMOTE_ADDR="8.8.8.8")
    assert (near.status_code, near.content.decode()) == (503, f"sender: {Failing.PROBLEM}; next try in 12 s\n")
    assert (far.status_code, far.content) == (503, b"sender: failing\n")
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db
@pytest.mark.usefixtures("failing")
def test_metrics_name_the_services(client: Client) -> None:
    found = scraped(client)
    assert found["newsletter_service_up", "clock"] == 1
    assert found["newsletter_service_up", "sender"] == 0
    assert found["newsletter_service_restarts_total", "sender"] == 7


@pytest.mark.usefixtures("failing")
def test_the_desk_s_first_page_says_what_fails_and_what_to_do(editor: Client) -> None:
    page = html.unescape(editor.get("/desk/").content.decode())
    assert f"Not working: sending editions – {Failing.PROBLEM}. We try again automatically." in page
    editor.cookies["django_language"] = "nb"
    page = html.unescape(editor.get("/desk/").content.decode())
    assert "Virker ikke: sending av utgaver – /srv/journal: Not a directory; fjern filen" in page


def test_every_service_has_a_name_at_the_desk_and_in_notices() -> None:
    supervisor = services.supervise(config.current, schedule=True, send=True, web=True)
    supervisor.add("web", lambda service: None)
    names = {"background", *(status.name for status in supervisor.statuses())}  # which only PostgreSQL has
    supervision.use(supervision.Supervisor())
    assert names == set(workers.SERVICES) == set(alerts.WHAT)


@pytest.mark.django_db
def test_metrics_want_the_second_factor_too(client: Client) -> None:
    TOTPDevice.objects.create(user=make.person(admin=True), name="authenticator")
    client.post("/desk/login/", RIGHT)
    assert client.get("/metrics", REMOTE_ADDR="8.8.8.8").status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
@pytest.mark.parametrize("host", ["10.0.0.5", "10.0.0.5:8000", "[fd00::1]:8000", "newsletter:8000", "localhost"])
def test_probes_come_by_address_or_bare_name(client: Client, path: str, host: str) -> None:
    assert client.get(path, headers={"Host": host}).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["evil.example", "10.0.0.5.evil.example", "evil.example:8000", "", "[::1", "a b"])
def test_probes_under_a_foreign_name_are_refused(client: Client, host: str) -> None:
    """A page of that name could read what is for private networks (DNS rebinding)."""
    assert client.get("/metrics", headers={"Host": host}).status_code == 400
    assert client.get("/desk/login/", headers={"Host": "10.0.0.5"}).status_code == 400


@pytest.mark.django_db
def test_a_database_of_a_newer_version_is_not_ready(client: Client) -> None:
    MigrationRecorder(connection).record_applied("newsletter", "9999_from_the_future")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert b"newsletter.9999_from_the_future" in answer.content


@pytest.mark.django_db
def test_emails_that_fail_are_named_and_keep_the_process_ready(client: Client) -> None:
    person = Subscriber.objects.named("anna@example.org", "anna@example.org")
    TransactionalEmail.objects.create(
        kind="confirm", subscriber=person, newsletter="kinaforum", attempts=2, problem="mail.example refused the login"
    )
    near, far = client.get("/readyz"), client.get("/readyz", REMOTE_ADDR="8.8.8.8")
    told = "ready\nemails: 1 failed and are retried, 0 given up"
    assert (near.status_code, near.content.decode()) == (200, f"{told}: mail.example refused the login\n")
    assert (far.status_code, far.content.decode()) == (200, f"{told}\n")


@pytest.mark.django_db
def test_an_email_that_is_being_sent_for_the_first_time_has_not_failed(client: Client) -> None:
    now = timezone.now()
    person = Subscriber.objects.named("anna@example.org", "anna@example.org")
    email = TransactionalEmail.objects.create(kind="confirm", subscriber=person, newsletter="kinaforum", attempts=1)
    later.add(NOTICE_EMAIL, "1", now, notice=1)
    LaterWork.objects.update(attempts=1)
    assert client.get("/readyz").content == b"ready\n"
    TransactionalEmail.objects.filter(pk=email.pk).update(gave_up_at=now)
    LaterWork.objects.update(attempts=2)
    assert client.get("/readyz").content == b"ready\nemails: 1 failed and are retried, 1 given up\n"


@pytest.mark.django_db
def test_a_disk_that_is_nearly_full_is_not_ready(client: Client, configuration: config.Config) -> None:
    config.use(replace(configuration, site=replace(configuration.site, minimum_free_space=10**18)))
    near, far = client.get("/readyz"), client.get("/readyz", REMOTE_ADDR="8.8.8.8")
    assert (near.status_code, far.status_code) == (503, 503)
    assert "are free for the database" in near.content.decode()
    assert far.content == b"a disk is nearly full, or a folder can't be written\n"


@pytest.mark.django_db
def test_a_journal_folder_that_is_a_file_is_not_ready(
    client: Client, configuration: config.Config, tmp_path: Path
) -> None:
    (tmp_path / "journal").write_text("", "utf-8")
    delivery = replace(configuration.delivery, journal=str(tmp_path / "journal"))
    config.use(replace(configuration, delivery=delivery))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "journal: not a folder" in answer.content.decode()


@pytest.mark.django_db
def test_a_recovery_log_of_another_user_is_not_ready(
    client: Client, configuration: config.Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.use(replace(configuration, file=tmp_path / "config.toml"))
    of_another = config.current().recovery_log / "a-2026-11.log"
    of_another.parent.mkdir(parents=True)
    of_another.touch()
    access = os.access
    monkeypatch.setattr("os.access", lambda path, mode: path != of_another and access(path, mode))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "the recovery log can't be written there; give it to the user that runs" in answer.content.decode()


@pytest.mark.django_db
def test_without_a_limit_space_does_not_matter(client: Client, configuration: config.Config) -> None:
    config.use(replace(configuration, site=replace(configuration.site, minimum_free_space=0)))
    assert client.get("/readyz").status_code == 200
