"""Secrets of config.toml at the desk, and values that the environment sets."""

from collections.abc import Iterator
from pathlib import Path

import lxml.html
import pytest
from django.test import Client

from newsletter.models import Act
from tests.web.settings_site import DELIVERY, TEXT, Site, serve


@pytest.fixture
def site(tmp_path: Path, admin: Client) -> Iterator[Site]:
    yield from serve(tmp_path / "config.toml", admin)


def test_a_secret_is_never_shown_and_kept_when_blank(site: Site) -> None:
    assert b"old secret" not in site.client.get(DELIVERY).content
    site.post(DELIVERY, connections="8")
    assert site.tree["delivery"]["smtp"]["password"] == "old secret"
    site.post(DELIVERY, **{"smtp.password": "new secret"})
    assert site.tree["delivery"]["smtp"]["password"] == "new secret"
    act = Act.objects.get(about="delivery.smtp.password")
    assert (act.before, act.after) == ("••••••", "••••••")


@pytest.mark.parametrize(("key", "value"), [("smtp.host", "evil.example"), ("smtp.port", "2525"), ("smtp.user", "x")])
def test_a_stored_password_is_not_sent_to_another_server(site: Site, key: str, value: str) -> None:
    assert "Enter the password again" in site.post(DELIVERY, **{key: value})
    assert site.file.read_text(encoding="utf-8") == TEXT
    assert "Saved." in site.post(DELIVERY, **{key: value, "smtp.password": "typed"})
    assert site.tree["delivery"]["smtp"]["password"] == "typed"


def test_a_value_from_the_environment_is_locked(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_PASSWORD", "from outside")
    site.file.write_text(TEXT.replace('"old secret"', '{ env = "SMTP_PASSWORD" }'), encoding="utf-8")
    page = site.client.get(DELIVERY).content.decode()
    assert "Set by $SMTP_PASSWORD; change it there." in page
    assert "from outside" not in page
    told = site.post(DELIVERY, **{"smtp.host": "evil.example", "smtp.password": "mine"})
    assert "so the server can only be changed in config.toml" in told
    assert site.tree["delivery"]["smtp"]["host"] == "smtp.example.org"


def test_a_locked_field_shows_the_value_of_the_environment(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER__DELIVERY__SMTP__HOST", "mail.outside.example")
    monkeypatch.setenv("NEWSLETTER__DELIVERY__SMTP__PASSWORD", "from outside")
    page = site.client.get(DELIVERY).content.decode()
    (field,) = lxml.html.fromstring(page).cssselect('[name="smtp.host"]')
    assert (field.get("value"), "disabled" in field.attrib) == ("mail.outside.example", True)
    assert "from outside" not in page


def test_a_missing_key_of_a_service_is_told_after_saving(site: Site) -> None:
    said = site.post(DELIVERY, provider="mailgun")
    assert "Saved." in said
    assert "delivery.mailgun.api_key: required, but missing." in said
    assert "required, but missing" not in site.post(DELIVERY, **{"mailgun.api_key": "a key"})
