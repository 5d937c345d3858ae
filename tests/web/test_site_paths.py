"""Paths that are entered at the desk stay inside the site's folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from newsletter import config
from newsletter.config import parse
from newsletter.web.desk.settings.inputs.site_paths import check_paths
from tests.web.settings_site import TEXT, Site, serve

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(tmp_path: Path, admin: Client) -> Iterator[Site]:
    yield from serve(tmp_path / "config.toml", admin)


@pytest.mark.parametrize("path", ["../elsewhere", "/etc", "posts/../../elsewhere"])
def test_a_folder_outside_of_the_site_is_no_source(site: Site, admin: Client, path: str, tmp_path: Path) -> None:
    before = (tmp_path / "config.toml").read_text()
    told = admin.post("/desk/sources/kinaforum/add/", {"url": path}, follow=True).text
    assert "is outside of the site" in told
    assert (tmp_path / "config.toml").read_text() == before


def test_a_link_out_of_the_site_is_no_source(site: Site, admin: Client, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc")
    assert "is outside of the site" in admin.post("/desk/sources/kinaforum/add/", {"url": "link"}, follow=True).text


def test_a_folder_of_the_site_is_a_source(site: Site, admin: Client, tmp_path: Path) -> None:
    (tmp_path / "posts").mkdir()
    admin.post("/desk/sources/kinaforum/add/", {"url": "posts"}, follow=True)
    assert '"posts"' in (tmp_path / "config.toml").read_text()


@pytest.mark.parametrize(
    "lines",
    [
        '[delivery]\nsmtp = { ca = "/etc/passwd" }',
        '[delivery]\nfile = { folder = "../mails" }',
        '[delivery]\njournal = "/tmp/journal"',
    ],
)
def test_other_paths_outside_are_refused_unless_config_toml_has_them(tmp_path: Path, lines: str) -> None:
    plain = TEXT.partition("[delivery")[0]
    before, after = (parse(text, tmp_path / "config.toml") for text in (plain, f"{plain}\n{lines}\n"))
    with pytest.raises(config.ConfigError, match="is outside of the site's folder"):
        check_paths(before, after)
    check_paths(after, after)
    check_paths(after, before)
