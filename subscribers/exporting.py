"""Exports: a newsletter's subscribers with their consent as CSV or JSON, which can be imported again; and what other
tools take: who gets a newsletter, as CSV with a tool's columns, and who must not get anything.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from operator import attrgetter
from typing import Any, NamedTuple, TextIO

from django.db.models import OuterRef, Prefetch, Subquery

from newsletter.domain.picks import names_in
from subscribers.models import Consent, Subscriber, Subscription, Suppression
from subscribers.personal_fields import personal_fields, personal_values
from subscribers.spreadsheets import escape_formulas, write_csv

OF_SUBSCRIPTION = (
    "newsletter", "state", "cadence", "topics", "paused_until", "tags", "joined",
    "unsubscribed_at", "reason", "consent", "consent_at", "consent_how", "consent_wording", "consent_language",
    "consent_network", "consent_page", "confirmed_at",
)  # fmt: skip
CHUNK = 2_000


def rows(newsletter: str) -> Iterator[dict[str, Any]]:
    """Yield each subscription in any state, with its current consent; rows are read in chunks."""
    consents = Prefetch("consents", Consent.objects.order_by("-confirmed_at", "-at"))
    subscriptions = Subscription.objects.filter(newsletter=newsletter).select_related("subscriber").order_by("pk")
    for s in subscriptions.prefetch_related(consents).iterator(chunk_size=CHUNK):
        latest = [c for c in s.consents.all() if c.confirmed_at] or list(s.consents.all())
        yield {
            "address": s.subscriber.address,
            **personal_values(s.subscriber),
            "newsletter": s.newsletter,
            "state": str(s.state),
            "cadence": s.cadence,
            "topics": list(names_in(s.topics)),
            "paused_until": s.paused_until,
            "tags": list(s.tags),
            "joined": s.joined,
            "unsubscribed_at": s.unsubscribed_at,
            "reason": s.reason,
            **_consent(latest[0] if latest else Consent()),
        }


def _consent(consent: Consent) -> dict[str, Any]:
    return {
        "consent": consent.text,
        "consent_at": consent.at if consent.pk else None,
        "consent_how": str(consent.how),
        "consent_wording": consent.wording,
        "consent_language": consent.language,
        "consent_network": consent.network,
        "consent_page": consent.page,
        "confirmed_at": consent.confirmed_at,
    }


def export_csv(newsletter: str, file: TextIO) -> int:
    """Write CSV to a file opened with `newline=""`; return the number of subscriptions."""
    names = ("address", *personal_fields(), *OF_SUBSCRIPTION)
    write_csv(file, [names])
    return write_csv(file, ([escape_formulas(_cell(row[name])) for name in names] for row in rows(newsletter)))


def _cell(value: Any) -> str:
    """Return tags and topics as `a, b`, times as ISO 8601, and None as ""."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(value)
    return value if isinstance(value, str) else str(value.isoformat())


def export_json(newsletter: str, file: TextIO) -> int:
    """Write a JSON array with one subscription per line; return the number of subscriptions."""
    count = 0
    file.write("[")
    for line in json_lines(newsletter):
        file.write((",\n" if count else "\n") + line.rstrip("\n"))
        count += 1
    file.write("\n]\n")
    return count


def json_lines(newsletter: str) -> Iterator[str]:
    """Yield a line with a JSON object for each subscription."""
    for row in rows(newsletter):
        plain = {name: v if isinstance(v, str | list | None) else v.isoformat() for name, v in row.items()}
        yield json.dumps(plain, ensure_ascii=False) + "\n"


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
    if tool not in WITHOUT_HEADER:
        write_csv(file, [columns])
    receiving = Subscription.objects.receiving_on(newsletter, day).select_related("subscriber").order_by("pk")
    subscriptions = receiving.iterator(chunk_size=CHUNK)
    return write_csv(file, ([escape_formulas(cell(each)) for cell in columns.values()] for each in subscriptions))


def export_suppressions(newsletter: str, file: TextIO) -> SuppressionCounts:
    """Write who must not get a newsletter as CSV: people who unsubscribed from it, and the blocked addresses and
    domains of people in the database, a domain as `@example.com`.
    """
    write_csv(file, [("address", "reason", "date")])
    people_who_left = Subscription.objects.filter(newsletter=newsletter, state=Subscription.State.UNSUBSCRIBED)
    unsubscribed = people_who_left.select_related("subscriber").order_by("pk").iterator(chunk_size=CHUNK)
    written_count = write_csv(
        file, (_row(s.subscriber.address, "unsubscribed", s.unsubscribed_at) for s in unsubscribed)
    )
    named_count = write_csv(file, (_row(*blocked) for kind in ("address", "domain") for blocked in _blocked(kind)))
    return SuppressionCounts(written_count + named_count, Suppression.objects.count() - named_count)


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
