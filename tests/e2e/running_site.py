"""A site that runs, whose config.toml is changed meanwhile."""

import os
import re
import signal
import threading
from functools import cached_property
from pathlib import Path
from subprocess import Popen

import lxml.html
import requests

from tests.conftest import Site
from tests.e2e.faults import eventually


class RunningSite:
    """A site that runs, and its config.toml."""

    def __init__(self, site: Site, *, with_admin: bool = False) -> None:
        self.site = site
        self.file: Path = site.folder / "config.toml"
        self._invitation = site.run("users", "add", "admin@example.org", "--role", "admin").stdout if with_admin else ""
        self.process: Popen[str] = site.start("run", "--port", "0")
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        eventually(lambda: self._address)

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout:
            for line in self.process.stdout:
                self.lines.append(line)

    @property
    def _address(self) -> str:
        found = re.search(r"http://127\.0\.0\.1:\d+", self.said())
        return found[0] if found else ""

    @property
    def port(self) -> str:
        """The port that it listens on."""
        return self._address.rpartition(":")[2]

    def change(self, pattern: str, new: str) -> None:
        """Replace the file by one with another value, as text editors do."""
        other = self.file.with_suffix(".new")
        text, count = re.subn(pattern, new, self.file.read_text(encoding="utf-8"))
        assert count == 1
        other.write_text(text, encoding="utf-8")
        other.replace(self.file)

    def readyz(self) -> str:
        return requests.get(f"{self._address}/readyz", timeout=20).text

    def changes(self) -> int:
        """How often a changed configuration was put in force."""
        return self.said().count("is in force; changed:")

    def said(self) -> str:
        """What it has written so far."""
        return "".join(self.lines)

    @cached_property
    def admin(self) -> "Admin":
        """The browser of the admin who was invited."""
        path = re.findall(r"http://localhost:8000(/\S+)", self._invitation)[0]
        browser = Admin(self._address.replace("127.0.0.1", "localhost"))
        browser.post(path, {"password": "a sentence that is long enough"})
        return browser

    def restart(self, *, kill: bool = False) -> None:
        """End the program, or kill it and its children, and start it again."""
        self.end(kill=kill)
        self.lines.clear()
        self.process = self.site.start("run", "--port", "0")
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        eventually(lambda: self._address)
        if "admin" in self.__dict__:
            self.admin.address = self._address.replace("127.0.0.1", "localhost")

    def end(self, *, kill: bool = False) -> None:
        if kill:
            os.killpg(self.process.pid, signal.SIGKILL)
        else:
            self.process.send_signal(signal.SIGTERM)
        self._wait()

    def _wait(self) -> None:
        self.process.wait(60)
        self._reader.join()
        if self.process.stdin:
            self.process.stdin.close()


class Admin:
    """A session at the desk that sends forms as they are shown, with some fields changed."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._session = requests.Session()

    def page(self, path: str) -> str:
        return self._session.get(f"{self.address}{path}", timeout=60).text

    def post(self, path: str, changes: dict[str, str]) -> str:
        """Return the text of the page that follows."""
        answer = self.send(self.page(path), path, changes)
        return " ".join(lxml.html.fromstring(answer.content).text_content().split())

    def send(
        self, page: str, path: str, changes: dict[str, str], files: dict[str, tuple[str, str]] | None = None
    ) -> requests.Response:
        """Send the form of a page to a path, with files by name: their names and contents."""
        forms = lxml.html.fromstring(page).forms
        form = next(form for form in forms if form.get("action") in (None, path) and form.method == "POST")
        fields = [(n, str(v)) for n, v in form.form_values() if n not in changes] + list(changes.items())
        answer = self._session.post(f"{self.address}{path}", fields, files=files, timeout=120)
        answer.raise_for_status()
        return answer
