"""What is heard in one moment: one write to the journal, then the mails; and what may come between the two."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import pytest

from newsletter.config import DeliverySettings, Timeouts
from newsletter.delivery import journal as journals
from newsletter.delivery.in_flight import InFlight
from newsletter.delivery.journal import Journal
from newsletter.delivery.outcome import Phase
from newsletter.delivery.smtp.connection import Connection
from newsletter.delivery.smtp.features import Features
from newsletter.delivery.smtp.states import ConnectionBroken
from newsletter.domain.batch import Batch
from newsletter.domain.outcome import OutcomeKind
from tests.delivery.samples import encoded, recipient

ENVELOPE = b"250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go\r\n"
EDITION = "k/2026-W06"


@dataclass
class Wire:
    """A transport that remembers what was written, among the other `events`."""

    events: list[str]
    written: list[bytes] = field(default_factory=list)
    closing: bool = False

    def write(self, octets: bytes) -> None:
        """Remember."""
        self.written.append(octets)
        if b"\r\n.\r\n" in octets:
            self.events.append("mail")

    def is_closing(self) -> bool:
        """As the test says."""
        return self.closing

    def abort(self) -> None:
        """Closed from this side."""
        self.closing = True


@dataclass
class Moment:
    """A in_flight with some connections that were given a mail each, and what happened, in order."""

    in_flight: InFlight
    connections: list[Connection]
    wires: list[Wire]
    events: list[str]

    def outcomes(self) -> dict[int, OutcomeKind]:
        """What is known of each number."""
        (held,) = self.in_flight.chunks.values()
        return {outcome.number: outcome.kind for outcome in held.outcomes}

    def release(self) -> None:
        """What the pool does before it rests."""
        logged = self.in_flight.flush()
        for connection in self.connections:
            connection.release(logged=logged)


@pytest.fixture
def moment(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Moment]:
    events: list[str] = []
    write = journals._write_whole

    def remembered(fd: int, content: bytes, size: int) -> None:
        write(fd, content, size)
        events.append("journal")

    monkeypatch.setattr(journals, "_write_whole", remembered)

    def make(connections: int) -> Moment:
        in_flight = InFlight(DeliverySettings(), journal, (), asyncio.get_running_loop().time, lambda: None)
        in_flight.begin(Batch(EDITION, 0, encoded(), tuple(recipient(n) for n in range(connections * 2))))
        events.clear()
        made, wires = [], []
        for _ in range(connections):
            connection, wire = Connection(Timeouts()), Wire(events)
            connection.connection_made(cast(asyncio.Transport, wire))
            connection.data_received(b"220 mail.example ESMTP\r\n")
            connection.features = Features(pipelining=True)
            connection.start(in_flight, None)
            connection.pump()
            made.append(connection)
            wires.append(wire)
        return Moment(in_flight, made, wires, events)

    return make


async def test_a_connection_that_has_ended_answers_nothing_at_once() -> None:
    connection = Connection(Timeouts())
    connection.connection_made(cast(asyncio.Transport, Wire([])))
    connection.connection_lost(None)
    async with asyncio.timeout(1.0):
        with pytest.raises(ConnectionBroken):
            await connection.ask(b"", Phase.GREETING)


async def test_a_halt_closes_a_connection_only_if_no_message_waits_for_its_reply(
    moment: Callable[[int], Moment],
) -> None:
    here = moment(2)
    sent = here.connections[0]
    sent.data_received(ENVELOPE)
    here.release()
    here.in_flight.halt(lambda _: True)
    for connection in here.connections:
        connection.drop_halted()
    assert [wire.closing for wire in here.wires] == [False, True]
    sent.data_received(b"250 2.0.0 taken\r\n")
    assert here.outcomes() == {0: OutcomeKind.ACCEPTED}


async def test_one_journal_write_serves_all_messages_of_one_turn(moment: Callable[[int], Moment]) -> None:
    here = moment(5)
    for connection in here.connections:
        connection.data_received(ENVELOPE)
    assert here.events == []
    here.release()
    assert here.events == ["journal", *["mail"] * 5]
    for connection in here.connections:
        connection.data_received(b"250 2.0.0 taken\r\n" + ENVELOPE)
    here.release()
    assert here.events == ["journal", *["mail"] * 5] * 2
    assert list(here.outcomes().values()) == [OutcomeKind.ACCEPTED] * 5


async def test_a_connection_that_breaks_before_the_message_was_written_leaves_nothing_unknown(
    moment: Callable[[int], Moment],
) -> None:
    here = moment(2)
    for connection in here.connections:
        connection.data_received(ENVELOPE)
    here.connections[0].connection_lost(None)
    here.release()
    assert here.events[-2:] == ["journal", "mail"]
    assert here.outcomes() == {}
    assert len(here.in_flight.dispatch) == 2, "its mail, and the one whose envelope was to follow, wait again"


async def test_a_closing_connection_is_not_written_to(moment: Callable[[int], Moment]) -> None:
    here = moment(1)
    here.connections[0].data_received(ENVELOPE)
    here.wires[0].closing = True
    here.release()
    assert here.events == ["journal", "journal"], "about to; and that it did not go"
    assert here.outcomes() == {}


@pytest.mark.parametrize("early", [b"250 2.0.0 taken\r\n", b"554 5.7.1 no\r\n", b"250 2.0.0 ta", b"421 4.3.2 bye\r\n"])
@pytest.mark.parametrize("apart", [False, True])
async def test_a_reply_before_the_message_is_written_is_not_its_reply(
    apart: bool, early: bytes, moment: Callable[[int], Moment]
) -> None:
    here = moment(1)
    for piece in (ENVELOPE, early) if apart else (ENVELOPE + early,):
        here.connections[0].data_received(piece)
    here.release()
    assert "mail" not in here.events
    assert here.wires[0].closing
    assert here.outcomes() == {}
    assert len(here.in_flight.dispatch) == 2, "the mail, and the one whose envelope was to follow, wait again"


async def test_a_421_reply_on_an_idle_connection_costs_no_message(moment: Callable[[int], Moment]) -> None:
    here = moment(1)
    for said in (ENVELOPE, b"250 2.0.0 taken\r\n" + ENVELOPE, b"250 2.0.0 taken\r\n", b"421 4.3.2 bye\r\n"):
        here.connections[0].data_received(said)
        here.release()
    assert here.wires[0].closing
    assert here.outcomes() == {0: OutcomeKind.ACCEPTED, 1: OutcomeKind.ACCEPTED}


async def test_no_message_is_written_after_its_lease_has_ended(moment: Callable[[int], Moment]) -> None:
    here = moment(3)
    for connection in here.connections:
        connection.data_received(ENVELOPE)
    (held,) = here.in_flight.chunks.values()
    held.usable_until = 0.0
    here.release()
    assert "mail" not in here.events
    assert here.outcomes() == {}


@pytest.mark.parametrize("more", [b"", b"250 2.0.0 taken\r\n" + ENVELOPE])
async def test_no_message_is_written_if_the_journal_can_not_be(
    more: bytes, moment: Callable[[int], Moment], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = moment(3)

    def full(fd: int, content: bytes, size: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journals, "_write_whole", full)
    for connection in here.connections:
        connection.data_received(ENVELOPE)
    if more:
        here.connections[0].data_received(more)
    here.release()
    assert here.events == []
    assert all(wire.closing for wire in here.wires)
    assert set(here.outcomes().values()) == {OutcomeKind.DEFERRED}
    assert "No space left" in str(here.in_flight.journal_problem)
