"""What all tests share: the configuration in force, a browser, and the command run as a user runs it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from newsletter import config
from newsletter.config import Config
from tests import settings

CHROMIUM = "/usr/bin/chromium"
# CI tries the same cases each time; `make search` looks for new ones.
hypothesis.settings.register_profile("same", deadline=None, derandomize=True)
hypothesis.settings.register_profile("search", deadline=None, max_examples=500)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what opens the browser: `make test` runs it apart, since Playwright's loop keeps asyncio's out."""
    for item in items:
        if {"browser", "page"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(autouse=True)
def configuration() -> Iterator[Config]:
    """The configuration that tests/settings.py holds, in force again before each test."""
    yield config.use(config.parse(settings.TEXT, settings.FOLDER / "config.toml"))
    config.use(config.parse(settings.TEXT, settings.FOLDER / "config.toml"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; a test that uses it is marked `browser`."""
    # Playwright's synchronous interface keeps an event loop in this thread, which Django takes for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a context of its own, 1280 px wide."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    yield context.new_page()
    context.close()


class Site:
    """A folder with a config.toml, and the real command run in it."""

    def __init__(self, folder: Path, text: str) -> None:
        self.folder = folder
        (folder / "config.toml").write_text(text, encoding="utf-8")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("NEWSLETTER", "DJANGO"))}
        self.environment["NO_COLOR"] = "1"

    def command(self, *words: object) -> list[str]:
        """The words of a command line that runs the program under test."""
        return [sys.executable, "-m", "newsletter", *map(str, words)]

    def run(self, *words: object, status: int | None = 0, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run to the end; fails unless it ends with `status` (None: any)."""
        done = subprocess.run(
            self.command(*words), cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=seconds
        )
        assert status is None or done.returncode == status, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def json(self, *words: object, status: int | None = 0) -> Any:
        """Run with --json and read what it prints."""
        return json.loads(self.run(*words, "--json", status=status).stdout)

    def start(self, *words: object) -> subprocess.Popen[str]:
        """Start in a process group of its own, so that a test can kill all of it."""
        return subprocess.Popen(
            self.command(*words),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


@pytest.fixture
def site(tmp_path: Path) -> Callable[[str], Site]:
    """Makes a site of a configuration's text."""
    return lambda text: Site(tmp_path, text)
