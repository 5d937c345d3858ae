"""What is wrong with a field of a request, as a message, by the type of pydantic's error."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from newsletter.api.schemas import NO_NUL, PERIOD, URL, WEB_ADDRESS, WEB_ADDRESS_OR_NONE, YEAR
from newsletter.messages import Message, MessageType
from newsletter.messages import api as messages

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
    "model_attributes_type": messages.NOT_OBJECT,
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
