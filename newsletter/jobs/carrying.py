"""Carries chunks to an API provider: the engine's work, for those who are asked by HTTP.

Promises: the journal names every reader of a call before it is made and what came of each after; no more calls are
under way than `connections`; a pause or stop is heeded before the next call. What the provider takes as a whole and
refuses for one reader is halved until that reader is found.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Protocol

from newsletter.config import Config, Delivery
from newsletter.delivery.circuit import Circuit
from newsletter.delivery.engine import Ended, Why
from newsletter.delivery.journal import Journal, JournalError
from newsletter.delivery.message import BadReader
from newsletter.delivery.pace import Bucket
from newsletter.jobs.api_mail import Template, template
from newsletter.jobs.providers import (
    Provider,
    ProviderProblem,
    Refused,
    TooFast,
    WrongKey,
    outcomes,
    provider,
)
from newsletter.mail import Batch, Fault, Kind, Outcome, Reader, Sink, Source

CHUNK, CHUNK_SECONDS = 500, 60.0
LOOK, RECHECK = 1.0, 50.0
PATIENCE = 60.0
"""Seconds that a call waits for a provider that is asked too fast; after it its readers are deferred."""

MANY = 10
_ABOUT_READER = re.compile(r"recipient|'to'|\bto\b|inactive|mailbox", re.IGNORECASE)


class Outbox(Source, Sink, Protocol):
    """A source that is its own sink."""


def carry(
    configuration: Config, settings: Delivery, outbox: Outbox, journal: Journal, stopped: Callable[[], bool]
) -> Ended:
    """Send what there is to send now, and end when there is nothing, or when asked to."""
    try:
        chosen = provider(settings)
    except ProviderProblem as e:
        return Ended(Why.UNREACHABLE, str(e))
    rate = settings.rate.per_second
    limit = max(1, min(CHUNK, int(rate * CHUNK_SECONDS))) if rate else CHUNK
    caller, bucket = _Caller(chosen, stopped), Bucket(rate) if rate else None
    with ThreadPoolExecutor(settings.connections, "provider") as pool:
        while not stopped():
            batch = outbox.next(limit)
            if batch is None:
                return Ended(Why.DONE)
            try:
                _Chunk(batch, outbox, journal, caller, bucket).work(pool, settings.connections)
            except JournalError as e:
                return Ended(Why.JOURNAL, str(e))
    return Ended(Why.STOPPED)


class _Caller:
    """Makes the calls, from several threads; they share how long the provider wants to be left alone."""

    def __init__(self, chosen: Provider, stopped: Callable[[], bool]) -> None:
        self.most = chosen.most
        self.stopped = stopped
        self._chosen = chosen
        self._not_before = 0.0
        self._told = threading.Event()

    def call(self, mail: Template, readers: Sequence[Reader]) -> list[Outcome]:
        """The outcomes of these readers; those without one were not tried. Raises WrongKey."""
        return self._halved(mail, readers, [])

    def _halved(self, mail: Template, readers: Sequence[Reader], refused: list[Outcome]) -> list[Outcome]:
        try:
            return self._patiently(mail, readers)
        except Refused as e:
            if len(readers) == 1:
                fault = Fault.READER if _ABOUT_READER.search(str(e)) else Fault.POLICY
                words = str(e).replace(readers[0].address, "…")
                refused += (found := outcomes(readers, Kind.REFUSED, fault, words, e.code))
                return found
        middle = len(readers) // 2
        first = self._halved(mail, readers[:middle], refused)
        hopeless = len(refused) >= MANY and not any(o.kind is Kind.ACCEPTED for o in first)
        return first if hopeless or self.stopped() else first + self._halved(mail, readers[middle:], refused)

    def _patiently(self, mail: Template, readers: Sequence[Reader]) -> list[Outcome]:
        until = time.monotonic() + PATIENCE
        while True:
            self._told.wait(max(0.0, self._not_before - time.monotonic()))
            try:
                return self._chosen.call(mail, readers)
            except TooFast as e:
                self._not_before = time.monotonic() + e.seconds
                if self._not_before > until or self.stopped():
                    late = outcomes(readers, Kind.DEFERRED, Fault.CONNECTION, str(e), 429)
                    return [outcome._replace(retry_after=e.seconds) for outcome in late]


class _Chunk:
    """One chunk, from the last look at its readers until it is settled."""

    def __init__(self, batch: Batch, outbox: Outbox, journal: Journal, caller: _Caller, bucket: Bucket | None) -> None:
        self._batch = batch
        self._key = (batch.edition, batch.chunk)
        self._outbox = outbox
        self._journal = journal
        self._caller = caller
        self._bucket = bucket
        self._most = min(caller.most, max(1, int(bucket.per_second))) if bucket else caller.most
        self._circuit = Circuit()
        self._going = True
        self._looked = self._checked = time.monotonic()

    def work(self, pool: ThreadPoolExecutor, at_once: int) -> None:
        """Make the calls, record what they gave, hand the rest back."""
        self._journal.begin(*self._key)
        mail = template(self._batch.segments)
        left = self._fit(mail, self._outbox.begin(self._batch).readers)
        calls: set[Future[list[Outcome]]] = set()
        while calls or (left and self._may_go_on()):
            while left and len(calls) < at_once and not self._too_early() and self._may_go_on():
                left = self._looked_at_again(left)
                part, left = left[: self._most], left[self._most :]
                calls.add(self._begin(pool, mail, part))
            if not calls:
                time.sleep(min(LOOK, self._too_early()))
            done, calls = wait(calls, LOOK, FIRST_COMPLETED)
            for call in done:
                self._came(call)
        self._outbox.settle(*self._key, (), finished=True)
        self._journal.settled(*self._key)

    def _fit(self, mail: Template, readers: Sequence[Reader]) -> list[Reader]:
        """Those whose values can stand in a mail; the others are refused here."""
        good, bad = [], []
        for reader in readers:
            try:
                mail.check(reader)
                good.append(reader)
            except BadReader as e:
                now = time.time()
                bad.append(Outcome(reader.number, reader.attempt, Kind.REFUSED, now, Fault.READER, 0, e.status, e.text))
        if bad:
            self._outbox.settle(*self._key, bad, finished=False)
        return good

    def _begin(self, pool: ThreadPoolExecutor, mail: Template, part: Sequence[Reader]) -> Future[list[Outcome]]:
        for reader in part:
            self._journal.about(*self._key, reader.number, reader.attempt)
            if self._bucket:
                self._bucket.spend(time.monotonic())
        return pool.submit(self._caller.call, mail, part)

    def _came(self, call: Future[list[Outcome]]) -> None:
        try:
            found = call.result()
        except WrongKey as e:
            self._pause(f"the provider does not accept us: {e}; check its key and address, and resume")
            return
        for outcome in found:
            self._journal.came(*self._key, outcome)
        self._outbox.settle(*self._key, found, finished=False)
        for reason in self._reasons(found):
            self._pause(reason)
            return

    def _reasons(self, found: Sequence[Outcome]) -> Iterator[str]:
        for outcome in found:
            if reason := self._circuit.see(outcome):
                yield reason

    def _pause(self, reason: str) -> None:
        if self._going:
            self._going = False
            self._outbox.pause(self._batch.edition, reason)

    def _may_go_on(self) -> bool:
        """Whether another call may begin; asked of the outbox once a second."""
        if self._going and time.monotonic() - self._looked >= LOOK:
            self._looked = time.monotonic()
            self._going = self._key in self._outbox.hold([self._key])
        return self._going and not self._caller.stopped()

    def _too_early(self) -> float:
        """Seconds until the rate allows another call."""
        return self._bucket.wait(time.monotonic()) if self._bucket else 0.0

    def _looked_at_again(self, left: list[Reader]) -> list[Reader]:
        if time.monotonic() - self._checked < RECHECK:
            return left
        self._checked = time.monotonic()
        return list(self._outbox.begin(replace(self._batch, readers=tuple(left))).readers)
