"""A site that really runs, with a mailbox and a folder of posts, for the tests that look at it through a browser."""

import re
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count
from pathlib import Path

import pytest
import requests
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, expect

from tests.conftest import Site, deadline
from tests.doubles.ports import free_port
from tests.web.browser.empty_folder import EmptyFolder
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


ADMIN = """
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
import sys
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
user, session = User.objects.get(), SessionStore()
user.set_password(sys.argv[1])
user.save()
session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), "django.contrib.auth.backends.ModelBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.create()
print(session.session_key)
"""
"""Gives the only account a password, and prints the key of a session of it."""


@dataclass
class Running:
    """A running site: where it is, what arrived, and how to run further commands.

    `session` is the key of the admin's session, and `setup` the link with which the first account is made; a site has
    one of them.
    """

    url: str
    site: Site
    mailbox: Mailbox
    session: str = ""
    setup: str = ""


def _write_posts(folder: Path) -> None:
    folder.mkdir()
    for slug, (title, at) in POSTS.items():
        text = (
            f'---\ntitle: "{title}"\ndate: {at}\n---\n\nHer begynner «{title}», og den går over flere linjer enn én.\n'
        )
        (folder / f"{slug}.md").write_text(text, encoding="utf-8")


@pytest.fixture(scope="session")
def folder_with_subscribers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a site with posts and 3 readers, of which each test gets a copy."""
    folder = tmp_path_factory.mktemp("with-readers")
    _write_posts(folder / "posts")
    site = Site(folder, CONFIG.format(port=80, smtp=25))
    (folder / "readers.csv").write_text("email,name\nkari@example.com,Kari\nola@example.com,Ola\nli@example.com,\n")
    site.run("subscribers", "import", "readers.csv", "--newsletter", "kinaforum", "--consent", "at a meeting")
    return folder


@pytest.fixture(scope="session")
def folder_with_draft(tmp_path_factory: pytest.TempPathFactory, folder_with_subscribers: Path) -> tuple[Path, str]:
    """The folder of a site with an admin and a draft of the posts besides, and the key of the admin's session."""
    folder = tmp_path_factory.mktemp("with-draft")
    shutil.copytree(folder_with_subscribers, folder, dirs_exist_ok=True)
    site = Site(folder, CONFIG.format(port=80, smtp=25))
    site.run("users", "add", EMAIL, "--role", "admin")
    site.run("draft", "kinaforum", "--week", PERIOD)
    return folder, site.script(ADMIN, PASSWORD).stdout.strip()


@pytest.fixture
def running(tmp_path: Path, folder_with_draft: tuple[Path, str]) -> Iterator[Running]:
    """`newsletter run` with 3 readers, an admin and a draft; it ends with the test."""
    folder, session = folder_with_draft
    with _run(folder, tmp_path) as (site, _):
        site.session = session
        yield site


@pytest.fixture(scope="session")
def lasting_site(tmp_path_factory: pytest.TempPathFactory, folder_with_draft: tuple[Path, str]) -> Iterator[Running]:
    """The site of `shared`, which runs until the last test has ended."""
    folder, session = folder_with_draft
    with _run(folder, tmp_path_factory.mktemp("lasting")) as (site, _):
        site.session = session
        shutil.copy(site.site.folder / "config.toml", site.site.folder / AT_FIRST)
        yield site


@pytest.fixture
def shared(lasting_site: Running, folder_with_draft: tuple[Path, str]) -> Running:
    """As `running`, for tests that neither send nor change posts: a site that other tests have used, with its rows and
    its configuration as they were at first.
    """
    folder = lasting_site.site.folder
    _restore_rows(folder_with_draft[0] / "newsletter.db", folder / "newsletter.db")
    shutil.copy(folder / AT_FIRST, folder / "config.toml.new")
    (folder / "config.toml.new").replace(folder / "config.toml")
    lasting_site.mailbox.arrived.clear()
    return lasting_site


