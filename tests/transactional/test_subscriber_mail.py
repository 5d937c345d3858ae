"""Emails are stored, claimed with a lease, retried with growing delays, and given up with a reason."""

import email
import email.policy
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import DjangoAssertNumQueries

from newsletter import config
from newsletter.config import Config
from newsletter.domain.outcome import Outcome, OutcomeKind
from newsletter.editions import notices
from newsletter.messages import Message, from_text
from newsletter.messages.delivery import LOGIN_REFUSED
from newsletter.messages.general import TEXT
from newsletter.messages.lint import AT_LINE
from newsletter.models import ApprovedContent, Edition, Notice
from newsletter.render.html.loader import TemplateProblem
from newsletter.render.transactional import render_email as rendered_email
from newsletter.transactional import mail_queue, subscriber_mail
from newsletter.transactional.transport import Done, Outgoing
from subscribers import transactional
from subscribers.models import EmailKind, Subscriber, Subscription, TransactionalEmail
from subscribers.tokens import Purpose, link_token, read_timed
from tests.factories import DAY, NAME, NOW, configured
from tests.sending import outbox_samples as samples

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def due_email() -> TransactionalEmail:
    """Return an email that is due now."""
    configured()
    person = Subscriber.objects.named("anna@example.org", "anna@example.org", name="Anna")
    return TransactionalEmail.objects.create(
        kind=EmailKind.ME, subscriber=person, newsletter=NAME, created=NOW, due=NOW
    )


def message_id(message: Outgoing) -> str:
    """Return the part of the Message-ID before "@"."""
    return message.recipient.message_id


class Answers:
    """A fake renderer and provider with the outcome of each attempt; further ones are accepted."""

    def __init__(self, *kinds: OutcomeKind | Exception) -> None:
        self.kinds = deque(kinds)
        self.sent: list[str] = []

    def post_all(
        self, configuration: Config, provider: str, messages: Sequence[Outgoing], done: Done, keep: object = None
    ) -> None:
        for message in messages:
            answer = self.kinds.popleft() if self.kinds else OutcomeKind.ACCEPTED
            if isinstance(answer, Exception):
                raise answer
            number = message.recipient.number
            self.sent.append(message_id(message))
            done([Outcome(number, 1, answer, at=0.0, code=450, text="4.2.1 try again")])


def told(monkeypatch: pytest.MonkeyPatch, *kinds: OutcomeKind | Exception) -> Answers:
    answers = Answers(*kinds)
    monkeypatch.setattr(subscriber_mail, "post_all", answers.post_all)
    return answers


def send(now: datetime) -> int:
    return subscriber_mail.send_due(config.current(), now)


