"""Permissions of the desk's pages: the only place where they are decided.

Promises: a route that is missing here can't be built; whoever has not logged in sees nothing but the way in;
a two-step login that is switched on stands before everything else.
"""

from collections.abc import Callable
from enum import IntEnum
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation

from newsletter.web.desk import kept_text, users

View = Callable[..., HttpResponseBase]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
CODE_WANTED = "code_wanted"


class Role(IntEnum):
    """What a person may do; each may do what the ones before it may. A sender is an editor who may send."""

    ANYONE = 0
    EDITOR = 1
    SENDER = 2
    ADMIN = 3


TABLE: dict[str, Role] = {
    "login": Role.ANYONE,
    "code": Role.ANYONE,
    "logout": Role.ANYONE,
    "setup": Role.ANYONE,
    "forgotten": Role.ANYONE,
    "password": Role.ANYONE,
    "language": Role.ANYONE,
    "home": Role.EDITOR,
    "account": Role.EDITOR,
    "account-name": Role.EDITOR,
    "account-password": Role.EDITOR,
    "account-factor": Role.EDITOR,
    "account-session": Role.EDITOR,
    "newsletter": Role.EDITOR,
    "draft": Role.EDITOR,
    "letter": Role.EDITOR,
    "welcome": Role.EDITOR,
    "welcome-edit": Role.EDITOR,
    "welcome-change": Role.SENDER,
    "signup-form": Role.EDITOR,
    "edition": Role.EDITOR,
    "words": Role.EDITOR,
    "posts": Role.EDITOR,
    "post": Role.EDITOR,
    "original": Role.EDITOR,
    "add": Role.EDITOR,
    "refresh": Role.EDITOR,
    "history": Role.EDITOR,
    "undo": Role.EDITOR,
    "compare": Role.EDITOR,
    "more": Role.EDITOR,
    "duplicate": Role.EDITOR,
    "blocks": Role.EDITOR,
    "several": Role.EDITOR,
    "notes": Role.EDITOR,
    "anyway": Role.EDITOR,
    "skipped": Role.SENDER,
    "side": Role.EDITOR,
    "preview": Role.EDITOR,
    "frame": Role.EDITOR,
    "text": Role.EDITOR,
    "raw": Role.EDITOR,
    "links": Role.EDITOR,
    "proof": Role.EDITOR,
    "approve": Role.SENDER,
    "reopen": Role.SENDER,
    "send": Role.SENDER,
    "live": Role.EDITOR,
    "control": Role.SENDER,
    "archive": Role.EDITOR,
    "settle": Role.SENDER,
    "report": Role.EDITOR,
    "report-csv": Role.SENDER,
    "editor": Role.EDITOR,
    "rendered": Role.EDITOR,
    "image": Role.EDITOR,
    "sources": Role.EDITOR,
    "source-fetch": Role.EDITOR,
    "source-try": Role.EDITOR,
    "source-add": Role.ADMIN,
    "source-settings": Role.ADMIN,
    "source-remove": Role.ADMIN,
    "subscribers-tags": Role.ADMIN,
    "subscribers-tags-undo": Role.ADMIN,
    "segments": Role.ADMIN,
    "segment-add": Role.ADMIN,
    "segment": Role.ADMIN,
    "segment-count": Role.ADMIN,
    "segment-remove": Role.ADMIN,
    "recipients": Role.SENDER,
    "job": Role.EDITOR,
    "job-live": Role.EDITOR,
    "restored": Role.SENDER,
    "unsent": Role.EDITOR,
    "unsent-retry": Role.EDITOR,
    "log": Role.ADMIN,
    "workers": Role.ADMIN,
    "workers-retry": Role.ADMIN,
    "tokens": Role.ADMIN,
    "token-revoke": Role.ADMIN,
    "webhooks": Role.ADMIN,
    "webhook": Role.ADMIN,
    "webhook-act": Role.ADMIN,
    "subscribers": Role.ADMIN,
    "subscriber": Role.ADMIN,
    "subscriber-act": Role.ADMIN,
    "subscribers-add": Role.ADMIN,
    "subscribers-unanswered": Role.ADMIN,
    "subscribers-import": Role.ADMIN,
    "subscribers-export": Role.ADMIN,
    "settings": Role.ADMIN,
    "newsletter-add": Role.ADMIN,
    "settings-site": Role.ADMIN,
    "settings-newsletter": Role.ADMIN,
    "designs": Role.ADMIN,
    "design-use": Role.ADMIN,
    "design-frame": Role.ADMIN,
    "design-preview": Role.ADMIN,
    "deliverability": Role.ADMIN,
    "deliverability-check": Role.ADMIN,
    "settings-provider": Role.ADMIN,
    "settings-webhooks": Role.ADMIN,
    "users": Role.ADMIN,
    "user-act": Role.ADMIN,
}


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
    held: Role | None = request.META.get(ROLE)
    if held is None:
        held = role_of(request.user)
        request.META[ROLE] = held
    return held


def guarded(name: str, view: View) -> View:
    """Return the view behind its row of the table, in one of the desk's languages, with the desk's headers."""
    needed = TABLE[name]

    @wraps(view)
    def guard(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with translation.override(desk_language(translation.get_language())):
            refused = _refused(request, needed) or _unreadable(request)
            response = refused if refused is not None else view(request, *args, **kwargs)
        if refused is None:
            kept_text.confirm(request, response)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return guard


def desk_language(asked: str | None) -> str:
    """Return the language of the desk for a request: Norwegian, or English for anyone who asks for another language."""
    return "nb" if (asked or "").split("-")[0] in ("nb", "nn", "no") else "en"


def _refused(request: HttpRequest, needed: Role) -> HttpResponse | None:
    if needed is Role.ANYONE:
        return None
    held = role(request)
    if held is Role.ANYONE:
        return _to(request, "desk:code" if role_of(request.user) is not Role.ANYONE else "desk:login")
    if held < needed:
        return refused(request, sending=needed is Role.SENDER)
    return None


def refused(request: HttpRequest, *, sending: bool) -> HttpResponse:
    """Show the page that says which right is missing, and who can give it."""
    return render(request, "desk/refused.html", {"sending": sending, "admins": users.admins()}, status=403)


def _unreadable(request: HttpRequest) -> HttpResponse | None:
    """Refuse parameters with NUL, which nobody can type and PostgreSQL can't look up or store."""
    values = (value for given in (request.GET, request.POST) for _key, found in given.lists() for value in found)
    if any("\0" in value for value in values if isinstance(value, str)):
        return HttpResponse("A field holds a NUL character.\n", content_type="text/plain; charset=utf-8", status=400)
    return None


def _to(request: HttpRequest, name: str) -> HttpResponse:
    """On to a page of the way in, and back afterwards; a part of a page makes its whole page go there."""
    back = request.get_full_path() if request.method == "GET" and "HX-Request" not in request.headers else ""
    address = reverse(name) + (f"?next={quote(back)}" if back else "")
    if "HX-Request" in request.headers:
        return HttpResponse(status=401, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