AT_FIRST = "config-at-first.toml"
OF_THE_PROCESS = {"newsletter_machine", "newsletter_worker", "newsletter_identity", "newsletter_occurrence"}
"""Tables that the running process keeps for itself."""
LATER = count(1000, 1000)
"""Revisions of the draft, higher each time, because the process keeps what it has rendered of each revision."""


def _restore_rows(template: Path, database: Path) -> None:
    """Give the tables of a database in use the rows of another."""
    with closing(sqlite3.connect(database, timeout=60, isolation_level=None)) as connection:
        connection.execute("ATTACH ? AS template", [str(template)])
        connection.execute("BEGIN IMMEDIATE")
        tables = connection.execute("SELECT name FROM template.sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            if table not in OF_THE_PROCESS and not table.startswith("sqlite_"):
                connection.execute(f"DELETE FROM main.{table}")
                connection.execute(f"INSERT INTO main.{table} SELECT * FROM template.{table}")
        revisions = [next(LATER)]
        connection.execute("UPDATE newsletter_edition SET revision = revision + ?", revisions)
        connection.execute("UPDATE newsletter_revision SET number = number + ?", revisions)
        connection.execute("COMMIT")


@pytest.fixture
def running_at_first(tmp_path: Path, folder_with_subscribers: Path) -> Iterator[Running]:
    """`newsletter run` with 3 readers, before anyone has an account; it ends with the test."""
    with _run(folder_with_subscribers, tmp_path) as (site, printed):
        site.setup = re.findall(r"http\S+/desk/setup/\S+", printed)[0]
        yield site


@contextmanager
def _run(template: Path, folder: Path) -> Iterator[tuple[Running, str]]:
    """Run a copy of a site's folder until it answers; yield it, and what it has printed."""
    mailbox = Mailbox()
    smtp, port = free_port(), free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=smtp)
    controller.start()
    shutil.copytree(template, folder, dirs_exist_ok=True)
    site = Site(folder, CONFIG.format(port=port, smtp=smtp))
    url, printed = f"http://127.0.0.1:{port}", folder / "printed.txt"
    with printed.open("w") as out:
        process = site.begin(site.command("run"), stdout=out)
    try:
        with deadline(90):
            while not _answers(f"{url}/readyz"):
                assert process.poll() is None, printed.read_text()
                time.sleep(0.05)
        yield Running(url, site, mailbox), printed.read_text()
    finally:
        process.terminate()
        process.wait(timeout=30)
        controller.stop()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False


@pytest.fixture
def started(tmp_path: Path) -> Iterator[EmptyFolder]:
    """`newsletter run` in an empty folder; it ends with the test."""
    site = EmptyFolder(tmp_path / "site")
    yield site
    site.process.terminate()
    site.process.wait(60)


BEING_SENT: dict[BrowserContext, set[Request]] = {}
"""Forms that pages of a window send at the moment."""
CONSOLE: list[str] = []
"""Errors and warnings of pages in windows that `desk` opened, since the test began."""
PROVOKED = re.compile(
    r"Failed to load resource: (net::|.*status of (401|403|409|422|500|503) )"
    r"|(htmx:(afterRequest|sendError|sendAbort|timeout)|Response Status Error Code \d+ from \S+), "
)
"""What Chromium and htmx say of requests that tests refuse or cut off."""


@pytest.fixture(autouse=True)
def no_console_errors() -> Iterator[None]:
    """Fail a test whose pages had errors or warnings in the console; close its windows, once they have sent all."""
    CONSOLE.clear()
    yield
    for context, requests_sent in BEING_SENT.items():
        for _ in range(50):  # a second; what a reload cut off is never reported as finished
            if requests_sent and context.pages:
                context.pages[0].wait_for_timeout(20)
    for browser in {context.browser for context in BEING_SENT}:
        for context in browser.contexts if browser else ():
            context.close()
    BEING_SENT.clear()
    assert CONSOLE == []


def _note(message: ConsoleMessage) -> None:
    if message.type in ("error", "warning") and not PROVOKED.match(message.text):
        CONSOLE.append(f"{message.type} on {message.page.url if message.page else 'a page'}: {message.text}")


