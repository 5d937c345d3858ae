"""Letters: a row before it is a mail, taken with a lease, tried again with growing pauses, given up with a reason."""

import email
import email.policy
from collections import deque
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path

import pytest

from newsletter import config
from newsletter.config import Config
from newsletter.jobs import letters
from newsletter.mail import Kind, Outcome
from newsletter.models import Edition, Frozen
from newsletter.render.loader import TemplateProblem
from subscribers.letters import Composed
from subscribers.models import Letter, Subscriber, Subscription
from subscribers.tokens import link_token
from tests.factories import DAY, NAME, NOW, configured
from tests.jobs import outbox_samples as samples

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def letter() -> Letter:
    """A letter that is due now."""
    configured()
    person = Subscriber.objects.named("anna@example.org", "anna@example.org", name="Anna")
    return Letter.objects.create(kind=Letter.Kind.ME, subscriber=person, newsletter=NAME, created=NOW, due=NOW)


class Answers:
    """Stands in for render and provider: what becomes of each try; accepted when nothing more is said."""

    def __init__(self, *kinds: Kind | Exception) -> None:
        self.kinds = deque(kinds)
        self.sent: list[str] = []

    def post(self, configuration: Config, composed: Composed, message_id: str, now: datetime) -> Outcome:
        answer = self.kinds.popleft() if self.kinds else Kind.ACCEPTED
        if isinstance(answer, Exception):
            raise answer
        self.sent.append(message_id)
        return Outcome(0, 1, answer, at=0.0, code=450, text="4.2.1 try again")


def told(monkeypatch: pytest.MonkeyPatch, *kinds: Kind | Exception) -> Answers:
    answers = Answers(*kinds)
    monkeypatch.setattr(letters, "_post", answers.post)
    return answers


def send(now: datetime) -> int:
    return letters.send_due(config.current(), now)


def test_a_letter_is_sent_once(letter: Letter, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = told(monkeypatch)
    assert (send(NOW), send(NOW + DAY)) == (1, 0)
    assert answers.sent == [f"letter.{letter.pk}"]
    letter.refresh_from_db()
    assert (letter.sent_at, letter.problem) == (NOW, "")


def test_one_that_is_not_due_waits(letter: Letter, monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch)
    assert send(NOW - MINUTE) == 0


def test_a_letter_that_was_put_off_is_tried_again_after_growing_pauses(
    letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(monkeypatch, *[Kind.DEFERRED] * letters.TRIES)
    due = [NOW]
    for _ in range(letters.TRIES):
        send(due[-1])
        letter.refresh_from_db()
        due.append(letter.due)
    pauses = [(later - earlier) / MINUTE for earlier, later in pairwise(due)]
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128]
    assert send(NOW + 30 * DAY) == 0
    assert (letter.sent_at, letter.problem) == (None, "4.2.1 try again")


def test_a_refused_letter_is_not_tried_again(letter: Letter, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = told(monkeypatch, Kind.REFUSED)
    assert (send(NOW), send(NOW + DAY), len(answers.sent)) == (0, 0, 1)


def test_one_of_which_nobody_knows_is_not_sent_again(letter: Letter, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = told(monkeypatch, Kind.UNKNOWN)
    assert (send(NOW), send(NOW + DAY), len(answers.sent)) == (0, 0, 1)


def test_one_that_dies_at_it_leaves_it_to_the_next_when_its_lease_is_over(
    letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(monkeypatch, MemoryError())
    with pytest.raises(MemoryError):
        send(NOW)
    assert send(NOW + letters.LEASE - MINUTE) == 0
    assert send(NOW + letters.LEASE + MINUTE) == 1


def test_a_template_that_is_broken_costs_no_try_and_no_other_letter(
    letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = Letter.objects.create(
        kind=Letter.Kind.ME, subscriber=letter.subscriber, newsletter=NAME, created=NOW, due=NOW
    )
    told(monkeypatch, TemplateProblem("templates/letters/me.mjml line 1: is broken"))
    assert send(NOW) == 1
    letter.refresh_from_db()
    second.refresh_from_db()
    assert (letter.attempts, letter.sent_at, second.sent_at) == (0, None, NOW)
    assert letter.problem == "templates/letters/me.mjml line 1: is broken"
    assert send(NOW + letters.LEASE) == 1


def welcome(tmp_path: Path) -> str:
    """The text of a welcome to Anna, as it is sent."""
    configuration = replace(configured(), file=tmp_path / "config.toml")
    person = Subscriber.objects.named("anna@example.org", "anna@example.org", language="en")
    tie = Subscription.objects.create(subscriber=person, newsletter=NAME, state=Subscription.State.ACTIVE)
    Letter.objects.create(
        kind=Letter.Kind.WELCOME, subscriber=person, subscription=tie, newsletter=NAME, created=NOW, due=NOW
    )
    assert letters.send_due(configuration, NOW) == 1
    (path,) = (tmp_path / "mails" / "new").iterdir()
    mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    html, text = mail.get_body(("html",)), mail.get_body(("plain",))
    assert html is not None
    assert text is not None
    assert f"http://localhost:8000/p/{link_token(tie.pk)}" in html.get_content()
    assert f"http://localhost:8000/p/{link_token(tie.pk)}" in text.get_content()
    return str(text.get_content()).replace("\r\n", "\n")


def test_a_welcome_links_the_latest_edition(tmp_path: Path) -> None:
    """Not one that has not begun to leave."""
    for week, is_sent in ((5, True), (6, True), (7, False)):
        edition = samples.queued(f"2026-W0{week}")
        Edition.objects.filter(pk=edition.pk).update(until=NOW + week * DAY)
        Frozen.objects.filter(edition=edition).update(subject=f"Films of week {week}")
        if is_sent:
            samples.begun(edition)
    text = welcome(tmp_path)
    assert "Latest: Films of week 6" in text
    assert "Read the latest edition:\nhttp://localhost:8000/n/kinaforum/2026-W06/\n" in text


def test_a_welcome_before_the_first_edition_links_none(tmp_path: Path) -> None:
    text = welcome(tmp_path)
    assert "Latest" not in text
    assert "/n/kinaforum/" not in text
