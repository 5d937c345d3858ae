"""Scheduled editions that are skipped or wait for an editor, and what editors are told."""

from datetime import UTC, date, timedelta

import pytest
from django.test import Client
from django.utils import translation

from newsletter import config
from newsletter.domain.found_post import FoundPost
from newsletter.editions import approval
from newsletter.models import Edition, Notice, State
from newsletter.scheduling.occurrences import DRAFT, SEND
from newsletter.web.desk import formatting
from subscribers import preferences
from tests.doubles.feeds import Blog, article
from tests.factories import DAY, DUE, HOUR, NOW, SOURCE, WEEK, configured, inside
from tests.scheduling.schedule_samples import MINUTE, only_edition, outcome, tick_at, waiting_notices
from tests.sending.outbox_samples import subscribe

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("skip", [date(2026, 2, 5), date(2026, 2, 6)])
def test_no_edition_is_made_if_its_draft_or_send_date_is_skipped(blog: Blog, skip: date) -> None:
    configured(skip=(skip,), draft="thu 15:00")
    tick_at(NOW - 30 * HOUR)
    tick_at(NOW - DAY)
    assert outcome(DRAFT, NOW - DAY) == "no edition on this date, as set"
    tick_at(DUE)
    assert not Edition.objects.exists()


def test_an_edition_with_too_few_posts_is_skipped_and_its_posts_go_into_the_next(blog: Blog) -> None:
    configured(minimum_posts=2, approval="none")
    tick_at(NOW)
    tick_at(DUE)
    assert only_edition().state == State.SKIPPED
    assert str(Notice.objects.get(kind="skipped").text) == (
        "kinaforum/2026-W06 was skipped: it has 1 post, and the minimum is 2; the post goes into the next edition"
    )
    blog.articles.append(article("b", DUE + DAY))
    tick_at(NOW + WEEK)
    tick_at(DUE + WEEK)
    following = Edition.objects.get(period="2026-W07")
    assert (following.state, len(inside(following))) == (State.QUEUED, 2)


@pytest.mark.parametrize(
    ("count", "titles", "sentence"),
    [
        (3, "a", "it has 1 post, and the minimum is 3; 3 subscribers still wait for 1 post"),
        (1, "ab", "it has 2 posts, and the minimum is 3; 1 subscriber still waits for 2 posts"),
    ],
)
def test_a_skipped_edition_says_what_its_subscribers_still_wait_for(
    blog: Blog, admin_client: Client, count: int, titles: str, sentence: str
) -> None:
    configured(minimum_posts=3, approval="none")
    subscribe([f"r{number}@reader.example" for number in range(count)])
    paused = subscribe(["paused@reader.example"])[0]
    preferences.pause(paused, date(2026, 4, 1))
    blog.articles[:] = [article(title, NOW - DAY) for title in titles]
    tick_at(NOW)
    tick_at(DUE)
    skipped = only_edition()
    assert str(skipped.reason) == sentence
    assert str(Notice.objects.get(kind="skipped").text) == f"kinaforum/2026-W06 was skipped: {sentence}"
    assert sentence in admin_client.get("/desk/editions/kinaforum/2026-W06/").content.decode()
    with translation.override("nb"):
        assert "venter fortsatt på" in formatting.standing(skipped, UTC)
    assert approval.reopen(skipped, now=DUE + HOUR).state == State.DRAFT


def test_an_empty_draft_is_kept_if_a_post_appears_before_its_time(blog: Blog) -> None:
    blog.articles.clear()
    tick_at(NOW)
    blog.articles.append(article("b", NOW + HOUR))
    tick_at(DUE)
    assert only_edition().state == State.DRAFT


def test_an_edition_waits_if_a_source_could_not_be_read(blog: Blog) -> None:
    configured(approval="none")
    tick_at(NOW)
    tick_at(DUE)
    blog.up = False
    tick_at(NOW + WEEK)
    tick_at(DUE + WEEK)
    waiting = Edition.objects.get(period="2026-W07")
    assert waiting.state == State.DRAFT
    assert str(waiting.waiting).endswith(f"posts may be missing: {SOURCE} (not read since the last edition)")
    assert Notice.objects.filter(kind="source").exists()


def test_an_edition_that_waits_for_a_source_is_queued_when_it_can_be_read_again(blog: Blog) -> None:
    configured(approval="none")
    tick_at(NOW)
    tick_at(DUE)
    blog.articles.append(article("b", DUE + DAY))
    blog.up = False
    tick_at(NOW + WEEK)
    tick_at(DUE + WEEK)
    assert Edition.objects.get(period="2026-W07").state == State.DRAFT
    blog.up = True
    tick_at(DUE + WEEK + MINUTE)
    assert Edition.objects.get(period="2026-W07").state == State.DRAFT
    tick_at(DUE + WEEK + HOUR)
    left = Edition.objects.get(period="2026-W07")
    assert (left.state, inside(left)) == (State.QUEUED, ["Title of b"])


