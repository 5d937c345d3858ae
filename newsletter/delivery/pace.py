"""How fast to send: overall rate, limits of recipient domains, warm-up of new addresses. Times are in monotonic
seconds.
"""

from collections import deque
from enum import Enum

from newsletter.config import DeliverySettings, DomainPace, WarmUp
from newsletter.domain.backoff import Backoff
from newsletter.domain.outcome import Outcome, OutcomeKind

SLACK = 0.1
"""Seconds of work that a bucket lets through at once, so that a late clock tick costs no rate."""

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 30.0
SOFT_PAUSE = 1.0
SOFT_REPLIES = 5
SOFT_WITHIN = 60.0
UNKNOWN_RATE = 5.0
LOWEST_RATE = 0.2
FORGOTTEN_RATE = 100.0
RECOVERY = 1.1
"""Pauses are in seconds, rates in messages per second; each accepted message multiplies a lowered rate by this."""

DELAY_PER_CONNECTION, MAX_DELAY = 0.0002, 0.004
"""The longest batching delay in seconds: for each connection, and in all."""

MIN_DELAY = 0.0001
"""A shorter delay is not worth a sleep, which the kernel extends by about 0.00005 s."""

LESS, MORE = 0.8, 1.1

CONNECTIONS_A_PROCESS = 25
RATE_OF_A_PROCESS = 100.0
"""What one sending process handles before a second one helps; the rate is in messages per second."""


class TokenBucket:
    """A token bucket, stored as the time when the next message may be sent."""

    def __init__(self, per_second: float) -> None:
        self.per_second = per_second
        self._due = 0.0

    def wait(self, now: float) -> float:
        """Return the seconds until a message may be sent; 0.0 for now."""
        return max(0.0, self._due - SLACK - now)

    def spend(self, now: float) -> None:
        """Count a message that is sent."""
        self._due = max(self._due, now) + 1 / self.per_second


class ReplyCoalescing:
    """The batching delay: how long to wait for more replies, so that they are handled together.

    Waking up for each reply takes a busy sender half of its time, because the processor's caches no longer hold what a
    message needs. Meanwhile, a third of the connections have work for the server, and no reply waits for longer than
    `MAX_DELAY`.
    """

    def __init__(self) -> None:
        self._seconds = MIN_DELAY

    def delay(self, ready: int, connections: int) -> float:
        """Return how long to wait now that `ready` of the connections received data at once; 0.0 for not at all."""
        if ready * 3 > connections * 2:
            self._seconds *= LESS
        elif ready * 2 < connections:
            self._seconds *= MORE
        self._seconds = min(max(self._seconds, MIN_DELAY), DELAY_PER_CONNECTION * connections, MAX_DELAY)
        return self._seconds if self._seconds > MIN_DELAY else 0.0


class PaceSignal(Enum):
    """What a reply says about the pace for its domain."""

    NONE = 0
    SOFT = 1
    PAUSE = 2
    RATE = 3


def pace_signal(outcome: Outcome) -> PaceSignal:
    """Return what an outcome says about the pace: 421 asks for a pause, 4.7.28 for a lower rate, another 4.7.x if
    repeated.

    One greylisted recipient delays nobody. 4.3.x is about the replying server (RFC 3463 3.4), 4.4.x about
    the route to it: neither is about the recipient's domain, to which another connection may deliver at once.
    """
    if outcome.kind is not OutcomeKind.DEFERRED or outcome.status.startswith(("4.3.", "4.4.")):
        return PaceSignal.NONE
    if outcome.status == "4.7.28":
        return PaceSignal.RATE
    if outcome.code == 421:
        return PaceSignal.PAUSE
    return PaceSignal.SOFT if outcome.status.startswith("4.7.") else PaceSignal.NONE


class DomainLimiter:
    """The limits for one domain: messages in flight, messages per second, and a pause."""

    def __init__(self, pace: DomainPace | None = None) -> None:
        self._configured = pace.rate.per_second if pace else 0.0
        self._connections = pace.connections if pace else None
        self._limit = self._connections
        self._bucket = TokenBucket(self._configured) if self._configured else None
        self._blocked_until = 0.0
        self._backoff = Backoff(FIRST_PAUSE, LONGEST_PAUSE)
        self._soft: deque[float] = deque(maxlen=SOFT_REPLIES)
        self._taken: deque[float] = deque(maxlen=64)
        self.in_flight = 0
        self.excluded = False

    def limit(self, pace: DomainPace | None, *, excluded: bool = False) -> None:
        """Change the configured limits; what replies have lowered below them stays lowered. `excluded`: begin none."""
        self.excluded = excluded
        rate, connections = self._configured, self._connections
        self._configured = pace.rate.per_second if pace else 0.0
        self._connections = pace.connections if pace else None
        if self._limit == connections or _above(self._limit, self._connections):
            self._limit = self._connections
        present = self._bucket.per_second if self._bucket else 0.0
        if present == rate or _above(present or None, self._configured or None):
            if self._bucket and self._configured:
                self._bucket.per_second = self._configured
            else:
                self._bucket = TokenBucket(self._configured) if self._configured else None

    @property
    def over(self) -> bool:
        """Whether more messages are in flight than allowed, because the limit was lowered."""
        return self.in_flight > (0 if self.excluded else self._limit if self._limit is not None else self.in_flight)

    def wait(self, now: float) -> float | None:
        """Return the seconds until a message may be sent to the domain; None if one in flight has to end first."""
        if self.excluded or (self._limit is not None and self.in_flight >= self._limit):
            return None
        wait = max(0.0, self._blocked_until - now)
        return max(wait, self._bucket.wait(now)) if self._bucket else wait

    def begin(self, now: float) -> None:
        """Count a message that is sent to the domain."""
        self.in_flight += 1
        if self._bucket:
            self._bucket.spend(now)

    def end(self) -> None:
        """Count a message that is no longer in flight."""
        self.in_flight -= 1

    def accepted(self, now: float) -> None:
        """Raise the limits again, because the domain accepted a message."""
        self._taken.append(now)
        self._soft.clear()
        self._backoff.reset()
        if self._bucket and self._bucket.per_second != self._configured:
            self._recover(self._bucket)
        if self._limit is not None and self._limit != self._connections:
            self._limit = None if self._connections is None else min(self._connections, self._limit + 1)

    def signal(self, signal: PaceSignal, now: float) -> None:
        """Pause and lower the limits, because a reply asked for it."""
        if (
            signal is PaceSignal.NONE
            or now < self._blocked_until
            or (signal is PaceSignal.SOFT and not self._repeated(now))
        ):
            return
        if signal is PaceSignal.SOFT:
            self._blocked_until = now + SOFT_PAUSE
        else:
            self._blocked_until = now + self._backoff.take()
        self._limit = max(1, min(self._limit or self.in_flight, self.in_flight) // 2)
        if signal is PaceSignal.RATE:
            self._bucket = TokenBucket(max(LOWEST_RATE, self._rate(now) / 2))
            self._bucket.spend(self._blocked_until)

    def _repeated(self, now: float) -> bool:
        self._soft.append(now)
        repeated = len(self._soft) == SOFT_REPLIES and now - self._soft[0] <= SOFT_WITHIN
        if repeated:
            self._soft.clear()
        return repeated

    def _rate(self, now: float) -> float:
        """Return the messages per second that the domain accepted recently."""
        if self._bucket and self._bucket.per_second != self._configured:
            return self._bucket.per_second
        recent = [at for at in self._taken if now - at <= 10.0]
        return len(recent) / max(1.0, now - recent[0]) if recent else UNKNOWN_RATE

    def _recover(self, bucket: TokenBucket) -> None:
        bucket.per_second *= RECOVERY
        if self._configured and bucket.per_second >= self._configured:
            bucket.per_second = self._configured
        elif not self._configured and bucket.per_second >= FORGOTTEN_RATE:
            self._bucket = None


def _above(present: float | None, limit: float | None) -> bool:
    """Return whether a limit is higher than another one; None is no limit."""
    return limit is not None and (present is None or present > limit)


def warm_up_limit(plan: WarmUp, day: int) -> int | None:
    """Return how many messages a new sending address may send on a day (the first is 0); None for no limit."""
    return int(plan.first_day * plan.growth**day) if plan.first_day else None


def process_count(delivery: DeliverySettings, cores: int) -> int:
    """Return the number of sending processes: as configured, or as many as are useful, at most one per core.

    Signing takes most of a core's time. Without it, one process keeps many connections busy, and a second one for the
    same connections makes each message more expensive and none faster. A low rate is kept by one process: two would
    begin with a message each. There are never more processes than connections.
    """
    shares = [delivery.connections, *(p.connections for p in delivery.domains.values() if p.connections)]
    useful = cores if delivery.dkim else max(1, min(cores, delivery.connections // CONNECTIONS_A_PROCESS))
    if 0 < delivery.rate.per_second <= RATE_OF_A_PROCESS:
        useful = 1
    return max(1, min(delivery.processes or useful, *shares))
