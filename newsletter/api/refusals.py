"""Refusals as problem documents (RFC 9457), with the codes of messages that the desk and the commands show.

`type` leads to an explanation of the code, `detail` is the message's English sentence, and `params` has its values.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse

from newsletter.api.permissions import Forbidden
from newsletter.api.problem_document import MEDIA_TYPE, problem_document
from newsletter.api.schemas import NO_NUL, PERIOD, URL, WEB_ADDRESS, WEB_ADDRESS_OR_NONE, YEAR
from newsletter.editions.approval import LintErrors
from newsletter.editions.editing import Conflict
from newsletter.editions.edition_names import NoSuchEdition
from newsletter.editions.leases import BeingWritten
from newsletter.editions.states import NotAllowed
from newsletter.messages import (
    CATALOGUE,
    Message,
    MessageType,
    Problem,
    api as messages,
    editions as editions_messages,
    subscriptions as subscriptions_messages,
)
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
    """Return the problem document of a request that its schema refuses, with each field as the request has it."""
    problems = [(_field_name(*error["loc"]), field_problem(error)) for error in errors]
    invalid_fields = tuple(messages.INVALID_FIELD(field=field, problem=problem) for field, problem in problems[:3])
    errors_by_field = [{"field": field, "problem": str(problem)} for field, problem in problems[:50]]
    return _response(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        messages.INVALID_REQUEST(problems=invalid_fields),
        {},
        {"errors": errors_by_field},
    )


def _field_name(part: str, parameter: str, *names: str | int) -> str:
    """Return where a field is. The name of the parameter that a body is read into is ours, not one of the request."""
    return ".".join(map(str, (part, *names) if part == "body" else (part, parameter, *names)))


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


Context = Mapping[str, Any]

_PATTERNS = {
    NO_NUL: messages.NUL_IN_TEXT,
    PERIOD: messages.NOT_PERIOD,
    WEB_ADDRESS: messages.NOT_WEB_ADDRESS,
    WEB_ADDRESS_OR_NONE: messages.NOT_WEB_ADDRESS,
}
"""What is wrong with a text that doesn't match a pattern of the schemas."""

_WITH_VALUES: dict[str, Callable[[Context], Message]] = {
    "string_pattern_mismatch": lambda context: _PATTERNS.get(context["pattern"], messages.FIELD_NOT_VALID)(),
    "string_too_short": lambda context: messages.TOO_FEW_CHARACTERS(limit=context["min_length"]),
    "string_too_long": lambda context: messages.TOO_MANY_CHARACTERS(limit=context["max_length"]),
    "too_long": lambda context: messages.TOO_MANY_ITEMS(limit=context["max_length"]),
    "greater_than_equal": lambda context: messages.NOT_AT_LEAST(limit=context["ge"]),
    "less_than_equal": lambda context: messages.NOT_AT_MOST(limit=context["le"]),
    "literal_error": lambda context: messages.NOT_ONE_OF(allowed=_words(context["expected"])),
    YEAR: lambda context: messages.YEAR_OUT_OF_RANGE(earliest=str(context["earliest"]), latest=str(context["latest"])),
}

_BY_TYPE: dict[str, MessageType] = {
    "missing": messages.FIELD_MISSING,
    "extra_forbidden": messages.FIELD_UNKNOWN,
    "string_type": messages.NOT_TEXT,
    "string_unicode": messages.NOT_UNICODE,
    "list_type": messages.NOT_LIST,
    **dict.fromkeys(("model_attributes_type", "dict_type"), messages.NOT_OBJECT),
    URL: messages.NOT_WEB_ADDRESS,
    **dict.fromkeys(
        ("int_type", "int_parsing", "int_parsing_size", "int_from_float", "finite_number"), messages.NOT_WHOLE
    ),
    **dict.fromkeys(("bool_type", "bool_parsing"), messages.NOT_BOOLEAN),
    **dict.fromkeys(("date_type", "date_from_datetime_parsing", "date_from_datetime_inexact"), messages.NOT_DATE),
    **dict.fromkeys(
        ("datetime_type", "datetime_parsing", "datetime_from_date_parsing", "timezone_aware"), messages.NOT_TIME
    ),
}


def field_problem(error: Mapping[str, Any]) -> Message:
    """Return what is wrong with a field, without its name; one general sentence for a type that is not known here."""
    kind = error["type"]
    if kind in _WITH_VALUES:
        return _WITH_VALUES[kind](error["ctx"])
    return _BY_TYPE.get(kind, messages.FIELD_NOT_VALID)()


def _words(expected: str) -> tuple[str, ...]:
    """Return the values in a list such as `'post', 'day' or 'week'`."""
    return tuple(re.findall(r"'([^']*)'", expected))
