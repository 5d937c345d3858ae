"""Bounces and complaints of each newsletter by the subscribers' domain, counted while reports come, with alarms.

An edition is counted anew only if something was sent or reported since. What was counted is kept when deliveries are
deleted.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from django.db import transaction
from django.db.models import Count, Exists, Max, OuterRef, Q, Sum

from newsletter.config import Config
from newsletter.editions import notices
from newsletter.messages import Message, notices as messages
from newsletter.models import Bounce, Delivery, DeliveryStatus, DomainRate, Edition, Notice, Result, Tally

LOOK_BACK = timedelta(days=60)
"""How long after the beginning of an edition reports about it are counted."""

RECENT = timedelta(days=30)
"""The editions of which alarms take account."""

DOMAINS = 50
DOMAIN = "subscription__subscriber__domain"
LEAST_SENT, LEAST_COMPLAINTS = 200, 3
SAME_AGAIN = timedelta(days=7)
TRIED = (DeliveryStatus.ACCEPTED, DeliveryStatus.REFUSED)


class Alarm(IntEnum):
    """How a share of complaints is judged."""

    NONE = 0
    HIGH = 1
    TOO_HIGH = 2


LIMITS = {Alarm.TOO_HIGH: 0.003, Alarm.HIGH: 0.001}
"""What Gmail and Yahoo publish: stay below 0.1 %, and never reach 0.3 %."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Emails that a server accepted or refused, and of how many subscribers they bounced or were reported as spam."""

    sent: int = 0
    bounced: int = 0
    complained: int = 0

    @property
    def alarm(self) -> Alarm:
        """How the complaints are judged; a few of a few emails say nothing."""
        if self.sent < LEAST_SENT or self.complained < LEAST_COMPLAINTS:
            return Alarm.NONE
        return next((alarm for alarm, limit in LIMITS.items() if self.complained >= limit * self.sent), Alarm.NONE)


def refresh(configuration: Config, now: datetime) -> None:
    """Count the editions of which something is new, and tell editors of too many complaints."""
    recent = Edition.objects.filter(began_at__gt=now - LOOK_BACK, rolled_up_at=None)
    changed = {edition.newsletter for edition in recent.only("newsletter") if _is_new(edition)}
    for edition in recent.filter(newsletter__in=changed).only("newsletter"):
        if _is_new(edition):
            count_edition(edition, now)
    for name in sorted(changed & set(configuration.newsletters)):
        _alert(name, now)


def _is_new(edition: Edition) -> bool:
    counted = edition.rates.aggregate(at=Max("counted_at"))["at"]
    news = (Tally.objects.filter(edition=edition), Bounce.objects.filter(edition=edition))
    return any(rows.filter(at__gte=counted).exists() if counted else rows.exists() for rows in news)


def count_edition(edition: Edition, now: datetime) -> None:
    """Count an edition's emails, bounces and complaints by domain; those beyond the biggest domains together."""
    result = Result.objects.filter(edition_id=OuterRef("edition_id"), number=OuterRef("number"))
    # The condition that looks superfluous is that of the partial index of results.
    refused = Result.objects.filter(edition=edition, kind=DeliveryStatus.REFUSED, code__gt=0)
    refused = refused.exclude(kind=DeliveryStatus.ACCEPTED)
    reports = Bounce.objects.filter(edition=edition)
    bounces = reports.exclude(kind=Bounce.Kind.COMPLAINT).exclude(mail=Bounce.REFUSED)
    complaints = reports.filter(kind=Bounce.Kind.COMPLAINT)
    bounced = Q(number__in=refused.values("number")) | Q(number__in=bounces.values("number"))
    rows = (
        Delivery.objects.filter(edition=edition)
        .values(DOMAIN)
        .annotate(
            sent=Count("number", filter=Exists(result.filter(kind__in=TRIED))),
            bounced=Count("number", filter=bounced),
            complained=Count("number", filter=Q(number__in=complaints.values("number"))),
        )
        .order_by("-sent", DOMAIN)
    )
    counted = [(row[DOMAIN] or "", Rates(row["sent"], row["bounced"], row["complained"])) for row in rows]
    biggest = {domain: rates for domain, rates in counted[:DOMAINS] if domain}
    others = total(rates for domain, rates in counted if domain not in biggest)
    _store(edition, biggest | ({"": others} if others.sent else {}), now)


def total(rates: Iterable[Rates]) -> Rates:
    """Return the sum."""
    summands = list(rates)
    return Rates(sum(r.sent for r in summands), sum(r.bounced for r in summands), sum(r.complained for r in summands))


@transaction.atomic
def _store(edition: Edition, rates_by_domain: dict[str, Rates], now: datetime) -> None:
    edition.rates.all().delete()
    DomainRate.objects.bulk_create(
        DomainRate(
            edition=edition,
            domain=domain,
            sent=rates.sent,
            bounced=rates.bounced,
            complained=rates.complained,
            counted_at=now,
        )
        for domain, rates in rates_by_domain.items()
    )


def by_domain(newsletter: str, since: datetime) -> dict[str, Rates]:
    """Return the rates of a newsletter's editions that began since then, by domain, that with the most emails first."""
    rows = DomainRate.objects.filter(edition__newsletter=newsletter, edition__began_at__gt=since)
    sums = rows.values("domain").annotate(s=Sum("sent"), b=Sum("bounced"), c=Sum("complained")).order_by("-s", "domain")
    return {row["domain"]: Rates(row["s"], row["b"], row["c"]) for row in sums}


def _alert(newsletter: str, now: datetime) -> None:
    """Tell the editors of too many complaints, once a week for each newsletter or domain and each limit."""
    counted = by_domain(newsletter, now - RECENT)
    whole = total(counted.values())
    if whole.alarm:
        _tell(newsletter, whole, messages.MANY_COMPLAINTS(**_figures(whole)), now)
        return
    for domain, rates in counted.items():
        if domain and rates.alarm:
            _tell(newsletter, rates, messages.MANY_COMPLAINTS_AT(domain=domain, **_figures(rates)), now)


def _figures(rates: Rates) -> dict[str, int | float]:
    share = round(100 * rates.complained / rates.sent, 2)
    return {"complained": rates.complained, "sent": rates.sent, "share": share, "days": RECENT.days}


def _tell(newsletter: str, rates: Rates, text: Message, now: datetime) -> None:
    notices_sent = Notice.objects.filter(newsletter=newsletter, kind=notices.COMPLAINTS, at__gt=now - SAME_AGAIN)
    texts = [row.text for row in notices_sent if row.text.code == text.code and _domain(row.text) == _domain(text)]
    if not any(_alarm_of(text) >= rates.alarm for text in texts):
        notices.tell(newsletter, notices.COMPLAINTS, text, now)


def _domain(text: Message) -> object:
    return dict(text.params).get("domain")


def _alarm_of(text: Message) -> Alarm:
    return Rates(sent=int(str(text.param("sent"))), complained=int(str(text.param("complained")))).alarm
