"""The public address is changed at the desk: checked, with the earlier one kept, and with what is left to do."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import lxml.html
import pytest
from django.test import Client

from newsletter import config, settings
from newsletter.editions import approval
from newsletter.editions.approved_content import unpack
from newsletter.editions.previews import sample_recipient
from newsletter.mime.message_builder import MessageBuilder
from newsletter.models import Edition
from tests.web import make
from tests.web.settings_site import Site, serve

pytestmark = pytest.mark.django_db
PAGE = "/desk/settings/site/address/"
OLD, NEW = "https://brev.kinaforum.example", "https://news.kinaforum.example"
LOCAL = "http://localhost:8000"


@pytest.fixture
def site(tmp_path: Path, admin: Client) -> Iterator[Site]:
    """A site with a public address."""
    for each in serve(tmp_path / "config.toml", admin):
        each.file.write_text(each.file.read_text("utf-8").replace("http://localhost:8000", OLD), encoding="utf-8")
        config.use(config.load(each.file, {}))
        yield each


def test_a_new_address_is_in_force_for_emails_that_are_approved_from_then_on(site: Site) -> None:
    edition = approval.approve(config.current(), make.draft("Harbour"), now=make.NOW)
    body = site.post(PAGE, url=NEW)
    assert (site.tree["site"]["url"], site.tree["site"]["url_previous"]) == (NEW, [OLD])
    assert "In force now: new emails have the new address." in body
    assert "1. news.kinaforum.example could not be reached from here, or another server answers." in body
    assert f"Log in again at {NEW}/desk/." in body
    assert "Restart" not in body
    assert (config.snapshot().restart, config.current().site.url) == ((), NEW)
    assert _addresses(edition) == {OLD}
    again = approval.reopen(edition, by="editor", now=make.NOW)
    assert _addresses(approval.approve(config.current(), again, now=make.NOW)) == {NEW}
    assert {"brev.kinaforum.example", "news.kinaforum.example"} < set(settings.ALLOWED_HOSTS)


def test_the_step_to_https_waits_for_a_restart(site: Site) -> None:
    """Cookies are limited to https then, which a running program does not change."""
    site.file.write_text(site.file.read_text("utf-8").replace(OLD, LOCAL), encoding="utf-8")
    config.use(config.load(site.file, {}))
    body = site.post(PAGE, url=NEW)
    assert "Let news.kinaforum.example lead to this server, with a certificate, and keep the earlier address." in body
    assert "newsletter run in the terminal after Ctrl+C. Until then, emails have the earlier address." in body
    assert "In force now" not in body
    assert (config.snapshot().restart, config.current().site.url) == (("site.url",), LOCAL)
    assert "news.kinaforum.example" not in set(settings.ALLOWED_HOSTS)
    home = lxml.html.fromstring(site.client.get("/desk/").content).text_content()
    assert "apply the changes of “Public address of this site” on the page “Public address”" in home
    assert "site.url" not in home


@pytest.mark.parametrize(
    ("robots", "words"),
    [
        ("Sitemap: {address}/sitemap.xml", "1. 127.0.0.1 leads to this server. Keep the earlier address."),
        ("Sitemap: https://another.example/sitemap.xml", "1. 127.0.0.1 could not be reached from here, or another"),
    ],
)
def test_it_is_tried_whether_a_new_address_leads_here(site: Site, robots: str, words: str) -> None:
    text = site.file.read_text("utf-8").replace(OLD, LOCAL)
    site.file.write_text(f"{text}\n[collect]\nallow_private_addresses = true\n", encoding="utf-8")
    config.use(config.load(site.file, {}))
    with answering(robots) as address:
        assert words in site.post(PAGE, url=address)


@contextmanager
def answering(robots: str) -> Iterator[str]:
    """The address of a server whose robots.txt has this line."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/robots.txt?"):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(robots.format(address=address).encode())

        def log_message(self, *_args: object) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield address
        finally:
            server.shutdown()
            thread.join()


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
    assert "In force now" not in body


def _addresses(edition: Edition) -> set[str]:
    """The addresses of the site with which links in an edition's emails begin."""
    email = unpack(bytes(Edition.objects.get(pk=edition.pk).approved_content.segments))
    written = b"".join(MessageBuilder(email).build(sample_recipient()).pieces)
    return {address for address in (OLD, NEW) if address.encode() in written}
