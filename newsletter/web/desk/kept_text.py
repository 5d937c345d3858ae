"""Confirms to the browser which text has been saved, so that it drops the copy that it keeps (static/desk/kept.js)."""

import re
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

FIELD = "kept"
COOKIE = "kept-"
SECONDS = 86400
_KEY = re.compile(r"[a-z0-9]{1,24}")


def confirm(request: HttpRequest, response: HttpResponseBase) -> None:
    """Tell the browser that a form was accepted, whose text it keeps under the key that came with the form."""
    key = request.POST.get(FIELD, "") if request.method == "POST" else ""
    if _KEY.fullmatch(key) and response.status_code < HTTPStatus.BAD_REQUEST:
        secure = settings.SESSION_COOKIE_SECURE
        response.set_cookie(COOKIE + key, "saved", max_age=SECONDS, path="/desk/", samesite="Lax", secure=secure)
