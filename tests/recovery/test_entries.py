"""Who leaves, is erased or blocked is in the recovery log, without an address, and is applied to an older copy."""

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.test import override_settings

from newsletter import config
from newsletter.backup import replay
from newsletter.delivery.journal import JournalError
from newsletter.editions import public_editions
from newsletter.models import Chunk, Delivery, Edition, State, WelcomeLetter, WelcomeMail
from newsletter.recovery import entries, log
from newsletter.sending.enrolling import enroll_due
from subscribers import admin_actions, erasure, preferences
from subscribers.addresses import Address
from subscribers.models import Subscriber, Subscription, Suppression
from tests.sending import outbox_samples as samples

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 2, 6, 17, tzinfo=UTC)
HOUR = timedelta(hours=1)


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
    erasure.forget(Address("b@reader.example", "b@reader.example"))
    admin_actions.suppress("c@reader.example")
    records = log.read([place])
    assert {record.kind for record in records} == {entries.LEFT, entries.ERASED, entries.BLOCKED}
    assert "@" not in "".join(path.read_text() for path in place.glob("*.log"))

    Suppression.objects.all().delete()
    with log.suspended():
        admin_actions.suppress("c@reader.example", Suppression.Reason.BOUNCED)
    Subscription.objects.update(state="active", unsubscribed_at=None)
    person = Subscriber.objects.named("b@reader.example", "b@reader.example")
    again = Subscriber(pk=erased.subscriber_id, address="b@again.example", key="b@again.example", created=NOW)
    person.delete()
    for field, value in Subscriber.hashed(again.key).items():
        setattr(again, field, value)
    again.save(force_insert=True)
    with log.suspended():
        replay._in_order(records, config.current())
        replay._erase(records)
    assert Subscription.objects.get(pk=left.pk).state == "unsubscribed"
    assert not Subscriber.objects.filter(pk=erased.subscriber_id).exists()
    assert Suppression.objects.suppressed(["c@reader.example"]) == {"c@reader.example": "by hand"}
    assert Subscription.objects.get(pk=blocked.pk).state == "active"
    assert len(log.read([place])) == len(records), "nothing is written while the log is applied"


def test_an_edition_that_began_is_made_again_with_its_content_and_audience(place: Path) -> None:
    edition = samples.sending(5)
    records = log.read([place])
    content = bytes(edition.approved_content.segments)
    audience = list(edition.deliveries.order_by("number").values_list("subscription_id", flat=True))
    Edition.objects.all().delete()
    replay._in_order(records, config.current())
    again = Edition.objects.get()
    assert (again.pk, again.name, again.state, again.audience) == (edition.pk, edition.name, State.SENDING, 5)
    assert bytes(again.approved_content.segments) == content
    assert list(again.deliveries.order_by("number").values_list("subscription_id", flat=True)) == audience


def welcome_letter() -> WelcomeLetter:
    """A letter of the welcome series that is sent at once, and two readers who are due."""
    letter = WelcomeLetter.objects.create(newsletter="kinaforum", number=1, days=0, created_at=NOW, since=NOW - HOUR)
    samples.queued("welcome-1", state=State.APPROVED, due_at=None, welcome=letter, standalone=True, approved_at=NOW)
    samples.subscribers(2)
    Subscription.objects.update(welcome_from=NOW)
    return letter


def test_a_welcome_letter_sent_since_the_backup_is_not_sent_again(place: Path) -> None:
    welcome_letter()
    enroll_due(config.current(), NOW)
    records = log.read([place])
    Delivery.objects.all().delete(), WelcomeMail.objects.all().delete()
    Edition.objects.update(state=State.APPROVED, audience=None, began_at=None)
    replay.replay_welcomed(records)
    edition = Edition.objects.get()
    assert (edition.audience, edition.state) == (2, State.SENDING)
    assert edition.deliveries.count() == WelcomeMail.objects.count() == 2
    assert enroll_due(config.current(), NOW) == 0


def test_welcome_letters_in_the_backup_are_not_added_again(place: Path) -> None:
    welcome_letter()
    enroll_due(config.current(), NOW)
    replay.replay_welcomed(log.read([place]))
    assert (Edition.objects.get().audience, WelcomeMail.objects.count()) == (2, 2)


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
    assert len(box.begin(batch).recipients) == 5
    assert [record.kind for record in log.read([place])] == [entries.BEGUN]


@pytest.mark.django_db(transaction=True)
def test_choices_are_applied_to_an_older_copy_in_their_order(place: Path) -> None:
    kari, ola, gone = samples.subscribe(["a@reader.example", "b@reader.example", "c@reader.example"])
    preferences.choose_cadence(kari, "day")
    preferences.choose_topics(kari, ["film", "books"], NOW)
    preferences.pause(kari, date(2026, 3, 1))
    preferences.choose_cadence(kari, "month")
    preferences.pause(ola, date(2026, 3, 1))
    preferences.pause(ola, None)
    preferences.choose_cadence(gone, "day")
    records = log.read([place])
    assert {record.kind for record in records} == {entries.CHOSEN}

    Subscription.objects.update(cadence="", topics="", paused_until=None)
    Subscription.objects.filter(pk=ola.pk).update(paused_until=date(2026, 2, 20))
    Subscription.objects.filter(pk=gone.pk).delete()
    with log.suspended():
        replay._in_order(records, config.current())
    found = Subscription.objects.order_by("pk").values_list("pk", "cadence", "topics", "paused_until")
    assert list(found) == [(kari.pk, "month", "books,film", date(2026, 3, 1)), (ola.pk, "", "", None)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("returned", [False, True])
def test_an_edition_removed_since_the_backup_is_removed_again(place: Path, returned: bool) -> None:
    edition = samples.sending(1)
    Edition.objects.update(published_at=NOW)
    public_editions.remove(edition, now=NOW)
    if returned:
        public_editions.restore(edition, now=NOW)
    Edition.objects.update(removed_from_archive_at=NOW if returned else None)
    for record in log.read([place]):
        if record.kind == entries.ARCHIVE:
            replay._archive(record)
    assert Edition.objects.get().removed_from_archive_at == (None if returned else NOW)