def test_an_email_is_sent_once(due_email: TransactionalEmail, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = told(monkeypatch)
    assert (send(NOW), send(NOW + DAY)) == (1, 0)
    assert answers.sent == [f"letter.{due_email.pk}"]
    due_email.refresh_from_db()
    assert (due_email.sent_at, due_email.problem) == (NOW, "")


def test_an_email_that_is_not_due_waits(due_email: TransactionalEmail, monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch)
    assert send(NOW - MINUTE) == 0


def test_a_deferred_email_is_retried_for_five_days_with_growing_pauses(
    due_email: TransactionalEmail, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = told(monkeypatch, *[OutcomeKind.DEFERRED] * 500)
    due = [NOW]
    while due_email.gave_up_at is None:
        send(due[-1])
        due_email.refresh_from_db()
        due.append(due_email.due)
    pauses = [(later - earlier) / MINUTE for earlier, later in pairwise(due)]
    assert pauses[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert set(pauses[6:]) == {60}
    assert timedelta(days=4, hours=23) < due[-2] - NOW <= timedelta(days=5)
    tries = len(answers.sent)
    assert send(NOW + 30 * DAY) == 0
    assert (len(answers.sent), due_email.sent_at, due_email.problem) == (tries, None, "4.2.1 try again")


def test_an_email_survives_a_mail_server_that_is_away_for_thirty_hours(
    due_email: TransactionalEmail, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An outage of one night used to exhaust its attempts."""
    answers = told(monkeypatch)
    now = NOW
    while now < NOW + timedelta(hours=30):
        answers.kinds.append(OutcomeKind.DEFERRED)
        send(now)
        answers.kinds.clear()
        now += 10 * MINUTE
    assert sum(send(now + hours * timedelta(hours=1)) for hours in range(3)) == 1


def test_an_email_given_up_is_sent_after_a_retry_by_hand(
    due_email: TransactionalEmail, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(monkeypatch, OutcomeKind.REFUSED)
    send(NOW)
    assert mail_queue.summary() == mail_queue.Summary(0, 1, TEXT(words="4.2.1 try again"), NOW)
    assert mail_queue.retry(NOW + DAY) == 1
    assert send(NOW + DAY) == 1
    assert mail_queue.summary() == mail_queue.Summary(0, 0, None, None)


REFUSES = LOGIN_REFUSED(server="mail.example", user="newsletter", reply="535 no")
BROKEN = AT_LINE(file="templates/letters/me.mjml", line=1, problem=TEXT(words="is broken"))


def test_a_refused_login_is_tried_with_one_email_and_not_with_each(
    due_email: TransactionalEmail, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        TransactionalEmail.objects.create(
            kind=EmailKind.ME, subscriber=due_email.subscriber, newsletter=NAME, created=NOW, due=NOW
        )
    tries: list[datetime] = []

    def refuse(configuration: Config, provider: str, messages: Sequence[Outgoing], done: Done, *_: object) -> Message:
        tries.append(now)
        return REFUSES

    monkeypatch.setattr(subscriber_mail, "post_all", refuse)
    for seconds in range(0, 3600, 5):
        now = NOW + timedelta(seconds=seconds)
        send(now)
    assert len(tries) < 15
    told(monkeypatch)
    assert sum(send(NOW + hours * timedelta(hours=1)) for hours in range(1, 4)) == 6


def test_editors_are_told_once_that_emails_can_not_be_sent(
    due_email: TransactionalEmail, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(subscriber_mail, "post_all", lambda *_: REFUSES)
    with caplog.at_level("WARNING", "newsletter.notices"):
        for minutes in range(0, 600, 5):
            send(NOW + minutes * MINUTE)
    notice = Notice.objects.get(kind=notices.MAIL)
    assert "mail.example refused the login" in str(notice.text)
    assert "mail.example refused the login" in caplog.text


def test_a_refused_email_is_not_tried_again(due_email: TransactionalEmail, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = told(monkeypatch, OutcomeKind.REFUSED)
    assert (send(NOW), send(NOW + DAY), len(answers.sent)) == (0, 0, 1)


def test_an_unconfirmed_email_is_not_sent_again(due_email: TransactionalEmail, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = told(monkeypatch, OutcomeKind.UNKNOWN)
    assert (send(NOW), send(NOW + DAY), len(answers.sent)) == (0, 0, 1)


def test_the_email_of_a_killed_process_is_sent_by_another_when_its_lease_expires(
    due_email: TransactionalEmail, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(monkeypatch, MemoryError())
    with pytest.raises(MemoryError):
        send(NOW)
    assert send(NOW + subscriber_mail.LEASE - MINUTE) == 0
    assert send(NOW + subscriber_mail.LEASE + MINUTE) == 1


def test_a_broken_template_uses_up_no_attempt_and_stops_no_other_email(
    due_email: TransactionalEmail, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = TransactionalEmail.objects.create(
        kind=EmailKind.CHANGE,
        subscriber=due_email.subscriber,
        newsletter=NAME,
        payload={"address": "anna@new.example"},
        created=NOW,
        due=NOW,
    )
    told(monkeypatch)
    problems = deque([TemplateProblem(BROKEN)])

    def rendered(*given: object) -> object:
        if problems:
            raise problems.popleft()
        return rendered_email(*given)

    monkeypatch.setattr(subscriber_mail, "render_email", rendered)
    assert send(NOW) == 1
    due_email.refresh_from_db()
    second.refresh_from_db()
    assert (due_email.attempts, due_email.sent_at, second.sent_at) == (0, None, NOW)
    assert from_text(due_email.problem) == BROKEN
    assert send(NOW + subscriber_mail.LEASE) == 1


def waiting(number: int) -> None:
    """Queue emails to `count` people, in two languages."""
    for n in range(number):
        person = Subscriber.objects.named(f"r{n}@a.example", f"r{n}@a.example", language=("nb", "en")[n % 2])
        TransactionalEmail.objects.create(kind=EmailKind.ME, subscriber=person, newsletter=NAME, created=NOW, due=NOW)


def test_emails_that_differ_only_in_their_link_share_a_rendering_and_have_their_own_links(
    due_email: TransactionalEmail, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting(20)
    sent: list[Outgoing] = []

    def keep(configuration: Config, provider: str, messages: Sequence[Outgoing], done: Done, *_: object) -> None:
        sent.extend(messages)
        done([Outcome(m.recipient.number, 1, OutcomeKind.ACCEPTED, at=0.0) for m in messages])

    monkeypatch.setattr(subscriber_mail, "post_all", keep)
    assert send(NOW) == 21
    assert len({id(message.email) for message in sent}) == 2
    addresses = dict(TransactionalEmail.objects.values_list("pk", "subscriber__address"))
    for message in sent:
        key = int(message.recipient.message_id.removeprefix("letter."))
        assert message.recipient.address == addresses[key]
        link = read_timed(Purpose.ME, message.recipient.token)
        assert link is not None
        assert link.number == TransactionalEmail.objects.get(pk=key).subscriber_id


def test_more_emails_need_no_more_queries(
    due_email: TransactionalEmail,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    def take(configuration: Config, provider: str, messages: Sequence[Outgoing], done: Done, *_: object) -> None:
        done([Outcome(m.recipient.number, 1, OutcomeKind.ACCEPTED, at=0.0) for m in messages])

    monkeypatch.setattr(subscriber_mail, "post_all", take)
    waiting(60)
    with django_assert_max_num_queries(12):
        assert send(NOW) == 61


def welcome(tmp_path: Path) -> str:
    """Return the text of a welcome email to Anna, as it is sent."""
    configuration = replace(configured(), file=tmp_path / "config.toml")
    person = Subscriber.objects.named("anna@example.org", "anna@example.org", language="en")
    subscription = Subscription.objects.create(subscriber=person, newsletter=NAME, state=Subscription.State.ACTIVE)
    TransactionalEmail.objects.create(
        kind=EmailKind.WELCOME, subscriber=person, subscription=subscription, newsletter=NAME, created=NOW, due=NOW
    )
    assert subscriber_mail.send_due(configuration, NOW) == 1
    (path,) = (tmp_path / "mails" / "new").iterdir()
    mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    html, text = mail.get_body(("html",)), mail.get_body(("plain",))
    assert html is not None
    assert text is not None
    assert f"http://localhost:8000/p/{link_token(subscription.pk)}" in html.get_content()
    assert f"http://localhost:8000/p/{link_token(subscription.pk)}" in text.get_content()
    return str(text.get_content()).replace("\r\n", "\n")


@pytest.mark.django_db(transaction=True)
def test_a_welcome_links_the_latest_edition(tmp_path: Path) -> None:
    """An edition of which nothing was accepted yet is not linked."""
    for week, accepted in ((5, True), (6, True), (7, False)):
        edition = samples.queued(f"2026-W0{week}")
        Edition.objects.filter(pk=edition.pk).update(until=NOW + week * DAY)
        ApprovedContent.objects.filter(edition=edition).update(subject=f"Films of week {week}")
        edition = samples.begun(edition)
        if accepted:
            Edition.objects.filter(pk=edition.pk).update(published_at=NOW)
    text = welcome(tmp_path)
    assert "You get an email each week, the first one around " in text
    assert "Latest edition: Films of week 6" in text
    assert "Read the latest edition:\nhttp://localhost:8000/n/kinaforum/2026-W06/\n" in text


@pytest.mark.django_db(transaction=True)
def test_a_welcome_before_the_first_edition_links_none(tmp_path: Path) -> None:
    text = welcome(tmp_path)
    assert "Latest" not in text
    assert "/n/kinaforum/" not in text


@pytest.fixture
def numbered_anew(transactional_db: None) -> Iterator[None]:
    """Restart row numbers at 1 after the test, because SQLite has no number after the largest."""
    yield
    call_command("flush", interactive=False, verbosity=0)


@pytest.mark.usefixtures("numbered_anew")
def test_an_email_with_the_largest_number_of_a_database_is_sent(tmp_path: Path) -> None:
    configuration = replace(configured(), file=tmp_path / "config.toml")
    person = Subscriber.objects.named("anna@example.org", "anna@example.org")
    TransactionalEmail.objects.create(
        pk=2**63 - 1, kind=EmailKind.ME, subscriber=person, newsletter=NAME, created=NOW, due=NOW
    )
    assert subscriber_mail.send_due(configuration, NOW) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("recipients", [1, 3])
def test_the_question_whether_a_subscriber_still_wants_it_has_a_header_to_unsubscribe(
    tmp_path: Path, recipients: int
) -> None:
    found = configured()
    configuration = replace(
        found, file=tmp_path / "config.toml", delivery=replace(found.delivery, journal=str(tmp_path / "journal"))
    )
    config.use(configuration)
    links = set[str]()
    for subscription in samples.subscribe([f"r{number}@example.org" for number in range(recipients)]):
        transactional.write(EmailKind.ASK, subscription.subscriber, subscription, NAME, NOW)
        links.add(f"<http://localhost:8000/u/{link_token(subscription.pk)}>")
    assert subscriber_mail.send_due(configuration, NOW) == recipients
    mails = [email.message_from_bytes(path.read_bytes()) for path in (tmp_path / "mails" / "new").iterdir()]
    assert {mail["List-Unsubscribe"] for mail in mails} == links
