"""Sends through a provider's API, as a carrier of the engine: many deliveries in one call.

The journal logs every delivery of a call before the call is made, and its outcome afterwards. At most `connections`
calls are in progress. A pause or stop is respected before the next call. A call that is refused because of one
recipient is halved until that recipient is found.
"""

import asyncio
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from newsletter.delivery.active_chunk import STOPPED, ConnectionProblem, DeliveryCallbacks, DeliveryJob
from newsletter.domain.encoded_email import EncodedEmail, Recipient
from newsletter.domain.outcome import Outcome, OutcomeKind
from newsletter.messages import delivery as messages
from newsletter.sending.api_calls.interface import (
    ANSWER_SECONDS,
    CONNECT_SECONDS,
    FAULTS,
    ProviderApi,
    ProviderRefused,
    RateLimited,
    WrongKey,
    cause_in,
    outcomes,
    unexplained,
)
from newsletter.sending.api_calls.payload import ApiMessage, api_message

PATIENCE = 60.0
"""Seconds that a call waits for a provider that limits the rate; after that its deliveries are deferred."""

COLLECT_SECONDS = 1.0
"""Seconds for which deliveries are collected for a call, if a configured rate allows only a few at a time."""

MANY = 10


class ApiCarrier:
    """Calls a provider from as many threads as there may be connections (see `Carrier`).

    `per_second` is the configured rate, 0.0 for none; a call is never larger than a second's worth of it. `limit` may
    raise `connections`, at most to `most_connections`.
    """

    def __init__(
        self,
        chosen: ProviderApi,
        most_connections: int,
        connections: int,
        per_second: float,
        callbacks: DeliveryCallbacks,
    ) -> None:
        self._callbacks = callbacks
        self._caller = _Caller(chosen)
        self._most_of_provider = chosen.most
        self.limit(connections, per_second)
        self._threads = ThreadPoolExecutor(most_connections, "provider")
        self._calls: dict[asyncio.Future[list[Outcome]], list[DeliveryJob]] = {}
        self._batch: list[DeliveryJob] = []
        self._next: DeliveryJob | None = None
        self._since = 0.0
        self._closing = False

    def __len__(self) -> int:
        """Return the number of calls in progress."""
        return len(self._calls)

    def limit(self, connections: int, per_second: float) -> None:
        """Make no more calls at once than this, and none larger than a second's worth of the rate."""
        most = self._most_of_provider
        self._connections = connections
        self._most = min(most, max(1, int(per_second))) if per_second else most
        self._wait = COLLECT_SECONDS if per_second else 0.0

    @property
    def over(self) -> bool:
        """Whether more calls are in progress than the limit, because it was lowered."""
        return len(self._calls) > self._connections

    def pump(self) -> None:
        """Begin as many calls as there are connections and deliveries for."""
        while not self._closing and len(self._calls) < self._connections:
            self._collect_batch()
            if not self._batch or not self._is_due():
                break
            self._begin()

    def tick(self, now: float, waiting: int) -> None:  # noqa: ARG002
        """Begin a call whose deliveries were collected for long enough."""
        if self._batch:
            self.pump()

    def drop_halted(self) -> None:
        """Return collected deliveries of halted chunks."""
        remaining = []
        for job in self._collected():
            if job.chunk.halted:
                self._callbacks.return_untried(job, STOPPED)
            else:
                remaining.append(job)
        self._batch, self._next = remaining[: self._most], None
        for job in remaining[self._most :]:
            self._next = job

    async def close(self, grace: float) -> None:
        """Begin nothing more, and wait for the calls in progress as long as their time-outs allow."""
        self._closing = True
        self._caller.stop()
        for job in self._collected():
            self._callbacks.return_untried(job, STOPPED)
        self._batch, self._next = [], None
        if self._calls:
            await asyncio.wait(self._calls, timeout=max(grace, CONNECT_SECONDS + ANSWER_SECONDS))
            await asyncio.sleep(0)  # the callbacks of those that have ended
        for jobs in self._calls.values():
            for job in jobs:
                self._callbacks.reply_lost(job, messages.STOPPED_BEFORE_REPLY())
        self._threads.shutdown(wait=not self._calls)

    def _collected(self) -> list[DeliveryJob]:
        return [*self._batch, *([self._next] if self._next else [])]

    def _collect_batch(self) -> None:
        """Collect deliveries of one email; the first one of another edition or variant begins the next call."""
        if self._next is not None and not self._batch:
            self._batch, self._next = [self._next], None
        while self._next is None and len(self._batch) < self._most:
            job = self._callbacks.take()
            if job is None:
                return
            if not self._batch:
                self._since = time.monotonic()
            if self._batch and _email(job) != _email(self._batch[0]):
                self._next = job
            else:
                self._batch.append(job)

    def _is_due(self) -> bool:
        full = len(self._batch) >= self._most or self._next is not None
        return full or time.monotonic() - self._since >= self._wait

    def _begin(self) -> None:
        jobs, self._batch = [job for job in self._batch if self._callbacks.log_intent(job)], []
        if not jobs:
            return
        if not self._callbacks.flush():
            for job in jobs:
                self._callbacks.return_undelivered(job, STOPPED)
            return
        mail, recipients = api_message(jobs[0].chunk.batch.email), [job.recipient for job in jobs]
        call = asyncio.get_running_loop().run_in_executor(self._threads, self._caller.call, mail, recipients)
        self._calls[call] = jobs
        call.add_done_callback(self._report)

    def _report(self, call: asyncio.Future[list[Outcome]]) -> None:
        """Report the outcomes of a call. Any other exception than WrongKey is an error in the program and ends the
        engine.
        """
        jobs = self._calls.pop(call)
        try:
            outcomes = {outcome.number: outcome for outcome in call.result()}
        except WrongKey as e:
            for job in jobs:
                self._callbacks.return_untried(job, STOPPED)
            problem = messages.KEY_REFUSED(reply=e.message)
            self._callbacks.connection_failed(ConnectionProblem(problem, needs_operator=True))
            return
        for job in jobs:
            if job.recipient.number not in outcomes:
                self._callbacks.return_untried(job, STOPPED)
        for job in jobs:
            if outcome := outcomes.get(job.recipient.number):
                self._callbacks.outcome_received(job, outcome)
        self._callbacks.flush()
        self.pump()


