"""From a draft to an edition that may leave: what approval freezes, and what it refuses."""

from dataclasses import replace
from datetime import timedelta

import pytest

from newsletter import config
from newsletter.config import Delivery, Smtp
from newsletter.jobs import approval, editing, freezing
from newsletter.jobs.editing import Conflict
from newsletter.jobs.problems import JobProblem
from newsletter.jobs.rendering import proof
from newsletter.jobs.states import LIFE, NotAllowed, change
from newsletter.jobs.windows import Asked
from newsletter.models import Act, Edition, Frozen, State
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
    post,
    refreshed,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition() -> Edition:
    """A draft of two posts, with words of an editor's."""
    configured()
    collected(found("a"), found("b", NOW - 2 * DAY))
    return editing.set_words(drafted(), "editor", 1, {"subject": "The week in Asia"}, NOW)


def test_approval_freezes_what_was_looked_at(edition: Edition) -> None:
    looked_at = proof(edition, config.current())
    frozen = approval.approve(edition, by="editor", revision=2, now=NOW).frozen
    assert frozen.revision == 2
    assert frozen.subject == "The week in Asia"
    assert frozen.headers["site_url"] == config.current().site.url
    assert freezing.unpack(bytes(frozen.segments)).sender == "brev@example.org"
    assert [h for h in ("Post a", "Post b") if h in looked_at.rendered.html and h in frozen.html] == [
        "Post a",
        "Post b",
    ]


def test_nothing_that_comes_later_changes_a_frozen_edition(edition: Edition) -> None:
    before = approval.approve(edition, now=NOW).frozen
    collected(found("a", title="Another title"), now=NOW + HOUR)
    configured(subject="Another subject", address="Another street")
    shown = proof(Edition.objects.get(), config.current())
    assert (shown.rendered.html, shown.rendered.subject) == (before.html, "The week in Asia")


def test_a_revision_that_is_not_the_newest_is_refused_with_the_difference(edition: Edition) -> None:
    editing.leave_out(edition, "other", None, post("b").pk, NOW)
    with pytest.raises(Conflict, match="revision 2 was seen and 3 is newest: out now: Post b") as caught:
        approval.approve(edition, revision=2, now=NOW)
    assert caught.value.differences == ["out now: Post b (left out by an editor)"]
    assert Edition.objects.get().state == State.DRAFT


def test_a_post_that_its_source_changed_since_is_a_difference(edition: Edition) -> None:
    collected(found("a", html="<p>The wording is quite another one by now, and nobody has looked at it yet.</p>"),
              found("b", NOW - 2 * DAY), now=NOW + HOUR)  # fmt: skip
    with pytest.raises(Conflict, match="text changed: Post a"):
        approval.approve(edition, revision=2, now=NOW + HOUR)
    assert approval.approve(edition, revision=3, now=NOW + HOUR).state == State.APPROVED


def test_a_post_that_another_edition_took_is_refused(edition: Edition) -> None:
    other = drafted(asked=Asked(until=NOW, since=NOW - 3 * DAY))
    approval.approve(other, now=NOW)
    with pytest.raises(JobProblem, match=r"already in kinaforum/2026-W06\.2; refresh the draft"):
        approval.approve(edition, now=NOW)
    assert inside(refreshed(edition)) == []


def test_lint_errors_stop_approval_unless_overruled_by_name(edition: Edition) -> None:
    collected(found("a", html='<p>A long enough text, and a picture of nothing.</p><p><a href="ftp://x.example/">file</a></p>'),
              now=NOW + HOUR)  # fmt: skip
    configured(body="full")
    with pytest.raises(approval.LintErrors) as caught:
        approval.approve(edition, now=NOW)
    codes = caught.value.codes
    assert f"--despite-lint {','.join(codes)}" in str(caught.value)
    with pytest.raises(approval.LintErrors):
        approval.approve(edition, despite=["alt-missing-nowhere"], now=NOW)
    assert approval.approve(edition, by="editor", despite=codes, now=NOW).despite_lint == codes
    assert Act.objects.get(what="approved").after["despite"] == codes


def test_approved_before_its_time_an_edition_leaves_at_that_time(edition: Edition) -> None:
    frozen = approval.approve(edition, now=NOW)
    assert (frozen.due_at, frozen.until) == (DUE, NOW)


def test_approved_after_its_time_it_never_leaves_by_itself(edition: Edition) -> None:
    frozen = approval.approve(edition, now=DUE + HOUR)
    assert (frozen.state, frozen.due_at) == (State.APPROVED, None)


def test_reopening_brings_back_the_window_and_the_time(edition: Edition) -> None:
    approval.queue(approval.approve(edition, now=NOW), at=NOW + 30 * DAY, now=NOW)
    again = approval.reopen(Edition.objects.get(), by="editor", now=NOW)
    assert (again.state, again.until, again.due_at) == (State.DRAFT, DUE, DUE)
    assert not Frozen.objects.exists()


def test_reopening_after_the_time_leaves_sending_to_a_person(edition: Edition) -> None:
    approval.approve(edition, now=NOW)
    again = approval.reopen(edition, now=DUE + HOUR)
    assert (again.until, again.due_at) == (DUE, None)


