"""The preferences page. The address is masked, so a forwarded link reveals nothing."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from newsletter.config import Newsletter
from newsletter.domain.picks import names_in, picked
from subscribers import cadences, preferences as actions, subscription_requests, waiting_unsubscriptions
from subscribers.addresses import Address
from subscribers.forms import PauseForm
from subscribers.models import Consent, Subscriber, Subscription
from subscribers.pages import day, language_of, no_subscription, page
from subscribers.protection.sign_up_limits import Request, RequestAnswer
from subscribers.requests import config_of


@dataclass(frozen=True, slots=True)
class PostedForm:
    """The page's only form: its fields carry the newsletter's name, as do buttons that act on one newsletter."""

    data: QueryDict
    default: str

    @property
    def act(self) -> str:
        """The action of the button that was pressed."""
        return self.data.get("do", "").partition(" ")[0]

    @property
    def newsletter(self) -> str:
        """The newsletter that the pressed button acts on."""
        return self.data.get("do", "").partition(" ")[2] or self.data.get("newsletter", self.default)

    def values(self, field: str, newsletter: str) -> list[str]:
        """Return the values of a field for a newsletter."""
        return self.data.getlist(f"{field}-{newsletter}")

    def value(self, field: str, newsletter: str) -> str:
        """Return the value of a field for a newsletter; "" if it is missing."""
        return next(iter(self.values(field, newsletter)), "")

    def offered_topics(self, newsletter: Newsletter) -> list[str]:
        """Return the topics that the form offered and that are configured; it may be older than some."""
        names = self.data.getlist(f"offered-{newsletter.name}") or newsletter.topics
        return [name for name in newsletter.topics if name in names]

    def has_choices(self, newsletter: str) -> bool:
        """Return whether the form had the frequencies and topics of a newsletter."""
        return newsletter in self.data.getlist("choices")


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """Show the preferences of an email's link; POST performs the action of its button."""
    subscription = actions.subscription_of(token)
    if subscription is None:
        return no_subscription(request, token)
    language = language_of(request, own_language=subscription.subscriber.language, newsletter=subscription.newsletter)
    with translation.override(language):
        posted = PostedForm(request.POST, subscription.newsletter)
        notice, fault = _act(request, subscription, posted) if request.method == "POST" else ("", "")
        choices = _choices(request, subscription, timezone.localdate(), posted, saved=bool(notice))
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
        faulty=posted.newsletter if fault and posted.act == "pause" else "",
        pause=PauseForm(None, today),
        status=400 if fault else 200,
    )


def _choices(
    request: HttpRequest, subscription: Subscription, today: date, posted: PostedForm, *, saved: bool
) -> list[dict[str, object]]:
    """Return all newsletters, and archived and removed ones that the person still has a subscription to.

    The one whose link was followed is the first. What was chosen on the page but not saved, because another button was
    pressed, stays chosen.
    """
    subscriber = subscription.subscriber
    subscriptions = {s.newsletter: s for s in subscriber.subscriptions.all()}
    consents = Consent.objects.filter(subscription__subscriber=subscriber, confirmed_at__isnull=False)
    consents_by_subscription = {consent.subscription_id: consent for consent in consents.order_by("confirmed_at")}
    newsletters = config_of(request).newsletters
    choices: list[dict[str, object]] = []
    names = [*newsletters, *(n for n in sorted(subscriptions) if n not in newsletters)]
    for name in sorted(names, key=lambda name: name != subscription.newsletter):
        newsletter, own_subscription = newsletters.get(name), subscriptions.get(name)
        published = newsletter if newsletter and newsletter.status != "archived" else None
        if newsletter and not published and not own_subscription:
            continue
        choices.append(
            {
                "name": name,
                "title": newsletter.title if newsletter else name,
                "description": newsletter.description if newsletter else "",
                "facts": cadences.facts(published, 0) if published else (),
                "state": own_subscription.state if own_subscription else "",
                "next": cadences.next_due(published, own_subscription.cadence, timezone.now())
                if published and own_subscription
                else "",
                "paused_until": own_subscription.paused_until
                if own_subscription and own_subscription.paused(today)
                else None,
                "known": published is not None,
                "cadence": _cadence(published, own_subscription, posted) if published and own_subscription else "",
                "cadences": cadences.choices(published) if published else (),
                "topics": published.offered_topics if published else (),
                "picked": _topics(name, own_subscription, posted) if own_subscription else (),
                "until": ""
                if saved and posted.act == "pause" and posted.newsletter == name
                else posted.value("until", name),
                "why": _why(newsletter, own_subscription, consents_by_subscription.get(own_subscription.pk))
                if own_subscription and own_subscription.state == "active"
                else (),
            }
        )
    return choices


def _cadence(newsletter: Newsletter, subscription: Subscription, posted: PostedForm) -> str:
    chosen = posted.value("cadence", newsletter.name)
    return chosen if chosen in newsletter.offered else cadences.chosen(newsletter, subscription.cadence)


def _topics(name: str, subscription: Subscription, posted: PostedForm) -> tuple[str, ...]:
    return tuple(posted.values("topic", name)) if posted.has_choices(name) else names_in(subscription.topics)


