"""Pages of lists: each but the last has a cursor that continues after it.

A cursor has the name of its list and the primary key of the last row, so that another list refuses it. Rows are in
descending order of their primary keys, so that new ones neither move nor repeat others.
"""

import base64
import re
from http import HTTPStatus
from typing import TypeVar

from django.db.models import Model, QuerySet
from ninja.params import functions

from newsletter.api.refusals import Refused
from newsletter.messages import api as messages

LIMIT_PARAMETER = functions.Query(50, ge=1, le=200)
"""The number of rows of a page, and its bounds."""

Row = TypeVar("Row", bound=Model)


def after(rows: QuerySet[Row], name: str, cursor: str | None, limit: int) -> tuple[list[Row], str | None]:
    """Return the rows after a cursor of the list with this name, and the cursor that continues after them.

    An empty cursor begins with the first row. The returned cursor is None after the last one. Raises Refused.
    """
    ordered = rows.order_by("-pk")
    if cursor:
        ordered = ordered.filter(pk__lt=_read(name, cursor))
    page = list(ordered[: limit + 1])
    has_more = len(page) > limit
    return page[:limit], _write(name, page[limit - 1].pk) if has_more else None


def _write(name: str, pk: int) -> str:
    return base64.urlsafe_b64encode(f"{name} {pk}".encode()).decode()


def _read(name: str, cursor: str) -> int:
    try:
        of, _, pk = base64.b64decode(cursor, b"-_", validate=True).decode("ascii").partition(" ")
    except ValueError:
        of, pk = "", ""
    if of != name or not re.fullmatch(r"[0-9]{1,18}", pk):
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, messages.INVALID_CURSOR())
    return int(pk)
