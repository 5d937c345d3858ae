"""The preferences page. The address is masked, so a forwarded link reveals nothing."""

from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from newsletter.config import Newsletter
from newsletter.domain.picks import names_in
from subscribers import cadences, subscription_requests
from subscribers import preferences as actions
from subscribers.addresses import Address
from subscribers.forms import PauseForm
from subscribers.models import Consent, Subscriber, Subscription
from subscribers.pages import day, language_of, message, page
from subscribers.protection.sign_up_limits import Request, RequestAnswer
from subscribers.requests import config_of


@dataclass(frozen=True, slots=True)
class NewsletterChoice:
    """One newsletter on the page, and the state of the subscription."""

    name: str
    title: str
    description: str
    state: str
    paused_until: date | None
    known: bool
    why: tuple[str, ...]
    cadence: str
    cadences: tuple[tuple[str, str], ...]
    topics: tuple[tuple[str, str], ...]
    picked: tuple[str, ...]


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """Show the preferences of an email's link; POST performs the action of its button."""
    subscription = actions.subscription_of(token)
    if subscription is None:
        kind = "proof" if actions.is_test_link(token) else "gone"
        return message(request, language_of(request), kind=kind, status=200 if kind == "proof" else 404)
    shown = config_of(request).newsletters.get(subscription.newsletter)
    language = language_of(request, known=subscription.subscriber.language, newsletter=shown.language if shown else "")
    with translation.override(language):
        notice, fault = _act(request, subscription) if request.method == "POST" else ("", "")
        choices = _choices(request, subscription.subscriber, timezone.localdate())
    pausing = fault and request.POST.get("do") == "pause"
    today = timezone.localdate()
    return page(
        request,
        "preferences.html",
        language,
        newsletter=subscription.newsletter,
        masked=subscription.subscriber.masked,
        choices=choices,
        notice=notice,
        fault=fault,
        faulty=request.POST.get("newsletter", subscription.newsletter) if pausing else "",
        pause=PauseForm(None, today),
        status=400 if fault else 200,
    )


def _choices(request: HttpRequest, subscriber: Subscriber, today: date) -> list[NewsletterChoice]:
    """Return all newsletters, and archived and removed ones that the person still has a subscription to."""
    subscriptions = {s.newsletter: s for s in subscriber.subscriptions.all()}
    consents = Consent.objects.filter(subscription__subscriber=subscriber, confirmed_at__isnull=False)
    given = {consent.subscription_id: consent for consent in consents.order_by("confirmed_at")}
    newsletters = config_of(request).newsletters
    choices = []
    for name in [*newsletters, *(n for n in sorted(subscriptions) if n not in newsletters)]:
        known, selected = newsletters.get(name), subscriptions.get(name)
        if known and known.status == "archived" and not selected:
            continue
        choices.append(
            NewsletterChoice(
                name=name,
                title=known.title if known else name,
                description=known.description if known else "",
                state=selected.state if selected else "",
                paused_until=selected.paused_until if selected and selected.paused(today) else None,
                known=known is not None and known.status != "archived",
                cadence=cadences.chosen(known, selected.cadence) if known and selected else "",
                cadences=cadences.choices(known) if known else (),
                topics=known.offered_topics if known else (),
                picked=names_in(selected.topics) if selected else (),
                why=_why(known, selected, given.get(selected.pk)) if selected and selected.state == "active" else (),
            )
        )
    return choices


def _why(newsletter: Newsletter | None, subscription: Subscription, consent: Consent | None) -> tuple[str, ...]:
    """Return why a person gets a newsletter, from the latest consent, and which posts, from the topics.

    It says nothing that would tell the reader of a forwarded email who the person is.
    """
    return tuple(filter(None, (_how_agreed(consent), _which_posts(newsletter, subscription))))


def _how_agreed(consent: Consent | None) -> str:
    if consent is None:
        return ""
    if consent.how == Consent.How.FORM:
        text = _("You asked for it with a sign-up form on %(day)s, and confirmed it by email.")
    else:
        text = _("The publisher added your address on %(day)s, and recorded that you had agreed.")
    return text % {"day": day(consent.confirmed_at or consent.at)}


