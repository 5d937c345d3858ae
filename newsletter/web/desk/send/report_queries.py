"""Queries for the report of an edition: counts, by domain, over time, servers' replies, compared with earlier ones.

Promises: nothing here grows dearer than one scan of what was not accepted; domains are counted by the database.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from django.core.cache import cache
from django.db.models import Count, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from newsletter import supervision
from newsletter.bounces import webhook_events
from newsletter.config import Config, Newsletter
from newsletter.messages import Message, from_text
from newsletter.models import (
    ApprovedContent,
    Bounce,
    CountedLink,
    Delivery,
    DeliveryStatus,
    DomainRate,
    Edition,
    Result,
    Retry,
    State,
    Tally,
    WebhookEvent,
)
from newsletter.sending import progress
from newsletter.sending.audience import addresses
from newsletter.sending.progress import Counts, UnknownDelivery
from newsletter.sending.safeguards.stalls import stalls
from newsletter.web.desk import formatting
from newsletter.web.desk.subscribers.unsubscribes import unsubscribed

DOMAINS, REPLIES, UNKNOWN, EARLIER, LINKS = 15, 20, 50, 6, 30
REPLIES_READ = 500
ADDRESS = re.compile(r"[^\s<>()\[\]:;,@]{1,64}@")
KEPT_SECONDS = 3600  # an audience is frozen: only forgetting somebody changes it


@dataclass(frozen=True, slots=True)
class Figure:
    """A count with its name and its share of the audience."""

    key: str
    name: str
    count: int
    text: str
    share: str


@dataclass(frozen=True, slots=True)
class Live:
    """The progress of sending at this moment."""

    counts: Counts
    figures: tuple[Figure, ...]
    tried: int
    rate: str
    left: str
    unknown: tuple[UnknownDelivery, ...]
    unsettled: int
    next_try: str
    deferred: tuple["ServerReply", ...]


@dataclass(frozen=True, slots=True)
class ServerReply:
    """A reply of mail servers, and the number of emails that got it."""

    kind: str
    text: str
    count: int


@dataclass(frozen=True, slots=True)
class DomainLine:
    """The emails to one domain."""

    domain: str
    audience: int
    refused: int
    deferred: int
    bounced: int = 0
    complained: int = 0


@dataclass(frozen=True, slots=True)
class Earlier:
    """An edition for comparison."""

    edition: Edition
    subject: str
    period: str
    accepted: str
    refused: str
    unsubscribed: int


@dataclass(frozen=True, slots=True)
class ReadLink:
    """A link of the email with the number of its clicks."""

    title: str
    address: str
    clicks: int


def live(edition: Edition, newsletter: Newsletter) -> Live:
    """Return counts, rate and time left, and what needs a decision."""
    now, counted = timezone.now(), progress.counts(edition)
    per_second = progress.rate(edition, now) if edition.state == State.SENDING else 0.0
    left = progress.time_left(counted, per_second)
    retry = next_retry(edition)
    unsettled = progress.unsettled(edition)
    return Live(
        counts=counted,
        figures=tuple(figures(counted)),
        tried=counted.audience - counted.pending,
        rate=formatting.number(round(per_second, 1 if per_second < 10 else 0)) if per_second else "",
        left=formatting.span(left) if left and per_second else "",
        unknown=tuple(list(progress.unknown(edition, unsettled=True))[:UNKNOWN]) if unsettled else (),
        unsettled=unsettled,
        next_try=formatting.moment(retry, newsletter.zone) if retry else "",
        deferred=replies(edition, DeliveryStatus.DEFERRED),
    )


def stall(edition: Edition, config: Config) -> Message | None:
    """Return the message about an edition that has stalled, or of which most is deferred; otherwise None."""
    quiet = timedelta(seconds=supervision.current().periods.quiet)
    stalled = stalls(config, timezone.now(), quiet)
    return next((each.message for each in stalled if each.edition == edition.name), None)


def next_retry(edition: Edition) -> datetime | None:
    """Return when the first of the deferred deliveries is tried again."""
    return Retry.objects.filter(edition=edition).order_by("due").values_list("due", flat=True).first()


def figures(counted: Counts) -> Iterator[Figure]:
    """Yield each kind of outcome that there is; accepted always."""
    for key, name in formatting.outcomes().items():
        count = getattr(counted, key)
        if count or key == "accepted":
            yield Figure(key, name, count, formatting.number(count), formatting.share(count, counted.audience))


def replies(edition: Edition, kind: str) -> tuple[ServerReply, ...]:
    """Return the servers' replies of one kind, the most frequent first, with addresses shortened."""
    rows = _to_look_at(edition).filter(kind=kind).values("kind", "text")
    rows = rows.annotate(n=Count("number")).order_by("-n", "text")
    counted: Counter[str] = Counter()
    for row in rows[:REPLIES_READ]:
        reply = from_text(row["text"])
        counted[formatting.message(reply.changed(_masked)) if reply else _("no reply")] += row["n"]
    return tuple(ServerReply(kind, text, count) for text, count in counted.most_common(REPLIES))


def _masked(text: str) -> str:
    return ADDRESS.sub("…@", text)


def _to_look_at(edition: Edition) -> QuerySet[Result]:
    """Outcomes that were not simply accepted; said so that the index of just these is used."""
    return Result.objects.filter(edition=edition).exclude(kind=DeliveryStatus.ACCEPTED)


