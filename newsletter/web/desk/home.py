"""The first page: what waits for a person, and where each newsletter stands."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from newsletter.jobs import draft as drafting
from newsletter.jobs.problems import JobProblem
from newsletter.jobs.windows import Asked, NoPeriod, bounds
from newsletter.models import Edition, State
from newsletter.web.desk.pages import as_sentence, editor, newsletter_of, page, settings
from newsletter.web.desk.queries import overview

WIDGETS = {"week": "week", "day": "date", "month": "month"}


def home(request: HttpRequest) -> HttpResponse:
    """All newsletters; problems first."""
    now = timezone.now()
    cards = overview.cards(settings(), now)
    context = {"cards": cards, "problems": overview.problems(settings(), cards, now)}
    return page(request, "home", context, section="home")


def newsletter(request: HttpRequest, name: str) -> HttpResponse:
    """All editions of a newsletter, newest first."""
    shown = newsletter_of(name)
    found = Paginator(Edition.objects.filter(newsletter=name).order_by("-until", "-pk"), 25)
    editions = found.get_page(request.GET.get("page"))
    context = {
        "newsletter": shown,
        "lines": [overview.line(edition, shown) for edition in editions],
        "found": editions,
        "widget": WIDGETS[shown.period],
    }
    return page(request, "newsletter", context, section="home")


@require_POST
def draft(request: HttpRequest, name: str) -> HttpResponse:
    """Make or refresh the draft of the next edition, or of the period that was picked."""
    shown = newsletter_of(name)
    try:
        edition = drafting.make(settings(), shown, _asked(request, name), now=timezone.now(), by=editor(request))
    except JobProblem as problem:
        messages.error(request, as_sentence(str(problem)))
        return redirect("desk:newsletter", name)
    if edition.state != State.DRAFT:
        messages.info(request, _("%(name)s is no draft any more.") % {"name": edition.name})
    return redirect("desk:edition", edition.newsletter, edition.period)


def _asked(request: HttpRequest, name: str) -> Asked | None:
    period = request.POST.get("period", "").strip()
    if not period:
        return None
    first, last = bounds(period, newsletter_of(name).zone)
    if first > timezone.now():
        raise NoPeriod(f"{period} has not begun")
    return Asked(until=last, period=period)
