"""Personal data in deliveries: exported on request, and without the address after the person is erased."""

from datetime import timedelta

import pytest

from newsletter.models import Bounce, Delivery, DeliveryStatus, Edition, Job, Result
from subscribers import erasure, personal_data, preferences
from subscribers.addresses import read_address
from subscribers.models import Subscriber, Suppression, TransactionalEmail
from tests.sending import outbox_samples as samples

pytestmark = pytest.mark.django_db
SAID = "R2 is no mailbox here, says r2@reader.example; r22 is"


@pytest.fixture
def edition() -> Edition:
    """Return an edition sent to three subscribers, of whom the second was refused and also bounced."""
    edition = samples.sending(3)
    common = {"edition": edition, "number": 2, "status": "5.1.1", "text": SAID}
    Result.objects.create(**common, attempt=1, kind=DeliveryStatus.REFUSED, at=0.0)
    Result.objects.create(edition=edition, number=1, attempt=1, kind=DeliveryStatus.ACCEPTED, at=0.0)
    Bounce.objects.create(**common, kind=Bounce.Kind.HARD, mail="x", at=samples.NOW)
    return edition


def test_the_data_contain_deliveries_and_bounces(edition: Edition) -> None:
    data = personal_data.personal_data_of(Subscriber.objects.get(key="r2@reader.example"))
    assert edition.began_at is not None
    began = edition.began_at.isoformat()
    assert data["deliveries"] == [{"edition": edition.name, "began_at": began, "state": "refused", "text": SAID}]
    assert [(b["edition"], b["kind"], b["text"]) for b in data["bounces"]] == [(edition.name, "hard", SAID)]
    waiting = personal_data.personal_data_of(Subscriber.objects.get(key="r3@reader.example"))
    assert [(d["state"], d["text"]) for d in waiting["deliveries"]] == [("pending", "")]


def test_server_replies_do_not_name_people_who_were_erased(edition: Edition) -> None:
    erasure.forget(read_address("r2@reader.example"))
    without = "… is no mailbox here, says …; r22 is"
    assert Result.objects.get(number=2).text == Bounce.objects.get().text == without
    assert Delivery.objects.filter(edition=edition).count() == 3, "numbers stay, so that counts do"


def test_the_result_of_a_job_does_not_name_people_who_were_erased(edition: Edition) -> None:
    told = [[2, "R2 <R2@reader.example>", {}, ""], [3, "r3@reader.example", {}, ""]]
    job = Job.objects.create(
        kind="import-preview", about="kinaforum", by="", order={}, result={"told": told, "incomplete": told, "place": 3}
    )
    erasure.forget(read_address("r2@reader.example"))
    job.refresh_from_db()
    others = [[3, "r3@reader.example", {}, ""]]
    assert job.result == {"told": others, "incomplete": others, "place": 3}


def test_erasing_removes_the_address_from_other_peoples_data_and_notes(edition: Edition) -> None:
    """Another person's change of address to it, and a note at a suppression that outlives the erasure."""
    other = Subscriber.objects.get(key="r1@reader.example")
    preferences.request_address_change(other, read_address("R2@reader.example"), samples.NOW - timedelta(days=1))
    Suppression.objects.suppress("r2@reader.example", Suppression.Reason.BY_HAND, note="r2 rang up")
    erasure.forget(read_address("r2@reader.example"))
    assert not TransactionalEmail.objects.exists()
    assert [(s.reason, s.note) for s in Suppression.objects.all()] == [("by hand", "")]
