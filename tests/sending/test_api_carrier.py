"""API calls to a provider: how many at once, which deliveries each contains, and when it is made."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from types import SimpleNamespace

import pytest

from newsletter.delivery.active_chunk import ActiveChunk, DeliveryJob
from newsletter.domain.batch import Batch
from newsletter.domain.encoded_email import Recipient
from newsletter.domain.outcome import Fault, Outcome, OutcomeKind
from newsletter.messages import Message
from newsletter.messages.general import TEXT
from newsletter.sending.api_calls import carrier as carrier_module
from newsletter.sending.api_calls.carrier import ApiCarrier
from newsletter.sending.api_calls.interface import ProviderRefused, WrongKey, outcomes
from newsletter.sending.api_calls.payload import ApiMessage
from tests.delivery.conftest import until
from tests.delivery.samples import recipient
from tests.delivery.test_connection_states import Callbacks
from tests.sending.outbox_samples import MAIL


class Provider:
    """A provider that answers when it is told to, with a call for each list in `calls`."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.calls: list[list[int]] = []
        self.may_answer = threading.Event()

    def call(self, mail: ApiMessage, recipients: Sequence[Recipient]) -> list[Outcome]:
        self.calls.append([one.number for one in recipients])
        self.may_answer.wait(30)
        return outcomes(recipients, OutcomeKind.ACCEPTED, Fault.NONE, "")


class Deliveries(Callbacks):
    """Deliveries that wait, and the numbers of those that ended or came back."""

    def __init__(self, count: int = 0) -> None:
        super().__init__(0)
        self.accepted: list[int] = []
        self.back: list[int] = []
        self.add("k/1", range(count))

    def add(self, edition: str, numbers: Sequence[int]) -> ActiveChunk:
        chunk = ActiveChunk(Batch(edition, 0, MAIL, tuple(map(recipient, numbers))), self.chunk.builder, 0.0)
        self.waiting.extend(DeliveryJob(chunk, one) for one in chunk.batch.recipients)
        return chunk

    def outcome_received(self, job: DeliveryJob, outcome: Outcome) -> None:
        self.accepted.append(outcome.number)

    def return_untried(self, job: DeliveryJob, problem: Message) -> None:
        self.back.append(job.recipient.number)


Begin = Callable[..., ApiCarrier]


@pytest.fixture
async def begin() -> AsyncIterator[Begin]:
    """Make carriers that are closed at the end."""
    made: list[tuple[ApiCarrier, Provider]] = []

    def begun(provider: Provider, deliveries: Deliveries, connections: int = 2, per_second: float = 0.0) -> ApiCarrier:
        carrier = ApiCarrier(provider, connections, connections, per_second, deliveries)
        made.append((carrier, provider))
        return carrier

    yield begun
    for carrier, provider in made:
        provider.may_answer.set()
        await carrier.close(1.0)


async def test_there_are_never_more_calls_at_once_than_connections(begin: Begin) -> None:
    provider, deliveries = Provider(most=1), Deliveries(5)
    carrier = begin(provider, deliveries)
    carrier.pump()
    assert len(carrier) == 2
    assert deliveries.taken == [0, 1]
    provider.may_answer.set()
    await until(lambda: len(deliveries.accepted) == 5)
    assert sorted(deliveries.accepted) == [0, 1, 2, 3, 4]


async def test_a_call_has_at_most_as_many_deliveries_as_the_provider_takes(begin: Begin) -> None:
    provider, deliveries = Provider(most=3), Deliveries(7)
    provider.may_answer.set()
    begin(provider, deliveries, connections=1).pump()
    await until(lambda: len(deliveries.accepted) == 7)
    assert provider.calls == [[0, 1, 2], [3, 4, 5], [6]]


async def test_a_call_has_deliveries_of_one_edition_only(begin: Begin) -> None:
    provider, deliveries = Provider(most=10), Deliveries(2)
    deliveries.add("k/2", [10, 11])
    provider.may_answer.set()
    begin(provider, deliveries, connections=1).pump()
    await until(lambda: len(deliveries.accepted) == 4)
    assert provider.calls == [[0, 1], [10, 11]]


async def test_what_was_accepted_before_the_account_was_refused_is_not_sent_again(begin: Begin) -> None:
    class WithoutCredit(Provider):
        def call(self, mail: ApiMessage, recipients: Sequence[Recipient]) -> list[Outcome]:
            if len(recipients) == self.most:
                raise ProviderRefused(400, "an address is invalid")
            if recipients[0].number != 0:
                raise WrongKey(TEXT(words="402 no credit"))
            return super().call(mail, recipients)

    provider, deliveries = WithoutCredit(most=4), Deliveries(4)
    provider.may_answer.set()
    begin(provider, deliveries, connections=1).pump()
    await until(lambda: len(deliveries.accepted) + len(deliveries.back) == 4)
    assert (sorted(deliveries.accepted), sorted(deliveries.back)) == ([0, 1], [2, 3])


async def test_with_a_rate_deliveries_are_collected_for_a_second(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr(carrier_module, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    provider, deliveries = Provider(most=100), Deliveries(1)
    carrier = begin(provider, deliveries, per_second=20.0)
    carrier.pump()
    deliveries.add("k/1", [1, 2])
    calls = []
    for clock[0] in (1000.5, 1000.9, 1001.0):
        carrier.tick(clock[0], 0)
        calls.append(len(carrier))
    assert calls == [0, 0, 1]
    await until(lambda: provider.calls)
    assert provider.calls == [[0, 1, 2]]


async def test_with_a_rate_a_call_is_no_larger_than_a_second_of_it(begin: Begin) -> None:
    provider, deliveries = Provider(most=100), Deliveries(5)
    begin(provider, deliveries, connections=1, per_second=2.5).pump()
    await until(lambda: provider.calls)
    assert provider.calls == [[0, 1]]


async def test_collected_deliveries_of_a_halted_chunk_come_back(begin: Begin) -> None:
    provider, deliveries = Provider(most=100), Deliveries()
    chunk = deliveries.add("k/1", [0, 1])
    carrier = begin(provider, deliveries, per_second=20.0)
    carrier.pump()
    carrier.drop_halted()
    assert deliveries.back == []
    chunk.halted = True
    carrier.drop_halted()
    assert deliveries.back == [0, 1]


async def test_a_carrier_that_is_closed_makes_no_further_call(begin: Begin) -> None:
    provider, deliveries = Provider(most=1), Deliveries(3)
    carrier = begin(provider, deliveries, connections=1)
    carrier.pump()
    closing = asyncio.ensure_future(carrier.close(5.0))
    await asyncio.sleep(0)
    provider.may_answer.set()
    await closing
    assert deliveries.accepted == [0]
    assert provider.calls == [[0]]
