"""The report of an edition, live while it is being sent, and its removal from the archive.

Promises: nothing here grows dearer than one scan of what was not accepted; domains are counted by the database.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import accumulate, islice
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from newsletter import supervision
from newsletter.bounces import webhook_events
from newsletter.config import Config, Newsletter
from newsletter.editions import public_editions
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
from newsletter.sending import progress, refusals, resending
from newsletter.sending.audience import addresses
from newsletter.sending.progress import Counts
from newsletter.sending.safeguards.stalls import stalls
from newsletter.web.desk import charts, formatting
from newsletter.web.desk.edition import departure
from newsletter.web.desk.home.queries import line
from newsletter.web.desk.pages import about, csv_response, editor, page, sentences
from newsletter.web.desk.subscribers.queries import unsubscribed
from subscribers.requests import config_of

MOVING = (State.QUEUED, State.SENDING)
PARTS = ("accepted", "deferred", "unknown", "refused", "skipped")
"""The parts of the bar, each with a colour; what is left is not sent yet."""
DOMAINS, REPLIES, UNKNOWN, EARLIER, LINKS = 15, 20, 50, 6, 30
REPLIES_READ = ROWS_READ = 500
ADDRESS = re.compile(r"[^\s<>()\[\]:;,@]{1,64}@")
KEPT_SECONDS = 3600  # an audience is frozen: only forgetting somebody changes it


def report(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Show the whole page; an edition that has not begun to be sent is shown at its draft."""
    if edition.state in (State.DRAFT, State.APPROVED, State.SKIPPED):
        return redirect("desk:edition", newsletter.name, edition.period)
    if edition.state == State.IMPORTED:
        return redirect("desk:imported-edition", newsletter.name, edition.period)
    context = _live(request, edition, newsletter)
    if edition.state == State.PAUSED:
        context["refused_to_send"] = refusals.refused_to_send(edition)
    context["removed"] = formatting.moment(edition.removed_from_archive_at, newsletter.zone)
    if edition.began_at and edition.state != State.SENDING:
        context |= _after(edition, newsletter)
    return page(request, "report", context, section="home")


