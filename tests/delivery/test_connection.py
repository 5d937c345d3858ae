"""One connection, reply by reply: what it writes, and what it reports."""

import asyncio
import re
import socket
from typing import cast

import pytest

from newsletter.config import Timeouts
from newsletter.delivery.outcome import Phase
from newsletter.delivery.smtp.connection import Connection
from newsletter.delivery.smtp.features import Features
from newsletter.delivery.smtp.states import ConnectionState, UnexpectedReply
from tests.delivery.test_connection_states import POSITIVE, Callbacks, Transport

ENVELOPE = b"250 ok\r\n250 ok\r\n354 go\r\n"
ACCEPTED = b"250 ok\r\n"
both = pytest.mark.parametrize("pipelining", [True, False])


class Session:
    """A connection that has begun to send, its transport, and what it told the engine."""

    def __init__(self, messages: int, *, pipelining: bool = True, limit: int | None = None) -> None:
        self.callbacks, self.transport, self.connection = Callbacks(messages), Transport(), Connection(Timeouts())
        self.connection.connection_made(cast(asyncio.Transport, self.transport))
        self.connection.data_received(b"220 mail.example\r\n")
        self.connection.features = Features(pipelining=pipelining)
        self.connection.start(self.callbacks, limit)
        self.connection.pump()

    def receive(self, octets: bytes) -> None:
        """Hand over replies, one by one without pipelining, and write what is queued then."""
        pieces = [octets] if self.connection.features.pipelining else octets.splitlines(keepends=True)
        for piece in pieces:
            self.connection.data_received(piece)
            self.connection.release(logged=True)

    @property
    def commands(self) -> list[bytes]:
        """The verbs of the commands that were written."""
        return re.findall(rb"^(MAIL FROM|RCPT TO|DATA|RSET|QUIT)\b", self.transport.written, re.MULTILINE)


REFUSALS = {
    "MAIL": (b"550 no\r\n503 no\r\n503 no\r\n", b"550 no\r\n"),
    "RCPT": (b"250 ok\r\n550 no\r\n503 no\r\n", b"250 ok\r\n550 no\r\n"),
    "DATA": (b"250 ok\r\n250 ok\r\n451 no\r\n", b"250 ok\r\n250 ok\r\n451 no\r\n"),
}


@both
@pytest.mark.parametrize(("refused", "reset"), [("MAIL", False), ("RCPT", True), ("DATA", True)])
async def test_only_a_transaction_that_is_still_open_is_reset(refused: str, *, reset: bool, pipelining: bool) -> None:
    session = Session(2, pipelining=pipelining)
    begun = len(session.commands)
    session.receive(REFUSALS[refused][0 if pipelining else 1])
    written = session.commands[begun if pipelining else -1 :]
    assert session.callbacks.reports == [(0, "refused")]
    assert session.callbacks.taken == [0, 1]
    assert written[0] == (b"RSET" if reset else b"MAIL FROM")


@both
@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_a_connection_sends_as_many_messages_as_it_may_and_says_goodbye(*, limit: int, pipelining: bool) -> None:
    session = Session(5, pipelining=pipelining, limit=limit)
    while session.connection.state is not ConnectionState.QUITTING:
        session.receive(b"".join(b"%d ok\r\n" % POSITIVE.get(phase, 250) for phase in session.connection._expected))
    assert session.callbacks.reports == [(number, "accepted") for number in range(limit)]
    assert session.callbacks.taken == list(range(limit))
    assert session.commands[-1] == b"QUIT"


async def test_a_message_that_is_still_in_the_buffer_was_not_delivered() -> None:
    session = Session(1)
    session.receive(ENVELOPE)
    session.connection.pause_writing()
    session.connection.end("the network failed")
    assert session.callbacks.reports == [(0, "not delivered")]


async def test_a_message_that_was_written_to_its_end_is_unconfirmed() -> None:
    session = Session(1)
    session.receive(ENVELOPE)
    session.connection.pause_writing()
    session.connection.resume_writing()
    session.connection.end("the network failed")
    assert session.callbacks.reports == [(0, "unconfirmed")]


