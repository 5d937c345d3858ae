"""Refused deliveries that no mailbox caused are made again when sending is resumed, each once; others are not."""

from pathlib import Path

import pytest
from django.utils import timezone

from newsletter import config
from newsletter.backup.replayed_sending import DeliveryLog, apply_deliveries
from newsletter.bounces import policy
from newsletter.config import DeliverySettings
from newsletter.domain.outcome import Fault, Outcome, OutcomeKind
from newsletter.editions.states import NotAllowed
from newsletter.messages import Message, sending as messages
from newsletter.models import Act, Bounce, Chunk, Edition, Notice, Result, Retry, State
from newsletter.sending import journals, lifecycle, progress, refusals, resending
from subscribers.models import Suppression
from tests.sending import outbox_samples as samples
from tests.sending.test_journals import BOOT, NAME, Process

pytestmark = pytest.mark.django_db
REASON: Message = messages.TOO_MANY_REFUSALS(refused=10, tried=10, reply="552 no")


@pytest.fixture(autouse=True)
def one_boot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "boot_id", lambda: BOOT)


def refused(number: int, fault: Fault = Fault.POLICY, attempt: int = 1) -> Outcome:
    return samples.outcome(number, OutcomeKind.REFUSED, attempt, fault=fault, code=552)


def send(*outcomes: Outcome) -> Edition:
    """Return an edition of which the first deliveries have these outcomes, and one more has none."""
    edition = samples.sending(len(outcomes) + 1)
    _settle(edition, *outcomes)
    return edition


def _settle(edition: Edition, *outcomes: Outcome) -> None:
    box = samples.outbox()
    batch = box.begin(samples.claim(box, len(outcomes)))
    box.settle(edition.name, batch.chunk, outcomes, finished=True)


def paused(*outcomes: Outcome) -> Edition:
    edition = send(*outcomes)
    lifecycle.pause_automatically(edition.name, REASON)
    edition.refresh_from_db()
    return edition


def attempts_of_the_rest(edition: Edition) -> dict[int, int]:
    """Let every pending delivery be accepted, and return their attempts by number."""
    box, attempts = samples.outbox("rest.journal"), dict[int, int]()
    while batch := box.next(100):
        batch = box.begin(batch)
        some = {recipient.number: recipient.attempt for recipient in batch.recipients}
        assert not attempts.keys() & some.keys()
        attempts |= some
        accepted = [samples.outcome(number, attempt=attempt) for number, attempt in some.items()]
        box.settle(edition.name, batch.chunk, accepted, finished=True)
    lifecycle.complete([samples.NEWSLETTER], timezone.now())
    return attempts


@pytest.mark.parametrize("fault", [Fault.POLICY, Fault.CONTENT, Fault.CONNECTION, Fault.EXPIRED])
def test_what_led_to_the_pause_is_sent_again_when_it_is_resumed(fault: Fault) -> None:
    edition = paused(*[refused(number, fault) for number in range(1, 11)])
    lifecycle.resume(edition, by="kari@example.org", expected=10)
    counted = progress.counts(edition)
    assert (counted.refused, counted.pending) == (0, 11)
    assert attempts_of_the_rest(edition) == {**dict.fromkeys(range(1, 11), 2), 11: 1}
    assert (progress.counts(edition).accepted, progress.counts(edition).state) == (11, State.SENT)
    assert Act.objects.get(what__code="act.resumed").after == {"count": 10}


def test_mailboxes_that_are_gone_or_full_are_not_sent_to_again() -> None:
    accepted = [samples.outcome(number) for number in range(1, 4)]
    edition = paused(*accepted, refused(4, Fault.RECIPIENT), refused(5, Fault.MAILBOX), refused(6))
    lifecycle.resume(edition)
    assert attempts_of_the_rest(edition) == {6: 2, 7: 1}
    assert progress.counts(edition).refused == 2


def test_mailboxes_are_not_to_blame_if_more_of_them_are_refused_than_accepted() -> None:
    edition = paused(samples.outcome(1), *[refused(number, Fault.RECIPIENT) for number in range(2, 7)])
    lifecycle.resume(edition)
    assert attempts_of_the_rest(edition) == {**dict.fromkeys(range(2, 7), 2), 7: 1}


