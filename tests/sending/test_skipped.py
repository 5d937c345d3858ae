"""An edition is sent to those who were skipped, and to nobody twice, whatever was killed and unconfirmed meanwhile."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings, strategies as st

from newsletter import config
from newsletter.config import DeliverySettings
from newsletter.domain.batch import Batch
from newsletter.domain.outcome import OutcomeKind
from newsletter.editions.states import NotAllowed
from newsletter.models import Act, Chunk, Delivery, Edition, Result, Retry, State
from newsletter.sending import journals, lifecycle, progress, resending, unknown_deliveries
from subscribers.models import Subscription
from tests.examples import examples
from tests.sending import outbox_samples as samples
from tests.sending.test_journals import BOOT, NAME, Process

pytestmark = pytest.mark.django_db
HERE = [samples.NEWSLETTER]
READERS = 6


@pytest.fixture(autouse=True)
def one_boot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "boot_id", lambda: BOOT)


def cancel(edition: Edition) -> None:
    lifecycle.cancel(config.current(), edition, by="kari@example.org")


def send_to_skipped(edition: Edition, expected: int | None = None) -> int:
    return resending.send_to_missed(config.current(), edition, by="kari@example.org", expected=expected)


def send_the_rest(edition: Edition) -> list[int]:
    """Send what is due, and return the numbers in the order in which they were sent."""
    box, numbers = samples.outbox("rest.journal"), []
    while batch := box.next(10):
        batch = box.begin(batch)
        numbers += [recipient.number for recipient in batch.recipients]
        outcomes = [samples.outcome(r.number, attempt=r.attempt) for r in batch.recipients]
        box.settle(edition.name, batch.chunk, outcomes, finished=True)
    lifecycle.complete(HERE, timezone.now())
    return numbers


def test_after_a_cancellation_only_those_who_got_nothing_get_it() -> None:
    edition = samples.sending(READERS)
    box = samples.outbox()
    batch = box.begin(box.next(4))
    outcomes = [
        samples.outcome(1),
        samples.outcome(2, OutcomeKind.REFUSED),
        samples.outcome(3, OutcomeKind.DEFERRED),
    ]
    box.settle(edition.name, batch.chunk, outcomes, finished=True)
    cancel(edition)
    assert send_to_skipped(edition) == 4
    edition.refresh_from_db()
    assert (edition.state, edition.reason, edition.ended_at) == (State.SENDING, None, None)
    assert sorted(send_the_rest(edition)) == [3, 4, 5, 6]
    counted = progress.counts(edition)
    assert (counted.state, counted.accepted, counted.refused, counted.skipped) == (State.SENT, 5, 1, 0)
    assert Act.objects.latest("pk").what.code == "act.skipped-resent"


def test_after_sending_those_who_may_receive_it_again_get_it() -> None:
    edition = samples.sending(3)
    Subscription.objects.filter(deliveries__number__in=(1, 2)).update(state=Subscription.State.UNSUBSCRIBED)
    assert send_the_rest(edition) == [3]
    Subscription.objects.filter(deliveries__number=1).update(state=Subscription.State.ACTIVE)
    assert send_to_skipped(edition) == 2
    assert send_the_rest(edition) == [1]
    counted = progress.counts(edition)
    assert (counted.accepted, counted.skipped, counted.pending) == (2, 1, 0)


def test_nobody_who_subscribed_since_gets_it() -> None:
    edition = samples.sending(2)
    cancel(edition)
    samples.subscribe(["late@reader.example"])
    send_to_skipped(edition)
    assert len(send_the_rest(edition)) == 2
    assert Delivery.objects.count() == 2


def test_unconfirmed_deliveries_are_not_sent_again(tmp_path: Path) -> None:
    edition = samples.sending(3)
    process = Process(tmp_path)
    process.send(process.begin(process.claim()), 1, None)
    cancel(edition)
    process.die()
    journals.settle_orphans(tmp_path, NAME, DeliverySettings())
    assert send_to_skipped(edition) == 2
    assert sorted(send_the_rest(edition)) == [2, 3]
    assert progress.unsettled(edition) == 1
    assert unknown_deliveries.resend(edition, by="kari@example.org") == 1
    assert send_the_rest(edition) == [1]


def test_it_waits_for_the_results_of_messages_in_flight(tmp_path: Path) -> None:
    edition = samples.sending(3)
    process = Process(tmp_path)
    process.send(process.begin(process.claim()), 1, None)
    cancel(edition)
    with pytest.raises(NotAllowed, match="still in flight"):
        send_to_skipped(edition)
    process.die()


def test_the_number_is_the_one_that_was_shown() -> None:
    edition = samples.sending(3)
    cancel(edition)
    with pytest.raises(resending.MissedCountChanged, match="now has 3 subscribers who were skipped or refused, not 2"):
        send_to_skipped(edition, expected=2)


def test_there_must_be_someone_to_send_it_to() -> None:
    edition = samples.sending(2)
    send_the_rest(edition)
    with pytest.raises(NotAllowed, match="nobody is left to send kinaforum/2026-W06 to"):
        send_to_skipped(edition)


@pytest.mark.parametrize("state", [State.DRAFT, State.APPROVED, State.QUEUED, State.SENDING, State.PAUSED])
def test_other_editions_have_nobody_who_was_skipped(state: State) -> None:
    edition = samples.sending(2)
    Edition.objects.update(state=state)
    with pytest.raises(NotAllowed, match="only an edition that was sent or cancelled"):
        send_to_skipped(edition)


def test_an_edition_that_was_cancelled_before_it_was_sent_stays_so() -> None:
    edition = samples.queued()
    Edition.objects.update(state=State.CANCELLED)
    with pytest.raises(NotAllowed, match="only an edition that was sent or cancelled"):
        send_to_skipped(edition)


class Accounts:
    """An edition that is sent by processes that are killed, with what certainly or possibly reached each subscriber."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.edition = folder, samples.sending(READERS)
        self.process, self.batches = Process(folder), list[Batch]()
        self.attempts: Counter[int] = Counter()
        self.accepted, self.refused, self.unknown = set[int](), set[int](), set[int]()

    def claim(self, size: int) -> None:
        if batch := self.process.box.next(size):
            self.batches.append(self.process.begin(batch))

    def send(self, kind: OutcomeKind | None) -> None:
        """Send to the next subscriber of the oldest chunk; None means the connection dropped after the final dot."""
        if not self.batches:
            return
        batch = self.batches[0]
        done = [recipient for recipient in batch.recipients if self.attempts[recipient.number] < recipient.attempt]
        recipient = next((r for r in done if r.number not in self.accepted | self.refused | self.unknown), None)
        if recipient is None:
            self.finish()
            return
        self.attempts[recipient.number] = recipient.attempt
        self.process.send(batch, recipient.number, kind, recipient.attempt)
        self._note(recipient.number, kind)
        outcome = samples.outcome(recipient.number, kind or OutcomeKind.UNKNOWN, recipient.attempt)
        self.process.box.settle(batch.edition, batch.chunk, [outcome], finished=False)

    def _note(self, number: int, kind: OutcomeKind | None) -> None:
        assert number not in self.accepted | self.refused | self.unknown, "sent twice"
        sets = {OutcomeKind.ACCEPTED: self.accepted, OutcomeKind.REFUSED: self.refused, None: self.unknown}
        if kind in sets:
            sets[kind].add(number)

    def finish(self) -> None:
        if self.batches:
            batch = self.batches.pop(0)
            self.process.box.settle(batch.edition, batch.chunk, [], finished=True)

    def kill(self) -> None:
        """Kill the process in the middle of a message, and let its successor settle what it left."""
        if self.batches and (left := [r for r in self.batches[0].recipients if self._is_open(r.number, r.attempt)]):
            self.process.send(self.batches[0], left[0].number, None, left[0].attempt)
            self.attempts[left[0].number] = left[0].attempt
            self._note(left[0].number, None)
        self.batches.clear()
        self.process.die()
        journals.settle_orphans(self.folder, NAME, DeliverySettings())
        self.process = Process(self.folder)

    def _is_open(self, number: int, attempt: int) -> bool:
        return number not in self.accepted | self.refused | self.unknown and self.attempts[number] < attempt

    def cancel(self) -> None:
        if Edition.objects.get().state == State.SENDING:
            cancel(self.edition)

    def resend(self) -> None:
        before = progress.counts(self.edition)
        try:
            assert send_to_skipped(self.edition) == before.skipped
        except NotAllowed:
            return
        after = progress.counts(self.edition)
        assert (after.accepted, after.refused, after.unknown) == (before.accepted, before.refused, before.unknown)
        assert (after.skipped, after.pending) == (0, before.skipped)

    def later(self) -> None:
        """Let the time of every retry come."""
        Retry.objects.update(due=timezone.now() - timedelta(minutes=1))

    def check(self) -> None:
        counted = progress.counts(Edition.objects.get())
        kinds = (counted.accepted, counted.pending, counted.deferred, counted.refused, counted.unknown, counted.skipped)
        assert sum(kinds) == counted.audience == READERS
        assert counted.accepted == len(self.accepted)
        assert counted.unknown == len(self.unknown)
        results = Counter(Result.objects.values_list("kind", flat=True))
        assert (results["accepted"], results["unknown"]) == (counted.accepted, counted.unknown)


