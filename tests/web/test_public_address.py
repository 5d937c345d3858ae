"""The public address is changed at the desk: checked, with the earlier one kept, and with what is left to do."""

import runpy
from collections.abc import Iterator
from pathlib import Path

import lxml.html
import pytest
from django.test import Client

from newsletter import config, settings
from tests.web.settings_site import Site, serve

pytestmark = pytest.mark.django_db
PAGE = "/desk/settings/site/address/"
OLD, NEW = "https://brev.kinaforum.example", "https://news.kinaforum.example"


@pytest.fixture
def site(tmp_path: Path, admin: Client) -> Iterator[Site]:
    """A site with a public address."""
    for each in serve(tmp_path / "config.toml", admin):
        each.file.write_text(each.file.read_text("utf-8").replace("http://localhost:8000", OLD), encoding="utf-8")
        config.use(config.load(each.file, {}))
        yield each


def test_a_new_address_is_saved_and_the_present_one_kept(site: Site) -> None:
    body = site.post(PAGE, url=NEW)
    assert (site.tree["site"]["url"], site.tree["site"]["url_previous"]) == (NEW, [OLD])
    assert "Let news.kinaforum.example lead to this server, with a certificate, and keep the earlier address." in body
    assert "Restart the program. Until then, emails have the earlier address." in body
    assert config.refresh().restart == ("site.url", "site.url_previous")
    assert config.current().site.url == OLD
    home = lxml.html.fromstring(site.client.get("/desk/").content).text_content()
    assert "apply the changes of “Public address of this site” on the page “Public address”" in home
    assert "site.url" not in home


def test_going_back_leaves_each_address_once(site: Site) -> None:
    site.post(PAGE, url=NEW)
    site.post(PAGE, url=OLD)
    assert (site.tree["site"]["url"], site.tree["site"]["url_previous"]) == (OLD, [NEW])


@pytest.mark.parametrize("url", ["http://news.kinaforum.example", "https://localhost", "https://192.168.1.7"])
def test_an_address_that_readers_can_t_reach_is_refused(site: Site, url: str) -> None:
    body = site.post(PAGE, url=url)
    assert f"{url} is not a public address with https" in body
    assert site.tree["site"]["url"] == OLD


def test_what_is_no_address_is_refused(site: Site) -> None:
    site.post(PAGE, url="news")
    assert site.tree["site"] == {**site.tree["site"], "url": OLD}
    assert "url_previous" not in site.tree["site"]


def test_another_setting_of_the_page_moves_no_address(site: Site) -> None:
    body = site.post(PAGE, url_previous=NEW)
    assert site.tree["site"]["url_previous"] == [NEW]
    assert "Let " not in body


def test_the_program_answers_earlier_addresses_from_its_next_start(site: Site) -> None:
    site.post(PAGE, url=NEW)
    config.use(config.load(site.file, {}))
    hosts = runpy.run_path(str(Path(settings.__file__)))["ALLOWED_HOSTS"]
    assert {"brev.kinaforum.example", "news.kinaforum.example"} <= set(hosts)
