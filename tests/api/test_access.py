"""Every operation against every scope: the table is the whole truth. Of tokens only hashes are stored."""

import re

import pytest
from django.test import Client

from newsletter import config
from newsletter.api import description, tokens, urls
from newsletter.api.permissions import TABLE, TokenScope
from newsletter.models import Act, ApiToken
from tests.api.client import ApiClient, token
from tests.web.make import NOW

ROUTES = {
    operation["operationId"]: (method.upper(), re.sub(r"{\w+}", "1", path).removeprefix("/api/v1"))
    for path, methods in description.document(urls.api)["paths"].items()
    for method, operation in methods.items()
}


def test_every_operation_has_a_row_and_every_row_an_operation() -> None:
    assert set(ROUTES) == set(TABLE)


@pytest.mark.django_db
def test_without_a_token_nothing_is_done(client: Client) -> None:
    answers = {name: client.generic(method, f"/api/v1{path}") for name, (method, path) in ROUTES.items()}
    found = {n: (a.status_code, a.json()["code"], a["WWW-Authenticate"]) for n, a in answers.items()}
    assert found == dict.fromkeys(TABLE, (401, "api.token-missing", "Bearer"))


@pytest.mark.django_db
@pytest.mark.parametrize("scope", list(TokenScope))
def test_a_scope_allows_its_operations_and_no_others(scope: TokenScope) -> None:
    api = ApiClient(token([scope]).text)
    statuses = {name: api.ask(*ROUTES[name]).status_code for name in TABLE}
    assert {name for name, status in statuses.items() if status != 403} == {n for n in TABLE if TABLE[n] is scope}
    assert max(statuses.values()) < 500


@pytest.mark.django_db
def test_a_token_for_one_newsletter_sees_no_other() -> None:
    api = ApiClient(token(newsletters=["daily"]).text)
    assert [each["name"] for each in api.get("/newsletters")["items"]] == ["daily"]
    assert api.ask("GET", "/newsletters/kinaforum").json()["code"] == "api.newsletter-forbidden"
    assert api.last.status_code == 403


@pytest.mark.django_db
def test_only_a_hash_of_a_token_is_stored() -> None:
    made = token()
    secret = made.text.rpartition("_")[2]
    assert secret not in str(ApiToken.objects.values().get())
    found = tokens.find(made.text)
    assert found is not None
    assert found.pk == made.row.pk


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["", "nl", "nl__", "nl_x_y", "x" * 5_000, "nl_\0_\0", "\ud800"])
def test_a_malformed_token_finds_none(text: str) -> None:
    assert tokens.find(text) is None


@pytest.mark.django_db
def test_a_wrong_secret_is_refused() -> None:
    made = token()
    answer = ApiClient(made.text[:-1] + ("0" if made.text[-1] != "0" else "1")).ask("GET", "/newsletters")
    assert answer.status_code == 401
    assert answer.json()["code"] == "api.token-invalid"


@pytest.mark.django_db
def test_a_revoked_token_is_refused_at_once() -> None:
    made = token()
    api = ApiClient(made.text)
    api.get("/newsletters")
    tokens.revoke(made.row.key, by="redaksjon@example.org", now=NOW)
    assert api.ask("GET", "/newsletters").status_code == 401
    assert [act.what.code for act in Act.objects.order_by("pk")] == ["act.token-created", "act.token-revoked"]


@pytest.mark.django_db
def test_the_last_use_is_stored() -> None:
    made = token()
    ApiClient(made.text).get("/newsletters")
    made.row.refresh_from_db()
    assert made.row.last_used_at is not None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "scopes", "newsletters", "code"),
    [
        (" ", ["posts:read"], [], "api.token-without-name"),
        ("x", [], [], "api.token-without-scopes"),
        ("x", ["everything"], [], "api.scope-unknown"),
        ("x", ["posts:read"], ["gone"], "edition.no-newsletter"),
    ],
)
def test_a_token_that_makes_no_sense_is_not_created(
    name: str, scopes: list[str], newsletters: list[str], code: str
) -> None:
    with pytest.raises(tokens.TokenProblem) as refused:
        tokens.create(config.current(), name, scopes, newsletters, by="", now=NOW)
    assert refused.value.message.code == code
    assert not ApiToken.objects.exists()
