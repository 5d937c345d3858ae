"""Decides which message is next: some are ready, some wait for their domain, and some for another connection.

Bookkeeping with monotonic seconds; it neither sends nor sleeps. A domain that wants fewer messages delays only its own.
"""

import heapq
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import count

from newsletter.config import DomainPace, Rate
from newsletter.delivery.active_chunk import ActiveChunk, DeliveryJob
from newsletter.delivery.pace import DomainLimiter, PaceSignal, TokenBucket, pace_signal
from newsletter.domain.outcome import Outcome, OutcomeKind

ADMITTED_AT_ONCE = 10
"""The number of a domain's waiting messages that are looked at again at a time."""


class Dispatch:
    """Jobs that are waiting to be begun."""

    def __init__(self, rate: Rate, domains: Mapping[str, DomainPace]) -> None:
        self._bucket: TokenBucket | None = None
        self._domains: dict[str, DomainLimiter] = {}
        self.limit(rate, domains)
        self._ready: deque[DeliveryJob] = deque()
        self._waiting_for_domain: dict[str, deque[DeliveryJob]] = {}
        self._later: list[tuple[float, int, DeliveryJob]] = []
        self._order = count()

    def __len__(self) -> int:
        """Return the number of waiting jobs."""
        return len(self._ready) + len(self._later) + sum(map(len, self._waiting_for_domain.values()))

    @property
    def ready(self) -> int:
        """The number of jobs that are delayed by nothing but the overall rate, as far as is known."""
        return len(self._ready)

    def limit(self, rate: Rate, domains: Mapping[str, DomainPace], excluded: Collection[str] = ()) -> None:
        """Change the limits. Jobs to an excluded domain wait; a domain that isn't mentioned has no limit."""
        if not rate.count:
            self._bucket = None
        elif self._bucket is None:
            self._bucket = TokenBucket(rate.per_second)
        else:
            self._bucket.per_second = rate.per_second
        paces = {name.lower(): pace for name, pace in domains.items()}
        for name in {*self._domains, *paces, *excluded}:
            self._domains.setdefault(name, DomainLimiter()).limit(paces.get(name), excluded=name in excluded)

    @property
    def over(self) -> bool:
        """Whether more messages to a domain are in flight than its limit, which was lowered, allows."""
        return any(domain.over for domain in self._domains.values())

    def add(self, jobs: Iterable[DeliveryJob]) -> None:
        """Add jobs, to be begun in this order."""
        self._ready.extend(jobs)

    def schedule(self, job: DeliveryJob, at: float) -> None:
        """Add a job that is to be begun at a later time."""
        heapq.heappush(self._later, (at, next(self._order), job))

    def take(self, now: float) -> DeliveryJob | None:
        """Remove and return the next job that may be begun now; None if there is none."""
        if self._bucket and self._bucket.wait(now) > 0:
            return None
        while self._ready:
            job = self._ready.popleft()
            domain = self._domains.get(job.domain)
            if domain is not None:
                if domain.wait(now) != 0.0:
                    self._wait_for_domain(job)
                    continue
                domain.begin(now)
                job.counted = True
            if self._bucket:
                self._bucket.spend(now)
            return job
        return None

    def release(self, job: DeliveryJob, outcome: Outcome | None, now: float) -> None:
        """End a job that was taken; without an outcome, it was not begun after all. Its reply may change the pace."""
        domain = self._domains.get(job.domain)
        signal = pace_signal(outcome) if outcome is not None else PaceSignal.NONE
        if domain is None:
            if signal is PaceSignal.NONE:
                return
            domain = self._domains[job.domain] = DomainLimiter()
        if job.counted:
            job.counted = False
            domain.end()
        if outcome is not None and outcome.kind is OutcomeKind.ACCEPTED:
            domain.accepted(now)
        domain.signal(signal, now)
        self._admit(job.domain, now, 1)

    def advance(self, now: float) -> None:
        """Make jobs ready whose time has come."""
        while self._later and self._later[0][0] <= now:
            self._ready.append(heapq.heappop(self._later)[2])
        for name in list(self._waiting_for_domain):
            self._admit(name, now, ADMITTED_AT_ONCE)

    def remove(self, unwanted: Callable[[ActiveChunk], bool]) -> list[DeliveryJob]:
        """Remove and return the jobs of some chunks, in the order in which they waited."""
        removed = [job for job in self._all_jobs() if unwanted(job.chunk)]
        self._ready = deque(job for job in self._ready if not unwanted(job.chunk))
        self._later = [entry for entry in self._later if not unwanted(entry[2].chunk)]
        heapq.heapify(self._later)
        remaining = {
            name: deque(job for job in jobs if not unwanted(job.chunk))
            for name, jobs in self._waiting_for_domain.items()
        }
        self._waiting_for_domain = {name: jobs for name, jobs in remaining.items() if jobs}
        return removed

    def _all_jobs(self) -> Iterable[DeliveryJob]:
        yield from self._ready
        for jobs in self._waiting_for_domain.values():
            yield from jobs
        for _, _, job in sorted(self._later):
            yield job

    def _wait_for_domain(self, job: DeliveryJob) -> None:
        """Let a job wait for its domain; those that the domain has deferred before come first.

        Otherwise, a domain that defers each recipient once would be asked for all of them before the first one is
        accepted, with pauses that grow each time.
        """
        waiting = self._waiting_for_domain.setdefault(job.domain, deque())
        if job.tries:
            waiting.appendleft(job)
        else:
            waiting.append(job)

    def _admit(self, name: str, now: float, most: int) -> None:
        """Move some of the jobs that wait for a domain to the front, if the domain would accept one."""
        waiting = self._waiting_for_domain.get(name)
        if waiting and self._domains[name].wait(now) == 0.0:
            self._ready.extendleft(reversed([waiting.popleft() for _ in range(min(most, len(waiting)))]))
            if not waiting:
                del self._waiting_for_domain[name]
