"""Stores later work, and changes what is stored."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from newsletter.messages import Message
from newsletter.models import LaterWork
from subscribers.models.inserts import insert_all, unsaved


def add(kind: str, key: str, at: datetime, *, lane: str = "", newsletter: str = "", **payload: Any) -> None:
    """Store work that is due at once, in the transaction of what causes it; nothing if that key is stored already."""
    add_all([new(kind, key, at, lane=lane, newsletter=newsletter, **payload)])


def add_all(works: Iterable[LaterWork]) -> None:
    """Store what `new` returned."""
    insert_all(works, unless_stored=True)


def new(kind: str, key: str, at: datetime, *, lane: str = "", newsletter: str = "", **payload: Any) -> LaterWork:
    """Return work for `add_all`. On SQLite, work of one lane is done one after another, by default all of its kind."""
    columns: Mapping[str, Any] = {"kind": kind, "key": key, "lane": lane or kind, "newsletter": newsletter}
    return unsaved(LaterWork, **columns, payload=payload, created_at=at, due=at)


def unfinished(rows: QuerySet[LaterWork]) -> QuerySet[LaterWork]:
    """Return those of these rows that are neither done nor given up."""
    return rows.filter(done_at=None, gave_up_at=None)


def failed(rows: QuerySet[LaterWork]) -> QuerySet[LaterWork]:
    """Return those of these rows that are not done, and of which an attempt failed or ended with its program."""
    return rows.filter(Q(problem__isnull=False) | Q(attempts__gt=1), done_at=None)


def retry(rows: QuerySet[LaterWork], now: datetime) -> int:
    """Let work be tried at once, with all its attempts again, whatever became of it; return the number."""
    return rows.update(due=now, attempts=0, leased_until=None, problem=None, done_at=None, gave_up_at=None)


def give_up(rows: QuerySet[LaterWork], now: datetime, problem: Message) -> None:
    """Give up the unfinished ones of these rows, because of this problem."""
    unfinished(rows).update(gave_up_at=now, leased_until=None, problem=problem)
