"""Subscribers through the API: pending until they confirm, unless consent is given with the request."""

import json

import pytest

from newsletter.config import Topic
from newsletter.models import Act, KeptAnswer, RecordedEvent
from subscribers.addresses import read_address
from subscribers.erasure import forget
from subscribers.models import Consent, EmailKind, Subscription, Suppression, TopicChange, TransactionalEmail
from tests.api.client import ApiClient, token
from tests.factories import configured
from tests.subscribers.own_fields import declare

KARI = {"address": "Kari@Example.org", "newsletter": "kinaforum"}
CONSENT = {"consent": {"text": "ticked the box at the checkout, 5 February 2026"}}


def test_without_consent_they_are_pending_and_asked(api: ApiClient) -> None:
    added = api.post("/subscribers", KARI, 201)
    assert added["state"] == "pending"
    assert TransactionalEmail.objects.get().kind == EmailKind.CONFIRM


def test_with_consent_they_are_active(api: ApiClient) -> None:
    added = api.post("/subscribers", {**KARI, **CONSENT, "tags": ["Oslo", "film "]}, 201)
    assert (added["state"], added["tags"]) == ("active", ["film", "oslo"])
    assert Consent.objects.get().text == CONSENT["consent"]["text"]
    assert not TransactionalEmail.objects.exists()


def test_values_of_own_fields_are_stored_and_changed_and_wrong_ones_are_refused(api: ApiClient) -> None:
    declare()
    added = api.post("/subscribers", {**KARI, **CONSENT, "fields": {"town": " Oslo ", "shoe-size": "42,5"}}, 201)
    assert added["fields"] == {"town": "Oslo", "shoe-size": "42.5", "born": "", "member": "", "level": ""}
    changed = api.ask("PATCH", f"/subscribers/{added['id']}", {"fields": {"town": "", "level": "new"}})
    assert changed.json()["fields"] == {"town": "", "shoe-size": "42.5", "born": "", "member": "", "level": "new"}
    assert Act.objects.latest("pk").what.code == "act.values-changed"
    for fields, code in (({"shoe": "1"}, "subscriber.unknown-field"), ({"shoe-size": "large"}, "about")):
        refused = api.ask("PATCH", f"/subscribers/{added['id']}", {"fields": fields})
        assert (refused.status_code, refused.json()["code"]) == (422, code)


def test_a_subscriber_is_not_added_twice(api: ApiClient) -> None:
    first = api.post("/subscribers", {**KARI, **CONSENT}, 201)
    again = api.post("/subscribers", {**KARI, **CONSENT, "tags": ["oslo"]}, 200)
    assert (again["id"], again["tags"]) == (first["id"], ["oslo"])


def test_an_unsubscribed_address_is_not_subscribed_again(api: ApiClient) -> None:
    number = api.post("/subscribers", {**KARI, **CONSENT}, 201)["id"]
    assert api.ask("DELETE", f"/subscribers/{number}").status_code == 204
    assert api.get(f"/subscribers/{number}")["state"] == "unsubscribed"
    refused = api.post("/subscribers", {**KARI, **CONSENT}, 409)
    assert refused["code"] == "subscriber.unsubscribed"


def test_a_blocked_address_is_not_added(api: ApiClient) -> None:
    Suppression.objects.suppress("kari@example.org", Suppression.Reason.COMPLAINED)
    assert api.post("/subscribers", {**KARI, **CONSENT}, 409)["code"] == "subscriber.blocked"


def test_an_address_that_is_none_is_refused(api: ApiClient) -> None:
    assert api.post("/subscribers", {**KARI, "address": "kari"}, 422)["status"] == 422
    assert not Subscription.objects.exists()


def test_they_are_found_by_address_state_and_tag(api: ApiClient) -> None:
    api.post("/subscribers", {**KARI, **CONSENT, "tags": ["oslo"]}, 201)
    api.post("/subscribers", {"address": "ola@example.org", "newsletter": "kinaforum"}, 201)
    for query in ("address=KARI@example.org", "state=active", "tag=Oslo", "newsletter=kinaforum&state=active"):
        found = api.get(f"/subscribers?{query}")["items"]
        assert [each["address"] for each in found] == ["Kari@example.org"], query
    assert len(api.get("/subscribers")["items"]) == 2


