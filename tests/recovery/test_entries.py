"""Who leaves, is erased or blocked is in the recovery log, without an address, and is applied to an older copy."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import override_settings

from newsletter.backup import replay
from newsletter.delivery.journal import JournalError
from newsletter.models import Chunk, Edition, State
from newsletter.recovery import entries, log
from subscribers import admin_actions, preferences
from subscribers.addresses import Address
from subscribers.models import Subscriber, Subscription, Suppression
from tests.sending import outbox_samples as samples

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 2, 6, 17, tzinfo=UTC)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """Let the log be in this folder."""
    folder = tmp_path / "recovery-log"
    with override_settings(RECOVERY_LOG=str(folder)):
        yield folder


@pytest.mark.django_db(transaction=True)
def test_departures_erasures_and_blocks_are_applied_to_an_older_copy(place: Path) -> None:
    left, erased, blocked = samples.subscribe(["a@reader.example", "b@reader.example", "c@reader.example"])
    preferences.unsubscribe_all([left.pk], NOW)
    preferences.forget(Address("b@reader.example", "b@reader.example"))
    admin_actions.suppress("c@reader.example")
    records = log.read([place])
    assert {record.kind for record in records} == {entries.LEFT, entries.ERASED, entries.BLOCKED}
    assert "@" not in "".join(path.read_text() for path in place.glob("*.log"))

    Suppression.objects.all().delete()
    Subscription.objects.update(state="active", unsubscribed_at=None)
    person = Subscriber.objects.named("b@reader.example", "b@reader.example")
    again = Subscriber(pk=erased.subscriber_id, address="b@again.example", key="b@again.example", created=NOW)
    person.delete()
    for field, value in Subscriber.hashed(again.key).items():
        setattr(again, field, value)
    again.save(force_insert=True)
    with log.suspended():
        replay._people(records)
    assert Subscription.objects.get(pk=left.pk).state == "unsubscribed"
    assert not Subscriber.objects.filter(pk=erased.subscriber_id).exists()
    assert "c@reader.example" in Suppression.objects.suppressed(["c@reader.example"])
    assert Subscription.objects.get(pk=blocked.pk).state == "active"
    assert len(log.read([place])) == len(records), "nothing is written while the log is applied"


def test_an_edition_that_began_is_made_again_with_its_content_and_audience(place: Path) -> None:
    edition = samples.sending(5)
    records = log.read([place])
    content = bytes(edition.approved_content.segments)
    audience = list(edition.deliveries.order_by("number").values_list("subscription_id", flat=True))
    Edition.objects.all().delete()
    replay._editions(records)
    again = Edition.objects.get()
    assert (again.pk, again.name, again.state, again.audience) == (edition.pk, edition.name, State.SENDING, 5)
    assert bytes(again.approved_content.segments) == content
    assert list(again.deliveries.order_by("number").values_list("subscription_id", flat=True)) == audience


def test_a_log_that_cannot_be_written_leaves_the_chunk_unbegun(place: Path) -> None:
    samples.sending(5)
    box = samples.outbox()
    batch = box.next(500)
    shutil.rmtree(place)
    place.touch()
    with pytest.raises(JournalError, match=r"the recovery log .* can't be written"):
        box.begin(batch)
    assert Chunk.objects.get().begun_at is None
    place.unlink()
    assert len(box.begin(batch).readers) == 5
    assert [record.kind for record in log.read([place])] == [entries.BEGUN]
