"""After a time in which nothing ran, editors and `alert_url` are told once how long it was, and what became of what was
due meanwhile.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import OperationalError
from django.db.models import F

from newsletter import config
from newsletter.editions import approval
from newsletter.messages import failures
from newsletter.models import LaterWork, Notice, Worker
from newsletter.scheduling.alerts import LONGEST_STEP, AlertQueue, StandstillWatch
from newsletter.scheduling.standstills import PATIENCE, Standstills
from newsletter.sending import lifecycle
from newsletter.sending.machines import presence
from newsletter.sending.machines.presence import Presence
from newsletter.sending.sql import database_watch
from tests.doubles.feeds import Blog, article
from tests.factories import DAY, DUE, HOUR, NOW, WEEK, configured
from tests.scheduling.schedule_samples import MINUTE, only_edition, tick_at

pytestmark = pytest.mark.django_db

WITH_SCHEDULE = {"schedule": "running"}


class Clock:
    """A clock of seconds that is set."""

    seconds = 0.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reports(clock: Clock) -> Standstills:
    return Standstills(config.current, clock)


def texts() -> list[str]:
    """Return the statements that were stored."""
    return [str(text) for text in Notice.objects.filter(kind="standstill").values_list("text", flat=True)]


def stood_still(reports: Standstills, since: datetime, until: datetime) -> list[str]:
    """Let the schedule catch up after a standstill, and return what editors are told."""
    reports.add(since, until)
    tick_at(until)
    reports.tell(until + MINUTE)
    reports.tell(until + 2 * MINUTE)
    return texts()


def test_an_edition_that_is_sent_late_is_named_with_the_time_in_which_nothing_ran(
    blog: Blog, reports: Standstills
) -> None:
    configured(approval="none")
    tick_at(NOW)
    assert stood_still(reports, DUE - 10 * MINUTE, DUE + 2 * HOUR) == [
        (
            "newsletter did not run from 2026-02-06 16:50 UTC to 2026-02-06 19:00 UTC (2 h 10 min): it was stopped, or "
            "its machine was suspended or off. kinaforum/2026-W06 was to be sent at 2026-02-06 17:00 UTC, and is sent "
            "late, from 2026-02-06 19:00 UTC on."
        )
    ]
    about = LaterWork.objects.filter(payload__about="standstill").values_list("kind", flat=True)
    assert sorted(about) == ["notice-email", "notice-post"]


def test_a_draft_that_is_made_late_is_named(blog: Blog, reports: Standstills) -> None:
    [text] = stood_still(reports, NOW - HOUR, NOW + HOUR)
    assert text.endswith(
        ". The draft kinaforum/2026-W06 was due at 2026-02-06 14:00 UTC, and was made late, at 2026-02-06 15:00 UTC."
    )


def test_an_edition_whose_draft_was_missed_too_is_named_once(blog: Blog, reports: Standstills) -> None:
    configured(approval="none")
    [text] = stood_still(reports, NOW - HOUR, DUE + HOUR)
    assert text.count("kinaforum/2026-W06") == 1
    assert "is sent late" in text


def test_a_draft_that_waits_for_approval_is_named(blog: Blog, reports: Standstills) -> None:
    tick_at(NOW)
    [text] = stood_still(reports, DUE - HOUR, DUE + HOUR)
    assert text.endswith(
        ". kinaforum/2026-W06 was to be sent at 2026-02-06 17:00 UTC, and is waiting: nobody has approved it yet."
    )


def test_an_approved_edition_that_is_too_late_is_named_with_what_to_do(blog: Blog, reports: Standstills) -> None:
    tick_at(NOW)
    approval.approve(config.current(), only_edition(), now=NOW)
    [text] = stood_still(reports, DUE - HOUR, DUE + DAY)
    assert "newsletter was not running; send it by hand." in text


def test_an_edition_for_which_an_editor_chose_the_time_is_named_once_it_is_sent(
    blog: Blog, reports: Standstills
) -> None:
    tick_at(NOW)
    chosen, until = NOW + HOUR, NOW + HOUR + 10 * MINUTE
    approval.approve_and_queue(config.current(), only_edition(), at=chosen, now=NOW)
    assert not stood_still(reports, NOW + 30 * MINUTE, until)
    lifecycle.begin_due(config.current(), until)
    reports.tell(until + 3 * MINUTE)
    [text] = texts()
    assert text.endswith(
        "kinaforum/2026-W06 was to be sent at 2026-02-06 15:00 UTC, and is sent late, from 2026-02-06 15:10 UTC on."
    )


def test_an_edition_whose_posts_the_next_draft_takes_is_named(blog: Blog, reports: Standstills) -> None:
    configured(approval="none")
    tick_at(NOW)
    blog.articles.append(article("b", DUE + DAY))
    [text] = stood_still(reports, DUE - HOUR, NOW + WEEK + HOUR)
    assert (
        "kinaforum/2026-W06 was to be sent at 2026-02-06 17:00 UTC, and was skipped: "
        "replaced by kinaforum/2026-W07, which has its posts." in text
    )
    assert "The draft kinaforum/2026-W07 was due at 2026-02-13 14:00 UTC, and was made late" in text


def test_an_edition_that_is_skipped_for_lack_of_posts_is_named(blog: Blog, reports: Standstills) -> None:
    configured(approval="none")
    tick_at(NOW)
    tick_at(DUE)
    [text] = stood_still(reports, NOW + WEEK - HOUR, DUE + WEEK + HOUR)
    assert "kinaforum/2026-W07 was to be sent at 2026-02-13 17:00 UTC, and was skipped: " in text


def test_what_another_machine_did_in_time_is_not_told(blog: Blog, reports: Standstills) -> None:
    configured(approval="none")
    tick_at(NOW)
    tick_at(DUE + timedelta(seconds=30))
    assert stood_still(reports, DUE - HOUR, DUE + HOUR) == []


def test_a_statement_waits_until_the_schedule_has_caught_up_but_not_for_ever(
    blog: Blog, reports: Standstills, clock: Clock
) -> None:
    reports.add(NOW - HOUR, NOW + HOUR)
    reports.tell(NOW + HOUR)
    assert texts() == []
    clock.seconds = PATIENCE
    reports.tell(NOW + 2 * HOUR)
    [text] = texts()
    assert text.endswith(". A draft was due at 2026-02-06 14:00 UTC: the schedule has not come to it yet.")


def test_two_programs_that_stood_still_tell_once(blog: Blog, reports: Standstills) -> None:
    assert len(stood_still(reports, NOW - HOUR, NOW + HOUR)) == 1
    assert len(stood_still(reports, NOW - HOUR + MINUTE / 2, NOW + HOUR + MINUTE / 2)) == 1


@pytest.mark.parametrize(("since", "alerts"), [(NOW - 10 * MINUTE, []), (NOW - 2 * HOUR, ["machine.frozen"])])
def test_a_suspended_machine_has_the_statement_in_the_place_of_its_alert(
    blog: Blog, reports: Standstills, clock: Clock, monkeypatch: pytest.MonkeyPatch, since: datetime, alerts: list[str]
) -> None:
    queue, added = AlertQueue(config.current, clock), list[str]()
    monkeypatch.setattr(queue, "add", lambda _kind, text, _at: added.append(text.code))
    watch = StandstillWatch(queue, reports, lambda *_: None, clock)
    clock.seconds = LONGEST_STEP * 60
    now = since + HOUR
    watch.begin(now)
    tick_at(now)
    reports.tell(now)
    assert (added, len(texts())) == (alerts, 0 if alerts else 1)


def test_a_suspended_machine_without_its_database_sends_the_alert_in_the_end(
    reports: Standstills, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(database_watch, "check", away)
    alerts: list[str] = []
    reports.add(NOW, NOW + HOUR, lambda: alerts.append(failures.STOOD_STILL.code))
    reports.tell(NOW + HOUR)
    assert alerts == []
    clock.seconds = PATIENCE
    reports.tell(NOW + HOUR)
    reports.tell(NOW + HOUR)
    assert alerts == ["machine.frozen"]


def started(told: Callable[[datetime, datetime], None] | None = None) -> Presence:
    """Return a program with the schedule that has just started."""
    program = Presence("run", Path("/srv/news"), None, told)
    program.beat(WITH_SCHEDULE)
    return program


@pytest.mark.parametrize("length", [HOUR, 3 * DAY])
@pytest.mark.parametrize("end", ["stopped", "power cut"])
def test_a_program_that_starts_says_since_when_none_ran(end: str, length: timedelta) -> None:
    absences: list[timedelta] = []
    first = started(lambda since, until: absences.append(until - since))
    if end == "stopped":
        first.leave()
    assert absences == []
    Worker.objects.update(seen_at=F("seen_at") - length, ended_at=F("ended_at") - length, host="another")
    Presence("send", Path("/srv/news"), None).beat({"sender": "running"})
    started(lambda since, until: absences.append(until - since))
    assert [round(absence / HOUR) for absence in absences] == [round(length / HOUR)]


def test_a_program_that_starts_beside_another_or_at_once_again_says_nothing() -> None:
    absences: list[datetime] = []
    first, second = started(), started(lambda since, _until: absences.append(since))
    first.leave()
    second.leave()
    started(lambda since, _until: absences.append(since))
    assert absences == []


def test_a_program_that_was_stopped_is_neither_shown_nor_taken_for_running() -> None:
    started().leave()
    Worker.objects.update(host="another")
    assert presence.workers() == []
    assert presence.other_worker_alive() == ""
