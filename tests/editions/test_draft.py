"""Drafts through the real database: which posts, in which window, and what a refresh keeps."""

import pytest

from newsletter import config
from newsletter.config import Filter, SourceSettings
from newsletter.editions import approval, draft, editing, edition_names
from newsletter.editions.problems import Impossible
from newsletter.editions.selection.windows import RequestedWindow
from newsletter.editions.states import change
from newsletter.models import Edition, Post, State
from tests import factories
from tests.factories import (
    DAY,
    DUE,
    HOUR,
    NOW,
    SOURCE,
    WEEK,
    approved,
    collected,
    collected_before,
    configured,
    drafted,
    found,
    inside,
    post,
    reasons,
    refreshed,
    week,
)

pytestmark = pytest.mark.django_db


def sent(edition: Edition, now: object = NOW) -> Edition:
    """The edition after its last mail."""
    edition = factories.sent(edition, now)
    change(edition, State.SENT, ended_at=now)
    return edition


def test_the_way_from_a_post_to_a_queued_edition() -> None:
    configured()
    collected(found("a"), found("b", NOW - 2 * DAY))
    edition = drafted()
    assert (edition.name, edition.state, edition.revision) == ("kinaforum/2026-W06", State.DRAFT, 1)
    assert inside(edition) == ["Post a", "Post b"]

    edition = editing.leave_out(config.current(), edition, "editor", edition.revision, post("b").pk, NOW)
    edition = approval.approve(config.current(), edition, revision=edition.revision, now=NOW)
    edition = approval.reopen(edition, now=NOW)
    assert inside(edition) == ["Post a"]

    edition = approval.queue(config.current(), approval.approve(config.current(), edition, now=NOW), now=NOW)
    assert (edition.state, edition.due_at) == (State.QUEUED, NOW)


def test_the_next_draft_leaves_at_the_next_send_time_and_reaches_one_period_back() -> None:
    configured()
    edition = drafted()
    assert (edition.since, edition.until, edition.due_at) == (DUE - WEEK, DUE, DUE)


def test_an_asked_week_is_the_calendar_week_and_leaves_only_by_hand() -> None:
    configured()
    collected(found("sunday", DUE + 2 * DAY), found("monday", DUE + 3 * DAY), now=DUE + WEEK)
    edition = drafted(DUE + WEEK, week("2026-W06"))
    assert (edition.name, edition.due_at) == ("kinaforum/2026-W06", None)
    assert inside(edition) == ["Post sunday"]


def test_a_second_draft_of_a_period_is_the_first_one_refreshed() -> None:
    configured()
    collected(found("a"))
    first = drafted()
    collected(found("b"), found("a"), now=NOW + HOUR)
    second = drafted(NOW + HOUR)
    assert (second.pk, second.revision) == (first.pk, 2)
    assert inside(second) == ["Post b", "Post a"]


def test_a_refresh_that_changes_nothing_is_no_revision() -> None:
    configured()
    collected(found("a"))
    edition = drafted()
    assert refreshed(edition, NOW + HOUR).revision == edition.revision


def test_a_draft_shows_the_newest_text_of_a_post_unless_an_editor_changed_it() -> None:
    configured()
    collected(found("a"), found("b"))
    edition = editing.retitle(config.current(), drafted(), "editor", 1, post("b").pk, "The editor's", NOW)
    collected(found("a", title="Newer a"), found("b", title="Newer b"), now=NOW + HOUR)
    edition = refreshed(edition, NOW + HOUR)
    assert set(inside(edition)) == {"Newer a", "The editor's"}
    assert edition.revision == 3


def test_a_frozen_edition_is_left_as_it_is() -> None:
    configured()
    collected(found("a"))
    frozen = approved()
    collected(found("b"), found("a"), now=NOW + HOUR)
    again = drafted(NOW + HOUR)
    assert (again.pk, again.state, inside(again)) == (frozen.pk, State.APPROVED, ["Post a"])


def test_a_post_published_after_approval_goes_into_the_next_edition() -> None:
    configured()
    collected_before()
    collected(found("a"))
    frozen = approved()
    assert frozen.until == NOW
    collected(found("b", NOW + HOUR), found("a"), now=NOW + 2 * HOUR)
    following = drafted(DUE + HOUR)
    assert (following.name, following.since) == ("kinaforum/2026-W07", NOW)
    assert inside(following) == ["Post b"]


def test_a_post_that_is_dated_back_behind_a_frozen_window_is_late() -> None:
    configured()
    collected_before()
    collected()
    approved()
    collected(found("a", NOW - HOUR), now=NOW + HOUR)
    assert reasons(drafted(DUE + HOUR)) == {"Post a": "published earlier, and not sent yet"}


