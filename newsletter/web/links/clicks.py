"""Clicks that wait a moment before they are counted, so that bursts of scanners can be told from readers.

Security programs open the links of an email within seconds of its delivery. What a network opens of an edition within
WAIT_SECONDS is therefore looked at together: several links are a scanner's, and none of them counts. The network is
kept as a hash with a random key, in the memory of this process only, until then; the database gets sums.
"""

import atexit
import logging
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import blake2b

from django.db import connections, transaction
from django.db.models import F

from newsletter.background import Task, enqueue
from newsletter.config import Config
from newsletter.models import CountedLink

log = logging.getLogger("newsletter.links")

WAIT_SECONDS = 10.0
IGNORED_SECONDS = 60.0
"""How long the clicks of a network on an edition don't count after those of a scanner."""
READERS_LINKS = 3
"""At most so many different links within WAIT_SECONDS are a reader's; one while the edition is being sent."""
MAXIMUM = 50_000
"""So many visits wait at most; further ones don't count, as in an attack."""


@dataclass(slots=True)
class _Visit:
    """What a network opened of an edition since `began`; `scanner` once that can't be a reader."""

    began: float
    links: set[int] = field(default_factory=set)
    scanner: bool = False


class Clicks:
    """The visits that wait, and the clicks that are not stored yet."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(16)
        self._lock = threading.Lock()
        self._visits: dict[bytes, _Visit] = {}
        self._counted: Counter[int] = Counter()

    def add(self, link: int, edition: int, network: str, *, automatic: bool, sending: bool) -> None:
        """Note a request for a link of an edition; an automatic one spoils the others of its network."""
        key = blake2b(f"{edition} {network}".encode(), key=self._key, digest_size=16).digest()
        now = self._clock()
        with self._lock:
            visit = self._visits.get(key)
            if visit is None:
                if len(self._visits) >= MAXIMUM:
                    return
                visit = self._visits[key] = _Visit(now)
            visit.links.add(link)
            visit.scanner |= automatic or len(visit.links) > (1 if sending else READERS_LINKS)

    def take(self, *, everything: bool = False) -> Counter[int]:
        """Return the clicks that count and are not stored: of each visit that has waited, each link once."""
        now = self._clock()
        with self._lock:
            for key, visit in list(self._visits.items()):
                if everything or now - visit.began >= (IGNORED_SECONDS if visit.scanner else WAIT_SECONDS):
                    del self._visits[key]
                    self._counted.update(() if visit.scanner else visit.links)
            return self._counted.copy()

    def stored(self, counted: Counter[int]) -> None:
        """Forget clicks that are in the database."""
        with self._lock:
            self._counted -= counted

    @property
    def waiting(self) -> bool:
        """Whether there are visits, or clicks that are not stored."""
        return bool(self._visits or self._counted)


@cache
def clicks() -> Clicks:
    """Return the clicks of this process."""
    atexit.register(_store_all)
    return Clicks()


def note(link: int, edition: int, network: str, *, automatic: bool, sending: bool) -> None:
    """Note a request, and see to it that it is counted soon."""
    clicks().add(link, edition, network, automatic=automatic, sending=sending)
    _store_later()


def store(*, everything: bool = False) -> None:
    """Add the clicks that have waited to the database; those that can't be stored are kept for the next time."""
    counted = clicks().take(everything=everything)
    with transaction.atomic():
        for link, count in sorted(counted.items()):
            CountedLink.objects.filter(pk=link).update(clicks=F("clicks") + count)
    clicks().stored(counted)


def _store_later() -> None:
    enqueue(STORE, "", datetime.now(UTC) + timedelta(seconds=WAIT_SECONDS))


def _run(_configuration: Config) -> None:
    try:
        store()
    finally:
        if clicks().waiting:
            _store_later()


def _store_all() -> None:
    """Store what waits when the process ends."""
    try:
        store(everything=True)
    except Exception:
        log.exception("the last clicks were not counted")
    finally:
        connections.close_all()


STORE = Task("count clicks", _run, lane="links")
