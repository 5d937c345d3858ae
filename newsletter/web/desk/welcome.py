"""The welcome series of a newsletter: its letters with their counts, adding, changing and removing one.

Also what of the series was sent to a person, and what is due.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo

from django.contrib import messages
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_POST

from newsletter.config import Config, Newsletter
from newsletter.editions.composing import standalone, welcome_series
from newsletter.editions.problems import Impossible
from newsletter.editions.titles import subjects
from newsletter.messages.editions import WELCOME_DAYS
from newsletter.models import Edition, Result, State, Tally, WelcomeLetter, WelcomeMail
from newsletter.sending import progress
from newsletter.sending.enrolling import LATE
from newsletter.web.converters import whole_number
from newsletter.web.desk import formatting
from newsletter.web.desk.pages import as_sentence, editor, page, sentences
from subscribers.models import Subscription
from subscribers.requests import config_of

SOON = timedelta(days=7)


def series(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """Show the letters of the series with their counts."""
    letters = lines(config_of(request), newsletter, timezone.now())
    context = {
        "newsletter": newsletter,
        "lines": letters,
        "most": welcome_series.MOST,
        "longest": welcome_series.LONGEST,
        "full": len(letters) >= welcome_series.MOST,
    }
    return page(request, "welcome", context, section="home")


@require_POST
def add(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """Add a letter to the series, and open its draft."""
    by = editor(request)
    target: tuple[str, ...] = ("desk:welcome", newsletter.name)
    with sentences(request):
        days = _days(request.POST.get("days", ""))
        draft = standalone.untouched(newsletter, days=days, by=by) or welcome_series.add(
            config_of(request), newsletter, days, now=timezone.now(), by=by
        )
        target = ("desk:edition", draft.newsletter, draft.period)
    return redirect(*target)


@require_POST
def edit(request: HttpRequest, newsletter: Newsletter, number: int) -> HttpResponse:
    """Open the draft of a letter, or of a change to it."""
    letter = get_object_or_404(WelcomeLetter, newsletter=newsletter.name, number=number, removed_at=None)
    target: tuple[str, ...] = ("desk:welcome", newsletter.name)
    with sentences(request):
        draft = welcome_series.revise(config_of(request), letter, now=timezone.now(), by=editor(request))
        target = ("desk:edition", draft.newsletter, draft.period)
    return redirect(*target)


@require_POST
def change(request: HttpRequest, newsletter: Newsletter, number: int) -> HttpResponse:
    """Change when a letter is sent, or remove it from the series."""
    letter = get_object_or_404(WelcomeLetter, newsletter=newsletter.name, number=number, removed_at=None)
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
    return redirect("desk:welcome", newsletter.name)


def _days(text: str) -> int:
    days = whole_number(text)
    if days is None:
        raise Impossible(WELCOME_DAYS(longest=welcome_series.LONGEST))
    return days


def _distance(days: int) -> str:
    """Return when a letter is sent, in words."""
    if not days:
        return _("Right away")
    return ngettext("After %(n)s day", "After %(n)s days", days) % {"n": formatting.number(days)}


def lines(configuration: Config, newsletter: Newsletter, now: datetime) -> list[dict[str, object]]:
    """Return the letters of a series, in the order in which subscribers get them."""
    return [_line(configuration, newsletter, letter, now) for letter in welcome_series.series(newsletter.name)]


def _line(configuration: Config, newsletter: Newsletter, letter: WelcomeLetter, now: datetime) -> dict[str, object]:
    """Return a letter with its state; `sent` are accepted deliveries, `soon` those due within a week."""
    current, draft = welcome_series.current(letter), welcome_series.draft_of(letter)
    revision = current or draft
    state, mark = _state(current)
    sums = Tally.objects.filter(edition__welcome=letter).aggregate(
        accepted=Sum("accepted", default=0), refused=Sum("refused", default=0), unknown=Sum("unknown", default=0)
    )
    title = subjects([revision], configuration)[revision.pk] if revision else _("Email %(n)s") % {"n": letter.number}
    return {
        "letter": letter,
        "subject": title,
        "distance": _distance(letter.days),
        "state": state,
        "mark": mark,
        "standing": _standing(current, draft),
        "current": current,
        "draft": draft,
        "sent": formatting.number(sums["accepted"]),
        "failed": formatting.number(sums["refused"] + sums["unknown"]),
        "soon": formatting.number(_due(newsletter, letter, current, now)),
    }


def _state(current: Edition | None) -> tuple[str, str]:
    """Return a letter's state in words, and the name of the mark that stands for it."""
    if current is None:
        return _("Not approved"), State.DRAFT.value
    if current.state in (State.PAUSED, State.CANCELLED):
        return formatting.state(current.state), current.state
    return _("In use"), State.SENT.value


