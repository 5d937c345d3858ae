"""Which databases are migrated, and that migrations keep what is in them."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, connections
from django.db.utils import ConnectionHandler
from pytest_django.plugin import DjangoDbBlocker

from newsletter import start
from newsletter.backup import BackupProblem, schema
from newsletter.models import Edition, Tally, migration_state
from newsletter.settings import _database
from tests.doubles import postgresql
from tests.factories import DUE, NOW

ALIAS = "migrated"


@contextmanager
def empty_database(url: str, blocker: DjangoDbBlocker) -> Iterator[None]:
    """Make the database at `url` available as ALIAS."""
    connections.databases[ALIAS] = ConnectionHandler({"default": _database(url)}).settings["default"]
    try:
        with blocker.unblock():
            yield
            connections[ALIAS].close()
    finally:
        del connections[ALIAS]
        del connections.databases[ALIAS]


BOTH = pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])


@contextmanager
def database(kind: str, folder: Path, blocker: DjangoDbBlocker) -> Iterator[None]:
    """Make an empty database of this kind available as ALIAS."""
    sqlite = nullcontext(f"sqlite:///{folder / 'newsletter.db'}")
    with postgresql.running() if kind == "postgresql" else sqlite as url, empty_database(url, blocker):
        yield


FIRST = [("newsletter", "0037_attempts"), ("subscribers", "0009_consent_topics")]
EARLIER = [("newsletter", "0001_initial"), ("newsletter", "0036_topics"), ("subscribers", "0001_people")]


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
        (
            [("subscribers", "0009_consent_topics"), ("newsletter", "0020_shared_limits")],
            "newsletter.0020_shared_limits",
        ),
        ([("newsletter", "0037_attempts"), ("subscribers", "0001_people")], "subscribers.0001_people"),
    ],
)
def test_a_database_or_backup_from_before_the_first_migrations_is_refused(
    applied: list[tuple[str, str]], last: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration_state, "applied_migrations", lambda: set(applied))
    with pytest.raises(start.StartProblem) as refusal:
        start._prepare(migrate=True)
    assert str(refusal.value) == (
        f"site.database: the database is from before commit a6e0b70 (its last migration is {last}), and this version "
        "can't upgrade it; start newsletter of commit a6e0b70 with it once, then this version"
    )
    with pytest.raises(BackupProblem, match="the backup is from before commit a6e0b70") as problem:
        schema._last(applied)
    assert last in str(problem.value)


def test_a_database_whose_first_migrations_were_interrupted_is_not_too_old() -> None:
    assert migration_state.too_old([]) == migration_state.too_old(FIRST[1:]) == ""


@pytest.mark.django_db
def test_only_editions_that_somebody_received_stay_public() -> None:
    times = dict.fromkeys(("since", "until", "created_at", "refreshed_at"), NOW)

    def edition(period: str, **fields: Any) -> Edition:
        return Edition.objects.create(newsletter="kinaforum", period=period, **times, **fields)

    edition("unsent")
    Tally.objects.create(edition=edition("cancelled", began_at=NOW), at=NOW, skipped=3)
    Tally.objects.create(edition=edition("sent", began_at=NOW), at=NOW, accepted=2, refused=1)
    edition("old", began_at=NOW, rolled_up_at=DUE)
    migration = import_module("newsletter.models.migrations.0040_published")
    migration.publish(apps, SimpleNamespace(connection=connection))
    public = dict(Edition.objects.exclude(published_at=None).values_list("period", "published_at"))
    assert public == {"sent": NOW, "old": NOW}
