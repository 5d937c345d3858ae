"""A newsletter's subscribers as CSV or JSON, consent and all; what was exported can be imported again."""

import csv
import json
from collections.abc import Iterator
from typing import Any, TextIO

from django.db.models import Prefetch

from subscribers.models import Consent, Subscription
from subscribers.spreadsheets import harmless

FIELDS = (
    "address", "name", "language", "newsletter", "state", "paused_until", "tags", "joined", "unsubscribed_at", "reason",
    "consent", "consent_at", "consent_how", "consent_wording", "consent_language", "consent_network", "consent_page",
    "confirmed_at",
)  # fmt: skip
PORTION = 2_000


def rows(newsletter: str) -> Iterator[dict[str, Any]]:
    """Each subscription, whatever its state, with the consent that holds; read in portions."""
    consents = Prefetch("consents", Consent.objects.order_by("-confirmed_at", "-at"))
    subscriptions = Subscription.objects.filter(newsletter=newsletter).select_related("subscriber").order_by("pk")
    for s in subscriptions.prefetch_related(consents).iterator(chunk_size=PORTION):
        given = [c for c in s.consents.all() if c.confirmed_at] or list(s.consents.all())
        yield {
            "address": s.subscriber.address,
            "name": s.subscriber.name,
            "language": s.subscriber.language,
            "newsletter": s.newsletter,
            "state": str(s.state),
            "paused_until": s.paused_until,
            "tags": list(s.tags),
            "joined": s.joined,
            "unsubscribed_at": s.unsubscribed_at,
            "reason": s.reason,
            **_consent(given[0] if given else Consent()),
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
    """Write CSV (open the file with `newline=""`); gives how many there were."""
    writer = csv.DictWriter(file, FIELDS)
    writer.writeheader()
    count = 0
    for row in rows(newsletter):
        writer.writerow({name: harmless(_cell(value)) for name, value in row.items()})
        count += 1
    return count


def _cell(value: Any) -> str:
    """Tags as `a, b`, times as ISO 8601, nothing as nothing."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(value)
    return value if isinstance(value, str) else str(value.isoformat())


def export_json(newsletter: str, file: TextIO) -> int:
    """Write a JSON array, one subscription a line; gives how many there were."""
    count = 0
    file.write("[")
    for row in rows(newsletter):
        plain = {name: v if isinstance(v, str | list | None) else v.isoformat() for name, v in row.items()}
        file.write((",\n" if count else "\n") + json.dumps(plain, ensure_ascii=False))
        count += 1
    file.write("\n]\n")
    return count
