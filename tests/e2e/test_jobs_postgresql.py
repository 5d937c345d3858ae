"""What sending, collecting and the desk ask of the database holds on PostgreSQL as well: the same tests, run there."""

import os
import subprocess
import sys

import pytest

from tests.doubles import postgresql
from tests.e2e.sending_samples import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.postgresql, pytest.mark.long]
MODULES = ("database_watch", "journals", "lifecycle", "machines", "outbox", "precompiled", "ranges", "results")
OTHERS = (
    "tests/api/test_editions.py",
    "tests/api/test_idempotency.py",
    "tests/collecting/test_ledger.py",
    "tests/editions/test_cadences.py",
    "tests/editions/test_composing.py",
    "tests/editions/test_hosting.py",
    "tests/editions/test_standalone.py",
    "tests/events/test_record.py",
    "tests/scheduling/test_housekeeping.py",
    "tests/bounces/test_rates.py",
    "tests/sending/safeguards/test_fallback.py",
    "tests/sending/safeguards/test_guard.py",
    "tests/scheduling/test_single_posts.py",
    "tests/sending/test_skipped.py",
    "tests/web/test_bulk_tags.py",
    "tests/web/test_composing.py",
    "tests/web/test_jobs.py",
    "tests/web/test_notes.py",
    "tests/web/test_counted_links.py",
    "tests/web/test_over_time.py",
    "tests/web/test_public_pages.py",
    "tests/web/test_segments.py",
    "tests/web/test_subscribers.py",
)


def test_the_queries_hold_on_postgresql() -> None:
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    with postgresql.running(with_tables=True) as database:
        done = subprocess.run(
            [*words, *(f"tests/sending/test_{module}.py" for module in MODULES), *OTHERS],
            cwd=ROOT,
            env={**os.environ, "NEWSLETTER_TEST_DATABASE": database},
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stdout
    assert " skipped" not in done.stdout
