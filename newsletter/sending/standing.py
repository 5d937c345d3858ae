"""The progress of an edition as a document, for `--json` and the API."""

from datetime import datetime
from typing import Any

from newsletter.models import Edition
from newsletter.sending import progress, refusals


def standing(edition: Edition, now: datetime) -> dict[str, Any]:
    """Return the progress of an edition as a JSON document."""
    counted = progress.counts(edition)
    per_second = progress.rate(edition, now)
    remaining = progress.time_left(counted, per_second)
    return {
        **counted.document(),
        "reason": str(edition.reason) if edition.reason else None,
        "reason_code": edition.reason.code if edition.reason else None,
        "refused_to_send": refusals.refused_to_send(edition),
        "rate": round(per_second, 1),
        "seconds_left": None if remaining is None else remaining.total_seconds(),
        "unknown_deliveries": [
            {
                "number": delivery.number,
                "address": delivery.address,
                "text": str(delivery.reason or ""),
                "reason_code": delivery.reason.code if delivery.reason else None,
                "settled": delivery.settled,
            }
            for delivery in progress.unknown(edition)
        ],
    }
