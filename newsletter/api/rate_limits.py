"""Limits on requests of a token, and of a network without a valid one, for all processes and machines.

Requests are counted in the database, in windows that begin with each minute. Answers say what is left with
the fields `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers), and with Retry-After once there
were too many.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from newsletter.api.refusals import Refused
from newsletter.messages import api as messages
from subscribers.models import CounterKey, Hits, counter_key

WINDOW = timedelta(minutes=1)
PER_TOKEN, PER_NETWORK = 600, 60
MOST_REMEMBERED = 10_000
"""Used up limits are forgotten when there are more, so that memory is bounded."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What is left of a limit: its name, its size, the requests that remain, and the seconds until it begins anew."""

    name: str
    most: int
    remaining: int
    seconds: int

    def headers(self) -> dict[str, str]:
        """Return the fields that tell a client."""
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.most};w={WINDOW.seconds}',
            "RateLimit": f'"{self.name}";r={self.remaining};t={self.seconds}',
        }


class RequestCounters:
    """Counts requests. A limit that is used up is remembered until its window ends: a flood costs no writes."""

    def __init__(self) -> None:
        self._window = 0
        self._used_up: set[CounterKey] = set()

    def count(self, name: str, who: str, most: int, now: datetime) -> RateLimit:
        """Count one request. Raises Refused with 429 if there were too many."""
        counter = f"api {name} {who}"
        key = counter_key(counter, now, WINDOW)
        count = most + 1 if key in self._used_up else Hits.objects.increment_and_count(counter, now, WINDOW)
        seconds = max(1, key.until - int(now.timestamp()))
        limit = RateLimit(name, most, max(0, most - count), seconds)
        if count > most:
            self._remember(key)
            message = messages.TOO_MANY_REQUESTS(most=most, seconds=seconds)
            raise Refused(HTTPStatus.TOO_MANY_REQUESTS, message, {**limit.headers(), "Retry-After": str(seconds)})
        return limit

    def _remember(self, key: CounterKey) -> None:
        if key.start != self._window or len(self._used_up) >= MOST_REMEMBERED:
            self._window, self._used_up = key.start, set()
        self._used_up.add(key)
