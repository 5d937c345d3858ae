"""Events through the API; addresses only for those who may see subscribers."""

from typing import get_args

import pytest

from newsletter.api import schemas
from newsletter.events.record import EventKind
from subscribers import admin_actions
from tests.api.client import ApiClient, token
from tests.web import make


def test_events_are_listed_with_what_happened(api: ApiClient) -> None:
    make.draft("Et hus ved havet")
    admin_actions.add("kari@example.org", "kinaforum", consent="by telephone")
    joined, drafted = api.get("/events")["items"]
    assert (joined["type"], joined["data"]["address"]) == ("subscriber.joined", "kari@example.org")
    assert (drafted["type"], drafted["data"]["edition"]) == ("edition.drafted", f"kinaforum/{make.PERIOD}")
    assert [each["id"] for each in api.get("/events?type=edition.drafted")["items"]] == [drafted["id"]]


@pytest.mark.django_db
def test_addresses_need_the_scope_for_subscribers() -> None:
    admin_actions.add("kari@example.org", "kinaforum", consent="by telephone")
    listed = ApiClient(token(["events:read"]).text).get("/events")["items"]
    assert listed[0]["data"]["address"] is None


def test_the_description_has_every_kind() -> None:
    assert set(get_args(schemas.EventType)) == {kind.value for kind in EventKind}
