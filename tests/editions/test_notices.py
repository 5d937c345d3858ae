"""What editors must know is written down once, and mailed and posted once each."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import requests

from newsletter import config, later
from newsletter.delivery import retries
from newsletter.domain.outcome import Fault, Outcome, OutcomeKind
from newsletter.editions import editing, notices
from newsletter.editions.composing import standalone
from newsletter.events import signed_post
from newsletter.messages import Message, editions, schedule
from newsletter.messages.general import TEXT
from newsletter.mime.message_builder import MessageBuilder
from newsletter.models import Edition, LaterWork, Notice
from newsletter.models.later_work import NOTICE_EMAIL
from newsletter.sending.api_calls.interface import idempotency_key
from newsletter.transactional import mail_queue, notice_delivery
from newsletter.transactional.notice_delivery import REFUSED_ATTEMPTS
from newsletter.transactional.transport import Done, Outgoing
from tests.doubles import moody
from tests.doubles.smtpd import FEATURES
from tests.factories import DAY, HOUR, NAME, NOW, collected, configured, drafted, found, kinaforum

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def send_due(configuration: config.Config, now: datetime) -> int:
    """Post and email what is due; return the number of notices that all editors have."""
    later.run_due(configuration, now, notice_delivery.post)
    return later.run_due(configuration, now, notice_delivery.email)


class Posted:
    """Stands in for the provider: keeps addresses and mails, and answers as told."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, bytes]] = []
        self.calls: list[str] = []
        self.answer = OutcomeKind.ACCEPTED
        self.fault = Fault.NONE
        self.deferred: set[str] = set()

    def post_all(
        self, configuration: config.Config, provider: str, messages: Sequence[Outgoing], done: Done
    ) -> Message | None:
        for email, recipient in messages:
            self.calls.append(idempotency_key([recipient]))
            self.mails.append((recipient.address, b"".join(MessageBuilder(email).build(recipient).pieces)))
            kind = OutcomeKind.DEFERRED if recipient.address in self.deferred else self.answer
            if kind is OutcomeKind.DEFERRED and self.fault is Fault.CONNECTION:
                return TEXT(words="no")
            text = "" if kind is OutcomeKind.ACCEPTED else "no"
            done([Outcome(recipient.number, 1, kind, 0.0, self.fault, text=text)])
        return None


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> Posted:
    posted = Posted()
    monkeypatch.setattr(notice_delivery, "post_all", posted.post_all)
    configured()
    return posted


