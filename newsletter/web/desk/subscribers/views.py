"""The pages of subscribers: search, view, add, change, import and export; for admins. The sign-up form for
other websites is for editors too.

Promises: the audit log names people by their number, so that erasing one leaves nothing there.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from newsletter.config import Config, Newsletter
from newsletter.domain.picks import names_in
from newsletter.messages import acts
from newsletter.models import Act, Edition
from newsletter.web.desk import charts, formatting, jobs, stale_forms
from newsletter.web.desk.pages import as_sentence, editor, newsletter_title, page, sentences, zone_of
from newsletter.web.desk.subscribers import file_import, pasted_list, queries, subscriber_fields, tags
from newsletter.web.desk.subscribers.queries import posts_of
from newsletter.web.desk.welcome import personal
from subscribers import admin_actions, cadences
from subscribers.addresses import AddressProblem, read_address
from subscribers.erasure import forget
from subscribers.forms import embedded_form
from subscribers.models import Consent, Subscriber, Subscription
from subscribers.preferences import unsubscribe
from subscribers.requests import config_of, newsletter_of


def subscribers(
    request: HttpRequest, entered: Mapping[str, str] | None = None, problems: Mapping[str, str] | None = None
) -> HttpResponse:
    """Show the list, filtered by the query string, and the growth of each newsletter.

    `entered` is what was filled in to add a person, and `problems` why a field of it was refused.
    """
    filters = {key: value for key in queries.FILTERS if (value := request.GET.get(key, "")[:254])}
    rows, before = queries.find(filters, request.GET.get("before", ""))
    blocked = queries.blocked(rows)
    newsletters = config_of(request).newsletters
    newsletter = newsletters.get(filters.get("newsletter", "")) or next(iter(newsletters.values()))
    points = queries.growth(newsletter.name)
    context = {
        "search": filters,
        "rows": [_row(request, subscription, is_blocked=subscription.pk in blocked) for subscription in rows],
        "older": urlencode(filters | {"before": before}) if before else "",
        "newsletters": newsletters.values(),
        "states": {**_states(), queries.BLOCKED: _("Blocked")},
        "counts": _counts(request),
        "chart": charts.curve(
            points, newsletter.zone, _("Active subscriptions of %(title)s over time") % {"title": newsletter.title}
        ),
        "growth": [
            (formatting.day(at, newsletter.zone), formatting.number(n)) for at, n in points[:: max(1, len(points) // 8)]
        ],
        "chosen": newsletter,
        "filtered": bool(filters),
        "kept": urlencode(filters),
        "importing": jobs.unfinished(file_import.IMPORT),
        "entered": entered or {"newsletter": filters.get("newsletter", "")},
        "problems": problems,
    }
    return page(request, "subscribers", context, section="subscribers", status=422 if problems else 200)


def _row(request: HttpRequest, subscription: Subscription, *, is_blocked: bool) -> dict[str, Any]:
    hidden = is_blocked and subscription.state != Subscription.State.UNSUBSCRIBED
    zone = zone_of(request, subscription.newsletter)
    is_paused = subscription.state == Subscription.State.ACTIVE and subscription.paused(
        timezone.localdate(timezone=zone)
    )
    return {
        "subscription": subscription,
        "newsletter": newsletter_title(request, subscription.newsletter),
        "paused": formatting.day(subscription.paused_until) if is_paused else "",
        "state": _("Blocked") if hidden else _states()[subscription.state],
        "mark": "failed" if hidden else subscription.state,
        "since": formatting.day(subscription.unsubscribed_at or subscription.joined or subscription.created, zone),
    }


def _states() -> dict[str, str]:
    return {"active": _("Active"), "pending": _("Pending"), "unsubscribed": _("Unsubscribed")}


def _counts(request: HttpRequest) -> list[dict[str, Any]]:
    counted = queries.counts()
    return [
        {
            "newsletter": n,
            "active": formatting.number(counted.get((n.name, "active"), 0)),
            "pending": counted.get((n.name, "pending"), 0),
        }
        for n in config_of(request).newsletters.values()
    ]


def subscriber(
    request: HttpRequest,
    person: Subscriber,
    new_address: str = "",
    problem: str = "",
    entered: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Show everything that is stored about one subscriber; `problem` is why `new_address` was refused, and `problems`
    why some of the values of own fields that were `entered` were.
    """
    records = queries.records_of(person)
    blocked = bool(records["suppressions"])
    context = {
        **records,
        "person": person,
        "new_address": new_address or person.address,
        "problem": problem,
        "fields": subscriber_fields.inputs(person, entered or {}, problems or {}),
        "subscriptions": [
            _row(request, subscription, is_blocked=blocked)
            | {
                "tags": tags.as_text(subscription.tags),
                "posts": posts_of(
                    subscription,
                    timezone.now(),
                    zone_of(request, subscription.newsletter),
                    lists_offered=request.GET.get("offered") == subscription.newsletter,
                ),
                "choices": _choices_of(config_of(request), subscription),
            }
            for subscription in records["subscriptions"]
        ],
        "consents": [
            {
                "consent": c,
                "newsletter": newsletter_title(request, c.subscription.newsletter),
                "how": _ways()[c.how],
                "details": [detail for detail in (c.text, c.page, c.network) if detail],
                "when": formatting.moment(c.at, zone_of(request, c.subscription.newsletter)),
                "imported": c.how == Consent.How.IMPORT and c.confirmed_at == c.at,
                "confirmed": _confirmed(request, c),
            }
            for c in records["consents"]
        ],
        "suppressions": [
            {"row": s, "why": _reasons()[s.reason], "when": formatting.day(s.at, zone_of(request))}
            for s in records["suppressions"]
        ],
        "got": [_delivery(request, delivery) for delivery in records["got"]],
        "welcome": personal(config_of(request), records["subscriptions"], timezone.now()),
        "since": formatting.day(person.created, zone_of(request)),
    }
    return page(request, "subscriber", context, section="subscribers", status=422 if problem or problems else 200)


