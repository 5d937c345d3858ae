"""What became of an edition: counts, by domain, over time, replies in the servers' words, compared with earlier ones.

Promises: nothing here grows dearer than one scan of what was not accepted; domains are counted by the database.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from newsletter.config import Newsletter
from newsletter.jobs import progress
from newsletter.jobs.audience import addresses
from newsletter.jobs.progress import Counts, Unknown
from newsletter.models import Became, Bounce, Delivery, Edition, Frozen, Result, Retry, State, Tally
from newsletter.web.desk import words
from subscribers.models import Subscription

DOMAINS, REPLIES, UNKNOWN, EARLIER = 15, 20, 50, 6
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
    """Where sending stands at this moment."""

    counts: Counts
    figures: tuple[Figure, ...]
    tried: int
    rate: str
    left: str
    unknown: tuple[Unknown, ...]
    unsettled: int
    next_try: str
    deferred: tuple["Reply", ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """What servers said, and of how many mails."""

    kind: str
    text: str
    count: int


@dataclass(frozen=True, slots=True)
class DomainLine:
    """The mails to one domain."""

    domain: str
    audience: int
    refused: int
    deferred: int


@dataclass(frozen=True, slots=True)
class Earlier:
    """An edition for comparison."""

    edition: Edition
    subject: str
    accepted: str
    refused: str
    unsubscribed: int


def live(edition: Edition, newsletter: Newsletter) -> Live:
    """Counts, rate and time left, and what needs a decision."""
    now, counted = timezone.now(), progress.counts(edition)
    per_second = progress.rate(edition, now) if edition.state == State.SENDING else 0.0
    left = progress.time_left(counted, per_second)
    retry = Retry.objects.filter(edition=edition).order_by("due").values_list("due", flat=True).first()
    unsettled = progress.unsettled(edition)
    return Live(
        counts=counted,
        figures=tuple(figures(counted)),
        tried=counted.audience - counted.pending,
        rate=words.number(round(per_second, 1 if per_second < 10 else 0)) if per_second else "",
        left=words.span(left) if left and per_second else "",
        unknown=tuple(list(progress.unknown(edition, unsettled=True))[:UNKNOWN]) if unsettled else (),
        unsettled=unsettled,
        next_try=words.moment(retry, newsletter.zone) if retry else "",
        deferred=replies(edition, Became.DEFERRED),
    )


def figures(counted: Counts) -> Iterator[Figure]:
    """Each kind of outcome that there is; accepted always."""
    names = {
        "accepted": _("accepted"),
        "pending": _("pending"),
        "deferred": _("deferred"),
        "refused": _("refused"),
        "unknown": _("unknown"),
        "skipped": _("skipped"),
    }
    for key, name in names.items():
        count = getattr(counted, key)
        if count or key == "accepted":
            yield Figure(key, name, count, words.number(count), words.share(count, counted.audience))


def replies(edition: Edition, kind: str) -> tuple[Reply, ...]:
    """The servers' words about the mails of one kind, the most frequent first."""
    rows = _to_look_at(edition).filter(kind=kind).values("kind", "text")
    rows = rows.annotate(n=Count("number")).order_by("-n", "text")
    return tuple(Reply(row["kind"], row["text"] or _("no reply"), row["n"]) for row in rows[:REPLIES])


def _to_look_at(edition: Edition) -> QuerySet[Result]:
    """Outcomes that were not simply accepted; said so that the index of just these is used."""
    return Result.objects.filter(edition=edition).exclude(kind=Became.ACCEPTED)


def domains(edition: Edition) -> list[DomainLine]:
    """The biggest domains of the audience, with what was refused or is deferred there."""
    path, key = "subscription__subscriber__domain", f"domains-{edition.pk}"
    found: list[tuple[str, int]] | None = cache.get(key)
    if found is None:
        held = Delivery.objects.filter(edition=edition).values(path).annotate(n=Count("number")).order_by("-n", path)
        found = [(row[path] or _("forgotten"), row["n"]) for row in held[:DOMAINS]]
        cache.set(key, found, KEPT_SECONDS)
    bad: dict[tuple[str, str], int] = {}
    troubled = _to_look_at(edition).filter(kind__in=(Became.REFUSED, Became.DEFERRED))
    kinds = dict(troubled.values_list("number", "kind")[:100_000])
    named = Delivery.objects.filter(edition=edition, number__in=troubled.values("number"))
    for number, domain in named.values_list("number", path):
        place = (domain or _("forgotten"), kinds.get(number, ""))
        bad[place] = bad.get(place, 0) + 1
    return [DomainLine(d, n, bad.get((d, Became.REFUSED), 0), bad.get((d, Became.DEFERRED), 0)) for d, n in found]