def test_an_editor_can_leave_the_refused_ones_and_send_to_them_later() -> None:
    edition = paused(refused(1), refused(2))
    lifecycle.resume(edition, leave_refused=True)
    assert attempts_of_the_rest(edition) == {3: 1}
    edition.refresh_from_db()
    assert resending.missed(edition) == resending.Missed(skipped=0, refused=2)
    assert resending.send_to_missed(config.current(), edition, expected=2) == 2
    assert attempts_of_the_rest(edition) == {1: 2, 2: 2}
    with pytest.raises(NotAllowed, match="nobody is left to send kinaforum/2026-W06 to"):
        resending.send_to_missed(config.current(), edition)


def test_refusals_that_are_too_few_for_a_pause_are_told_and_can_be_sent_again() -> None:
    edition = send(samples.outcome(1), refused(2))
    attempts_of_the_rest(edition)
    assert "1 email was refused for a reason other than the subscriber's mailbox" in str(Notice.objects.get().text)
    edition.refresh_from_db()
    assert resending.missed(edition).refused == 1


def test_a_second_pause_counts_only_what_is_refused_still() -> None:
    edition = paused(refused(1), refused(2))
    lifecycle.resume(edition)
    _settle(edition, samples.outcome(1, attempt=2), refused(2, attempt=2))
    lifecycle.pause_automatically(edition.name, REASON)
    edition.refresh_from_db()
    assert refusals.refused_to_send(edition) == 1
    lifecycle.resume(edition)
    assert attempts_of_the_rest(edition) == {2: 3, 3: 1}


def test_the_number_must_be_the_one_that_was_shown() -> None:
    edition = paused(refused(1), refused(2))
    with pytest.raises(lifecycle.RefusedCountChanged, match="now has 2 refused emails to send again, not 1"):
        lifecycle.resume(edition, expected=1)
    edition.refresh_from_db()
    assert (edition.state, progress.counts(edition).refused) == (State.PAUSED, 2)


def test_a_journal_that_is_read_late_does_not_take_the_retry_away(tmp_path: Path) -> None:
    edition = samples.sending(2)
    process = Process(tmp_path)
    batch = process.begin(process.claim())
    process.send(batch, 1, OutcomeKind.REFUSED)
    process.box.settle(batch.edition, batch.chunk, [refused(1)], finished=False)
    lifecycle.pause_automatically(edition.name, REASON)
    lifecycle.resume(Edition.objects.get(), expected=1)
    process.die()
    journals.settle_orphans(tmp_path, NAME, DeliverySettings())
    assert attempts_of_the_rest(edition) == {1: 2, 2: 1}
    assert progress.counts(edition).accepted == 2


def test_an_outage_of_the_server_counts_against_no_mailbox() -> None:
    edition = send(*[refused(number, Fault.EXPIRED) for number in range(1, 13)])
    attempts_of_the_rest(edition)
    assert policy.count_refusals(config.current(), samples.NOW) == 0
    assert not Bounce.objects.exists()
    assert not Suppression.objects.exists()


def test_a_bounce_that_was_counted_is_forgotten_when_the_email_is_sent_again() -> None:
    edition = send(samples.outcome(1), samples.outcome(2), refused(3, Fault.EXPIRED))
    attempts_of_the_rest(edition)
    policy.count_refusals(config.current(), samples.NOW)
    assert Bounce.objects.count() == 1
    edition.refresh_from_db()
    resending.send_to_missed(config.current(), edition, expected=1)
    assert not Bounce.objects.exists()


def test_after_a_restore_without_the_log_nothing_that_may_have_been_sent_is_sent_again() -> None:
    edition = paused(refused(1), refused(2))
    apply_deliveries({}, DeliverySettings(), timezone.now(), everything=True)
    assert refusals.refused_to_send(edition) == 0
    assert progress.counts(edition).unknown == 1


def test_after_a_restore_an_attempt_that_was_begun_again_is_unconfirmed() -> None:
    edition = paused(refused(1), refused(2))
    delivery_log = DeliveryLog()
    delivery_log.add_begun(Chunk.objects.latest("pk").pk + 1, [(1, 1, 2)])
    apply_deliveries({edition.name: delivery_log}, DeliverySettings(), timezone.now(), everything=False)
    assert list(Result.objects.filter(kind="unknown").values_list("number", "attempt")) == [(1, 2)]
    assert refusals.refused_to_send(edition) == 1
    assert not Retry.objects.filter(number=1).exists()
