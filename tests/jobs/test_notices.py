"""What editors must know is written down once, and mailed and posted once each."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
import requests

from newsletter import config
from newsletter.jobs import letters, notices
from newsletter.mail import Kind, Outcome
from newsletter.models import Edition, Notice
from tests.factories import DAY, HOUR, NAME, NOW, collected, configured, drafted, found, kinaforum

pytestmark = pytest.mark.django_db


class Posted:
    """Stands in for the provider: keeps addresses and mails, and answers as told."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, bytes]] = []
        self.answer = Kind.ACCEPTED

    def post(self, configuration: config.Config, newsletter: str, address: str, raw: bytes) -> Outcome:
        self.mails.append((address, raw))
        return Outcome(0, 1, self.answer, at=0.0)


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> Posted:
    posted = Posted()
    monkeypatch.setattr(letters, "post", posted.post)
    configured()
    return posted


@pytest.fixture
def alerts(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What `alert_url` got."""
    got: list[dict[str, Any]] = []

    def post(url: str, json: dict[str, Any], **_: object) -> requests.Response:
        got.append({"url": url, **json})
        answer = requests.Response()
        answer.status_code = 204
        return answer

    monkeypatch.setattr(requests, "post", post)
    return got


def with_alert_url() -> config.Config:
    now = config.current()
    return config.use(replace(now, site=replace(now.site, alert_url="https://alerts.example/")))


def test_the_same_is_told_once_a_day(posted: Posted) -> None:
    for hours in (0, 1, 19, 21):
        notices.tell(NAME, notices.WAITING, "It waits.", NOW + hours * HOUR)
    notices.tell(NAME, notices.WAITING, "It waits for another reason.", NOW)
    assert Notice.objects.count() == 3


def test_a_notice_is_mailed_to_every_editor_once(posted: Posted) -> None:
    configured(editors=("a@example.org", "b@example.org"))
    notices.tell(NAME, notices.WAITING, "It waits.", NOW, "kinaforum/2026-W06")
    assert letters.send_due(config.current(), NOW) == 1
    assert letters.send_due(config.current(), NOW + DAY) == 0
    assert [address for address, _ in posted.mails] == ["a@example.org", "b@example.org"]
    assert b"It waits." in posted.mails[0][1]
    assert b"/desk/editions/kinaforum/2026-W06/" in posted.mails[0][1]


def test_one_that_could_not_be_mailed_is_tried_again(posted: Posted) -> None:
    notices.tell(NAME, notices.WAITING, "It waits.", NOW)
    posted.answer = Kind.DEFERRED
    assert letters.send_due(config.current(), NOW) == 0
    assert letters.send_due(config.current(), NOW) == 0
    posted.answer = Kind.ACCEPTED
    assert letters.send_due(config.current(), NOW + HOUR) == 1
    assert len(posted.mails) == 2


def test_an_alert_is_posted_for_what_needs_a_person(posted: Posted, alerts: list[dict[str, Any]]) -> None:
    found = with_alert_url()
    notices.tell(NAME, notices.WAITING, "It waits.", NOW, "kinaforum/2026-W06")
    notices.tell(NAME, notices.DRAFT, "The draft is there.", NOW)
    letters.send_due(found, NOW)
    letters.send_due(found, NOW + DAY)
    assert alerts == [
        {
            "url": "https://alerts.example",
            "newsletter": NAME,
            "kind": "waiting",
            "edition": "kinaforum/2026-W06",
            "text": "It waits.",
        }
    ]
    assert len(posted.mails) == 2


def test_an_alert_that_nobody_takes_is_posted_again_and_mails_are_not(
    posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[datetime] = []

    def refuse(*_: object, **__: object) -> requests.Response:
        tries.append(NOW)
        raise requests.ConnectionError

    monkeypatch.setattr(requests, "post", refuse)
    found = with_alert_url()
    notices.tell(NAME, notices.PAUSED, "It is paused.", NOW)
    for hours in range(3):
        letters.send_due(found, NOW + hours * HOUR)
    assert (len(tries), len(posted.mails)) == (3, 1)


def test_a_newsletter_without_editors_has_nobody_to_mail(posted: Posted) -> None:
    configured(editors=())
    notices.tell(NAME, notices.WAITING, "It waits.", NOW)
    letters.send_due(config.current(), NOW)
    assert not posted.mails
    assert Notice.objects.get().mailed_at == NOW


def test_a_draft_is_announced_with_its_silent_sources(posted: Posted) -> None:
    collected(found("a"))
    edition = drafted()
    Edition.objects.update(waiting="not read since the last edition: https://x.example/; what it has is missing")
    edition.refresh_from_db()
    notices.tell_of_draft(kinaforum(), edition, NOW)
    kinds = dict(Notice.objects.values_list("kind", "text"))
    assert kinds["source"].startswith("kinaforum/2026-W06: not read since the last edition: https://x.example/")
    assert "1 post; it leaves once it is approved, 2026-02-06 18:00. It waits: not read since" in kinds["draft"]