def test_queueing_writes_the_time_at_which_it_leaves_into_the_mail(edition: Edition) -> None:
    queued = approval.queue(approval.approve(edition, now=NOW), at=NOW + 2 * DAY, now=NOW)
    dates = [h.pieces for h in freezing.unpack(bytes(queued.frozen.segments)).headers if h.name == "Date"]
    assert dates == [(b"Sun, 08 Feb 2026 14:00:00 +0000",)]
    assert queued.due_at == NOW + 2 * DAY


def test_a_time_that_is_past_means_now(edition: Edition) -> None:
    assert approval.queue(approval.approve(edition, now=NOW), at=NOW - DAY, now=NOW).due_at == NOW


@pytest.mark.parametrize(
    ("act", "states", "sentence"),
    [
        (approval.approve, {State.DRAFT}, "not a draft: there is nothing to approve"),
        (approval.reopen, {State.APPROVED, State.QUEUED}, "only an approved or queued edition can be reopened"),
        (approval.queue, {State.APPROVED}, "only an approved edition can be queued"),
        (approval.cancel, {State.DRAFT, State.APPROVED, State.QUEUED}, "can't be cancelled this way any more"),
    ],
)
def test_an_act_that_does_not_fit_the_state_is_refused_by_name(
    edition: Edition, act: object, states: set[State], sentence: str
) -> None:
    for state in set(State) - states:
        Edition.objects.update(state=state)
        with pytest.raises(NotAllowed, match=rf"^kinaforum/2026-W06 is {state}\b.*{sentence}"):
            act(edition, now=NOW)  # type: ignore[operator]


@pytest.mark.parametrize("was", State)
@pytest.mark.parametrize("to", State)
def test_the_table_of_its_life_is_the_only_way(edition: Edition, was: State, to: State) -> None:
    Edition.objects.update(state=was)
    edition.refresh_from_db()
    if to in LIFE[was]:
        change(edition, to)
        assert Edition.objects.get().state == to
    else:
        with pytest.raises(NotAllowed, match=f"is {was}: it can't become {to}"):
            change(edition, to)


def test_of_two_changes_that_race_one_happens(edition: Edition) -> None:
    first, second = Edition.objects.get(), Edition.objects.get()
    change(first, State.CANCELLED)
    with pytest.raises(NotAllowed, match="was draft and is cancelled now: somebody else changed it"):
        change(second, State.APPROVED)


SES_HERE = {"client_params": {"endpoint_url": "http://localhost:9"}}


@pytest.mark.parametrize(
    ("url", "delivery", "works"),
    [
        ("https://brev.example.org", Delivery(), True),
        ("http://brev.example.org", Delivery(), True),
        ("http://brev.example.org", Delivery(smtp=Smtp(host="mail.example.org")), False),
        ("https://10.1.2.3", Delivery(smtp=Smtp(host="mail.example.org")), False),
        ("https://brev", Delivery(smtp=Smtp(host="mail.example.org")), False),
        ("https://printer.local", Delivery(smtp=Smtp(host="mail.example.org")), False),
        ("http://localhost:8000", Delivery(smtp=Smtp(host="127.0.0.1")), True),
        ("http://localhost:8000", Delivery(provider="file"), True),
        ("http://localhost:8000", Delivery(provider="mailgun"), False),
        ("http://localhost:8000", Delivery(provider="mailgun", mailgun={"api_url": "http://127.0.0.1:9/v3"}), True),
        ("http://localhost:8000", Delivery(provider="mailgun", mailgun={"api_url": "https://eu.example/v3"}), False),
        ("http://localhost:8000", Delivery(provider="amazon_ses", amazon_ses=SES_HERE), True),
        ("https://[fd00::1]", Delivery(provider="mailgun"), False),
    ],
)
def test_a_mails_links_work_or_it_does_not_leave(edition: Edition, url: str, delivery: Delivery, works: bool) -> None:
    now = config.current()
    config.use(replace(now, site=replace(now.site, url=url), delivery=delivery))
    if works:
        assert approval.approve(edition, now=NOW).state == State.APPROVED
    else:
        with pytest.raises(JobProblem, match="readers could not follow a mail's links there; give it a public https"):
            approval.approve(edition, now=NOW)


def test_links_are_looked_at_again_when_it_is_queued() -> None:
    configured()
    collected(found("a"))
    edition, now = approved(), config.current()
    config.use(replace(now, delivery=Delivery(smtp=Smtp(host="mail.example.org"))))
    with pytest.raises(JobProblem, match=r"site.url is http://localhost:8000"):
        approval.queue(edition, now=NOW)


def test_each_act_is_a_line_of_the_log(edition: Edition) -> None:
    approval.approve(edition, by="anna@example.org", now=NOW)
    approval.reopen(edition, by="bo@example.org", now=NOW)
    approval.cancel(edition, by="bo@example.org", now=NOW + timedelta(minutes=1))
    lines = list(Act.objects.filter(about="kinaforum/2026-W06").order_by("pk").values_list("by", "what"))
    assert lines[1:] == [
        ("anna@example.org", "approved"),
        ("bo@example.org", "reopened"),
        ("bo@example.org", "cancelled"),
    ]
