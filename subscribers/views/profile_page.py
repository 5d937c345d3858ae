"""The profile page, opened with a link that is sent by email and works for one hour."""

from collections.abc import Mapping, Sequence

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from subscribers import erasure, personal_data, preferences as actions
from subscribers.addresses import Address
from subscribers.forms import AddressForm, EraseForm, PersonForm
from subscribers.models import EmailKind, Subscriber
from subscribers.pages import language_of, message, page
from subscribers.personal_fields import BUILT_IN, fields_for, personal_values
from subscribers.signup import ConfirmResult

Faults = dict[str, str]


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest, token: str) -> HttpResponse:
    """Show and change personal fields and address, and erase the data; `?data` downloads it."""
    result, subscriber = actions.profile_of(token)
    if subscriber is None:
        kind, status = ("old", 410) if result is ConfirmResult.EXPIRED else ("gone", 404)
        return message(request, language_of(request), kind=kind, status=status)
    if request.method != "POST" and "data" in request.GET:
        return _data(subscriber)
    newsletter = _newsletter_of(subscriber)
    language = language_of(request, own_language=subscriber.language, newsletter=newsletter)
    with translation.override(language):
        notice, faults = _act(request, subscriber) if request.method == "POST" else ("", {})
    if not Subscriber.objects.filter(pk=subscriber.pk).exists():
        return message(request, language, kind="forgotten")
    subscriber.refresh_from_db()
    language = language_of(request, own_language=subscriber.language, newsletter=newsletter)
    return page(
        request,
        "me.html",
        language,
        subscriber=subscriber,
        text_fields=[field for field in BUILT_IN.values() if not field.choices],
        own_fields=fields_for("subscriber"),
        values=personal_values(subscriber),
        given={} if notice else request.POST,
        notice=notice,
        faults=faults,
        newsletter=newsletter,
        status=400 if faults else 200,
    )


def _newsletter_of(subscriber: Subscriber) -> str:
    """Return the newsletter that the page's link was asked for, which its email names."""
    links = subscriber.transactional_emails.filter(kind=EmailKind.ME).order_by("-pk")
    return links.values_list("newsletter", flat=True).first() or ""


def _data(subscriber: Subscriber) -> HttpResponse:
    response = JsonResponse(
        personal_data.personal_data_of(subscriber), json_dumps_params={"ensure_ascii": False, "indent": 2}
    )
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    response["Cache-Control"] = "no-store"
    return response


def _act(request: HttpRequest, subscriber: Subscriber) -> tuple[str, Faults]:
    """Perform the action of a button; return a notice, and errors by field."""
    match request.POST.get("do"):
        case "save" | "move" as act:
            return _save_all(request, subscriber, moves=act == "move" or bool(request.POST.get("address", "").strip()))
        case "erase":
            return _erase(request, subscriber)
        case _:
            return "", {"do": _("Please choose one of the buttons.")}


def _save_all(request: HttpRequest, subscriber: Subscriber, *, moves: bool) -> tuple[str, Faults]:
    """Save the personal fields, and request the change of address, whichever of the buttons was pressed."""
    changeable = {*BUILT_IN, *(field.name for field in fields_for("subscriber"))}
    saved, faults = _save(request, subscriber) if changeable & request.POST.keys() else ("", {})
    moved, faults_of_address = _move(request, subscriber) if moves else ("", {})
    faults |= faults_of_address
    return ("", faults) if faults else (moved or saved, {})


def _save(request: HttpRequest, subscriber: Subscriber) -> tuple[str, Faults]:
    form = PersonForm(request.POST)
    if not form.is_valid():
        return "", _faults(form.errors)
    actions.update_profile(subscriber, form.cleaned_data)
    with translation.override(form.cleaned_data.get("language") or translation.get_language()):
        return _("Saved."), {}


def _move(request: HttpRequest, subscriber: Subscriber) -> tuple[str, Faults]:
    form = AddressForm(request.POST)
    if not form.is_valid():
        return "", _faults(form.errors)
    language = translation.get_language() or ""
    if not actions.request_address_change(subscriber, form.valid_address, timezone.now(), language):
        return "", {"address": _("Too many requests today. Try again tomorrow.")}
    return _("Check the inbox of your new address: we've sent a link to confirm it."), {}


def _erase(request: HttpRequest, subscriber: Subscriber) -> tuple[str, Faults]:
    form = EraseForm(request.POST)
    if not form.is_valid():
        return "", _faults(form.errors)
    erasure.forget(Address(subscriber.address, subscriber.key))
    return "", {}


def _faults(errors: Mapping[str, Sequence[object]]) -> Faults:
    return {field: str(sentences[0]) for field, sentences in errors.items()}
