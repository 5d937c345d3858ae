"""The sign-up form, as a page and for other sites, and the confirmation page."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.templatetags.static import static
from django.utils import timezone, translation
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from newsletter.config import Newsletter
from newsletter.domain.picks import picks_of
from subscribers import cadences, delayed_confirmations, preferences, signup, subscription_requests
from subscribers.forms import SignUpForm
from subscribers.models import Subscription
from subscribers.pages import ANY_NONCE, language_of, message, page
from subscribers.personal_fields import NO, YES
from subscribers.protection import challenges
from subscribers.protection.sign_up_limits import Request, RequestAnswer
from subscribers.requests import config_of, newsletter_of
from subscribers.signup import ConfirmResult
from subscribers.tokens import Purpose, link_token, read_timed

ANSWERED = {
    RequestAnswer.ACCEPTED: 202,
    RequestAnswer.DELAYED: 202,
    RequestAnswer.TOO_MANY: 429,
    RequestAnswer.CHALLENGE: 403,
}
STATUS = {ConfirmResult.EXPIRED: 410, ConfirmResult.GONE: 404, ConfirmResult.TAKEN: 409, ConfirmResult.REFUSED: 403}


@dataclass(frozen=True, slots=True)
class SignUp:
    """A valid request to subscribe, and its response given what `request_subscription` returned.

    If it is accepted, the response to a form is `accepted_page` for everyone.
    """

    request: Request
    response: Callable[[RequestAnswer], HttpResponse]


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST", "OPTIONS"])
def subscribe(request: HttpRequest, newsletter: str) -> HttpResponse:
    """Show the sign-up form; POST requests a subscription, with the same response for every address."""
    configured = newsletter_of(request, newsletter)
    if configured.status == "archived" and request.method != "OPTIONS":
        return _closed(request, configured)
    if request.method == "OPTIONS":
        return _shared(request, HttpResponse(status=204), configured)
    if request.method != "POST":
        return _form_page(request, configured, SignUpForm(), 200, _latest(configured))
    sign_up = read_sign_up(request, configured)
    if isinstance(sign_up, HttpResponse):
        return sign_up
    return sign_up.response(subscription_requests.request_subscription(sign_up.request))


def _latest(newsletter: Newsletter) -> Any:
    """Return the path and the teaser of the latest edition, or None."""
    latest = import_string(settings.LATEST_EDITION)  # by its name, because editions belong to another package
    return latest(newsletter)


def read_sign_up(request: HttpRequest, newsletter: Newsletter) -> SignUp | HttpResponse:
    """Read a POST to the sign-up form without the database; return the response if there is nothing to store."""
    as_json = request.content_type == "application/json"
    language = language_of(request, newsletter=newsletter.name)
    form = SignUpForm(_fields(request) if as_json else request.POST)
    respond = _as_json if as_json else _as_page
    with translation.override(language):
        if form.by_machine:
            return respond(request, newsletter, form, 202)
        if not form.is_valid():
            return respond(request, newsletter, form, 400)
        sign_up = Request(
            newsletter=newsletter.name,
            address=form.valid_address,
            language=language,
            network=request.META.get("REMOTE_ADDR", ""),
            consent=subscription_requests.consent_text(newsletter.title),
            page=_page_of(request),
            at=timezone.now(),
            name=form.name,
            values=form.values,
            cadence=form.cadence_for(newsletter),
            challenge=newsletter.challenge,
            proof=None if newsletter.challenge == "off" else challenges.read(form.solution),
            without_script=form.without_script,
            topics=picks_of(form.topics_for(newsletter)),
        )

    def response(answer: RequestAnswer) -> HttpResponse:
        if answer is RequestAnswer.DELAYED:
            return _delayed(request, newsletter, sign_up, as_json=as_json)
        return respond(request, newsletter, form, ANSWERED[answer])

    return SignUp(sign_up, response)


def accepted_page(request: HttpRequest, newsletter: str, language: str) -> HttpResponse:
    """Return the page after a sign-up, which is the same for everyone but for its nonce: it has ANY_NONCE."""
    return message(request, language, newsletter=newsletter, kind="asked", status=202, nonce=ANY_NONCE)


def _closed(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """Say that an archived newsletter accepts no subscriptions."""
    language = language_of(request, newsletter=newsletter.name)
    if request.content_type != "application/json":
        return message(request, language, newsletter=newsletter.name, kind="closed", status=410)
    with translation.override(language):
        sentence = _("This newsletter is no longer published.")
    return _shared(request, JsonResponse({"error": sentence}, status=410), newsletter)


def _as_page(request: HttpRequest, newsletter: Newsletter, form: SignUpForm, status: int) -> HttpResponse:
    """Respond to the form with a page."""
    if status == 403:
        return _challenge_page(request, newsletter, form)
    kind = {202: "asked", 429: "busy"}.get(status)
    if kind is None:
        return _form_page(request, newsletter, form, status)
    language = language_of(request, newsletter=newsletter.name)
    return message(request, language, newsletter=newsletter.name, kind=kind, status=status)


def _delayed(request: HttpRequest, newsletter: Newsletter, sign_up: Request, *, as_json: bool) -> HttpResponse:
    """Say that the email comes later, and how to get it at once: the same for every address."""
    code = delayed_confirmations.codes(newsletter.name, sign_up.address.key)[0]
    to, is_read = delayed_confirmations.place_to_ask(config_of(request), newsletter, code)
    if as_json:
        with translation.override(sign_up.language):
            text = _(
                "Many people are signing up at the moment, so our email to you may take a day. To get it at once, send "
                "an email with the code %(code)s from your own address to %(to)s."
            ) % {"code": code, "to": to}
        return _shared(request, JsonResponse({"message": text, "code": code, "send_to": to}, status=202), newsletter)
    return page(
        request,
        "delayed.html",
        sign_up.language,
        newsletter=newsletter.name,
        address=sign_up.address.written,
        code=code,
        to=to,
        is_read=is_read,
        link=f"mailto:{quote(to, safe='@')}?subject={code}",
        status=202,
    )


def _form_page(
    request: HttpRequest, newsletter: Newsletter, form: SignUpForm, status: int, latest: Any = None
) -> HttpResponse:
    language = language_of(request, newsletter=newsletter.name)
    with translation.override(language):
        consent = subscription_requests.consent_text(newsletter.title)
        choices = cadences.choices(newsletter)
        form.is_valid()  # the texts of errors are in the language of the page
    return page(
        request,
        "subscribe.html",
        language,
        newsletter=newsletter.name,
        form=form,
        consent=consent,
        cadences=choices,
        cadence=form.cadence_for(newsletter) or newsletter.default_cadence,
        topics=newsletter.offered_topics,
        picked=form.topics_for(newsletter),
        faults={key: sentences[0] for key, sentences in form.errors.items()},
        latest=latest,
        spoken=newsletter.language,
        status=status,
    )


def _challenge_page(request: HttpRequest, newsletter: Newsletter, form: SignUpForm) -> HttpResponse:
    """Return the page that solves a challenge and sends the form again, automatically if the browser runs scripts."""
    language = language_of(request, newsletter=newsletter.name)
    with translation.override(language):
        consent = subscription_requests.consent_text(newsletter.title)
    return page(
        request,
        "challenge.html",
        language,
        newsletter=newsletter.name,
        address=form.valid_address.written,
        entered=form.entered(),
        consent=consent,
        script=static("challenge/page.js"),
        status=403,
        scripts=True,
    )


@require_http_methods(["GET", "HEAD"])
def challenge(request: HttpRequest, newsletter: str) -> HttpResponse:
    """Return a challenge as JSON, as ALTCHA's form field fetches it. Configured sites may read it by script."""
    configured = config_of(request).newsletters.get(newsletter)
    if configured is None or configured.status == "archived" or configured.challenge == "off":
        raise Http404(f"there is no newsletter '{newsletter}' that asks for challenges")
    response = JsonResponse(challenges.create(timezone.now()))
    response["Cache-Control"] = "no-store"
    return _shared(request, response, configured)


