"""Everything that is stored about a person, and about an address that is blocked (GDPR articles 15 and 20)."""

from datetime import datetime
from typing import Any, cast

from django.db.models import Prefetch

from newsletter.domain.picks import names_in
from subscribers.models import Consent, Import, RefusedLine, Subscriber, Suppression, data_requested
from subscribers.personal_fields import personal_values, undeclared_values


def personal_data_of(subscriber: Subscriber) -> dict[str, Any]:
    """Return everything stored about a person (GDPR articles 15 and 20)."""
    data = _own_data(subscriber)
    for _receiver, data_of_receiver in data_requested.send(Subscriber, subscriber=subscriber.pk):
        data.update(cast("dict[str, Any]", data_of_receiver))
    return data


def _own_data(subscriber: Subscriber) -> dict[str, Any]:
    consents = Prefetch("consents", Consent.objects.order_by("at"))
    return {
        "address": subscriber.address,
        **personal_values(subscriber),
        **undeclared_values(subscriber),
        "created": subscriber.created.isoformat(),
        "moved_at": _iso(subscriber.moved_at),
        "subscriptions": [
            {
                "newsletter": s.newsletter,
                "state": s.state,
                "created": s.created.isoformat(),
                "imported": Import.objects.filter(pk=s.imported or 0).values_list("file", flat=True).first(),
                "cadence": s.cadence,
                "topics": list(names_in(s.topics)),
                "earlier_topics": [
                    {"until": _iso(change.at), "topics": list(names_in(change.before))}
                    for change in s.topic_changes.order_by("at")
                ],
                "paused_until": s.paused_until.isoformat() if s.paused_until else None,
                "tags": list(s.tags),
                "joined": _iso(s.joined),
                "welcome_from": _iso(s.welcome_from),
                "heard_at": _iso(s.heard_at),
                "asked_at": _iso(s.asked_at),
                "unsubscribed_at": _iso(s.unsubscribed_at),
                "reason": s.reason,
                "consents": [_consent(c) for c in s.consents.all()],
            }
            for s in subscriber.subscriptions.order_by("newsletter").prefetch_related(consents)
        ],
        "letters": [
            {"kind": email.kind, "newsletter": email.newsletter, "sent_at": _iso(email.sent_at)}
            for email in subscriber.transactional_emails.order_by("created")
        ],
        "suppressions": suppressions_of(subscriber.key),
        "refused_lines": [
            {"imported": row.of.file, "at": row.of.at.isoformat(), "line": row.line}
            for row in RefusedLine.objects.filter(key=subscriber.key).select_related("of").order_by("pk")
        ],
    }


def suppressions_of(key: str) -> list[dict[str, Any]]:
    """Return what is stored about a blocked address, given as its key, or about its domain."""
    return [
        {"kind": row.kind, "reason": row.reason, "at": row.at.isoformat(), "note": row.note}
        for row in Suppression.objects.covering(key)
    ]


def _consent(consent: Consent) -> dict[str, Any]:
    return {
        "how": consent.how,
        "wording": consent.wording,
        "text": consent.text,
        "language": consent.language,
        "at": consent.at.isoformat(),
        "network": consent.network,
        "page": consent.page,
        "cadence": consent.cadence,
        "topics": list(names_in(consent.topics)),
        "confirmed_at": _iso(consent.confirmed_at),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
