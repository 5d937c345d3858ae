"""Editors and `alert_url` are told once of a machine that is lost or stood still, and of its return."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db.models import F
from django.utils import timezone

from newsletter import config
from newsletter.messages import Message
from newsletter.models import Notice, Worker
from newsletter.scheduling.alerts import LONGEST_STEP, AlertQueue, LostWatch, StandstillWatch
from newsletter.scheduling.standstills import Standstills
from newsletter.sending.machines.presence import SILENT, Presence

pytestmark = pytest.mark.django_db


class Alerts:
    """A queue of alerts whose clock is set, and what `alert_url` got."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.posted: list[tuple[str, str]] = []
        found = config.current()
        known = {name: replace(each, editors=("a@example.org",)) for name, each in found.newsletters.items()}
        given = replace(found, site=replace(found.site, alert_url="https://alerts.example/"), newsletters=known)
        self.queue = AlertQueue(lambda: given, lambda: self.now)
        monkeypatch.setattr("newsletter.transactional.alert_webhook.post", self._post)

    def _post(self, configuration: object, at: datetime, kind: str, text: Message, *_: str) -> None:
        self.posted.append((kind, str(text)))


@pytest.fixture
def alerts(monkeypatch: pytest.MonkeyPatch) -> Alerts:
    return Alerts(monkeypatch)


@pytest.fixture
def other() -> Presence:
    """A program on another machine, which just gave a sign of life."""
    found = Presence("worker", Path("/srv/news"), None)
    found.beat({})
    Worker.objects.update(host="second.example")
    return found


def silent_for(length: timedelta) -> None:
    Worker.objects.update(seen_at=F("seen_at") - length)


def looked(watch: LostWatch, alerts: Alerts) -> list[str]:
    """Look, send what is queued, and return the kinds of everything that was posted."""
    watch.look()
    alerts.queue.send()
    return [kind for kind, _ in alerts.posted]


def test_a_lost_machine_is_told_once_and_its_return_too(
    alerts: Alerts, other: Presence, caplog: pytest.LogCaptureFixture
) -> None:
    watch = LostWatch(alerts.queue)
    assert looked(watch, alerts) == []
    silent_for(SILENT)
    with caplog.at_level(logging.INFO, "newsletter.services"):
        assert looked(watch, alerts) == looked(watch, alerts) == ["machine"]
        other.beat({})
        assert looked(watch, alerts) == looked(watch, alerts) == ["machine", "recovered"]
    assert all("second.example:/srv/news" in text for _, text in alerts.posted)
    assert list(Notice.objects.order_by("pk").values_list("kind", flat=True)) == ["machine", "recovered"]
    assert [each.__dict__["event"] for each in caplog.records if "event" in each.__dict__] == ["lost", "back"]


def test_a_machine_that_ended_normally_is_not_lost(alerts: Alerts, other: Presence) -> None:
    watch = LostWatch(alerts.queue)
    assert looked(watch, alerts) == []
    other.leave()
    assert looked(watch, alerts) == []


def test_this_program_is_not_lost_for_itself(alerts: Alerts) -> None:
    Presence("run", Path("/srv/news"), None).beat({})
    silent_for(SILENT)
    assert looked(LostWatch(alerts.queue), alerts) == []


def test_a_program_that_stood_still_says_so_when_it_runs_again(alerts: Alerts) -> None:
    stood: list[float] = []
    standstills = Standstills(config.current)
    watch = StandstillWatch(alerts.queue, standstills, lambda _at, seconds: stood.append(seconds), lambda: alerts.now)
    alerts.now = LONGEST_STEP - 1
    watch.begin(timezone.now())
    watch.end()
    alerts.now += 125
    watch.begin(timezone.now())
    watch.end()
    standstills.tell(timezone.now())
    alerts.queue.send()
    assert stood == [125]
    [(kind, text)] = alerts.posted
    assert kind == "machine"
    assert "125" in text
    assert Notice.objects.get().kind == "machine"
