"""The first page: what needs attention, and the state of each newsletter."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from newsletter import config
from newsletter.editions.titles import subjects
from newsletter.models import Edition
from newsletter.web.desk import formatting
from newsletter.web.desk.home import attention
from newsletter.web.desk.home import queries as home_queries
from newsletter.web.desk.home.over_time import over_time
from newsletter.web.desk.pages import editor, newsletter_of, page
from newsletter.web.desk.permissions import role
from subscribers.requests import config_of


def home(request: HttpRequest) -> HttpResponse:
    """Show all newsletters; problems first."""
    now = timezone.now()
    cards = home_queries.cards(config_of(request), now)
    problems = attention.problems(config_of(request), cards, now, config.snapshot().restart, role=role(request))
    problems += attention.notes_for(editor(request), config_of(request))
    context = {"cards": cards, "problems": problems, "heading": attention.heading(problems)}
    return page(request, "home", context, section="home")


def newsletter(request: HttpRequest, name: str) -> HttpResponse:
    """Show all editions of a newsletter, newest first."""
    newsletter = newsletter_of(request, name)
    page_of_editions = Paginator(Edition.objects.filter(newsletter=name, welcome=None).order_by("-until", "-pk"), 25)
    editions = page_of_editions.get_page(request.GET.get("page"))
    context = {
        "newsletter": newsletter,
        "lines": home_queries.lines(editions, newsletter, subjects(editions, config_of(request))),
        "found": editions,
        "over_time": over_time(newsletter, timezone.now()) if editions.number == 1 else None,
        "cadences": [(c, formatting.cadence(c)) for c in newsletter.offered] if len(newsletter.offered) > 1 else [],
        "today": timezone.now().astimezone(newsletter.zone).date(),
    }
    return page(request, "newsletter", context, section="home")