def _choices_of(configuration: Config, subscription: Subscription) -> dict[str, list[dict[str, object]]] | None:
    """Return the frequencies and topics that can be chosen for a subscription; None if its newsletter offers no choice
    or has been removed.
    """
    newsletter = configuration.newsletters.get(subscription.newsletter)
    if newsletter is None:
        return None
    chosen, picked = cadences.chosen(newsletter, subscription.cadence), names_in(subscription.topics)
    offered = newsletter.offered if len(newsletter.offered) > 1 else ()
    choices = {
        "cadences": [_choice(cadence, formatting.cadence(cadence), cadence == chosen) for cadence in offered],
        "topics": [_choice(name, topic.title or name, name in picked) for name, topic in newsletter.topics.items()],
    }
    return choices if any(choices.values()) else None


def _choice(value: str, label: str, chosen: bool) -> dict[str, object]:
    return {"value": value, "label": label, "chosen": chosen}


def _confirmed(request: HttpRequest, consent: Consent) -> str:
    """Return when a consent was confirmed; files give days, which are read as those of UTC."""
    if consent.confirmed_at and consent.how == Consent.How.IMPORT:
        return formatting.day(consent.confirmed_at)
    return formatting.moment(consent.confirmed_at, zone_of(request, consent.subscription.newsletter))


def _delivery(request: HttpRequest, delivery: dict[str, Any]) -> dict[str, str]:
    """Return an edition that was sent to a subscriber: its subject, newsletter and period, and its result."""
    edition: Edition = delivery["edition"]
    zone = zone_of(request, edition.newsletter)
    return {
        **delivery,
        "period": f"{newsletter_title(request, edition.newsletter)} · {formatting.period(edition, zone)}",
        "outcome": formatting.outcomes()[delivery["outcome"]],
        "when": formatting.day(edition.began_at, zone),
    }


def _reasons() -> dict[str, str]:
    """Return why an address is blocked."""
    return {
        "unsubscribed": _("unsubscribed"),
        "bounced": _("emails bounced"),
        "erased": _("erased"),
        "complained": _("marked as spam"),
        "by hand": _("by an admin"),
    }


def _ways() -> dict[str, str]:
    """Return how consent was given."""
    return {"form": _("sign-up form"), "import": _("import"), "by hand": _("added by an admin")}