def test_name_and_tags_are_changed(api: ApiClient) -> None:
    number = api.post("/subscribers", {**KARI, **CONSENT, "tags": ["oslo"]}, 201)["id"]
    changed = api.ask("PATCH", f"/subscribers/{number}", {"name": " Kari  Nordmann", "tags": ["film"]}).json()
    assert (changed["name"], changed["tags"]) == ("Kari Nordmann", ["film"])
    assert {act.by for act in Act.objects.filter(about__startswith="subscriber ")} == {"API: a shop"}


def test_all_are_exported_a_line_each(api: ApiClient) -> None:
    for name in ("kari", "ola"):
        api.post("/subscribers", {**KARI, **CONSENT, "address": f"{name}@example.org"}, 201)
    answer = api.ask("GET", "/subscribers/export?newsletter=kinaforum")
    assert answer["Content-Type"] == "application/x-ndjson"
    rows = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]
    assert [row["address"] for row in rows] == ["kari@example.org", "ola@example.org"]


@pytest.mark.django_db
def test_a_token_for_another_newsletter_neither_reads_nor_changes_them() -> None:
    number = ApiClient(token().text).post("/subscribers", {**KARI, **CONSENT}, 201)["id"]
    daily = ApiClient(token(newsletters=["daily"]).text)
    assert daily.get("/subscribers")["items"] == []
    for method in ("GET", "PATCH", "DELETE"):
        assert daily.ask(method, f"/subscribers/{number}", {}).status_code == 404
    assert daily.post("/subscribers", KARI, 403)["code"] == "api.newsletter-forbidden"


def test_erasing_a_person_erases_kept_answers(api: ApiClient) -> None:
    api.post("/subscribers", {**KARI, **CONSENT}, 201, Idempotency_Key="1")
    assert KeptAnswer.objects.exists()
    forget(read_address("kari@example.org"))
    assert not KeptAnswer.objects.exists()


def test_they_choose_how_often(api: ApiClient) -> None:
    configured(cadences=("week", "day", "post"))
    kari = api.post("/subscribers", {**KARI, **CONSENT, "cadence": "day"}, 201)
    ola = api.post("/subscribers", {**CONSENT, "address": "ola@example.org", "newsletter": "kinaforum"}, 201)
    assert (kari["cadence"], ola["cadence"]) == ("day", "week")
    changed = api.document(api.ask("PATCH", f"/subscribers/{ola['id']}", {"cadence": "post"}), 200)
    assert changed["cadence"] == "post"
    assert [each["id"] for each in api.get("/subscribers?cadence=post")["items"]] == [ola["id"]]
    assert api.post("/subscribers", {**KARI, **CONSENT, "cadence": "week"}, 200)["cadence"] == "week"
    assert [each["id"] for each in api.get("/subscribers?cadence=week")["items"]] == [kari["id"]]
    assert not api.get("/subscribers?cadence=month")["items"]


def test_a_choice_of_somebody_who_confirms_is_kept_until_then(api: ApiClient) -> None:
    configured(cadences=("week", "day"))
    api.post("/subscribers", {**KARI, "cadence": "day"}, 201)
    assert (Consent.objects.get().cadence, Subscription.objects.get().cadence) == ("day", "")


TOPICS = {"film": Topic(title="Films", categories=("Film",)), "books": Topic(categories=("Books",))}


def test_they_pick_topics(api: ApiClient) -> None:
    configured(topics=TOPICS)
    kari = api.post("/subscribers", {**KARI, **CONSENT, "topics": ["film", "books"]}, 201)
    ola = api.post("/subscribers", {**CONSENT, "address": "ola@example.org", "newsletter": "kinaforum"}, 201)
    assert (kari["topics"], ola["topics"]) == (["books", "film"], [])
    changed = api.document(api.ask("PATCH", f"/subscribers/{ola['id']}", {"topics": ["books"]}), 200)
    assert changed["topics"] == api.get(f"/subscribers/{ola['id']}")["topics"] == ["books"]
    assert api.post("/subscribers", {**KARI, **CONSENT, "topics": ["film"]}, 200)["topics"] == ["film"]
    assert api.document(api.ask("PATCH", f"/subscribers/{kari['id']}", {"name": "Kari"}), 200)["topics"] == ["film"]
    assert api.document(api.ask("PATCH", f"/subscribers/{kari['id']}", {"topics": []}), 200)["topics"] == []
    offered = api.get("/newsletters/kinaforum")["topics"]
    assert offered == [{"name": "film", "title": "Films"}, {"name": "books", "title": "books"}]