def test_posts_of_the_first_collection_of_a_source_are_never_late() -> None:
    configured()
    collected(found("old", DUE - WEEK - DAY), found("undated", None), found("new"))
    edition = drafted()
    assert inside(edition) == ["Post new"]
    assert reasons(edition)["Post old"] == reasons(edition)["Post undated"] == "older than your newsletter"


def test_a_second_source_brings_its_window_and_no_more() -> None:
    configured()
    collected(found("a"))
    sent(approved())
    other = "https://other.example/feed"
    configured((SOURCE, other))
    collected(found("x", NOW + DAY, url="https://other.example/x"), found("y", NOW - DAY, url="https://other.example/y"),
              now=NOW + 2 * DAY, source=other)  # fmt: skip
    assert inside(drafted(NOW + 2 * DAY)) == ["Post x"]


@pytest.mark.parametrize(
    "moved",
    [
        {"url": "http://www.kinaforum.example/a.html?utm_source=feed"},
        {"url": "https://new-engine.example/2026/a"},
        {"url": "https://new-engine.example/2026/a", "html": "<p>Another text altogether, of the same time.</p>"},
    ],
)
def test_a_blog_that_moves_sends_nothing_twice(moved: dict[str, str]) -> None:
    configured()
    collected(found("a"))
    sent(approved())
    configured(("https://new-engine.example/",))
    collected(found("another-id", title="Post a", **{"html": found("a").html, **moved}), now=NOW + HOUR,
              source="https://new-engine.example/")  # fmt: skip
    assert Post.objects.count() == 1
    assert inside(drafted(DUE + HOUR)) == []


def test_two_posts_of_one_source_with_the_same_words_are_two() -> None:
    configured()
    same = {"title": "Notice", "html": "<p>The library is closed on Sunday, as it is on every Sunday of the year.</p>"}
    collected(found("a", NOW - DAY, **same), found("b", NOW - 2 * DAY, **same))
    assert inside(drafted()) == ["Notice", "Notice"]


def test_a_post_that_its_source_no_longer_lists_is_out_unless_an_editor_keeps_it() -> None:
    configured()
    collected(found("a"), found("b"), found("c"))
    edition = editing.include(config.current(), drafted(), "editor", None, post("b").pk, NOW)
    collected(found("c"), now=NOW + HOUR)
    edition = refreshed(edition, NOW + HOUR)
    assert inside(edition) == ["Post c", "Post b"]
    assert reasons(edition)["Post a"] == "no longer at its source"


def test_a_listing_that_does_not_reach_back_past_a_post_says_nothing_of_it() -> None:
    configured()
    collected(found("a"), found("b"))
    edition = drafted()
    collected(found("c"), now=NOW + HOUR, reached=NOW - DAY)
    assert len(inside(refreshed(edition, NOW + HOUR))) == 3


def test_a_post_that_is_listed_again_comes_back() -> None:
    configured()
    collected(found("a"), found("b"))
    collected(found("b"), now=NOW + HOUR)
    collected(found("a"), found("b"), now=NOW + 2 * HOUR)
    assert sorted(inside(drafted(NOW + 2 * HOUR))) == ["Post a", "Post b"]


def test_filters_of_a_source_name_their_kind() -> None:
    configured((SourceSettings(url=SOURCE, exclude=Filter(categories=("ads",), words=("lottery",))),))
    collected(found("a", categories=("Ads",)), found("b", title="A lottery"), found("c"))
    edition = drafted()
    assert inside(edition) == ["Post c"]
    assert reasons(edition) == {
        "Post a": "filtered out by a category",
        "A lottery": "filtered out by a word",
        "Post c": "published in this period",
    }


def test_a_post_that_a_frozen_edition_left_out_is_not_late_in_the_next() -> None:
    configured()
    collected_before()
    collected(found("a"), found("b"))
    edition = editing.leave_out(config.current(), drafted(), "editor", None, post("b").pk, NOW)
    sent(approval.approve(config.current(), edition, now=NOW))
    assert reasons(drafted(DUE + HOUR)) == {}


def test_a_cancelled_edition_gives_its_posts_back() -> None:
    configured()
    collected(found("a"), found("b"))
    approval.cancel(approved(), now=NOW)
    again = drafted(NOW + HOUR)
    assert (again.name, len(inside(again))) == ("kinaforum/2026-W06.2", 2)


@pytest.mark.parametrize("state", [State.SKIPPED, State.CANCELLED])
def test_posts_of_a_first_edition_that_came_to_nothing_wait_for_the_next(state: State) -> None:
    configured()
    collected(found("a"))
    change(drafted(), state, ended_at=NOW)
    assert inside(drafted(DUE + HOUR)) == ["Post a"]


