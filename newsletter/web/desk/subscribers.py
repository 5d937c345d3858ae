"""Subscribers: find, look at, add, change, import, export; for admins.

Promises: the audit log names people by their number, so that erasing one leaves nothing there.
"""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from newsletter.web.desk import audit, charts, words
from newsletter.web.desk.pages import as_sentence, editor, page, settings
from newsletter.web.desk.queries import subscribers as queries
from subscribers import byhand
from subscribers.addresses import AddressProblem, read_address
from subscribers.models import Subscriber, Subscription
from subscribers.preferences import forget, leave


def subscribers(request: HttpRequest) -> HttpResponse:
    """The list, filtered by what stands in the address; and how each newsletter grew."""
    asked = queries.Asked(*(request.GET.get(key, "")[:254] for key in ("text", "newsletter", "state", "tag")))
    found = queries.find(asked, request.GET.get("before", ""))
    kept = {k: v for k in ("text", "newsletter", "state", "tag") if (v := getattr(asked, k))}
    chosen = asked.newsletter if asked.newsletter in settings().newsletters else next(iter(settings().newsletters))
    points = queries.growth(chosen)
    shown = settings().newsletters[chosen]
    context = {
        "asked": asked,
        "rows": [_row(tie) for tie in found.rows],
        "older": urlencode(kept | {"before": found.before}) if found.before else "",
        "newsletters": settings().newsletters.values(),
        "states": _states(),
        "counts": _counts(),
        "chart": charts.curve(
            points, shown.zone, _("Active subscriptions of %(title)s over time") % {"title": shown.title}
        ),
        "growth": [(words.day(at), words.number(n)) for at, n in points[:: max(1, len(points) // 8)]],
        "chosen": shown,
        "filtered": bool(kept),
    }
    return page(request, "subscribers", context, section="subscribers")


def _row(tie: Subscription) -> dict[str, Any]:
    return {
        "tie": tie,
        "state": _states()[tie.state],
        "since": words.day(tie.unsubscribed_at or tie.joined or tie.created),
    }


def _states() -> dict[str, str]:
    return {"active": _("Active"), "pending": _("Pending"), "unsubscribed": _("Unsubscribed")}


def _counts() -> list[dict[str, Any]]:
    counted = queries.counts()
    return [
        {
            "newsletter": n,
            "active": words.number(counted.get((n.name, "active"), 0)),
            "pending": counted.get((n.name, "pending"), 0),
        }
        for n in settings().newsletters.values()
    ]


def subscriber(request: HttpRequest, pk: int) -> HttpResponse:
    """One person's whole story."""
    person = get_object_or_404(Subscriber, pk=pk)
    told = queries.story(person)
    context = {
        **told,
        "person": person,
        "ties": [_row(tie) | {"tags": ", ".join(tie.tags)} for tie in told["ties"]],
        "consents": [
            {"consent": c, "when": words.moment(c.at), "confirmed": words.moment(c.confirmed_at)}
            for c in told["consents"]
        ],
        "suppressions": [{"row": s, "when": words.day(s.at)} for s in told["suppressions"]],
        "got": [{"got": g, "when": words.day(g.edition.began_at) if g.edition.began_at else ""} for g in told["got"]],
        "since": words.day(person.created),
        "missing": [n for n in settings().newsletters.values() if n.name not in {t.newsletter for t in told["ties"]}],
    }
    return page(request, "subscriber", context, section="subscribers")


@require_POST
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """Tags, leaving, suppressing, lifting, erasing."""
    person = get_object_or_404(Subscriber, pk=pk)
    acts = {"tags": _tags, "leave": _leave, "suppress": _suppress, "lift": _lift, "erase": _erase}
    wanted = acts.get(request.POST.get("act", ""))
    if wanted is None:
        raise Http404("there is nothing of that name to be done to a subscriber")
    gone = wanted(request, person)
    return redirect("desk:subscribers") if gone else redirect("desk:subscriber", pk)


def _tie(request: HttpRequest, person: Subscriber) -> Subscription:
    return get_object_or_404(person.subscriptions, newsletter=request.POST.get("newsletter", ""))


def _tags(request: HttpRequest, person: Subscriber) -> bool:
    tie = _tie(request, person)
    before = list(tie.tags)
    tie.tags = tuple(request.POST.get("tags", "").split(","))
    tie.save(update_fields=["tags"])
    tie.refresh_from_db()
    audit.note(
        editor(request), "tags changed", _about(person), {tie.newsletter: before}, {tie.newsletter: list(tie.tags)}
    )
    messages.success(request, _("Tags saved."))
    return False


def _leave(request: HttpRequest, person: Subscriber) -> bool:
    tie = _tie(request, person)
    if leave(tie.pk, timezone.now()):
        audit.note(
            editor(request),
            "unsubscribed",
            _about(person),
            {tie.newsletter: tie.state},
            {tie.newsletter: "unsubscribed"},
        )
    messages.success(request, _("Unsubscribed. They can join again themselves."))
    return False


def _suppress(request: HttpRequest, person: Subscriber) -> bool:
    byhand.suppress(person.address, note=request.POST.get("note", "")[:500])
    audit.note(editor(request), "suppressed", _about(person))
    messages.success(request, _("Nothing more goes to this address."))
    return False


def _lift(request: HttpRequest, person: Subscriber) -> bool:
    byhand.lift(person.address)
    audit.note(editor(request), "suppression lifted", _about(person))
    messages.success(request, _("The address is free again."))
    return False


def _erase(request: HttpRequest, person: Subscriber) -> bool:
    if request.POST.get("typed", "").strip().lower() != person.key:
        messages.error(request, _("Type the address to be sure; nothing was erased."))
        return False
    audit.note(editor(request), "erased", _about(person))
    forget(read_address(person.address))
    messages.success(request, _("Erased. A keyed mark stays, so that an import can’t bring them back."))
    return True


def _about(person: Subscriber) -> str:
    return f"subscriber {person.pk}"


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """One person by hand, with the consent that they gave, or asked to confirm by mail."""
    address, newsletter = request.POST.get("address", ""), request.POST.get("newsletter", "")
    if newsletter not in settings().newsletters:
        raise Http404("config.toml has no such newsletter")
    consent, by_mail = request.POST.get("consent", "").strip(), request.POST.get("how") == "mail"
    if not (consent or by_mail):
        messages.error(request, _("Write when and where they agreed, or let them confirm by mail."))
        return redirect("desk:subscribers")
    try:
        name = request.POST.get("name", "").strip()[:100]
        said = byhand.add(address, newsletter, consent=consent, confirm_by_mail=by_mail, name=name)
        key = read_address(address).key
    except (AddressProblem, byhand.Refused) as problem:
        messages.error(request, as_sentence(str(problem)))
        return redirect("desk:subscribers")
    person = Subscriber.objects.get(key=key)
    audit.note(editor(request), "subscriber added", _about(person), after={newsletter: said})
    messages.success(request, _("Added.") if said == "added" else _("They get it already."))
    return redirect("desk:subscriber", person.pk)
