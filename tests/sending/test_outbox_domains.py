"""The outbox of a machine that may not send to some domains."""

import pytest
from django.utils import timezone

from newsletter import config
from newsletter.domain.outcome import OutcomeKind
from newsletter.models import Edition, Retry
from newsletter.sending import progress
from newsletter.sending.outbox import Holder, Outbox
from tests.sending import outbox_samples as samples

pytestmark = pytest.mark.django_db


GMAIL = frozenset({"gmail.example"})


def mixed_audience() -> Edition:
    """Numbers 1 and 3 at a domain of their own."""
    samples.subscribe(["a@gmail.example", "b@reader.example", "c@GMAIL.example"])
    return samples.begun(samples.queued())


def test_a_machine_that_may_not_send_to_a_domain_returns_its_recipients_to_the_others() -> None:
    edition = mixed_audience()
    box, other = samples.outbox(excluded=GMAIL), samples.outbox(machine="another machine")
    batch = box.begin(box.next(10))
    assert [recipient.number for recipient in batch.recipients] == [2]
    assert not box.waiting()
    assert box.next(10) is None
    theirs = other.begin(other.next(10))
    assert {recipient.number: recipient.attempt for recipient in theirs.recipients} == {1: 1, 3: 1}
    other.settle(edition.name, theirs.chunk, [samples.outcome(1), samples.outcome(3)], finished=True)
    box.settle(edition.name, batch.chunk, [samples.outcome(2)], finished=True)
    assert progress.counts(edition).accepted == 3
    assert not Retry.objects.exists()


def test_deliveries_returned_to_other_machines_are_not_returned_again_when_the_chunk_ends() -> None:
    """Otherwise it would be sent twice: the other machine's result may be committed at the same moment."""
    edition = mixed_audience()
    box = samples.outbox(excluded=GMAIL)
    batch = box.begin(box.next(10))
    Retry.objects.all().delete()  # as another machine does that records its result now
    box.settle(edition.name, batch.chunk, (), finished=True)
    assert set(Retry.objects.values_list("number", flat=True)) == {2}


def test_a_retry_that_another_machine_must_send_keeps_its_attempt() -> None:
    edition = mixed_audience()
    everything = samples.outbox()
    batch = samples.claim(everything, 10)
    deferred = [samples.outcome(number, OutcomeKind.DEFERRED) for number in (1, 2, 3)]
    everything.settle(edition.name, batch.chunk, deferred, finished=True)
    Retry.objects.update(due=timezone.now())
    box = samples.outbox(excluded=GMAIL)
    assert [recipient.number for recipient in box.begin(box.next(10)).recipients] == [2]
    assert set(Retry.objects.filter(chunk=None).values_list("number", "attempt", "domain")) == {
        (1, 2, "gmail.example"),
        (3, 2, "gmail.example"),
    }


def test_recipients_are_returned_to_others_when_the_share_of_their_domain_ends() -> None:
    mixed_audience()
    excluded = [frozenset[str]()]
    box = Outbox(Holder("here", "one.journal"), [samples.NEWSLETTER], config.current(), lambda: excluded[0])
    batch = box.begin(box.next(10))
    assert len(batch.recipients) == 3
    excluded[0] = GMAIL
    assert [recipient.number for recipient in box.begin(batch).recipients] == [2]
    assert Retry.objects.filter(chunk=None, domain="gmail.example").count() == 2
