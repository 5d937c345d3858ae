"""What deliveries keep of a person: handed over when they ask, without their address once they are forgotten."""

from datetime import timedelta

import pytest

from newsletter.models import Became, Bounce, Delivery, Edition, Result
from subscribers import preferences
from subscribers.addresses import read_address
from subscribers.models import Letter, Subscriber, Suppression
from tests.jobs import outbox_samples as samples

pytestmark = pytest.mark.django_db
SAID = "R2 is no mailbox here, says r2@reader.example; r22 is"


@pytest.fixture
def edition() -> Edition:
    """Sent to three, of whom the second was refused and came back too."""
    edition = samples.sending(3)
    common = {"edition": edition, "number": 2, "status": "5.1.1", "text": SAID}
    Result.objects.create(**common, attempt=1, kind=Became.REFUSED, at=0.0)
    Result.objects.create(edition=edition, number=1, attempt=1, kind=Became.ACCEPTED, at=0.0)
    Bounce.objects.create(**common, kind=Bounce.Kind.HARD, mail="x", at=samples.NOW)
    return edition


def test_the_data_say_what_was_sent_and_what_came_back(edition: Edition) -> None:
    data = preferences.data_of(Subscriber.objects.get(key="r2@reader.example"))
    assert edition.began_at is not None
    began = edition.began_at.isoformat()
    assert data["deliveries"] == [{"edition": edition.name, "began_at": began, "state": "refused", "text": SAID}]
    assert [(b["edition"], b["kind"], b["text"]) for b in data["bounces"]] == [(edition.name, "hard", SAID)]
    waiting = preferences.data_of(Subscriber.objects.get(key="r3@reader.example"))
    assert [(d["state"], d["text"]) for d in waiting["deliveries"]] == [("pending", "")]


def test_what_servers_said_names_nobody_who_was_forgotten(edition: Edition) -> None:
    preferences.forget(read_address("r2@reader.example"))
    without = "… is no mailbox here, says …; r22 is"
    assert Result.objects.get(number=2).text == Bounce.objects.get().text == without
    assert Delivery.objects.filter(edition=edition).count() == 3, "numbers stay, so that counts do"


def test_forgetting_takes_what_others_and_editors_wrote_about_the_address(edition: Edition) -> None:
    """Somebody who wanted to move there, and a note beside a suppression that weighs more than erasing."""
    other = Subscriber.objects.get(key="r1@reader.example")
    preferences.ask_to_move(other, read_address("R2@reader.example"), samples.NOW - timedelta(days=1))
    Suppression.objects.suppress("r2@reader.example", Suppression.Reason.BY_HAND, note="r2 rang up")
    preferences.forget(read_address("r2@reader.example"))
    assert not Letter.objects.exists()
    assert [(s.reason, s.note) for s in Suppression.objects.all()] == [("by hand", "")]