def desk(browser: Browser, *, width: int = 1280, dark: bool = False, touch: bool = False) -> BrowserContext:
    """A window of that width; an error in the console of its pages fails the test."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        locale="en-GB",
        color_scheme="dark" if dark else "light",
        has_touch=touch,
    )
    requests_sent = BEING_SENT[context] = set()
    context.on("request", lambda request: requests_sent.add(request) if request.method == "POST" else None)
    for event in ("requestfinished", "requestfailed"):
        context.on(event, lambda request: requests_sent.discard(request))
    context.on("console", _note)
    context.on("weberror", lambda error: CONSOLE.append(str(error.error)))
    return context


def set_up(page: Page, running: Running) -> None:
    """Make the first admin through the link."""
    page.goto(running.setup)
    page.get_by_label(EMAIL_ADDRESS).fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()


def sign_in(page: Page, running: Running) -> None:
    """Give the page's window the session of the admin."""
    page.context.add_cookies([{"name": "sessionid", "value": running.session, "url": running.url}])


def log_in(page: Page, running: Running) -> None:
    """As that admin."""
    page.goto(f"{running.url}/desk/login/")
    page.get_by_label(EMAIL_ADDRESS).fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def abandon(page: Page) -> BrowserContext:
    """Let a page go without a question, as where the browser is killed; nothing that it sends meanwhile is saved."""
    context = page.context
    cookies = context.cookies()
    context.clear_cookies(name="sessionid")
    page.close(run_before_unload=False)
    context.add_cookies(cookies)
    context.set_offline(False)
    return context


FORGET = """async () => {
  const open = indexedDB.open("unsaved", 1);
  const database = await new Promise((resolve) => { open.onsuccess = () => resolve(open.result); });
  const stored = () => new Promise((resolve) => {
    const all = database.transaction("copies").objectStore("copies").getAll();
    all.onsuccess = () => resolve(new Map(all.result.map(({ name, text }) => [name, text])));
  });
  const differs = () => Object.entries(localStorage).some(([name, text]) => {
    return !["writing", "last-change"].includes(name) && written.get(name) !== text;
  });
  let written = await stored();
  while (differs()) {
    await new Promise((resolve) => { setTimeout(resolve, 50); });
    written = await stored();
  }
  database.close();
  localStorage.clear();
}"""


def forget_local_storage(page: Page) -> None:
    """Leave of a page's copies only what a browser that is killed has on disk."""
    page.evaluate(FORGET)


def unfold(page: Page, key: str) -> Locator:
    """Show a folded text of the draft, such as `greeting`, and return its field."""
    page.locator(f"#f-{key} details").evaluate("folded => { folded.open = true; }")
    return page.locator(f"#{key}")


KEPT_TEXTS = "Object.keys(localStorage).filter((name) => !['writing', 'last-change'].includes(name))"
"""The texts that a browser keeps; besides them, when it last did, and that somebody writes in Markdown."""


def editor_of(field: Locator) -> Locator:
    """Return the editor around a text's field, once it is there, which it is where it can be seen."""
    editor = field.locator("xpath=ancestor::markdown-editor")
    editor.scroll_into_view_if_needed()
    expect(editor).to_have_attribute("data-mode", re.compile("rich|markdown"))
    return editor


def write(field: Locator, markdown: str) -> None:
    """Replace a text in its editor, as Markdown."""
    editor = editor_of(field)
    if editor.get_attribute("data-mode") == "rich":
        editor.get_by_role("button", name="Markdown", exact=True).click()
    field.fill(markdown)


def open_draft(page: Page, running: Running) -> None:
    """Open the draft of the week of the posts, as the admin."""
    sign_in(page, running)
    page.goto(f"{running.url}/desk/editions/kinaforum/{PERIOD}/")


def make_draft(page: Page, running: Running) -> None:
    """Make the draft of the week of the posts."""
    page.goto(f"{running.url}/desk/n/kinaforum/")
    page.get_by_label("Period").fill(DAY)
    page.get_by_role("button", name="Create draft").click()
    page.wait_for_url("**/desk/editions/**")
