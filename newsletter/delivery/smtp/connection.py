"""One SMTP connection (RFC 5321), with pipelining if the server offers it (RFC 2920). See `states` for its states.

Every reply is paired with the command that it answers, from the greeting on; a reply that arrives before its command
was written, or that can't answer it, closes the connection. With PIPELINING, a message's content and final dot are sent
together with the next message's MAIL, RCPT and DATA, so that a message costs one round trip. They are written once the
journal has logged the intent to send the content (`release`). However the connection ends, each of its messages is
reported as one of: replied to, not delivered (the final dot was not sent), or unconfirmed (sent, without a reply).
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable, Sequence
from typing import cast

from newsletter.config import Timeouts
from newsletter.delivery.active_chunk import STOPPED, DeliveryCallbacks, DeliveryJob
from newsletter.delivery.outcome import Phase, is_valid_reply
from newsletter.delivery.reply import InvalidReply, Reply, ReplyParser
from newsletter.delivery.smtp.features import Features
from newsletter.delivery.smtp.setup_replies import SetupReplies
from newsletter.delivery.smtp.states import (
    TRANSITIONS,
    ConnectionBroken,
    ConnectionState,
    ServerClosing,
    UnexpectedReply,
    seconds_for,
)
from newsletter.messages import Message, delivery as messages

# Looking a member up in its class runs Python code (3.11), which takes a twentieth of the time for a message.
_SETUP, _IDLE, _ENVELOPE, _EMPTY_DATA, _QUEUED, _SENT, _QUITTING, _CLOSED = ConnectionState

_ENVELOPE_PHASES = (Phase.MAIL, Phase.RCPT, Phase.DATA)
_PIPELINED_REPLIES = 1 + len(_ENVELOPE_PHASES)
"""Replies expected for a final dot and the next message's envelope, before any of them has arrived."""


