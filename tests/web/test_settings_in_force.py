"""The configuration in force, the sources, and the commands for the team."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_otp.plugins.otp_totp.models import TOTPDevice
from typer.testing import CliRunner

from newsletter import config
from newsletter.bounces import processing
from newsletter.cli import common, users as commands
from newsletter.messages.general import ABOUT
from newsletter.messages.sources import CONNECTION_REFUSED
from newsletter.models import Source
from newsletter.web.desk import users
from tests.doubles import imap
from tests.web import make

pytestmark = pytest.mark.django_db


def test_no_secret_is_shown(admin: Client) -> None:
    given = config.current()
    smtp = replace(given.delivery.smtp, user="mailer", password="very secret")
    services = {"mailgun": {"api_key": "key-123", "sender_domain": "mg.example.org"}}
    delivery = replace(given.delivery, smtp=smtp, **services)
    site = replace(given.site, database="postgresql://u:pw-123@db/newsletter")
    config.use(replace(given, delivery=delivery, site=site))
    page = admin.get("/desk/settings/health/").content.decode()
    assert "mailer" in page
    for secret in ("very secret", "key-123", "pw-123", "for tests only"):
        assert secret not in page


def test_values_are_shown_as_they_are_written(admin: Client) -> None:
    page = admin.get("/desk/settings/health/").content.decode()
    for value in ("2d", "1m, 5m, 30m, 2h", "Europe/Oslo", "brev@example.org", "8000000"):
        assert value in page


def test_a_source_in_trouble_is_on_the_first_page(editor: Client) -> None:
    found = make.source()
    Source.objects.filter(pk=found.pk).update(
        problem=ABOUT(subject="http://127.0.0.1:9/", message=CONNECTION_REFUSED())
    )
    for path in ("/desk/", "/desk/sources/"):
        assert "the connection was refused" in editor.get(path).content.decode()


def test_links_that_lead_nowhere_are_on_the_first_page(editor: Client) -> None:
    given = config.current()
    config.use(replace(given, delivery=replace(given.delivery, provider="mailgun")))
    assert "can&#x27;t open links that begin with" in editor.get("/desk/").content.decode()


def test_a_bounce_mailbox_that_can_t_be_read_stands_on_the_first_page(editor: Client) -> None:
    with imap.Imap() as server:
        mailbox = config.Imap(host="127.0.0.1", port=server.port, user=imap.USER, password="wrong")
        config.use(replace(config.current(), bounces=config.Bounces(return_path="b@example.org", imap=mailbox)))
        processing.tick(config.current(), make.NOW)
    page = editor.get("/desk/").content.decode()
    assert "Bounces can’t be read: the bounce mailbox at 127.0.0.1" in page
    assert "refused the login" in page


def test_flagged_messages_in_the_bounce_mailbox_are_on_the_first_page(editor: Client) -> None:
    with imap.Imap([b"Subject: Hi\r\n\r\nHello"]) as server:
        mailbox = config.Imap(host="127.0.0.1", port=server.port, user=imap.USER, password=imap.PASSWORD)
        config.use(replace(config.current(), bounces=config.Bounces(return_path="b@example.org", imap=mailbox)))
        processing.tick(config.current(), make.NOW)
        told = "1 message in the bounce mailbox was not understood"
        assert told in editor.get("/desk/").content.decode()
        server.mails["1"].flags.add(r"\Seen")
        processing.tick(config.current(), make.NOW)
        assert told not in editor.get("/desk/").content.decode()


def test_an_address_is_tried_and_nothing_kept(editor: Client) -> None:
    page = editor.post("/desk/sources/try/", {"url": "http://127.0.0.1:9/feed"}, follow=True).content.decode()
    assert "http://127.0.0.1:9/feed" in page
    assert not Source.objects.exists()


def test_the_first_page_s_queries_do_not_grow(editor: Client, django_assert_max_num_queries: Any) -> None:
    edition = make.draft("First")
    with CaptureQueriesContext(connection) as one:
        editor.get("/desk/")
    for week in range(1, 5):
        edition.pk, edition.period = None, f"2026-W0{week}"
        edition.save(force_insert=True)
    cache.clear()
    with django_assert_max_num_queries(len(one)):
        editor.get("/desk/")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`newsletter users …` with the tests' configuration."""
    monkeypatch.setattr(commands, "ready", config.current)
    monkeypatch.setattr(common, "_options", common.Options())
    app = typer.Typer()
    app.add_typer(commands.app)
    return lambda *words, stdin="": CliRunner().invoke(app, ["users", *words], input=stdin, catch_exceptions=True)


def test_people_are_added_and_listed(run: Any) -> None:
    added = run("add", "Anna@Example.org", "--role", "admin")
    assert "http://localhost:8000/desk/password/" in added.output
    assert User.objects.get().username == "anna@example.org"
    assert "anna@example.org" in run("list").output
    assert run("add", "anna@example.org").exit_code != 0


def test_an_editor_is_added_for_drafts_only(run: Any) -> None:
    assert run("add", "anna@example.org", "--drafts-only").exit_code == 0
    assert "editor, drafts only" in run("list").output
    assert not users.may_send(User.objects.get())


def test_a_lost_second_factor_is_switched_off(run: Any) -> None:
    user = make.person()
    TOTPDevice.objects.create(user=user, name="authenticator")
    assert run("password", "redaksjon@example.org", "--without-factor").exit_code == 0
    assert not TOTPDevice.objects.exists()


def test_a_password_comes_by_standard_input(run: Any) -> None:
    make.person()
    assert run("password", "redaksjon@example.org", "--stdin", stdin="kort\n").exit_code != 0
    assert run("password", "redaksjon@example.org", "--stdin", stdin="et helt nytt passord\n").exit_code == 0
    assert User.objects.get().check_password("et helt nytt passord")


def test_without_a_terminal_a_link_is_given(run: Any) -> None:
    make.person()
    assert "/desk/password/" in run("password", "redaksjon@example.org").output


def test_the_catalogue_stands_where_django_looks() -> None:
    assert (Path(config.__file__).parents[1] / "locale" / "nb" / "LC_MESSAGES" / "django.po").exists()
