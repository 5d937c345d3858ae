"""From a draft to an edition that may leave: what approval freezes, and what it refuses."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from newsletter import config
from newsletter.config import DeliverySettings, Smtp
from newsletter.editions import approval, approved_content, editing
from newsletter.editions.editing import Conflict
from newsletter.editions.history import BY_SCHEDULE
from newsletter.editions.letterheads import letterhead
from newsletter.editions.problems import Impossible
from newsletter.editions.rendering import make_proof, rendered_of
from newsletter.editions.selection.windows import RequestedWindow
from newsletter.editions.states import LIFE, NotAllowed, change, state_message
from newsletter.messages import Message, editions as messages
from newsletter.models import Act, ApprovedContent, Edition, State
from newsletter.render.preview import public_html
from tests.factories import (
    DAY,
    DUE,
    HOUR,
    NOW,
    approved,
    collected,
    configured,
    drafted,
    found,
    inside,
    kinaforum,
    post,
    refreshed,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition() -> Edition:
    """A draft of two posts, with words of an editor's."""
    configured()
    collected(found("a"), found("b", NOW - 2 * DAY))
    return editing.set_words(config.current(), drafted(), "editor", 1, {"subject": "The week in Asia"}, NOW)


def on_hold(reason: Message | None) -> Edition:
    """A draft that was due, with the reason why it is not sent."""
    configured()
    collected(found("a"))
    edition = drafted()
    edition.waiting = reason
    edition.save()
    return edition


def test_approval_freezes_what_was_looked_at(edition: Edition) -> None:
    proof = make_proof(edition, config.current())
    approved = approval.approve(config.current(), edition, by="editor", revision=2, now=NOW).approved_content
    assert approved.revision == 2
    assert approved.subject == "The week in Asia"
    assert approved.headers["site_url"] == config.current().site.url
    assert approved_content.unpack(bytes(approved.segments)).sender == "brev@example.org"
    assert [h for h in ("Post a", "Post b") if h in proof.rendered.html and h in approved.html] == [
        "Post a",
        "Post b",
    ]


def test_the_page_of_an_edition_that_is_too_big_for_one_email_is_frozen_with_every_post() -> None:
    configured(maximum_size=20_000)
    collected(*(found(f"n{n}", NOW - n * HOUR) for n in range(100)))
    edition = approval.approve(config.current(), drafted(), now=NOW)
    assert len(inside(edition)) == 100
    assert edition.approved_content.html.count(">Post n") < 100
    page = public_html(rendered_of(edition.approved_content), letterhead(config.current(), kinaforum()))
    assert [n for n in range(100) if f">Post n{n}</a>" not in page] == []


@pytest.mark.parametrize(("by", "automatic"), [(BY_SCHEDULE, True), ("ada@example.org", False), ("", False)])
def test_only_what_no_person_approved_says_that_it_is_automatic(edition: Edition, by: str, automatic: bool) -> None:
    content = approval.approve(config.current(), edition, by=by, now=NOW).approved_content
    mail = approved_content.unpack(bytes(content.segments))
    assert ("Auto-Submitted" in [header.name for header in mail.headers]) is automatic


def test_nothing_that_comes_later_changes_a_frozen_edition(edition: Edition) -> None:
    before = approval.approve(config.current(), edition, now=NOW).approved_content
    collected(found("a", title="Another title"), now=NOW + HOUR)
    configured(subject="Another subject", address="Another street")
    shown = make_proof(Edition.objects.get(), config.current())
    assert (shown.rendered.html, shown.rendered.subject) == (before.html, "The week in Asia")


def test_a_revision_that_is_not_the_newest_is_refused_with_the_difference(edition: Edition) -> None:
    editing.leave_out(config.current(), edition, "other", None, post("b").pk, NOW)
    with pytest.raises(Conflict, match="you saw revision 2, and revision 3 is the latest; removed “Post b”") as caught:
        approval.approve(config.current(), edition, revision=2, now=NOW)
    assert [str(each) for each in caught.value.differences] == ["removed “Post b”, removed by an editor"]
    assert Edition.objects.get().state == State.DRAFT


