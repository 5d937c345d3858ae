"""What every operation has: a token, limits, a place in the description, and an answer.

A token is checked before anything of the request is read. An operation that changes something runs in one transaction,
once for each idempotency key.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any, cast

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from ninja import Router, Schema
from ninja.security.base import AuthBase

from newsletter.api import rate_limits, tokens
from newsletter.api.permissions import TABLE, TokenScope, check_newsletter, check_scope, permitted
from newsletter.api.refusals import Refused
from newsletter.config import Cadence, Config, Newsletter
from newsletter.editions.edition_names import NoSuchEdition
from newsletter.messages import api as messages, editions as editions_messages
from newsletter.models import ApiToken, KeptAnswer
from subscribers.requests import config_of, network_of

COUNTERS = rate_limits.RequestCounters()
LIMIT = "newsletter.api.limit"
"""The key of `request.META` that has the rate limit which the request counted for."""
CALLER = "newsletter.api.caller"
"""The key of the token that was found."""
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request with the token that was checked, and the configuration and the time with which it is answered."""

    http: HttpRequest
    token: ApiToken
    config: Config
    now: datetime

    @property
    def by(self) -> str:
        """How the history names the caller."""
        return self.token.by

    @property
    def newsletters(self) -> list[str]:
        """The names of the newsletters that the token is for."""
        return permitted(self.token, self.config.newsletters)

    def names(self, newsletter: str | None) -> list[str]:
        """Return the name of one newsletter, by default those of all that the token is for. Raises as `newsletter`."""
        return [self.newsletter(newsletter).name] if newsletter else self.newsletters

    def newsletter(self, name: str) -> Newsletter:
        """Return a newsletter. Raises NoSuchEdition, and Forbidden if the token is for others."""
        check_newsletter(self.token, name)
        newsletter = self.config.newsletters.get(name)
        if newsletter is None:
            names = tuple(sorted(self.config.newsletters))
            raise NoSuchEdition(editions_messages.NO_NEWSLETTER(name=name, known=names))
        return newsletter

    def in_cadence(self, name: str, cadence: Cadence) -> Newsletter:
        """Return a newsletter as the editions of a cadence have it. Raises Refused if it doesn't offer that."""
        newsletter = self.newsletter(name)
        if cadence not in newsletter.offered:
            problem = messages.CADENCE_NOT_OFFERED(cadence=cadence, offered=newsletter.offered)
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, problem)
        return newsletter.at(cadence)

    def check_topics(self, name: str, topics: Iterable[str]) -> None:
        """Raise Refused if a newsletter doesn't have one of these topics."""
        offered = tuple(self.newsletter(name).topics)
        if unknown := next((topic for topic in topics if topic not in offered), None):
            problem = messages.TOPIC_NOT_OFFERED(topic=unknown, offered=offered) if offered else messages.NO_TOPICS()
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, problem)


