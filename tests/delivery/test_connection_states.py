"""A connection makes only the transitions of its table, whatever server, journal and network do."""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable
from typing import TypeVar, cast

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from newsletter.config import Timeouts
from newsletter.delivery.active_chunk import ActiveChunk, ConnectionProblem, DeliveryCallbacks, DeliveryJob
from newsletter.delivery.outcome import Phase
from newsletter.delivery.reply import Reply
from newsletter.delivery.smtp.connection import Connection
from newsletter.delivery.smtp.features import Features
from newsletter.delivery.smtp.states import TRANSITIONS, ConnectionState
from newsletter.domain.batch import Batch
from newsletter.domain.outcome import Fault, Outcome
from newsletter.messages import Message
from newsletter.mime.message_builder import MessageBuilder
from tests.delivery.samples import encoded, recipient

T = TypeVar("T")
S = ConnectionState
POSITIVE = {Phase.GREETING: 220, Phase.DATA: 354, Phase.QUIT: 221}
GROUP = b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n"


class Transport:
    """A transport that keeps what was written."""

    def __init__(self) -> None:
        self.written = b""
        self.closing = False

    def write(self, data: bytes) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.closing

    def abort(self) -> None:
        self.closing = True

    @property
    def messages(self) -> int:
        """The number of messages whose content was written with its final dot."""
        return self.written.count(b"\r\n.\r\n")


class Callbacks(DeliveryCallbacks):
    """Messages to send, and how each was reported."""

    def __init__(self, count: int) -> None:
        builder = MessageBuilder(encoded())
        self.chunk = ActiveChunk(Batch("k/1", 0, encoded(), tuple(map(recipient, range(count)))), builder, 0.0)
        self.waiting = deque(DeliveryJob(self.chunk, one) for one in self.chunk.batch.recipients)
        for job in self.waiting:
            job.message = builder.build(job.recipient)
        self.taken: list[int] = []
        self.reports: list[tuple[int, str]] = []
        self.lease_valid = self.may_log = True

    def take(self) -> DeliveryJob | None:
        if not self.waiting:
            return None
        job = self.waiting.popleft()
        self.taken.append(job.recipient.number)
        return job

    def lease_is_valid(self, job: DeliveryJob) -> bool:
        return self.lease_valid

    def log_intent(self, job: DeliveryJob) -> bool:
        if not self.may_log:
            self._report(job, "not delivered")
        return self.may_log

    def reply_received(self, job: DeliveryJob, phase: Phase, reply: Reply) -> None:
        self._report(job, "accepted" if phase is Phase.DOT and reply.positive else "refused")

    def return_undelivered(self, job: DeliveryJob, problem: Message, *_: object, uncounted: bool = False) -> None:
        self._report(job, "not delivered")

    def reply_lost(self, job: DeliveryJob, problem: Message) -> None:
        self._report(job, "unconfirmed")

    def _report(self, job: DeliveryJob, how: str) -> None:
        self.reports.append((job.recipient.number, how))

    def flush(self) -> bool:
        return True

    def refuse(self, job: DeliveryJob, fault: Fault, status: str, problem: Message) -> None:
        self._report(job, "refused")

    def outcome_received(self, job: DeliveryJob, outcome: Outcome) -> None:
        self._report(job, str(outcome.kind))

    def return_untried(self, job: DeliveryJob, problem: Message) -> None:
        self._report(job, "not delivered")

    def connection_failed(self, problem: ConnectionProblem) -> None:
        raise AssertionError(problem)


class Recorded(Connection):
    """A connection that remembers its transitions."""

    def __init__(self, made: set[tuple[ConnectionState, ConnectionState]]) -> None:
        super().__init__(Timeouts())
        self._made = made

    def _enter(self, state: ConnectionState) -> None:
        self._made.add((self.state, state))
        super()._enter(state)


