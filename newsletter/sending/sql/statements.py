"""SQL statements that run for every chunk, because the ORM would take longer to compile them than the database to run
them.

They work on either database; times are those of `database.now`.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

CLAIM = (
    "INSERT INTO newsletter_chunk (edition_id, first, last, machine, holder, claimed_at, leased_until)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id"
)
BEGIN = "UPDATE newsletter_chunk SET begun_at = %s WHERE id = %s AND begun_at IS NULL"
CLOSE = "UPDATE newsletter_chunk SET closed_at = %s WHERE id = %s AND closed_at IS NULL"
TALLY = (
    "INSERT INTO newsletter_tally (edition_id, at, accepted, deferred, refused, unknown, skipped)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s)"
)
_INTO = (
    "INSERT INTO newsletter_result"
    " (edition_id, number, attempt, kind, at, fault, code, status, text, queue_id, settled)"
)
_INSTEAD = (
    " ON CONFLICT (edition_id, number) DO UPDATE SET"
    " attempt = excluded.attempt, kind = excluded.kind, at = excluded.at, fault = excluded.fault, code = excluded.code,"
    " status = excluded.status, text = excluded.text, queue_id = excluded.queue_id, settled = FALSE"
)
UPSERT = f"{_INTO} VALUES ({{edition:d}}, %s, %s, %s, %s, %s, %s, %s, %s, %s, FALSE){_INSTEAD}"
_ROWS = (
    " SELECT %s, (given->>0)::integer, (given->>1)::smallint, given->>2, (given->>3)::float8, given->>4,"
    " (given->>5)::smallint, given->>6, given->>7, given->>8, FALSE FROM jsonb_array_elements(%s::jsonb) AS given"
)
UPSERT_AT_ONCE = _INTO + _ROWS + _INSTEAD
"""For PostgreSQL: one statement for all rows, since executing one for each takes longer than everything else."""


def claim(edition: int, numbers: tuple[int, int] | None, holder: tuple[str, str], at: datetime, until: datetime) -> int:
    """Insert a chunk and return its key. `numbers` are the first and last one, None for a chunk of retries."""
    first, last = numbers or (None, None)
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [edition, first, last, *holder, _adapted(at), _adapted(until)])
        return int(cursor.fetchone()[0])


def begin(chunk: int, at: datetime) -> None:
    """Record that the chunk's messages may be sent from now on."""
    _changed(BEGIN, [_adapted(at), chunk])


def close(chunk: int, at: datetime) -> bool:
    """Close the chunk, and return whether it was open."""
    return _changed(CLOSE, [_adapted(at), chunk])


def tally(edition: int, at: datetime, counts: Sequence[int]) -> None:
    """Insert the change of the counts: accepted, deferred, refused, unknown, skipped."""
    _changed(TALLY, [edition, _adapted(at), *counts])


def upsert(edition: int, rows: Sequence[Sequence[Any]]) -> None:
    """Write results, replacing those of the same numbers; the columns are in the order of UPSERT."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(UPSERT_AT_ONCE, [edition, json.dumps(rows)])
        else:
            cursor.executemany(UPSERT.format(edition=edition), rows)


def _changed(statement: str, values: Sequence[Any]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return bool(cursor.rowcount)


def _adapted(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)