class BearerToken(AuthBase):
    """Checks the token of a request (RFC 6750), its scope and its rate limit."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __init__(self, scope: TokenScope) -> None:
        self._scope = scope
        super().__init__()

    def __call__(self, request: HttpRequest) -> ApiToken:
        """Return the token. Raises Refused with 401 or 429, and Forbidden."""
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        presented = text.strip() if scheme.lower() == "bearer" else ""
        token = tokens.find(presented) if presented else None
        if token is None:
            count_network(request)
            message = messages.TOKEN_INVALID() if presented else messages.TOKEN_MISSING()
            challenge = 'Bearer error="invalid_token"' if presented else "Bearer"
            raise Refused(HTTPStatus.UNAUTHORIZED, message, {"WWW-Authenticate": challenge})
        now = timezone.now()
        request.META[LIMIT] = COUNTERS.count("token", token.key, rate_limits.PER_TOKEN, now)
        tokens.note_use(token, now)
        check_scope(token, self._scope)
        request.META[CALLER] = token
        return token


def count_network(request: HttpRequest) -> None:
    """Count a request without a valid token for its network. Raises Refused with 429."""
    network = network_of(request.META.get("REMOTE_ADDR", ""))
    request.META[LIMIT] = COUNTERS.count("network", network, rate_limits.PER_NETWORK, timezone.now())


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """What an operation answers; None as body for 202, 204 and 304."""

    body: Schema | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> HttpResponse:
        """Return the response."""
        if self.body is None:
            return HttpResponse(status=self.status, headers=dict(self.headers))
        text = self.body.model_dump_json()
        return HttpResponse(text, status=self.status, content_type=JSON, headers=dict(self.headers))


Result = ApiAnswer | HttpResponseBase
View = Callable[..., Result]
Run = Callable[[], HttpResponseBase]
"""Runs an operation in its transaction."""

READ = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)  # fmt: skip
WRITE = (*READ, HTTPStatus.CONFLICT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
CONDITIONAL = (HTTPStatus.PRECONDITION_FAILED, HTTPStatus.PRECONDITION_REQUIRED)


def operation(
    router: Router,
    method: str,
    path: str,
    answers: Mapping[int, type[Schema] | None],
    *,
    missing: bool = True,
    if_match: bool = False,
    around: Callable[..., HttpResponseBase] = lambda run, *args, **kwargs: run(),
) -> Callable[[View], View]:
    """Register a view, which is called with an ApiRequest, under its name in the table of permissions.

    `missing`: it may answer 404. `if_match`: it requires If-Match. `around` is called with a function that runs the
    view in its transaction, and with the view's arguments; it returns what that returns.
    """

    def register(view: View) -> View:
        name = view.__name__
        scope = TABLE[name]
        changes = method != "GET"

        @wraps(view)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            token = cast(ApiToken, request.META[CALLER])
            checked = ApiRequest(request, token, config_of(request), timezone.now())
            if not changes:
                return _response(view(checked, *args, **kwargs))

            def in_transaction() -> HttpResponseBase:
                return once(request, token, lambda: _response(view(checked, *args, **kwargs)))

            return around(in_transaction, checked, *args, **kwargs)

        statuses = (*(WRITE if changes else READ), *([HTTPStatus.NOT_FOUND] if missing else []))
        statuses = (*statuses, *(CONDITIONAL if if_match else ()))
        summary, _, description = (view.__doc__ or "").strip().partition("\n")
        router.api_operation(
            [method],
            path,
            auth=BearerToken(scope),
            response=dict(answers),
            operation_id=name,
            summary=summary.rstrip("."),
            description=f"{description.strip()}\n\nScope: `{scope.value}`.".strip(),
            openapi_extra=_described(method, statuses, if_match=if_match),
        )(run)
        return view

    return register


def _response(result: Result) -> HttpResponseBase:
    return result.response() if isinstance(result, ApiAnswer) else result


def _described(method: str, statuses: tuple[HTTPStatus, ...], *, if_match: bool) -> dict[str, Any]:
    """Return what the framework doesn't know of an operation: its headers, and its problem documents."""
    parameters = []
    if if_match:
        parameters.append(_header("If-Match", "The ETag of the edition as it was read, or `*`.", required=True))
    if method == "POST":
        parameters.append(
            _header(
                HEADER, "A new random text for each request; see below.", maxLength=255, pattern=f"^{_KEY.pattern}$"
            )
        )
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
    responses = {s.value: {"description": s.phrase, "content": problem} for s in dict.fromkeys(statuses)}
    return {"parameters": parameters, "responses": responses}


def _header(name: str, description: str, *, required: bool = False, **limits: object) -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1, "maxLength": 500, **limits}
    return {"in": "header", "name": name, "required": required, "description": description, "schema": schema}


HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEEP = timedelta(days=1)
KEPT_HEADERS = ("Content-Type", "ETag", "Location")
_KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")


def once(request: HttpRequest, token: ApiToken, run: Run) -> HttpResponseBase:
    """Do something in one transaction, unless its answer is stored; return the answer. Raises Refused.

    A request with an Idempotency-Key (draft-ietf-httpapi-idempotency-key-header) takes effect once: the answer is
    stored in the transaction of the effect, so that a crash leaves both or neither; the same request with the same key
    gets the stored answer for a day; another request with that key is refused. A refused request leaves nothing, so
    that it can be repeated with its key.
    """
    key = request.headers.get(HEADER)
    if key is None:
        with transaction.atomic():
            return run()
    if not _KEY.fullmatch(key):
        raise Refused(HTTPStatus.BAD_REQUEST, messages.INVALID_IDEMPOTENCY_KEY())
    head = f"{request.method} {request.get_full_path()}\n".encode()
    fingerprint = hashlib.sha256(head + request.body).hexdigest()
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


def _keep(row: KeptAnswer, answer: HttpResponseBase) -> None:
    assert isinstance(answer, HttpResponse)
    row.status, row.body = answer.status_code, answer.content.decode()
    row.headers = {name: answer[name] for name in KEPT_HEADERS if name in answer}
    row.save(update_fields=["status", "body", "headers"])


def _again(answer: KeptAnswer, fingerprint: str) -> HttpResponse:
    if answer.fingerprint != fingerprint:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, messages.IDEMPOTENCY_KEY_REUSED())
    return HttpResponse(answer.body, status=answer.status, headers={**answer.headers, REPLAYED: "true"})
