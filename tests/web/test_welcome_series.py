"""The pages of the welcome series at the desk."""

from datetime import timedelta

import lxml.html
import pytest
from django.test import Client
from django.utils import timezone

from newsletter import config
from newsletter.editions import approval, editing
from newsletter.editions.composing import welcome_series
from newsletter.models import Edition, State, WelcomeLetter
from newsletter.sending.enrolling import enroll_due
from newsletter.web.desk import welcome
from subscribers.models import Subscriber, Subscription

pytestmark = pytest.mark.django_db
SERIES = "/desk/n/kinaforum/welcome/"
ADD = f"{SERIES}add/"


def words(content: bytes) -> str:
    return " ".join(lxml.html.fromstring(content).text_content().split())


def letter(days: int = 3, subject: str = "Nice to meet you") -> WelcomeLetter:
    """An approved letter of the series, that has been in use for ten days."""
    now = timezone.now() - timedelta(days=10)
    newsletter = config.current().newsletters["kinaforum"]
    draft = welcome_series.add(config.current(), newsletter, days, now=now)
    draft = editing.set_words(config.current(), draft, "", draft.revision, {"subject": subject})
    approval.approve(config.current(), draft, now=now)
    return WelcomeLetter.objects.get(editions=draft)


def reader(address: str, days_ago: float) -> Subscription:
    """A subscriber who confirmed so many days ago."""
    at = timezone.now() - timedelta(days=days_ago)
    person = Subscriber.objects.named(address, address)
    return Subscription.objects.create(
        subscriber=person, newsletter="kinaforum", state="active", joined=at, welcome_from=at
    )


def test_a_letter_is_added_and_opens_in_the_editor(editor: Client) -> None:
    assert f'action="{ADD}"' in editor.get(SERIES).content.decode()
    answer = editor.post(ADD, {"days": "3"})
    assert answer["Location"] == "/desk/editions/kinaforum/welcome-1/"
    page = editor.get(answer["Location"])
    assert 'name="greeting"' in page.text
    assert "Welcome series" in words(page.content)


def test_the_first_page_lists_welcome_emails_that_nobody_has_approved(editor: Client) -> None:
    letter(3, "Nice to meet you")
    editor.post(ADD, {"days": "9"})
    editing.set_words(config.current(), Edition.objects.latest("pk"), "", 1, {"subject": "How we bake"})
    page = words(editor.get("/desk/").content)
    assert "“How we bake” is a welcome email. New subscribers get it once it is approved." in page
    assert "Nice to meet you" not in page
    editor.post(f"{SERIES}2/change/", {"act": "remove"})
    assert "How we bake" not in words(editor.get("/desk/").content)


@pytest.mark.parametrize("days", ["", "x", "366", "-1", "9" * 30])
def test_a_distance_that_cannot_be_used_is_said(editor: Client, days: str) -> None:
    answer = editor.post(ADD, {"days": days}, follow=True)
    assert "Choose 0 to 365 days" in words(answer.content)
    assert not Edition.objects.exists()


def test_approving_puts_a_letter_to_use(editor: Client) -> None:
    editor.post(ADD, {"days": "3"})
    edition = Edition.objects.get()
    Edition.objects.filter(pk=edition.pk).update(greeting="Hello!")
    side = editor.get("/desk/editions/kinaforum/welcome-1/side/").content.decode()
    assert "Approve – new subscribers get it" in side


def test_the_page_counts_who_had_a_letter_and_who_is_due(editor: Client) -> None:
    letter(3)
    reader("had@reader.example", 4), reader("soon@reader.example", 1), reader("long-ago@reader.example", 30)
    enroll_due(config.current(), timezone.now())
    (line,) = welcome.lines(config.current(), config.current().newsletters["kinaforum"], timezone.now())
    assert tuple(line[key] for key in ("distance", "state", "sent", "soon")) == ("After 3 days", "In use", "0", "1")
    assert Edition.objects.get().audience == 1


def test_a_change_opens_a_draft_with_the_same_texts(editor: Client) -> None:
    letter(3)
    answer = editor.post(f"{SERIES}1/edit/")
    assert answer["Location"] == "/desk/editions/kinaforum/welcome-1.2/"
    assert Edition.objects.get(period="welcome-1.2").subject == "Nice to meet you"
    assert "Until then, the previous version is sent" in words(editor.get(SERIES).content)


def test_the_distance_is_changed(editor: Client) -> None:
    letter(3)
    editor.post(f"{SERIES}1/change/", {"act": "move", "days": "5"})
    assert WelcomeLetter.objects.get().days == 5


def test_a_letter_is_removed(editor: Client) -> None:
    letter(3)
    page = editor.post(f"{SERIES}1/change/", {"act": "remove"}, follow=True)
    assert "Nobody else gets it" in words(page.content)
    assert Edition.objects.get().state == State.CANCELLED


def test_welcome_letters_are_not_listed_with_the_editions(editor: Client) -> None:
    letter(3)
    assert "Nice to meet you" not in words(editor.get("/desk/n/kinaforum/").content)


def test_sending_by_hand_leads_to_the_series(editor: Client) -> None:
    letter(3)
    assert editor.get("/desk/editions/kinaforum/welcome-1/send/")["Location"] == SERIES


def test_a_subscribers_page_shows_what_was_sent_and_what_is_due(admin: Client) -> None:
    letter(3), letter(7, "A week later")
    subscription = reader("had@reader.example", 4)
    enroll_due(config.current(), timezone.now())
    shown = words(admin.get(f"/desk/subscribers/{subscription.subscriber_id}/").content)
    assert ("Not sent yet" in shown, "A week later" in shown, "Due" in shown) == (True, True, True)


def test_subscribers_who_have_not_answered_are_listed(admin: Client) -> None:
    subscription = reader("quiet@reader.example", 900)
    asked = timezone.now() - timedelta(days=40)
    Subscription.objects.filter(pk=subscription.pk).update(created=timezone.now() - timedelta(days=900), asked_at=asked)
    shown = words(admin.get("/desk/subscribers/unanswered/kinaforum/").content)
    assert "quiet@reader.example" in shown
    assert "No one is being asked" in shown
    Subscription.objects.filter(pk=subscription.pk).update(asked_at=None)
    shown = words(admin.get("/desk/subscribers/unanswered/kinaforum/").content)
    assert ("No one is being asked" in shown, "Everyone who was asked" in shown) == (True, False)
