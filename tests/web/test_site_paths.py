"""Paths that are entered at the desk stay inside the site's folder."""

from collections.abc import Iterator
from pathlib import Path

import lxml.html
import pytest
from django.test import Client

from newsletter import config
from newsletter.config import parse
from newsletter.web.desk.settings import new_newsletter
from newsletter.web.desk.settings.inputs.site_paths import check_paths
from newsletter.web.first_run import views as first_run_views
from newsletter.web.first_run.forms import BlogForm
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


@pytest.mark.parametrize(
    ("old", "new", "page", "field", "path"),
    [
        (
            "[delivery]",
            '[delivery]\nfile.folder = "../mails"',
            "/desk/settings/site/delivery/",
            "file.folder",
            "../mails",
        ),
        ("smtp = {", "smtp = { ca = '/etc/own.pem',", "/desk/settings/site/smtp/", "smtp.ca", "/etc/own.pem"),
        ("http://127.0.0.1:9/second", "../elsewhere", "/desk/sources/kinaforum/2/", "url", "../elsewhere"),
    ],
)
def test_a_path_outside_that_config_toml_has_is_shown_and_not_editable(
    site: Site, old: str, new: str, page: str, field: str, path: str
) -> None:
    site.file.write_text(site.file.read_text().replace(old, new))
    config.use(config.load(site.file))
    shown = lxml.html.fromstring(site.client.get(page).content)
    [control] = shown.xpath(f"//input[@name='{field}'][not(@type='hidden')]")
    assert (control.get("value"), control.get("disabled") is not None) == (path, True)
    before = site.file.read_text()
    site.client.post(page, {**site.form(page), field: "elsewhere"})
    assert site.file.read_text() == before


def test_a_path_inside_can_be_changed(site: Site) -> None:
    page = "/desk/settings/site/delivery/"
    site.client.post(page, {**site.form(page), "file.folder": "sent"})
    assert site.tree["delivery"]["file"]["folder"] == "sent"


@pytest.mark.parametrize("typed", ["/etc", "../elsewhere", "posts"])
def test_set_up_and_a_new_newsletter_read_no_folder(typed: str) -> None:
    form = BlogForm({"blog": typed, "site_url": "http://localhost:8000"})
    assert form.is_valid()
    assert first_run_views._search(form).url == f"https://{typed}"
    given = {"blog": typed, "sender_name": "News", "sender_address": "a@example.org", "address": "Oslo"}
    added = new_newsletter.NewNewsletterForm(given)
    assert added.is_valid()
    assert new_newsletter._address(added) == f"https://{typed}"
