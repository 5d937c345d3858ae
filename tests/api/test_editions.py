"""Editions through the API: drafted, edited, previewed, approved, sent, paused; with the rules of the desk."""

from typing import Any

import pytest
from django.utils import timezone

from newsletter.config import Topic
from newsletter.domain.ordinals import Ordinals
from newsletter.editions import draft as drafting, leases
from newsletter.models import Act, Edition, Post, Revision, State, TextLease
from newsletter.sending import lifecycle
from subscribers import admin_actions
from subscribers.models import OfferedSet, Subscription
from tests.api.client import EDITION, ApiClient, token
from tests.editions.renderings import renderings
from tests.factories import configured
from tests.sending.outbox_samples import subscribe
from tests.web import make

pytestmark = pytest.mark.usefixtures("no_rendering_in_transactions")


@pytest.fixture
def draft(db: None) -> Edition:
    """A draft with two posts."""
    return make.draft("Et hus ved havet", "Vinterlys")


def test_a_draft_is_made_of_the_posts_that_were_collected(api: ApiClient) -> None:
    make.post("Et hus ved havet")
    made = api.post("/editions", {"newsletter": "kinaforum", "period": "2026-W06"}, 201)
    assert [post["title"] for post in made["posts"]] == ["Et hus ved havet"]
    assert api.last["Location"] == f"/api/v1{EDITION}"
    assert Revision.objects.get().by == "API: a shop"


def test_the_draft_of_a_cadence_is_made(api: ApiClient) -> None:
    configured(cadences=("week", "day"))
    make.post("First", hours=1)
    made = api.post("/editions", {"newsletter": "kinaforum", "period": "2026-02-06", "cadence": "day"}, 201)
    assert (made["period"], made["cadence"]) == ("day-2026-02-06", "day")
    assert api.get("/editions/kinaforum/day-2026-02-06")["state"] == "draft"
    refused = api.post("/editions", {"newsletter": "kinaforum", "cadence": "month"}, 422)
    assert refused["code"] == "api.cadence-not-offered"


def test_an_existing_draft_is_brought_up_to_date(api: ApiClient, draft: Edition) -> None:
    make.post("Isen går")
    assert len(api.post("/editions", {"newsletter": "kinaforum", "period": "2026-W06"})["posts"]) == 3


def test_a_period_that_has_not_begun_is_refused(api: ApiClient) -> None:
    asked = {"newsletter": "kinaforum", "period": "2199-W01"}
    assert api.post("/editions", asked, 422)["code"] == "period.not-begun"


