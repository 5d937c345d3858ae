"""Letters outside the schedule: their names, the posts that they have, and what they leave to the digest."""

import pytest

from newsletter import config
from newsletter.editions import approval, draft, editing, edition_names
from newsletter.editions.composing import blocks, standalone
from newsletter.editions.dating import dated_window, last_day_of
from newsletter.editions.previews import as_sent, sample_recipient
from newsletter.editions.rendering import make_proof
from newsletter.editions.states import change
from newsletter.editions.titles import period_title, title_of
from newsletter.messages import posts as messages
from newsletter.models import Act, Edition, EditionPost, Post, State, WelcomeLetter
from tests import factories
from tests.factories import (
    DAY,
    DUE,
    HOUR,
    NOW,
    approved,
    collected,
    collected_before,
    configured,
    drafted,
    found,
    inside,
    kinaforum,
    post,
    reasons,
    refreshed,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_rendering_in_transactions")]


@pytest.fixture(autouse=True)
def two_posts() -> None:
    configured()
    collected_before()
    collected(found("a", NOW - DAY), found("b", NOW - 2 * DAY))


def letter(**fields: object) -> Edition:
    return standalone.make(config.current(), kinaforum(), now=NOW, by="kari@example.org", **fields)


def sent(edition: Edition) -> Edition:
    if edition.state == State.DRAFT:
        edition = approval.approve(config.current(), edition, now=NOW)
    edition = factories.sent(edition)
    change(edition, State.SENT, ended_at=NOW)
    return edition


def test_a_letter_is_named_after_its_day_and_a_second_one_is_numbered() -> None:
    assert [letter().name, letter().name] == ["kinaforum/letter-2026-02-06", "kinaforum/letter-2026-02-06.2"]
    assert str(Act.objects.latest("pk").what) == "letter created"


@pytest.mark.parametrize(
    ("period", "title"),
    [("letter-2026-02-06", "6 February 2026"), ("letter-2026-02-06.2", "6 February 2026 (2)")],
)
def test_a_letter_is_titled_by_its_day(period: str, title: str) -> None:
    assert period_title(period, "en-GB") == title


def test_the_day_is_that_of_the_newsletters_time_zone() -> None:
    late = NOW.replace(hour=23, minute=30)
    assert standalone.make(config.current(), kinaforum(), now=late).period == "letter-2026-02-07"


def test_a_letter_has_no_posts_and_lists_those_it_could_have() -> None:
    made = letter(subject="  Good\n news ")
    assert (made.subject, inside(made), made.due_at) == ("Good news", [], None)
    assert set(reasons(made).values()) == {"a letter has only the posts that you add"}


def test_a_letter_leaves_every_post_to_the_digest() -> None:
    sent(letter(subject="Good news"))
    assert inside(drafted()) == ["Post a", "Post b"]


def test_a_letter_with_posts_has_those_that_are_due() -> None:
    made = letter(with_posts=True)
    assert inside(made) == ["Post a", "Post b"]
    assert inside(refreshed(made)) == ["Post a", "Post b"]


def test_a_post_that_a_letter_has_is_in_no_digest() -> None:
    made = letter(subject="Good news")
    digest = drafted()
    editing.include(config.current(), made, "kari@example.org", None, post("a").pk, NOW)
    sent(made)
    assert inside(digest) == ["Post b"]
    assert reasons(refreshed(digest))["Post a"] == f"already in {made.name}"


def test_a_post_removed_from_a_letter_can_still_be_in_the_digest() -> None:
    made = letter(with_posts=True, subject="Good news")
    editing.leave_out(config.current(), made, "kari@example.org", None, post("a").pk, NOW)
    sent(made)
    assert inside(drafted()) == ["Post a"]


def test_the_digest_takes_back_the_posts_of_a_cancelled_letter() -> None:
    made = approval.approve(config.current(), letter(with_posts=True, subject="Good news"), now=NOW)
    digest = drafted()
    assert inside(digest) == []
    approval.cancel(made, now=NOW)
    assert inside(refreshed(digest)) == ["Post a", "Post b"]


def test_an_old_post_of_a_cancelled_letter_does_not_come_into_the_digest() -> None:
    collected(found("old", NOW - 90 * DAY), now=NOW, source="https://kinaforum.example/feed")
    EditionPost.objects.all().delete()
    old = post("old")
    old.was_there_before = True
    old.save()
    made = editing.include(config.current(), letter(subject="Good news"), "kari@example.org", None, old.pk, NOW)
    approval.cancel(made, now=NOW)
    assert "Post old" not in inside(drafted())


def test_a_letter_moves_no_window_of_the_digest() -> None:
    first = approved()
    sent(standalone.make(config.current(), kinaforum(), now=NOW + HOUR, subject="Good news"))
    assert drafted(DUE + HOUR).since == first.until


def test_a_digest_that_a_letter_leaves_empty_stays_open() -> None:
    digest = drafted()
    approval.approve(config.current(), letter(with_posts=True, subject="Good news"), now=NOW)
    digest.refresh_from_db()
    assert (digest.state, inside(digest)) == (State.DRAFT, [])


def test_a_digest_that_is_approved_takes_its_posts_out_of_letters() -> None:
    made = standalone.make(config.current(), kinaforum(), now=NOW + DAY, subject="Good news", with_posts=True)
    approved()
    made.refresh_from_db()
    assert (made.state, inside(made)) == (State.DRAFT, [])


def test_a_letter_is_not_taken_for_the_edition_of_its_day() -> None:
    configured(period="day", draft="15:00", send="18:00")
    made = letter(subject="Good news")
    assert drafted().pk != made.pk
    assert drafted().name == "kinaforum/2026-02-06"


def test_a_letter_shows_its_day_and_nothing_about_posts() -> None:
    made = editing.set_words(config.current(), letter(subject="Good news"), "k", None, {"greeting": "We won."}, NOW)
    assert str(made.revisions.latest("number").what) == "changed the text"
    frozen = approval.approve(config.current(), made, now=NOW).approved_content
    assert "\nfredag 6. februar 2026\n" in frozen.text
    assert "Ingen nye saker" not in frozen.text + frozen.html


def test_a_copy_has_texts_blocks_and_posts_written_by_hand() -> None:
    first = letter(subject="Good news")
    first = editing.set_words(config.current(), first, "k", None, {"greeting": "Hello", "closing": "Bye"}, NOW)
    first = editing.add_post(config.current(), first, "k", None, title="By hand", url="", text="A text.", now=NOW)
    own = first.entries.get(post__title="By hand").post_id
    Post.objects.filter(pk=own).update(html="<p>Of a page.</p>")  # as earlier versions copied pages
    values = {"kind": "event", "title": "Meeting", "after": str(own)}
    first = sent(blocks.save(config.current(), first, "k", None, values, NOW))
    copy = standalone.duplicate(config.current(), first, now=NOW + DAY, by="kari@example.org")
    assert (copy.name, copy.state, copy.standalone) == ("kinaforum/letter-2026-02-07", State.DRAFT, True)
    assert (copy.subject, copy.greeting, copy.closing) == ("Good news", "Hello", "Bye")
    entry = copy.entries.get(included=True)
    assert (entry.post.title, entry.text, entry.post_id != own) == ("By hand", "A text.", True)
    assert entry.post.html == "<p>Of a page.</p>"
    assert [(b["title"], b["after"]) for b in copy.blocks] == [("Meeting", str(entry.post_id))]
    approval.approve(config.current(), copy, now=NOW + DAY)


def test_a_copy_of_a_sent_digest_leaves_its_posts_where_they_are() -> None:
    first = sent(approved())
    copy = standalone.duplicate(config.current(), first, now=NOW + HOUR)
    assert inside(copy) == []
    assert copy.subject == first.approved_content.subject


def test_a_copy_is_for_the_same_segment_not_for_everyone() -> None:
    first = drafted()
    Edition.objects.filter(pk=first.pk).update(segment="Oslo", segment_where="tag:oslo")
    first.refresh_from_db()
    copy = standalone.duplicate(config.current(), first, now=NOW)
    assert (copy.segment, copy.segment_where) == ("Oslo", "tag:oslo")


def test_a_copy_of_a_draft_has_its_posts_with_the_editors_changes() -> None:
    first = editing.retitle(config.current(), drafted(), "k", None, post("a").pk, "Another headline", NOW)
    copy = standalone.duplicate(config.current(), first, now=NOW)
    assert inside(copy) == ["Another headline", "Post b"]


def test_a_refresh_lists_what_came_since() -> None:
    made = letter(subject="Good news")
    collected(found("c", NOW + HOUR), now=NOW + 2 * HOUR)
    made = refreshed(made, NOW + 2 * HOUR)
    assert reasons(made)["Post c"] == str(messages.NOT_CHOSEN())
    assert inside(made) == []


def test_a_letter_can_be_corrected_and_found_by_its_name() -> None:
    first = sent(letter(subject="Good news"))
    assert edition_names.find(config.current(), first.name) == first
    correction = draft.correct(config.current(), first, now=NOW + DAY)
    assert correction.name == f"{first.name}.2"
    again = draft.correct(config.current(), sent(correction), now=NOW + 2 * DAY)
    for each in (correction, again):
        assert dated_window(each, kinaforum()) == dated_window(first, kinaforum()), "the letter's day, not its window"


def dates_of(edition: Edition, first: str, second: str) -> tuple[bool, ...]:
    """Whether the HTML, the text and the encoded email of an approved letter have the first date and not the second."""
    edition.refresh_from_db()
    content = edition.approved_content
    mail = as_sent(edition, make_proof(edition, config.current()), sample_recipient(), NOW, 0).decode()
    return tuple(first in text and second not in text for text in (content.html, content.text, mail))


def test_a_letter_is_dated_by_the_day_on_which_it_is_sent() -> None:
    made = letter(subject="Good news", greeting="We won, {name|friend}.")
    assert "lørdag 7. februar 2026" in make_proof(made, config.current(), NOW + DAY).rendered.text
    approval.approve(config.current(), made, now=NOW)
    approval.queue(config.current(), made, at=NOW + 3 * DAY, now=NOW)
    assert dates_of(made, "9. februar 2026", "6. februar 2026") == (True, True, True)
    approval.reschedule(config.current(), made, at=NOW + 4 * DAY, now=NOW)
    assert dates_of(made, "10. februar 2026", "9. februar 2026") == (True, True, True)
    assert last_day_of(made, kinaforum()) == (NOW + 4 * DAY).date()
    assert title_of(made, "en-GB", kinaforum().zone) == "10 February 2026"
    approval.send_now(config.current(), made, now=NOW + DAY)
    assert dates_of(made, "7. februar 2026", "10. februar 2026") == (True, True, True)
    reopened = approval.reopen(made, now=NOW + 2 * DAY)
    assert "søndag 8. februar 2026" in make_proof(reopened, config.current(), NOW + 2 * DAY).rendered.text


def test_only_the_date_of_a_letter_changes_after_its_approval() -> None:
    made = approval.approve(config.current(), letter(subject="Good news", greeting="We won."), now=NOW)
    approved_text = made.approved_content.text
    configured(title="Another title")
    queued = approval.queue(config.current(), made, at=NOW + 3 * DAY, now=NOW)
    assert queued.approved_content.text == approved_text
    assert last_day_of(queued, kinaforum()) == NOW.date()


def test_an_email_of_the_welcome_series_has_no_date() -> None:
    welcome = WelcomeLetter.objects.create(newsletter="kinaforum", number=1, days=0, created_at=NOW)
    made = letter(subject="Welcome", greeting="Hello.", welcome=welcome)
    assert "2026" not in make_proof(made, config.current(), NOW).rendered.text
    configured(subject="{{ date }}")
    of_posts = standalone.duplicate(config.current(), letter(with_posts=True), now=NOW, welcome=welcome)
    assert make_proof(of_posts, config.current(), NOW).rendered.subject == "Post a, og 1 til"