ACTS: tuple[Callable[[Accounts], None], ...] = (
    lambda a: a.claim(2),
    lambda a: a.claim(5),
    lambda a: a.send(OutcomeKind.ACCEPTED),
    lambda a: a.send(OutcomeKind.ACCEPTED),
    lambda a: a.send(OutcomeKind.REFUSED),
    lambda a: a.send(OutcomeKind.DEFERRED),
    lambda a: a.send(None),
    Accounts.finish,
    Accounts.kill,
    Accounts.cancel,
    Accounts.resend,
    Accounts.later,
)


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(acts=st.lists(st.sampled_from(ACTS), min_size=5, max_size=40))
def test_nobody_gets_it_twice_and_the_counts_add_up(
    acts: list[Callable[[Accounts], None]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with transaction.atomic():
        accounts = Accounts(tmp_path_factory.mktemp("journals"))
        for act in acts:
            act(accounts)
            accounts.check()
        accounts.kill()
        accounts.cancel()
        accounts.resend()
        accounts.later()
        for number in send_the_rest(accounts.edition):
            accounts._note(number, OutcomeKind.ACCEPTED)
        accounts.check()
        assert not Chunk.objects.filter(closed_at=None).exists()
        assert progress.counts(accounts.edition).pending == 0
        accounts.process.die()
        transaction.set_rollback(True)
