"""What editors do to a draft: each act one revision, nothing overwritten, and back again."""

from datetime import date

import pytest

from newsletter import config
from newsletter.editions import approval, editing
from newsletter.editions.editing import Conflict
from newsletter.editions.history import difference
from newsletter.editions.problems import Impossible
from newsletter.editions.rendering import make_proof
from newsletter.editions.serialize import edition as described
from newsletter.models import Act, Edition, State
from tests.factories import (
    DAY,
    HOUR,
    NOW,
    WEEK,
    collected,
    configured,
    drafted,
    found,
    inside,
    post,
    reasons,
    refreshed,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition() -> Edition:
    """A draft of three posts: a and b of yesterday, c of the day before; `old` is listed as out."""
    configured()
    posts = found("a"), found("b", NOW - DAY - HOUR), found("c", NOW - 2 * DAY), found("old", NOW - WEEK - DAY)
    collected(*posts)
    return drafted()


def test_words_are_set_and_made_from_the_posts_again(edition: Edition) -> None:
    edition = editing.set_words(
        config.current(), edition, "editor", 1, {"subject": " The \n week ", "greeting": "Hello *all*"}, NOW
    )
    assert (edition.subject, edition.revision) == ("The week", 2)
    assert "<em>all</em>" in make_proof(edition, config.current()).rendered.html
    edition = editing.set_words(config.current(), edition, "editor", 2, {"subject": ""}, NOW)
    assert described(edition, config.current())["subject"] == "Post a, og 2 til"


def test_words_without_end_are_refused(edition: Edition) -> None:
    with pytest.raises(Impossible, match="the sign-off has 20,001 characters, and at most 20,000 are allowed"):
        editing.set_words(config.current(), edition, "editor", 1, {"closing": "x" * 20_001}, NOW)
    body = "word " * 40_000  # a letter's body is an introduction
    edition = editing.set_words(config.current(), edition, "editor", 1, {"greeting": body}, NOW)
    assert edition.greeting == body
    with pytest.raises(Impossible, match="200,001 characters, and at most 200,000 are allowed"):
        editing.set_words(config.current(), edition, "editor", edition.revision, {"greeting": "x" * 200_001}, NOW)


def test_an_act_on_another_revision_overwrites_nothing(edition: Edition) -> None:
    editing.set_words(config.current(), edition, "anna", 1, {"subject": "Anna's"}, NOW)
    with pytest.raises(Conflict, match="subject: “” is now “Anna's”"):
        editing.set_words(config.current(), edition, "bo", 1, {"subject": "Bo's"}, NOW)
    assert Edition.objects.get().subject == "Anna's"


def test_only_a_draft_can_be_changed(edition: Edition) -> None:
    approval.approve(config.current(), edition, now=NOW)
    with pytest.raises(Impossible, match="is approved, and only drafts can be changed; take it back to draft first"):
        editing.pin(config.current(), edition, "editor", None, post("a").pk, NOW)


def test_a_post_left_out_stays_out_and_comes_back_by_the_rules(edition: Edition) -> None:
    edition = editing.leave_out(config.current(), edition, "editor", 1, post("a").pk, NOW)
    assert inside(refreshed(edition)) == ["Post b", "Post c"]
    edition = editing.let_rules_decide(config.current(), edition, "editor", None, post("a").pk, NOW)
    assert inside(edition) == ["Post a", "Post b", "Post c"]
    assert reasons(edition)["Post a"] == "published in this period"


def test_an_old_post_may_be_included(edition: Edition) -> None:
    edition = editing.include(config.current(), edition, "editor", 1, post("old").pk, NOW)
    assert inside(refreshed(edition))[-1] == "Post old"
    assert reasons(edition)["Post old"] == "added by an editor"


def test_a_post_that_the_draft_does_not_list_may_be_included(edition: Edition) -> None:
    collected(found("ancient", NOW - 300 * DAY), now=NOW)
    assert "Post ancient" not in reasons(edition)
    assert "Post ancient" in inside(editing.include(config.current(), edition, "editor", 1, post("ancient").pk, NOW))


def test_a_post_of_another_edition_can_be_included_again(edition: Edition) -> None:
    approval.approve(config.current(), edition, now=NOW)
    later = drafted(NOW + WEEK)
    assert inside(editing.include(config.current(), later, "editor", None, post("a").pk, NOW)) == ["Post a"]
    assert approval.approve(config.current(), later, now=NOW + WEEK).state == State.APPROVED


def test_a_number_that_is_no_post_is_refused_by_name(edition: Edition) -> None:
    with pytest.raises(Impossible, match="kinaforum/2026-W06 has no post 99999; 'newsletter show"):
        editing.pin(config.current(), edition, "editor", None, 99999, NOW)


def test_a_pinned_post_is_first_of_its_day_and_stays_so(edition: Edition) -> None:
    edition = editing.pin(config.current(), edition, "editor", 1, post("b").pk, NOW)
    assert inside(refreshed(edition)) == ["Post b", "Post a", "Post c"]
    assert (
        inside(editing.pin(config.current(), edition, "editor", None, post("b").pk, NOW, pinned=False))[0] == "Post a"
    )


def test_a_move_puts_a_post_under_a_day_at_a_place_and_lasts(edition: Edition) -> None:
    yesterday = date(2026, 2, 5)
    edition = editing.move(config.current(), edition, "editor", 1, post("c").pk, yesterday, 1, NOW)
    collected(found("new", NOW - DAY + HOUR), found("a"), found("b", NOW - DAY - HOUR), found("c", NOW - 2 * DAY),
              now=NOW + HOUR)  # fmt: skip
    edition = refreshed(edition, NOW + HOUR)
    assert inside(edition) == ["Post new", "Post a", "Post c", "Post b"]
    days = {d["day"]: d["posts"] for d in described(edition, config.current())["days"]}
    assert days == {"2026-02-05": 4}


@pytest.mark.parametrize(
    ("place", "titles"), [(-5, ["Post c", "Post a", "Post b"]), (99, ["Post a", "Post b", "Post c"])]
)
def test_a_place_beyond_the_day_is_its_end(edition: Edition, place: int, titles: list[str]) -> None:
    assert (
        inside(editing.move(config.current(), edition, "editor", 1, post("c").pk, date(2026, 2, 5), place, NOW))
        == titles
    )


def test_an_editors_headline_and_text_stand_in_for_the_sources(edition: Edition) -> None:
    edition = editing.retitle(config.current(), edition, "editor", 1, post("a").pk, "A better   headline", NOW)
    edition = editing.rewrite(config.current(), edition, "editor", 2, post("a").pk, "Shorter, and **sharper**.", NOW)
    collected(found("a", title="The source's newer one"), now=NOW + HOUR, reached=NOW)
    html = make_proof(refreshed(edition, NOW + HOUR), config.current()).rendered.html
    assert "A better headline" in html
    assert "<strong>sharper</strong>" in html
    assert "The source's newer one" not in html


def test_a_post_written_by_hand_is_in_its_own_edition_only(edition: Edition) -> None:
    edition = editing.add_post(
        config.current(), edition, "editor", 1, title="By hand", url="https://x.example/", text="Some words.", now=NOW
    )
    assert "By hand" in inside(refreshed(edition))
    assert "Some words." in make_proof(edition, config.current()).rendered.text
    approval.cancel(edition, now=NOW)
    assert "By hand" not in reasons(drafted())


def test_a_post_by_hand_is_under_a_day_of_the_window(edition: Edition) -> None:
    edition = editing.add_post(
        config.current(), edition, "editor", 1, title="By hand", url="", text="Words.", now=NOW + 30 * DAY
    )
    days = [d["day"] for d in described(edition, config.current())["days"]]
    assert days == ["2026-02-06", "2026-02-05", "2026-02-04"]


def test_a_post_by_hand_needs_a_headline(edition: Edition) -> None:
    with pytest.raises(Impossible, match="a post needs a headline"):
        editing.add_post(
            config.current(), edition, "editor", 1, title=" ", url="https://x.example/", text="Words.", now=NOW
        )


def test_going_back_makes_the_draft_what_it_was(edition: Edition) -> None:
    edition = editing.set_words(config.current(), edition, "editor", 1, {"subject": "First"}, NOW)
    edition = editing.pin(config.current(), edition, "editor", 2, post("b").pk, NOW)
    was = inside(edition)
    edition = editing.leave_out(config.current(), edition, "editor", 3, post("a").pk, NOW)
    edition = editing.set_words(config.current(), edition, "editor", 4, {"subject": "Second"}, NOW)
    edition = editing.add_post(config.current(), edition, "editor", 5, title="By hand", url="", text="Words.", now=NOW)
    edition = editing.go_back(config.current(), edition, "editor", 6, 3, NOW)
    assert (edition.revision, edition.subject, inside(edition)) == (7, "First", was)


def test_going_back_keeps_posts_that_came_since(edition: Edition) -> None:
    edition = editing.leave_out(config.current(), edition, "editor", 1, post("a").pk, NOW)
    collected(found("new"), found("a"), now=NOW + HOUR, reached=NOW)
    edition = editing.go_back(config.current(), refreshed(edition, NOW + HOUR), "editor", None, 1, NOW + HOUR)
    assert set(inside(edition)) == {"Post new", "Post a", "Post b", "Post c"}


def test_there_is_no_going_back_to_what_never_was(edition: Edition) -> None:
    with pytest.raises(Impossible, match="kinaforum/2026-W06 has no revision 9"):
        editing.go_back(config.current(), edition, "editor", None, 9, NOW)


def test_each_act_is_logged_with_what_it_changed_and_no_more(edition: Edition) -> None:
    editing.retitle(config.current(), edition, "anna@example.org", 1, post("a").pk, "Better", NOW)
    line = Act.objects.get()
    number = str(post("a").pk)
    assert line.before is not None
    assert line.after is not None
    assert (line.by, line.about) == ("anna@example.org", "kinaforum/2026-W06")
    assert list(line.after["posts"]) == [number]
    assert (line.before["posts"][number]["headline"], line.after["posts"][number]["headline"]) == ("Post a", "Better")


def test_an_act_that_fails_leaves_no_revision(edition: Edition) -> None:
    with pytest.raises(Impossible):
        editing.pin(config.current(), edition, "editor", 1, 99999, NOW)
    assert Edition.objects.get().revision == 1
    assert not Act.objects.exists()


def test_the_difference_of_two_revisions_is_told_in_lines(edition: Edition) -> None:
    edition = editing.set_words(config.current(), edition, "editor", 1, {"subject": "S", "greeting": "G"}, NOW)
    edition = editing.retitle(config.current(), edition, "editor", 2, post("a").pk, "Better", NOW)
    edition = editing.leave_out(config.current(), edition, "editor", 3, post("b").pk, NOW)
    edition = editing.include(config.current(), edition, "editor", 4, post("old").pk, NOW)
    assert sorted(map(str, difference(edition, 1, 5))) == [
        "added “Post old”, added by an editor",
        "headline: “Post a” is now “Better”",
        "introduction changed",
        "removed “Post b”, removed by an editor",
        "subject: “” is now “S”",
    ]
    edition = editing.pin(config.current(), edition, "editor", 5, post("old").pk, NOW)
    edition = editing.move(config.current(), edition, "editor", 6, post("old").pk, date(2026, 2, 6), 0, NOW)
    assert [str(each) for each in difference(edition, 5, 7)] == ["the order of posts changed"]
    assert difference(edition, 1, 99) == []
