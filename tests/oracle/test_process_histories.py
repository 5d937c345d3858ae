"""Random histories with processes, on each database: `make oracle` runs HISTORIES of them, by default 60 on each."""

import os
import sys
import tempfile
from collections import Counter
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.doubles import postgresql
from tests.oracle.generated import play, random_history
from tests.oracle.judge import judge
from tests.oracle.processes import ProcessSite
from tests.oracle.test_processes import next_monday

pytestmark = pytest.mark.soak
HISTORIES = int(os.environ.get("HISTORIES", "60"))
SEED = os.environ.get("SEED", "30")
LENGTH = 14
counted: Counter[str] = Counter()
either: Counter[str] = Counter()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_each_reader_gets_each_post_once(database: str) -> None:
    for number in range(1, HISTORIES + 1):
        history = random_history(f"{SEED}.{database}.{number}", LENGTH, kills=True)
        start = next_monday() + timedelta(hours=history.start.hour - 9)
        own_database = postgresql.running(with_tables=True) if database == "postgresql" else nullcontext("")
        with tempfile.TemporaryDirectory() as folder, own_database as address:
            site = ProcessSite(start, history.settings, Path(folder), address)
            judgement = judge(play(replace(history, start=start), counted, site))
        counted["histories"] += 1
        counted.update(site.kills)
        counted["pairs"] += judgement.pairs
        either.update(judgement.either)
        assert not judgement.violations, "\n".join([repr(history), *map(str, judgement.violations)])


def test_little_is_left_open(capsys: pytest.CaptureFixture[str]) -> None:
    """The documents say of at least 95 % of the pairs what has to happen."""
    share = either.total() / counted["pairs"]
    with capsys.disabled():
        sys.stdout.write(f"\n{dict(counted)}; either {share:.1%}: {dict(either)}\n")
    assert share < 0.05, either
