"""Tables and values of exports: rows of CSV, times, and paths of old addresses."""

import csv
import io
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, tzinfo
from urllib.parse import urlsplit

from newsletter.feeds.archives.files import LARGEST_TABLE, ArchiveFiles
from newsletter.feeds.html.markup import without_invalid_characters
from newsletter.feeds.identity import escaped_once
from newsletter.feeds.timestamps import is_plausible, parse_date

LONGEST_PATH = 1_000
"""Characters of a path that is stored. Longer ones are left out."""


def rows(files: ArchiveFiles, name: str) -> Iterator[Mapping[str, str]]:
    """Yield the rows of a CSV file by its columns, whose names are in lower case with `_` for spaces."""
    csv.field_size_limit(min(sys.maxsize, LARGEST_TABLE))
    text = files.text(name, LARGEST_TABLE)
    reader = csv.reader(io.StringIO(text, newline=""))
    header = [column.strip().lower().replace(" ", "_") for column in next(reader, [])]
    for row in reader:
        yield dict(zip(header, (cell.strip() for cell in row), strict=False))


def columns(files: ArchiveFiles, name: str) -> frozenset[str]:
    """Return the names of a CSV file's columns."""
    return frozenset(next(iter(rows(files, name)), {}))


def moment(text: object, zone: tzinfo, *, local: bool = False) -> datetime | None:
    """Return the time that an export names; None if it names none.

    A day alone is its noon in `zone`, so that it is the same day in other time zones. A time without an offset is UTC,
    or that of `zone` if the tool writes `local` times.
    """
    if isinstance(text, date) and not isinstance(text, datetime):
        return noon(text, zone)
    words = text.strip() if isinstance(text, str) else ""
    instant = parse_date(words) if words else None
    if instant is None or not is_plausible(instant):
        return None
    if len(words) <= len("2026-02-06"):
        return noon(instant, zone)
    return instant.replace(tzinfo=zone) if local else instant.astimezone(UTC)


def noon(day: date, zone: tzinfo) -> datetime:
    """Return the noon of a day."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=zone)


def path_of(address: str) -> str:
    """Return the path of an address as it is stored and looked up: with its query, without the slash at its end.

    "" if it has none, or one that is too long.
    """
    try:
        parts = urlsplit(without_invalid_characters(address).strip())
    except ValueError:
        return ""
    path = escaped_once(parts.path).rstrip("/") + (f"?{parts.query}" if parts.query else "")
    return path if path not in ("", "/") and path.startswith("/") and len(path) <= LONGEST_PATH else ""


def paths_of(addresses: Iterable[str]) -> tuple[str, ...]:
    """Return the different paths of some addresses."""
    return tuple(dict.fromkeys(filter(None, map(path_of, addresses))))
