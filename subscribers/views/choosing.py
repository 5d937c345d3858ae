"""What a mail's own link may choose: which newsletters, a pause, leaving; the address masked, nothing given away."""

from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from newsletter import config
from subscribers import preferences as rules
from subscribers import signup
from subscribers.addresses import Address
from subscribers.forms import PauseForm
from subscribers.models import Subscriber, Subscription
from subscribers.pages import day, language_of, page


@dataclass(frozen=True, slots=True)
class Choice:
    """One newsletter on the page: what it is called and how the reader stands to it."""

    name: str
    title: str
    description: str
    state: str
    paused_until: date | None
    known: bool


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """The page of a mail's link; POST does the one thing that its button says."""
    subscription = rules.subscription_of(token)
    if subscription is None:
        kind = "proof" if rules.is_proof(token) else "gone"
        return page(request, "message.html", language_of(request), kind=kind, status=200 if kind == "proof" else 404)
    shown = config.current().newsletters.get(subscription.newsletter)
    language = language_of(request, known=subscription.subscriber.language, newsletter=shown.language if shown else "")
    with translation.override(language):
        notice, fault = _act(request, subscription) if request.method == "POST" else ("", "")
    pausing = fault and request.POST.get("do") == "pause"
    today = timezone.localdate()
    return page(
        request,
        "preferences.html",
        language,
        newsletter=subscription.newsletter,
        masked=subscription.subscriber.masked,
        choices=_choices(subscription.subscriber, today),
        notice=notice,
        fault=fault,
        faulty=request.POST.get("newsletter", subscription.newsletter) if pausing else "",
        pause=PauseForm(None, today),
        status=400 if fault else 200,
    )


def _choices(subscriber: Subscriber, today: date) -> list[Choice]:
    """Every newsletter that there is, and those gone that the reader still is tied to."""
    ties = {s.newsletter: s for s in subscriber.subscriptions.all()}
    newsletters = config.current().newsletters
    choices = []
    for name in [*newsletters, *(n for n in sorted(ties) if n not in newsletters)]:
        known, tie = newsletters.get(name), ties.get(name)
        choices.append(
            Choice(
                name=name,
                title=known.title if known else name,
                description=known.description if known else "",
                state=tie.state if tie else "",
                paused_until=tie.paused_until if tie and tie.paused(today) else None,
                known=known is not None,
            )
        )
    return choices


def _act(request: HttpRequest, subscription: Subscription) -> tuple[str, str]:
    """Do what the button says; gives a notice, or what is wrong."""
    name = request.POST.get("newsletter", subscription.newsletter)
    tie = next((t for t in subscription.subscriber.subscriptions.all() if t.newsletter == name), None)
    match request.POST.get("do"):
        case "leave" if tie:
            rules.leave(tie.pk, timezone.now())
            return _("You have left. No more mail will come from it."), ""
        case "leave-all":
            rules.leave_everything(subscription.subscriber, timezone.now())
            return _("You have left everything. No more mail will come from us."), ""
        case "pause" if tie:
            return _pause(request, tie)
        case "resume" if tie:
            rules.pause(tie, None)
            return _("Mail comes again from now on."), ""
        case "join" if name in config.current().newsletters:
            if not _ask_to_join(request, subscription.subscriber, name):
                return "", _("Too many have asked just now. Please try again in an hour.")
            return _("Look into your mailbox: a mail to confirm is on its way."), ""
        case "me":
            rules.ask_for_me(subscription, timezone.now())
            return _("Look into your mailbox: a link to your own page is on its way. It is good for an hour."), ""
        case _:
            return "", _("Nothing was chosen. Please press one of the buttons.")


def _pause(request: HttpRequest, tie: Subscription) -> tuple[str, str]:
    form = PauseForm(request.POST, timezone.localdate())
    if not form.is_valid():
        return "", str(form.errors["until"][0])
    until = form.cleaned_data["until"]
    rules.pause(tie, until)
    return _("No mail comes before %(day)s.") % {"day": day(until)}, ""


def _ask_to_join(request: HttpRequest, subscriber: Subscriber, name: str) -> bool:
    return signup.ask(
        signup.Request(
            newsletter=name,
            address=Address(subscriber.address, subscriber.key),
            language=subscriber.language or config.current().newsletters[name].language,
            network=request.META.get("REMOTE_ADDR", ""),
            page=f"{config.current().site.url}/p/",
            at=timezone.now(),
        )
    )