class Connection(asyncio.Protocol):
    """A connection: `ask` during set-up, then `start`, which sends messages until `closed`.

    `on_data` is called after anything was received, and must have `release` called before the loop waits again.
    """

    _callbacks: DeliveryCallbacks
    """Set by `start`."""

    def __init__(self, timeouts: Timeouts) -> None:
        self.timeouts = timeouts
        self.on_data: Callable[[Connection], None] = lambda _: None
        self.features = Features()
        self.state: ConnectionState = _SETUP
        self.accepted = 0
        self.limit: int | None = None
        self.closing_phase: Phase | None = None
        self.idle_since = math.inf
        loop = asyncio.get_running_loop()
        self._now = loop.time
        self.closed: asyncio.Future[None] = loop.create_future()
        self._parser = ReplyParser()
        self._setup_replies = SetupReplies()
        self._expected: deque[Phase] = deque((Phase.GREETING,))
        self._next: DeliveryJob | None = None
        self._commands: Sequence[bytes] = ()
        self._current: DeliveryJob | None = None
        self._queued: list[bytes] = []
        self._refusal: tuple[Phase, Reply] | None = None
        self._needs_reset = False
        self._leaving = False
        self._write_paused = False
        self._error = ConnectionBroken(messages.ENDED())
        self._deadline = math.inf
        self._seconds = seconds_for(timeouts)

    def _enter(self, state: ConnectionState) -> None:
        assert state in TRANSITIONS[self.state], f"{self.state} → {state}"
        self.state = state

    # Called by asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; called again with the encrypted one after STARTTLS."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Handle replies, which may arrive in any number of pieces."""
        current, following = self._current, self._next
        sent = self.state is _SENT and len(self._expected) == _PIPELINED_REPLIES
        if current and following and sent and (reply := self._parser.parse_pipelined_success(data)):
            self._pipelined_success(current, reply, following)
        else:
            self._parse(data)
        if self.state is not _SETUP:
            self._set_deadline()
            self.on_data(self)

    def _parse(self, data: bytes) -> None:
        """Handle reply by reply; only commands that were written before the data arrived can have been answered."""
        answerable = 0 if self.state is _QUEUED else len(self._expected)
        try:
            for reply in self._parser.feed(data):
                self._receive(reply, expected=answerable > 0)
                answerable -= 1
                if self.state is _CLOSED:
                    return
        except InvalidReply as e:
            self._unexpected(e.message)
        if self._parser.unfinished and answerable <= 0:
            self._unexpected(messages.BEGAN_REPLY_EARLY())

    def pause_writing(self) -> None:
        """Start the deadline for writing: the transport's buffer is full, and may contain the final dot."""
        self._write_paused = True
        self._deadline = self._now() + self.timeouts.block.total_seconds()

    def resume_writing(self) -> None:
        """Wait for replies again: the buffer is empty enough."""
        self._write_paused = False
        self._set_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Close: the server closed the connection, or the network failed."""
        self.end(messages.BROKE(cause=str(exc)) if exc else messages.CLOSED())

    # Set-up.

    async def read_pending(self) -> None:
        """Read what has already arrived, which takes two turns of the loop. Raises ConnectionBroken if it has ended."""
        for _ in range(2):
            await asyncio.sleep(0)
        if self.state is _CLOSED:
            raise self._error

    async def ask(self, command: bytes, phase: Phase) -> Reply:
        """Write a command (b"" for the greeting) and return the reply. Raises ConnectionBroken."""
        if command:
            await self.read_pending()
            self._write(command, phase)
        if self.state is not _CLOSED and not await self._setup_replies.arrive(within=self._seconds[phase]):
            self.end(messages.TIMED_OUT(step=phase.shown))
        if (reply := self._setup_replies.take()) is None:
            raise self._error
        return reply

    # Sending.

    def start(self, callbacks: DeliveryCallbacks, limit: int | None) -> None:
        """Take messages from `callbacks` from now on, at most `limit`."""
        self._callbacks, self.limit = callbacks, limit
        self.idle_since = self._now()
        self._enter(_IDLE)

    @property
    def idle(self) -> bool:
        """Whether it could send a message now."""
        return self.state is _IDLE

    @property
    def full(self) -> bool:
        """Whether it has sent as many messages as one connection may."""
        return self.limit is not None and self.accepted + (self._current is not None) >= self.limit

    def pump(self) -> None:
        """Begin a message, if idle and there is one."""
        if self.idle and not self.full and (job := self._take()):
            self._begin(job)

    def check(self, now: float) -> None:
        """End the connection if a deadline has passed."""
        if now > self._deadline:
            reading = self._write_paused or not self._expected
            self.end(messages.WRITE_TIMED_OUT() if reading else messages.TIMED_OUT(step=self._expected[0].shown))

    def leave(self) -> None:
        """Begin no further message, and send QUIT after the current ones."""
        self._leaving = True
        if self.idle:
            self._enter(_QUITTING)
            self._write(b"QUIT\r\n", Phase.QUIT)
            self._set_deadline()

    def drop_halted(self) -> None:
        """Close if the only message is one of a halted chunk whose final dot is not sent."""
        if self._next and self._current is None and self._next.chunk.halted:
            self.end(STOPPED)

    def release(self, *, logged: bool) -> None:
        """Write the queued content if the journal has `logged` the intent; otherwise close the connection.

        The lease is checked again: if the machine was suspended right now, at most one message is sent too late.
        """
        if self.state is not _QUEUED:
            return
        if not logged or not self._callbacks.lease_is_valid(cast(DeliveryJob, self._current)):
            self.end(STOPPED)
        elif self.transport.is_closing():
            self.end(messages.CLOSED())
        else:
            queued, self._queued = self._queued, []
            self._enter(_SENT)
            self.transport.write(b"".join(queued))

    def end(self, problem: Message, kind: type[ConnectionBroken] = ConnectionBroken) -> None:
        """Close the connection and report each of its messages, according to how far it was sent."""
        if self.state is _CLOSED:
            return
        dot_sent = self.state is _SENT and not self._write_paused
        self._enter(_CLOSED)
        self.closed.set_result(None)
        self._error = kind(problem)
        self._deadline = math.inf
        self.transport.abort()
        current, following = self._current, self._next
        self._current = self._next = None
        self._queued = []
        if current:
            if dot_sent:
                self._callbacks.reply_lost(current, problem)
            else:
                self._callbacks.return_undelivered(current, problem)
        if following:
            if self._refusal:
                self._callbacks.reply_received(following, *self._refusal)
            else:
                uncounted = current is not None or self.closing_phase is Phase.DOT
                self._callbacks.return_undelivered(following, problem, uncounted=uncounted)
        self._setup_replies.wake()

    def _pipelined_success(self, current: DeliveryJob, reply: Reply, following: DeliveryJob) -> None:
        """Handle four positive replies in one step: a message is accepted, and so is the next one's envelope."""
        self._current = None
        self._expected.clear()
        self.accepted += 1
        self._callbacks.reply_received(current, Phase.DOT, reply)
        self._queue(following)

    def _unexpected(self, problem: Message) -> None:
        """Close the connection without using the last replies: they may have answered other commands."""
        self._setup_replies.clear()
        self._refusal = None
        self.end(problem, UnexpectedReply)

    def _receive(self, reply: Reply, *, expected: bool) -> None:
        if not expected:
            if reply.code == 421:
                self.end(messages.SAID(reply=str(reply)), ServerClosing)
            else:
                self._unexpected(messages.REPLIED_EARLY(reply=str(reply)))
            return
        phase = self._expected.popleft()
        if not is_valid_reply(phase, reply.code):
            self._unexpected(messages.WRONG_REPLY(step=phase.shown, reply=str(reply)))
        elif self.state is _SETUP:
            self._setup_replies.add(reply)
        elif reply.code == 421:
            self._server_closing(phase, reply)
        else:
            self._handle(phase, reply)

    def _handle(self, phase: Phase, reply: Reply) -> None:
        if phase is Phase.DOT:
            self._after_dot(reply)
        elif phase is Phase.MAIL or phase is Phase.RCPT:
            self._after_envelope(phase, reply)
        elif phase is Phase.DATA:
            self._after_data(reply)
        elif phase is Phase.EMPTY_DATA:
            self._refused()
        elif phase is Phase.RSET:
            self._needs_reset = False
            self._write_command(Phase.MAIL)
        else:
            self.end(messages.ENDED())

    def _after_dot(self, reply: Reply) -> None:
        job, self._current = cast(DeliveryJob, self._current), None
        self.accepted += reply.positive
        self._callbacks.reply_received(job, Phase.DOT, reply)
        if self._next is None:
            self._advance()
        else:
            self._enter(_ENVELOPE)

    def _after_envelope(self, phase: Phase, reply: Reply) -> None:
        """Keep a refusal until the last reply of the group, which decides what must be written next."""
        if not reply.positive and self._refusal is None:
            self._refusal = (phase, reply)
        if not self.features.pipelining:
            if self._refusal:
                self._needs_reset = phase is Phase.RCPT
                self._refused()
            else:
                self._write_command(Phase.RCPT if phase is Phase.MAIL else Phase.DATA)

    def _after_data(self, reply: Reply) -> None:
        if reply.code == 354 and self._refusal:
            self._enter(_EMPTY_DATA)
            self._write(b".\r\n", Phase.EMPTY_DATA)
        elif reply.code == 354:
            self._queue(cast(DeliveryJob, self._next))
        else:
            self._needs_reset = self._refusal is None or self._refusal[0] is Phase.RCPT
            self._refusal = self._refusal or (Phase.DATA, reply)
            self._refused()

    def _refused(self) -> None:
        job, self._next = cast(DeliveryJob, self._next), None
        phase, reply = cast(tuple[Phase, Reply], self._refusal)
        self._refusal = None
        self._callbacks.reply_received(job, phase, reply)
        self._advance()

    def _server_closing(self, phase: Phase, reply: Reply) -> None:
        """Close after a 421 reply (RFC 5321 3.8): the command failed, even if it was the final dot."""
        problem = messages.SAID(reply=str(reply))
        self.closing_phase = phase
        if phase is Phase.DOT:
            job, self._current = cast(DeliveryJob, self._current), None
            self._callbacks.return_undelivered(job, problem, phase, reply)
        elif self._next and self._refusal is None:
            job, self._next = self._next, None
            self._callbacks.return_undelivered(job, problem, phase, reply)
        self.end(problem)

    def _advance(self) -> None:
        """Begin the next message, wait for one, or send QUIT."""
        self._enter(_IDLE)
        if self._leaving or self.full:
            self.leave()
        else:
            self.idle_since = self._now()
            self.pump()

    def _take(self) -> DeliveryJob | None:
        """Return the next message that this server can take; the others are refused."""
        while job := self._callbacks.take():
            problem = self.features.problem_with(job.message)
            if problem is None:
                return job
            self._callbacks.refuse(job, *problem)
        return None

    def _begin(self, job: DeliveryJob) -> None:
        self._enter(_ENVELOPE)
        self._next = job
        if self.features.pipelining:
            self.transport.write(self._envelope(job))
        else:
            self._commands = self.features.commands(job.message).splitlines(keepends=True)
            if self._needs_reset:
                self._write(b"RSET\r\n", Phase.RSET)
            else:
                self._write_command(Phase.MAIL)
        self._set_deadline()

    def _envelope(self, job: DeliveryJob) -> bytes:
        """Return MAIL, RCPT and DATA as one group, after RSET if the last transaction is still open."""
        commands = self.features.commands(job.message)
        if self._needs_reset:
            self._expected.append(Phase.RSET)
            commands = b"RSET\r\n" + commands
        self._expected.extend(_ENVELOPE_PHASES)
        return commands

    def _write_command(self, phase: Phase) -> None:
        """Write one command of the envelope, for a server without PIPELINING."""
        if not self.features.pipelining:
            self._write(self._commands[_ENVELOPE_PHASES.index(phase)], phase)

    def _queue(self, job: DeliveryJob) -> None:
        """Queue the content and final dot, with the next message's envelope behind them."""
        self._next = None
        if not self._callbacks.log_intent(job):
            self.end(STOPPED)
            return
        self._enter(_QUEUED)
        self._current = job
        self._expected.append(Phase.DOT)
        envelope = b""
        if self.features.pipelining and not self._leaving and not self.full and (following := self._take()):
            self._next = following
            envelope = self._envelope(following)
        self._queued = [*job.message.pieces, b".\r\n", envelope]

    def _write(self, command: bytes, phase: Phase) -> None:
        self._expected.append(phase)
        self.transport.write(command)

    def _set_deadline(self) -> None:
        """Set the deadline of the next reply (RFC 5321 4.5.3.2)."""
        if not self._write_paused and self.state is not _CLOSED:
            self._deadline = self._now() + self._seconds[self._expected[0]] if self._expected else math.inf
