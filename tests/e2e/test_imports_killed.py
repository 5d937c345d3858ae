"""Imports on the command line that are killed in the middle and repeated: subscribers, and old issues; then undone."""

import os
import signal
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.faults import eventually
from tests.site_texts import with_kinaforum

pytestmark = pytest.mark.e2e
CONFIG = with_kinaforum("""
[[newsletters.kinaforum.sources]]
url = "http://127.0.0.1:9/"
[delivery]
provider = "file"
""")
PEOPLE, ISSUES = 10_000, 12


def count(site: Any, table: str) -> int:
    with sqlite3.connect(site.folder / "newsletter.db") as database:
        return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def killed(site: Any, table: str, *words: str) -> int:
    """Kill a command once it has stored some rows, and return how many."""
    before = count(site, table)
    process = site.start(*words)
    eventually(lambda: count(site, table) > before or process.poll() is not None, 120)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    return count(site, table) - before


def test_killed_imports_are_completed_by_repeating_them_and_can_be_undone(site: Callable[[str], Any]) -> None:
    made = site(CONFIG)
    made.run("manage", "migrate")
    lines = [f"r{number}@reader.example,{'unsubscribed' if number % 10 == 0 else 'active'}" for number in range(PEOPLE)]
    (made.folder / "readers.csv").write_text("\n".join(["email,status", *lines]), encoding="utf-8")
    issues = made.folder / "issues"
    issues.mkdir()
    for number in range(ISSUES):
        day = f"2020-{number // 28 + 1:02}-{number % 28 + 1:02}"
        (issues / f"{day}-bread.md").write_text(f"# Bread {number}\n\nHow to bake.\n", encoding="utf-8")

    people = ("subscribers", "import", "readers.csv", "-n", "kinaforum", "--consent", "x")
    done = killed(made, "subscribers_subscription", *people)
    assert 0 < done < PEOPLE
    report = made.json(*people)
    assert report["present"] == done
    assert report["active"] + report["suppressed"] + report["present"] == report["lines"] == PEOPLE
    assert made.json(*people)["present"] == PEOPLE

    archive = ("archive", "import", "issues", "-n", "kinaforum")
    done = killed(made, "newsletter_importededition", *archive)
    assert 0 < done < ISSUES
    report = made.json(*archive)
    assert (report["present"], report["added"]) == (done, ISSUES - done)
    assert made.json(*archive)["added"] == 0
    assert count(made, "newsletter_importededition") == ISSUES

    for number in (3, 2, 1):
        made.run("archive", "undo-import", number, "--yes")
        made.run("subscribers", "undo-import", number, "--yes")
    assert [count(made, table) for table in ("newsletter_edition", "newsletter_oldaddress")] == [0, 0]
    assert [count(made, f"subscribers_{table}") for table in ("subscription", "subscriber", "suppression")] == [0, 0, 0]
