"""Everybody is told once of an edition that stalls, and of its end; a program that just began to look tells nobody."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from newsletter import config
from newsletter.messages import Message, message_of
from newsletter.models import Edition, Notice, Tally
from newsletter.scheduling.alerts import AlertQueue, StallWatch
from newsletter.supervision import Periods, Service
from tests.sending import outbox_samples as samples

pytestmark = pytest.mark.django_db

QUIET = 180


class Watched:
    """A watch whose clock is set, and what `alert_url` got."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.began = timezone.now()
        self.posted: list[dict[str, Any]] = []
        found = config.current()
        known = {name: replace(each, editors=("a@example.org",)) for name, each in found.newsletters.items()}
        site = replace(found.site, alert_url="https://alerts.example/")
        self.configuration = replace(found, site=site, newsletters=known)
        self.queue = AlertQueue(lambda: self.configuration, lambda: self.now)
        self.watch = StallWatch(self.queue, timedelta(seconds=QUIET), lambda: self.now)
        self.service = Service("progress", lambda _: None, message_of, Periods(), lambda: self.now)
        monkeypatch.setattr("newsletter.transactional.alert_webhook.post", self._post)

    def _post(
        self, configuration: object, at: datetime, kind: str, text: Message, newsletter: str, edition: str
    ) -> None:
        self.posted.append({"at": at, "newsletter": newsletter, "kind": kind, "edition": edition, "text": str(text)})

    def until(self, seconds: float, step: float = 30.0) -> None:
        """Look every few seconds until this time."""
        while self.now < seconds:
            self.now = min(self.now + step, seconds)
            self.look()

    def look(self) -> None:
        self.watch.look(self.service, self.configuration, self.began + timedelta(seconds=self.now))
        self.queue.send()

    def problem(self) -> str:
        return str(self.service.status().problem or "")


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(monkeypatch)


def test_an_edition_that_stalls_is_told_everywhere_once(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    samples.sending(5)
    watched.look()
    watched.until(170)
    assert (watched.problem(), watched.posted, Notice.objects.count()) == ("", [], 0)
    watched.until(600)
    assert watched.problem().startswith("kinaforum/2026-W06 has stalled: since ")
    (post,) = watched.posted
    assert (post["kind"], post["newsletter"], post["edition"]) == ("stalled", "kinaforum", "kinaforum/2026-W06")
    (notice,) = Notice.objects.all()
    assert (notice.kind, notice.edition, str(notice.text)) == ("stalled", "kinaforum/2026-W06", post["text"])
    assert ("newsletter.sending", logging.ERROR, post["text"]) in caplog.record_tuples


def test_the_end_is_told_too(watched: Watched) -> None:
    edition = samples.sending(5)
    watched.look()
    watched.until(200)
    Edition.objects.filter(pk=edition.pk).update(state="paused")
    watched.until(230)
    assert watched.problem() == ""
    assert [post["kind"] for post in watched.posted] == ["stalled", "recovered"]
    assert [str(each.text) for each in Notice.objects.filter(kind="recovered")] == [
        "kinaforum/2026-W06 is not stalled any more"
    ]


def test_a_service_that_defers_its_first_email_after_a_minute_is_told_within_three(watched: Watched) -> None:
    edition = samples.sending(300)
    Edition.objects.update(began_at=watched.began)
    Tally.objects.create(edition=edition, at=watched.began, accepted=1)
    watched.look()
    watched.until(60)
    Tally.objects.create(edition=edition, at=watched.began + timedelta(seconds=60), deferred=1)
    watched.until(180 + 30)
    assert ["nothing of kinaforum/2026-W06 has been accepted" in post["text"] for post in watched.posted] == [True]


def test_the_end_of_a_slow_edition_is_told_in_its_own_words(watched: Watched) -> None:
    edition = samples.sending(300)
    Edition.objects.update(began_at=watched.began)
    for minute in range(5):
        Tally.objects.create(edition=edition, at=watched.began + timedelta(minutes=minute, seconds=1), accepted=1)
    watched.until(290)
    Edition.objects.update(state="paused")
    watched.until(320)
    words = [post["text"] for post in watched.posted]
    assert "will take longer than twice what was planned" in words[0]
    assert words[1:] == ["kinaforum/2026-W06 is sent, paused, or as fast as planned again"]


def test_one_that_stalls_again_and_again_is_told_once_an_hour(watched: Watched) -> None:
    edition = samples.sending(5)
    for start in range(0, 3600, 600):
        Edition.objects.filter(pk=edition.pk).update(state="sending")
        watched.until(start + 400)
        Edition.objects.filter(pk=edition.pk).update(state="paused")
        watched.until(start + 600)
    assert [post["kind"] for post in watched.posted].count("stalled") == 1


def test_two_machines_say_the_same(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    samples.sending(5)
    other = Watched(monkeypatch)
    other.now, other.began = 0.0, watched.began
    for each in (watched, other):
        each.look()
        each.until(300)
    assert len(watched.posted) + len(other.posted) == 2
    assert (watched.posted + other.posted)[0] == (watched.posted + other.posted)[1]
    assert Notice.objects.count() == 1


def test_a_program_that_was_frozen_begins_to_measure_again(watched: Watched) -> None:
    samples.sending(5)
    watched.look()
    watched.until(150)
    watched.now = 400.0
    watched.look()
    watched.until(550)
    assert watched.posted == []
    watched.until(600)
    assert [post["kind"] for post in watched.posted] == ["stalled"]


def test_a_wall_clock_that_is_set_is_no_stall(watched: Watched) -> None:
    samples.sending(5)
    watched.look()
    watched.began += timedelta(hours=3)
    watched.until(150)
    assert watched.posted == []
