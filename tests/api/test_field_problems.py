"""What is said of each field that a schema refuses."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from newsletter.api.refusals import field_problem
from newsletter.api.urls import api as ninja_api
from newsletter.messages import api as messages
from tests.api.client import EDITION, ApiClient

POST = {"newsletter": "kinaforum", "url": "https://www.example.org/a", "title": "A"}
WRONG: tuple[Any, ...] = (
    None, True, 1.5, 0, -1, 10**400, "9" * 5000, 1e30, float("nan"), float("inf"), "", "x", "x" * 250_000, "\0",
    "\ud800", [], [None], [""], ["x"] * 60, {}, {"x": 1}, "2026-13-01", "2026-02-06T18:00", "2026-02-06T18:00:00Z",
    "1800-01-01", "1800-01-01T00:00:00Z", "https://[", "ftp://example.org/",
)  # fmt: skip


def schemas() -> Iterator[type[BaseModel]]:
    """All models that requests are read with."""
    for _prefix, router in ninja_api._routers:
        for view in router.path_operations.values():
            for operation in view.operations:
                yield from operation.models


def bodies(schema: type[BaseModel]) -> Iterator[dict[str, Any]]:
    """Requests with something wrong in each field, and in each field of their body."""
    yield {}
    for name, field in schema.model_fields.items():
        yield from ({name: value} for value in WRONG)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from ({name: body} for body in bodies(field.annotation))


def errors() -> Iterator[Any]:
    """The errors of all such requests."""
    for schema in schemas():
        for body in bodies(schema):
            try:
                schema.model_validate(body)
            except ValidationError as refused:
                yield from refused.errors()


def test_every_error_that_the_schemas_raise_has_a_sentence() -> None:
    unknown = {error["type"] for error in errors() if messages.FIELD_NOT_VALID.matches(field_problem(error))}
    assert not unknown


def test_an_error_of_another_type_has_the_general_sentence() -> None:
    assert str(field_problem({"type": "url_scheme", "loc": ("a",)})) == "has a value that is not valid"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"title": None}, "must be text"),
        ({"title": ""}, "must have at least 1 character"),
        ({"title": "x" * 501}, "must have at most 500 characters"),
        ({"title": "\0"}, "has a NUL character, which no text may have"),
        ({"x": 1}, "must be left out: this request has no such field"),
        ({"categories": "x"}, "must be a list"),
        ({"categories": ["x"] * 51}, "must have at most 50 items"),
        ({"url": "x"}, "must be a web address, such as https://www.example.org/page"),
        ({"url": "https://["}, "must be a web address, such as https://www.example.org/page"),
        ({"published": "2026-02-06T18:00:00"},
         "must be a date and time with a time zone, such as 2026-02-06T18:00:00Z"),
        ({"published": "1800-01-01T00:00:00Z"}, "must be in the years 1970 to 2200"),
    ],
)  # fmt: skip
def test_a_field_of_a_body_gets_a_plain_sentence(api: ApiClient, change: dict[str, Any], problem: str) -> None:
    refused = api.post("/posts", {**POST, **change}, 422)
    assert refused["errors"] == [{"field": f"body.{next(iter(change))}", "problem": problem}]


def test_a_field_that_is_missing_is_named_in_the_sentence(api: ApiClient) -> None:
    refused = api.post("/posts", {"newsletter": "kinaforum", "title": "A"}, 422)
    assert refused["detail"] == (
        "the request is not valid: body.url: is missing and must be given; see the description of the API"
    )


def test_the_parameters_have_the_code_of_each_problem(api: ApiClient) -> None:
    refused = api.document(api.ask("GET", "/editions?limit=900"), 422)
    said = refused["params"]["problems"][0]
    assert said["params"] == {
        "field": "query.limit", "problem": {"code": "api.not-at-most", "params": {"limit": 200}},
    }  # fmt: skip


def test_the_values_that_are_allowed_are_listed(api: ApiClient) -> None:
    refused = api.document(api.ask("GET", "/subscribers?cadence=fortnight"), 422)
    assert refused["errors"] == [{"field": "query.cadence", "problem": "must be one of post, day, week, month"}]


def test_an_optional_address_is_named_as_its_field(api: ApiClient) -> None:
    refused = api.document(api.ask("POST", f"{EDITION}/posts", {"title": "A", "url": "x"}, If_Match="*"), 422)
    assert [error["field"] for error in refused["errors"]] == ["body.url"]
