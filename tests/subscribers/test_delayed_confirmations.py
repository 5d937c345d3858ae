"""Confirmation emails above their budget: what their readers and editors can do, and what they are told."""

from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

import pytest
from django.test import Client
from django.utils import timezone

from newsletter import config
from newsletter.bounces import processing
from newsletter.config import Bounces, Imap
from newsletter.models import Notice
from newsletter.transactional import delayed_mail, mail_queue
from subscribers import delayed_confirmations, signup, transactional
from subscribers.models import Subscription, TransactionalEmail
from subscribers.protection import confirmation_budget as budget
from tests.subscribers.make import path

pytestmark = pytest.mark.django_db
MAILBOX = Bounces(return_path="bounce@example.org", imap=Imap(host="mail.example", user="u", password="p"))


@pytest.fixture(autouse=True)
def nothing_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "OF_NEWSLETTER", 0)


def sign_up(address: str, newsletter: str = "kinaforum") -> str:
    answer = Client().post(f"/n/{newsletter}/subscribe", {"address": address}, headers={"Accept-Language": "en"})
    assert answer.status_code == 202
    return answer.text


def with_mailbox() -> config.Config:
    return replace(config.current(), bounces=MAILBOX)


def email_to(address: str, sender: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, address, "Hello"
    mail.set_content("Please.")
    return bytes(mail)


def test_the_page_names_the_address_of_the_editors_where_no_mailbox_is_read() -> None:
    page = sign_up("kari@reader.example")
    (code,) = delayed_confirmations.codes("kinaforum", "kari@reader.example")
    assert f'href="mailto:brev@example.org?subject={code}"' in page
    assert "The editors read it" in page
    assert not mail_queue.emails().exists()


def test_the_page_is_the_same_for_unknown_and_known_addresses() -> None:
    first = sign_up("kari@reader.example")
    again = sign_up("kari@reader.example")
    code = delayed_confirmations.codes("kinaforum", "kari@reader.example")[0]
    assert code in first
    assert code in again
    assert TransactionalEmail.objects.count() == 1


def test_an_email_with_the_code_lets_only_its_senders_confirmation_go() -> None:
    sign_up("kari@reader.example")
    sign_up("ola@reader.example")
    code = delayed_confirmations.codes("kinaforum", "kari@reader.example")[0]
    now = timezone.now()
    to = f"bounce+c-{code}@example.org"
    configuration = with_mailbox()
    assert processing.process(configuration, email_to(to, "Ola <ola@reader.example>"), now)[0] == "nothing"
    assert not mail_queue.emails().exists()
    assert processing.process(configuration, email_to(to, "Kari <Kari@reader.example>"), now)[0] == "codes"
    assert mail_queue.emails().get().subscriber.key == "kari@reader.example"


def test_emails_of_several_newsletters_become_one_that_confirms_all() -> None:
    sign_up("kari@reader.example")
    sign_up("kari@reader.example", "daily")
    code = delayed_confirmations.codes("daily", "kari@reader.example")[0]
    assert delayed_confirmations.release_asked(code, ["kari@reader.example"], timezone.now()) == 1
    composed = transactional.compose(config.current(), TransactionalEmail.objects.get())
    assert composed is not None
    assert "Daglig and Kinaforum" in composed.context["subject"]
    token = path(composed.context["link"]).removeprefix("/confirm/")
    assert signup.confirm(config.current(), token, timezone.now())[0] is signup.ConfirmResult.DONE
    states = dict(Subscription.objects.values_list("newsletter", "state"))
    assert states == {"kinaforum": "active", "daily": "active"}


def test_a_second_request_gets_the_email_once_the_budget_allows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    sign_up("kari@reader.example")
    monkeypatch.setattr(budget, "OF_NEWSLETTER", 10)
    assert "Check your inbox" in sign_up("kari@reader.example")
    assert mail_queue.emails().count() == TransactionalEmail.objects.count() == 1


def test_editors_are_told_at_once_and_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    sign_up("kari@reader.example")
    sign_up("ola@reader.example")
    now = timezone.now() + timedelta(seconds=5)
    for minutes in (0, 1, 30):
        delayed_mail.tick(config.current(), now + timedelta(minutes=minutes))
    assert [row.text.code for row in Notice.objects.all()] == ["notice.sign-ups-delayed"]
    monkeypatch.setattr(budget, "OF_NEWSLETTER", 1)
    for minutes in (120, 121):
        delayed_mail.tick(config.current(), now + timedelta(minutes=minutes))
    last = Notice.objects.latest("pk")
    assert Notice.objects.count() == 2
    assert dict(last.text.params) == {
        "newsletter": "kinaforum",
        "count": 2,
        "released": 1,
        "confirmed": 0,
        "waiting": 1,
        "days": 3,
    }


def test_what_waits_for_three_days_is_deleted() -> None:
    sign_up("kari@reader.example")
    signup.delete_expired(timezone.now() + timedelta(days=2))
    assert TransactionalEmail.objects.exists()
    signup.delete_expired(timezone.now() + timedelta(days=4))
    assert not TransactionalEmail.objects.exists()


def test_what_is_confirmed_on_usual_days_is_allowed() -> None:
    now = timezone.now()
    (scope, *_others) = budget.scopes("kinaforum", "reader.example")
    counted = dict.fromkeys(budget.keys_now("confirmed", scope, now - timedelta(days=3)), 400)
    assert not budget.is_exceeded(scope, now, lambda keys: [counted.get(key, 0) for key in keys])
    counted |= dict.fromkeys(budget.keys_now("sent", scope, now), 100)
    assert budget.is_exceeded(scope, now, lambda keys: [counted.get(key, 0) for key in keys])
