"""Tables of how far the sending of editions is, for the terminal."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from newsletter.cli.common import new_table

if TYPE_CHECKING:
    from rich.table import Table


def of_one(document: dict[str, Any]) -> "Table":
    """Return a table of one edition, with a row for each value."""

    table = new_table(document["edition"], document["state"])
    for kind in ("audience", "pending", "accepted", "deferred", "refused", "unknown", "skipped"):
        table.add_row(kind, str(document[kind]))
    table.add_row("per second", f"{document['rate']:g}")
    table.add_row("time left", _duration(document["seconds_left"]))
    return table


def of_several(documents: list[dict[str, Any]]) -> "Table":
    """Return a table of several editions, a row each, at most 80 columns wide."""
    from rich.table import Column

    table = new_table(Column("edition", no_wrap=True), "state", "accepted", "pending", "deferred", "unknown", "left")
    for document in documents:
        accepted = f"{document['accepted']} of {document['audience']}"
        counts = (accepted, str(document["pending"]), str(document["deferred"]), str(document["unknown"]))
        table.add_row(document["edition"], document["state"], *counts, _duration(document["seconds_left"]))
    return table


def _duration(seconds: float | None) -> str:
    return "unknown" if seconds is None else str(timedelta(seconds=seconds))
