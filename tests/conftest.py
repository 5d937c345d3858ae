"""What all tests share: the configuration in force, a browser, and the command run as a user runs it."""

import atexit
import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from typing import IO, Any

import hypothesis
import pytest
from django.db.models.signals import post_migrate
from django.template.base import Template
from playwright.sync_api import Browser, Page, sync_playwright
from whitenoise.middleware import WhiteNoiseMiddleware

from newsletter import config
from newsletter.config import Config
from tests import settings
from tests.catalogues import compile_catalogues
from tests.doubles.fork_server import ForkServer, can_fork

pytest_plugins = ["tests.budget", "tests.groups"]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
E2E_SECONDS = 600.0
# CI tries the same cases each time; `make search` looks for new ones.
hypothesis.settings.register_profile("same", deadline=None, derandomize=True)
hypothesis.settings.register_profile(
    "search", deadline=None, max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "500"))
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

UNUSED_FEATURES = (
    # What Playwright itself turns off, since a second list replaces the first.
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled",
    "PreconnectToSearch",
    # Pages below the address bar, of which each window would start two, and processes for pages that may come.
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "SpareRendererForSitePerProcess",
)  # fmt: skip
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    f"--disable-features={','.join(UNUSED_FEATURES)}",
]
"""Options of Chromium. Without the pages below the address bar, a window takes half the CPU time."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Let the garbage collector pass over what is loaded before the first test: the modules, and thousands of tests."""
    gc.disable()
    collected = yield
    gc.collect()
    gc.freeze()
    gc.enable()
    return collected


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Fail a test that takes longer, even while it waits for a process or a socket in the main thread."""

    def fail(*_: object) -> None:
        pytest.fail(f"the test took longer than {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, fail)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(autouse=True)
def no_endless_e2e_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """A real process that never says what a test waits for fails that test and not the whole run."""
    if request.node.get_closest_marker("e2e") is None:
        yield
        return
    with deadline(E2E_SECONDS):
        yield


@pytest.fixture
def no_rendering_in_transactions() -> Iterator[None]:
    """SQLite's other writers, such as unsubscriptions, would wait for it."""
    from tests.editions.renderings import refused_in_transactions

    with refused_in_transactions():
        yield


@pytest.fixture(scope="session", autouse=True)
def translations() -> None:
    """Compiled catalogues."""
    compile_catalogues()


CONFIGURATION = config.current()
"""The configuration that tests/settings.py holds."""


@pytest.fixture(autouse=True)
def configuration() -> Iterator[Config]:
    """That configuration, in force again before each test."""
    yield config.use(CONFIGURATION)
    config.use(CONFIGURATION)


@pytest.fixture(autouse=True)
def nothing_waits() -> Iterator[None]:
    """No unsubscription waits for the database of another test."""
    yield
    Path(settings.WAITING_UNSUBSCRIPTIONS).unlink(missing_ok=True)
    if "subscribers.waiting_unsubscriptions" in sys.modules:
        sys.modules["subscribers.waiting_unsubscriptions"]._Away.until = 0.0


PLAIN_RENDERING = vars(Template)["_render"]


