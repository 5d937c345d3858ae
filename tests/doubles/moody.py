"""A mail server that treats each recipient as the beginning of the local part says, in a thread of its own.

with running() as server: ...      # server.port, server.taken
with running(latency=0.02, per_connection=7) as server: ...
"""

import asyncio
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.doubles.smtpd import CLOSE, Action, Say, Smtpd

ALWAYS = 1_000_000
KINDS: dict[str, tuple[str, Action, int]] = {
    "unknown": ("RCPT", "550 5.1.1 no such user", ALWAYS),
    "full": ("RCPT", "452 4.2.2 mailbox full", ALWAYS),
    "grey": ("RCPT", "451 4.7.1 greylisted", 2),
    "bye": ("RCPT", Say("421 4.3.2 shutting down", close=True), 1),
    "hasty": ("RCPT", Say("421 4.7.0 not so fast", close=True), 1),
    "multi": ("RCPT", "250-2.1.5 first line\r\n250-2.1.5 second line\r\n250 2.1.5 ok", ALWAYS),
    "early": ("DATA", CLOSE, 1),
    "cut": ("BODY", CLOSE, 1),
    "later": ("DOT", "451 4.3.0 try again later", 1),
    "spam": ("DOT", "554 5.7.1 looks like spam", ALWAYS),
    "drop": ("DOT", Say(take=True, close=True), 1),
}
"""By the local part's beginning, up to a hyphen: in which phase what is done, the first so many times."""


class Moods:
    """Remembers what was done to whom; each domain gets at most `domain_rate` mails a second (0: as many as come)."""

    def __init__(self, domain_rate: int = 0) -> None:
        self._domain_rate = domain_rate
        self._done: Counter[str] = Counter()
        self._asked: defaultdict[str, deque[float]] = defaultdict(deque)

    def __call__(self, phase: str, recipient: str) -> Action | None:
        """The mood towards a recipient in a phase."""
        if phase == "RCPT" and self._domain_rate and self._too_fast(recipient.rpartition("@")[2]):
            return "451 4.7.28 too many messages for this domain, slow down"
        when, action, times = KINDS.get(recipient.partition("-")[0], ("", CLOSE, 0))
        if phase != when or self._done[recipient] >= times:
            return None
        self._done[recipient] += 1
        return action

    def _too_fast(self, domain: str) -> bool:
        asked, now = self._asked[domain], time.monotonic()
        while asked and asked[0] < now - 1:
            asked.popleft()
        if len(asked) >= self._domain_rate:
            return True
        asked.append(now)
        return False


@contextmanager
def running(*, domain_rate: int = 0, **settings: Any) -> Iterator[Smtpd]:
    """A moody server, listening until the block ends; `settings` are `Smtpd`'s."""
    server, ready, loop = Smtpd(mood=Moods(domain_rate), **settings), threading.Event(), asyncio.new_event_loop()
    done = asyncio.Event()

    async def serve() -> None:
        async with server:
            ready.set()
            await done.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), name="moody")
    thread.start()
    try:
        assert ready.wait(10)
        yield server
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()
        loop.close()
