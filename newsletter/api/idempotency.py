"""Requests with an Idempotency-Key (draft-ietf-httpapi-idempotency-key-header) take effect once.

Promises: the answer is stored in the transaction of the effect, so that a crash leaves both or neither; the same
request with the same key gets the stored answer for a day; another request with that key is refused. A refused request
leaves nothing, so that it can be repeated with its key.
"""

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from newsletter.api.refusals import Refused
from newsletter.messages import api as messages
from newsletter.models import ApiToken, KeptAnswer

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEEP = timedelta(days=1)
KEPT_HEADERS = ("Content-Type", "ETag", "Location")
_KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")


def once(request: HttpRequest, token: ApiToken, run: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Do something in one transaction, unless its answer is stored; return the answer. Raises Refused."""
    key = request.headers.get(HEADER)
    if key is None:
        with transaction.atomic():
            return run()
    if not _KEY.fullmatch(key):
        raise Refused(HTTPStatus.BAD_REQUEST, messages.INVALID_IDEMPOTENCY_KEY())
    fingerprint = _fingerprint(request)
    now = timezone.now()
    with transaction.atomic():
        token.answers.filter(key=key, at__lt=now - KEEP).delete()
        # On PostgreSQL a second request waits here until the first has ended.
        earlier, is_new = KeptAnswer.objects.select_for_update().get_or_create(
            token=token, key=key, defaults={"fingerprint": fingerprint, "at": now}
        )
        if not is_new:
            return _again(earlier, fingerprint)
        answer = run()
        _keep(earlier, answer)
    return answer


def _fingerprint(request: HttpRequest) -> str:
    head = f"{request.method} {request.get_full_path()}\n".encode()
    return hashlib.sha256(head + request.body).hexdigest()


def _keep(row: KeptAnswer, answer: HttpResponseBase) -> None:
    assert isinstance(answer, HttpResponse)
    row.status, row.body = answer.status_code, answer.content.decode()
    row.headers = {name: answer[name] for name in KEPT_HEADERS if name in answer}
    row.save(update_fields=["status", "body", "headers"])


def _again(answer: KeptAnswer, fingerprint: str) -> HttpResponse:
    if answer.fingerprint != fingerprint:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, messages.IDEMPOTENCY_KEY_REUSED())
    return HttpResponse(answer.body, status=answer.status, headers={**answer.headers, REPLAYED: "true"})
