"""From an empty folder to a sent edition, entirely in the browser."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, expect

from newsletter import config
from tests.conftest import deadline
from tests.doubles.blog import BlogServer, Entry
from tests.doubles.mailbox import Mailbox
from tests.web.browser.conftest import DAY, EMAIL, KEPT_TEXTS, PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.e2e]
PATIENCE = 30_000
TEXT = "<p>The ferry left the harbour before noon, and nobody on the quay had expected it back so soon.</p>"


HEAD = '<meta name="description" content="News from the quay"><meta name="theme-color" content="#00557f">'
BODY = '<header><a href="/"><img class="site-logo" src="/logo.png" alt="A blog" width="240" height="60"></a></header>'


class EmptyFolder:
    """`newsletter run` in an empty folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._said = folder.parent / "said.txt"
        with self._said.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "newsletter", "run", "--port", "0"], cwd=folder, stdout=out, stderr=out
            )

    def link(self) -> str:
        """The link that was printed."""
        with deadline(30):
            while not (found := re.search(r"set up the site at (\S+)\n", self._said.read_text())):
                assert self.process.poll() is None, self._said.read_text()
        return found[1]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[EmptyFolder]:
    folder = tmp_path / "site"
    folder.mkdir()
    site = EmptyFolder(folder)
    yield site
    site.process.send_signal(signal.SIGTERM)
    site.process.wait(60)


@pytest.fixture
def blog() -> Iterator[BlogServer]:
    days = (datetime(2025, 2, day, 9, tzinfo=UTC) for day in (7, 6, 5, 4))
    posts = [Entry(f"p{n}", at, f"Ferry {n}", TEXT) for n, at in enumerate(days)]
    with BlogServer(posts, HEAD, BODY) as server:
        yield server


def test_from_an_empty_folder_to_a_sent_edition(page: Page, started: EmptyFolder, blog: BlogServer) -> None:
    page.set_default_timeout(PATIENCE)
    with Mailbox() as mailbox:
        _set_up(page, started.link(), blog, mailbox.port)
        _create_account(page)
        _add_subscriber(page)
        _draft_and_send(page)
        assert mailbox.recipients.count("reader@example.com") == 1
        sent = next(mail for mail in mailbox.mails if mail["To"].endswith("reader@example.com"))
        body = sent.get_body(("html",))
        assert body is not None
        assert "Ferry 3" in body.get_content()
        assert f'src="{blog.url}/logo.png"' in body.get_content()
    written = config.load(started.folder / "config.toml", {})
    assert (started.folder / "config.toml").stat().st_mode & 0o777 == 0o600
    assert written.newsletters["ferry-news"].sender.address == "news@example.org"
    assert written.delivery.provider == "smtp"
    assert "REPLACE" not in (started.folder / "config.toml").read_text(encoding="utf-8")


def _set_up(page: Page, link: str, blog: BlogServer, smtp: int) -> None:
    page.goto(link)
    page.get_by_label("Your blog’s address").fill(f"{blog.url}/")
    page.get_by_role("button", name="Find my blog").click()
    expect(page.get_by_text("This address is on this machine or on a private network.")).to_be_visible()
    page.get_by_label("The blog is on this machine").check()
    page.get_by_role("button", name="Find my blog").click()

    expect(page.get_by_text("We found 4 posts.")).to_be_visible()
    expect(page.get_by_label("Description")).to_have_value("News from the quay")
    expect(page.get_by_label("Logo", exact=True)).to_have_value(f"{blog.url}/logo.png")
    expect(page.get_by_label("Accent colour", exact=True)).to_have_value("#00557f")
    page.get_by_label("Title").fill("Ferry news")
    page.get_by_label("Accent colour", exact=True).fill("#00aa77")
    page.get_by_role("button", name="Update preview").click()
    preview = page.frame_locator("iframe")
    expect(preview.get_by_role("heading", name="Ferry news")).to_be_visible()
    expect(preview.get_by_role("link", name="Ferry 0").first).to_be_visible()
    page.get_by_label("Time zone").fill("Europe/Olso")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("did you mean 'Europe/Oslo'?")).to_be_visible()
    page.get_by_label("Time zone").fill("Europe/Oslo")
    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_label("Sender’s name")).to_have_value("Ferry news")
    page.get_by_label("Sender’s email address").fill("news@example.org")
    page.get_by_label("Postal address").fill("1 Harbour Street")
    expect(page.get_by_label("SMTP server")).to_be_hidden()
    page.get_by_label("Provider").select_option("postal")
    expect(page.get_by_label("SMTP server")).to_be_hidden()
    expect(page.get_by_label("Mailgun: API key")).to_be_hidden()
    page.get_by_role("button", name="Finish").click()
    for label in ("Postal: API key", "Postal: API address"):
        expect(page.get_by_label(label)).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Postal: API key").fill("key")
    page.get_by_label("Postal: API address").fill("http://127.0.0.1:9/")
    page.get_by_role("button", name="Test the connection").click()
    expect(page.get_by_role("status").filter(has_text="The provider did not answer")).to_be_visible()
    expect(page.get_by_label("Postal: API key")).to_have_value("key")
    page.get_by_label("Provider").select_option("smtp")
    page.get_by_label("SMTP server").fill("127.0.0.1")
    page.get_by_label("Port", exact=True).fill(str(smtp))
    page.get_by_role("button", name="Test the connection").click()
    expect(page.get_by_role("status")).to_contain_text("without encryption or login")
    page.get_by_role("button", name="Finish").click()