@both
@pytest.mark.parametrize("before", [b"", b"250 ok\r\n", b"250 ok\r\n250 ok\r\n"], ids=["MAIL", "RCPT", "DATA"])
async def test_a_server_that_closes_in_an_envelope_took_no_message(*, before: bytes, pipelining: bool) -> None:
    session = Session(1, pipelining=pipelining)
    session.receive(before + b"421 4.3.2 closing\r\n")
    assert session.connection.state is ConnectionState.CLOSED
    assert session.callbacks.reports == [(0, "not delivered")]


@both
async def test_a_server_that_closes_after_the_final_dot_took_no_message(*, pipelining: bool) -> None:
    session = Session(2, pipelining=pipelining)
    session.receive(ENVELOPE)
    session.receive(b"421 4.3.2 closing\r\n")
    assert session.connection.state is ConnectionState.CLOSED
    assert session.callbacks.reports == [(number, "not delivered") for number in session.callbacks.taken]


async def test_replies_that_have_arrived_are_read_before_a_command_is_written() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        _, connection = await asyncio.get_running_loop().create_connection(lambda: Connection(Timeouts()), sock=ours)
        theirs.sendall(b"220 mail.example\r\n")
        await connection.ask(b"", Phase.GREETING)
        theirs.sendall(b"250 early\r\n")
        with pytest.raises(UnexpectedReply, match="before the command that it answers"):
            await connection.ask(b"EHLO here.example\r\n", Phase.EHLO)
        with pytest.raises(BlockingIOError):
            theirs.recv(100, socket.MSG_DONTWAIT)


async def test_a_greeting_that_has_arrived_is_not_waited_for() -> None:
    connection = Connection(Timeouts(greeting="100ms"))
    connection.connection_made(cast(asyncio.Transport, transport := Transport()))
    connection.data_received(b"220 mail.example\r\n")
    assert (await connection.ask(b"", Phase.GREETING)).code == 220
    assert not transport.is_closing()


@both
async def test_a_transaction_is_reset_once(*, pipelining: bool) -> None:
    session = Session(4, pipelining=pipelining)
    session.receive(REFUSALS["RCPT"][0 if pipelining else 1])
    while session.connection.state is not ConnectionState.IDLE:
        session.receive(b"".join(b"%d ok\r\n" % POSITIVE.get(phase, 250) for phase in session.connection._expected))
    assert session.callbacks.reports == [(0, "refused"), (1, "accepted"), (2, "accepted"), (3, "accepted")]
    assert session.commands.count(b"RSET") == 1


async def test_only_a_message_of_a_halted_chunk_that_is_not_written_is_dropped() -> None:
    session = Session(1)
    session.connection.drop_halted()
    assert session.callbacks.reports == []
    session.callbacks.chunk.halted = True
    session.connection.drop_halted()
    assert session.connection.state is ConnectionState.CLOSED
    assert session.callbacks.reports == [(0, "not delivered")]
    session = Session(1)
    session.receive(ENVELOPE)
    session.callbacks.chunk.halted = True
    session.connection.drop_halted()
    assert session.connection.state is ConnectionState.SENT


async def test_replies_beyond_those_of_written_commands_accept_nothing() -> None:
    session = Session(4)
    session.receive(ENVELOPE)
    session.receive(ACCEPTED + ENVELOPE)
    assert session.callbacks.reports == [(0, "accepted")]
    session.receive((ACCEPTED + ENVELOPE) * 2)
    assert session.connection.state is ConnectionState.CLOSED
    assert session.callbacks.reports == [(0, "accepted"), (1, "accepted"), (2, "not delivered"), (3, "not delivered")]


@both
async def test_a_connection_that_leaves_ends_its_message_and_says_goodbye(*, pipelining: bool) -> None:
    session = Session(3, pipelining=pipelining)
    session.connection.leave()
    session.receive(ENVELOPE)
    assert session.connection.state is ConnectionState.SENT
    session.receive(ACCEPTED)
    assert session.commands == [b"MAIL FROM", b"RCPT TO", b"DATA", b"QUIT"]
    assert session.callbacks.reports == [(0, "accepted")]
    assert session.callbacks.taken == [0]