@pytest.fixture
def alerts(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What `alert_url` got."""
    got: list[dict[str, Any]] = []

    def post(url: str, body: bytes, headers: object, **_: object) -> int:
        got.append({"url": url, **json.loads(body)})
        return 204

    monkeypatch.setattr(signed_post, "post", post)
    return got


def with_alert_url() -> config.Config:
    now = config.current()
    return config.use(replace(now, site=replace(now.site, alert_url="https://alerts.example/")))


def test_the_same_is_told_once_a_day(posted: Posted) -> None:
    for hours in (0, 1, 19, 21):
        notices.tell(NAME, notices.WAITING, TEXT(words="It waits."), NOW + hours * HOUR)
    notices.tell(NAME, notices.WAITING, TEXT(words="It waits for another reason."), NOW)
    assert Notice.objects.count() == 3


def test_a_notice_is_mailed_to_every_editor_once(posted: Posted) -> None:
    configured(editors=("a@example.org", "b@example.org"))
    notices.tell(NAME, notices.WAITING, TEXT(words="It waits"), NOW, "kinaforum/2026-W06")
    assert send_due(config.current(), NOW) == 1
    assert send_due(config.current(), NOW + DAY) == 0
    assert [address for address, _ in posted.mails] == ["a@example.org", "b@example.org"]
    assert b"It waits." in posted.mails[0][1]
    assert b"/desk/editions/kinaforum/2026-W06/" in posted.mails[0][1]


def test_a_notice_names_an_edition_by_its_title_and_a_letter_by_its_subject(posted: Posted) -> None:
    collected(found("a"))
    week = editing.set_words(config.current(), drafted(), "bo", None, {"subject": "Tea {and} rice"}, NOW)
    email = standalone.make(config.current(), kinaforum(), now=NOW, subject="An announcement", greeting="Text")
    for edition in (week, email):
        waiting = schedule.WAITING(edition=edition.name, reason=editions.NOT_APPROVED())
        notices.tell(NAME, notices.WAITING, waiting, NOW, edition.name)
    send_due(config.current(), NOW)
    first, second = (message_from_bytes(mail, policy=default) for _address, mail in posted.mails)
    for mail, title in ((first, "Tea {and} rice"), (second, "An announcement")):
        plain = mail.get_body(("plain",))
        assert plain is not None
        assert f"«{title}»" in plain.get_content()
        assert "letter-" not in plain.get_content().replace("/letter-", "")
    assert "An announcement" in str(second["subject"])


def test_a_notice_that_could_not_be_sent_is_tried_again(posted: Posted) -> None:
    notices.tell(NAME, notices.WAITING, TEXT(words="It waits."), NOW)
    posted.answer = OutcomeKind.DEFERRED
    assert send_due(config.current(), NOW) == 0
    assert send_due(config.current(), NOW) == 0
    posted.answer = OutcomeKind.ACCEPTED
    assert send_due(config.current(), NOW + HOUR) == 1
    assert len(posted.mails) == 2


def test_an_email_service_can_tell_notices_and_attempts_apart(posted: Posted) -> None:
    """Some services take a call with the same key for the same one within a day, and do nothing."""
    notices.tell(NAME, notices.WAITING, TEXT(words="It waits."), NOW)
    notices.tell(NAME, notices.SKIPPED, TEXT(words="It was skipped."), NOW)
    posted.answer = OutcomeKind.DEFERRED
    for hours in (0, 1):
        send_due(config.current(), NOW + hours * HOUR)
    assert len(set(posted.calls)) == 4


def test_an_alert_is_posted_for_what_needs_a_person(posted: Posted, alerts: list[dict[str, Any]]) -> None:
    found = with_alert_url()
    notices.tell(NAME, notices.WAITING, TEXT(words="It waits."), NOW, "kinaforum/2026-W06")
    notices.tell(NAME, notices.DRAFT, TEXT(words="The draft is there."), NOW)
    send_due(found, NOW)
    send_due(found, NOW + DAY)
    assert alerts == [
        {
            "url": "https://alerts.example",
            "time": NOW.isoformat(),
            "newsletter": NAME,
            "kind": "waiting",
            "edition": "kinaforum/2026-W06",
            "text": "It waits.",
            "code": "text",
        }
    ]
    assert len(posted.mails) == 2


def test_an_alert_that_nobody_takes_is_posted_again_and_mails_are_not(
    posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[datetime] = []

    def refuse(*_: object, **__: object) -> int:
        tries.append(NOW)
        raise requests.ConnectionError

    monkeypatch.setattr(signed_post, "post", refuse)
    found = with_alert_url()
    notices.tell(NAME, notices.PAUSED, TEXT(words="It is paused."), NOW)
    for hours in range(3):
        send_due(found, NOW + hours * HOUR)
    assert (len(tries), len(posted.mails)) == (3, 1)


def test_a_newsletter_without_editors_has_nobody_to_mail(posted: Posted) -> None:
    configured(editors=())
    notices.tell(NAME, notices.WAITING, TEXT(words="It waits."), NOW)
    send_due(config.current(), NOW)
    assert not posted.mails
    assert not mail_queue.notices().exists()


def test_a_notice_of_a_newsletter_that_was_removed_is_given_up_and_not_mailed(posted: Posted) -> None:
    notices.tell("removed", notices.WAITING, TEXT(words="It waits"), NOW)
    assert send_due(config.current(), NOW) == 0
    email = LaterWork.objects.get(kind=NOTICE_EMAIL)
    assert email.gave_up_at is not None
    assert str(email.problem) == "config.toml has no newsletter removed any more, so nobody was emailed"


def test_a_draft_is_announced_with_its_silent_sources(posted: Posted) -> None:
    collected(found("a"))
    edition = drafted()
    source = editions.SOURCE_NOT_READ(url="https://x.example/")
    Edition.objects.update(waiting=editions.SOURCES_NOT_READ(count=1, sources=(source,)))
    edition.refresh_from_db()
    notices.tell_of_draft(kinaforum(), edition, NOW)
    kinds = dict(Notice.objects.values_list("kind", "text"))
    assert str(kinds["source"]).startswith("kinaforum/2026-W06: 1 source couldn't be read")
    assert "it will be sent on 2026-02-06 17:00 UTC. It is waiting: 1 source couldn't be read" in str(kinds["draft"])


def test_a_notice_survives_a_mail_server_that_is_away_for_thirty_hours(posted: Posted) -> None:
    """The outage of one night used to cost it all its attempts."""
    notices.tell(NAME, notices.PAUSED, TEXT(words="It is paused."), NOW)
    posted.answer = OutcomeKind.DEFERRED
    for minutes in range(0, 30 * 60, 10):
        send_due(config.current(), NOW + minutes * MINUTE)
    posted.answer = OutcomeKind.ACCEPTED
    assert sum(send_due(config.current(), NOW + hours * HOUR) for hours in range(30, 33)) == 1


def test_a_deferred_editor_costs_no_other_editor_a_second_email(posted: Posted) -> None:
    configured(editors=("a@example.org", "slow@example.org", "b@example.org"))
    posted.deferred = {"slow@example.org"}
    notices.tell(NAME, notices.WAITING, TEXT(words="It waits."), NOW)
    for hours in range(4):
        send_due(config.current(), NOW + hours * HOUR)
    to = [address for address, _ in posted.mails]
    assert (to.count("a@example.org"), to.count("b@example.org"), to.count("slow@example.org")) == (1, 1, 4)


def test_a_notice_that_every_editor_refuses_is_tried_for_hours_and_can_be_retried(posted: Posted) -> None:
    configured(editors=("a@example.org", "b@example.org"))
    posted.answer = OutcomeKind.REFUSED
    notices.tell(NAME, notices.WAITING, TEXT(words="It waits."), NOW)
    now, tries = NOW, 0
    while mail_queue.summary().given_up == 0:
        assert send_due(config.current(), now) == 0
        tries += 1
        now += HOUR
    assert tries == REFUSED_ATTEMPTS
    assert mail_queue.summary().problem == TEXT(words="no")
    posted.answer = OutcomeKind.ACCEPTED
    assert send_due(config.current(), now + DAY) == 0
    assert mail_queue.retry(now + DAY) == 1
    assert send_due(config.current(), now + DAY) == 1
    assert mail_queue.summary().given_up == 0


def test_an_editor_who_refuses_a_notice_keeps_it_from_nobody_and_gets_it_once_the_server_takes_it(
    tmp_path: Path,
) -> None:
    configured(editors=("unknown-1@example.org", "b@example.org"))
    notices.tell(NAME, notices.PAUSED, TEXT(words="It is paused."), NOW)
    kinds = dict(moody.KINDS)
    with moody.running() as server:
        smtp = config.Smtp(host="127.0.0.1", port=server.port, security="none")
        found = replace(
            config.current(),
            delivery=config.DeliverySettings(provider="smtp", smtp=smtp),
            file=tmp_path / "config.toml",
        )
        send_due(found, NOW)
        assert [mail.recipient for mail in server.taken] == ["b@example.org"]
        assert mail_queue.refusing_editors(NOW) == ["unknown-1@example.org"]
        del moody.KINDS["unknown"]
        try:
            assert send_due(found, NOW + HOUR) == 1
        finally:
            moody.KINDS.update(kinds)
        assert [mail.recipient for mail in server.taken] == ["b@example.org", "unknown-1@example.org"]
    assert mail_queue.refusing_editors(NOW) == []


def test_an_alert_does_not_wait_for_a_mail_server_that_refuses_the_login(
    posted: Posted, alerts: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    found = with_alert_url()
    posted.answer, posted.fault = OutcomeKind.DEFERRED, Fault.CONNECTION
    with caplog.at_level("WARNING", "newsletter.notices"):
        for number in range(3):
            notices.tell(
                NAME, notices.PAUSED, TEXT(words=f"Paused {number}: the login of ola@example.org failed."), NOW
            )
    send_due(found, NOW)
    assert [alert["text"].partition(":")[0] for alert in alerts] == ["Paused 0", "Paused 1", "Paused 2"]
    assert "Paused 2: the login of … failed." in caplog.text
    assert len(posted.mails) == 1
    assert mail_queue.summary().failing == 3


def test_a_pause_grows_to_an_hour_for_five_days() -> None:
    pauses = [retries.transactional_pause(n) for n in range(1, retries.MOST_TRANSACTIONAL_ATTEMPTS)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (MINUTE, HOUR)
    assert timedelta(days=5) - HOUR < sum(pauses, timedelta()) <= timedelta(days=5)


def test_a_login_that_a_real_server_refuses_is_told_by_alert_url(tmp_path: Path, alerts: list[dict[str, Any]]) -> None:
    """The same login would carry the email that tells of it; that one follows once the login works."""
    configured(editors=("a@example.org",))
    notices.tell(NAME, notices.PAUSED, TEXT(words="The login was refused."), NOW)
    with moody.running(login="ola:right", private=True, features=(*FEATURES, "AUTH PLAIN")) as server:
        for password, hours in (("wrong", 0), ("right", 2)):
            smtp = config.Smtp(host="127.0.0.1", port=server.port, security="none", user="ola", password=password)
            now = with_alert_url()
            found = replace(
                now, delivery=config.DeliverySettings(provider="smtp", smtp=smtp), file=tmp_path / "config.toml"
            )
            send_due(found, NOW + hours * HOUR)
            if password == "wrong":
                assert "refused the login" in str(mail_queue.summary().problem)
                assert (len(alerts), len(server.taken)) == (1, 0)
    assert (len(alerts), [mail.recipient for mail in server.taken]) == (1, ["a@example.org"])
    assert mail_queue.summary().failing == 0


def subject_and_text(posted: Posted) -> tuple[str, str]:
    """The subject and the plain text of the only email."""
    ((_, raw),) = posted.mails
    message = message_from_bytes(raw, policy=default)
    plain = message.get_body(("plain",))
    assert plain is not None
    return str(message["Subject"]), plain.get_content()


@pytest.mark.parametrize(
    ("language", "subject", "button"),
    [
        ("en", "Draft ready: Week 6 – 2 posts", "Open the edition"),
        ("nb-NO", "Utkast klart: Uke 6 – 2 innlegg", "Åpne utgaven"),
        ("no", "Utkast klart: Uke 6 – 2 innlegg", "Åpne utgaven"),
        ("de", "Draft ready: Week 6 – 2 posts", "Open the edition"),
    ],
)
def test_a_draft_is_announced_in_the_newsletters_language(
    posted: Posted, language: str, subject: str, button: str
) -> None:
    """In English where the program is not translated into it."""
    configured(editors=("a@example.org",), language=language)
    collected(found("a"), found("b"))
    notices.tell_of_draft(kinaforum(), drafted(), NOW)
    send_due(config.current(), NOW)
    sent, text = subject_and_text(posted)
    assert sent == subject
    assert f"{button}:" in text


@pytest.mark.parametrize(
    ("reason", "subject"),
    [
        (editions.NOT_APPROVED(), "Trenger din godkjenning: Uke 6"),
        (editions.TOO_FEW_POSTS(count=1, minimum=2), "Trenger din oppmerksomhet: Uke 6"),
    ],
)
def test_an_approval_that_is_needed_is_in_the_subject(posted: Posted, reason: Message, subject: str) -> None:
    configured(editors=("a@example.org",), language="nb")
    collected(found("a"))
    notices.tell_of_wait(drafted(), reason, NOW)
    send_due(config.current(), NOW)
    assert subject_and_text(posted)[0] == subject


def test_a_notice_of_no_edition_has_a_subject(posted: Posted) -> None:
    configured(editors=("a@example.org",), language="en")
    notices.tell(NAME, notices.WAITING, TEXT(words="The template is invalid."), NOW)
    send_due(config.current(), NOW)
    assert subject_and_text(posted)[0] == "Your attention is needed"
