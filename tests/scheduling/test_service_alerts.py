"""Editors and `alert_url` are told of services that keep failing, and of those that work again, once each."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import OperationalError

from newsletter import config
from newsletter.editions import notices
from newsletter.events import signed_post
from newsletter.messages import failures as messages
from newsletter.models import Notice
from newsletter.scheduling.alerts import AlertQueue, Alerts
from newsletter.supervision import Status

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 2, 6, 12, 0, tzinfo=UTC)
FULL = messages.SYSTEM_ERROR(cause="No space left on device", remedy=messages.FREE_SPACE())


class Watched:
    """A sender whose state is set, a clock that is set, and what `alert_url` got."""

    def __init__(self) -> None:
        self.status = Status("sender", "running")
        self.now = 0.0
        self.posted: list[dict[str, Any]] = []
        self.answer = 204
        given = config.current()
        one = next(iter(given.newsletters.values()))
        newsletters = {
            name: replace(one, name=name, editors=editors)
            for name, editors in (
                ("first", ("a@example.org",)),
                ("same", ("a@example.org",)),
                ("more", ("b@example.org",)),
            )
        }
        site = replace(given.site, alert_url="https://alerts.example/")
        in_force = replace(given, newsletters=newsletters, site=site)
        self.queue = AlertQueue(lambda: in_force, lambda: self.now)
        self.alerts = Alerts(self.queue, lambda: [self.status], 60.0, lambda: self.now)

    def post(self, url: str, body: bytes, headers: object, **_: object) -> int:
        self.posted.append(json.loads(body))
        return self.answer

    def fails(self, seconds: float) -> None:
        self.status = Status("sender", "failing", FULL, failing_for=seconds)
        self.alerts.tick(NOW)

    def works(self) -> None:
        self.status = Status("sender", "running")
        self.alerts.tick(NOW)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    made = Watched()
    monkeypatch.setattr(signed_post, "post", made.post)
    return made


def test_a_short_problem_is_not_reported(watched: Watched) -> None:
    watched.fails(59)
    watched.works()
    assert (watched.posted, Notice.objects.count()) == ([], 0)


def test_a_lasting_problem_and_its_end_are_reported_once_to_each_editor(watched: Watched) -> None:
    for seconds in (60, 62, 7200):
        watched.fails(seconds)
    failed = f"2026-02-06 12:00 UTC: the sender of editions is failing: {FULL}. We'll keep trying."
    assert [(n.newsletter, n.kind, str(n.text)) for n in Notice.objects.order_by("pk")] == [
        ("first", notices.SERVICE, failed),
        ("more", notices.SERVICE, failed),
    ]
    posted = {"time": NOW.isoformat(), "newsletter": None, "edition": None}
    assert watched.posted == [{**posted, "kind": "service", "text": failed, "code": "service.failing"}]
    watched.works()
    watched.works()
    assert Notice.objects.filter(kind=notices.RECOVERED).count() == 2
    assert watched.posted[1:] == [
        {
            **posted,
            "kind": "recovered",
            "text": "2026-02-06 12:00 UTC: the sender of editions is working again.",
            "code": "service.recovered",
        }
    ]


def test_an_intermittent_problem_is_reported_once_an_hour(watched: Watched) -> None:
    for minutes in (0, 10, 59):
        watched.now = minutes * 60.0
        watched.fails(60)
        watched.works()
    assert [post["kind"] for post in watched.posted] == ["service", "recovered"]
    watched.now = 3600.0
    watched.fails(60)
    assert [post["kind"] for post in watched.posted] == ["service", "recovered", "service"]


def both_failing(watched: Watched) -> tuple[list[Status], Alerts]:
    """A sender and letters with one problem, of which editors have been told."""
    both = [replace(Status("sender", "failing", FULL), name=name, failing_for=90.0) for name in ("sender", "letters")]
    alerts = Alerts(watched.queue, lambda: both, 60.0, lambda: watched.now)
    alerts.tick(NOW)
    assert [post["kind"] for post in watched.posted] == ["service"]
    return both, alerts


def test_a_problem_that_several_services_have_is_told_once(watched: Watched) -> None:
    both, alerts = both_failing(watched)
    both[0] = Status("sender", "running")
    for watched.now in (10.0, 12.0, 69.0):
        alerts.tick(NOW)
    both[1] = Status("letters", "running")
    alerts.tick(NOW)
    assert [post["kind"] for post in watched.posted] == ["service", "recovered"]


def test_a_service_that_does_not_recover_with_the_others_is_told_of_a_minute_later(watched: Watched) -> None:
    both, alerts = both_failing(watched)
    both[0] = Status("sender", "running")
    for watched.now in (10.0, 69.0, 70.0, 72.0):
        alerts.tick(NOW)
    texts = [str(post["text"]) for post in watched.posted]
    assert "sender of editions is working again" in texts[1]
    assert "sender of confirmations is failing" in texts[2]
    assert len(texts) == 3


def test_without_a_database_it_is_posted_and_written_down_later(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise OperationalError("unable to open database file")

    with monkeypatch.context() as away:
        away.setattr(notices, "tell", gone)
        watched.fails(60)
    assert (len(watched.posted), Notice.objects.count()) == (1, 0)
    watched.fails(90)
    assert (len(watched.posted), Notice.objects.count()) == (1, 2)


def test_an_alert_that_is_refused_is_posted_again_each_minute(watched: Watched) -> None:
    watched.answer = 500
    for now in (0.0, 2.0, 59.0, 60.0):
        watched.now = now
        watched.fails(60)
    assert len(watched.posted) == 2
    watched.answer, watched.now = 204, 120.0
    watched.fails(60)
    watched.now = 500.0
    watched.fails(60)
    assert len(watched.posted) == 3
    assert Notice.objects.count() == 2


def test_notices_of_services_are_not_posted_again_when_they_are_emailed() -> None:
    for kind in (notices.SERVICE, notices.RECOVERED):
        assert kind not in notices.POSTED