def domains(edition: Edition) -> list[DomainLine]:
    """Return the biggest domains of the audience, with what was refused or is deferred there."""
    path, key = "subscription__subscriber__domain", f"domains-{edition.pk}"
    counted: list[tuple[str, int]] | None = cache.get(key)
    if counted is None:
        grouped = Delivery.objects.filter(edition=edition).values(path).annotate(n=Count("number")).order_by("-n", path)
        counted = [(row[path] or _("erased"), row["n"]) for row in grouped[:DOMAINS]]
        cache.set(key, counted, KEPT_SECONDS)
    bad: dict[tuple[str, str], int] = {}
    troubled = _to_look_at(edition).filter(kind__in=(DeliveryStatus.REFUSED, DeliveryStatus.DEFERRED))
    kinds = dict(troubled.values_list("number", "kind")[:100_000])
    named = Delivery.objects.filter(edition=edition, number__in=troubled.values("number"))
    for number, domain in named.values_list("number", path):
        place = (domain or _("erased"), kinds.get(number, ""))
        bad[place] = bad.get(place, 0) + 1
    back = {row.domain: row for row in edition.rates.all()}
    return [_domain_line(domain, n, bad, back.get(domain)) for domain, n in counted]


def _domain_line(domain: str, n: int, bad: Mapping[tuple[str, str], int], rate: DomainRate | None) -> DomainLine:
    refused, deferred = (bad.get((domain, kind), 0) for kind in (DeliveryStatus.REFUSED, DeliveryStatus.DEFERRED))
    return DomainLine(
        domain, n, refused, deferred, max(0, rate.bounced - refused) if rate else 0, rate.complained if rate else 0
    )


def most_read(edition: Edition) -> list[ReadLink]:
    """Return the links of an edition that were clicked most, named after their posts; [] if its links aren't
    counted.
    """
    titles = dict(edition.entries.exclude(title="").values_list("post_id", "title"))
    rows = CountedLink.objects.filter(content__edition=edition).select_related("post").order_by("-clicks", "pk")
    named = ((titles.get(row.post_id or 0) or (row.post.title if row.post else ""), row) for row in rows[:LINKS])
    return [ReadLink(title or row.address, row.address, row.clicks) for title, row in named]


def over_time(edition: Edition) -> list[tuple[datetime, int]]:
    """Return how many were accepted up to each moment, at most a hundred moments."""
    rows = list(Tally.objects.filter(edition=edition).order_by("at").values_list("at", "accepted"))
    points, total = [], 0
    step = max(1, len(rows) // 100)
    for number, (at, accepted) in enumerate(rows):
        total += accepted
        if number % step == 0 or number == len(rows) - 1:
            points.append((at, total))
    return points


def came_back(edition: Edition) -> list[tuple[str, int]]:
    """Return how many deliveries bounced, and how many readers complained; only what there is."""
    names = {
        Bounce.Kind.HARD: _("hard bounces"),
        Bounce.Kind.SOFT: _("soft bounces"),
        Bounce.Kind.COMPLAINT: _("spam complaints"),
    }
    rows = Bounce.objects.filter(edition=edition).values("kind").annotate(n=Count("number", distinct=True))
    counted = {row["kind"]: row["n"] for row in rows.order_by()}
    return [(name, counted[kind]) for kind, name in names.items() if kind in counted]


def confirmed(edition: Edition) -> list[tuple[str, int]]:
    """Return what email services reported of the emails by webhooks; only what there is."""
    names = {
        WebhookEvent.Kind.DELIVERED: _("delivered, says the email service"),
        WebhookEvent.Kind.DEFERRED: _("still being tried by the email service"),
    }
    counted = webhook_events.counts(edition)
    return [(name, counted[kind]) for kind, name in names.items() if counted.get(kind)]


def earlier(edition: Edition, zone: tzinfo) -> list[Earlier]:
    """Return this edition and those sent before it, newest first; six queries in all."""
    begun = Edition.objects.filter(newsletter=edition.newsletter, began_at__isnull=False, until__lte=edition.until)
    earlier_editions = begun.filter(welcome=edition.welcome_id)
    editions = list(earlier_editions.order_by("-until")[:EARLIER])
    sums: dict[int, Mapping[str, int | None]] = {
        row["edition"]: {"accepted": row["accepted_n"], "refused": row["refused_n"]}
        for row in Tally.objects.filter(edition__in=editions)
        .values("edition")
        .annotate(accepted_n=Sum("accepted"), refused_n=Sum("refused"))
    }
    left = unsubscribed(editions)
    subjects = dict(ApprovedContent.objects.filter(edition__in=editions).values_list("edition_id", "subject"))
    lines = []
    for each in editions:
        row = sums.get(each.pk, {})
        audience = each.audience or 0
        accepted = formatting.share(row.get("accepted") or 0, audience)
        refused = formatting.share(row.get("refused") or 0, audience)
        subject, period = subjects.get(each.pk, ""), formatting.period(each, zone)
        lines.append(Earlier(each, subject, period, accepted, refused, left.get(each.pk, 0)))
    return lines


def rows(edition: Edition) -> Iterator[tuple[str, ...]]:
    """Yield each delivery that was not simply accepted, for the CSV: address, outcome, code, status, words, time."""
    results = _to_look_at(edition).order_by("number")
    page: list[Result] = []
    for row in results.iterator(chunk_size=500):
        page.append(row)
        if len(page) == 500:
            yield from _named(edition, page)
            page = []
    yield from _named(edition, page)


def _named(edition: Edition, page: list[Result]) -> Iterator[tuple[str, ...]]:
    named = addresses(edition, [row.number for row in page])
    for row in page:
        at = datetime.fromtimestamp(row.at, UTC).isoformat(timespec="seconds")
        yield named.get(row.number, ""), row.kind, str(row.code or ""), row.status, formatting.stored(row.text), at
