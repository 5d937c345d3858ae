"""How fast: rates, domains that ask for less, new sending addresses. Times are monotonic seconds."""

from collections import deque
from dataclasses import replace
from enum import Enum

from newsletter.config import Delivery, DomainPace, Rate, WarmUp
from newsletter.mail import Kind, Outcome

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
"""Pauses in seconds, rates in mails a second; an accepted mail raises a lowered rate by so much."""

GATHER, LONGEST_GATHER = 0.0002, 0.004
"""Seconds for which answers are gathered at most: for each connection, and in all."""

SHORTEST_GATHER = 0.0001
"""Less is not worth a sleep, which the kernel makes some 0.00005 s longer."""

LESS, MORE = 0.8, 1.1

CONNECTIONS_A_PROCESS = 25
RATE_OF_A_PROCESS = 100.0
"""What one sending process carries before a second one is of use; the rate in mails a second."""


class Bucket:
    """A token bucket, kept as the moment when the next mail is due."""

    def __init__(self, per_second: float) -> None:
        self.per_second = per_second
        self._due = 0.0

    def wait(self, now: float) -> float:
        """Seconds until a mail may go; 0.0: now."""
        return max(0.0, self._due - SLACK - now)

    def spend(self, now: float) -> None:
        """A mail goes."""
        self._due = max(self._due, now) + 1 / self.per_second


class Gathering:
    """For how long answers are gathered, to be dealt with together.

    To wake up for each answer by itself takes a busy sender half of its time: what a mail needs is no more in the
    processor's caches each time. Promises: a third of the connections have work for the server meanwhile, and no
    answer waits for longer than `LONGEST_GATHER`.
    """

    def __init__(self) -> None:
        self._seconds = SHORTEST_GATHER

    def seconds(self, heard: int, connections: int) -> float:
        """For how long to gather now that so many of the connections were heard at once; 0.0: not at all."""
        if heard * 3 > connections * 2:
            self._seconds *= LESS
        elif heard * 2 < connections:
            self._seconds *= MORE
        self._seconds = min(max(self._seconds, SHORTEST_GATHER), GATHER * connections, LONGEST_GATHER)
        return self._seconds if self._seconds > SHORTEST_GATHER else 0.0


class Signal(Enum):
    """What a reply says about the pace towards its domain."""

    NONE = 0
    SOFT = 1
    PAUSE = 2
    RATE = 3


def signal_of(outcome: Outcome) -> Signal:
    """421 asks for a pause and 4.7.28 for a lower rate, at once; another 4.7.x only when repeated.

    One greylisted reader slows nobody. 4.3.x speaks of the server that answers (RFC 3463 3.4), 4.4.x of the way to it:
    neither of the domain that the mail goes to, whose mails another connection may carry at once.
    """
    if outcome.kind is not Kind.DEFERRED or outcome.status.startswith(("4.3.", "4.4.")):
        return Signal.NONE
    if outcome.status == "4.7.28":
        return Signal.RATE
    if outcome.code == 421:
        return Signal.PAUSE
    return Signal.SOFT if outcome.status.startswith("4.7.") else Signal.NONE


