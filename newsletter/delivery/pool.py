"""The connections to the mail server: as many as are useful, opened slowly, fewer where the server says so.

Begins with one connection and adds one for each mail taken, up to the configured number. A server that turns
connections away gets fewer, and one more again each half minute; one that says 421 after so many mails on a
connection gets a new connection before that. While none can be had, tries come at growing distances.
"""

import asyncio
import time
from typing import cast

from newsletter.config import Smtp
from newsletter.delivery.held import Trouble, Work
from newsletter.delivery.outcome import Phase
from newsletter.delivery.pace import Gathering
from newsletter.delivery.session import Busy, LoginFailed, SessionError, TlsFailed, open_session
from newsletter.delivery.smtp import Connection

FIRST_DELAY = 0.2
LONGEST_DELAY = 15.0
CEILING_RECOVERS = 30.0
IDLE = 60.0


class Pool:
    """Carries mails over SMTP."""

    def __init__(self, smtp: Smtp, connections: int, work: Work) -> None:
        self._smtp = smtp
        self._most = connections
        self._work = work
        self._connections: set[Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._taken = 0
        self._ceiling = connections
        self._ceiling_at = 0.0
        self._not_before = 0.0
        self._delay = FIRST_DELAY
        self._bound: int | None = None
        self._met: int | None = None
        self._closing = False
        self._heard: list[Connection] = []
        self._gathering = Gathering()
        self._error: BaseException | None = None

    def __len__(self) -> int:
        """Connections that stand."""
        return len(self._connections)

    def pump(self) -> None:
        """Idle connections take mails."""
        for connection in [c for c in self._connections if c.idle]:
            connection.pump()

    def tend(self, now: float, waiting: int) -> None:
        """Deadlines, idle ones that leave, and new connections where mails wait for one.

        Raises what opening a connection raised, other than that there is none to be had.
        """
        if self._error is not None:
            raise self._error
        for connection in list(self._connections):
            connection.check(now)
            if connection.idle and now - connection.idle_since > IDLE:
                connection.leave()
        if self._ceiling < self._most and now - self._ceiling_at > CEILING_RECOVERS:
            self._ceiling, self._ceiling_at = self._ceiling + 1, now
        if now >= self._not_before and not self._closing and not any(c.idle for c in self._connections):
            allowed = 1 + self._taken + sum(connection.taken for connection in self._connections)
            room = min(allowed, self._ceiling) - len(self._connections) - len(self._opening)
            for _ in range(min(room, waiting - len(self._opening))):
                self._start(asyncio.ensure_future(self._open()))

    def drop_halted(self) -> None:
        """Connections that have a halted chunk's mail before its dot are closed: nothing else takes it back."""
        for connection in list(self._connections):
            connection.drop()

    async def close(self, grace: float) -> None:
        """Replies to final dots are waited for, at most `grace` seconds; what has none then is lost."""
        self._closing = True
        for task in list(self._opening):
            task.cancel()
        for connection in list(self._connections):
            connection.leave()
        if self._connections:
            await asyncio.wait([c.closed for c in self._connections], timeout=grace)
        for connection in list(self._connections):
            connection.end("sending was stopped before the reply came")
        await asyncio.gather(*self._opening, return_exceptions=True)

    def _hear(self, connection: Connection) -> None:
        """Something came in: what comes within a moment is dealt with together."""
        if not self._heard:
            asyncio.get_running_loop().call_soon(self._release)
        self._heard.append(connection)

    def _release(self) -> None:
        """One write to the journal for all that was heard, then the mails that waited for it; and a rest."""
        heard, self._heard = self._heard, []
        noted = self._work.flush()
        for connection in heard:
            connection.release(noted=noted)
        if seconds := self._gathering.seconds(len(heard), len(self._connections)):
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
            self._turned_away(now())
            self._failed(now(), Trouble(str(e), ours=False))
        except SessionError as e:
            self._failed(now(), Trouble(str(e), ours=isinstance(e, TlsFailed | LoginFailed)))
        else:
            self._delay, self._not_before = FIRST_DELAY, 0.0
            self._connections.add(connection)
            connection.heard = self._hear
            connection.closed.add_done_callback(lambda _: self._gone(connection))
            connection.start(self._work, self._bound)
            connection.pump()

    def _gone(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._taken += connection.taken
        if connection.farewell is Phase.MAIL and connection.taken:
            self._learn(connection.taken)

    def _learn(self, taken: int) -> None:
        """421 twice after the same number of mails is a rule; once may be chance."""
        if self._met == taken:
            self._bound = taken
        self._met = taken

    def _turned_away(self, now: float) -> None:
        """The server wants fewer connections than there would have been, without those turned away in this moment."""
        self._opening.discard(cast(asyncio.Task[None], asyncio.current_task()))
        self._ceiling = max(1, len(self._connections) + len(self._opening))
        self._ceiling_at = now

    def _failed(self, now: float, trouble: Trouble) -> None:
        self._not_before = now + self._delay
        self._delay = min(self._delay * 2, LONGEST_DELAY)
        if trouble.ours or not self._connections:
            self._work.trouble(trouble)