def _page_of(request: HttpRequest) -> str:
    """Return the page of the form: ours, or the origin of another site ("null" if the browser hides it).

    Our own pages send no referrer, so browsers send "null" for them too; Sec-Fetch-Site distinguishes the two.
    """
    site, origin = config_of(request).site.url, request.headers.get("Origin", "")
    is_own = origin in ("", site) or request.headers.get("Sec-Fetch-Site") == "same-origin"
    return f"{site}{request.path}" if is_own else origin


def _as_json(request: HttpRequest, newsletter: Newsletter, form: SignUpForm, status: int) -> HttpResponse:
    """Respond to `{"address": "…"}` with `{"message": "…"}` or `{"error": "…"}`."""
    with translation.override(language_of(request, newsletter=newsletter.name)):
        if status == 202:
            answer = {"message": _("Check your inbox: we've sent you a link to confirm.")}
        elif status == 429:
            answer = {"error": _("Too many requests. Try again in an hour.")}
        elif status == 403:
            address = f"{config_of(request).site.url}/n/{newsletter.name}/challenge"
            answer = {"error": _("Your browser has to solve a challenge first."), "challenge": address}
        else:
            answer = {"error": form.first_fault}
    return _shared(request, JsonResponse(answer, status=status), newsletter)


def _fields(request: HttpRequest) -> QueryDict:
    """Return the values of a JSON object as texts, and its lists of texts; empty for anything else."""
    fields = QueryDict(mutable=True)
    try:
        document: Any = json.loads(request.body)
    except (ValueError, RecursionError):
        return fields
    for name, value in document.items() if isinstance(document, dict) else ():
        if isinstance(value, bool):
            fields[name] = YES if value else NO
        elif isinstance(value, str) or (isinstance(value, int | float) and name != "address"):
            fields[name] = str(value)
        elif isinstance(value, list):
            fields.setlist(name, [item for item in value if isinstance(item, str)])
    return fields


