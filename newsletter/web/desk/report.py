"""What becomes, and became, of an edition: live while it is on its way, a report afterwards."""

import csv
from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from newsletter.config import Newsletter
from newsletter.models import Became, Edition, State
from newsletter.web.desk import charts, words
from newsletter.web.desk.pages import edition_of, newsletter_of, page
from newsletter.web.desk.queries import report as queries
from newsletter.web.desk.queries.audience import count as expected
from newsletter.web.desk.queries.overview import line
from subscribers.spreadsheets import harmless

MOVING = (State.QUEUED, State.SENDING)


def report(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """The whole page; an edition that has not begun to be sent is shown at its draft."""
    shown, found = newsletter_of(name), edition_of(name, period)
    if found.state in (State.DRAFT, State.APPROVED, State.SKIPPED):
        return redirect("desk:edition", name, period)
    context = _live(found, shown)
    if found.began_at and found.state != State.SENDING:
        context |= _after(found, shown)
    return page(request, "report", context, section="home")


def live(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """The part that is asked for again while mails leave; when they have left, the page is loaded anew."""
    shown, found = newsletter_of(name), edition_of(name, period)
    response = page(request, "_live", _live(found, shown))
    if request.GET.get("state") not in (None, found.state):
        response["HX-Refresh"] = "true"
    return response


def _live(found: Edition, shown: Newsletter) -> dict[str, object]:
    now = queries.live(found, shown)
    counted = now.counts
    parts = [("bar-a", counted.accepted), ("bar-b", counted.deferred + counted.unknown)]
    parts += [("bar-c", counted.refused), ("track", counted.skipped + counted.pending)]
    said = ", ".join(f"{figure.text} {figure.name}" for figure in now.figures)
    return {
        "newsletter": shown,
        "edition": found,
        "line": line(found, shown),
        "live": now,
        "audience": words.readers(expected(shown) if found.state == State.QUEUED else counted.audience),
        "moving": found.state in MOVING or bool(now.next_try and found.state == State.SENT),
        "every": "2s" if found.state in MOVING else "30s",
        "chart": charts.bar(parts, said) if counted.audience else "",
        "subject": found.frozen.subject if hasattr(found, "frozen") else found.subject,
    }


def _after(found: Edition, shown: Newsletter) -> dict[str, object]:
    points = queries.over_time(found)
    return {
        "curve": charts.curve(points, shown.zone, _("Accepted mails over time")),
        "points": [
            (words.clock(at, shown.zone), words.number(count)) for at, count in points[:: max(1, len(points) // 8)]
        ],
        "domains": queries.domains(found),
        "refused": queries.replies(found, Became.REFUSED),
        "unsubscribed": queries.unsubscribed([found]).get(found.pk, 0),
        "came_back": queries.came_back(found),
        "earlier": queries.earlier(found),
    }


def report_csv(request: HttpRequest, name: str, period: str) -> StreamingHttpResponse:
    """Every delivery that was not simply accepted, as CSV; cells that a spreadsheet would calculate are defused."""
    found = edition_of(name, period)
    response = StreamingHttpResponse(_lines(found), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{period}.csv"'
    return response


class _Echo:
    """What csv.writer writes into: gives each line back."""

    def write(self, line: str) -> str:
        """The line."""
        return line


def _lines(found: Edition) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + str(writer.writerow(("address", "outcome", "code", "status", "reply", "at")))
    for row in queries.rows(found):
        yield str(writer.writerow([harmless(cell) for cell in row]))
