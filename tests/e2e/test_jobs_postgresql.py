"""What sending, collecting and the desk ask of the database holds on PostgreSQL as well: the same tests, run there.

`make check` runs those in postgresql_tests.txt: all tests of the modules that are about the database itself (locks,
journals, machines, prepared statements), and of the others as many as it takes to send each statement from each
function that sends it. `make soak` runs them all. After statements have changed, `python -m tests.statements` writes
the list anew.
"""

import subprocess
from pathlib import Path

import pytest

from tests.doubles import postgresql
from tests.statements import CANDIDATES, LIST, on_postgresql

pytestmark = [pytest.mark.e2e, pytest.mark.postgresql, pytest.mark.long]


def test_each_statement_holds_on_postgresql() -> None:
    run(f"@{LIST}")


@pytest.mark.soak
def test_all_of_them_hold_on_postgresql() -> None:
    run(*CANDIDATES)


def run(*tests: str | Path) -> None:
    with postgresql.running(with_tables=True) as database:
        done = subprocess.run(on_postgresql(database, *tests), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert " skipped" not in done.stdout