class Domain:
    """The pace towards one domain: mails in flight, mails a second, and how long it wants to be left alone."""

    def __init__(self, pace: DomainPace | None = None) -> None:
        self._configured = pace.rate.per_second if pace else 0.0
        self._connections = pace.connections if pace else None
        self._limit = self._connections
        self._bucket = Bucket(self._configured) if self._configured else None
        self._blocked_until = 0.0
        self._pause = FIRST_PAUSE
        self._soft: deque[float] = deque(maxlen=SOFT_REPLIES)
        self._taken: deque[float] = deque(maxlen=64)
        self.in_flight = 0

    def wait(self, now: float) -> float | None:
        """Seconds until a mail may go to the domain, 0.0: at once; None: when one in flight has come back."""
        if self._limit is not None and self.in_flight >= self._limit:
            return None
        wait = max(0.0, self._blocked_until - now)
        return max(wait, self._bucket.wait(now)) if self._bucket else wait

    def begin(self, now: float) -> None:
        """A mail goes to the domain."""
        self.in_flight += 1
        if self._bucket:
            self._bucket.spend(now)

    def end(self) -> None:
        """It has come back."""
        self.in_flight -= 1

    def accepted(self, now: float) -> None:
        """The domain took a mail: it may soon get more."""
        self._taken.append(now)
        self._soft.clear()
        self._pause = FIRST_PAUSE
        if self._bucket and self._bucket.per_second != self._configured:
            self._recover(self._bucket)
        if self._limit is not None and self._limit != self._connections:
            self._limit = None if self._connections is None else min(self._connections, self._limit + 1)

    def signal(self, signal: Signal, now: float) -> None:
        """A reply asked for less, or may have: the domain is left alone a while, and gets fewer after."""
        if signal is Signal.NONE or now < self._blocked_until or (signal is Signal.SOFT and not self._repeated(now)):
            return
        if signal is Signal.SOFT:
            self._blocked_until = now + SOFT_PAUSE
        else:
            self._blocked_until = now + self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
        self._limit = max(1, min(self._limit or self.in_flight, self.in_flight) // 2)
        if signal is Signal.RATE:
            self._bucket = Bucket(max(LOWEST_RATE, self._rate(now) / 2))
            self._bucket.spend(self._blocked_until)

    def _repeated(self, now: float) -> bool:
        self._soft.append(now)
        repeated = len(self._soft) == SOFT_REPLIES and now - self._soft[0] <= SOFT_WITHIN
        if repeated:
            self._soft.clear()
        return repeated

    def _rate(self, now: float) -> float:
        """Mails a second that the domain took of late."""
        if self._bucket and self._bucket.per_second != self._configured:
            return self._bucket.per_second
        recent = [at for at in self._taken if now - at <= 10.0]
        return len(recent) / max(1.0, now - recent[0]) if recent else UNKNOWN_RATE

    def _recover(self, bucket: Bucket) -> None:
        bucket.per_second *= RECOVERY
        if self._configured and bucket.per_second >= self._configured:
            bucket.per_second = self._configured
        elif not self._configured and bucket.per_second >= FORGOTTEN_RATE:
            self._bucket = None


def warm_up_limit(plan: WarmUp, day: int) -> int | None:
    """How many mails a new sending address may send on a day (the first is 0); None: as many as it likes."""
    return int(plan.first_day * plan.growth**day) if plan.first_day else None


def processes(delivery: Delivery, cores: int) -> int:
    """How many sending processes: as configured, else as many as are useful, up to one a core.

    Signing takes most of a core's time; else one process keeps many connections busy, and a second one for the same
    connections makes each mail dearer and none faster. A low rate is kept by one alone: two would begin with a mail
    each. Never more than share the connections.
    """
    useful = cores if delivery.dkim else max(1, min(cores, delivery.connections // CONNECTIONS_A_PROCESS))
    if 0 < delivery.rate.per_second <= RATE_OF_A_PROCESS:
        useful = 1
    shares = [delivery.connections, *(p.connections for p in delivery.domains.values() if p.connections)]
    return max(1, min(delivery.processes or useful, *shares))


def share(delivery: Delivery, index: int, of: int) -> Delivery:
    """What one of `of` processes may do, so that all together keep what is configured."""
    domains = {
        name: replace(
            pace,
            connections=_part(pace.connections, index, of) if pace.connections else None,
            rate=_slower(pace.rate, of),
        )
        for name, pace in delivery.domains.items()
    }
    return replace(
        delivery,
        connections=_part(delivery.connections, index, of),
        rate=_slower(delivery.rate, of),
        domains=domains,
    )


def _part(whole: int, index: int, of: int) -> int:
    return whole // of + (index < whole % of)


def _slower(rate: Rate, of: int) -> Rate:
    return Rate(rate.count, rate.seconds * of)
