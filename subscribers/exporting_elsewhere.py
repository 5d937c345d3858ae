"""Exports that other tools take: who gets a newsletter, as CSV with a tool's columns, and who must not get anything."""

import csv
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from operator import attrgetter
from typing import Any, NamedTuple, TextIO

from django.db.models import OuterRef, Subquery

from subscribers.models import Subscriber, Subscription, Suppression
from subscribers.spreadsheets import escape_formulas

CHUNK = 2_000
Cell = Callable[[Subscription], str]


class SuppressionCounts(NamedTuple):
    """How many suppressions a file has, and how many are only hashes, so that they can't be written."""

    written: int
    only_hashes: int


def _name(part: int) -> Cell:
    """Return the first (0) or the other (1) words of a name."""
    return lambda subscription: subscription.subscriber.name.partition(" ")[0 if part == 0 else 2]


def _when(layout: str) -> Cell:
    return lambda subscription: subscription.joined.strftime(layout) if subscription.joined else ""


def _always(text: str) -> Cell:
    return lambda subscription: text


_email: Cell = attrgetter("subscriber.address")
_full_name: Cell = attrgetter("subscriber.name")


def _tags(subscription: Subscription) -> str:
    return ", ".join(subscription.tags)


_SECONDS, _ISO = "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"

COLUMNS: Mapping[str, Mapping[str, Cell]] = {
    "mailchimp": {"Email Address": _email, "First Name": _name(0), "Last Name": _name(1), "Tags": _tags},
    "substack": {"email": _email, "name": _full_name},
    "buttondown": {"email": _email, "tags": _tags, "creation_date": _when(_ISO), "type": _always("regular")},
    "ghost": {
        "email": _email,
        "name": _full_name,
        "subscribed_to_emails": _always("true"),
        "created_at": _when(_ISO),
        "labels": _tags,
    },
    "listmonk": {"email": _email, "name": _full_name, "attributes": _always("{}"), "status": _always("enabled")},
    "mailpoet": {"Email": _email, "First name": _name(0), "Last name": _name(1)},
    "beehiiv": {"email": _email, "First Name": _name(0), "Last Name": _name(1), "created_at": _when(_ISO)},
    "kit": {"email": _email, "first_name": _name(0), "tags": _tags},
    "mailerlite": {"email": _email, "name": _name(0), "last_name": _name(1), "subscribed_at": _when(_SECONDS)},
    "sendy": {"name": _full_name, "email": _email},
    "jetpack": {"email": _email},
}
"""The columns that each tool's import takes, after its documents."""

WITHOUT_HEADER = frozenset({"sendy"})


def export_for(tool: str, newsletter: str, day: date, file: TextIO) -> int:
    """Write the people who get a newsletter on a day as CSV for a tool, to a file opened with `newline=""`; return
    their number.
    """
    columns = COLUMNS[tool]
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    if tool not in WITHOUT_HEADER:
        writer.writerow(columns)
    count = 0
    rows = Subscription.objects.receiving_on(newsletter, day).select_related("subscriber").order_by("pk")
    for subscription in rows.iterator(chunk_size=CHUNK):
        writer.writerow([escape_formulas(cell(subscription)) for cell in columns.values()])
        count += 1
    return count


def export_suppressions(newsletter: str, file: TextIO) -> SuppressionCounts:
    """Write who must not get a newsletter as CSV: people who unsubscribed from it, and the blocked addresses and
    domains of people in the database, a domain as `@example.com`.
    """
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow(["address", "reason", "date"])
    written = 0
    unsubscribed = Subscription.objects.filter(newsletter=newsletter, state=Subscription.State.UNSUBSCRIBED)
    for subscription in unsubscribed.select_related("subscriber").order_by("pk").iterator(chunk_size=CHUNK):
        writer.writerow(_row(subscription.subscriber.address, "unsubscribed", subscription.unsubscribed_at))
        written += 1
    named_count = 0
    for text, reason, at in (*_blocked("address"), *_blocked("domain")):
        writer.writerow(_row(text, reason, at))
        named_count += 1
    return SuppressionCounts(written + named_count, Suppression.objects.count() - named_count)


def _blocked(kind: str) -> Iterator[tuple[str, str, datetime]]:
    """Yield the blocked addresses, or domains, of people in the database, each with its reason and time."""
    rows = Suppression.objects.filter(kind=kind, hash=OuterRef(f"{kind}_hash"))
    people = Subscriber.objects.annotate(why=Subquery(rows.values("reason")[:1]), when=Subquery(rows.values("at")[:1]))
    blocked = people.filter(why__isnull=False).order_by(kind if kind == "domain" else "pk")
    columns = blocked.values_list(kind, "why", "when")
    for text, reason, at in columns.distinct() if kind == "domain" else columns:
        yield (f"@{text}" if kind == "domain" else text), reason, at


def _row(text: str, reason: str, at: Any) -> list[str]:
    return [text if text.startswith("@") else escape_formulas(text), reason, at.isoformat() if at else ""]
