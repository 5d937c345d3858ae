"""The roles of the desk's users, and the guard before each page, which has the role that `urls.py` declares for it.

Promises: a route without a role can't be built; whoever has not logged in sees nothing but the way in; a two-step login
that is switched on stands before everything else.
"""

from collections.abc import Callable
from enum import IntEnum
from functools import wraps
from typing import Any, Protocol, cast
from urllib.parse import urlencode, urlsplit

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.csrf import csrf_failure

from newsletter.editions.history import WORDS
from newsletter.models import ArchiveImport, Edition, EventWebhook, Job, Segment
from newsletter.web.desk import browser_copies, users
from subscribers.models import Import, Subscriber
from subscribers.requests import config_of, newsletter_of

View = Callable[..., HttpResponseBase]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
CODE_WANTED = "code_wanted"


MODELS: dict[str, type[Model]] = {
    "archive_import": ArchiveImport,
    "job": Job,
    "person": Subscriber,
    "record": Import,
    "segment": Segment,
    "user": User,
    "webhook": EventWebhook,
}
"""The models of numbers in addresses, by the name that `urls.py` gives them."""


class Role(IntEnum):
    """What a person may do; each may do what the ones before it may. A sender is an editor who may send."""

    ANYONE = 0
    EDITOR = 1
    SENDER = 2
    ADMIN = 3


def role_of(user: AbstractBaseUser | AnonymousUser) -> Role:
    """Return the role of whoever is logged in: Django's superusers are admins, all others editors, who may send
    unless an admin left that out.
    """
    if not isinstance(user, User) or not user.is_active:
        return Role.ANYONE
    if user.is_superuser:
        return Role.ADMIN
    return Role.SENDER if users.may_send(user) else Role.EDITOR


ROLE = "newsletter.role"
"""The key of `request.META` that keeps the role once it was looked up."""


def role(request: HttpRequest) -> Role:
    """Return the role of whoever asks, ANYONE until the two-step login was given too; looked up once a request."""
    if request.session.get(CODE_WANTED):
        return Role.ANYONE
    user_role: Role | None = request.META.get(ROLE)
    if user_role is None:
        user_role = role_of(request.user)
        request.META[ROLE] = user_role
    return user_role


class Guarded(Protocol):
    """A view for those who have a role."""

    needed: Role

    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer a request."""


def guarded(view: View, needed: Role) -> Guarded:
    """Return the view for those who have this role, with the desk's headers.

    Times are in the zone of the newsletter that the page is about, or of the first one. The view gets that newsletter,
    the edition, and rows of MODELS, instead of their names and numbers in the address; what there isn't is answered
    with 404.
    """

    @wraps(view)
    def guard(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        newsletters = config_of(request).newsletters
        newsletter = newsletters.get(kwargs.get("name", "")) or next(iter(newsletters.values()))
        with timezone.override(newsletter.zone):
            refused = _refused(request, needed) or _unreadable(request)
            response = refused if refused is not None else view(request, *args, **_with_objects(request, kwargs))
        if refused is None:
            browser_copies.confirm(request, response)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    page = cast(Guarded, guard)
    page.needed = needed
    return page


def _with_objects(request: HttpRequest, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return a view's parameters, with the newsletter, the edition and the row that an address names.

    Raises Http404.
    """
    objects: dict[str, Any] = {
        key: get_object_or_404(MODELS[key], pk=parameters.pop(key)) for key in MODELS.keys() & parameters
    }
    if "name" in parameters:
        newsletter = objects["newsletter"] = newsletter_of(request, parameters.pop("name"))
        if "period" in parameters:
            period = parameters.pop("period")
            objects["edition"] = get_object_or_404(Edition, newsletter=newsletter.name, period=period)
    return {**parameters, **objects}


def _refused(request: HttpRequest, needed: Role) -> HttpResponse | None:
    if needed is Role.ANYONE:
        return None
    user_role = role(request)
    if user_role is Role.ANYONE:
        way_in = "desk:code" if role_of(request.user) is not Role.ANYONE else "desk:login"
        return _typed_texts(request) or _to(request, way_in)
    if user_role < needed:
        return refused(request, sending=needed is Role.SENDER)
    return None


def _typed_texts(request: HttpRequest) -> HttpResponse | None:
    """Return a page of the texts that a browser without scripts sent, which keeps no copy; None for other forms.

    A form of another website gets none, since it could have any words shown here.
    """
    if "save" not in request.POST or not (draft := _page_of_form(request)):
        return None
    typed = [text for key in WORDS if (text := request.POST.get(key, "")).strip()]
    return render(request, "desk/typed.html", {"typed": typed, "draft": draft}, status=403)


def refused(request: HttpRequest, *, sending: bool) -> HttpResponse:
    """Show the page that says which right is missing, and who can give it."""
    return render(request, "desk/refused.html", {"sending": sending, "admins": users.admins()}, status=403)


def _unreadable(request: HttpRequest) -> HttpResponse | None:
    """Refuse parameters with NUL, which nobody can type and PostgreSQL can't look up or store."""
    values = (
        value
        for query in (request.GET, request.POST)
        for _key, values_of_key in query.lists()
        for value in values_of_key
    )
    if any("\0" in value for value in values if isinstance(value, str)):
        return HttpResponse("A field holds a NUL character.\n", content_type="text/plain; charset=utf-8", status=400)
    return None


def _to(request: HttpRequest, name: str) -> HttpResponse:
    """On to a page of the way in, and back afterwards; a part of a page makes its whole page go there."""
    if "HX-Request" in request.headers:
        return HttpResponse(status=401, headers={"HX-Redirect": reverse(name)})
    back = request.get_full_path() if request.method == "GET" else _page_of_form(request)
    query = {"next": back} if back else {}
    if request.method == "POST":
        query["unsaved"] = "1"
    return HttpResponseRedirect(f"{reverse(name)}?{urlencode(query, safe='/')}" if query else reverse(name))


def _page_of_form(request: HttpRequest) -> str:
    """Return the desk's page that a form was sent from; "" if that is not known."""
    page = urlsplit(request.headers.get("Referer", ""))
    if page.netloc != request.get_host() or not page.path.startswith("/desk/"):
        return ""
    return page.path + (f"?{page.query}" if page.query else "")


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without a valid token: whoever has been logged out goes to the login, as with any other request.

    Nothing is done, but texts that were typed without scripts are shown.
    """
    if typed := _typed_texts(request):
        return typed
    match = request.resolver_match
    needed = getattr(match.func, "needed", Role.ANYONE) if match else Role.ANYONE
    if needed is not Role.ANYONE and role(request) is Role.ANYONE:
        return _to(request, "desk:login")
    return csrf_failure(request, reason)
