"""The report of an edition, live while it is being sent, and its removal from the archive."""

from datetime import datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from newsletter.config import Newsletter
from newsletter.editions import public_editions
from newsletter.models import DeliveryStatus, Edition, State
from newsletter.sending import lifecycle
from newsletter.web.desk import charts, formatting
from newsletter.web.desk.edition import departure
from newsletter.web.desk.home.queries import line
from newsletter.web.desk.pages import about, csv_response, edition_of, editor, newsletter_of, page, sentences
from newsletter.web.desk.send import report_queries as queries
from newsletter.web.desk.subscribers.queries import unsubscribed
from subscribers.requests import config_of

MOVING = (State.QUEUED, State.SENDING)
PARTS = ("accepted", "deferred", "unknown", "refused", "skipped")
"""The parts of the bar, each with a colour; what is left is not sent yet."""


def report(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Show the whole page; an edition that has not begun to be sent is shown at its draft."""
    newsletter, edition = newsletter_of(request, name), edition_of(name, period)
    if edition.state in (State.DRAFT, State.APPROVED, State.SKIPPED):
        return redirect("desk:edition", name, period)
    if edition.state == State.IMPORTED:
        return redirect("desk:imported-edition", name, period)
    context = _live(request, edition, newsletter)
    context["removed"] = formatting.moment(edition.removed_from_archive_at, newsletter.zone)
    if edition.began_at and edition.state != State.SENDING:
        context |= _after(edition, newsletter)
    return page(request, "report", context, section="home")


def live(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Show the part that is refreshed during sending; afterwards, the page is loaded again."""
    newsletter, edition = newsletter_of(request, name), edition_of(name, period)
    response = page(request, "_live", _live(request, edition, newsletter))
    shown = request.GET.get("state"), request.GET.get("retries")
    if shown != (None, None) and shown != (edition.state, _retries(queries.next_retry(edition))):
        response["HX-Refresh"] = "true"
    return response


def _retries(next_try: object) -> str:
    """Return the state of the page's buttons, so that it is loaded again once there are no more retries."""
    return "1" if next_try else "0"


def _live(request: HttpRequest, edition: Edition, newsletter: Newsletter) -> dict[str, object]:
    now = queries.live(edition, newsletter)
    counts = now["counts"]
    parts = [(key, getattr(counts, key)) for key in PARTS]
    moving = edition.state in MOVING or bool(now["next_try"] and edition.state == State.SENT)
    figures = ", ".join(f"{figure['text']} {figure['name']}" for figure in now["figures"])
    recipients = departure.count(newsletter, edition) if edition.state == State.QUEUED else counts.audience
    return {
        **about(request, edition, newsletter),
        "line": line(edition, newsletter),
        "live": now,
        "stall": queries.stall(edition, config_of(request)) if moving else None,
        "audience": formatting.subscribers(recipients),
        "moving": moving,
        "retries": _retries(now["next_try"]),
        "skipped": lifecycle.skipped_to_send(edition),
        "every": "2s" if edition.state in MOVING else "30s",
        "share": formatting.share(counts.accepted, counts.audience) if counts.audience else "",
        "accepted": formatting.number(counts.accepted),
        "chart": charts.bar(parts, figures, counts.audience) if counts.audience else "",
    }


def _after(edition: Edition, newsletter: Newsletter) -> dict[str, object]:
    points = queries.over_time(edition)
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
        "domains": queries.domains(edition),
        "refused": queries.replies(edition, DeliveryStatus.REFUSED),
        "unsubscribed": unsubscribed([edition]).get(edition.pk, 0),
        "confirmed": queries.confirmed(edition),
        "came_back": queries.came_back(edition),
        "earlier": queries.earlier(edition, newsletter.zone),
        "most_read": queries.most_read(edition),
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
def archive(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Remove the edition from the archive, or return it; `act` says which."""
    edition, by = edition_of(name, period), editor(request)
    with sentences(request):
        if request.POST.get("act") == "remove":
            public_editions.remove(edition, by=by)
            messages.success(request, _("Removed from the archive."))
        elif request.POST.get("act") == "restore":
            public_editions.restore(edition, by=by)
            messages.success(request, _("It is in the archive again."))
    return redirect("desk:report", name, period)


def report_csv(request: HttpRequest, name: str, period: str) -> StreamingHttpResponse:
    """Show every delivery that was not simply accepted, as CSV; cells that a spreadsheet would calculate are
    defused.
    """
    header = ("address", "outcome", "code", "status", "reply", "at")
    return csv_response(f"{name}-{period}.csv", header, queries.rows(edition_of(name, period)))
