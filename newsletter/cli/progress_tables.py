"""Tables of how far the sending of editions is, for the terminal."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from newsletter.cli.common import new_table

if TYPE_CHECKING:
    from rich.table import Table


def of_one(document: dict[str, Any]) -> "Table":
    """Return a table of one edition, with a row for each value."""
    kinds = ("audience", "pending", "accepted", "deferred", "refused", "unknown", "skipped")
    return new_table(
        (document["edition"], document["state"]),
        (
            *((kind, document[kind]) for kind in kinds),
            ("per second", f"{document['rate']:g}"),
            ("time left", _duration(document["seconds_left"])),
        ),
    )


def of_several(documents: list[dict[str, Any]]) -> "Table":
    """Return a table of several editions, a row each, at most 80 columns wide."""
    from rich.table import Column

    return new_table(
        (Column("edition", no_wrap=True), "state", "accepted", "pending", "deferred", "unknown", "left"),
        (
            (
                document["edition"],
                document["state"],
                f"{document['accepted']} of {document['audience']}",
                document["pending"],
                document["deferred"],
                document["unknown"],
                _duration(document["seconds_left"]),
            )
            for document in documents
        ),
    )


def _duration(seconds: float | None) -> str:
    return "unknown" if seconds is None else str(timedelta(seconds=seconds))
