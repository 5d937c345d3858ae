"""A site that really runs, with a mailbox and a folder of posts, for the tests that look at it through a browser."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
import requests
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

from tests.conftest import Site
from tests.doubles.ports import free_port
from tests.web.browser.labels import EMAIL_ADDRESS

# Playwright waits 5 s for what a page should show; a busy machine takes longer.
expect.set_options(timeout=30_000)
EMAIL, PASSWORD = "redaksjon@example.org", "en lang nok setning"
CONFIG = """
[site]
url = "http://127.0.0.1:{port}"
secret_key = "for tests only, and long enough to be a key of the usual length"

[web]
port = {port}

[newsletters.kinaforum]
title = "Kinaforum"
description = "Nyheter om Kina, hver fredag."
from = "Kinaforum <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
editors = ["redaksjon@example.org"]

[[newsletters.kinaforum.sources]]
url = "posts"
type = "folder"

base = "https://kinaforum.example"

[delivery]
smtp = {{ host = "127.0.0.1", port = {smtp} }}
"""
PERIOD, DAY = "2025-W06", "2025-02-06"
POSTS = {
    "trade": ("Handelen øker igjen", "2025-02-06T10:00:00+01:00"),
    "novel": ("En roman fra Chengdu", "2025-02-05T10:00:00+01:00"),
    "tea": ("Om te", "2025-02-04T10:00:00+01:00"),
    "rain": ("Regn i Shanghai", "2025-02-04T09:00:00+01:00"),
}


@dataclass
class Mailbox:
    """What arrived: the recipient and the message."""

    arrived: list[tuple[str, EmailMessage]] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take it."""
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.arrived += [(address, message) for address in envelope.rcpt_tos]
        return "250 taken"

    def of(self, address: str) -> list[EmailMessage]:
        """The mails to one address."""
        return [message for to, message in self.arrived if to == address]

    @property
    def readers(self) -> list[str]:
        """Which subscribers have a mail, in order, as often as they have one; editors' own mails are left out."""
        return sorted(address for address, _message in self.arrived if address.endswith("@example.com"))


@dataclass
class Running:
    """A running site: where it is, what arrived, and how to run further commands."""

    url: str
    site: Site
    mailbox: Mailbox
    setup: str


def _write_posts(folder: Path) -> None:
    folder.mkdir()
    for slug, (title, at) in POSTS.items():
        text = (
            f'---\ntitle: "{title}"\ndate: {at}\n---\n\nHer begynner «{title}», og den går over flere linjer enn én.\n'
        )
        (folder / f"{slug}.md").write_text(text, encoding="utf-8")


@pytest.fixture(scope="session")
def folder_with_readers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a site with posts and 3 readers, of which each test gets a copy."""
    folder = tmp_path_factory.mktemp("with-readers")
    _write_posts(folder / "posts")
    site = Site(folder, CONFIG.format(port=80, smtp=25))
    (folder / "readers.csv").write_text("email,name\nkari@example.com,Kari\nola@example.com,Ola\nli@example.com,\n")
    site.run("subscribers", "import", "readers.csv", "--newsletter", "kinaforum", "--consent", "at a meeting")
    return folder


@pytest.fixture
def running(tmp_path: Path, folder_with_readers: Path) -> Iterator[Running]:
    """`newsletter run` with 3 readers; it ends with the test."""
    mailbox = Mailbox()
    smtp, port = free_port(), free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=smtp)
    controller.start()
    shutil.copytree(folder_with_readers, tmp_path, dirs_exist_ok=True)
    site = Site(tmp_path, CONFIG.format(port=port, smtp=smtp))
    said = tmp_path / "said.txt"
    with said.open("w") as out:
        process = subprocess.Popen(
            site.command("run"), cwd=tmp_path, env=site.environment, stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield Running(f"http://127.0.0.1:{port}", site, mailbox, _link(said, process, f"http://127.0.0.1:{port}"))
    finally:
        process.terminate()
        process.wait(timeout=30)
        controller.stop()


def _link(said: Path, process: "subprocess.Popen[bytes]", url: str) -> str:
    """The set-up link that the program prints, once it answers."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        link = re.search(r"http\S+/desk/setup/\S+\n", said.read_text())
        if link and _answers(f"{url}/readyz"):
            return link[0].strip()
        time.sleep(0.05)
    raise AssertionError(f"it is not there after 90 s: {said.read_text()}")


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False


CONSOLE: list[str] = []
"""Errors and warnings of pages in windows that `desk` opened, since the test began."""
PROVOKED = re.compile(
    r"Failed to load resource: (net::|.*status of (401|403|409|422|500|503) )"
    r"|(htmx:(afterRequest|sendError|sendAbort|timeout)|Response Status Error Code \d+ from \S+), "
)
"""What Chromium and htmx say of requests that tests refuse or cut off."""


@pytest.fixture(autouse=True)
def no_console_errors() -> Iterator[None]:
    """Fail a test whose pages had errors or warnings in the console."""
    CONSOLE.clear()
    yield
    assert CONSOLE == []


def _note(message: ConsoleMessage) -> None:
    if message.type in ("error", "warning") and not PROVOKED.match(message.text):
        CONSOLE.append(f"{message.type} on {message.page.url if message.page else 'a page'}: {message.text}")


def desk(browser: Browser, *, width: int = 1280, dark: bool = False) -> BrowserContext:
    """A window of that width; an error in the console of its pages fails the test."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, locale="en-GB", color_scheme="dark" if dark else "light"
    )
    context.on("console", _note)
    context.on("weberror", lambda error: CONSOLE.append(str(error.error)))
    return context


def set_up(page: Page, running: Running) -> None:
    """Make the first admin through the link."""
    page.goto(running.setup)
    page.get_by_label(EMAIL_ADDRESS).fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()


def log_in(page: Page, running: Running) -> None:
    """As that admin."""
    page.goto(f"{running.url}/desk/login/")
    page.get_by_label(EMAIL_ADDRESS).fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def unfold(page: Page, key: str) -> Locator:
    """Show a folded text of the draft, such as `greeting`, and return its field."""
    page.locator(f"#f-{key} details").evaluate("folded => { folded.open = true; }")
    return page.locator(f"#{key}")


def make_draft(page: Page, running: Running) -> None:
    """The draft of the week of the posts."""
    page.goto(f"{running.url}/desk/n/kinaforum/")
    page.get_by_label("Period").fill(DAY)
    page.get_by_role("button", name="Create draft").click()
    page.wait_for_url("**/desk/editions/**")
