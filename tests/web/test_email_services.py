"""The settings page of email services: a folding group for each service."""

from collections.abc import Iterator
from pathlib import Path

import lxml.html
import pytest
from django.test import Client

from newsletter import config
from newsletter.providers import PROVIDERS
from newsletter.web.desk.settings.delivery_pages import API_NAMES
from tests.web.settings_site import TEXT

URL = "/desk/settings/site/providers/"
SERVICES = """\
provider = "postmark"
postmark = { server_token = "the secret of Postmark" }
mailgun = { api_key = "the secret of Mailgun", sender_domain = "mg.example.org" }
"""


@pytest.fixture
def client(tmp_path: Path, admin: Client) -> Iterator[Client]:
    """An admin of a site with two services of which one is in use."""
    file = tmp_path / "config.toml"
    file.write_text(TEXT + SERVICES, encoding="utf-8")
    before = config.current()
    config.use(config.load(file, {}))
    yield admin
    config.use(before)


def _groups(html: bytes) -> dict[str, bool]:
    """Each group's title with what is said beside it, and whether it is open."""
    groups = lxml.html.fromstring(html).cssselect("details.group")
    return {" ".join(g[0].text_content().split()): g.get("open") is not None for g in groups}


def test_each_service_has_a_group_and_the_one_in_use_is_first_and_open(client: Client) -> None:
    groups = _groups(client.get(URL).content)
    assert len(groups) == len(API_NAMES)
    assert next(iter(groups)) == "Postmark In use"
    assert [title for title, is_open in groups.items() if is_open] == ["Postmark In use"]
    assert "Mailgun Filled in" in groups


def test_every_field_is_in_one_group_and_secrets_are_not_shown(client: Client) -> None:
    html = client.get(URL).content
    page = lxml.html.fromstring(html)
    shown = [each.get("name") for each in page.cssselect("form.card input:not([type=hidden])")]
    grouped = [each.get("name") for each in page.cssselect("details.group input")]
    assert shown == grouped
    labelled = [f"{name}.{key.name}" for name, each in PROVIDERS.items() for key in each.keys if key.label]
    assert sorted(set(grouped)) == sorted(labelled)
    assert b"the secret of" not in html


def test_a_folded_group_opens_for_an_error(client: Client) -> None:
    form = lxml.html.fromstring(client.get(URL).content).cssselect("form.card")[0]
    fields = dict(form.form_values())
    answer = client.post(URL, {**fields, "mailgun.api_url": "https://api.eu.mailgun.net/v3"})
    groups = _groups(answer.content)
    assert groups["Mailgun Filled in"]
    assert not groups["Brevo"]
    assert "Enter the password again" in answer.content.decode()
