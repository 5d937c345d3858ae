"""Promise 12: an edition of which emails are due and nothing happens is stalled, and one that may not go on isn't."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from newsletter import config
from newsletter.config import Config, DomainPace, Rate, WarmUp
from newsletter.domain.outcome import OutcomeKind
from newsletter.messages import delivery as messages
from newsletter.models import Chunk, Edition, Hold, Retry, Tally
from newsletter.sending import lifecycle
from newsletter.sending.outbox import Outbox
from newsletter.sending.safeguards.stalls import stalls
from newsletter.sending.sql import database
from tests.sending import outbox_samples as samples

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def begun(recipients: int) -> Edition:
    """An edition that is being sent from now on."""
    edition = samples.sending(recipients)
    Edition.objects.update(began_at=timezone.now())
    return edition


def with_delivery(**settings: object) -> Config:
    found = config.current()
    return replace(found, delivery=replace(found.delivery, **settings))


def codes(configuration: Config | None = None, after: timedelta = 4 * MINUTE) -> list[str]:
    """The codes of what is said this long from now."""
    return [each.message.code for each in stalls(configuration or config.current(), timezone.now() + after)]


def one_settled(box: Outbox, edition: Edition, kind: OutcomeKind, **more: object) -> None:
    """Claim all subscribers, and record an outcome of the first one."""
    batch = box.begin(samples.claim(box, 500))
    box.settle(edition.name, batch.chunk, [samples.outcome(batch.recipients[0].number, kind, **more)], finished=False)


def test_an_edition_that_was_claimed_and_of_which_nothing_happens() -> None:
    edition = begun(5)
    one_settled(samples.outbox(), edition, OutcomeKind.ACCEPTED)
    assert codes(after=2 * MINUTE) == []
    assert codes() == ["sending.stalled"]
    (found,) = stalls(config.current(), timezone.now() + 4 * MINUTE)
    assert "4 emails have been due" in str(found.message)


def test_an_edition_that_nobody_claims() -> None:
    begun(5)
    assert codes(after=2 * MINUTE) == []
    assert codes() == ["sending.stalled"]


def test_one_that_is_due_and_not_begun() -> None:
    samples.queued(due_at=timezone.now())
    assert codes(after=2 * MINUTE) == []
    assert codes() == ["sending.not-begun"]


def test_one_that_is_scheduled_for_later_or_waits_for_a_reason_is_not_stalled() -> None:
    samples.queued(due_at=timezone.now() + timedelta(hours=1))
    samples.queued("2026-W07", due_at=timezone.now(), waiting=messages.NOT_NOW())
    assert codes() == []


@pytest.mark.parametrize("kind", [OutcomeKind.ACCEPTED, OutcomeKind.REFUSED, OutcomeKind.DEFERRED])
def test_each_outcome_that_a_server_gave_is_progress(kind: OutcomeKind) -> None:
    edition = begun(5)
    Edition.objects.update(began_at=timezone.now() - timedelta(hours=1))
    assert codes(after=MINUTE) == ["sending.stalled"]
    one_settled(samples.outbox(), edition, kind, code=451)
    assert codes(after=2 * MINUTE) == []


def test_a_lost_reply_is_no_progress() -> None:
    edition = begun(5)
    Edition.objects.update(began_at=timezone.now() - timedelta(hours=1))
    one_settled(samples.outbox(), edition, OutcomeKind.UNKNOWN)
    assert codes(after=MINUTE) == ["sending.stalled"]


def test_a_paused_edition_is_not_stalled_and_has_three_minutes_once_it_is_resumed() -> None:
    edition = begun(5)
    Edition.objects.update(began_at=timezone.now() - timedelta(hours=1))
    lifecycle.pause(edition)
    assert codes() == []
    lifecycle.resume(edition)
    assert codes(after=2 * MINUTE) == []
    assert codes() == ["sending.stalled"]


def test_a_newsletter_that_is_paused_has_no_stalled_edition() -> None:
    begun(5)
    found = config.current()
    newsletters = {name: replace(each, status="paused") for name, each in found.newsletters.items()}
    assert codes(replace(found, newsletters=newsletters)) == []


def test_a_restored_database_waits() -> None:
    begun(5)
    Hold.objects.create(made_at=timezone.now(), since=timezone.now(), reason=messages.NOT_NOW())
    assert codes() == []


def test_a_warm_up_plan_that_is_used_up_for_today_forbids_more(monkeypatch: pytest.MonkeyPatch) -> None:
    noon = datetime(2026, 2, 7, 12, 0, tzinfo=UTC)
    monkeypatch.setattr(database, "now", lambda: noon)
    edition = samples.sending(5)
    Tally.objects.create(edition=edition, at=noon, accepted=2)
    used_up, left = (with_delivery(warm_up=WarmUp(first_day=count, growth=1.0)) for count in (2, 4))
    assert stalls(used_up, noon + 4 * MINUTE) == []
    assert [each.since for each in stalls(left, noon + 4 * MINUTE)] == [noon]
    monkeypatch.setattr(database, "now", lambda: noon + timedelta(days=1))
    midnight = datetime(2026, 2, 8, tzinfo=UTC)
    assert [each.since for each in stalls(used_up, noon + timedelta(days=1))] == [midnight]


TEN_AN_HOUR = Rate(10, 3600)


@pytest.mark.parametrize("settings", [{"rate": TEN_AN_HOUR}, {"domains": {"a.example": DomainPace(rate=TEN_AN_HOUR)}}])
def test_a_slow_rate_adds_the_time_between_two_emails(settings: dict[str, object]) -> None:
    begun(5)
    assert codes(with_delivery(**settings), after=8 * MINUTE) == []
    assert codes(with_delivery(**settings), after=10 * MINUTE) == ["sending.stalled"]


def test_a_retry_counts_from_when_it_is_due() -> None:
    edition = begun(1)
    box = samples.outbox()
    batch = box.begin(samples.claim(box, 1))
    deferred = samples.outcome(batch.recipients[0].number, OutcomeKind.DEFERRED, code=451, text="later")
    box.settle(edition.name, batch.chunk, [deferred], finished=True)
    Retry.objects.update(due=timezone.now() + timedelta(hours=1))
    assert "sending.stalled" not in codes(after=59 * MINUTE)
    assert "sending.stalled" not in codes(after=62 * MINUTE)
    assert "sending.stalled" in codes(after=64 * MINUTE)


def all_deferred(recipients: int, accepted: int = 0) -> Edition:
    edition = begun(recipients)
    box = samples.outbox()
    batch = box.begin(samples.claim(box, recipients))
    outcomes = [
        samples.outcome(recipient.number, OutcomeKind.DEFERRED, code=451, status="4.3.0", text="try again later")
        if index >= accepted
        else samples.outcome(recipient.number, OutcomeKind.ACCEPTED)
        for index, recipient in enumerate(batch.recipients)
    ]
    box.settle(edition.name, batch.chunk, outcomes, finished=True)
    Retry.objects.update(due=timezone.now() + timedelta(hours=1))
    return edition


def test_an_edition_that_a_server_defers_as_a_whole_is_told_with_its_reply() -> None:
    all_deferred(4)
    assert codes(after=2 * MINUTE) == []
    (found,) = stalls(config.current(), timezone.now() + 4 * MINUTE)
    assert "4 of 4 emails are deferred, the latest with: 451 4.3.0 try again later" in str(found.message)


def test_a_few_deferred_emails_of_many_are_usual() -> None:
    all_deferred(9, accepted=5)
    assert codes() == []


def test_one_of_which_nothing_is_accepted_is_told_before_half_of_it_is_deferred() -> None:
    edition = begun(10)
    Tally.objects.create(edition=edition, at=timezone.now(), deferred=1)
    assert codes(after=2 * MINUTE) == []
    assert "sending.all-deferred" in codes()


def test_one_that_counts_as_sent_but_is_mostly_deferred_is_told_before_its_retries_are_due() -> None:
    all_deferred(9, accepted=1)
    Edition.objects.update(state="sent")
    assert codes() == ["sending.all-deferred"]


def test_the_time_until_a_throttled_service_defers_the_first_email_counts() -> None:
    edition = begun(10)
    Edition.objects.update(began_at=timezone.now() - 2 * MINUTE)
    Tally.objects.create(edition=edition, at=timezone.now(), deferred=1)
    assert "sending.all-deferred" in codes(after=MINUTE + JUST_NOW)


def slow(audience: int, tried: int, minutes: int = 4) -> Edition:
    """An edition that began some minutes ago, of which emails were accepted evenly since, the last just now."""
    edition = begun(audience)
    now = timezone.now()
    Edition.objects.update(began_at=now - minutes * MINUTE)
    step = minutes * MINUTE / tried
    Tally.objects.bulk_create(Tally(edition=edition, at=now - step * index, accepted=1) for index in range(tried))
    return edition


JUST_NOW = timedelta(seconds=1)


def test_an_edition_that_a_server_takes_slowly_is_told() -> None:
    slow(300, 4)
    (slow_edition,) = stalls(config.current(), timezone.now() + JUST_NOW)
    assert "kinaforum/2026-W06 will take longer than twice what was planned" in str(slow_edition.message)


def test_a_configured_rate_is_the_plan() -> None:
    slow(300, 160)
    assert codes(after=JUST_NOW) == []
    assert codes(with_delivery(rate=Rate(20, 60)), after=JUST_NOW) == []
    assert codes(with_delivery(rate=Rate(2, 1)), after=JUST_NOW) == ["sending.slow"]
    paced = {"rate": Rate(2, 1), "domains": {"a.example": DomainPace(rate=Rate(20, 60))}}
    assert codes(with_delivery(**paced), after=JUST_NOW) == []


def test_the_end_of_an_edition_that_went_well_is_not_slow() -> None:
    edition = slow(300, 4)
    Tally.objects.create(edition=edition, at=timezone.now() - 30 * MINUTE, accepted=296)
    assert codes(after=JUST_NOW) == []


def test_two_editions_at_once_take_twice_as_long() -> None:
    slow(300, 80)
    assert codes(after=JUST_NOW) == ["sending.slow"]
    samples.queued("2026-W07", due_at=timezone.now())
    assert codes(after=JUST_NOW) == []


def test_one_that_is_resumed_has_three_minutes_to_be_fast() -> None:
    edition = slow(300, 4)
    lifecycle.pause(edition)
    lifecycle.resume(edition)
    assert codes(after=2 * MINUTE) == []


def test_an_edition_of_which_all_is_deferred_is_not_sent_yet() -> None:
    edition = all_deferred(3)
    assert lifecycle.complete(config.current().active, timezone.now()) == []
    edition.refresh_from_db()
    assert edition.state == "sending"
    assert lifecycle.waits_for_retries(edition)
    assert not Chunk.objects.filter(closed_at=None).exists()


def test_an_edition_of_which_one_was_accepted_is_sent() -> None:
    edition = all_deferred(3, accepted=1)
    assert [each.name for each in lifecycle.complete(config.current().active, timezone.now())] == [edition.name]