def test_a_post_that_its_source_changed_since_is_a_difference(edition: Edition) -> None:
    collected(found("a", html="<p>The wording is quite another one by now, and nobody has looked at it yet.</p>"),
              found("b", NOW - 2 * DAY), now=NOW + HOUR)  # fmt: skip
    with pytest.raises(Conflict, match="text of “Post a” changed"):
        approval.approve(config.current(), edition, revision=2, now=NOW + HOUR)
    assert approval.approve(config.current(), edition, revision=3, now=NOW + HOUR).state == State.APPROVED


def test_a_post_that_another_edition_took_is_refused(edition: Edition) -> None:
    other = drafted(asked=RequestedWindow(until=NOW, since=NOW - 3 * DAY))
    approval.approve(config.current(), other, now=NOW)
    with pytest.raises(Impossible, match=r"already in kinaforum/2026-W06\.2; check for new posts"):
        approval.approve(config.current(), edition, now=NOW)
    assert inside(refreshed(edition)) == []


def test_a_post_that_another_edition_left_out_since_is_refused_unless_an_editor_includes_it(edition: Edition) -> None:
    other = drafted(asked=RequestedWindow(until=NOW, since=NOW - 3 * DAY))
    editing.leave_out(config.current(), edition, "editor", None, post("b").pk, now=NOW)
    editing.leave_out(config.current(), other, "editor", None, post("a").pk, now=NOW)
    approval.approve(config.current(), other, now=NOW)
    with pytest.raises(Impossible, match=r"“Post a” is out since kinaforum/2026-W06\.2 was approved; include it, or"):
        approval.approve(config.current(), edition, now=NOW)
    editing.include(config.current(), edition, "editor", None, post("a").pk, now=NOW)
    assert approval.approve(config.current(), edition, now=NOW).state == State.APPROVED


def test_lint_errors_stop_approval_unless_overruled_by_name(edition: Edition) -> None:
    collected(found("a", html='<p>A long enough text, and a picture of nothing.</p><p><a href="ftp://x.example/">file</a></p>'),
              now=NOW + HOUR)  # fmt: skip
    configured(body="full")
    with pytest.raises(approval.LintErrors) as caught:
        approval.approve(config.current(), edition, now=NOW)
    codes = caught.value.codes
    assert f"--despite-lint {','.join(codes)}" in str(caught.value)
    with pytest.raises(Impossible, match="'alt-missing-nowhere' is not a code of lint"):
        approval.approve(config.current(), edition, despite=[*codes, "alt-missing-nowhere"], now=NOW)
    despite = [*codes, "css-size"]
    assert approval.approve(config.current(), edition, by="editor", despite=despite, now=NOW).despite_lint == codes
    assert Act.objects.values_list("after__despite", flat=True).get(what__code="act.approved") == codes


def test_approved_before_its_time_an_edition_leaves_at_that_time(edition: Edition) -> None:
    approved = approval.approve(config.current(), edition, now=NOW)
    assert (approved.due_at, approved.until) == (DUE, NOW)


def test_approved_after_its_time_it_never_leaves_by_itself(edition: Edition) -> None:
    approved = approval.approve(config.current(), edition, now=DUE + HOUR)
    assert (approved.state, approved.due_at) == (State.APPROVED, None)


def test_reopening_brings_back_the_window_and_the_time(edition: Edition) -> None:
    approval.queue(config.current(), approval.approve(config.current(), edition, now=NOW), at=NOW + 30 * DAY, now=NOW)
    again = approval.reopen(Edition.objects.get(), by="editor", now=NOW)
    assert (again.state, again.until, again.due_at) == (State.DRAFT, DUE, DUE)
    assert not ApprovedContent.objects.exists()