def over_time(edition: Edition) -> list[tuple[datetime, int]]:
    """How many were accepted up to each moment, at most a hundred moments."""
    rows = list(Tally.objects.filter(edition=edition).order_by("at").values_list("at", "accepted"))
    points, total = [], 0
    step = max(1, len(rows) // 100)
    for number, (at, accepted) in enumerate(rows):
        total += accepted
        if number % step == 0 or number == len(rows) - 1:
            points.append((at, total))
    return points


def came_back(edition: Edition) -> list[tuple[str, int]]:
    """How many deliveries bounced, and how many readers complained; only what there is."""
    names = {
        Bounce.Kind.HARD: _("bounced for good"),
        Bounce.Kind.SOFT: _("bounced this time"),
        Bounce.Kind.COMPLAINT: _("complained"),
    }
    rows = Bounce.objects.filter(edition=edition).values("kind").annotate(n=Count("number", distinct=True))
    found = {row["kind"]: row["n"] for row in rows.order_by()}
    return [(name, found[kind]) for kind, name in names.items() if kind in found]


def unsubscribed(editions: Sequence[Edition]) -> dict[int, int]:
    """How many left between each edition's first mail and the next one's, or a week after; in one look."""
    begun = [(edition.pk, edition.began_at) for edition in editions if edition.began_at]
    if not begun:
        return {}
    newsletter, first = editions[0].newsletter, min(began for _pk, began in begun)
    after = Edition.objects.filter(newsletter=newsletter, began_at__gt=first).order_by("began_at")
    starts = [at for at in after.values_list("began_at", flat=True) if at]
    within = {
        f"e{pk}": Count("pk", filter=Q(unsubscribed_at__gte=began, unsubscribed_at__lt=_next(began, starts)))
        for pk, began in begun
    }
    left = Subscription.objects.filter(newsletter=newsletter, unsubscribed_at__gte=first).aggregate(**within)
    return {int(key[1:]): count for key, count in left.items()}


def _next(began: datetime, starts: Sequence[datetime]) -> datetime:
    return next((at for at in starts if at > began), began + timedelta(days=7))


def earlier(edition: Edition) -> list[Earlier]:
    """This edition and those sent before it, newest first; six queries in all."""
    found = Edition.objects.filter(newsletter=edition.newsletter, began_at__isnull=False, until__lte=edition.until)
    editions = list(found.order_by("-until")[:EARLIER])
    sums: dict[int, Mapping[str, int | None]] = {
        row["edition"]: {"accepted": row["accepted_n"], "refused": row["refused_n"]}
        for row in Tally.objects.filter(edition__in=editions)
        .values("edition")
        .annotate(accepted_n=Sum("accepted"), refused_n=Sum("refused"))
    }
    left = unsubscribed(editions)
    subjects = dict(Frozen.objects.filter(edition__in=editions).values_list("edition_id", "subject"))
    lines = []
    for each in editions:
        row = sums.get(each.pk, {})
        audience = each.audience or 0
        accepted = words.share(row.get("accepted") or 0, audience)
        refused = words.share(row.get("refused") or 0, audience)
        lines.append(Earlier(each, subjects.get(each.pk, ""), accepted, refused, left.get(each.pk, 0)))
    return lines


def rows(edition: Edition) -> Iterator[tuple[str, ...]]:
    """Each delivery that was not simply accepted, for the CSV: address, outcome, code, status, words, time."""
    found = _to_look_at(edition).order_by("number")
    page: list[Result] = []
    for row in found.iterator(chunk_size=500):
        page.append(row)
        if len(page) == 500:
            yield from _named(edition, page)
            page = []
    yield from _named(edition, page)


def _named(edition: Edition, page: list[Result]) -> Iterator[tuple[str, ...]]:
    named = addresses(edition, [row.number for row in page])
    for row in page:
        at = datetime.fromtimestamp(row.at, UTC).isoformat(timespec="seconds")
        yield named.get(row.number, ""), row.kind, str(row.code or ""), row.status, row.text, at