def _shared(request: HttpRequest, response: HttpResponse, newsletter: Newsletter) -> HttpResponse:
    """Add the CORS header fields (Fetch standard) that let scripts of configured sites read the response."""
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
    """Show the button of a confirmation link; POST confirms and shows the result."""
    if read_timed(Purpose.CHANGE, token):
        return _confirm_move(request, token)
    if request.method == "POST":
        result, subscription = signup.confirm(config_of(request), token, timezone.now())
    else:
        result, consent = signup.consent_of(token)
        subscription = consent.subscription if consent else None
    name = subscription.newsletter if subscription else ""
    is_new = request.method == "POST" and result is ConfirmResult.DONE
    return _confirmed(
        request,
        result,
        name,
        own_language=subscription.subscriber.language if subscription else "",
        asks="join",
        address=subscription.subscriber.masked if subscription else "",
        subscription=subscription if is_new else None,
    )


def _confirm_move(request: HttpRequest, token: str) -> HttpResponse:
    if request.method == "POST":
        result, email = preferences.change_address(token, timezone.now())
    else:
        result, email = preferences.address_change_of(token)
    return _confirmed(
        request,
        result,
        email.newsletter if email else "",
        own_language=email.subscriber.language if email else "",
        asks="move",
        address=email.payload["address"] if email else "",
    )


def _confirmed(
    request: HttpRequest,
    result: ConfirmResult,
    newsletter: str,
    *,
    own_language: str,
    asks: str,
    address: str,
    subscription: Subscription | None = None,
) -> HttpResponse:
    """Render the button if there is something to confirm, else the result; for a new subscription, what comes next."""
    language = language_of(request, own_language=own_language, newsletter=newsletter)
    template = "confirm.html" if request.method != "POST" and result is ConfirmResult.DONE else "confirmed.html"
    status = STATUS.get(result, 200)
    configured = config_of(request).newsletters.get(newsletter)
    begun: dict[str, Any] = {"comes": "", "sender": "", "preferences": "", "latest": None, "spoken": ""}
    if subscription is not None and configured is not None:
        with translation.override(language):
            comes = cadences.what_comes(configured, subscription.cadence, timezone.now())
        sender, token = configured.sender.address, link_token(subscription.pk)
        latest = _latest(configured)
        begun = {"comes": comes, "sender": sender, "preferences": f"/p/{token}", "latest": latest}
        begun["spoken"] = configured.language
    return page(
        request,
        template,
        language,
        newsletter=newsletter,
        result=result,
        asks=asks,
        address=address,
        status=status,
        **begun,
    )
