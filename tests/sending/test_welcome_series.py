"""A welcome series: each new subscriber gets each letter once, when due, from real drafts, audiences and chunks."""

from datetime import datetime, timedelta

import pytest

from newsletter import config
from newsletter.editions import approval, draft
from newsletter.editions.composing import welcome_series
from newsletter.editions.editing import include, set_words
from newsletter.editions.problems import Impossible
from newsletter.editions.states import NotAllowed
from newsletter.models import Delivery, Edition, State, WelcomeLetter, WelcomeMail
from newsletter.sending import lifecycle
from newsletter.sending.enrolling import LATE, enroll_due
from newsletter.web.archive import queries as archive
from subscribers import preferences
from subscribers.models import Subscription, Suppression
from tests.factories import (
    DAY,
    HOUR,
    NOW,
    approved,
    collected,
    collected_before,
    configured,
    found,
    inside,
    kinaforum,
    post,
)
from tests.sending.outbox_samples import outbox, outcome, subscribe

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_rendering_in_transactions")]


def letter(days: int, subject: str = "Welcome", now: datetime = NOW) -> WelcomeLetter:
    """An approved letter of the series."""
    draft = welcome_series.add(config.current(), kinaforum(), days, now=now)
    return _approved(draft, now, subject)


def _approved(draft: Edition, now: datetime, subject: str = "Welcome") -> WelcomeLetter:
    texts = {"subject": subject, "greeting": "Good to have you here."}
    draft = set_words(config.current(), draft, "", draft.revision, texts)
    approval.approve(config.current(), draft, now=now)
    return WelcomeLetter.objects.get(editions=draft)


def reader(address: str, at: datetime = NOW) -> Subscription:
    """A subscriber who confirmed at a time."""
    subscription = subscribe([address])[0]
    Subscription.objects.filter(pk=subscription.pk).update(welcome_from=at, joined=at)
    return subscription


def sent(now: datetime) -> list[tuple[str, str]]:
    """Send what is due, and return each email's edition and address."""
    enroll_due(config.current(), now)
    found = []
    box = outbox()
    while batch := box.next(100):
        begun = box.begin(batch)
        found += [(batch.edition, each.address) for each in begun.recipients]
        box.settle(batch.edition, batch.chunk, [outcome(each.number) for each in begun.recipients], finished=True)
    lifecycle.complete(["kinaforum"], now)
    return sorted(found)


@pytest.fixture(autouse=True)
def _configured() -> None:
    configured()


def test_each_letter_is_sent_once_when_it_is_due() -> None:
    letter(0), letter(3), letter(7)
    reader("anna@reader.example", NOW + HOUR)
    found = {hours: mails for hours in range(0, 24 * 9, 6) if (mails := sent(NOW + timedelta(hours=hours)))}
    assert found == {
        6: [("kinaforum/welcome-1", "anna@reader.example")],
        78: [("kinaforum/welcome-2", "anna@reader.example")],
        174: [("kinaforum/welcome-3", "anna@reader.example")],
    }


def test_a_later_subscriber_is_added_to_the_audience() -> None:
    letter(0)
    reader("anna@reader.example", NOW + HOUR)
    sent(NOW + HOUR)
    reader("ola@reader.example", NOW + 2 * HOUR)
    assert sent(NOW + 2 * HOUR) == [("kinaforum/welcome-1", "ola@reader.example")]
    edition = Edition.objects.get(period="welcome-1")
    assert (edition.audience, edition.state) == (2, State.SENT)
    assert list(Delivery.objects.order_by("number").values_list("number", flat=True)) == [1, 2]


def test_the_email_has_the_date_of_its_sending() -> None:
    letter(0)
    reader("anna@reader.example", NOW + HOUR)
    sent(NOW + HOUR)
    reader("ola@reader.example", NOW + 40 * DAY)
    enroll_due(config.current(), NOW + 40 * DAY)
    batch = outbox().next(10)
    assert batch is not None
    dates = [header.pieces for header in batch.email.headers if header.name == "Date"]
    assert dates == [(b"Wed, 18 Mar 2026 14:00:00 +0000",)]


def test_nobody_gets_a_letter_that_was_due_before_it_was_approved() -> None:
    reader("anna@reader.example", NOW - 2 * DAY)
    reader("ola@reader.example", NOW - 4 * DAY)
    letter(3)
    assert sent(NOW + 2 * DAY) == [("kinaforum/welcome-1", "anna@reader.example")]


def test_imported_subscribers_get_none() -> None:
    letter(0)
    subscribe(["anna@reader.example"])
    assert sent(NOW + DAY) == []


@pytest.mark.parametrize("how", ["left", "paused", "blocked"])
def test_a_subscriber_who_left_paused_or_is_blocked_gets_none(how: str) -> None:
    letter(3)
    subscription = reader("anna@reader.example", NOW)
    if how == "left":
        preferences.unsubscribe(subscription.pk, NOW + DAY)
    elif how == "paused":
        preferences.pause(subscription, (NOW + 30 * DAY).date())
    else:
        Suppression.objects.suppress(subscription.subscriber.key, Suppression.Reason.COMPLAINED)
    assert sent(NOW + 4 * DAY) == []