def _which_posts(newsletter: Newsletter | None, subscription: Subscription) -> str:
    titles = newsletter.topic_titles(names_in(subscription.topics)) if newsletter else ()
    if not titles:
        return ""
    text = _(
        "You picked topics, so you get only posts about: %(topics)s. Emails without such posts aren't sent to you."
    )
    return text % {"topics": ", ".join(titles)}


def _act(request: HttpRequest, subscription: Subscription) -> tuple[str, str]:
    """Perform the action of a button; return a notice and an error."""
    name = request.POST.get("newsletter", subscription.newsletter)
    selected = next((t for t in subscription.subscriber.subscriptions.all() if t.newsletter == name), None)
    match request.POST.get("do"):
        case "leave" if selected:
            actions.unsubscribe(selected.pk, timezone.now())
            return _("You've unsubscribed. We won't send you this newsletter again."), ""
        case "leave-all":
            actions.unsubscribe_from_all(subscription.subscriber, timezone.now())
            return _("You've unsubscribed from everything. We won't email you again."), ""
        case "pause" if selected:
            return _pause(request, selected)
        case "resume" if selected:
            actions.pause(selected, None)
            return _("Your subscription has resumed."), ""
        case "cadence" if selected and name in config_of(request).newsletters:
            return _choose_cadence(config_of(request).newsletters[name], selected, request.POST.get("cadence", ""))
        case "topics" if selected and name in config_of(request).newsletters:
            return _choose_topics(config_of(request).newsletters[name], selected, request.POST.getlist("topic")), ""
        case "join" if name in _open(request):
            if _ask_to_join(request, subscription.subscriber, name) is not RequestAnswer.ACCEPTED:
                return "", _("Too many requests. Try again in an hour.")
            return _("Check your inbox: we've sent you a link to confirm."), ""
        case "me":
            actions.send_profile_link(subscription, timezone.now())
            return _("Check your inbox: we've sent a link to your profile. It works for one hour."), ""
        case _:
            return "", _("Please choose one of the buttons.")


def _open(request: HttpRequest) -> set[str]:
    """Return the newsletters that can be subscribed to."""
    return {name for name, n in config_of(request).newsletters.items() if n.status != "archived"}


def _pause(request: HttpRequest, selected: Subscription) -> tuple[str, str]:
    form = PauseForm(request.POST, timezone.localdate())
    if not form.is_valid():
        return "", str(form.errors["until"][0])
    until = form.cleaned_data["until"]
    actions.pause(selected, until)
    return _("Paused until %(day)s.") % {"day": day(until)}, ""


def _choose_cadence(newsletter: Newsletter, selected: Subscription, cadence: str) -> tuple[str, str]:
    if cadence not in newsletter.offered:
        return "", _("Please choose how often you want this newsletter.")
    actions.choose_cadence(selected, cadence)
    return cadences.next_email(newsletter, cadence, timezone.now()), ""


def _choose_topics(newsletter: Newsletter, selected: Subscription, names: list[str]) -> str:
    picked = [name for name in newsletter.topics if name in names]
    actions.choose_topics(selected, picked, timezone.now())
    if not picked:
        return _("Saved. You get all posts.")
    text = _(
        "Saved. You get posts about: %(topics)s. This takes effect with the next email that hasn't been prepared yet."
    )
    return text % {"topics": ", ".join(newsletter.topic_titles(picked))}


def _ask_to_join(request: HttpRequest, subscriber: Subscriber, name: str) -> RequestAnswer:
    found = config_of(request)
    newsletter = found.newsletters[name]
    return subscription_requests.request_subscription(
        Request(
            newsletter=name,
            address=Address(subscriber.address, subscriber.key),
            language=subscriber.language or newsletter.language,
            network=request.META.get("REMOTE_ADDR", ""),
            consent=subscription_requests.consent_text(newsletter.title),
            page=f"{found.site.url}/p/",
            at=timezone.now(),
        )
    )
