"""CPU minutes of the tests in each directory, beside the budget in CONTRIBUTING.md, and the files that take longest.

`--budget` prints the minutes, and `--record` writes tests/longest.txt, by which the longest files begin first. A test's
CPU time is that of its process and of the processes that it started and waited for, and outside of the quick tests of
those that still run. Servers that left their parent, as PostgreSQL's does, are not counted.
"""

import os
import re
import resource
from collections import defaultdict
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
LONGEST = HERE / "longest.txt"
LONG_SECONDS = 3.0
"""Shorter files are not in `LONGEST`."""
ROW = re.compile(r"^\| `(tests[\w/]*|start)` \| ([\d.]+) \| ([\d.]+) \|", re.MULTILINE)
START = "start"
"""What isn't of a test: starting Python, importing and collecting, in all processes of pytest, and the work of the one
that hands out the tests.
"""
_TICKS = os.sysconf("SC_CLK_TCK")
_STARTED, _BEGAN = pytest.StashKey[float](), pytest.StashKey[float]()


def budget() -> dict[str, tuple[float, float]]:
    """The CPU minutes of each directory: of `make test`, and of what `make check` runs besides."""
    rows = ROW.findall((HERE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    return {directory: (float(test), float(more)) for directory, test, more in rows}


def file_of(identifier: str) -> str:
    """The file of a test."""
    return identifier.partition("::")[0]


def directory_of(identifier: str) -> str:
    """The directory below `tests` that a test is in, or `tests`."""
    parts = file_of(identifier).split("/")
    return "/".join(parts[:2]) if len(parts) > 2 else parts[0]


def seconds_by_file() -> dict[str, float]:
    """How long the longest files took when that was last recorded."""
    lines = LONGEST.read_text(encoding="utf-8").splitlines()
    return {file: float(seconds) for seconds, file in map(str.split, lines)}


def _cpu_seconds(*, with_running: bool) -> float:
    """Of this process and of those that it waited for, and of those that it started and that still run."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    ended = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    return ended + (sum(_ticks(each) for each in _below(os.getpid())) / _TICKS if with_running else 0)


def _below(process: int) -> Iterator[int]:
    """The processes below one that run."""
    for child in _children(process):
        yield child
        yield from _below(child)


def _children(process: int) -> list[int]:
    """The processes that one started; those of a thread or a process that ends in the meantime are left out."""
    children: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            with suppress(OSError):
                children += map(int, (task / "children").read_text().split())
    return children


def _ticks(process: int) -> int:
    """Clock ticks of a process and of those that it waited for, by proc_pid_stat(5); 0 if it has ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(map(int, fields[11:15]))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    parser.addoption("--budget", action="store_true", help="print the CPU minutes of each directory of tests")
    parser.addoption("--record", action="store_true", help=f"write {LONGEST.name}: the files that take longest")


def _with_running(item: pytest.Item) -> bool:
    return item.get_closest_marker("quick") is None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Note the CPU time before a test."""
    item.stash[_BEGAN] = _cpu_seconds(with_running=_with_running(item))
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Add the CPU time of a test to its last report, which may come from another process."""
    report = yield
    if call.when == "teardown":
        took = _cpu_seconds(with_running=_with_running(item)) - item.stash[_BEGAN]
        # What a process took that ran before is lost once it ends and nobody waits for it, as with parts of a browser.
        report.user_properties.append(("cpu", max(0.0, took)))
    return report


class Totals:
    """What all processes of a run report."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.cpu: defaultdict[tuple[str, bool], float] = defaultdict(float)
        """CPU seconds by directory, and whether they are of `make test`."""
        self.wall: defaultdict[str, float] = defaultdict(float)
        self.processes = 0.0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add a report to the sums."""
        in_test = not {"quick", "path"}.isdisjoint(report.keywords)
        properties: dict[str, Any] = dict(report.user_properties)
        self.cpu[directory_of(report.nodeid), in_test] += properties.get("cpu", 0.0)
        self.wall[file_of(report.nodeid)] += report.duration

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Add what the start of one of xdist's processes took."""
        self.processes += getattr(node, "workeroutput", {}).get("cpu", 0.0)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table, and what is over its budget."""
        own = resource.getrusage(resource.RUSAGE_SELF)
        started = self.processes + own.ru_utime + own.ru_stime if self.processes else self.config.stash[_STARTED]
        in_test = all(each for _, each in self.cpu)
        self.cpu[START, in_test] = started
        terminalreporter.section("CPU minutes of each directory")
        budgets = budget()
        for directory, of_test in sorted(self.cpu):
            minutes, most = self.cpu[directory, of_test] / 60, budgets.get(directory, (0.0, 0.0))[not of_test]
            over = "" if minutes <= most else "  over its budget: make room, or say why (CONTRIBUTING.md)"
            terminalreporter.write_line(f"{directory:20} {minutes:6.2f} of {most:5.2f}{over}")
        terminalreporter.write_line(f"{'together':20} {sum(self.cpu.values()) / 60:6.2f}")

    def record(self) -> None:
        """Write the files that took long beside those that did not run this time."""
        seconds = {**seconds_by_file(), **self.wall}
        longest = sorted((file for file in seconds if seconds[file] >= LONG_SECONDS), key=lambda file: -seconds[file])
        LONGEST.write_text("".join(f"{seconds[file]:.0f} {file}\n" for file in longest), encoding="utf-8")


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Note the CPU time until the first test."""
    session.config.stash[_STARTED] = _cpu_seconds(with_running=True)


def pytest_configure(config: pytest.Config) -> None:
    """Begin to add up."""
    if config.getoption("--budget") or config.getoption("--record"):
        config.pluginmanager.register(Totals(config), "totals")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Report what the start of one of xdist's processes took, or write what took long."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["cpu"] = session.config.stash.get(_STARTED, 0.0)
    elif session.config.getoption("--record"):
        totals: Any = session.config.pluginmanager.get_plugin("totals")
        totals.record()
