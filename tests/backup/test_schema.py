"""The tables of a restored or moved database, which another process makes."""

from concurrent.futures.process import BrokenProcessPool
from unittest.mock import MagicMock

import pytest

from newsletter import config
from newsletter.backup import BackupProblem, schema


def test_a_process_that_was_killed_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = MagicMock()
    pool.return_value.__enter__.return_value.submit.return_value.result.side_effect = BrokenProcessPool
    monkeypatch.setattr(schema, "ProcessPoolExecutor", pool)
    with pytest.raises(BackupProblem, match="was killed, perhaps because memory ran out; free some and try again"):
        schema.make_tables(config.current(), "sqlite:///x.db")
