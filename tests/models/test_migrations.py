"""Which databases are migrated, and which are refused."""

import pytest

from newsletter import config, start
from newsletter.backup import BackupProblem, schema
from newsletter.models import migration_state

FIRST = [("newsletter", "0055_machines_without_configuration"), ("subscribers", "0018_left_by_date")]
EARLIER = [("newsletter", "0001_initial"), ("newsletter", "0037_attempts"), ("subscribers", "0009_consent_topics")]


@pytest.mark.django_db
def test_migrations_that_the_first_ones_have_taken_in_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    applied = {*EARLIER, *migration_state._migrations_on_disk()}
    monkeypatch.setattr(migration_state, "applied_migrations", lambda: applied)
    assert migration_state.too_old(applied) == ""
    assert migration_state.unknown_migrations() == migration_state.waiting_migrations() == []
    assert schema._last([*EARLIER, *FIRST]) == FIRST


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("applied", "last"),
    [
        ([FIRST[1], ("newsletter", "0054_judged_posts")], "newsletter.0054_judged_posts"),
        ([FIRST[0], ("subscribers", "0009_consent_topics")], "subscribers.0009_consent_topics"),
    ],
)
def test_a_database_or_backup_from_before_the_first_migrations_is_refused(
    applied: list[tuple[str, str]], last: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration_state, "applied_migrations", lambda: set(applied))
    with pytest.raises(start.StartProblem) as refusal:
        start._prepare(config.current(), migrate=True)
    assert str(refusal.value) == (
        f"site.database: the database is from before commit 2fffa3b (its last migration is {last}), and this version "
        "can't upgrade it; start newsletter of commit 2fffa3b with it once, then this version"
    )
    with pytest.raises(BackupProblem, match="the backup is from before commit 2fffa3b") as problem:
        schema._last(applied)
    assert last in str(problem.value)


def test_a_database_whose_first_migrations_were_interrupted_is_not_too_old() -> None:
    assert migration_state.too_old([]) == migration_state.too_old(FIRST[1:]) == ""
