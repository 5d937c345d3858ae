"""docs/first-newsletter.md, followed word for word: its commands are run and its settings are used, in their order."""

import re
import shlex
import threading
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import tomlkit

from tests.conftest import Site
from tests.doubles.blog import BlogServer, Entry
from tests.doubles.mailbox import Mailbox
from tests.e2e.faults import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.path]
PAGE = Path(__file__).parents[2] / "docs" / "first-newsletter.md"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOG, NAME, EDITION, READER = "https://kinaforum.example/", "kinaforum", "kinaforum/2026-W06", "reader@example.org"


@pytest.fixture
def blog() -> Iterator[BlogServer]:
    now = datetime.now(UTC)
    with BlogServer([Entry(f"post-{n}", now - timedelta(hours=20 * n, minutes=1)) for n in range(6)]) as server:
        yield server


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as server:
        yield server


class Person:
    """Someone who follows the page, with a blog and a mail server on this machine."""

    def __init__(self, site: Site, blog: BlogServer, mailbox: Mailbox) -> None:
        self.site, self.blog, self.mailbox = site, blog, mailbox
        self.name, self.edition = NAME, EDITION
        self.done: list[str] = []
        self.address = ""

    def follow(self, kind: str, block: str) -> None:
        """Do what a block of the page says."""
        if kind == "toml":
            self._configure(tomllib.loads(block))
        for line in block.splitlines() if not kind else ():
            self._run(line)
            self.done.append(line)

    def _run(self, line: str) -> None:
        words = shlex.split(line.replace(BLOG, f"{self.blog.url}/").replace(EDITION, self.edition))
        words = [self.name if word == NAME else word for word in words]
        if words[0] == "cd":
            self.site.folder /= words[1]
            return
        assert words.pop(0) == "newsletter"
        if words[0] == "init":
            words.append("--allow-private-addresses")  # this blog is on this machine
        if words[:2] == ["check", "--dns"]:
            words.remove("--dns")  # there is no DNS server to ask
        if words == ["run"]:
            self._serve()
            return
        said = self.site.run(*words).stdout
        if words[0] == "init":
            (self.name,) = tomllib.loads((self.site.folder / words[1] / "config.toml").read_text())["newsletters"]
        if words[0] == "draft":
            self.edition = re.findall(rf"{self.name}/[\w-]+", said)[0]

    def _serve(self) -> None:
        self._process = self.site.start("run", "--port", "0")
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        eventually(lambda: self.address, 120)

    def _read(self) -> None:
        assert self._process.stdout
        with self._process.stdout:
            for line in self._process.stdout:
                if found := re.findall(r"http://127\.0\.0\.1:\d+", line):
                    self.address = found[0]

    def end(self) -> None:
        """Stop the program that serves."""
        self._process.terminate()
        self._process.wait(120)
        self._reader.join()

    def _configure(self, wanted: dict[str, Any]) -> None:
        """Change config.toml as the block shows, with the mail server and the blog of this machine."""
        path = self.site.folder / "config.toml"
        found = tomlkit.parse(path.read_text(encoding="utf-8"))
        if "smtp" in wanted.get("delivery", {}):
            (self.site.folder / wanted["delivery"]["smtp"]["password"]["file"]).touch(0o600)
            wanted["delivery"]["smtp"] = {"host": "127.0.0.1", "port": self.mailbox.port, "security": "none"}
        if "newsletters" in wanted:
            wanted["newsletters"] = {self.name: wanted["newsletters"][NAME]}
        for newsletter in wanted.get("newsletters", {}).values():
            for source in newsletter["sources"]:
                source["url"] = source["url"].replace(BLOG, f"{self.blog.url}/")
        _merge(found, wanted)
        path.write_text(tomlkit.dumps(found), encoding="utf-8")


def _merge(into: Any, wanted: dict[str, Any]) -> None:
    for key, value in wanted.items():
        if isinstance(value, dict) and key in into and key not in ("smtp", "file"):
            _merge(into[key], value)
        else:
            into[key] = value


def test_the_page_leads_to_an_email_in_a_readers_inbox(
    site: Callable[[str], Site], blog: BlogServer, mailbox: Mailbox
) -> None:
    made = site("")
    made.forks = False
    (made.folder / "config.toml").unlink()
    made.environment["BROWSER"] = "true"
    person = Person(made, blog, mailbox)
    for kind, block in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if "subscribers import" in block:
            (made.folder / "readers.csv").write_text(f"email,name\n{READER},A Reader\n", encoding="utf-8")
        person.follow(kind, block)
    assert len(person.done) >= 11
    assert READER not in mailbox.recipients
    assert len(list((made.folder / "mails" / "new").iterdir())) == 1, "the test email"

    importing = next(line for line in person.done if "subscribers import" in line)
    person.follow("", importing.removesuffix(" --dry-run"))
    person.follow("", f"newsletter send {EDITION} --approve --yes --wait")
    assert mailbox.recipients.count(READER) == 1
    page = requests.get(f"{person.address}/n/{person.edition}/", timeout=60)
    assert page.status_code == 200
    eventually(lambda: requests.get(f"{person.address}/readyz", timeout=60).text.startswith("ready"), 120)
    person.end()
