"""What sending asks of the database holds on PostgreSQL as well: the same tests of the same jobs."""

import os
import subprocess
import sys

import pytest

from tests.doubles import postgresql
from tests.e2e.sending_samples import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.postgresql]
JOBS = ("journals", "numbers", "outbox", "phrased", "results", "underway")


def test_the_jobs_of_sending_hold_on_postgresql() -> None:
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    with postgresql.running() as database:
        done = subprocess.run(
            [*words, *(f"tests/jobs/test_{job}.py" for job in JOBS)],
            cwd=ROOT,
            env={**os.environ, "NEWSLETTER_TEST_DATABASE": database},
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout
