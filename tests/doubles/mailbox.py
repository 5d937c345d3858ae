"""A mailbox server in this process: it takes every mail and keeps it, with the envelope.

with Mailbox() as mailbox: ...
"""

import asyncio
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Self

from tests.doubles.smtpd import Smtpd


class Mailbox:
    """The scripted server without a script, in a thread with an event loop of its own."""

    def __enter__(self) -> Self:
        self._ready, self._done = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with Smtpd() as self.server:
            self._ready.set()
            await self._done.wait()

    @property
    def port(self) -> int:
        """Where it listens on loopback."""
        return self.server.port

    @property
    def recipients(self) -> list[str]:
        """The addresses of the mails that it took, sorted."""
        return sorted(taken.recipient for taken in self.server.taken)

    @property
    def mails(self) -> list[EmailMessage]:
        """The mails that it took."""
        return [message_from_bytes(taken.content, policy=policy.default) for taken in list(self.server.taken)]
