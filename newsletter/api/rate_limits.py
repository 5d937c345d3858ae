"""How many requests a token may make, and a network without a valid one, counted in this process.

Answers say so with the fields `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers), and with
Retry-After once there were too many.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from newsletter.api.problem_documents import Refused
from newsletter.messages import general as messages

SECONDS = 60
PER_TOKEN, PER_NETWORK = 600, 60
MOST_COUNTED = 10_000
"""Counters are forgotten when there are more, so that memory is bounded."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What is left of a limit: its name, its size, the requests that remain, and the seconds until it begins anew."""

    name: str
    most: int
    left: int
    seconds: int

    def headers(self) -> dict[str, str]:
        """Return the fields that tell a client."""
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.most};w={SECONDS}',
            "RateLimit": f'"{self.name}";r={self.left};t={self.seconds}',
        }


class RequestCounters:
    """Counts requests in windows of a minute, which begin with the first request."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counted: dict[str, tuple[float, int]] = {}

    def count(self, name: str, who: str, most: int) -> RateLimit:
        """Count one request. Raises Refused with 429 if there were too many."""
        now, key = self._clock(), f"{name} {who}"
        with self._lock:
            began, count = self._counted.get(key, (now, 0))
            if now - began >= SECONDS:
                began, count = now, 0
            if len(self._counted) >= MOST_COUNTED:
                self._counted.clear()
            self._counted[key] = began, min(count + 1, most + 1)
        seconds = max(1, round(began + SECONDS - now))
        limit = RateLimit(name, most, max(0, most - count - 1), seconds)
        if count >= most:
            said = messages.TOO_MANY_REQUESTS(most=most, seconds=seconds)
            raise Refused(HTTPStatus.TOO_MANY_REQUESTS, said, {**limit.headers(), "Retry-After": str(seconds)})
        return limit
