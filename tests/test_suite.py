"""The tests themselves: each belongs to a group, and each directory has a budget."""

import re
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests import budget
from tests.conftest import Site
from tests.doubles.fork_server import MODULES
from tests.site_texts import with_daily

ROOT = Path(__file__).parents[1]
SETTINGS = "[pytest]\nmarkers =\n  quick\n  e2e\n  browser\n  soak\n  postgresql\n"
TESTS = """
import subprocess
import pytest

@pytest.fixture
def browser(): pass

@pytest.fixture
def group(request):
    return {mark.name for mark in request.node.iter_markers()} & {"quick", "e2e", "browser", "soak"}

@pytest.fixture
def server(processes): pass

def test_quick(group):
    assert group == {"quick"}

def test_with_a_browser(group, browser):
    assert group == {"browser"}

def test_with_a_server(group, server):
    assert group == {"e2e"}
    subprocess.run(["true"], check=True)

@pytest.mark.soak
def test_for_minutes(group, browser):
    assert group == {"soak"}

@pytest.mark.postgresql
def test_with_postgresql(group):
    assert group == {"e2e"}

def test_hidden(group):
    subprocess.run(["true"], check=True)

def test_after_it(group):
    pass
"""


@pytest.mark.e2e
def test_a_test_has_a_group_by_what_it_uses_and_a_quick_one_that_starts_a_process_fails(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text(SETTINGS)
    (tmp_path / "test_groups.py").write_text(TESTS)
    plugins = (f"-p{name}" for name in ("tests.groups", "no:django", "no:xdist", "no:cacheprovider"))
    command = [sys.executable, "-m", "pytest", "--strict-markers", "-rE", *plugins, f"--rootdir={tmp_path}", tmp_path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert "7 passed, 1 error" in done.stdout, done.stdout + done.stderr
    assert "ERROR at teardown of test_hidden" in done.stdout
    assert "this test starts ['true']: mark it `e2e`" in done.stdout


def test_a_command_in_a_fork_does_what_a_started_one_does(site: Callable[[str], Site]) -> None:
    here = site(with_daily('[[newsletters.daily.sources]]\nurl = "http://127.0.0.1:9/"\n'))
    here.environment |= {"TZ": "Asia/Tokyo", "NEWSLETTER__NEWSLETTERS__DAILY__TITLE": "Nyheter"}
    commands = (["check"], ["status", "--json"], ["draft", "weekly"], ["nonsense"], ["--version"])
    forked: list[tuple[object, ...]] = []
    started: list[tuple[object, ...]] = []
    for words in commands:
        for here.forks, results in ((True, forked), (False, started)):
            done = here.run(*words, status=None)
            printed = re.sub(r"[\d.]+ GB", "GB", done.stdout)  # the free space changes while they run
            results.append((words, done.returncode, printed, done.stderr))
    assert forked == started
    assert {returncode for _, returncode, _, _ in forked} > {0}


TARGETS = re.compile(r"^([a-z][a-z -]*):(?!=)", re.MULTILINE)
NAMED = re.compile(r"(?:`|^|run: )make ([a-z][\w-]*)", re.MULTILINE)
WHERE_NAMED = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs", ".github", ".ci", "Dockerfile", "newsletter")


def make(*words: str) -> subprocess.CompletedProcess[str]:
    """Print what a target does, without doing it. Variables that are used before their definition are warned of."""
    command = ["make", "--dry-run", "--warn-undefined-variables", "--no-print-directory", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def targets() -> set[str]:
    rules = TARGETS.findall((ROOT / "Makefile").read_text(encoding="utf-8"))
    return {target for names in rules for target in names.split()}


@pytest.mark.e2e
def test_every_target_of_the_makefile_can_be_made(tmp_path: Path) -> None:
    """In an environment that does not exist yet, as on a new machine."""
    printed = {target: make(target, f"VENV={tmp_path / 'new'}") for target in sorted(targets())}
    assert {
        target: done.stderr for target, done in printed.items() if done.returncode or "undefined" in done.stderr
    } == {}
    assert "npm ci --prefix tests/render/validators" in make("check", "--always-make").stdout


def test_every_target_that_is_named_somewhere_exists() -> None:
    places = [ROOT / name for name in WHERE_NAMED]
    files = [file for place in places for file in ([place] if place.is_file() else place.rglob("*"))]
    named = {
        (target, str(file.relative_to(ROOT)))
        for file in files
        if file.suffix in (".md", ".yml", ".py", "") and file.is_file()
        for target in NAMED.findall(file.read_text(encoding="utf-8"))
    }
    assert {target for target, _ in named} > {"test", "check", "demo"}
    assert [each for each in sorted(named) if each[0] not in targets()] == []


def test_the_modules_that_are_loaded_before_commands_run_exist() -> None:
    assert [name for name in MODULES if find_spec(name) is None] == []


def test_every_directory_has_a_budget() -> None:
    directories = {budget.directory_of(str(file.relative_to(ROOT))) for file in (ROOT / "tests").rglob("test_*.py")}
    assert directories - {"tests/soak"} == set(budget.budget()) - {budget.START}


def test_the_budgets_are_within_those_of_the_commands() -> None:
    of_test, more = (sum(column) for column in zip(*budget.budget().values(), strict=True))
    style_and_types = 0.75
    assert of_test <= 10.5 - style_and_types
    assert of_test + more <= 28 - style_and_types


def test_the_files_that_begin_first_exist() -> None:
    assert [file for file in budget.seconds_by_file() if not (ROOT / file).exists()] == []
