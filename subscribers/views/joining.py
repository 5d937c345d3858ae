"""Joining: the form of a newsletter, as a page and for other sites, and the page that a confirmation opens."""

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from newsletter import config
from newsletter.config import Newsletter
from subscribers import preferences, signup
from subscribers.forms import AskForm
from subscribers.pages import language_of, page
from subscribers.signup import Result
from subscribers.tokens import Purpose, read_timed

STATUS = {Result.EXPIRED: 410, Result.GONE: 404, Result.TAKEN: 409, Result.REFUSED: 403}


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST", "OPTIONS"])
def subscribe(request: HttpRequest, newsletter: str) -> HttpResponse:
    """The form of a newsletter; POST asks, and answers the same whoever is asked for."""
    known = config.current().newsletters.get(newsletter)
    if known is None:
        raise Http404(f"there is no newsletter '{newsletter}'")
    if request.method == "OPTIONS":
        return _shared(request, HttpResponse(status=204), known)
    if request.method == "POST" and request.content_type == "application/json":
        return _shared(request, _ask_as_json(request, known), known)
    return _page(request, known)


def _page(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    language = language_of(request, newsletter=newsletter.language)
    form, status = AskForm(request.POST if request.method == "POST" else None), 200
    with translation.override(language):
        consent = signup.consent_text(newsletter.title)
        if request.method == "POST":
            status = _ask(request, newsletter, form, language)
    name = newsletter.name
    if status == 202:
        return page(request, "message.html", language, newsletter=name, kind="asked", status=202)
    if status == 429:
        return page(request, "message.html", language, newsletter=name, kind="busy", status=429)
    return page(request, "subscribe.html", language, newsletter=name, form=form, consent=consent, status=status)


def _ask(request: HttpRequest, newsletter: Newsletter, form: AskForm, language: str) -> int:
    """Note what a form asks for; gives the status to answer with."""
    if form.by_machine:
        return 202
    if not form.is_valid():
        return 400
    asked = signup.Request(
        newsletter=newsletter.name,
        address=form.given,
        language=language,
        network=request.META.get("REMOTE_ADDR", ""),
        page=_page_of(request),
        at=timezone.now(),
    )
    return 202 if signup.ask(asked) else 429


def _page_of(request: HttpRequest) -> str:
    """Where somebody agreed: on our own page, or on the site whose form it was ("null" where the browser hides it).

    Our own pages tell no referrer, so that browsers say "null" of them too; Sec-Fetch-Site tells the two apart.
    """
    site, origin = config.current().site.url, request.headers.get("Origin", "")
    own = origin in ("", site) or request.headers.get("Sec-Fetch-Site") == "same-origin"
    return f"{site}{request.path}" if own else origin


def _ask_as_json(request: HttpRequest, newsletter: Newsletter) -> JsonResponse:
    """`{"address": "…"}` → `{"message": "…"}` or `{"error": "…"}`."""
    language = language_of(request, newsletter=newsletter.language)
    with translation.override(language):
        form = AskForm(_fields(request))
        status = _ask(request, newsletter, form, language)
        if status == 202:
            return JsonResponse({"message": _("Look into your mailbox: a mail to confirm is on its way.")}, status=202)
        if status == 429:
            return JsonResponse({"error": _("Too many have asked just now. Please try again in an hour.")}, status=429)
        return JsonResponse({"error": form.errors["address"][0]}, status=400)


def _fields(request: HttpRequest) -> QueryDict:
    """The text fields of a JSON object; what is no such object has none."""
    fields = QueryDict(mutable=True)
    try:
        found: Any = json.loads(request.body)
    except (ValueError, RecursionError):
        return fields
    for name, value in found.items() if isinstance(found, dict) else ():
        if isinstance(value, str):
            fields[name] = value
    return fields


def _shared(request: HttpRequest, response: HttpResponse, newsletter: Newsletter) -> HttpResponse:
    """With what a browser wants to know (Fetch standard, CORS) before a script of a configured site may read it."""
    origin = request.headers.get("Origin", "")
    response["Vary"] = "Origin"
    if origin in newsletter.form_origins:
        response["Access-Control-Allow-Origin"] = origin
        response["Access-Control-Allow-Methods"] = "POST"
        response["Access-Control-Allow-Headers"] = "Content-Type"
        response["Access-Control-Max-Age"] = "86400"
    return response


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Where a confirmation leads: a button, and what came of pressing it."""
    if read_timed(Purpose.CHANGE, token):
        return _confirm_move(request, token)
    if request.method == "POST":
        result, subscription = signup.confirm(token, timezone.now())
    else:
        result, consent = signup.asked_by(token)
        subscription = consent.subscription if consent else None
    name = subscription.newsletter if subscription else ""
    return _confirmed(
        request,
        result,
        name,
        known=subscription.subscriber.language if subscription else "",
        asks="join",
        address=subscription.subscriber.masked if subscription else "",
    )


def _confirm_move(request: HttpRequest, token: str) -> HttpResponse:
    if request.method == "POST":
        result, letter = preferences.move(token, timezone.now())
    else:
        result, letter = preferences.move_asked_by(token)
    return _confirmed(
        request,
        result,
        letter.newsletter if letter else "",
        known=letter.subscriber.language if letter else "",
        asks="move",
        address=letter.payload["address"] if letter else "",
    )


def _confirmed(
    request: HttpRequest, result: Result, newsletter: str, *, known: str, asks: str, address: str
) -> HttpResponse:
    """The button while there is something to confirm, and after that how it went."""
    shown = config.current().newsletters.get(newsletter)
    language = language_of(request, known=known, newsletter=shown.language if shown else "")
    template = "confirm.html" if request.method != "POST" and result is Result.DONE else "confirmed.html"
    status = STATUS.get(result, 200)
    return page(
        request, template, language, newsletter=newsletter, result=result, asks=asks, address=address, status=status
    )
