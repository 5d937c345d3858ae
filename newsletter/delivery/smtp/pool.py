"""The connections to the mail server: as many as are useful, opened gradually, fewer if the server refuses some.

Starts with one connection and adds one for each accepted message, up to the configured number. After a refused
connection, there are fewer, and one more again every half minute. If the server closes connections with 421 after the
same number of messages, they are closed before that. While no connection can be made, attempts have growing pauses.
"""

import asyncio
import time
from typing import cast

from newsletter.config import Smtp
from newsletter.delivery.active_chunk import ConnectionProblem, DeliveryCallbacks
from newsletter.delivery.outcome import Phase
from newsletter.delivery.pace import ReplyCoalescing
from newsletter.delivery.smtp.connection import Connection
from newsletter.delivery.smtp.session import Busy, LoginFailed, SessionError, TlsFailed, open_session
from newsletter.domain.backoff import Backoff
from newsletter.messages import delivery as messages

FIRST_DELAY = 0.2
LONGEST_DELAY = 15.0
RECOVERY_SECONDS = 30.0
IDLE_SECONDS = 60.0


class Pool:
    """Sends messages over SMTP."""

    def __init__(self, smtp: Smtp, connections: int, callbacks: DeliveryCallbacks) -> None:
        self._smtp = smtp
        self._connection_limit = connections
        self._callbacks = callbacks
        self._connections: set[Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._accepted = 0
        self._max_connections = connections
        self._max_changed_at = 0.0
        self._not_before = 0.0
        self._backoff = Backoff(FIRST_DELAY, LONGEST_DELAY)
        self._messages_per_connection: int | None = None
        self._last_closed_after: int | None = None
        self._is_closing = False
        self._received: list[Connection] = []
        self._coalescing = ReplyCoalescing()
        self._error: BaseException | None = None

    def __len__(self) -> int:
        """Return the number of open connections."""
        return len(self._connections)

    def pump(self) -> None:
        """Let idle connections begin messages."""
        for connection in [c for c in self._connections if c.idle]:
            connection.pump()

    def tick(self, now: float, waiting: int) -> None:
        """Check deadlines, close idle connections, and open new ones if messages are waiting.

        Raises unexpected exceptions from opening a connection.
        """
        if self._error is not None:
            raise self._error
        for connection in list(self._connections):
            connection.check(now)
            if connection.idle and now - connection.idle_since > IDLE_SECONDS:
                connection.leave()
        if self._max_connections < self._connection_limit and now - self._max_changed_at > RECOVERY_SECONDS:
            self._max_connections, self._max_changed_at = self._max_connections + 1, now
        if now >= self._not_before and not self._is_closing and not any(c.idle for c in self._connections):
            allowed = 1 + self._accepted + sum(connection.accepted for connection in self._connections)
            room = min(allowed, self._max_connections) - len(self._connections) - len(self._opening)
            for _ in range(min(room, waiting - len(self._opening))):
                self._start(asyncio.ensure_future(self._open()))

    def limit(self, connections: int, per_second: float) -> None:  # noqa: ARG002
        """Use no more connections than this; surplus ones send QUIT after their messages in flight."""
        lowered = self._max_connections < self._connection_limit
        self._connection_limit = connections
        self._max_connections = min(self._max_connections, connections) if lowered else connections
        open_ones = sorted(self._connections, key=lambda connection: connection.idle)
        for connection in open_ones[connections:]:
            connection.leave()

    @property
    def over(self) -> bool:
        """Whether more connections are open than the limit, because it was lowered."""
        return len(self._connections) + len(self._opening) > self._connection_limit

    def drop_halted(self) -> None:
        """Close connections whose only message is one of a halted chunk, before its final dot."""
        for connection in list(self._connections):
            connection.drop_halted()

    async def close(self, grace: float) -> None:
        """Wait at most `grace` seconds for replies to final dots, then close all connections."""
        self._is_closing = True
        for task in list(self._opening):
            task.cancel()
        for connection in list(self._connections):
            connection.leave()
        if self._connections:
            await asyncio.wait([c.closed for c in self._connections], timeout=grace)
        for connection in list(self._connections):
            connection.end(messages.STOPPED_BEFORE_REPLY())
        await asyncio.gather(*self._opening, return_exceptions=True)

    def _on_data(self, connection: Connection) -> None:
        """Collect a connection that received data; those of one turn of the loop are handled together."""
        if not self._received:
            asyncio.get_running_loop().call_soon(self._release)
        self._received.append(connection)

    def _release(self) -> None:
        """Write to the journal once for all of them, then their queued messages, and wait for the batching delay."""
        received, self._received = self._received, []
        logged = self._callbacks.flush()
        for connection in received:
            connection.release(logged=logged)
        if seconds := self._coalescing.delay(len(received), len(self._connections)):
            time.sleep(seconds)

    def _start(self, task: asyncio.Task[None]) -> None:
        self._opening.add(task)
        task.add_done_callback(self._opened)

    def _opened(self, task: asyncio.Task[None]) -> None:
        self._opening.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._error = error

    async def _open(self) -> None:
        now = asyncio.get_running_loop().time
        try:
            connection = await open_session(self._smtp)
        except Busy as e:
            self._connection_refused(now())
            self._open_failed(now(), ConnectionProblem(e.message, needs_operator=False))
        except SessionError as e:
            problem = ConnectionProblem(e.message, needs_operator=isinstance(e, TlsFailed | LoginFailed))
            self._open_failed(now(), problem)
        else:
            self._backoff.reset()
            self._not_before = 0.0
            self._connections.add(connection)
            connection.on_data = self._on_data
            connection.closed.add_done_callback(lambda _: self._connection_closed(connection))
            connection.start(self._callbacks, self._messages_per_connection)
            if len(self._connections) > self._connection_limit:  # it was lowered in the meantime
                connection.leave()
            else:
                connection.pump()

    def _connection_closed(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._accepted += connection.accepted
        if connection.closing_phase is Phase.MAIL and connection.accepted:
            self._learn_limit(connection.accepted)

    def _learn_limit(self, accepted: int) -> None:
        """Limit messages per connection if 421 came twice after the same number; once may be chance."""
        if self._last_closed_after == accepted:
            self._messages_per_connection = accepted
        self._last_closed_after = accepted

    def _connection_refused(self, now: float) -> None:
        """Lower the number of connections to those that are open, or being opened."""
        self._opening.discard(cast(asyncio.Task[None], asyncio.current_task()))
        self._max_connections = max(1, len(self._connections) + len(self._opening))
        self._max_changed_at = now

    def _open_failed(self, now: float, problem: ConnectionProblem) -> None:
        self._not_before = now + self._backoff.take()
        if problem.needs_operator or not self._connections:
            self._callbacks.connection_failed(problem)