def test_a_subscriber_who_returns_soon_gets_the_letters_due_meanwhile() -> None:
    letter(3)
    subscription = reader("anna@reader.example", NOW)
    preferences.pause(subscription, (NOW + 5 * DAY).date())
    assert sent(NOW + 4 * DAY) == []
    assert sent(NOW + 6 * DAY) == [("kinaforum/welcome-1", "anna@reader.example")]


def test_a_letter_more_than_a_week_late_is_left_out() -> None:
    letter(3)
    reader("anna@reader.example", NOW)
    assert sent(NOW + 3 * DAY + LATE) == []


def test_a_subscriber_who_leaves_and_returns_gets_no_letter_again() -> None:
    letter(0)
    subscription = reader("anna@reader.example", NOW + HOUR)
    assert len(sent(NOW + HOUR)) == 1
    preferences.unsubscribe(subscription.pk, NOW + DAY)
    Subscription.objects.filter(pk=subscription.pk).update(state=Subscription.State.ACTIVE, welcome_from=NOW + 2 * DAY)
    assert sent(NOW + 2 * DAY) == []


def test_a_change_is_sent_once_it_is_approved_and_never_to_those_who_had_the_letter() -> None:
    first = letter(0, "First")
    reader("anna@reader.example", NOW + HOUR)
    sent(NOW + HOUR)
    draft = welcome_series.revise(config.current(), first, now=NOW + DAY)
    reader("ola@reader.example", NOW + DAY)
    assert sent(NOW + DAY) == [("kinaforum/welcome-1", "ola@reader.example")]
    _approved(draft, NOW + 2 * DAY)
    reader("kari@reader.example", NOW + 3 * DAY)
    assert sent(NOW + 3 * DAY) == [("kinaforum/welcome-1.2", "kari@reader.example")]


def test_a_letter_that_is_changed_has_one_draft() -> None:
    first = letter(0)
    one = welcome_series.revise(config.current(), first, now=NOW + DAY)
    assert welcome_series.revise(config.current(), first, now=NOW + 2 * DAY) == one


def test_a_draft_of_the_series_keeps_its_posts_when_an_edition_with_them_is_approved() -> None:
    collected_before()
    collected(found("a"))
    of_series = welcome_series.add(config.current(), kinaforum(), 0, now=NOW)
    include(config.current(), of_series, "", None, post("a").pk, NOW)
    assert inside(approved()) == inside(of_series) == ["Post a"]


def test_a_removed_letter_goes_to_nobody() -> None:
    first = letter(0)
    reader("anna@reader.example", NOW + HOUR)
    welcome_series.remove(first, now=NOW + HOUR)
    assert sent(NOW + HOUR) == []


def test_a_paused_letter_waits() -> None:
    letter(0)
    reader("anna@reader.example", NOW + HOUR)
    sent(NOW + HOUR)
    edition = Edition.objects.get(period="welcome-1")
    Edition.objects.filter(pk=edition.pk).update(state=State.PAUSED)
    reader("ola@reader.example", NOW + DAY)
    assert sent(NOW + DAY) == []
    lifecycle.resume(Edition.objects.get(pk=edition.pk), now=NOW + DAY)
    assert sent(NOW + DAY) == [("kinaforum/welcome-1", "ola@reader.example")]


def test_a_series_has_at_most_five_letters() -> None:
    for days in range(5):
        letter(days)
    with pytest.raises(Impossible, match="at most 5"):
        letter(9)


@pytest.mark.parametrize("days", [-1, 366])
def test_a_distance_is_at_most_a_year(days: int) -> None:
    with pytest.raises(Impossible, match="0 to 365"):
        letter(days)


def test_two_letters_have_different_distances() -> None:
    letter(3)
    with pytest.raises(Impossible, match="another number of days"):
        letter(3)


def test_a_new_distance_leaves_out_who_passed_it() -> None:
    first = letter(7)
    reader("anna@reader.example", NOW + HOUR)
    reader("ola@reader.example", NOW + 4 * DAY)
    welcome_series.set_days(first, 2, now=NOW + 5 * DAY)
    assert sent(NOW + 8 * DAY) == [("kinaforum/welcome-1", "ola@reader.example")]


def test_a_welcome_letter_can_not_be_sent_by_hand() -> None:
    letter(0)
    with pytest.raises(NotAllowed, match="when it is due"):
        approval.queue(config.current(), Edition.objects.get(period="welcome-1"), now=NOW)


def test_the_archive_does_not_list_it() -> None:
    letter(0)
    reader("anna@reader.example", NOW + HOUR)
    sent(NOW + HOUR)
    assert archive.listed("kinaforum") == []
    assert archive.public_edition("kinaforum", "welcome-1") is not None


def test_the_ledger_is_deleted_with_the_person() -> None:
    letter(0)
    subscription = reader("anna@reader.example", NOW + HOUR)
    sent(NOW + HOUR)
    subscription.subscriber.delete()
    assert not WelcomeMail.objects.exists()


def test_a_letter_of_the_series_is_not_corrected() -> None:
    letter(0)
    reader("anna@reader.example")
    sent(NOW + HOUR)
    with pytest.raises(Impossible, match="belongs to a welcome series"):
        draft.correct(config.current(), Edition.objects.get(period="welcome-1"), now=NOW + DAY)