def waiting_for_a_source(blog: Blog) -> None:
    """Let the edition of the next week, with a post, be due while the blog doesn't answer; `late` is six hours."""
    configured(approval="none", late=timedelta(hours=6))
    tick_at(NOW)
    tick_at(DUE)
    blog.articles.append(article("b", DUE + DAY))
    tick_at(NOW + WEEK)
    blog.up = False
    tick_at(DUE + WEEK)
    assert Edition.objects.get(period="2026-W07").state == State.DRAFT


def test_an_edition_waits_for_a_source_that_answered_an_hour_ago(blog: Blog) -> None:
    waiting_for_a_source(blog)
    (told,) = waiting_notices()
    assert told.startswith("kinaforum/2026-W07 is waiting: 1 source couldn't be read, so posts may be missing: ")
    assert told.endswith(f"{SOURCE} (last read 2026-02-13 14:00 UTC)")


def test_an_edition_that_waited_for_a_source_goes_after_late_and_editors_are_told(blog: Blog) -> None:
    waiting_for_a_source(blog)
    tick_at(DUE + WEEK + 6 * HOUR - MINUTE)
    assert Edition.objects.get(period="2026-W07").state == State.DRAFT
    tick_at(DUE + WEEK + 6 * HOUR + 5 * MINUTE)
    left = Edition.objects.get(period="2026-W07")
    assert (left.state, inside(left)) == (State.QUEUED, ["Title of b"])
    assert str(Notice.objects.filter(kind="source").latest("pk").text).startswith(
        "kinaforum/2026-W07 waited as long as it may, and goes without what may be missing: 1 source couldn't"
    )


def test_with_no_time_to_be_late_an_edition_goes_without_a_source_at_once(blog: Blog) -> None:
    configured(approval="none", late=timedelta())
    tick_at(NOW)
    blog.up = False
    tick_at(DUE)
    assert only_edition().state == State.QUEUED
    assert "goes without" in str(Notice.objects.filter(kind="source").latest("pk").text)


def test_an_edition_that_should_have_gone_while_the_program_was_off_goes_when_it_is_on_again(blog: Blog) -> None:
    waiting_for_a_source(blog)
    tick_at(DUE + WEEK + 11 * HOUR)
    assert Edition.objects.get(period="2026-W07").state == State.QUEUED


def test_after_twice_late_it_is_left_to_editors_even_if_the_source_answers(blog: Blog) -> None:
    waiting_for_a_source(blog)
    blog.up = True
    tick_at(DUE + WEEK + 13 * HOUR)
    left = Edition.objects.get(period="2026-W07")
    assert (left.state, left.waiting.code) == (State.DRAFT, "edition.time-passed")
    assert "newsletter was not running" in waiting_notices()[-1]


def test_an_edition_that_an_editor_approves_waits_for_the_editor_and_no_source(blog: Blog) -> None:
    tick_at(NOW)
    approval.approve(config.current(), only_edition(), now=NOW + MINUTE)
    blog.up = False
    tick_at(DUE)
    assert only_edition().state == State.QUEUED


def test_an_edition_with_too_few_posts_and_unread_sources_says_both(blog: Blog) -> None:
    configured(approval="none", late=HOUR)
    tick_at(NOW)
    tick_at(DUE)
    blog.up = False
    tick_at(NOW + WEEK)
    tick_at(DUE + WEEK)
    tick_at(DUE + WEEK + HOUR)
    assert Edition.objects.get(period="2026-W07").state == State.SKIPPED
    kinds = dict(Notice.objects.order_by("pk").values_list("kind", "text"))
    assert "0 posts" in str(kinds["skipped"])
    assert SOURCE in str(kinds["source"])


def test_without_approval_an_edition_with_lint_errors_is_not_queued(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(self: Blog, one: object) -> FoundPost:
        text = '<p>A picture: <a href="https://x.example/"></a></p>'
        return FoundPost("a", "ftp://x.example/a", "A", text, published=NOW - DAY)

    monkeypatch.setattr(Blog, "found", found)
    configured(approval="none", body="full")
    tick_at(NOW)
    tick_at(DUE)
    assert only_edition().state == State.DRAFT
    assert only_edition().waiting.code == "edition.lint-errors"


def test_an_edition_with_a_broken_subject_template_waits_and_keeps_its_posts(blog: Blog) -> None:
    configured(approval="none", subject="{{ nonsense ")
    tick_at(NOW)
    assert inside(only_edition()) == ["Title of a"]
    tick_at(DUE)
    assert only_edition().state == State.DRAFT
    assert only_edition().waiting
    configured(subject="Mended")
    blog.articles.append(article("b", DUE + DAY))
    tick_at(NOW + WEEK)
    tick_at(DUE + WEEK)
    assert Edition.objects.get(period="2026-W07").state == State.QUEUED


def test_a_cancelled_edition_is_not_made_again(blog: Blog) -> None:
    configured(approval="none")
    tick_at(NOW)
    approval.cancel(only_edition(), now=NOW + HOUR)
    tick_at(DUE)
    assert only_edition().state == State.CANCELLED
    assert outcome(SEND, DUE) == "already sent or given up"
