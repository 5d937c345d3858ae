"""Which mail is next: readers in hand, those who wait for their domain, and those who wait for another connection.

Pure bookkeeping on monotonic seconds; it neither sends nor sleeps. A domain that asks for less holds up only its own.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from itertools import count

from newsletter.config import DomainPace, Rate
from newsletter.delivery.held import Held, Job
from newsletter.delivery.pace import Bucket, Domain, Signal, signal_of
from newsletter.mail import Kind, Outcome

AT_ONCE = 10
"""How many of a domain's waiting mails are looked at again at a time."""


class Dispatch:
    """The jobs that wait to be begun."""

    def __init__(self, rate: Rate, domains: Mapping[str, DomainPace]) -> None:
        self._bucket = Bucket(rate.per_second) if rate.count else None
        self._domains = {name.lower(): Domain(pace) for name, pace in domains.items()}
        self._ready: deque[Job] = deque()
        self._held: dict[str, deque[Job]] = {}
        self._later: list[tuple[float, int, Job]] = []
        self._order = count()

    def __len__(self) -> int:
        """Jobs that wait, for whatever reason."""
        return len(self._ready) + len(self._later) + sum(map(len, self._held.values()))

    @property
    def ready(self) -> int:
        """Jobs that nothing but the rate over all keeps waiting, as far as is known."""
        return len(self._ready)

    def add(self, jobs: Iterable[Job]) -> None:
        """Jobs to begin, in this order."""
        self._ready.extend(jobs)

    def again(self, job: Job, at: float) -> None:
        """The job is to be begun anew at a moment."""
        heapq.heappush(self._later, (at, next(self._order), job))

    def take(self, now: float) -> Job | None:
        """The next job that may be begun now, and now is; None where there is none."""
        if self._bucket and self._bucket.wait(now) > 0:
            return None
        while self._ready:
            job = self._ready.popleft()
            domain = self._domains.get(job.domain)
            if domain is not None:
                if domain.wait(now) != 0.0:
                    self._hold(job)
                    continue
                domain.begin(now)
                job.counted = True
            if self._bucket:
                self._bucket.spend(now)
            return job
        return None

    def release(self, job: Job, outcome: Outcome | None, now: float) -> None:
        """A job that was taken has ended, or (None) was not begun after all; its reply may set the pace."""
        domain = self._domains.get(job.domain)
        signal = signal_of(outcome) if outcome is not None else Signal.NONE
        if domain is None:
            if signal is Signal.NONE:
                return
            domain = self._domains[job.domain] = Domain()
        if job.counted:
            job.counted = False
            domain.end()
        if outcome is not None and outcome.kind is Kind.ACCEPTED:
            domain.accepted(now)
        domain.signal(signal, now)
        self._free(job.domain, now, 1)

    def stir(self, now: float) -> None:
        """Make ready what time has made ready."""
        while self._later and self._later[0][0] <= now:
            self._ready.append(heapq.heappop(self._later)[2])
        for name in list(self._held):
            self._free(name, now, AT_ONCE)

    def drop(self, unwanted: Callable[[Held], bool]) -> list[Job]:
        """Take the jobs of some chunks out again, in the order in which they waited."""
        found = [job for job in self._everything() if unwanted(job.chunk)]
        self._ready = deque(job for job in self._ready if not unwanted(job.chunk))
        self._later = [entry for entry in self._later if not unwanted(entry[2].chunk)]
        heapq.heapify(self._later)
        held = {name: deque(job for job in jobs if not unwanted(job.chunk)) for name, jobs in self._held.items()}
        self._held = {name: jobs for name, jobs in held.items() if jobs}
        return found

    def _everything(self) -> Iterable[Job]:
        yield from self._ready
        for jobs in self._held.values():
            yield from jobs
        for _, _, job in sorted(self._later):
            yield job

    def _hold(self, job: Job) -> None:
        """Let it wait for its domain: whom the domain has put off already is tried before whom it never saw.

        Else a domain that puts off each reader once would be asked for all of them before the first one is accepted,
        with pauses that grow all the while.
        """
        held = self._held.setdefault(job.domain, deque())
        if job.tries:
            held.appendleft(job)
        else:
            held.append(job)

    def _free(self, name: str, now: float, most: int) -> None:
        """Some of those who wait for a domain come first, where the domain would take one."""
        held = self._held.get(name)
        if held and self._domains[name].wait(now) == 0.0:
            self._ready.extendleft(reversed([held.popleft() for _ in range(min(most, len(held)))]))
            if not held:
                del self._held[name]
