"""Export a newsletter's subscribers with their consent as CSV or JSON, which can be imported again."""

import csv
import json
from collections.abc import Iterator
from typing import Any, TextIO

from django.db.models import Prefetch

from newsletter.domain.picks import names_in
from subscribers.models import Consent, Subscription
from subscribers.personal_fields import PERSONAL, personal_values
from subscribers.spreadsheets import escape_formulas

FIELDS = (
    "address", *PERSONAL, "newsletter", "state", "cadence", "topics", "paused_until", "tags", "joined",
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
    writer = csv.DictWriter(file, FIELDS, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    count = 0
    for row in rows(newsletter):
        writer.writerow({name: escape_formulas(_cell(value)) for name, value in row.items()})
        count += 1
    return count


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
