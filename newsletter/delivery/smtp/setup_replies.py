"""Replies that a server gives before the first message, for which whoever sets the connection up waits one by one."""

import asyncio
from collections import deque

from newsletter.delivery.reply import Reply


class SetupReplies:
    """Replies that have arrived and are not taken yet; at most one caller waits for them."""

    def __init__(self) -> None:
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None

    def add(self, reply: Reply) -> None:
        """Keep a reply, and wake who waits for it."""
        self._replies.append(reply)
        self.wake()

    def wake(self) -> None:
        """Let who waits go on, also without a reply: the connection has ended."""
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    async def arrive(self, *, within: float) -> bool:
        """Wait until there is a reply or the connection has ended; return False after so many seconds."""
        if self._replies:
            return True
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(within):
                await self._waiter
        except TimeoutError:
            return False
        finally:
            self._waiter = None
        return True

    def take(self) -> Reply | None:
        """Return the first reply, None if there is none."""
        return self._replies.popleft() if self._replies else None

    def clear(self) -> None:
        """Forget the replies."""
        self._replies.clear()
