"""Requests made from the OpenAPI description, with and without a token: no error of ours, and no undeclared answer.

schemathesis makes valid and invalid requests. In half of them, names and numbers are those of things that exist.
"""

import os
from typing import Any, cast

import hypothesis
import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks

from newsletter.api import description, rate_limits, urls
from newsletter.api.permissions import TABLE
from newsletter.models import Post
from subscribers import admin_actions
from subscribers.models import Subscription
from tests.api.client import token
from tests.web import make

DOCUMENT = description.document(urls.api)
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
SCHEMA.app = get_wsgi_application()
OPERATIONS = {
    found.definition.raw["operationId"]: found
    for found in (cast(Any, each).ok() for each in SCHEMA.get_all_operations())
}
EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "6"))
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
]


@pytest.fixture(autouse=True)
def no_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow as many requests as there are examples."""
    monkeypatch.setattr(rate_limits, "PER_TOKEN", 10**9)
    monkeypatch.setattr(rate_limits, "PER_NETWORK", 10**9)


@pytest.fixture
def existing(db: None) -> dict[str, Any]:
    """Things that exist, by the names of the parameters that name them."""
    make.draft("Et hus ved havet", "Vinterlys")
    admin_actions.add("kari@example.org", "kinaforum", consent="by telephone")
    return {
        "newsletter": "kinaforum",
        "period": make.PERIOD,
        "post": Post.objects.order_by("pk").values_list("pk", flat=True)[0],
        "subscription": Subscription.objects.values_list("pk", flat=True)[0],
        "address": "kari@example.org",
    }


def use_existing(case: Any, existing: dict[str, Any]) -> None:
    """Let a request be about things that exist."""
    for given in (case.path_parameters, case.query, case.body):
        if isinstance(given, dict):
            given.update({name: value for name, value in existing.items() if name in given})
    if case.headers is not None and "If-Match" in {p["name"] for p in case.operation.definition.raw["parameters"]}:
        case.headers["If-Match"] = "*"


def test_the_header_that_a_change_of_an_edition_needs_is_described_so() -> None:
    needed = {
        name for name, one in OPERATIONS.items() for p in one.definition.raw.get("parameters", ()) if p["required"]
        if p["name"] == "If-Match"
    }  # fmt: skip
    assert needed == {name for name, one in OPERATIONS.items() if "428" in one.definition.raw["responses"]} != set()


def test_every_operation_is_tried() -> None:
    assert set(OPERATIONS) == set(TABLE)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_requests_get_declared_answers(name: str, mode: GenerationMode, existing: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {token().text}"}
    _try(OPERATIONS[name], mode, existing, headers)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_requests_without_a_token_get_401(name: str, existing: dict[str, Any]) -> None:
    statuses = _try(OPERATIONS[name], GenerationMode.POSITIVE, existing, {"Authorization": "Bearer nl_a_b"}, examples=2)
    assert statuses == {401}


def _try(
    operation: Any, mode: GenerationMode, existing: dict[str, Any], headers: dict[str, str], examples: int = EXAMPLES
) -> set[int]:
    """Make requests, check the answers, and return their statuses."""
    statuses: set[int] = set()

    @hypothesis.settings(
        max_examples=examples, suppress_health_check=list(hypothesis.HealthCheck), phases=[hypothesis.Phase.generate]
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode), about_existing=st.booleans())
    def attempt(case: Any, about_existing: bool) -> None:
        if about_existing:
            use_existing(case, existing)
        answer = case.call(headers=headers)
        statuses.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    attempt()
    return statuses
