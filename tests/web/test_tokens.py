"""The page of tokens of the API."""

import re

from django.test import Client

from newsletter.api import tokens
from newsletter.models import ApiToken
from tests.api.client import token

FORM = {"name": "the shop", "scopes": ["subscribers:write"], "newsletters": ["kinaforum"]}


def test_a_new_token_is_shown_once(admin: Client) -> None:
    page = admin.post("/desk/tokens/", FORM).content.decode()
    shown = re.findall(r"nl_[0-9a-f]+_[0-9a-f]+", page)
    assert len(shown) == 1
    found = tokens.find(shown[0])
    assert found is not None
    assert (found.name, found.scopes, found.newsletters) == ("the shop", ["subscribers:write"], ["kinaforum"])
    assert found.created_by == "redaksjon@example.org"
    assert shown[0] not in admin.get("/desk/tokens/").content.decode()


def test_a_token_needs_a_scope(admin: Client) -> None:
    answer = admin.post("/desk/tokens/", {"name": "the shop"})
    assert answer.status_code == 422
    assert "Choose at least one." in answer.content.decode()
    assert 'value="the shop"' in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_a_token_is_revoked(admin: Client) -> None:
    made = token()
    page = admin.post(f"/desk/tokens/{made.row.pk}/revoke/", follow=True).content.decode()
    assert "The token “a shop” has been revoked." in page
    assert tokens.find(made.text) is None
    assert ">“a shop”</a>" in admin.get("/desk/log/").content.decode()


def test_a_token_that_is_not_there_is_not_revoked(admin: Client) -> None:
    page = admin.post("/desk/tokens/999/revoke/", follow=True).content.decode()
    assert "There is no token 999" in page
