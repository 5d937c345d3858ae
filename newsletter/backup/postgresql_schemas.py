"""Schemas of a PostgreSQL database: the restored tables are made in one of their own, which replaces the usual one."""

from datetime import UTC, datetime
from typing import Any

from newsletter.backup.backup_problem import BackupProblem
from newsletter.backup.files import RESTORING

LIVING = "SELECT count(*) FROM newsletter_machine WHERE seen_at > clock_timestamp() - interval '90 seconds'"


def check(url: str, *, replace: bool) -> None:
    """Refuse a database that has data, unless it is to be replaced, and one that somebody sends from."""
    with _connect(url) as connection:
        if not connection.execute("SELECT to_regclass('newsletter_edition')").fetchone()[0]:
            return
        if not replace:
            raise BackupProblem(
                "the PostgreSQL database has newsletter's tables already; to replace them, use --replace, "
                "which keeps them in a schema of another name"
            )
        if connection.execute(LIVING).fetchone()[0]:
            raise BackupProblem(
                "newsletter is running with this database; stop it on every machine, and wait two minutes"
            )


def prepare(url: str) -> None:
    """Make an empty schema for the restored tables."""
    with _connect(url) as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {RESTORING} CASCADE")
        connection.execute(f"CREATE SCHEMA {RESTORING}")


def put_in_place(url: str) -> None:
    """Let the restored schema take the usual one's place, which is kept under another name; one transaction."""
    from psycopg import errors

    with _connect(url) as connection:
        usual = connection.execute("SELECT current_schema()").fetchone()[0]
        replaced = f"newsletter_replaced_{datetime.now(UTC):%Y%m%dt%H%M%S}"
        try:
            connection.execute(f'ALTER SCHEMA "{usual}" RENAME TO {replaced}')
            connection.execute(f'ALTER SCHEMA {RESTORING} RENAME TO "{usual}"')
        except errors.InsufficientPrivilege as e:
            raise BackupProblem(
                f"the schema {usual} belongs to another user; make yours its owner (ALTER SCHEMA {usual} OWNER TO …), "
                "or restore into a new database that it owns"
            ) from e


def _connect(url: str) -> Any:
    from psycopg import connect  # an optional dependency

    return connect(url)