class ConnectionMachine(RuleBasedStateMachine):
    """Server, journal, network and owner do what they like, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.made: set[tuple[ConnectionState, ConnectionState]] = set()
        self.callbacks, self.transport = Callbacks(6), Transport()
        self.connection = self._run(lambda: Recorded(self.made))
        self.connection.connection_made(cast(asyncio.Transport, self.transport))

    def teardown(self) -> None:
        self._run(lambda: self.connection.end("over"))
        self.loop.close()
        assert self.made <= {(before, after) for before, afters in TRANSITIONS.items() for after in afters}
        assert sorted(number for number, _ in self.callbacks.reports) == sorted(self.callbacks.taken)

    def _run(self, function: Callable[[], T]) -> T:
        async def call() -> T:
            return function()

        return self.loop.run_until_complete(call())

    def _open(self) -> bool:
        return self.connection.state is not S.CLOSED

    def _receive(self, data: bytes) -> None:
        self._run(lambda: self.connection.data_received(data))

    @precondition(lambda self: self.connection.state is S.SETUP)
    @rule(pipelining=st.booleans(), limit=st.sampled_from([None, 1, 2]))
    def finish_setup(self, pipelining: bool, limit: int | None) -> None:
        if self.connection._expected:
            self._receive(b"220 mail.example\r\n")
        if self._open():
            self.connection.features = Features(pipelining=pipelining)
            self.connection.start(self.callbacks, limit)

    @precondition(_open)
    @rule()
    def look_for_work(self) -> None:
        self._run(self.connection.pump)

    @precondition(lambda self: self._open() and self.connection._expected)
    @rule(count=st.integers(1, 4))
    def accept_commands(self, count: int) -> None:
        expected = itertools.islice(list(self.connection._expected), count)
        self._receive(b"".join(b"%d ok\r\n" % POSITIVE.get(phase, 250) for phase in expected))

    @precondition(_open)
    @rule(data=st.sampled_from([b"550 5.1.1 no\r\n", b"451 later\r\n", b"421 bye\r\n", b"250 ok\r\n", b"25", GROUP]))
    def reply_anything(self, data: bytes) -> None:
        self._receive(data)

    @rule()
    def write_content(self) -> None:
        self.callbacks.lease_valid = True
        self._run(lambda: self.connection.release(logged=True))

    @rule(logged=st.booleans())
    def refuse_to_write(self, logged: bool) -> None:
        self.callbacks.lease_valid = not logged
        self._run(lambda: self.connection.release(logged=logged))

    @precondition(_open)
    @rule(what=st.sampled_from(["leave", "drop_halted", "pause_writing", "resume_writing"]))
    def tell(self, what: str) -> None:
        self._run(getattr(self.connection, what))

    @precondition(_open)
    @rule(halted=st.booleans(), may_log=st.booleans())
    def halt(self, halted: bool, may_log: bool) -> None:
        self.callbacks.chunk.halted, self.callbacks.may_log = halted, may_log

    @precondition(_open)
    @rule(after=st.sampled_from([0.0, 10_000.0]))
    def check_deadline(self, after: float) -> None:
        self._run(lambda: self.connection.check(self.loop.time() + after))

    @precondition(_open)
    @rule()
    def break_connection(self) -> None:
        self._run(lambda: self.connection.connection_lost(None))

    @invariant()
    def the_state_says_what_is_in_progress(self) -> None:
        connection, state = self.connection, self.connection.state
        assert (connection._current is not None) == (state in (S.QUEUED, S.SENT))
        assert bool(connection._queued) == (state is S.QUEUED)
        if state in (S.SETUP, S.IDLE, S.QUITTING, S.CLOSED):
            assert connection._next is None
        if state in (S.ENVELOPE, S.EMPTY_DATA):
            assert connection._next is not None
        assert connection.closed.done() == (state is S.CLOSED)

    @invariant()
    def only_messages_that_were_written_are_accepted_or_unconfirmed(self) -> None:
        sent = [number for number, how in self.callbacks.reports if how in ("accepted", "unconfirmed")]
        assert len(sent) <= self.transport.messages
        assert len(self.callbacks.reports) == len(dict(self.callbacks.reports)), "each is reported once"


TestConnectionStates = ConnectionMachine.TestCase
TestConnectionStates.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


def test_each_state_has_its_transitions() -> None:
    assert set(TRANSITIONS) == set(ConnectionState)
    assert not TRANSITIONS[S.CLOSED]
    assert all(S.CLOSED in after for state, after in TRANSITIONS.items() if state is not S.CLOSED)


async def test_a_transition_that_is_not_in_the_table_is_an_error() -> None:
    with pytest.raises(AssertionError, match="SETUP"):
        Connection(Timeouts())._enter(S.SENT)


async def test_a_connection_makes_every_transition_of_the_table() -> None:
    made: set[tuple[ConnectionState, ConnectionState]] = set()
    group, envelope = GROUP, GROUP[8:]
    for pipelining, limit, steps in (
        (True, None, (envelope, "release", group, "release", group[:8], envelope, "leave", "release", b"250 ok\r\n")),
        (True, 1, (envelope, "release", b"250 ok\r\n", b"221 bye\r\n")),
        (True, None, (b"250 ok\r\n550 no\r\n354 go\r\n", b"250 ok\r\n")),
        (True, None, (b"250 ok\r\n550 no\r\n354 go\r\n", "end")),
        (True, None, (b"250 ok\r\n550 no\r\n503 no\r\n", "end")),
        (True, None, (envelope, "end")),
        (True, None, (envelope, "release", "end")),
        (False, 0, ("leave", "end")),
        (False, 0, ("end",)),
    ):
        connection, transport, callbacks = Recorded(made), Transport(), Callbacks(4)
        connection.connection_made(cast(asyncio.Transport, transport))
        connection.data_received(b"220 mail.example\r\n")
        connection.features = Features(pipelining=pipelining)
        connection.start(callbacks, limit)
        connection.pump()
        for step in steps:
            if isinstance(step, bytes):
                connection.data_received(step)
            elif step == "release":
                connection.release(logged=True)
            elif step == "leave":
                connection.leave()
            else:
                connection.end("over")
    unfinished = Recorded(made)
    unfinished.connection_made(cast(asyncio.Transport, Transport()))
    unfinished.end("over")
    assert made == {(before, after) for before, afters in TRANSITIONS.items() for after in afters}
