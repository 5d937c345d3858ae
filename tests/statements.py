"""Chooses the tests that run on PostgreSQL too: `python -m tests.statements` writes tests/e2e/postgresql_tests.txt.

Two databases differ in what a statement means, not in what is done with its answer. So a test is chosen if it sends a
statement, or from a function, that no cheaper one sends.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from django.db.backends.utils import CursorWrapper

from tests.doubles import postgresql

ROOT = Path(__file__).parents[1]
LIST = Path(__file__).parent / "e2e" / "postgresql_tests.txt"
OF_THE_DATABASE = (
    "tests/api/test_idempotency.py",
    "tests/later/test_attempts.py",
    "tests/sending/test_database_watch.py",
    "tests/sending/test_journals.py",
    "tests/sending/test_lifecycle.py",
    "tests/sending/test_machines.py",
    "tests/sending/test_precompiled.py",
    "tests/sending/test_ranges.py",
    "tests/sending/test_results.py",
)
"""Modules of which all tests are about the database itself."""

OTHERS = (
    "tests/api/test_editions.py",
    "tests/deliverability/test_rates.py",
    "tests/collecting/test_gaps.py",
    "tests/collecting/test_ledger.py",
    "tests/collecting/test_moved_blogs.py",
    "tests/editions/test_cadences.py",
    "tests/editions/test_composing.py",
    "tests/editions/test_hosting.py",
    "tests/editions/test_imported.py",
    "tests/editions/test_standalone.py",
    "tests/editions/test_topic_variants.py",
    "tests/events/test_record.py",
    "tests/scheduling/test_housekeeping.py",
    "tests/scheduling/test_single_posts.py",
    "tests/sending/safeguards/test_fallback.py",
    "tests/sending/safeguards/test_guard.py",
    "tests/sending/test_offers.py",
    "tests/sending/test_outbox.py",
    "tests/sending/test_outbox_domains.py",
    "tests/sending/test_skipped.py",
    "tests/sending/test_topics_of_a_waiting_edition.py",
    "tests/sending/test_variant_chunks.py",
    "tests/subscribers/test_delayed_confirmations.py",
    "tests/subscribers/test_importing.py",
    "tests/subscribers/test_inserts.py",
    "tests/web/test_added_posts.py",
    "tests/web/test_tags.py",
    "tests/web/test_composing.py",
    "tests/web/test_counted_links.py",
    "tests/web/test_delayed.py",
    "tests/web/test_edition.py",
    "tests/web/test_edition_texts.py",
    "tests/web/test_jobs.py",
    "tests/web/test_notes.py",
    "tests/web/test_old_issues.py",
    "tests/web/test_over_time.py",
    "tests/web/test_public_pages.py",
    "tests/web/test_segments.py",
    "tests/web/test_subscribers.py",
    "tests/web/test_two_editors.py",
)
CANDIDATES = OF_THE_DATABASE + OTHERS
RECORD = "NEWSLETTER_TEST_STATEMENTS"
"""The file in the environment to which this module, as a plugin of pytest, writes what each test sends."""

_SAME = ((r"%s(, %s)+", "%s"), (r"\(%s\)(, ?\(%s\))+", "(%s)"), (r'"s\d+_x\d+"', "savepoint"), (r"\b\d+\b", "0"))
"""What makes statements differ that are the same: how many values, the names of savepoints, and numbers."""


def on_postgresql(database: str, *arguments: str | Path) -> list[str | Path]:
    """Return the command line that runs tests with this database."""
    words = ["env", f"NEWSLETTER_TEST_DATABASE={database}", f"--chdir={ROOT}", sys.executable, "-m", "pytest"]
    return [*words, "-q", "-n", "0", "-p", "no:cacheprovider", *arguments]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Write the test's name, its CPU seconds and its statements."""
    sent: set[str] = set()
    execute, began = getattr(CursorWrapper, "_execute_with_wrappers"), time.process_time()  # noqa: B009 - not in its types

    def noting(cursor: CursorWrapper, statement: Any, *more: Any, **named: Any) -> Any:
        if function := _function(sys._getframe(2)):
            sent.add(f"{function} {_without_values(str(statement))}")
        return execute(cursor, statement, *more, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CursorWrapper, "_execute_with_wrappers", noting)
        yield
    seconds = time.process_time() - began
    with Path(os.environ[RECORD]).open("a", encoding="utf-8") as file:
        file.write(json.dumps([item.nodeid.partition("[")[0], seconds, sorted(sent)]) + "\n")


def _function(frame: FrameType | None) -> str:
    """Return the function of the program that sends a statement; "" if the test itself does."""
    ours = tuple(f"{ROOT / package}/" for package in ("newsletter", "subscribers"))
    while frame and not frame.f_code.co_filename.startswith(ours):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_code.co_name}" if frame else ""


def _without_values(statement: str) -> str:
    for pattern, same in _SAME:
        statement = re.sub(pattern, same, statement)
    return statement


def chosen(lines: Iterator[str]) -> list[str]:
    """Return the cheapest tests that send everything that all of them send, by what was written of each."""
    statements, seconds = defaultdict[str, set[str]](set), defaultdict[str, float](float)
    for name, took, sent in map(json.loads, lines):
        statements[name].update(sent)
        seconds[name] += took
    tests, missing = list[str](), set[str]().union(*statements.values())
    while missing:
        best = max(statements, key=lambda name: len(statements[name] & missing) / (seconds[name] + 0.02))
        missing -= statements[best]
        tests.append(best)
    return sorted(tests)


def main() -> None:
    """Run all candidates, and write the list."""
    record = LIST.with_suffix(".jsonl")
    with postgresql.running(with_tables=True) as database:
        command = on_postgresql(database, "-p", __spec__.name, *OTHERS)
        subprocess.run(command, check=True, env={**os.environ, RECORD: str(record)})
    with record.open(encoding="utf-8") as lines:
        LIST.write_text("".join(f"{test}\n" for test in (*OF_THE_DATABASE, *chosen(lines))), encoding="utf-8")
    record.unlink()


if __name__ == "__main__":
    main()