@pytest.fixture(scope="session", autouse=True)
def cheap_django(django_test_environment: None) -> Iterator[None]:
    """Leave out what Django does for tests that ours don't need: it copies the context of each template that is
    rendered, lists the static files for each client, and writes the rows of its permissions, which the program doesn't
    use, each time that a database was emptied.
    """
    listed: dict[str, object] = {}
    list_files = WhiteNoiseMiddleware.add_files_from_finders

    def list_once(middleware: WhiteNoiseMiddleware) -> None:
        if not listed:
            list_files(middleware)
            listed.update(middleware.files)
        middleware.files.update(listed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Template, "_render", PLAIN_RENDERING)
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", list_once)
        patch.setattr(post_migrate, "receivers", [])
        yield


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; a test that uses it is marked `browser`."""
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


MIGRATE = """
import os
from pathlib import Path
os.umask(0o077)
from newsletter import config
from newsletter.start import set_up
set_up(config.load(Path("config.toml").absolute()))
from django.core.management import call_command
call_command("migrate", verbosity=0)
"""
MAKES_NO_TABLES = {"init", "demo", "check", "manage", "deploy", "backup", "restore", "move-database", "dkim"}
"""Commands that leave the database as it is, or make it in another way."""


@cache
def new_database() -> bytes:
    """Return a SQLite database with tables and without rows: migrating takes a second of CPU time."""
    with tempfile.TemporaryDirectory() as folder:
        place = Site(Path(folder), settings.TEXT)
        place.script(MIGRATE)
        return (place.folder / "newsletter.db").read_bytes()


@cache
def fork_server() -> ForkServer:
    """The process whose forks run the commands of all tests."""
    server = ForkServer()
    atexit.register(server.close)
    return server


DEFAULT = 'database = "sqlite:///newsletter.db"'


class Site:
    """A folder with a config.toml, and the real command run in it.

    What it runs are forks of a process that has imported the program, unless `forks` is False.
    """

    forks = True

    def __init__(self, folder: Path, text: str) -> None:
        self.folder = folder
        (folder / "config.toml").write_text(text, encoding="utf-8")
        self._database = folder / "newsletter.db" if "database =" not in text or DEFAULT in text else None
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("NEWSLETTER", "DJANGO"))}
        self.environment["NO_COLOR"] = "1"
        self._started: list[subprocess.Popen[str]] = []

    def give_tables(self, command: list[str]) -> None:
        """Make the database that the folder's first command line would make, unless there is one."""
        words = command[3:] if command[1:3] == ["-m", "newsletter"] else []
        if self._database and words and not MAKES_NO_TABLES.intersection(words) and not words[0].startswith("-"):
            with suppress(FileExistsError), open(self._database, "xb", opener=partial(os.open, mode=0o600)) as file:
                file.write(new_database())
            self._database = None

    def command(self, *words: object) -> list[str]:
        """The words of a command line that runs the program under test."""
        return [sys.executable, "-m", "newsletter", *map(str, words)]

    def run(self, *words: object, status: int | None = 0, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run to the end; fails unless it ends with `status` (None: any)."""
        done = self._run(self.command(*words), seconds)
        assert status is None or done.returncode == status, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def json(self, *words: object, status: int | None = 0) -> Any:
        """Run with --json and read what it prints."""
        return json.loads(self.run(*words, "--json", status=status).stdout)

    def script(
        self, code: str, *words: object, status: int | None = 0, lines: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run Python code in the folder, with these words as arguments and `lines` as its standard input."""
        done = self._run([sys.executable, "-c", code, *map(str, words)], 120, lines)
        assert status is None or done.returncode == status, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def fork_server(self, command: list[str], environment: dict[str, str]) -> ForkServer | None:
        """Return the process whose fork can run a command line in an environment, if there is one."""
        return fork_server() if self.forks and can_fork(command, environment) else None

    def _run(self, command: list[str], seconds: float, lines: str = "") -> subprocess.CompletedProcess[str]:
        self.give_tables(command)
        if server := self.fork_server(command, self.environment):
            return server.run(command, self.folder, self.environment, seconds, lines)
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            input=lines,
            capture_output=True,
            text=True,
            timeout=seconds,
            umask=0o077 if command[1] == "-c" else -1,
        )

    def start(self, *words: object) -> subprocess.Popen[str]:
        """Start in a process group of its own, so that a test can kill all of it."""
        return self.begin(self.command(*words))

    def begin(
        self,
        command: list[str],
        *,
        stdin: int | None = None,
        stdout: int | IO[str] = subprocess.PIPE,
        stderr: int | IO[str] = subprocess.STDOUT,
        environment: dict[str, str] | None = None,
    ) -> subprocess.Popen[str]:
        """Start a command line in the folder, in a process group of its own."""
        self.give_tables(command)
        environment = environment or self.environment
        process: subprocess.Popen[str]
        if server := self.fork_server(command, environment):
            process = server.start(
                command, self.folder, environment, stdin=stdin, stdout=stdout, stderr=stderr, new_session=True
            )
        else:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=environment,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                text=True,
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def kill(self) -> None:
        """Kill what was started and still runs, as after a test that failed."""
        for process in self._started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()


@pytest.fixture
def site(tmp_path: Path, processes: None) -> Iterator[Callable[[str], Site]]:
    """Makes a site of a configuration's text."""
    made: list[Site] = []

    def make(text: str) -> Site:
        made.append(Site(tmp_path, text))
        return made[-1]

    yield make
    for each in made:
        each.kill()
