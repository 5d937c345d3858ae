"""Which tests run when: each belongs to one group, by what it starts.

- `browser`: tests that use the fixture `browser` or `page`, or are marked;
- `e2e`: tests that start processes or servers: those in tests/e2e, those that use the fixture `processes`, as `site`
  does, and those that are marked;
- `soak`: tests that are marked, since they take minutes;
- `quick`: all others, and they must not start processes, except the program's own children with limits
  (newsletter/sandbox.py).

`make test` runs `quick or path`: besides the quick tests the whole way from a blog to an email, once with processes and
once in the browser.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.budget import file_of, seconds_by_file

E2E_FOLDER = Path(__file__).parent / "e2e"
GROUPS = ("soak", "browser", "e2e", "quick")
STARTING = {"subprocess.Popen": "{1}", "os.posix_spawn": "{1}", "os.system": "{0}", "os.fork": "a copy of itself"}
SANDBOX = "from newsletter.sandbox import serve"

_started: list[str] = []


@pytest.fixture(scope="session")
def processes() -> None:
    """For tests and fixtures that start processes; a test that uses it is marked `e2e`."""


def group_of(item: pytest.Item) -> str:
    """Return the group of a test."""
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    fixtures = set(getattr(item, "fixturenames", ())) - set(parameters)
    marks = {mark.name for mark in item.iter_markers()}
    if "soak" in marks:
        return "soak"
    if "browser" in marks or {"browser", "page"} & fixtures:
        return "browser"
    if {"e2e", "postgresql"} & marks or "processes" in fixtures or E2E_FOLDER in item.path.parents:
        return "e2e"
    return "quick"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its group, and order them: what takes longest comes first, so that none of it is left over
    when all else is done, but tests with a browser last, because Playwright's loop keeps asyncio's out.
    """
    seconds = seconds_by_file()
    for item in items:
        item.add_marker(group_of(item))

    def place(item: pytest.Item) -> tuple[bool, bool, float]:
        marks = {mark.name for mark in item.iter_markers()}
        return "browser" in marks, "long" not in marks, -seconds.get(file_of(item.nodeid), 0.0)

    items.sort(key=place)


def pytest_configure() -> None:
    """Note the processes that this one starts."""
    sys.addaudithook(_note)


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if event in STARTING and SANDBOX not in (started := STARTING[event].format(*arguments)):
        _started.append(started)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Forget what pytest itself started."""
    _started.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Fail a quick test that started a process."""
    yield
    if _started and item.get_closest_marker("quick"):
        pytest.fail(f"this test starts {_started[0]}: mark it `e2e`, or use the fixture `processes`", pytrace=False)