def live(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Show the part that is refreshed during sending; afterwards, the page is loaded again."""
    response = page(request, "_live", _live(request, edition, newsletter))
    on_page = request.GET.get("state"), request.GET.get("retries")
    if on_page != (None, None) and on_page != (edition.state, _retries(next_retry(edition))):
        response["HX-Refresh"] = "true"
    return response


def _retries(next_try: object) -> str:
    """Return the state of the page's buttons, so that it is loaded again once there are no more retries."""
    return "1" if next_try else "0"


def _live(request: HttpRequest, edition: Edition, newsletter: Newsletter) -> dict[str, object]:
    now = progress_of(edition, newsletter)
    counts = now["counts"]
    parts = [(key, getattr(counts, key)) for key in PARTS]
    moving = edition.state in MOVING or bool(now["next_try"] and edition.state == State.SENT)
    figures = ", ".join(f"{figure['text']} {figure['name']}" for figure in now["figures"])
    recipients = departure.count(newsletter, edition) if edition.state == State.QUEUED else counts.audience
    return {
        **about(request, edition, newsletter),
        "line": line(edition, newsletter),
        "live": now,
        "stall": stall(edition, config_of(request)) if moving else None,
        "audience": formatting.subscribers(recipients),
        "moving": moving,
        "retries": _retries(now["next_try"]),
        "missed": resending.missed(edition),
        "every": "2s" if edition.state in MOVING else "30s",
        "share": formatting.share(counts.accepted, counts.audience) if counts.audience else "",
        "accepted": formatting.number(counts.accepted),
        "chart": charts.bar(parts, figures, counts.audience) if counts.audience else "",
    }


def _after(edition: Edition, newsletter: Newsletter) -> dict[str, object]:
    points = over_time(edition)
    began, whole = edition.began_at or edition.queued_at or edition.created_at, edition.audience or 0
    pace = _pace(points, began, whole, newsletter)
    title = " ".join((_("Emails accepted over time"), pace))
    return {
        "curve": charts.progress(points, began, whole, newsletter.zone, title),
        "pace": pace,
        "points": [
            (formatting.clock(at, newsletter.zone), formatting.number(count))
            for at, count in points[:: max(1, len(points) // 8)]
        ],
        "domains": domains(edition),
        "refused": replies(edition, DeliveryStatus.REFUSED),
        "unsubscribed": unsubscribed([edition]).get(edition.pk, 0),
        "confirmed": confirmed(edition),
        "came_back": came_back(edition),
        "earlier": earlier(edition, newsletter.zone),
        "most_read": most_read(edition),
    }


def _pace(points: list[tuple[datetime, int]], began: datetime, whole: int, newsletter: Newsletter) -> str:
    """Return in a sentence how many emails were accepted, in what time, and when the last one was; "" for none."""
    if not points or not points[-1][1]:
        return ""
    last_at, count = points[-1]
    return _("%(accepted)s of %(whole)s emails accepted in %(span)s, the last one %(at)s.") % {
        "accepted": formatting.number(count),
        "whole": formatting.number(whole),
        "span": formatting.span(max(last_at - began, timedelta(seconds=1))),
        "at": formatting.moment(last_at, newsletter.zone),
    }


@require_POST
def archive(request: HttpRequest, newsletter: Newsletter, edition: Edition) -> HttpResponse:
    """Remove the edition from the archive, or return it; `act` says which."""
    with sentences(request):
        if request.POST.get("act") == "remove":
            public_editions.remove(edition, by=editor(request))
            messages.success(request, _("Removed from the archive."))
        elif request.POST.get("act") == "restore":
            public_editions.restore(edition, by=editor(request))
            messages.success(request, _("It is in the archive again."))
    return redirect("desk:report", newsletter.name, edition.period)


def report_csv(_request: HttpRequest, newsletter: Newsletter, edition: Edition) -> StreamingHttpResponse:
    """Show every delivery that was not simply accepted, as CSV; cells that a spreadsheet would calculate are
    defused.
    """
    header = ("address", "outcome", "code", "status", "reply", "at")
    return csv_response(f"{newsletter.name}-{edition.period}.csv", header, _csv_rows(edition))


def progress_of(edition: Edition, newsletter: Newsletter) -> dict[str, Any]:
    """Return the progress of sending: counts, rate and time left, and what needs a decision."""
    now, counts = timezone.now(), progress.counts(edition)
    per_second = progress.rate(edition, now) if edition.state == State.SENDING else 0.0
    left = progress.time_left(counts, per_second)
    unsettled = progress.unsettled(edition)
    return {
        "counts": counts,
        "figures": _figures(counts),
        "rate": formatting.number(round(per_second, 1 if per_second < 10 else 0)) if per_second else "",
        "left": formatting.span(left) if left and per_second else "",
        "unknown": list(progress.unknown(edition, unsettled=True))[:UNKNOWN] if unsettled else [],
        "unsettled": unsettled,
        "next_try": formatting.moment(next_retry(edition), newsletter.zone),
        "deferred": replies(edition, DeliveryStatus.DEFERRED),
    }


def stall(edition: Edition, config: Config) -> Message | None:
    """Return the message about an edition that has stalled, or of which most is deferred; otherwise None."""
    quiet = timedelta(seconds=supervision.current().periods.quiet)
    return next(
        (stall.message for stall in stalls(config, timezone.now(), quiet) if stall.edition == edition.name), None
    )


def next_retry(edition: Edition) -> datetime | None:
    """Return when the first of the deferred deliveries is tried again."""
    return Retry.objects.filter(edition=edition).order_by("due").values_list("due", flat=True).first()


def _figures(counts: Counts) -> list[dict[str, str]]:
    """Return each kind of outcome that there is, with its share of the audience; accepted always."""
    return [
        {
            "key": key,
            "name": name,
            "text": formatting.number(count),
            "share": formatting.share(count, counts.audience),
        }
        for key, name in formatting.outcomes().items()
        if (count := getattr(counts, key)) or key == "accepted"
    ]


def replies(edition: Edition, kind: str) -> list[dict[str, object]]:
    """Return the servers' replies of one kind with the numbers of emails that got them, the most frequent first.

    Addresses in them are shortened.
    """
    replies_of_kind = _to_look_at(edition).filter(kind=kind).values("kind", "text")
    grouped = replies_of_kind.annotate(n=Count("number")).order_by("-n", "text")
    counted: Counter[str] = Counter()
    for row in grouped[:REPLIES_READ]:
        reply = from_text(row["text"])
        counted[
            formatting.message(reply.changed(lambda words: ADDRESS.sub("…@", words))) if reply else _("no reply")
        ] += row["n"]
    return [{"text": text, "count": count} for text, count in counted.most_common(REPLIES)]


def _to_look_at(edition: Edition) -> QuerySet[Result]:
    """Outcomes that were not simply accepted; said so that the index of just these is used."""
    return Result.objects.filter(edition=edition).exclude(kind=DeliveryStatus.ACCEPTED)


def domains(edition: Edition) -> list[dict[str, object]]:
    """Return the biggest domains of the audience, with what was refused, is deferred or bounced later there."""
    path, key = "subscription__subscriber__domain", f"domains-{edition.pk}"
    counted: list[tuple[str, int]] | None = cache.get(key)
    if counted is None:
        grouped = Delivery.objects.filter(edition=edition).values(path).annotate(n=Count("number")).order_by("-n", path)
        counted = [(row[path] or _("erased"), row["n"]) for row in grouped[:DOMAINS]]
        cache.set(key, counted, KEPT_SECONDS)
    troubled = _to_look_at(edition).filter(kind__in=(DeliveryStatus.REFUSED, DeliveryStatus.DEFERRED))
    kinds = dict(troubled.values_list("number", "kind")[:100_000])
    named = Delivery.objects.filter(edition=edition, number__in=troubled.values("number"))
    bad = Counter(
        (domain or _("erased"), kinds.get(number, "")) for number, domain in named.values_list("number", path)
    )
    rates = {rate.domain: rate for rate in edition.rates.all()}
    return [_domain_line(domain, n, bad, rates.get(domain)) for domain, n in counted]


def _domain_line(
    domain: str, audience: int, bad: Mapping[tuple[str, str], int], rate: DomainRate | None
) -> dict[str, object]:
    refused = bad.get((domain, DeliveryStatus.REFUSED), 0)
    return {
        "domain": domain,
        "audience": audience,
        "refused": refused,
        "deferred": bad.get((domain, DeliveryStatus.DEFERRED), 0),
        "bounced": max(0, rate.bounced - refused) if rate else 0,
        "complained": rate.complained if rate else 0,
    }


def most_read(edition: Edition) -> list[dict[str, object]]:
    """Return the links of an edition that were clicked most, named after their posts; [] if its links aren't
    counted.
    """
    titles = dict(edition.entries.exclude(title="").values_list("post_id", "title"))
    links = CountedLink.objects.filter(content__edition=edition).select_related("post").order_by("-clicks", "pk")
    return [
        {
            "title": titles.get(link.post_id or 0) or (link.post and link.post.title) or link.address,
            "address": link.address,
            "clicks": link.clicks,
        }
        for link in links[:LINKS]
    ]


def over_time(edition: Edition) -> list[tuple[datetime, int]]:
    """Return how many were accepted up to each moment, at most a hundred moments."""
    tallies = list(Tally.objects.filter(edition=edition).order_by("at").values_list("at", "accepted"))
    totals = list(accumulate(accepted for _at, accepted in tallies))
    step, last = max(1, len(tallies) // 100), len(tallies) - 1
    return [(at, totals[n]) for n, (at, _accepted) in enumerate(tallies) if n % step == 0 or n == last]


def came_back(edition: Edition) -> list[tuple[str, int]]:
    """Return how many deliveries bounced, and how many subscribers complained; only what there is."""
    names = {
        Bounce.Kind.HARD: _("hard bounces"),
        Bounce.Kind.SOFT: _("soft bounces"),
        Bounce.Kind.COMPLAINT: _("spam complaints"),
    }
    grouped = Bounce.objects.filter(edition=edition).values("kind").annotate(n=Count("number", distinct=True))
    counted = {row["kind"]: row["n"] for row in grouped.order_by()}
    return [(name, counted[kind]) for kind, name in names.items() if kind in counted]


def confirmed(edition: Edition) -> list[tuple[str, int]]:
    """Return what email services reported of the emails by webhooks; only what there is."""
    names = {
        WebhookEvent.Kind.DELIVERED: _("delivered, says the email service"),
        WebhookEvent.Kind.DEFERRED: _("still being tried by the email service"),
    }
    counted = webhook_events.counts(edition)
    return [(name, counted[kind]) for kind, name in names.items() if counted.get(kind)]


def earlier(edition: Edition, zone: tzinfo) -> list[dict[str, object]]:
    """Return this edition and those sent before it, newest first; six queries in all."""
    begun = Edition.objects.filter(newsletter=edition.newsletter, began_at__isnull=False, until__lte=edition.until)
    editions = list(begun.filter(welcome=edition.welcome_id).order_by("-until")[:EARLIER])
    tallies = Tally.objects.filter(edition__in=editions).values_list("edition")
    sums = {pk: counts for pk, *counts in tallies.annotate(Sum("accepted"), Sum("refused"))}
    left = unsubscribed(editions)
    subjects = dict(ApprovedContent.objects.filter(edition__in=editions).values_list("edition_id", "subject"))
    lines = []
    for sent in editions:
        accepted, refused = (formatting.share(n or 0, sent.audience or 0) for n in sums.get(sent.pk, (0, 0)))
        lines.append(
            {
                "edition": sent,
                "subject": subjects.get(sent.pk, ""),
                "period": formatting.period(sent, zone),
                "accepted": accepted,
                "refused": refused,
                "unsubscribed": left.get(sent.pk, 0),
            }
        )
    return lines


def _csv_rows(edition: Edition) -> Iterator[tuple[str, ...]]:
    """Yield each delivery that was not simply accepted, for the CSV: address, outcome, code, status, words, time."""
    results = _to_look_at(edition).order_by("number").iterator(chunk_size=ROWS_READ)
    while batch := list(islice(results, ROWS_READ)):
        yield from _named(edition, batch)


def _named(edition: Edition, batch: list[Result]) -> Iterator[tuple[str, ...]]:
    recipients = addresses(edition, [row.number for row in batch])
    for row in batch:
        at = datetime.fromtimestamp(row.at, UTC).isoformat(timespec="seconds")
        yield recipients.get(row.number, ""), row.kind, str(row.code or ""), row.status, formatting.stored(row.text), at
