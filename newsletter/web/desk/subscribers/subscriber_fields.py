"""The values of the site's own fields on a subscriber's page."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

from subscribers.models import Subscriber
from subscribers.personal_fields import fields_for, own_fields, value_of

PREFIX = "field-"
"""What stands before a field's key in the name of its input, so that none has the name of another input."""


def inputs(person: Subscriber, entered: Mapping[str, str], problems: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the own fields of a subscriber's page with their values, or with what was entered and refused."""
    changeable = {field.name for field in fields_for("editor")}
    return [
        {
            "name": f"{PREFIX}{key}",
            "field": field,
            "value": entered.get(key, value_of(person, key)),
            "problem": problems.get(key, ""),
            "changeable": key in changeable,
        }
        for key, field in own_fields().items()
    ]


def read(posted: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Return what a form has of the fields that editors may change: what was entered, the values, and the problems."""
    entered, values, problems = {}, {}, {}
    for field in fields_for("editor"):
        if f"{PREFIX}{field.name}" in posted:
            entered[field.name] = posted[f"{PREFIX}{field.name}"][:1_000]
            try:
                values[field.name] = field.entered(entered[field.name])
            except ValidationError as problem:
                problems[field.name] = str(problem.messages[0])
    return entered, values, problems