def test_reopening_after_the_time_leaves_sending_to_a_person(edition: Edition) -> None:
    approval.approve(config.current(), edition, now=NOW)
    again = approval.reopen(edition, now=DUE + HOUR)
    assert (again.until, again.due_at) == (DUE, None)


def test_queueing_writes_the_time_at_which_it_leaves_into_the_mail(edition: Edition) -> None:
    queued = approval.queue(
        config.current(), approval.approve(config.current(), edition, now=NOW), at=NOW + 2 * DAY, now=NOW
    )
    dates = [
        h.pieces for h in approved_content.unpack(bytes(queued.approved_content.segments)).headers if h.name == "Date"
    ]
    assert dates == [(b"Sun, 08 Feb 2026 14:00:00 +0000",)]
    assert queued.due_at == NOW + 2 * DAY


def test_a_time_that_just_passed_means_now(edition: Edition) -> None:
    just = NOW - timedelta(seconds=20)
    assert (
        approval.queue(config.current(), approval.approve(config.current(), edition, now=NOW), at=just, now=NOW).due_at
        == NOW
    )


def test_a_time_that_has_passed_sends_nothing(edition: Edition) -> None:
    approved = approval.approve(config.current(), edition, now=NOW)
    with pytest.raises(Impossible, match="has passed; choose a later time"):
        approval.queue(config.current(), approved, at=NOW - DAY, now=NOW)
    assert Edition.objects.get().state == State.APPROVED


def test_another_revision_than_the_one_seen_is_not_queued(edition: Edition) -> None:
    approved = approval.approve(config.current(), edition, now=NOW)
    with pytest.raises(Conflict):
        approval.queue(config.current(), approved, now=NOW, revision=approved.revision + 1)
    assert Edition.objects.get().state == State.APPROVED


@pytest.mark.parametrize(
    ("name", "states", "sentence"),
    [
        ("approve", {State.DRAFT}, "only drafts can be approved"),
        ("reopen", {State.APPROVED, State.QUEUED}, "only approved or scheduled editions can be made drafts again"),
        ("queue", {State.APPROVED}, "only approved editions can be sent"),
        ("cancel", {State.DRAFT, State.APPROVED, State.QUEUED}, "can't be cancelled here any more"),
    ],
)
def test_an_act_that_does_not_fit_the_state_is_refused_by_name(
    edition: Edition, name: str, states: set[State], sentence: str
) -> None:
    acts: dict[str, Callable[[], Edition]] = {
        "approve": lambda: approval.approve(config.current(), edition, now=NOW),
        "reopen": lambda: approval.reopen(edition, now=NOW),
        "queue": lambda: approval.queue(config.current(), edition, now=NOW),
        "cancel": lambda: approval.cancel(edition, now=NOW),
    }
    for state in set(State) - states:
        Edition.objects.update(state=state)
        with pytest.raises(NotAllowed, match=rf"^kinaforum/2026-W06 is {state_message(state)}\b.*{sentence}"):
            acts[name]()


def test_the_table_of_its_life_is_the_only_way(edition: Edition) -> None:
    for was, to in product(State, State):
        Edition.objects.update(state=was)
        edition.refresh_from_db()
        if to in LIFE[was]:
            change(edition, to)
            assert Edition.objects.get().state == to
        else:
            with pytest.raises(NotAllowed, match=f"is {state_message(was)}, so it can't become {state_message(to)}"):
                change(edition, to)
            assert Edition.objects.get().state == was


def test_one_of_two_concurrent_changes_happens(edition: Edition) -> None:
    first, second = Edition.objects.get(), Edition.objects.get()
    change(first, State.CANCELLED)
    with pytest.raises(NotAllowed, match="was a draft and is now cancelled, because someone else changed it"):
        change(second, State.APPROVED)


