"""Drafts and editions at their scheduled times: `newsletter.scheduling.schedule`."""

from dataclasses import replace

import pytest
from pytest_django import DjangoAssertNumQueries

from newsletter import config
from newsletter.editions import approval, draft
from newsletter.models import Edition, Notice, Occurrence, State
from newsletter.scheduling import schedule
from newsletter.scheduling.occurrences import DRAFT, SEND
from tests.doubles.feeds import Blog, article
from tests.factories import DAY, DUE, HOUR, NAME, NOW, WEEK, configured, inside, kinaforum
from tests.scheduling.schedule_samples import MINUTE, only_edition, outcome, tick_at, waiting_notices

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_rendering_in_transactions")]


def test_a_draft_is_made_at_the_scheduled_time_and_editors_are_told(blog: Blog) -> None:
    tick_at(NOW)
    assert (only_edition().name, inside(only_edition())) == ("kinaforum/2026-W06", ["Title of a"])
    assert outcome(DRAFT, NOW) == "kinaforum/2026-W06: a draft"
    assert str(Notice.objects.get().text) == (
        "The draft kinaforum/2026-W06 is ready, with 1 post. "
        "Once it is approved, it will be sent on 2026-02-06 17:00 UTC."
    )


def test_what_is_planned_is_only_looked_at(blog: Blog, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    """The schedule is looked at every few seconds, in each cadence of each newsletter."""
    tick_at(NOW - DAY)
    planned = set(Occurrence.objects.values_list("pk", "act", "due_at"))
    with django_assert_max_num_queries(5):
        schedule.plan(kinaforum(), NOW - HOUR)
    assert set(Occurrence.objects.values_list("pk", "act", "due_at")) == planned


def test_nothing_is_done_before_the_scheduled_time(blog: Blog) -> None:
    tick_at(NOW - MINUTE)
    assert not Edition.objects.exists()


def test_an_approved_edition_is_queued_at_the_scheduled_time(blog: Blog) -> None:
    tick_at(NOW)
    approval.approve(config.current(), only_edition(), now=NOW + HOUR)
    tick_at(DUE - MINUTE)
    assert only_edition().state == State.APPROVED
    tick_at(DUE)
    assert (only_edition().state, outcome(SEND, DUE)) == (State.QUEUED, "kinaforum/2026-W06 is scheduled")


def test_an_edition_that_nobody_approved_waits_and_editors_are_told_once(blog: Blog) -> None:
    tick_at(NOW)
    tick_at(DUE)
    tick_at(DUE + HOUR)
    assert (only_edition().state, str(only_edition().waiting)) == (State.DRAFT, "nobody has approved it yet")
    assert waiting_notices() == ["kinaforum/2026-W06 is waiting: nobody has approved it yet"]


def test_an_edition_approved_after_its_time_is_not_sent_automatically(blog: Blog) -> None:
    tick_at(NOW)
    tick_at(DUE)
    approval.approve(config.current(), only_edition(), now=DUE + MINUTE)
    for days in range(1, 9):
        tick_at(DUE + days * DAY)
    assert Edition.objects.get(period="2026-W06").state == State.APPROVED


def test_without_approval_an_edition_is_queued_with_the_posts_since_its_draft(blog: Blog) -> None:
    configured(approval="none")
    tick_at(NOW)
    blog.articles.append(article("b", NOW + HOUR))
    tick_at(DUE)
    assert (only_edition().state, inside(only_edition())) == (State.QUEUED, ["Title of b", "Title of a"])


def test_the_next_edition_has_only_new_posts(blog: Blog) -> None:
    configured(approval="none")
    tick_at(NOW)
    tick_at(DUE)
    blog.articles.append(article("b", DUE + DAY))
    tick_at(NOW + WEEK)
    tick_at(DUE + WEEK)
    assert inside(Edition.objects.get(period="2026-W07")) == ["Title of b"]


def test_a_newsletter_that_fails_does_not_affect_another(blog: Blog) -> None:
    broken = configured(approval="none", subject="{{ nonsense ")
    whole = replace(kinaforum(), name="second", subject="A subject")
    config.use(replace(broken, newsletters={NAME: kinaforum(), "second": whole}))
    tick_at(NOW - HOUR)
    tick_at(NOW)
    tick_at(DUE)
    states = dict(Edition.objects.values_list("newsletter", "state"))
    assert states == {NAME: State.DRAFT, "second": State.QUEUED}


def test_an_approved_edition_keeps_its_time_when_the_schedule_changes(blog: Blog) -> None:
    tick_at(NOW)
    approval.approve(config.current(), only_edition(), now=NOW)
    configured(send="fri 20:00")
    tick_at(NOW + MINUTE)
    tick_at(DUE)
    assert only_edition().state == State.QUEUED


def test_after_an_edition_sent_early_by_hand_no_second_one_is_sent(blog: Blog) -> None:
    tick_at(NOW)
    approval.approve(config.current(), only_edition(), now=NOW + MINUTE)
    approval.queue(config.current(), only_edition(), now=NOW + MINUTE)
    blog.articles.append(article("b", NOW + HOUR))
    tick_at(DUE)
    assert only_edition().state == State.QUEUED
    assert outcome(SEND, DUE) == "sent early by hand; later posts go into the next edition"
    assert waiting_notices() == []


def test_editors_are_not_told_of_a_draft_that_is_already_approved(blog: Blog) -> None:
    approval.approve(config.current(), draft.make(config.current(), kinaforum(), now=NOW - HOUR), now=NOW - HOUR)
    tick_at(NOW)
    assert outcome(DRAFT, NOW) == "kinaforum/2026-W06: approved"
    assert not Notice.objects.exists()


def test_each_cadence_has_its_own_times_and_approval(blog: Blog) -> None:
    own = config.CadenceSettings(draft="06:00", send="07:00", approval="none")
    configured(cadences=("week", "day"), cadence={"day": own})
    morning = DUE.replace(hour=6)
    tick_at(morning - MINUTE)
    tick_at(morning)
    tick_at(NOW)
    states = dict(Edition.objects.values_list("period", "state"))
    assert states == {"day-2026-02-06": State.QUEUED, "2026-W06": State.DRAFT}
    assert [inside(edition) for edition in Edition.objects.all()] == [["Title of a"]] * 2


def test_occurrences_of_a_cadence_that_is_no_longer_offered_are_deleted(blog: Blog) -> None:
    configured(cadences=("week", "day"))
    tick_at(NOW - 2 * HOUR)
    assert Occurrence.objects.filter(cadence="day").exists()
    configured(cadences=())
    tick_at(NOW - HOUR)
    assert set(Occurrence.objects.values_list("cadence", flat=True)) == {""}