def _why(newsletter: Newsletter | None, subscription: Subscription, consent: Consent | None) -> tuple[str, ...]:
    """Return why a person gets a newsletter, from the latest consent, and which posts, from the topics.

    It says nothing that would tell the reader of a forwarded email who the person is.
    """
    return tuple(filter(None, (_how_agreed(consent), _which_posts(newsletter, subscription))))


def _how_agreed(consent: Consent | None) -> str:
    if consent is None:
        return ""
    if consent.how == Consent.How.FORM:
        sentence = _("You asked for it with a sign-up form on %(day)s, and confirmed it by email.")
        return sentence % {"day": day(consent.confirmed_at or consent.at)}
    added = _("The publisher added your address on %(day)s, and recorded that you had agreed.")
    return added % {"day": day(consent.at)}


def _which_posts(newsletter: Newsletter | None, subscription: Subscription) -> str:
    titles = newsletter.topic_titles(names_in(subscription.topics)) if newsletter else ()
    if not titles:
        return ""
    text = _(
        "You picked topics, so you get only posts about: %(topics)s. Emails without such posts aren't sent to you."
    )
    return text % {"topics": ", ".join(titles)}


def _act(request: HttpRequest, subscription: Subscription, posted: PostedForm) -> tuple[str, str]:
    """Perform the action of a button; return a notice and an error."""
    name = posted.newsletter
    selected = next((t for t in subscription.subscriber.subscriptions.all() if t.newsletter == name), None)
    newsletter = config_of(request).newsletters.get(name)
    match posted.act:
        case "save":
            return _save(request, subscription.subscriber, posted)
        case "leave-all":
            actions.unsubscribe_from_all(subscription.subscriber, timezone.now())
            return _("You've unsubscribed from everything. We won't email you again."), ""
        case "join" if newsletter and newsletter.status != "archived":
            if _ask_to_join(request, subscription.subscriber, newsletter) is not RequestAnswer.ACCEPTED:
                return "", _("Too many requests. Try again in an hour.")
            return _("Check your inbox: we've sent you a link to confirm."), ""
        case "me":
            actions.send_profile_link(subscription, timezone.now(), translation.get_language() or "")
            return _("Check your inbox: we've sent a link to your profile. It works for one hour."), ""
        case _ if selected:
            return _act_on(selected, posted)
        case _:
            return _no_button()


def _act_on(selected: Subscription, posted: PostedForm) -> tuple[str, str]:
    """Perform the action of a button on a subscription."""
    match posted.act:
        case "leave":
            waiting_unsubscriptions.unsubscribe([selected.pk])
            return _("You've unsubscribed. We won't send you this newsletter again."), ""
        case "pause":
            return _pause(selected, posted.value("until", selected.newsletter))
        case "resume":
            actions.pause(selected, None)
            return _("Your subscription has resumed."), ""
        case _:
            return _no_button()


def _no_button() -> tuple[str, str]:
    return "", _("Please choose one of the buttons.")


def _save(request: HttpRequest, subscriber: Subscriber, posted: PostedForm) -> tuple[str, str]:
    """Save what was chosen for each newsletter on the page; the notice says what changed."""
    notices = []
    for subscription in subscriber.subscriptions.filter(state=Subscription.State.ACTIVE).order_by("pk"):
        newsletter = config_of(request).newsletters.get(subscription.newsletter)
        if newsletter is None or not posted.has_choices(newsletter.name):
            continue
        cadence, topics = posted.value("cadence", newsletter.name), posted.values("topic", newsletter.name)
        if cadences.choices(newsletter) and cadence != cadences.chosen(newsletter, subscription.cadence):
            notice, fault = _choose_cadence(newsletter, subscription, cadence)
            if fault:
                return "", fault
            notices.append(notice)
        offered = posted.offered_topics(newsletter)
        if newsletter.topics and picked(subscription.topics, topics, offered) != subscription.topics:
            notices.append(_choose_topics(newsletter, subscription, topics, offered))
    return " ".join(dict.fromkeys(notices)) or _("Saved."), ""


def _pause(selected: Subscription, until_text: str) -> tuple[str, str]:
    form = PauseForm({"until": until_text}, timezone.localdate())
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


def _choose_topics(
    newsletter: Newsletter, selected: Subscription, names: Collection[str], offered: Collection[str]
) -> str:
    actions.choose_topics(selected, names, timezone.now(), offered)
    selected.refresh_from_db(fields=["topics"])
    titles = newsletter.topic_titles(names_in(selected.topics))
    if not titles:
        return _("Saved. You get all posts.")
    text = _(
        "Saved. You get posts about: %(topics)s. This takes effect with the next email that hasn't been prepared yet."
    )
    return text % {"topics": ", ".join(titles)}


def _ask_to_join(request: HttpRequest, subscriber: Subscriber, newsletter: Newsletter) -> RequestAnswer:
    cadence, topics = subscription_requests.earlier_choice(subscriber, newsletter.name)
    return subscription_requests.request_subscription(
        Request(
            newsletter=newsletter.name,
            address=Address(subscriber.address, subscriber.key),
            language=translation.get_language() or newsletter.language,
            network=request.META.get("REMOTE_ADDR", ""),
            consent=subscription_requests.consent_text(newsletter.title),
            page=f"{config_of(request).site.url}/p/",
            at=timezone.now(),
            cadence=cadence,
            topics=topics,
        )
    )
