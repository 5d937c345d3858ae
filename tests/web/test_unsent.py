"""Emails that could not be sent: shown on the first page, listed, and retried by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from newsletter import config, later
from newsletter.editions import notices
from newsletter.messages.delivery import ALERT_ANSWERED, LOGIN_REFUSED
from newsletter.messages.general import TEXT
from newsletter.models import LaterWork
from newsletter.models.later_work import NOTICE_POST
from newsletter.transactional import mail_queue
from subscribers.models import Subscriber, TransactionalEmail
from tests import settings
from tests.web.scrape import scraped

PROBLEM = "mail.example refused the login"


@pytest.fixture
def failed(db: None) -> TransactionalEmail:
    """A confirmation that failed twice."""
    person = Subscriber.objects.named("anna@example.org", "anna@example.org")
    now = timezone.now()
    values = {"attempts": 2, "due": now + timedelta(hours=1), "problem": PROBLEM}
    return TransactionalEmail.objects.create(kind="confirm", subscriber=person, newsletter="kinaforum", **values)


def test_the_first_page_names_what_could_not_be_sent(editor: Client, failed: TransactionalEmail) -> None:
    page = editor.get("/desk/").content.decode()
    assert f"1 email to a subscriber or editor couldn’t be sent: {PROBLEM}" in page
    assert "/desk/unsent/" in page


def test_an_email_that_was_just_written_needs_nobody(editor: Client, failed: TransactionalEmail) -> None:
    TransactionalEmail.objects.update(attempts=0)
    assert "/desk/unsent/" not in editor.get("/desk/").content.decode()


def test_the_list_masks_addresses_and_says_why(editor: Client, failed: TransactionalEmail) -> None:
    notices.tell("kinaforum", notices.PAUSED, TEXT(words="It is paused."), timezone.now())
    LaterWork.objects.update(attempts=130, gave_up_at=timezone.now(), problem=TEXT(words="450 4.2.1 try again"))
    page = editor.get("/desk/unsent/").content.decode()
    for text in ("a…@e….org", "Subscription confirmation", PROBLEM, "Notice to editors", "Given up"):
        assert text in page
    assert "anna@example.org" not in page.partition("<main")[2]


def test_the_list_has_one_time_zone_whatever_the_newsletters_have(editor: Client, failed: TransactionalEmail) -> None:
    text = settings.TEXT.replace("[newsletters.daily]", '[newsletters.daily]\ntimezone = "Asia/Tokyo"')
    config.use(config.parse(text, settings.FOLDER / "config.toml"))
    due = datetime(2026, 2, 4, 12, tzinfo=UTC)
    TransactionalEmail.objects.update(due=due)
    notices.tell("daily", notices.PAUSED, TEXT(words="It is paused."), due)
    LaterWork.objects.filter(kind=NOTICE_POST).delete()
    LaterWork.objects.update(due=due)
    page = editor.get("/desk/unsent/").content.decode()
    assert page.count("Wed 4 Feb, 13:00") == 2


def test_a_retry_makes_everything_due(editor: Client, failed: TransactionalEmail) -> None:
    editor.post("/desk/unsent/retry/")
    failed.refresh_from_db()
    assert failed.attempts == 0
    assert failed.due <= timezone.now()
    assert mail_queue.summary().failing == 0


def test_one_message_is_tried_now(editor: Client, failed: TransactionalEmail) -> None:
    later.add("webhook", "3 a", timezone.now(), about="edition.sent", to="shop.example", webhook=3, event="a")
    LaterWork.objects.update(attempts=10, gave_up_at=timezone.now(), problem=ALERT_ANSWERED(status="500"))
    event = LaterWork.objects.get()
    page = editor.get("/desk/unsent/").content.decode()
    for text in ("Event for a webhook", "shop.example", "it answered 500", "Try now"):
        assert text.lower() in page.lower()
    editor.post("/desk/unsent/retry/", {"of": "webhook", "number": event.pk})
    event.refresh_from_db()
    assert (event.attempts, event.gave_up_at) == (0, None)
    failed.refresh_from_db()
    assert failed.attempts == 2, "another message waits for its time"
    editor.post("/desk/unsent/retry/", {"of": "", "number": failed.pk})
    failed.refresh_from_db()
    assert failed.attempts == 0


def test_metrics_count_them(editor: Client, failed: TransactionalEmail) -> None:
    found = scraped(editor)
    assert found["newsletter_emails_failing",] == 1
    assert found["newsletter_emails_given_up",] == 0


def test_a_problem_is_shown_in_the_language_of_the_page(editor: Client, failed: TransactionalEmail) -> None:
    problem = LOGIN_REFUSED(server="mail.example", user="ola", reply="535 5.7.8 no")
    TransactionalEmail.objects.update(problem=problem.to_text())
    for address in ("/desk/", "/desk/unsent/"):
        page = editor.get(address, headers={"Accept-Language": "nb"}).content.decode()
        assert "mail.example avviste innloggingen til ola: 535 5.7.8 no" in page
