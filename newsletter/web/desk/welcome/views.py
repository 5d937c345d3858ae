"""The welcome series of a newsletter: its letters, and adding, changing and removing one."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from newsletter.editions.composing import standalone, welcome_series
from newsletter.editions.problems import Impossible
from newsletter.messages.editions import WELCOME_DAYS
from newsletter.models import WelcomeLetter
from newsletter.web.converters import whole_number
from newsletter.web.desk.pages import caught, editor, newsletter_of, page, sentences
from newsletter.web.desk.welcome import queries
from subscribers.requests import config_of


def series(request: HttpRequest, name: str) -> HttpResponse:
    """Show the letters of the series with their counts."""
    newsletter = newsletter_of(request, name)
    lines = queries.lines(config_of(request), newsletter, timezone.now())
    context = {
        "newsletter": newsletter,
        "lines": lines,
        "most": welcome_series.MOST,
        "longest": welcome_series.LONGEST,
        "full": len(lines) >= welcome_series.MOST,
    }
    return page(request, "welcome", context, section="home")


def add(request: HttpRequest, name: str) -> HttpResponse:
    """Write a letter of the series."""
    newsletter, problem = newsletter_of(request, name), ""
    entered = {key: request.POST.get(key, "") for key in ("days", "subject", "preheader", "greeting")}
    if request.method == "POST":
        with caught() as problems:
            entered["greeting"] = entered["greeting"].replace("\r\n", "\n")
            days, by = _days(entered["days"]), editor(request)
            made = standalone.made_already(newsletter, entered, days=days, by=by) or welcome_series.add(
                config_of(request),
                newsletter,
                days,
                now=timezone.now(),
                subject=entered["subject"],
                preheader=entered["preheader"],
                greeting=entered["greeting"],
                by=by,
            )
        if not problems:
            return redirect("desk:edition", made.newsletter, made.period)
        problem = problems[0]
    context = {
        "newsletter": newsletter,
        "given": entered,
        "problem": problem,
        "longest": welcome_series.LONGEST,
        "of_series": True,
    }
    return page(request, "letter", context, section="home", status=422 if problem else 200)


@require_POST
def edit(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """Open the draft of a letter, or of a change to it."""
    newsletter_of(request, name)
    letter = get_object_or_404(WelcomeLetter, newsletter=name, number=number, removed_at=None)
    target: tuple[str, ...] = ("desk:welcome", name)
    with sentences(request):
        draft = welcome_series.revise(config_of(request), letter, now=timezone.now(), by=editor(request))
        target = ("desk:edition", draft.newsletter, draft.period)
    return redirect(*target)


@require_POST
def change(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """Change when a letter is sent, or remove it from the series."""
    newsletter_of(request, name)
    letter = get_object_or_404(WelcomeLetter, newsletter=name, number=number, removed_at=None)
    by, now, act = editor(request), timezone.now(), request.POST.get("act", "")
    if act not in ("move", "remove"):
        raise Http404("a letter is moved or removed")
    with sentences(request):
        if act == "move":
            welcome_series.set_days(letter, _days(request.POST.get("days", "")), now=now, by=by)
            messages.success(request, _("Saved."))
        else:
            welcome_series.remove(letter, now=now, by=by)
            messages.success(request, _("The email was removed from the series. Nobody else gets it."))
    return redirect("desk:welcome", name)


def _days(text: str) -> int:
    days = whole_number(text)
    if days is None:
        raise Impossible(WELCOME_DAYS(longest=welcome_series.LONGEST))
    return days