def _create_account(page: Page) -> None:
    page.wait_for_url("**/desk/setup/**", timeout=120_000)
    page.locator("[name=email]").fill(EMAIL)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("form.card button.first").click()
    page.wait_for_url("**/desk/")


def _add_subscriber(page: Page) -> None:
    page.goto(f"{_origin(page)}/desk/subscribers/")
    page.get_by_text("Add a subscriber").click()
    page.locator("#add-address").fill("reader@example.com")
    page.locator("[name=consent]").fill("asked for it on the quay")
    page.locator("#add-address").press("Enter")
    expect(page.get_by_text("reader@example.com").first).to_be_visible()


def _draft_and_send(page: Page) -> None:
    page.goto(f"{_origin(page)}/desk/n/ferry-news/")
    page.get_by_label("Period").fill(DAY)
    page.get_by_role("button", name="Create draft").click()
    page.wait_for_url("**/desk/editions/**")
    page.get_by_role("button", name=re.compile("^Approve")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Send or schedule")
    page.get_by_role("button", name=re.compile("^Send now to 1 ")).click()
    expect(page.locator("#live")).to_contain_text("Sent")


def _origin(page: Page) -> str:
    return "/".join(page.url.split("/")[:3])


def test_nothing_else_is_served_before_the_site_is_set_up(started: EmptyFolder) -> None:
    link = started.link()
    origin = "/".join(link.split("/")[:3])
    for path in ("/desk/", "/setup/guessed/", "/n/kinaforum/", "/metrics"):
        answer = requests.get(origin + path, timeout=20)
        assert answer.status_code == 404
        assert link.removeprefix(origin) not in answer.text
    answer = requests.get(origin, timeout=20)
    assert "Set-up isn’t finished" in answer.text
    assert link.removeprefix(origin) not in answer.text
    assert not (started.folder / "config.toml").exists()


def test_typed_text_is_kept_after_a_closed_tab_except_passwords(
    page: Page, started: EmptyFolder, blog: BlogServer
) -> None:
    page.set_default_timeout(PATIENCE)
    page.on("dialog", lambda dialog: dialog.accept())
    link = started.link()
    page.goto(link)
    page.get_by_label("Your blog’s address").fill(f"{blog.url}/")
    page.get_by_label("The blog is on this machine").check()
    page = _again(page, link)
    expect(page.get_by_text("Unsaved text restored")).to_be_visible()
    expect(page.get_by_label("The blog is on this machine")).to_be_checked()
    page.get_by_role("button", name="Find my blog").click()
    expect(page.get_by_text("We found 4 posts.")).to_be_visible()
    assert page.evaluate(KEPT_TEXTS) == []
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Postal address").fill("1 Harbour Street")
    page.get_by_label("Provider").select_option("smtp")
    page.get_by_label("Password").fill("secret words")
    assert "secret words" not in page.evaluate("JSON.stringify(localStorage)")
    page = _again(page, f"{link}sending/")
    expect(page.get_by_label("Postal address")).to_have_value("1 Harbour Street")
    expect(page.get_by_label("Provider")).to_have_value("smtp")
    expect(page.get_by_label("Password")).to_have_value("")


def _again(page: Page, link: str) -> Page:
    """The tab goes without a question, as where the browser is killed; another is opened."""
    page.close(run_before_unload=False)
    opened = page.context.new_page()
    opened.set_default_timeout(PATIENCE)
    opened.on("dialog", lambda dialog: dialog.accept())
    opened.goto(link)
    return opened
