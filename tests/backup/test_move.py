"""Moving a database."""

from typing import Any, cast

import pytest
from django.utils import timezone

from newsletter.backup import BackupProblem, move
from newsletter.backup.databases import RowSource
from newsletter.config import Config
from subscribers import unsubscription_file


class Rows:
    """A source whose rows are these."""

    def __init__(self, rows: list[tuple[str, str]]) -> None:
        self.rows = rows

    def run(self, _: str) -> list[tuple[str, str]]:
        """Return the rows."""
        return self.rows


@pytest.mark.parametrize(
    ("applied", "waiting", "told"),
    [([], ["newsletter.0061_a"], "nothing has been changed"), ([("newsletter", "9999_a")], [], "a newer version")],
)
def test_a_database_of_another_version_is_refused_before_the_new_one_is_touched(
    applied: list[tuple[str, str]], waiting: list[str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(move, "waiting_migrations", lambda _: waiting)
    configuration: Any = None
    with pytest.raises(BackupProblem, match=told):
        move._prepare(configuration, cast(RowSource, Rows(applied)), "postgresql://h/n")


def test_unsubscriptions_that_wait_for_the_old_database_are_not_left_behind(configuration: Config) -> None:
    unsubscription_file.add([1], timezone.now())
    with pytest.raises(BackupProblem, match="start newsletter with the old database once"):
        move.move(configuration, "sqlite:///a.db", "sqlite:///b.db", print)
