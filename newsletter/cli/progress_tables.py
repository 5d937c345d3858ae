"""Tables of how far the sending of editions is, for the terminal."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table


def of_one(one: dict[str, Any]) -> "Table":
    """Return a table of one edition, with a row for each value."""
    from rich.table import Table

    table = Table(one["edition"], one["state"], box=None)
    for kind in ("audience", "pending", "accepted", "deferred", "refused", "unknown", "skipped"):
        table.add_row(kind, str(one[kind]))
    table.add_row("per second", f"{one['rate']:g}")
    table.add_row("time left", _duration(one["seconds_left"]))
    return table


def of_several(documents: list[dict[str, Any]]) -> "Table":
    """Return a table of several editions, a row each, at most 80 columns wide."""
    from rich.table import Column, Table

    table = Table(
        Column("edition", no_wrap=True), "state", "accepted", "pending", "deferred", "unknown", "left", box=None
    )
    for one in documents:
        accepted = f"{one['accepted']} of {one['audience']}"
        counts = (accepted, str(one["pending"]), str(one["deferred"]), str(one["unknown"]))
        table.add_row(one["edition"], one["state"], *counts, _duration(one["seconds_left"]))
    return table


def _duration(seconds: float | None) -> str:
    return "unknown" if seconds is None else str(timedelta(seconds=seconds))
