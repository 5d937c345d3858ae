"""The maximum body of a request to the desk and the API, decided before the body is read, and the way back from it."""

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.db import close_old_connections
from django.http import Http404, HttpRequest, HttpResponse
from django.http.cookie import parse_cookie
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from newsletter.api import tokens
from newsletter.api.problem_document import API_ROOT
from newsletter.web.converters import whole_number
from newsletter.web.desk import formatting
from newsletter.web.desk.permissions import CODE_WANTED, Guarded, Role, role_of
from newsletter.web.requests import AsgiMessage

LARGEST = 3_000_000
"""Octets of a body of an editor's forms."""
LARGEST_UPLOADS = {
    "subscribers-import": 400_000_000,
    "old-issues": 1_000_000_000,
    "image": 30_000_000,
    "logo-upload": 30_000_000,
}
"""Octets of a file of subscribers (a million of them are 80 MB), of an archive with its images, and of an image, by the
page's name.
"""


LARGEST_OF_API = 1_000_000
"""Octets of a body with a valid token: a post's text has at most 200,000 characters."""


def body_limit(scope: AsgiMessage) -> int:
    """Return the maximum body of this request in octets; 0 if nobody is logged in."""
    close_old_connections()
    if scope["path"].startswith(API_ROOT):
        return LARGEST_OF_API if _has_token(scope) else 0
    role = _role(scope)
    if role is Role.ANYONE:
        return 0
    try:
        match = resolve(scope["path"])
    except Resolver404:
        return LARGEST
    size = LARGEST_UPLOADS.get(match.url_name or "", LARGEST)
    return size if role >= cast(Guarded, match.func).needed else LARGEST


def too_large(request: HttpRequest) -> HttpResponse:
    """Return to the page of a form that was too large, and say how much it may send."""
    address = request.GET.get("page", "")
    if not address.startswith("/desk/"):
        raise Http404("a form is on a page of the desk")
    most = whole_number(request.GET.get("most", "")) or LARGEST
    sentence = _(
        "Nothing was saved: a form may have at most %(n)s MB here. Choose a smaller file, or shorten the text."
    )
    messages.error(request, sentence % {"n": formatting.number(most // 1_000_000)})
    return redirect(address)


def _has_token(scope: AsgiMessage) -> bool:
    """Return whether the request has a token of the API that is in force."""
    values = [value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"]
    return len(values) == 1 and tokens.find(values[0].partition(" ")[2].strip()) is not None


def _role(scope: AsgiMessage) -> Role:
    """Return the role of the session that the request's cookie names; nothing is changed in it."""
    cookies = parse_cookie("; ".join(v.decode("latin-1") for n, v in scope["headers"] if n == b"cookie"))
    session = SessionStore(cookies.get(settings.SESSION_COOKIE_NAME))
    user = User.objects.filter(pk=session[SESSION_KEY]).first() if SESSION_KEY in session else None
    if user is None or session.get(CODE_WANTED):
        return Role.ANYONE
    hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    session_hash = session.get(HASH_SESSION_KEY, "")
    return (
        role_of(user)
        if any(constant_time_compare(session_hash, session_hash_of_key) for session_hash_of_key in hashes)
        else Role.ANYONE
    )
