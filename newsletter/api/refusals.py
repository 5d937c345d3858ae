"""Refusals as problem documents (RFC 9457), with the codes of messages that the desk and the commands show.

`type` leads to an explanation of the code, `detail` is the message's English sentence, and `params` has its values.
"""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse

from newsletter.api.field_problems import field_problem
from newsletter.api.permissions import Forbidden
from newsletter.api.problem_document import MEDIA_TYPE, problem_document
from newsletter.editions.approval import LintErrors
from newsletter.editions.editing import Conflict
from newsletter.editions.edition_names import NoSuchEdition
from newsletter.editions.leases import BeingWritten
from newsletter.editions.states import NotAllowed
from newsletter.messages import CATALOGUE, Message, Problem
from newsletter.messages import api as messages
from newsletter.messages import editions as editions_messages
from newsletter.messages import subscriptions as subscriptions_messages
from subscribers.admin_actions import ActionRefused

STATUSES: tuple[tuple[type[Problem], HTTPStatus], ...] = (
    (Forbidden, HTTPStatus.FORBIDDEN),
    (NoSuchEdition, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.PRECONDITION_FAILED),
    (NotAllowed, HTTPStatus.CONFLICT),
    (BeingWritten, HTTPStatus.CONFLICT),
    (LintErrors, HTTPStatus.UNPROCESSABLE_ENTITY),
    (ActionRefused, HTTPStatus.CONFLICT),
)
"""The status of each class of refusals; of any other it is 422."""

CODES = {
    editions_messages.ONLY_DRAFTS_CHANGE.code: HTTPStatus.CONFLICT,
    editions_messages.NO_LONGER_CHANGED.code: HTTPStatus.CONFLICT,
    editions_messages.NEWSLETTER_PAUSED.code: HTTPStatus.CONFLICT,
    editions_messages.NEWSLETTER_ARCHIVED.code: HTTPStatus.CONFLICT,
    editions_messages.POST_TAKEN.code: HTTPStatus.CONFLICT,
    editions_messages.POST_OUT.code: HTTPStatus.CONFLICT,
    editions_messages.NO_POST.code: HTTPStatus.NOT_FOUND,
    subscriptions_messages.UNKNOWN.code: HTTPStatus.NOT_FOUND,
}
"""The status of refusals whose class says too little."""


class Refused(Problem):
    """The API itself refuses a request."""

    def __init__(self, status: HTTPStatus, message: Message, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})


def status_of(problem: Problem) -> HTTPStatus:
    """Return the status of a refusal."""
    if isinstance(problem, Refused):
        return problem.status
    by_class = (status for kind, status in STATUSES if isinstance(problem, kind))
    return CODES.get(problem.message.code) or next(by_class, HTTPStatus.UNPROCESSABLE_ENTITY)


def response(problem: Problem) -> HttpResponse:
    """Return the problem document of a refusal."""
    more = {"errors": list(problem.codes)} if isinstance(problem, LintErrors) else {}
    headers = problem.headers if isinstance(problem, Refused) else {}
    return _response(status_of(problem), problem.message, headers, more)


def invalid(errors: Iterable[Mapping[str, Any]]) -> HttpResponse:
    """Return the problem document of a request that its schema refuses, with each field."""
    problems = [(".".join(map(str, error["loc"])), field_problem(error)) for error in errors]
    invalid_fields = tuple(messages.INVALID_FIELD(field=field, problem=problem) for field, problem in problems[:3])
    errors_by_field = [{"field": field, "problem": str(problem)} for field, problem in problems[:50]]
    return _response(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        messages.INVALID_REQUEST(problems=invalid_fields),
        {},
        {"errors": errors_by_field},
    )


def _response(status: HTTPStatus, message: Message, headers: Mapping[str, str], more: dict[str, Any]) -> HttpResponse:
    content = problem_document(status, message, more)
    return HttpResponse(content, status=status.value, content_type=MEDIA_TYPE, headers=dict(headers))


def explanation(code: str) -> HttpResponse | None:
    """Return the sentence of a code, with its parameters in braces; None for an unknown code."""
    message = CATALOGUE.get(code)
    if message is None:
        return None
    document = {"code": code, "sentence": message.english, "params": sorted(message.names)}
    return HttpResponse(json.dumps(document, ensure_ascii=False), content_type="application/json")