@require_POST
def act(request: HttpRequest, person: Subscriber) -> HttpResponse:
    """Name, frequency and topics, tags, leaving, blocking, unblocking, erasing."""
    action = ACTS.get(request.POST.get("act", ""))
    if action is None:
        raise Http404("there is nothing of that name to be done to a subscriber")
    with sentences(request):
        if action not in (_tags, _rename, _choose):
            stale_forms.check(stale_forms.text(request.POST, "address", _("Address"), person.address))
        newsletters = list(person.subscriptions.values_list("newsletter", flat=True))
        action(request, person)
        queries.changed(newsletters)
    is_erased = not Subscriber.objects.filter(pk=person.pk).exists()
    return redirect("desk:subscribers") if is_erased else redirect("desk:subscriber", person.pk)


def _subscription(request: HttpRequest, person: Subscriber) -> Subscription:
    return get_object_or_404(person.subscriptions, newsletter=request.POST.get("newsletter", ""))


def _tags(request: HttpRequest, person: Subscriber) -> None:
    subscription = _subscription(request, person)
    previous_tags = list(subscription.tags)
    admin_actions.set_tags(subscription, tags.from_text(request.POST.get("tags", "")))
    Act.objects.log(
        editor(request),
        acts.TAGS_CHANGED(),
        _about(person),
        {subscription.newsletter: previous_tags},
        {subscription.newsletter: list(subscription.tags)},
    )
    messages.success(request, _("Tags saved."))


def _rename(request: HttpRequest, person: Subscriber) -> None:
    """Save the name. It is not in the log, which must keep nothing of a person who is erased."""
    admin_actions.rename(person, request.POST.get("name", ""))
    Act.objects.log(editor(request), acts.NAME_CHANGED(), _about(person))
    messages.success(request, _("Name saved."))


def _choose(request: HttpRequest, person: Subscriber) -> None:
    """Store the frequency and the topics of the form, and write what changed into the log."""
    subscription, by = _subscription(request, person), editor(request)
    newsletter, cadence = newsletter_of(request, subscription.newsletter), request.POST.get("cadence", "")
    before, picked = cadences.chosen(newsletter, subscription.cadence), list(names_in(subscription.topics))
    if cadence in newsletter.offered and cadence != before and admin_actions.choose_cadence(subscription, cadence):
        after = {newsletter.name: cadence}
        Act.objects.log(by, acts.CADENCE_CHANGED(), _about(person), {newsletter.name: before}, after)
    on_page = request.POST.getlist("offered") or newsletter.topics
    offered = [name for name in newsletter.topics if name in on_page]
    topics = [name for name in newsletter.topics if name in request.POST.getlist("topics")]
    if newsletter.topics and admin_actions.choose_topics(subscription, topics, timezone.now(), offered):
        Act.objects.log(by, acts.TOPICS_CHANGED(), _about(person), {newsletter.name: picked}, {newsletter.name: topics})
    messages.success(request, _("Saved. It counts from the next edition that is approved."))


@require_POST
def change_address(request: HttpRequest, person: Subscriber) -> HttpResponse:
    """Change a subscriber's address. It is not in the log, which must keep nothing of a person who is erased."""
    text = request.POST.get("new_address", "").strip()[:254]
    if text == person.address:
        return redirect("desk:subscriber", person.pk)
    try:
        must_confirm = admin_actions.change_address(person, text, timezone.now())
    except (AddressProblem, admin_actions.ActionRefused) as problem:
        return subscriber(request, person, text, as_sentence(problem))
    Act.objects.log(editor(request), acts.ADDRESS_CHANGED(), _about(person))
    if must_confirm:
        messages.success(request, _("Address changed. A new link to confirm has been sent to it."))
    else:
        messages.success(request, _("Address changed. No email was sent."))
    return redirect("desk:subscriber", person.pk)


@require_POST
def change_values(request: HttpRequest, person: Subscriber) -> HttpResponse:
    """Save values of own fields; the log doesn't have them, since it must keep nothing of a person who is erased."""
    entered, values, problems = subscriber_fields.read(request.POST)
    if problems:
        return subscriber(request, person, entered=entered, problems=problems)
    if admin_actions.change_values(person, values):
        Act.objects.log(editor(request), acts.VALUES_CHANGED(), _about(person))
    messages.success(request, _("Values saved."))
    return redirect("desk:subscriber", person.pk)