def _standing(current: Edition | None, draft: Edition | None) -> str:
    if current and current.waiting:
        return as_sentence(current.waiting)
    if current is None:
        return _("Nobody gets it until it is approved.")
    if current.state == State.PAUSED:
        return _("New subscribers don’t get it until sending is resumed.")
    if current.state == State.CANCELLED:
        return _("No one gets it any more. Edit it to start again.")
    return _("A change is waiting for approval. Until then, the previous version is sent.") if draft else ""


def _due(newsletter: Newsletter, letter: WelcomeLetter, current: Edition | None, now: datetime) -> int:
    """Count who gets a letter within the next week, if nobody leaves."""
    if current is None or current.state == State.CANCELLED or letter.since is None:
        return 0
    away = timedelta(days=letter.days)
    begun = Subscription.objects.receiving(newsletter, now).filter(
        welcome_from__gt=max(now - LATE, letter.since) - away, welcome_from__lte=now + SOON - away
    )
    return begun.exclude(welcome_mails__letter=letter).count()


def personal(configuration: Config, subscriptions: list[Subscription], now: datetime) -> list[dict[str, str]]:
    """Return what of the series was sent to a person and what is due, by newsletter and time."""
    return [line for subscription in subscriptions for line in _personal(configuration, subscription, now)]


def _personal(configuration: Config, subscription: Subscription, now: datetime) -> Iterator[dict[str, str]]:
    newsletter = configuration.newsletters.get(subscription.newsletter)
    title = newsletter.title if newsletter else subscription.newsletter
    zone: tzinfo = newsletter.zone if newsletter else UTC
    mails = list(
        WelcomeMail.objects.filter(subscription=subscription).select_related("edition", "letter").order_by("at")
    )
    titles = subjects([mail.edition for mail in mails], configuration) if newsletter else {}
    for mail in mails:
        subject, outcome = titles.get(mail.edition_id, mail.edition.period), formatting.outcomes()[_outcome(mail)]
        yield {"newsletter": title, "subject": subject, "outcome": outcome, "when": formatting.moment(mail.at, zone)}
    if newsletter is None or subscription.state != Subscription.State.ACTIVE or subscription.welcome_from is None:
        return
    had = {mail.letter_id for mail in mails}
    for letter in welcome_series.series(subscription.newsletter).filter(since__isnull=False).exclude(pk__in=had):
        due, current = subscription.welcome_from + timedelta(days=letter.days), welcome_series.current(letter)
        if current and letter.since and due > max(letter.since, now - LATE) and current.state != State.CANCELLED:
            subject, when = subjects([current], configuration)[current.pk], formatting.moment(max(due, now), zone)
            yield {"newsletter": title, "subject": subject, "outcome": _("Due"), "when": when}


def _outcome(mail: WelcomeMail) -> str:
    """Return what became of a letter; an old one has no result any more, as it was accepted."""
    kind = Result.objects.filter(edition=mail.edition_id, number=mail.number).values_list("kind", flat=True).first()
    if kind:
        return kind
    return "accepted" if mail.edition.rolled_up_at else progress.state_without_result(mail.edition)
