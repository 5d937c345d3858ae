"""The outbox: claims, the final check of who may receive email, results, and returned deliveries."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings, strategies as st
from hypothesis.extra.django import TestCase

from newsletter import config
from newsletter.config import DeliverySettings
from newsletter.domain.batch import Batch
from newsletter.domain.outcome import OutcomeKind
from newsletter.models import Chunk, DeliveryStatus, Edition, Result, Retry, State
from newsletter.sending import audience, lifecycle, outbox, progress, results
from newsletter.sending.results import row_of
from subscribers import tokens, unsubscription_file
from subscribers.models import Subscription, Suppression
from tests.examples import examples
from tests.sending import outbox_samples as samples

pytestmark = pytest.mark.django_db


def claimed(batch: Batch | None) -> list[int]:
    assert batch
    return list(batch.attempts)


def reached(batch: Batch) -> list[int]:
    return sorted(recipient.number for recipient in batch.recipients)


def test_a_chunk_has_the_requested_size_and_at_most_500() -> None:
    samples.sending(1100)
    box = samples.outbox()
    claims = [box.next(limit) for limit in (300, 5000, 5000)]
    assert [claimed(claim) for claim in claims] == [
        list(range(1, 301)),
        list(range(301, 801)),
        list(range(801, 1101)),
    ]
    assert box.next(500) is None


def test_an_outbox_without_work_only_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    samples.sending(1)
    box = samples.outbox()
    assert box.next(10)
    with monkeypatch.context() as faster:
        faster.setattr(box, "waiting", lambda: True)  # and then another process claims it
        assert box.next(10) is None
    with CaptureQueriesContext(connection) as asked:
        assert box.next(10) is None
    assert all(query["sql"].startswith("SELECT") for query in asked), "no transaction is begun"


@pytest.mark.parametrize("limit", [0, -1])
def test_nothing_is_claimed_if_no_edition_may_be_sent(limit: int) -> None:
    samples.sending(1)
    assert samples.outbox().next(limit) is None


def test_two_processes_never_hold_the_same_number() -> None:
    samples.sending(20)
    boxes = samples.outbox("one.journal"), samples.outbox("two.journal")
    held = [number for _ in range(2) for box in boxes for number in claimed(box.next(6))]
    assert sorted(held) == list(range(1, 21))


def test_a_recipient_has_their_own_link_and_a_constant_message_id() -> None:
    subscriptions = samples.subscribers(2)
    edition = samples.begun(samples.queued())
    box = samples.outbox()
    first, second = sorted(box.begin(box.next(2)).recipients)
    assert (first.address, second.address) == ("r1@reader.example", "r2@reader.example")
    assert tokens.read_link(second.token) == subscriptions[1].pk
    assert first.message_id == audience.message_ids(edition.pk, subscriptions[0].pk)[0] != second.message_id


@pytest.mark.parametrize("state", [State.PAUSED, State.CANCELLED, State.SENT, State.QUEUED])
def test_nothing_is_claimed_of_an_edition_that_is_not_sending(state: State) -> None:
    edition = samples.sending(3)
    Edition.objects.filter(pk=edition.pk).update(state=state)
    assert samples.outbox().next(10) is None


def test_an_edition_of_another_provider_s_newsletter_is_left_alone() -> None:
    samples.sending(3)
    other = outbox.Outbox(outbox.Holder("here", "x"), ["daily"], config.current())
    assert other.next(10) is None


def leave(subscription: Subscription) -> None:
    Subscription.objects.filter(pk=subscription.pk).update(state=Subscription.State.UNSUBSCRIBED)


def suppress(subscription: Subscription) -> None:
    Suppression.objects.suppress(subscription.subscriber.key, Suppression.Reason.COMPLAINED)


def suppress_domain(subscription: Subscription) -> None:
    Suppression.objects.suppress_domain(subscription.subscriber.domain, Suppression.Reason.BY_HAND)


def rest(subscription: Subscription) -> None:
    Subscription.objects.filter(pk=subscription.pk).update(paused_until=timezone.now().date() + timedelta(days=30))


def forget(subscription: Subscription) -> None:
    subscription.subscriber.delete()


def leave_in_the_file(subscription: Subscription) -> None:
    unsubscription_file.add([subscription.pk], timezone.now())


@pytest.mark.parametrize("act", [leave, leave_in_the_file, suppress, suppress_domain, rest, forget])
def test_a_subscriber_who_unsubscribed_after_the_claim_is_skipped(act: Callable[[Subscription], None]) -> None:
    subscriptions = samples.subscribe(["a@one.example", "b@two.example"])
    edition = samples.begun(samples.queued())
    box = samples.outbox()
    batch = box.next(10)
    act(subscriptions[1])
    assert reached(box.begin(batch)) == [1]
    assert progress.counts(edition).skipped == 1
    assert Result.objects.get(number=2).kind == DeliveryStatus.SKIPPED


def test_a_subscriber_who_was_erased_before_the_claim_is_skipped_for_good() -> None:
    subscriptions = samples.subscribers(2)
    edition = samples.begun(samples.queued())
    subscriptions[0].subscriber.delete()
    box = samples.outbox()
    batch = samples.claim(box, 10)
    assert reached(box.begin(batch)) == [2]
    box.settle(edition.name, batch.chunk, [samples.outcome(2)], finished=True)
    assert (
        progress.counts(edition).document() | {"skipped": 1, "accepted": 1, "pending": 0}
        == progress.counts(edition).document()
    )
    assert box.next(10) is None


def test_a_chunk_is_marked_begun_before_its_first_mail() -> None:
    samples.sending(3)
    box = samples.outbox()
    batch = box.next(10)
    assert Chunk.objects.get().begun_at is None
    box.begin(batch)
    assert Chunk.objects.get().begun_at is not None


def test_a_chunk_of_a_paused_edition_is_not_begun_and_is_returned_whole() -> None:
    edition = samples.sending(3)
    box = samples.outbox()
    batch = samples.claim(box, 10)
    lifecycle.pause(edition)
    assert box.begin(batch).recipients == ()
    box.settle(edition.name, batch.chunk, [], finished=True)
    assert progress.counts(edition).pending == 3
    assert box.next(10) is None
    lifecycle.resume(edition)
    assert claimed(box.next(10)) == [1, 2, 3]


def test_deliveries_that_were_not_begun_are_returned_and_outcomes_stay() -> None:
    edition = samples.sending(4)
    box = samples.outbox()
    batch = samples.claim(box, 10)
    box.settle(edition.name, batch.chunk, [samples.outcome(1), samples.outcome(3)], finished=True)
    assert claimed(box.next(10)) == [2, 4]
    assert progress.counts(edition).accepted == 2


def test_leases_are_renewed_except_for_chunks_that_must_stop() -> None:
    edition = samples.sending(3)
    box = samples.outbox()
    batch = samples.claim(box, 10)
    key = (edition.name, batch.chunk)
    old = Chunk.objects.get().leased_until - timedelta(seconds=45)
    Chunk.objects.update(leased_until=old)
    first = box.renew_leases([key])[key]
    assert Chunk.objects.get().leased_until > old + timedelta(seconds=44)
    assert 0 < first - batch.lease_until < 30
    lifecycle.pause(edition)
    assert box.renew_leases([key]) == {}


def test_a_chunk_that_another_process_took_over_must_stop() -> None:
    edition = samples.sending(3)
    box = samples.outbox()
    batch = samples.claim(box, 10)
    outbox.settle(batch.chunk, [], DeliverySettings(), finished=True)
    assert box.renew_leases([(edition.name, batch.chunk)]) == {}
    assert box.begin(batch).recipients == ()


def test_a_deferred_delivery_waits_and_is_claimed_with_the_next_attempt() -> None:
    edition = samples.sending(2)
    box = samples.outbox()
    batch = samples.claim(box, 10)
    outcomes = [samples.outcome(1), samples.outcome(2, OutcomeKind.DEFERRED, code=451)]
    box.settle(edition.name, batch.chunk, outcomes, finished=True)
    assert box.next(10) is None
    Retry.objects.update(due=timezone.now())
    again = samples.claim(box, 10)
    assert [(r.number, r.attempt) for r in box.begin(again).recipients] == [(2, 2)]
    assert box.next(10) is None
    box.settle(edition.name, again.chunk, [samples.outcome(2, attempt=2)], finished=True)
    assert progress.counts(edition).accepted == 2
    assert not Retry.objects.exists()


def test_a_deferred_delivery_is_retried_after_the_edition_is_sent() -> None:
    edition = samples.sending(2)
    box = samples.outbox()
    outcomes = [samples.outcome(1, OutcomeKind.DEFERRED), samples.outcome(2)]
    box.settle(edition.name, samples.claim(box, 2).chunk, outcomes, finished=True)
    lifecycle.complete([samples.NEWSLETTER], timezone.now())
    edition.refresh_from_db()
    assert edition.state == State.SENT
    Retry.objects.update(due=timezone.now())
    assert claimed(box.next(10)) == [1]


def test_a_deferred_delivery_is_refused_when_it_expires() -> None:
    edition = samples.sending(1)
    box = samples.outbox(retry_for="1h")
    box.settle(edition.name, samples.claim(box, 1).chunk, [samples.outcome(1, OutcomeKind.DEFERRED)], finished=True)
    Retry.objects.update(due=timezone.now(), since=timezone.now() - timedelta(hours=1))
    chunk = samples.claim(box, 1).chunk
    box.settle(
        edition.name, chunk, [samples.outcome(1, OutcomeKind.DEFERRED, attempt=2, status="4.2.2")], finished=True
    )
    found = Result.objects.get()
    assert (found.kind, found.fault, found.status) == (DeliveryStatus.REFUSED, "expired", "4.2.2")
    assert not Retry.objects.exists()
    assert progress.counts(edition).refused == 1


def test_a_delay_that_the_server_asks_for_is_kept() -> None:
    edition = samples.sending(1)
    box = samples.outbox()
    deferred = samples.outcome(1, OutcomeKind.DEFERRED, retry_after=7200.0)
    box.settle(edition.name, samples.claim(box, 1).chunk, [deferred], finished=True)
    assert Retry.objects.get().due - timezone.now() > timedelta(hours=1, minutes=59)


def test_a_retry_that_was_not_begun_keeps_its_attempt_and_its_age() -> None:
    edition = samples.sending(1)
    box = samples.outbox()
    box.settle(edition.name, samples.claim(box, 1).chunk, [samples.outcome(1, OutcomeKind.DEFERRED)], finished=True)
    since = Retry.objects.get().since
    Retry.objects.update(due=timezone.now())
    box.settle(edition.name, samples.claim(box, 1).chunk, [], finished=True)
    retry = Retry.objects.get()
    assert (retry.attempt, retry.since, retry.chunk_id) == (2, since, None)


def test_recording_is_idempotent() -> None:
    edition = samples.sending(3)
    box = samples.outbox()
    batch = samples.claim(box, 10)
    outcomes = [samples.outcome(1), samples.outcome(2, OutcomeKind.REFUSED), samples.outcome(3, OutcomeKind.DEFERRED)]
    box.settle(edition.name, batch.chunk, outcomes, finished=True)
    before = progress.counts(edition)
    box.settle(edition.name, batch.chunk, outcomes, finished=True)
    assert progress.counts(edition) == before
    assert Retry.objects.count() == 1


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (OutcomeKind.UNKNOWN, OutcomeKind.ACCEPTED, DeliveryStatus.ACCEPTED),
        (OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN, DeliveryStatus.ACCEPTED),
        (OutcomeKind.ACCEPTED, OutcomeKind.REFUSED, DeliveryStatus.ACCEPTED),
    ],
)
def test_a_known_outcome_is_not_replaced_by_unknown_in_the_same_attempt(
    first: OutcomeKind, second: OutcomeKind, kept: DeliveryStatus
) -> None:
    edition = samples.sending(1)
    box = samples.outbox()
    batch = samples.claim(box, 1)
    for kind in (first, second):
        box.settle(edition.name, batch.chunk, [samples.outcome(1, kind)], finished=False)
    assert Result.objects.get().kind == kept
    assert getattr(progress.counts(edition), kept) == 1


def test_an_outcome_of_an_older_attempt_is_ignored() -> None:
    edition = samples.sending(1)
    box = samples.outbox()
    batch = samples.claim(box, 1)
    box.settle(edition.name, batch.chunk, [samples.outcome(1, attempt=2)], finished=False)
    box.settle(edition.name, batch.chunk, [samples.outcome(1, OutcomeKind.DEFERRED, attempt=1)], finished=False)
    assert Result.objects.get().kind == DeliveryStatus.ACCEPTED
    assert not Retry.objects.exists()


def test_an_accepted_email_keeps_its_queue_id_and_a_refused_one_the_reply() -> None:
    edition = samples.sending(2)
    box = samples.outbox()
    outcomes = [
        samples.outcome(1, queue_id="4A7F", text="queued as 4A7F"),
        samples.outcome(2, OutcomeKind.REFUSED, code=550, status="5.1.1", text="no such user"),
    ]
    box.settle(edition.name, samples.claim(box, 2).chunk, outcomes, finished=True)
    assert Result.objects.values_list("queue_id", "text").order_by("number")[0] == ("4A7F", "")
    assert Result.objects.values_list("code", "status", "text").order_by("number")[1] == (550, "5.1.1", "no such user")


def test_a_new_address_sends_no_more_in_a_day_than_the_plan_allows() -> None:
    edition = samples.sending(30)
    box = samples.outbox(warm_up={"first_day": 10})
    batch = samples.claim(box, 500)
    assert len(batch.attempts) == 10
    assert box.next(500) is None
    box.settle(edition.name, batch.chunk, [samples.outcome(n) for n in range(1, 11)], finished=True)
    assert box.next(500) is None


class CountsAddUp(TestCase):
    """In any order of outcomes, tallies equal the results and add up to the audience."""

    attempts = st.tuples(st.integers(1, 6), st.sampled_from(OutcomeKind), st.integers(1, 3))

    @settings(max_examples=examples(50))
    @given(st.lists(st.lists(attempts, max_size=8), max_size=6))
    def test_counts_add_up(self, settled: list[list[tuple[int, OutcomeKind, int]]]) -> None:
        edition = samples.sending(6)
        for batch in settled:
            rows = [row_of(samples.outcome(number, kind, attempt)) for number, kind, attempt in batch]
            results.record(edition, rows, DeliverySettings(), timezone.now())
        counted = progress.counts(edition)
        kinds = list(Result.objects.filter(edition=edition).values_list("kind", flat=True))
        assert {kind: kinds.count(kind) for kind in DeliveryStatus.values} == {
            kind: getattr(counted, kind) for kind in DeliveryStatus.values
        }
        assert counted.pending == 6 - len(kinds)
        assert Retry.objects.filter(edition=edition).count() == kinds.count(DeliveryStatus.DEFERRED)
