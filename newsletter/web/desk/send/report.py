"""The report of an edition, live while it is being sent."""

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from newsletter.config import Newsletter
from newsletter.models import DeliveryStatus, Edition, State
from newsletter.sending import lifecycle
from newsletter.web.desk import charts, formatting
from newsletter.web.desk.edition.recipients import count as expected
from newsletter.web.desk.home.queries import line
from newsletter.web.desk.pages import about, edition_of, newsletter_of, page
from newsletter.web.desk.send import report_queries as queries
from newsletter.web.desk.subscribers.unsubscribes import unsubscribed
from subscribers.requests import config_of
from subscribers.spreadsheets import escape_formulas

MOVING = (State.QUEUED, State.SENDING)
PARTS = ("accepted", "deferred", "unknown", "refused", "skipped")
"""The parts of the bar, each with a colour; what is left is not sent yet."""


def report(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Show the whole page; an edition that has not begun to be sent is shown at its draft."""
    shown, found = newsletter_of(request, name), edition_of(name, period)
    if found.state in (State.DRAFT, State.APPROVED, State.SKIPPED):
        return redirect("desk:edition", name, period)
    context = _live(request, found, shown)
    context["removed"] = formatting.moment(found.removed_from_archive_at, shown.zone)
    if found.began_at and found.state != State.SENDING:
        context |= _after(found, shown)
    return page(request, "report", context, section="home")


def live(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Show the part that is refreshed during sending; afterwards, the page is loaded again."""
    shown, found = newsletter_of(request, name), edition_of(name, period)
    response = page(request, "_live", _live(request, found, shown))
    stood = request.GET.get("state"), request.GET.get("retries")
    if stood != (None, None) and stood != (found.state, _retries(queries.next_retry(found))):
        response["HX-Refresh"] = "true"
    return response


def _retries(next_try: object) -> str:
    """Return the state of the page's buttons, so that it is loaded again once there are no more retries."""
    return "1" if next_try else "0"


def _live(request: HttpRequest, found: Edition, shown: Newsletter) -> dict[str, object]:
    now = queries.live(found, shown)
    counted = now.counts
    parts = [(key, getattr(counted, key)) for key in PARTS]
    moving = found.state in MOVING or bool(now.next_try and found.state == State.SENT)
    said = ", ".join(f"{figure.text} {figure.name}" for figure in now.figures)
    return {
        **about(request, found, shown),
        "line": line(found, shown),
        "live": now,
        "stall": queries.stall(found, config_of(request)) if moving else None,
        "audience": formatting.readers(expected(shown, found) if found.state == State.QUEUED else counted.audience),
        "moving": moving,
        "retries": _retries(now.next_try),
        "skipped": lifecycle.skipped_to_send(found),
        "every": "2s" if found.state in MOVING else "30s",
        "share": formatting.share(counted.accepted, counted.audience) if counted.audience else "",
        "accepted": formatting.number(counted.accepted),
        "chart": charts.bar(parts, said, counted.audience) if counted.audience else "",
    }


def _after(found: Edition, shown: Newsletter) -> dict[str, object]:
    points = queries.over_time(found)
    began, whole = found.began_at or found.queued_at or found.created_at, found.audience or 0
    pace = _pace(points, began, whole, shown)
    title = " ".join((_("Emails accepted over time"), pace))
    return {
        "curve": charts.progress(points, began, whole, shown.zone, title),
        "pace": pace,
        "points": [
            (formatting.clock(at, shown.zone), formatting.number(count))
            for at, count in points[:: max(1, len(points) // 8)]
        ],
        "domains": queries.domains(found),
        "refused": queries.replies(found, DeliveryStatus.REFUSED),
        "unsubscribed": unsubscribed([found]).get(found.pk, 0),
        "confirmed": queries.confirmed(found),
        "came_back": queries.came_back(found),
        "earlier": queries.earlier(found),
        "most_read": queries.most_read(found),
    }


def _pace(points: list[tuple[datetime, int]], began: datetime, whole: int, shown: Newsletter) -> str:
    """Return in a sentence how many emails were accepted, in what time, and when the last one was; "" for none."""
    if not points or not points[-1][1]:
        return ""
    last, count = points[-1]
    length = max(last - began, timedelta(seconds=1))
    figures = {"accepted": formatting.number(count), "whole": formatting.number(whole)}
    when = {"span": formatting.span(length), "at": formatting.moment(last, shown.zone)}
    return _("%(accepted)s of %(whole)s emails accepted in %(span)s, the last one %(at)s.") % {**figures, **when}


def report_csv(request: HttpRequest, name: str, period: str) -> StreamingHttpResponse:
    """Show every delivery that was not simply accepted, as CSV; cells that a spreadsheet would calculate are
    defused.
    """
    found = edition_of(name, period)
    response = StreamingHttpResponse(_lines(found), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{period}.csv"'
    return response


class _Echo:
    """What csv.writer writes into: gives each line back."""

    def write(self, line: str) -> str:
        """Return the line of the report."""
        return line


def _lines(found: Edition) -> Iterator[str]:
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL)
    yield "\ufeff" + str(writer.writerow(("address", "outcome", "code", "status", "reply", "at")))
    for row in queries.rows(found):
        yield str(writer.writerow([escape_formulas(cell) for cell in row]))