SES_HERE = {"client_params": {"endpoint_url": "http://localhost:9"}}


@pytest.mark.parametrize(
    ("url", "delivery", "works"),
    [
        ("https://brev.example.org", DeliverySettings(), True),
        ("http://brev.example.org", DeliverySettings(), True),
        ("http://brev.example.org", DeliverySettings(smtp=Smtp(host="mail.example.org")), False),
        ("https://10.1.2.3", DeliverySettings(smtp=Smtp(host="mail.example.org")), False),
        ("https://brev", DeliverySettings(smtp=Smtp(host="mail.example.org")), False),
        ("https://printer.local", DeliverySettings(smtp=Smtp(host="mail.example.org")), False),
        ("http://localhost:8000", DeliverySettings(smtp=Smtp(host="127.0.0.1")), True),
        ("http://localhost:8000", DeliverySettings(provider="file"), True),
        ("http://localhost:8000", DeliverySettings(provider="mailgun"), False),
        (
            "http://localhost:8000",
            DeliverySettings(provider="mailgun", mailgun={"api_url": "http://127.0.0.1:9/v3"}),
            True,
        ),
        (
            "http://localhost:8000",
            DeliverySettings(provider="mailgun", mailgun={"api_url": "https://eu.example/v3"}),
            False,
        ),
        ("http://localhost:8000", DeliverySettings(provider="amazon_ses", amazon_ses=SES_HERE), True),
        ("https://[fd00::1]", DeliverySettings(provider="mailgun"), False),
    ],
)
def test_a_mails_links_work_or_it_does_not_leave(
    edition: Edition, url: str, delivery: DeliverySettings, works: bool
) -> None:
    now = config.current()
    config.use(replace(now, site=replace(now.site, url=url), delivery=delivery))
    if works:
        assert approval.approve(config.current(), edition, now=NOW).state == State.APPROVED
    else:
        with pytest.raises(Impossible, match=r"can't open links that begin with .*; change the public address"):
            approval.approve(config.current(), edition, now=NOW)


def test_links_are_looked_at_again_when_it_is_queued() -> None:
    configured()
    collected(found("a"))
    edition, now = approved(), config.current()
    config.use(replace(now, delivery=DeliverySettings(smtp=Smtp(host="mail.example.org"))))
    with pytest.raises(Impossible, match=r"subscribers can't open links that begin with http://localhost:8000"):
        approval.queue(config.current(), edition, now=NOW)


def test_each_act_is_a_line_of_the_log(edition: Edition) -> None:
    approval.approve(config.current(), edition, by="anna@example.org", now=NOW)
    approval.reopen(edition, by="bo@example.org", now=NOW)
    approval.cancel(edition, by="bo@example.org", now=NOW + timedelta(minutes=1))
    lines = list(Act.objects.filter(about="kinaforum/2026-W06").order_by("pk").values_list("by", "what__code"))
    assert lines[1:] == [
        ("anna@example.org", "act.approved"),
        ("bo@example.org", "act.reopened"),
        ("bo@example.org", "act.cancelled"),
    ]


def test_an_edition_reopened_after_its_time_is_approved_at_once(edition: Edition) -> None:
    for _attempt in range(2):
        edition = approval.approve(config.current(), edition, revision=edition.revision, now=DUE + HOUR)
        edition = approval.reopen(edition, now=DUE + HOUR)
    assert edition.revision == 2


def test_an_edition_on_hold_is_approved_and_queued_at_once_with_the_reason_in_the_log() -> None:
    edition = on_hold(messages.NOT_APPROVED())
    sent = approval.approve_and_queue(
        config.current(), edition, by="kari@example.org", revision=edition.revision, now=DUE + HOUR
    )
    assert (sent.state, sent.due_at, sent.waiting) == (State.QUEUED, DUE + HOUR, None)
    act = Act.objects.get(what__code="act.sent-anyway")
    assert (act.by, act.before) == ("kari@example.org", {"reason": messages.NOT_APPROVED().to_json()})