def _leave(request: HttpRequest, person: Subscriber) -> None:
    subscription = _subscription(request, person)
    if unsubscribe(subscription.pk, timezone.now()):
        Act.objects.log(
            editor(request),
            acts.UNSUBSCRIBED(),
            _about(person),
            {subscription.newsletter: subscription.state},
            {subscription.newsletter: "unsubscribed"},
        )
    messages.success(request, _("Unsubscribed. Only they can subscribe again."))


def _suppress(request: HttpRequest, person: Subscriber) -> None:
    admin_actions.suppress(person.address, note=request.POST.get("note", "")[:500])
    Act.objects.log(editor(request), acts.BLOCKED(), _about(person))
    messages.success(request, _("Blocked. Nothing more is sent to this address."))


def _lift(request: HttpRequest, person: Subscriber) -> None:
    admin_actions.unblock(person.address)
    Act.objects.log(editor(request), acts.UNBLOCKED(), _about(person))
    messages.success(request, _("Unblocked."))


def _erase(request: HttpRequest, person: Subscriber) -> None:
    if request.POST.get("typed", "").strip().lower() != person.key:
        messages.error(request, _("The address didn’t match, so nothing was erased."))
        return
    Act.objects.log(editor(request), acts.ERASED(), _about(person))
    forget(read_address(person.address))
    messages.success(request, _("Erased. Their data is gone; a fingerprint prevents re-import."))


ACTS = {
    "name": _rename,
    "choose": _choose,
    "tags": _tags,
    "leave": _leave,
    "suppress": _suppress,
    "lift": _lift,
    "erase": _erase,
}
"""What can be done to a subscriber, by the name of its button."""


def _about(person: Subscriber) -> str:
    return f"subscriber {person.pk}"


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Add one subscriber with their consent, or ask them to confirm by email; preview an import of several."""
    newsletter = newsletter_of(request, request.POST.get("newsletter", "")).name
    address, consent, how = (request.POST.get(key, "").strip() for key in ("address", "consent", "how"))
    by_mail = how == "mail"
    if not (by_mail or (how == "given" and consent)):
        sentence = _("Enter when and where they agreed, or email them a link to confirm.")
        return subscribers(request, request.POST, {"consent": sentence})
    people = pasted_list.read(address)
    if len(people) > 1 and by_mail:
        sentence = _(
            "A link to confirm is sent to one address at a time. For a list, enter when and where they agreed."
        )
        return subscribers(request, request.POST, {"consent": sentence})
    if len(people) > 1:
        return redirect("desk:job", file_import.preview_list(request, newsletter, people, consent).pk)
    try:
        name = (request.POST.get("name", "").strip() or (people[0].name if people else ""))[:100]
        outcome = admin_actions.add(address, newsletter, consent=consent, confirm_by_mail=by_mail, name=name)
        key = read_address(address).key
    except (AddressProblem, admin_actions.ActionRefused) as problem:
        return subscribers(request, request.POST, {"address": as_sentence(problem)})
    person = Subscriber.objects.get(key=key)
    queries.changed([newsletter])
    Act.objects.log(editor(request), acts.SUBSCRIBER_ADDED(), _about(person), after={newsletter: outcome})
    messages.success(request, _("Subscriber added.") if outcome == "added" else _("This person is already subscribed."))
    return redirect("desk:subscriber", person.pk)


def signup_form(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """Show the form of a newsletter."""
    site = config_of(request).site.url
    context = {"newsletter": newsletter, "form": embedded_form(newsletter, site), "places": _places(), "site": site}
    return page(request, "signup_form", context, section="home")


def _places() -> list[tuple[str, str]]:
    return [
        ("Blogger", _("Under Layout, choose Add a Gadget, then HTML/JavaScript. Paste the form and save.")),
        ("WordPress", _("Add a Custom HTML block to a page, a post or a widget area. Paste the form and publish.")),
        ("Ghost", _("Type /html in a page or a post to add an HTML card, and paste the form.")),
        (
            "Hugo",
            _("Save the form as %(file)s, and write %(call)s in a page.")
            % {"file": "layouts/shortcodes/newsletter.html", "call": "{{< newsletter >}}"},
        ),
    ]