def test_a_topic_that_the_newsletter_has_not_now_is_neither_shown_nor_changed(api: ApiClient) -> None:
    configured(topics=TOPICS)
    kari = api.post("/subscribers", {**KARI, **CONSENT, "topics": ["film", "books"]}, 201)
    configured(topics={"film": TOPICS["film"]})
    assert api.get(f"/subscribers/{kari['id']}")["topics"] == ["film"]
    assert api.document(api.ask("PATCH", f"/subscribers/{kari['id']}", {"topics": ["film"]}), 200)["topics"] == ["film"]
    configured(topics=TOPICS)
    assert api.get(f"/subscribers/{kari['id']}")["topics"] == ["books", "film"]


def test_a_change_of_topics_counts_from_the_next_approval_and_is_told(api: ApiClient) -> None:
    configured(topics=TOPICS)
    number = api.post("/subscribers", {**KARI, **CONSENT, "topics": ["film"]}, 201)["id"]
    api.ask("PATCH", f"/subscribers/{number}", {"topics": ["books"]})
    assert [change.before for change in TopicChange.objects.filter(subscription=number)] == ["film"]
    assert Act.objects.filter(what__code="act.topics-changed").count() == 1
    assert RecordedEvent.objects.filter(kind="subscriber.changed", subscription=number).count() == 1


def test_topics_of_somebody_who_confirms_are_kept_until_then(api: ApiClient) -> None:
    configured(topics=TOPICS)
    api.post("/subscribers", {**KARI, "topics": ["film"]}, 201)
    assert (Consent.objects.get().topics, Subscription.objects.get().topics) == ("film", "")


@pytest.mark.parametrize(("topics", "code"), [(TOPICS, "api.topic-not-offered"), ({}, "api.no-topics")])
def test_topics_that_a_newsletter_does_not_have_are_refused(
    api: ApiClient, topics: dict[str, Topic], code: str
) -> None:
    configured(topics=topics)
    assert api.post("/subscribers", {**KARI, **CONSENT, "topics": ["music"]}, 422)["code"] == code
    assert not Subscription.objects.exists()
    number = api.post("/subscribers", {**KARI, **CONSENT}, 201)["id"]
    assert api.ask("PATCH", f"/subscribers/{number}", {"topics": ["music"]}).status_code == 422


def test_a_topic_or_cadence_that_is_not_offered_is_refused(api: ApiClient) -> None:
    configured(cadences=("week", "day"))
    refused = api.post("/subscribers", {**KARI, **CONSENT, "cadence": "month"}, 422)
    assert refused["code"] == "api.cadence-not-offered"
    assert not Subscription.objects.exists()
    number = api.post("/subscribers", {**KARI, **CONSENT}, 201)["id"]
    assert api.ask("PATCH", f"/subscribers/{number}", {"cadence": "post"}).status_code == 422


def test_a_token_for_one_newsletter_does_not_rename_a_person_of_another(api: ApiClient) -> None:
    number = api.post("/subscribers", {**KARI, **CONSENT, "name": "Kari"}, 201)["id"]
    limited = ApiClient(token(newsletters=["kinaforum"]).text)
    assert limited.ask("PATCH", f"/subscribers/{number}", {"name": "Kari N."}).status_code == 200
    api.post("/subscribers", {**KARI, **CONSENT, "newsletter": "daily"}, 201)
    refused = limited.ask("PATCH", f"/subscribers/{number}", {"name": "Someone else", "tags": ["oslo"]})
    assert refused.status_code == 403
    assert "also subscribes to a newsletter that the token is not for" in refused.text
    assert api.get(f"/subscribers/{number}")["name"] == "Kari N."
    assert limited.ask("PATCH", f"/subscribers/{number}", {"tags": ["oslo"]}).status_code == 200