def test_sending_anyway_needs_the_revision_that_was_reviewed_and_leaves_all_as_it_was() -> None:
    edition = on_hold(messages.NOT_APPROVED())
    with pytest.raises(editing.Conflict):
        approval.approve_and_queue(config.current(), edition, revision=edition.revision + 1, now=DUE + HOUR)
    edition.refresh_from_db()
    assert (edition.state, edition.waiting) == (State.DRAFT, messages.NOT_APPROVED())


def test_sending_anyway_overrides_only_the_lint_errors_that_are_named() -> None:
    edition = on_hold(messages.NOT_APPROVED())
    edition = editing.set_words(config.current(), edition, "k", None, {"greeting": "Hello {navn}"}, NOW)
    with pytest.raises(approval.LintErrors):
        approval.approve_and_queue(config.current(), edition, now=DUE + HOUR)
    sent = approval.approve_and_queue(config.current(), edition, despite=["placeholder-unknown"], now=DUE + HOUR)
    assert sent.despite_lint == ["placeholder-unknown"]


def test_an_edition_that_was_skipped_for_too_few_posts_becomes_a_draft_on_hold() -> None:
    why = messages.TOO_FEW_POSTS(count=1, minimum=2)
    edition = on_hold(None)
    change(edition, State.SKIPPED, reason=why, ended_at=DUE)
    reopened = approval.reopen(edition, by="kari@example.org", now=DUE + HOUR)
    assert (reopened.state, reopened.reason, reopened.waiting, reopened.ended_at) == (State.DRAFT, None, why, None)
    assert approval.approve_and_queue(config.current(), reopened, now=DUE + HOUR).state == State.QUEUED


def test_an_edition_that_was_replaced_is_not_reopened() -> None:
    edition = on_hold(None)
    change(edition, State.SKIPPED, reason=messages.REPLACED(edition="kinaforum/2026-W07"), ended_at=DUE)
    with pytest.raises(NotAllowed, match="only approved or scheduled editions"):
        approval.reopen(edition, now=DUE + HOUR)


def test_a_scheduled_edition_is_sent_now_under_the_present_date() -> None:
    edition = approval.queue(config.current(), approved(), at=NOW + DAY, now=NOW)
    sent = approval.send_now(config.current(), edition, by="kari@example.org", now=NOW + HOUR)
    assert (sent.state, sent.due_at) == (State.QUEUED, NOW + HOUR)
    dates = [h for h in approved_content.unpack(bytes(sent.approved_content.segments)).headers if h.name == "Date"]
    assert dates[0].pieces == (b"Fri, 06 Feb 2026 15:00:00 +0000",)
    assert Act.objects.latest("pk").what.code == "act.sent-now"


def test_only_a_scheduled_edition_is_sent_now() -> None:
    with pytest.raises(NotAllowed, match="only scheduled editions can be sent earlier"):
        approval.send_now(config.current(), approved(), now=NOW)


@pytest.mark.parametrize("with_revision", [False, True])
def test_a_draft_without_posts_and_text_is_not_approved(with_revision: bool) -> None:
    configured(minimum_posts=0)
    draft = drafted()
    with pytest.raises(Impossible, match="this edition is empty; add a post or write something"):
        approval.approve(
            config.current(), draft, revision=draft.revision if with_revision else None, needs_content=True, now=NOW
        )
    draft.refresh_from_db()
    assert draft.state == State.DRAFT


@pytest.mark.parametrize("field", ["greeting", "closing"])
def test_a_draft_with_only_a_text_is_approved(field: str) -> None:
    configured(minimum_posts=0)
    draft = drafted()
    Edition.objects.filter(pk=draft.pk).update(**{field: "See you in the autumn."})
    assert approval.approve(config.current(), draft, needs_content=True, now=NOW).state == State.APPROVED
