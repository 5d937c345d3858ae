"""What is heard in one moment: one write to the journal, then the mails; and what may come between the two."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import pytest

from newsletter.config import Delivery, Timeouts
from newsletter.delivery import journal as journals
from newsletter.delivery.features import Features
from newsletter.delivery.journal import Journal
from newsletter.delivery.shift import Shift
from newsletter.delivery.smtp import Connection
from newsletter.mail import Batch, Kind
from tests.delivery.samples import reader, segments

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
    """A shift with some connections that were given a mail each, and what happened, in order."""

    shift: Shift
    connections: list[Connection]
    wires: list[Wire]
    events: list[str]

    def outcomes(self) -> dict[int, Kind]:
        """What is known of each number."""
        (held,) = self.shift.held.values()
        return {outcome.number: outcome.kind for outcome in held.outcomes}

    def release(self) -> None:
        """What the pool does before it rests."""
        noted = self.shift.flush()
        for connection in self.connections:
            connection.release(noted=noted)


@pytest.fixture
def moment(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Moment]:
    events: list[str] = []
    write = journals._write_whole

    def remembered(fd: int, content: bytes, size: int) -> None:
        write(fd, content, size)
        events.append("journal")

    monkeypatch.setattr(journals, "_write_whole", remembered)

    def make(connections: int) -> Moment:
        shift = Shift(Delivery(), journal, (), asyncio.get_running_loop().time, lambda: None)
        shift.begin(Batch(EDITION, 0, segments(), tuple(reader(n) for n in range(connections * 2))))
        events.clear()
        made, wires = [], []
        for _ in range(connections):
            connection, wire = Connection(Timeouts()), Wire(events)
            connection.connection_made(cast(asyncio.Transport, wire))
            connection.features = Features(pipelining=True)
            connection.start(shift, None)
            connection.pump()
            made.append(connection)
            wires.append(wire)
        return Moment(shift, made, wires, events)

    return make


async def test_one_write_to_the_journal_serves_all_mails_of_a_moment(moment: Callable[[int], Moment]) -> None:
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
    assert list(here.outcomes().values()) == [Kind.ACCEPTED] * 5


async def test_what_breaks_before_its_mail_was_written_is_no_unknown(moment: Callable[[int], Moment]) -> None:
    here = moment(2)
    for connection in here.connections:
        connection.data_received(ENVELOPE)
    here.connections[0].connection_lost(None)
    here.release()
    assert here.events[-2:] == ["journal", "mail"]
    assert here.outcomes() == {}
    assert len(here.shift.dispatch) == 2, "its mail, and the one whose envelope was to follow, wait again"


async def test_a_connection_that_is_found_closing_is_not_written_to(moment: Callable[[int], Moment]) -> None:
    here = moment(1)
    here.connections[0].data_received(ENVELOPE)
    here.wires[0].closing = True
    here.release()
    assert here.events == ["journal", "journal"], "about to; and that it did not go"
    assert here.outcomes() == {}


async def test_a_server_that_says_more_than_it_was_asked_gets_the_mail_first(moment: Callable[[int], Moment]) -> None:
    here = moment(1)
    here.connections[0].data_received(ENVELOPE + b"554 5.7.1 no\r\n")
    assert here.events == ["journal", "mail"]
    assert here.outcomes() == {0: Kind.REFUSED}


async def test_what_comes_before_the_mail_is_written_is_heard_after_it(moment: Callable[[int], Moment]) -> None:
    here = moment(1)
    here.connections[0].data_received(ENVELOPE)
    here.connections[0].data_received(b"250 2.0.0 taken\r\n" + ENVELOPE)
    assert here.events == ["journal", "mail"]
    assert here.outcomes() == {0: Kind.ACCEPTED}


async def test_a_server_that_says_goodbye_to_an_idle_connection_costs_no_mail(moment: Callable[[int], Moment]) -> None:
    here = moment(1)
    for said in (ENVELOPE, b"250 2.0.0 taken\r\n" + ENVELOPE, b"250 2.0.0 taken\r\n", b"421 4.3.2 bye\r\n"):
        here.connections[0].data_received(said)
        here.release()
    assert here.wires[0].closing
    assert here.outcomes() == {0: Kind.ACCEPTED, 1: Kind.ACCEPTED}


async def test_a_lease_that_ends_in_that_moment_lets_no_mail_go(moment: Callable[[int], Moment]) -> None:
    here = moment(3)
    for connection in here.connections:
        connection.data_received(ENVELOPE)
    (held,) = here.shift.held.values()
    held.usable_until = 0.0
    here.release()
    assert "mail" not in here.events
    assert here.outcomes() == {}


@pytest.mark.parametrize("more", [b"", b"250 2.0.0 taken\r\n" + ENVELOPE])
async def test_a_mail_that_the_journal_could_not_be_told_of_does_not_go(
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
    assert set(here.outcomes().values()) == {Kind.DEFERRED}
    assert "No space left" in (here.shift.broken or "")
