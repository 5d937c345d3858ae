"""One SMTP connection (RFC 5321), pipelined as far as the server lets us (RFC 2920).

Promises: every reply is checked against the command that it answers. With PIPELINING a mail's body, its final
dot and the next mail's MAIL, RCPT and DATA are one group, so that a mail costs one round trip. The group waits
until the journal has heard of the dot (`release`). However the connection ends, each mail that it had is told
apart: replied; certainly not taken (its dot was not out); or lost (dot written, no reply).
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable, Sequence
from typing import cast

from newsletter.config import Timeouts
from newsletter.delivery.deadlines import seconds_for
from newsletter.delivery.features import Features
from newsletter.delivery.held import STOPPED, Job, Work
from newsletter.delivery.outcome import Phase
from newsletter.delivery.reply import Garbage, Replies, Reply

_GROUP = (Phase.MAIL, Phase.RCPT, Phase.DATA)
_WHOLE = 1 + len(_GROUP)
"""Replies that are awaited for a final dot and the group behind it, none of which has come."""


class Broken(Exception):
    """A connection that cannot be used: closed, timed out, or talking nonsense."""


class Connection(asyncio.Protocol):
    """A connection: `ask` while it is set up, then `start` and mails until `closed`.

    `heard` is called whenever something came in, and wants `release` called before the loop rests.
    """

    _work: Work
    """From `start` on."""

    def __init__(self, timeouts: Timeouts) -> None:
        self.timeouts = timeouts
        self.heard: Callable[[Connection], None] = _nothing
        self.features = Features()
        self.taken = 0
        self.most: int | None = None
        self.farewell: Phase | None = None
        self.idle_since = math.inf
        loop = asyncio.get_running_loop()
        self._now = loop.time
        self.closed: asyncio.Future[None] = loop.create_future()
        self._replies = Replies()
        self._inbox: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._started = False
        self._awaited: deque[Phase] = deque()
        self._next: Job | None = None
        self._commands: Sequence[bytes] = ()
        self._dotted: Job | None = None
        self._unsent: list[bytes] = []
        self._refusal: tuple[Phase, Reply] | None = None
        self._reset = False
        self._leaving = False
        self._paused = False
        self._problem = ""
        self._deadline = math.inf
        self._seconds = seconds_for(timeouts)

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Replies, in whatever pieces."""
        dotted, following = self._dotted, self._next
        in_step = not self._unsent and len(self._awaited) == _WHOLE
        if dotted and following and in_step and (reply := self._replies.going_well(data)):
            self._go_on(dotted, reply, following)
        else:
            self._feed(data)
        if self._started:
            self._arm()
            self.heard(self)

    def _feed(self, data: bytes) -> None:
        try:
            for reply in self._replies.feed(data):
                self._receive(reply)
                if self.closed.done():
                    break
        except Garbage as e:
            self.end(str(e))

    def pause_writing(self) -> None:
        """The server reads slowly: more than a final dot is still here."""
        self._paused = True
        self._deadline = self._now() + self.timeouts.block.total_seconds()

    def resume_writing(self) -> None:
        """It has read on."""
        self._paused = False
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side closed, or the network broke."""
        self.end(f"the connection broke: {exc}" if exc else "the mail server closed the connection")

    # Setting up.

    async def ask(self, command: bytes, phase: Phase) -> Reply:
        """Write a command (none for the greeting) and wait for its reply; raises `Broken`."""
        if command:
            self.transport.write(command)
        if not self._inbox:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(self._seconds[phase]):
                    await self._waiter
            except TimeoutError:
                self.end(f"timed out waiting for the reply to {phase.value}")
            finally:
                self._waiter = None
        if not self._inbox:
            raise Broken(self._problem)
        return self._inbox.popleft()

    def forget(self) -> None:
        """After STARTTLS what came before counts no more (RFC 3207 4.2)."""
        self._inbox.clear()
        self._replies.clear()
        self.features = Features()

    # Sending.

    def start(self, work: Work, most: int | None) -> None:
        """Take mails from `work` from now on; at most so many."""
        self._work, self.most, self._started = work, most, True
        self.idle_since = self._now()

    @property
    def idle(self) -> bool:
        """It would take a mail at once."""
        return self._next is None and self._dotted is None and not self._leaving and not self._awaited

    @property
    def waits_for_dot(self) -> bool:
        """The reply to a final dot is still to come."""
        return self._dotted is not None

    @property
    def full(self) -> bool:
        """It has carried as many mails as a connection may."""
        return self.most is not None and self.taken + (self._dotted is not None) >= self.most

    def pump(self) -> None:
        """Begin a mail, where idle and there is one."""
        if self.idle and not self.full and (job := self._take()):
            self._open(job)

    def check(self, now: float) -> None:
        """End the connection where a deadline has passed."""
        if now > self._deadline:
            what = (
                "the server to read on"
                if self._paused or not self._awaited
                else f"the reply to {self._awaited[0].value}"
            )
            self.end(f"timed out waiting for {what}")

    def leave(self) -> None:
        """Say QUIT after what is in flight, and go; no mail is begun."""
        self._leaving = True
        if self._next is None and self._dotted is None and not self._awaited and not self.closed.done():
            self._write(b"QUIT\r\n", Phase.QUIT)
            self._arm()

    def drop(self) -> None:
        """Give up the mail whose final dot is not written, by closing, where its chunk was halted."""
        if self._next and self._dotted is None and self._next.chunk.halted:
            self.end(STOPPED)

    def release(self, *, noted: bool) -> None:
        """Write what waited for the journal, which has `noted` it; else it must not go, and the connection ends.

        The lease is looked at once more: a machine that was frozen in this very moment sends one mail too many, not all
        of the moment's.
        """
        if not self._unsent:
            return
        if not noted or not self._work.ours(cast(Job, self._dotted)):
            self.end(STOPPED)
        elif self.transport.is_closing():
            self.end("the mail server closed the connection")
        else:
            unsent, self._unsent = self._unsent, []
            self.transport.write(b"".join(unsent))

    def end(self, problem: str) -> None:
        """The connection is at its end: what it had goes back, each as far as it was."""
        if self.closed.done():
            return
        self.closed.set_result(None)
        self._problem = problem
        self._deadline = math.inf
        dot_is_out = not self._paused and not self._unsent
        self.transport.abort()
        dotted, following = self._dotted, self._next
        self._dotted = self._next = None
        self._unsent = []
        if dotted:
            if dot_is_out:
                self._work.lost(dotted, problem)
            else:
                self._work.back(dotted, problem)
        if following:
            if self._refusal:
                self._work.replied(following, *self._refusal)
            else:
                self._work.back(following, problem, innocent=dotted is not None or self.farewell is Phase.DOT)
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    def _go_on(self, dotted: Job, reply: Reply, following: Job) -> None:
        """A mail was taken and the next one's envelope is: what `_feed` does, in one step for the four replies."""
        self._dotted = None
        self._awaited.clear()
        self.taken += 1
        self._work.replied(dotted, Phase.DOT, reply)
        self._send(following)

    def _receive(self, reply: Reply) -> None:
        if self._unsent:  # the server says more than it was asked: the mail is written before it is heard
            self.release(noted=self._work.flush())
        if self.closed.done():
            return
        if not self._started:
            self._inbox.append(reply)
            if self._waiter and not self._waiter.done():
                self._waiter.set_result(None)
        elif not self._awaited:
            self.end(f"the mail server said {reply}" if reply.code == 421 else f"a reply to nothing: {reply}")
        else:
            phase = self._awaited.popleft()
            if reply.code == 421:
                self._farewell(phase, reply)
            else:
                self._handle(phase, reply)

    def _handle(self, phase: Phase, reply: Reply) -> None:
        if phase is Phase.DOT:
            self._after_dot(reply)
        elif phase is Phase.MAIL or phase is Phase.RCPT:
            self._after_envelope(phase, reply)
        elif phase is Phase.DATA:
            self._after_data(reply)
        elif phase is Phase.LONE:
            self._refused()
        elif phase is Phase.RSET:
            self._reset = False
            self._one_by_one(Phase.MAIL)
        else:
            self.end("done")

    def _after_dot(self, reply: Reply) -> None:
        job, self._dotted = cast(Job, self._dotted), None
        if reply.code < 400 and not reply.positive:
            self._work.lost(job, f"not a reply to a final dot: {reply}")
            self.end(f"not a reply to a final dot: {reply}")
            return
        self.taken += reply.positive
        self._work.replied(job, Phase.DOT, reply)
        if self._next is None:
            self._on()

    def _after_envelope(self, phase: Phase, reply: Reply) -> None:
        """A refusal is kept until the group's last reply: only then is it known what to write next."""
        if not reply.positive and self._refusal is None:
            if reply.code < 400:
                self.end(f"not a reply to {phase.value}: {reply}")
                return
            self._refusal = (phase, reply)
        if not self.features.pipelining:
            if self._refusal:
                self._reset = phase is Phase.RCPT
                self._refused()
            else:
                self._one_by_one(Phase.RCPT if phase is Phase.MAIL else Phase.DATA)

    def _after_data(self, reply: Reply) -> None:
        if reply.code == 354 and self._refusal:
            self._write(b".\r\n", Phase.LONE)
        elif reply.code == 354:
            self._send(cast(Job, self._next))
        elif reply.code < 400:
            self._refusal = None  # the answers are out of step: it was one to something else
            self.end(f"not a reply to DATA: {reply}")
        else:
            self._reset = self._refusal is None or self._refusal[0] is Phase.RCPT
            self._refusal = self._refusal or (Phase.DATA, reply)
            self._refused()

    def _refused(self) -> None:
        job, self._next = cast(Job, self._next), None
        phase, reply = cast(tuple[Phase, Reply], self._refusal)
        self._refusal = None
        self._work.replied(job, phase, reply)
        self._on()

    def _farewell(self, phase: Phase, reply: Reply) -> None:
        """421: the server closes the connection; what it answers was not taken, not even after the final dot."""
        problem = f"the mail server said {reply}"
        self.farewell = phase
        if phase is Phase.DOT:
            job, self._dotted = cast(Job, self._dotted), None
            self._work.back(job, problem, phase, reply)
        elif self._next and self._refusal is None:
            job, self._next = self._next, None
            self._work.back(job, problem, phase, reply)
        self.end(problem)

    def _on(self) -> None:
        """The next mail, or none: the connection is idle, or leaves."""
        if self._leaving or self.full:
            self.leave()
        else:
            self.idle_since = self._now()
            self.pump()

    def _take(self) -> Job | None:
        """A mail that this server can take; what it cannot is refused on the way."""
        while job := self._work.take():
            unfit = self.features.unfit(job.mail)
            if unfit is None:
                return job
            self._work.refuse(job, *unfit)
        return None

    def _open(self, job: Job) -> None:
        self._next = job
        if self.features.pipelining:
            self.transport.write(self._group(job))
        else:
            self._commands = self.features.commands(job.mail).splitlines(keepends=True)
            if self._reset:
                self._write(b"RSET\r\n", Phase.RSET)
            else:
                self._one_by_one(Phase.MAIL)
        self._arm()

    def _group(self, job: Job) -> bytes:
        """MAIL, RCPT and DATA at once, after an RSET where the last transaction is still open."""
        commands = self.features.commands(job.mail)
        if self._reset:
            self._awaited.append(Phase.RSET)
            commands = b"RSET\r\n" + commands
        self._awaited.extend(_GROUP)
        return commands

    def _one_by_one(self, phase: Phase) -> None:
        """The next command, for a server without PIPELINING."""
        if not self.features.pipelining:
            self._write(self._commands[_GROUP.index(phase)], phase)

    def _send(self, job: Job) -> None:
        """Body and dot, and the next mail's group behind them."""
        self._next = None
        if not self._work.about(job):
            self.end(STOPPED)
            return
        self._dotted = job
        self._awaited.append(Phase.DOT)
        group = b""
        if self.features.pipelining and not self._leaving and not self.full and (following := self._take()):
            self._next = following
            group = self._group(following)
        self._unsent = [*job.mail.pieces, b".\r\n", group]

    def _write(self, command: bytes, phase: Phase) -> None:
        self._awaited.append(phase)
        self.transport.write(command)

    def _arm(self) -> None:
        """The deadline of the reply that comes next."""
        if not self._paused and not self.closed.done():
            self._deadline = self._now() + self._seconds[self._awaited[0]] if self._awaited else math.inf


def _nothing(connection: Connection) -> None:
    """What is done where nobody wants to know."""