def test_the_sources_are_read_in_the_background(
    api: ApiClient, draft: Edition, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(drafting, "enqueue", lambda task, key, **given: asked.append(f"{task.name} {key}"))
    with django_capture_on_commit_callbacks(execute=True):
        api.post(f"{EDITION}/refresh", status=202)
        api.post("/editions", {"newsletter": "kinaforum", "period": "2026-W06", "read_sources": True})
    assert asked == [f"refresh-draft {draft.pk}"] * 2
    assert drafting.REFRESH.name == "refresh-draft"


def test_pages_of_editions_have_each_one_once(api: ApiClient) -> None:
    for number in range(1, 8):
        Edition.objects.create(
            newsletter="daily", period=f"2026-02-0{number}", since=make.NOW, until=make.NOW, created_at=make.NOW,
            refreshed_at=make.NOW,
        )  # fmt: skip
    seen, cursor = [], ""
    while True:
        page = api.get(f"/editions?limit=3{cursor}")
        seen += [each["period"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [f"2026-02-0{number}" for number in range(7, 0, -1)]


def test_an_empty_cursor_means_the_first_page(api: ApiClient) -> None:
    assert api.get("/editions?cursor=") == api.get("/editions")


def test_a_cursor_of_another_list_is_refused(api: ApiClient) -> None:
    make.post("a"), make.post("b")
    cursor = api.get("/posts?limit=1")["next_cursor"]
    assert api.ask("GET", f"/editions?cursor={cursor}").json()["code"] == "api.cursor-invalid"


def test_texts_are_changed_with_the_etag_that_was_read(api: ApiClient, draft: Edition) -> None:
    etag = api.etag()
    changed = api.ask("PATCH", EDITION, {"greeting": "God *helg*!"}, If_Match=etag)
    assert changed.status_code == 200
    assert changed.json()["texts"]["greeting"] == "God *helg*!"
    assert changed["ETag"] != etag
    assert changed["ETag"] == api.etag()


def test_a_change_without_if_match_is_refused(api: ApiClient, draft: Edition) -> None:
    assert api.ask("PATCH", EDITION, {"subject": "x"}).status_code == 428
    assert api.last.json()["code"] == "api.if-match-missing"


def test_a_change_of_an_edition_that_others_changed_is_refused(api: ApiClient, draft: Edition) -> None:
    etag = api.etag()
    api.ask("PATCH", EDITION, {"subject": "first"}, If_Match=etag)
    refused = api.ask("PATCH", EDITION, {"subject": "second"}, If_Match=etag)
    assert refused.status_code == 412
    assert refused["ETag"] == api.etag()
    assert api.get(EDITION)["subject"] == "first"


def test_a_text_that_somebody_is_writing_in_is_changed_only_with_force(api: ApiClient, draft: Edition) -> None:
    post = Post.objects.order_by("pk")[0].pk
    now = timezone.now()
    leases.take(draft, ["greeting", f"text-{post}"], "anna@example.org", now)
    before = api.etag()
    for path, change in ((EDITION, {"subject": "x", "greeting": "y"}), (f"{EDITION}/posts/{post}", {"text": "z"})):
        refused = api.ask("PATCH", path, change, If_Match="*")
        assert (refused.status_code, refused.json()["code"]) == (409, "edition.being-written")
    assert api.etag() == before
    assert api.ask("PATCH", EDITION, {"subject": "x"}, If_Match="*").status_code == 200, "nobody writes there"
    assert api.ask("PATCH", f"{EDITION}/posts/{post}", {"title": "z"}, If_Match="*").status_code == 200
    assert api.ask("PATCH", f"{EDITION}?force=true", {"greeting": "y"}, If_Match="*").status_code == 200
    TextLease.objects.update(until=now - leases.LASTS)
    assert api.ask("PATCH", EDITION, {"greeting": "later"}, If_Match="*").status_code == 200


def test_a_weak_etag_never_matches(api: ApiClient, draft: Edition) -> None:
    assert api.ask("PATCH", EDITION, {"subject": "x"}, If_Match=f"W/{api.etag()}").status_code == 412


def test_any_version_can_be_meant(api: ApiClient, draft: Edition) -> None:
    assert api.ask("PATCH", EDITION, {"subject": "x"}, If_Match="*").status_code == 200
    assert api.ask("PATCH", EDITION, {"subject": "y"}, If_Match=f'"old", {api.etag()}').status_code == 200


def test_an_unchanged_document_is_answered_with_304(api: ApiClient, draft: Edition) -> None:
    answer = api.ask("GET", EDITION, If_None_Match=api.etag())
    assert answer.status_code == 304
    assert answer.content == b""


def test_a_post_is_left_out_and_renamed_in_one_request(api: ApiClient, draft: Edition) -> None:
    first, second = Post.objects.order_by("pk")
    api.ask("PATCH", f"{EDITION}/posts/{first.pk}", {"choice": "out"}, If_Match=api.etag())
    change = {"title": "Lys", "pinned": True, "text": "Kort.", "day": "2026-02-04"}
    changed = api.ask("PATCH", f"{EDITION}/posts/{second.pk}", change, If_Match=api.etag()).json()
    assert {p["id"]: (p["title"], p["included"], p["pinned"], p["day"]) for p in changed["posts"]}[second.pk] == (
        "Lys", True, True, "2026-02-04",
    )  # fmt: skip
    assert [p["id"] for p in changed["posts"] if not p["included"]] == [first.pk]


def test_including_a_post_again_answers_how_many_had_it(api: ApiClient, draft: Edition) -> None:
    post = Post.objects.order_by("pk")[0]
    [reader] = subscribe(["a@reader.example"])
    had = OfferedSet.objects.key_of(draft.newsletter, Ordinals.of([post.ordinal]))
    Subscription.objects.filter(pk=reader.pk).update(offered=had)
    answer = api.ask("PATCH", f"{EDITION}/posts/{post.pk}", {"choice": "in"}, If_Match=api.etag()).json()
    assert {p["id"]: (p["included"], p["reason_code"], p["reason"]) for p in answer["posts"]}[post.pk] == (
        True,
        "post.added-again",
        "added by an editor, but 1 of 1 subscribers had it or joined later, and doesn't get it",
    )


def test_a_request_with_several_changes_makes_all_of_them_or_none(api: ApiClient, draft: Edition) -> None:
    post = Post.objects.order_by("pk")[0]
    before = api.etag()
    changes = {"choice": "out", "title": "x", "text": "x" * 200_001}
    refused = api.ask("PATCH", f"{EDITION}/posts/{post.pk}", changes, If_Match=before)
    assert refused.status_code in (409, 413, 422)
    assert api.etag() == before


def test_a_post_that_is_not_there_is_404(api: ApiClient, draft: Edition) -> None:
    assert api.ask("PATCH", f"{EDITION}/posts/999", {"pinned": True}, If_Match=api.etag()).status_code == 404


def test_a_post_is_added_to_one_edition(api: ApiClient, draft: Edition) -> None:
    added = api.post(f"{EDITION}/posts", {"title": "Møte", "text": "Kom!"}, 201, If_Match=api.etag())
    assert [post["title"] for post in added["posts"] if post["source"] is None] == ["Møte"]


def test_the_preview_has_html_text_and_findings(api: ApiClient, draft: Edition) -> None:
    shown = api.get(f"{EDITION}/preview")
    assert "Et hus ved havet" in shown["html"]
    assert "Et hus ved havet" in shown["text"]
    assert all(found["level"] in ("error", "warning", "note") for found in shown["findings"])


def ready(api: ApiClient) -> str:
    """Approve the edition, and return its ETag."""
    approved = api.post(f"{EDITION}/approve", {}, If_Match=api.etag())
    assert approved["state"] == "approved"
    return str(api.last["ETag"])


@pytest.fixture(autouse=True)
def local_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' site is on this machine, which must not keep an edition from being sent."""
    from dataclasses import replace

    from newsletter import config

    config.use(replace(config.current(), allow_local_links=True))


def test_an_edition_is_approved_and_sent(api: ApiClient, draft: Edition) -> None:
    admin_actions.add("kari@example.org", "kinaforum", consent="by telephone")
    sent = api.post(f"{EDITION}/send", {"readers": 1}, If_Match=ready(api))
    assert sent["state"] == "queued"
    assert [act.by for act in Act.objects.filter(about=f"kinaforum/{make.PERIOD}")] == ["API: a shop"] * 2
    lifecycle.begin_due(local_config(), make.NOW.replace(year=2099))
    assert api.get(f"{EDITION}/status")["pending"] == 1
    assert api.post(f"{EDITION}/pause")["state"] == "paused"
    assert api.post(f"{EDITION}/pause", status=409)["code"] == "sending.cannot-pause"
    assert api.post(f"{EDITION}/resume")["state"] == "sending"
    assert api.post(f"{EDITION}/cancel")["state"] == "cancelled"


def local_config() -> Any:
    """The configuration in force."""
    from newsletter import config

    return config.current()


def test_it_is_not_sent_to_another_number_of_subscribers(api: ApiClient, draft: Edition) -> None:
    etag = ready(api)
    assert api.post(f"{EDITION}/send", {"readers": 7}, 422, If_Match=etag)["code"] == "sending.other-readers"
    assert Edition.objects.get().state == State.APPROVED


def test_it_is_sent_at_a_time_and_reopened_before(api: ApiClient, draft: Edition) -> None:
    sent = api.post(f"{EDITION}/send", {"at": "2099-01-01T10:00:00+01:00"}, If_Match=ready(api))
    assert sent["due_at"].startswith("2099-01-01T")
    assert api.post(f"{EDITION}/reopen", If_Match=str(api.last["ETag"]))["state"] == "draft"


def test_a_time_that_has_passed_is_refused(api: ApiClient, draft: Edition) -> None:
    asked = {"at": "2026-01-01T10:00:00Z"}
    assert api.post(f"{EDITION}/send", asked, 422, If_Match=ready(api))["code"] == "edition.due-passed"


def test_a_misspelt_time_sends_nothing(api: ApiClient, draft: Edition) -> None:
    """Without a time, an edition is sent at once."""
    asked = {"when": "2099-01-01T10:00:00Z"}
    assert api.post(f"{EDITION}/send", asked, 422, If_Match=ready(api))["status"] == 422
    assert Edition.objects.get().state == State.APPROVED


def test_a_draft_is_rendered_before_the_transaction_that_approves_it(api: ApiClient, draft: Edition) -> None:
    etag = api.etag()
    with renderings() as in_transaction:
        api.post(f"{EDITION}/approve", {}, If_Match=etag)
    assert in_transaction
    assert not any(in_transaction)


def test_a_draft_can_not_be_sent(api: ApiClient, draft: Edition) -> None:
    assert api.post(f"{EDITION}/send", {}, 409, If_Match=api.etag())["status"] == 409


def test_errors_block_approval_and_are_named(api: ApiClient, draft: Edition) -> None:
    Post.objects.update(title="x", html="<p><a href='http://localhost/'>x</a></p>")
    refused = api.post(f"{EDITION}/approve", {}, 412, If_Match=api.etag())
    assert refused["code"] in ("edition.conflict", "api.if-match-failed")
    assert Revision.objects.count() == 2, "what the sources changed is a revision, although the approval was refused"


def test_an_approved_edition_can_not_be_edited(api: ApiClient, draft: Edition) -> None:
    ready(api)
    refused = api.ask("PATCH", EDITION, {"subject": "x"}, If_Match=api.etag())
    assert refused.status_code == 409
    assert refused.json()["code"] == "edition.only-drafts-change"


def test_an_edition_that_is_not_there_is_404(api: ApiClient) -> None:
    assert api.ask("GET", EDITION).json()["code"] == "edition.no-edition"
    assert api.last.status_code == 404


@pytest.mark.django_db
def test_a_token_that_may_edit_may_not_send(draft: Edition) -> None:
    editor = ApiClient(token(["editions:read", "editions:write"]).text)
    etag = editor.etag()
    assert editor.ask("PATCH", EDITION, {"subject": "x"}, If_Match=etag).status_code == 200
    assert editor.ask("POST", f"{EDITION}/approve", {}, If_Match=editor.etag()).status_code == 403


def test_the_preview_lists_the_variants(api: ApiClient, draft: Edition) -> None:
    assert api.get(f"{EDITION}/preview")["variants"] == []
    configured(topics={"film": Topic(words=("nowhere",))})
    subscribe(["a@reader.example", "b@reader.example"])
    Subscription.objects.filter(subscriber__address="a@reader.example").update(topics="film")
    own, none = api.get(f"{EDITION}/preview")["variants"]
    assert (own["variant"], own["readers"], own["topics"], own["reason"]) == (0, 1, [[]], None)
    assert own["subject"].startswith("Et hus ved havet")
    assert own["bytes"] > 1000
    assert (none["readers"], none["topics"], none["posts"], none["subject"]) == (1, [["film"]], [], None)
    assert none["reason_code"] == "delivery.off-topic"


def test_an_edition_is_removed_from_the_archive_and_returned(api: ApiClient, draft: Edition) -> None:
    refused = api.post(f"{EDITION}/remove-from-archive", status=409)
    assert "none of its emails has been accepted yet" in refused["detail"]
    Edition.objects.filter(pk=draft.pk).update(state=State.SENT, began_at=make.NOW, published_at=make.NOW)
    api.post(f"{EDITION}/remove-from-archive")
    assert Edition.objects.get().removed_from_archive_at is not None
    api.post(f"{EDITION}/return-to-archive")
    assert Edition.objects.get().removed_from_archive_at is None
