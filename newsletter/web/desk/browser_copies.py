"""Confirms to the browser which text has been saved, so that it drops the copy that it keeps (static/desk/kept.js)."""

import re
from http import HTTPStatus

from django.conf import settings
from django.contrib.messages import constants, get_messages
from django.contrib.messages.storage.fallback import FallbackStorage
from django.http import HttpRequest
from django.http.response import HttpResponseBase

FIELD = "kept"
COOKIE = "kept-"
SECONDS = 86400
_KEY = re.compile(r"[a-z0-9]{1,24}")


class NotedErrors(FallbackStorage):
    """Messages for the next page, which note whether one of them is an error."""

    has_errors = False

    def add(self, level: int, message: str, extra_tags: str | None = "") -> None:
        """Store a message."""
        self.has_errors |= level >= constants.ERROR
        super().add(level, message, extra_tags)


def confirm(request: HttpRequest, response: HttpResponseBase, path: str = "/desk/") -> None:
    """Tell the browser that a form was accepted, whose text it keeps under the key that came with the form.

    Nothing was accepted if the next page is to show an error. `path` is that of all pages with such forms.
    """
    key = request.POST.get(FIELD, "") if request.method == "POST" else ""
    if not _KEY.fullmatch(key) or response.status_code >= HTTPStatus.BAD_REQUEST:
        return
    messages = get_messages(request)
    if not (isinstance(messages, NotedErrors) and messages.has_errors):
        secure = settings.SESSION_COOKIE_SECURE
        response.set_cookie(COOKIE + key, "saved", max_age=SECONDS, path=path, samesite="Lax", secure=secure)
