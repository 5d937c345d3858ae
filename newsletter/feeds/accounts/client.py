"""Asks a tool's API, so that whoever waits can be told to stop at any time."""

import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from newsletter import config
from newsletter.domain.hosts import is_loopback
from newsletter.feeds.accounts.answers import AccountProblem
from newsletter.feeds.fetcher import Fetcher
from newsletter.feeds.model import SourceProblem
from newsletter.messages import Message, sources, tool_accounts as messages

TRIES = 4
MOST_SECONDS = 60.0
"""The longest pause before a request is repeated."""

TICK = 0.5
"""Seconds between two calls of `check` while an answer or a pause is waited for."""

NAMED, LONGEST_NAME = 20, 80
"""How many lists a sentence names, and how many characters of each."""

Pause = Callable[[float], None]
Check = Callable[[], None]
"""What is called every half second; it raises an exception to stop the reading."""


def clean_address(address: str) -> str:
    """Return the address of an installation without what follows its path. Raises AccountProblem."""
    parts = urlsplit(address.strip())
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    if not secure or not parts.hostname:
        raise AccountProblem(messages.BAD_ADDRESS())
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")


@dataclass(frozen=True, slots=True)
class Client:
    """Sends requests to one installation. `authorization` returns the header for a request made now."""

    tool: str
    address: str
    authorization: Callable[[], str]
    collect: config.Collect
    check: Check
    pause: Pause = time.sleep

    def get(self, path: str, parameters: Mapping[str, object]) -> bytes:
        """Return the answer of a path. Raises AccountProblem, and what `check` raises; a busy server is asked again
        after a pause.
        """
        url = f"{self.address}{path}?{urlencode(parameters)}"
        for tried in range(1, TRIES + 1):
            self.check()
            try:
                return self._fetched(url)
            except SourceProblem as problem:
                if problem.status in (401, 403):
                    refused = messages.KEY_REFUSED(tool=self.tool, status=str(problem.status))
                    raise AccountProblem(refused) from problem
                cause = problem.message.param("message")
                if isinstance(cause, Message) and sources.PRIVATE_ADDRESS.matches(cause):
                    raise AccountProblem(cause) from problem
                if problem.status == 404:
                    raise AccountProblem(messages.NOT_FOUND(tool=self.tool)) from problem
                if tried == TRIES or (problem.status and problem.status != 429 and problem.status < 500):
                    raise AccountProblem(messages.BUSY(cause=problem.message)) from problem
                wait = problem.retry_after.total_seconds() if problem.retry_after else 2.0**tried
            self._wait(min(wait, MOST_SECONDS))
        raise AssertionError("the last try returns or raises")

    def _fetched(self, url: str) -> bytes:
        """Return what an address answers to a thread of its own, whose connections are cut if `check` raises."""
        outcome: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()
        with Fetcher(self.collect, accept="application/json") as fetcher:

            def fetch() -> None:
                try:
                    outcome.put(fetcher.get(url, authorization=self.authorization()).body)
                except Exception as e:  # noqa: BLE001 - raised by who waits
                    outcome.put(e)

            threading.Thread(target=fetch, name=f"read {self.tool}", daemon=True).start()
            try:
                while True:
                    try:
                        body = outcome.get(timeout=TICK)
                        break
                    except queue.Empty:
                        self.check()
            except BaseException:
                fetcher.cut()
                raise
        if isinstance(body, Exception):
            raise body
        return body

    def _wait(self, seconds: float) -> None:
        while seconds > 0:
            self.pause(min(TICK, seconds))
            seconds -= TICK
            self.check()


def names_of(names: Sequence[str]) -> str:
    """Return the names of newsletters or lists as a sentence has them."""
    more = ["…"] if len(names) > NAMED else []
    return ", ".join([name[:LONGEST_NAME] for name in names[:NAMED]] + more)
