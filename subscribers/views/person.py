"""A reader's own page, through a link that was mailed to the address and is good for an hour."""

from collections.abc import Mapping, Sequence

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from subscribers import preferences as rules
from subscribers.addresses import Address
from subscribers.forms import EraseForm, MoveForm, PersonForm
from subscribers.models import Subscriber, Subscription
from subscribers.pages import language_of, page
from subscribers.signup import Result

Faults = dict[str, str]


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def person(request: HttpRequest, token: str) -> HttpResponse:
    """Name, language, data, change of address, erasing; `?data` gives the data as a file."""
    result, subscriber = rules.person_of(token)
    if subscriber is None:
        kind, status = ("old", 410) if result is Result.EXPIRED else ("gone", 404)
        return page(request, "message.html", language_of(request), kind=kind, status=status)
    if request.method != "POST" and "data" in request.GET:
        return _data(subscriber)
    language = language_of(request, known=subscriber.language)
    with translation.override(language):
        notice, faults = _act(request, subscriber) if request.method == "POST" else ("", {})
    if not Subscriber.objects.filter(pk=subscriber.pk).exists():
        return page(request, "message.html", language, kind="forgotten")
    subscriber.refresh_from_db()
    if notice:
        language = language_of(request, known=subscriber.language)
    return page(
        request,
        "me.html",
        language,
        subscriber=subscriber,
        given=request.POST,
        notice=notice,
        faults=faults,
        newsletter=_newest(subscriber),
        status=400 if faults else 200,
    )


def _newest(subscriber: Subscriber) -> str:
    """In whose colours the page is: the last that they joined, of those that come before all others."""
    ties = sorted(subscriber.subscriptions.all(), key=lambda t: (t.state == Subscription.State.ACTIVE, t.pk))
    return ties[-1].newsletter if ties else ""


def _data(subscriber: Subscriber) -> HttpResponse:
    response = JsonResponse(rules.data_of(subscriber), json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    response["Cache-Control"] = "no-store"
    return response


def _act(request: HttpRequest, subscriber: Subscriber) -> tuple[str, Faults]:
    """Do what the button says; gives a notice, or what is wrong by field."""
    match request.POST.get("do"):
        case "save":
            return _save(request, subscriber)
        case "move":
            return _move(request, subscriber)
        case "erase":
            return _erase(request, subscriber)
        case _:
            return "", {"do": _("Nothing was chosen. Please press one of the buttons.")}


def _save(request: HttpRequest, subscriber: Subscriber) -> tuple[str, Faults]:
    form = PersonForm(request.POST)
    if not form.is_valid():
        return "", _faults(form.errors)
    rules.rename(subscriber, form.cleaned_data["name"], form.cleaned_data["language"])
    with translation.override(form.cleaned_data["language"]):
        return _("Saved."), {}


def _move(request: HttpRequest, subscriber: Subscriber) -> tuple[str, Faults]:
    form = MoveForm(request.POST)
    if not form.is_valid():
        return "", _faults(form.errors)
    if not rules.ask_to_move(subscriber, form.given, timezone.now()):
        return "", {"address": _("That was asked for too often today. Please try again tomorrow.")}
    return _("Look into the mailbox of the new address: a mail to confirm is on its way."), {}


def _erase(request: HttpRequest, subscriber: Subscriber) -> tuple[str, Faults]:
    form = EraseForm(request.POST)
    if not form.is_valid():
        return "", _faults(form.errors)
    rules.forget(Address(subscriber.address, subscriber.key))
    return "", {}


def _faults(errors: Mapping[str, Sequence[object]]) -> Faults:
    return {field: str(sentences[0]) for field, sentences in errors.items()}
