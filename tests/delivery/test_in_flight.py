"""What the engine has in flight: which message is next, which comes back, and when the next chunk is wanted."""

import pytest

from newsletter.config import DeliverySettings
from newsletter.delivery import in_flight as in_flight_module
from newsletter.delivery.active_chunk import STOPPED, ConnectionProblem, DeliveryJob
from newsletter.delivery.in_flight import InFlight
from newsletter.delivery.journal import Journal
from newsletter.delivery.outcome import Phase
from newsletter.delivery.reply import Reply
from newsletter.domain.batch import Batch
from newsletter.domain.outcome import OutcomeKind
from newsletter.messages.delivery import CLOSED
from newsletter.messages.general import TEXT
from tests.delivery.samples import encoded, recipient

OK = Reply(250, (b"2.0.0 ok",))


class Sending:
    """Messages in flight at a time that the test sets, and how often a change was announced."""

    def __init__(self, journal: Journal) -> None:
        self.now, self.changes = 100.0, 0
        self.in_flight = InFlight(DeliverySettings(domains={}), journal, (), lambda: self.now, self._changed)

    def _changed(self) -> None:
        self.changes += 1

    def begin(self, count: int, chunk: int = 0, lease_until: float = 0.0) -> None:
        recipients = tuple(recipient(chunk + n) for n in range(count))
        self.in_flight.begin(Batch("k/1", chunk, encoded(), recipients, lease_until=lease_until))

    def take(self) -> DeliveryJob:
        job = self.in_flight.take()
        assert job
        return job


@pytest.fixture
def sending(journal: Journal) -> Sending:
    return Sending(journal)


def test_the_next_chunk_is_wanted_once_when_few_messages_wait(sending: Sending) -> None:
    sending.in_flight.refill_below = 2
    sending.begin(5)
    changes = []
    for _ in range(5):
        sending.take()
        changes.append(sending.changes)
    assert changes == [0, 0, 1, 1, 1]
    sending.begin(3, chunk=5)
    sending.take()
    assert sending.changes == 2


def test_the_last_outcome_of_a_chunk_is_announced(sending: Sending) -> None:
    sending.in_flight.refill_below = -1
    sending.begin(2)
    jobs = [sending.take(), sending.take()]
    sending.in_flight.reply_received(jobs[0], Phase.DOT, OK)
    assert (sending.changes, sending.in_flight.outcome_count) == (0, 1)
    sending.in_flight.reply_received(jobs[1], Phase.DOT, OK)
    assert (sending.changes, sending.in_flight.outcome_count) == (1, 2)


def test_a_message_that_lost_its_connection_under_another_is_sent_at_once(sending: Sending) -> None:
    sending.begin(1)
    job = sending.take()
    sending.in_flight.return_undelivered(job, CLOSED(), uncounted=True)
    sending.in_flight.dispatch.advance(sending.now)
    assert sending.take() is job
    assert job.tries == 0


def test_only_problems_of_the_message_itself_count_as_attempts_that_may_pause_the_edition(sending: Sending) -> None:
    sending.begin(1)
    circuit = sending.in_flight._circuits["k/1"]
    sending.in_flight.return_undelivered(sending.take(), CLOSED(), uncounted=True)
    assert len(circuit._ours) == 0
    sending.in_flight.dispatch.advance(sending.now)
    sending.in_flight.return_undelivered(sending.take(), CLOSED())
    assert len(circuit._ours) == 1


def test_a_second_broken_connection_makes_the_message_wait(sending: Sending) -> None:
    sending.begin(1)
    for _ in range(2):
        job = sending.take()
        sending.in_flight.return_undelivered(job, CLOSED())
        sending.in_flight.dispatch.advance(sending.now)
    assert sending.in_flight.take() is None
    assert (job.chunk.waiting, job.chunk.in_flight, job.chunk.done) == (1, 0, False)
    sending.in_flight.dispatch.advance(sending.now + 0.5)
    assert sending.take() is job


@pytest.mark.parametrize("way", ["return_undelivered", "return_untried"])
def test_a_message_that_came_back_and_was_halted_before_its_next_try_has_no_outcome(sending: Sending, way: str) -> None:
    sending.begin(1)
    job = sending.take()
    assert sending.in_flight.log_intent(job)
    getattr(sending.in_flight, way)(job, CLOSED())
    sending.in_flight.dispatch.advance(sending.now)
    assert sending.take() is job
    sending.in_flight.halt(lambda chunk: True)
    sending.in_flight.return_undelivered(job, STOPPED)
    (chunk,) = sending.in_flight.chunks.values()
    assert (chunk.outcomes, chunk.done) == ([], True)


def test_the_last_message_of_a_halted_chunk_that_comes_back_is_announced(sending: Sending) -> None:
    sending.begin(1)
    job = sending.take()
    sending.in_flight.halt(lambda chunk: True)
    before = sending.changes
    sending.in_flight.return_untried(job, STOPPED)
    assert sending.changes == before + 1


def test_a_server_is_unreachable_since_the_first_connection_that_failed(sending: Sending) -> None:
    for now, words in ((100.0, "refused"), (130.0, "timed out")):
        sending.now = now
        sending.in_flight.connection_failed(ConnectionProblem(TEXT(words=words), needs_operator=False))
    assert sending.in_flight.unreachable == (100.0, TEXT(words="timed out"))


def test_after_a_pause_refusals_are_counted_anew(sending: Sending) -> None:
    spam = Reply(554, (b"5.7.1 looks like spam",))
    for chunk, count in ((0, 10), (10, 9)):
        sending.in_flight.pauses.clear()
        sending.begin(count, chunk)
        for _ in range(count):
            sending.in_flight.reply_received(sending.take(), Phase.DOT, spam)
        assert list(sending.in_flight.pauses) == (["k/1"] if count == 10 else [])


def test_a_halted_message_whose_intent_is_logged_is_deferred(sending: Sending) -> None:
    sending.begin(1)
    job = sending.take()
    assert sending.in_flight.log_intent(job)
    sending.in_flight.halt(lambda chunk: True)
    sending.in_flight.return_undelivered(job, STOPPED)
    (chunk,) = sending.in_flight.chunks.values()
    assert [outcome.kind for outcome in chunk.outcomes] == [OutcomeKind.DEFERRED]


def test_a_message_without_a_lease_is_looked_at_again_after_a_second(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_flight_module, "boottime", lambda: 1000.0)
    sending.begin(1, lease_until=1090.0)
    monkeypatch.setattr(in_flight_module, "boottime", lambda: 1061.0)
    assert sending.in_flight.take() is None
    ready = []
    for now in (100.0, 100.9, 101.0):
        sending.in_flight.dispatch.advance(now)
        ready.append(sending.in_flight.dispatch.ready)
    assert ready == [0, 0, 1]
