"""The first page, that of each newsletter, and that of a restored database."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from newsletter import config
from newsletter.backup import replay
from newsletter.editions import held_back
from newsletter.editions.history import WORDS
from newsletter.editions.titles import subjects
from newsletter.messages import acts
from newsletter.models import Act, Edition, State
from newsletter.recovery import hold
from newsletter.web.archive.queries import APPROVED, LONGEST_QUERY, with_words
from newsletter.web.desk import formatting
from newsletter.web.desk.home import attention, queries as home_queries
from newsletter.web.desk.home.over_time import over_time
from newsletter.web.desk.pages import as_sentence, editor, page, zone_of
from newsletter.web.desk.permissions import role
from subscribers.requests import config_of

MOST = 100
"""So many posts that may have been sent are listed."""


def home(request: HttpRequest) -> HttpResponse:
    """Show all newsletters; problems first.

    The upcoming edition's own part of the page says what it waits for; only faults of it are listed above.
    """
    now = timezone.now()
    cards = home_queries.cards(config_of(request), now)
    problems = attention.problems(config_of(request), cards, now, config.snapshot().restart, role=role(request))
    problems += attention.notes_for(editor(request), config_of(request))
    upcoming = {card.upcoming.address for card in cards if card.upcoming}
    context = {
        "cards": cards,
        "problems": [problem for problem in problems if problem.level or problem.address not in upcoming],
        "heading": attention.heading(problems),
    }
    return page(request, "home", context, section="home")


def newsletter(request: HttpRequest, newsletter: config.Newsletter) -> HttpResponse:
    """Show the editions of a newsletter, newest first; with `q`, those that contain its words."""
    words = request.GET.get("q", "").strip()[:LONGEST_QUERY]
    rows = Edition.objects.filter(newsletter=newsletter.name, welcome=None).order_by("-until", "-pk")
    page_of_editions = Paginator(with_words(rows, words, *APPROVED, *WORDS), 25)
    editions = page_of_editions.get_page(request.GET.get("page"))
    context = {
        "newsletter": newsletter,
        "lines": home_queries.lines(editions, newsletter, subjects(editions, config_of(request))),
        "page_obj": editions,
        "words": words,
        "query": f"{urlencode({'q': words})}&" if words else "",
        "over_time": over_time(newsletter, timezone.now()) if editions.number == 1 and not words else None,
        "cadences": [(c, formatting.cadence(c)) for c in newsletter.offered] if len(newsletter.offered) > 1 else [],
        "today": timezone.now().astimezone(newsletter.zone).date(),
    }
    return page(request, "newsletter", context, section="home")


@require_http_methods(["GET", "HEAD", "POST"])
def restored(request: HttpRequest) -> HttpResponse:
    """Show why nothing is sent, and posts that may have been; a POST confirms that sending may go on, or decides about
    the posts.
    """
    why, newsletters = hold.reason(), config_of(request).newsletters
    if request.method == "POST" and (decision := request.POST.get("posts")) in ("sent", "go"):
        now, by = timezone.now(), editor(request)
        counts = [held_back.settle(each, were_sent=decision == "sent", by=by, now=now) for each in newsletters.values()]
        what = acts.HELD_BACK_WERE_SENT if decision == "sent" else acts.HELD_BACK_GO
        messages.success(request, formatting.sentence(formatting.message(what(count=sum(counts)))))
        return redirect("desk:restored")
    if request.method == "POST":
        replay.accept_older_copy(config_of(request), timezone.now())
        if hold.confirm():
            Act.objects.log(editor(request), acts.RESTORE_CONFIRMED(), config_of(request).site.url, now=timezone.now())
            messages.success(request, _("Sending has resumed. Paused editions stay paused until you resume them."))
        return redirect("desk:home")
    stopped = Edition.objects.filter(state__in=(State.PAUSED, State.APPROVED), newsletter__in=newsletters)
    editions = stopped.order_by("-until")[:50]
    titles = subjects(editions, config_of(request))
    lines = [home_queries.line(edition, newsletters[edition.newsletter], titles[edition.pk]) for edition in editions]
    posts = held_back.held_back(*newsletters)
    context = {
        "reason": as_sentence(why),
        "waiting": lines,
        "posts": [(post, formatting.day(post.published or post.first_seen, zone_of(request))) for post in posts[:MOST]],
        "others": max(posts.count() - MOST, 0),
    }
    return page(request, "restored", context, section="home")
