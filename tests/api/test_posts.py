"""Posts that are pushed in follow the rules of those that are collected."""

import pytest
from django.db import connection

from newsletter.api.routes import ledger_posts
from newsletter.domain.found_post import FoundPost
from newsletter.feeds.post import Raw, finish
from newsletter.messages import Message
from newsletter.models import Listing, Post
from tests.api.client import ApiClient
from tests.web import make

POST = {
    "newsletter": "kinaforum",
    "url": "https://kinaforum.example/havet.html",
    "title": "Et hus ved havet",
    "html": "<p>Huset står <b>tomt</b>.</p><script>alert(1)</script>",
    "published": "2026-02-05T10:00:00+01:00",
}


def test_a_pushed_post_is_in_the_edition_of_its_date(api: ApiClient) -> None:
    pushed = api.post("/posts", POST, 201)
    made = api.post("/editions", {"newsletter": "kinaforum", "period": "2026-W06"}, 201)
    assert [(post["id"], post["included"]) for post in made["posts"]] == [(pushed["id"], True)]
    assert api.get(f"/posts/{pushed['id']}")["editions"] == ["kinaforum/2026-W06"]


def test_its_html_is_cleaned(api: ApiClient) -> None:
    api.post("/posts", POST, 201)
    assert "script" not in Post.objects.get().html


@pytest.mark.django_db(transaction=True)
def test_its_html_is_cleaned_outside_of_transactions(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    inside: list[bool] = []

    def noted(raw: Raw, base: str) -> tuple[FoundPost, tuple[Message, ...]]:
        inside.append(connection.in_atomic_block)
        return finish(raw, base)

    monkeypatch.setattr(ledger_posts, "finish", noted)
    api.post("/posts", POST, 201)
    assert inside == [False]


def test_pushing_it_again_updates_it(api: ApiClient) -> None:
    first = api.post("/posts", POST, 201)
    second = api.post("/posts", {**POST, "title": "Et hus"}, 200)
    assert (first["id"], second["title"]) == (second["id"], "Et hus")
    assert Listing.objects.count() == 1


def test_a_post_that_a_source_lists_is_the_same_one(api: ApiClient) -> None:
    listed = make.post("Et hus ved havet")
    Post.objects.update(link_key="kinaforum.example/havet.html")
    assert api.post("/posts", POST, 200)["id"] == listed.pk


def test_its_text_may_be_markdown(api: ApiClient) -> None:
    api.post("/posts", {**POST, "html": "", "markdown": "Huset står *tomt*."}, 201)
    assert "<em>tomt</em>" in Post.objects.get().html


@pytest.mark.parametrize(
    "change",
    [{"url": "javascript:alert(1)"}, {"title": ""}, {"title": "\0"}, {"published": "9999-12-31T23:59:59Z"}, {"x": 1}],
)
def test_an_invalid_value_is_refused_with_its_field(api: ApiClient, change: dict[str, object]) -> None:
    refused = api.post("/posts", {**POST, **change}, 422)
    assert refused["code"] == "api.invalid-request"
    assert next(iter(change)) in refused["errors"][0]["field"]
    assert not Post.objects.exists()


def test_a_body_that_is_no_json_is_refused(api: ApiClient) -> None:
    answer = api._client.post(
        "/api/v1/posts", b"{", "application/json", headers={"Authorization": f"Bearer {api._text}"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "api.not-json")
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("key", ["url", "image"])
def test_a_malformed_address_is_refused(api: ApiClient, key: str) -> None:
    api.post("/posts", {**POST, key: "http://[::1"}, 422)
    assert not Post.objects.exists()