class _Caller:
    """Makes the calls, from several threads that share the time before which the provider accepts none."""

    def __init__(self, chosen: ProviderApi) -> None:
        self._chosen = chosen
        self._not_before = 0.0
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Make no further call, and stop waiting for the provider."""
        self._stopped.set()

    def call(self, mail: ApiMessage, recipients: Sequence[Recipient]) -> list[Outcome]:
        """Return the outcomes of these recipients; those without one were not tried. Raises WrongKey."""
        return self._halved(mail, recipients, [])

    def _halved(self, mail: ApiMessage, recipients: Sequence[Recipient], refused: list[Outcome]) -> list[Outcome]:
        try:
            return self._patiently(mail, recipients)
        except ProviderRefused as e:
            if len(recipients) == 1:
                fault = FAULTS[cause_in(str(e)) if e.cause == "message" else e.cause]
                words = str(e).replace(recipients[0].address, "…")
                refused += (settled := outcomes(recipients, OutcomeKind.REFUSED, fault, words, e.code))
                return settled
        middle = len(recipients) // 2
        half = self._halved(mail, recipients[:middle], refused)
        hopeless = len(refused) >= MANY and not any(o.kind is OutcomeKind.ACCEPTED for o in half)
        if hopeless or self._stopped.is_set():
            return half
        try:
            return half + self._halved(mail, recipients[middle:], refused)
        except WrongKey:  # what was accepted must be recorded; the next call raises it as well
            return half

    def _complete(self, recipients: Sequence[Recipient], outcomes: list[Outcome]) -> list[Outcome]:
        """Return an outcome for each recipient. One without any was in the call, and must not be in another."""
        numbers = {outcome.number for outcome in outcomes}
        forgotten = [recipient for recipient in recipients if recipient.number not in numbers]
        return [*outcomes, *unexplained(forgotten, OutcomeKind.UNKNOWN, messages.ANSWER_INCOMPLETE())]

    def _patiently(self, mail: ApiMessage, recipients: Sequence[Recipient]) -> list[Outcome]:
        until = time.monotonic() + PATIENCE
        while True:
            self._stopped.wait(max(0.0, self._not_before - time.monotonic()))
            try:
                return self._complete(recipients, self._chosen.call(mail, recipients))
            except RateLimited as e:
                self._not_before = time.monotonic() + e.seconds
                if self._not_before > until or self._stopped.is_set():
                    return unexplained(recipients, OutcomeKind.DEFERRED, e.message, 429, e.seconds)


def _email(job: DeliveryJob) -> tuple[str, EncodedEmail]:
    return job.chunk.batch.edition, job.chunk.batch.email