def test_over_the_maximum_posts_are_headlines_and_pinned_ones_are_not() -> None:
    configured(maximum_posts=2)
    collected(*(found(str(n), NOW - n * HOUR) for n in range(1, 5)))
    edition = editing.pin(config.current(), drafted(), "editor", None, post("4").pk, NOW)
    full = [e.post.title for e in edition.entries.filter(headline_only=False).select_related("post")]
    assert full == ["Post 4", "Post 1"]
    assert reasons(edition)["Post 2"] == reasons(edition)["Post 3"] == "over the maximum, so only its headline is shown"
    assert reasons(edition)["Post 4"] == "published in this period"


def test_a_second_window_of_the_same_week_is_a_second_edition() -> None:
    configured()
    collected(found("a", NOW - 3 * DAY), found("b", NOW - DAY))
    first = approved(asked=RequestedWindow(until=NOW - 2 * DAY, since=NOW - 4 * DAY))
    second = drafted(asked=RequestedWindow(until=NOW, since=NOW - 2 * DAY))
    assert (first.name, second.name) == ("kinaforum/2026-W06", "kinaforum/2026-W06.2")
    assert (inside(first), inside(second)) == (["Post a"], ["Post b"])


def test_the_same_window_again_is_the_same_edition() -> None:
    configured()
    collected(found("a"))
    asked = RequestedWindow(until=NOW, since=NOW - 2 * DAY)
    assert approved(asked=asked).pk == drafted(asked=asked).pk


def test_a_refresh_begins_where_an_edition_that_was_frozen_meanwhile_ended() -> None:
    configured()
    collected(found("a", NOW - 3 * DAY), found("b", NOW - DAY))
    later = drafted()
    approved(asked=RequestedWindow(until=NOW - 2 * DAY, since=NOW - 4 * DAY))
    later = refreshed(later, NOW + HOUR)
    assert (later.since, inside(later)) == (NOW - 2 * DAY, ["Post b"])


def test_a_source_that_was_silent_since_the_last_edition_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    configured((SOURCE, "https://other.example/feed"))
    collected(found("a"))
    monkeypatch.setattr(draft, "collect", lambda *_, **__: [])
    monkeypatch.setattr("newsletter.editions.selection.link_check.missing", lambda *_, **__: frozenset())
    edition = draft.refresh(config.current(), drafted(), now=NOW)
    assert str(edition.waiting) == (
        "1 source couldn't be read, so posts may be missing: "
        "https://other.example/feed (not read since the last edition)"
    )


def test_a_draft_from_the_ledger_is_as_fresh_as_the_last_reading() -> None:
    configured()
    collected(found("a"), now=NOW - 5 * HOUR)
    assert approved().until == NOW - 5 * HOUR


def test_a_correction_has_no_posts_and_stays_so() -> None:
    configured()
    collected(found("a"))
    first = sent(approved())
    correction = draft.correct(config.current(), first, now=NOW)
    collected(found("b"), found("a"), now=NOW + HOUR)
    correction = draft.refresh(config.current(), correction, now=NOW + HOUR)
    assert (correction.name, correction.corrects, inside(correction)) == ("kinaforum/2026-W06.2", first, [])
    assert inside(drafted(NOW + 2 * HOUR)) == ["Post b"]


def test_a_correction_says_in_its_subject_what_it_corrects() -> None:
    configured()
    collected(found("a"))
    first = sent(approved())
    correction = draft.correct(config.current(), first, now=NOW)
    assert correction.subject == f"Rettelse: {first.approved_content.subject}"
    again = draft.correct(config.current(), sent(_approved_correction(correction)), now=NOW)
    assert again.subject == correction.subject


def _approved_correction(correction: Edition) -> Edition:
    words = {"greeting": "The fair is on Sunday."}
    written = editing.set_words(config.current(), correction, "editor", None, words, NOW)
    return approval.approve(config.current(), written, now=NOW)


def test_a_correction_may_be_approved_with_an_editors_words_alone() -> None:
    configured()
    collected(found("a"))
    correction = draft.correct(config.current(), sent(approved()), now=NOW)
    correction = editing.set_words(
        config.current(),
        correction,
        "editor",
        None,
        {"subject": "A correction", "greeting": "The fair is on Sunday, not Monday."},
        NOW,
    )
    frozen = approval.approve(config.current(), correction, now=NOW).approved_content
    assert frozen.subject == "A correction"
    assert "The fair is on Sunday" in frozen.html
    assert "The fair is on Sunday" in frozen.text


def test_an_edition_that_has_not_begun_sending_needs_no_correction() -> None:
    configured()
    collected(found("a"))
    with pytest.raises(Impossible, match="only an edition that has begun to be sent can be corrected"):
        draft.correct(config.current(), approved(), now=NOW)


def test_a_name_that_no_edition_has_is_one_sentence() -> None:
    with pytest.raises(edition_names.NoSuchEdition, match="there is no edition 'kinaforum/2026-W60'"):
        edition_names.find(config.current(), "kinaforum/2026-W60")
