"""Leases of rows: of several programs that want to work on a row, one gets it, until its lease ends.

Later work, transactional emails and occurrences of the schedule are leased like this. On SQLite, a transaction that
writes is alone.
"""

from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import F, Q

_Row = TypeVar("_Row", bound=models.Model)


def free(now: datetime) -> Q:
    """Return the condition of rows that nobody has leased."""
    return Q(leased_until=None) | Q(leased_until__lt=now)


def lease(rows: "models.QuerySet[_Row]", now: datetime, until: timedelta, at_most: int = 1) -> list[_Row]:
    """Lease the first of these rows that are free, and return them; each counts an attempt.

    Rows that another program is leasing at this moment are skipped.
    """
    with transaction.atomic():
        leased: list[Any] = list(rows.filter(free(now)).select_for_update(skip_locked=True, of=("self",))[:at_most])
        values = {"leased_until": now + until, "attempts": F("attempts") + 1}
        rows.model._default_manager.filter(pk__in=[row.pk for row in leased]).update(**values)
    for row in leased:
        row.leased_until, row.attempts = now + until, row.attempts + 1
    return leased
