"""The sending engine: takes chunks from a source, sends each message once, and reports outcomes to a sink.

Source and sink are called from one thread, one call after the other, and never from the event loop, which continues to
send meanwhile; the next chunk is fetched ahead. At most two chunks' worth of recipients are claimed and not yet
reported. A chunk's recipients are looked up again when it is begun, and every minute after that. A pause or stop is
respected within a second: nothing is begun, replies to final dots are waited for, and the rest is returned.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol, TypeVar

from newsletter.config import DeliverySettings
from newsletter.delivery.active_chunk import ActiveChunk, Carrier, DeliveryCallbacks
from newsletter.delivery.dkim import Signer, signed_headers
from newsletter.delivery.file_carrier import FileCarrier
from newsletter.delivery.in_flight import REFILL_BELOW, InFlight, boottime
from newsletter.delivery.journal import Journal, JournalError
from newsletter.delivery.limits import Limits
from newsletter.delivery.smtp.pool import Pool
from newsletter.domain.batch import Batch, Sink, WorkSource
from newsletter.domain.encoded_email import Header
from newsletter.messages import Message
from newsletter.messages.delivery import EMAIL_NOT_MADE

CHUNK = 500
CHUNK_SECONDS = 60.0
CHECK_INTERVAL = 1.0
TICK_INTERVAL = 0.05
RECHECK_INTERVAL = 50.0
RATE_OVER = 10

LONGEST_CALL = 300.0
"""Seconds after which a call of source or sink hangs: they try a database that can't be used for three minutes."""

T = TypeVar("T")


class SignOfLife(Protocol):
    """Called while an engine is running."""

    def __call__(self, *, working: bool) -> None:
        """Note that the engine is alive, and whether it has reached the server."""


def no_sign(*, working: bool) -> None:
    """Note nothing."""


class EndReason(StrEnum):
    """Why the engine ended."""

    DONE = "done"
    STOPPED = "stopped"
    UNREACHABLE = "unreachable"
    JOURNAL = "journal"


@dataclass(frozen=True, slots=True)
class EngineResult:
    """Why the engine ended; `problem` is for the operator if it could not continue."""

    reason: EndReason
    problem: Message | None = None


class Engine:
    """Sends what `source` provides. One engine per process, with the journal that the process made; used once.

    Relative paths of `delivery.file` start at `folder`. `patience`: seconds without any connection after which it gives
    up; `grace`: seconds that a stop waits for replies to final dots. `close_thread` is called last in the thread that
    calls source and sink, to close what belongs to that thread, such as database connections. `carrier` makes another
    carrier than those for `smtp` and `file`; its messages are not signed here. `headers` are added to each message.
    `live` is called several times a second with whether the server is connected or has replied, as long as neither the
    loop nor source and sink hang.
    """

    def __init__(
        self,
        delivery: DeliverySettings,
        source: WorkSource,
        sink: Sink,
        journal: Journal,
        *,
        folder: Path = Path(),
        patience: float = 60.0,
        grace: float = 10.0,
        close_thread: Callable[[], None] = lambda: None,
        carrier: Callable[[DeliveryCallbacks], Carrier] | None = None,
        headers: tuple[Header, ...] = (),
        live: SignOfLife = no_sign,
    ) -> None:
        """Prepare an engine. Raises `DkimError` for a key that can't sign."""
        names = signed_headers(delivery.provider, delivery.smtp.host)
        self._signers = () if carrier else tuple(Signer(dkim, names) for dkim in delivery.dkim)
        self._other_carrier = carrier
        self._headers = headers
        self._delivery = delivery
        self._source = source
        self._sink = sink
        self._journal = journal
        self._folder = folder
        self._patience = patience
        self._grace = grace
        self._close_thread = close_thread
        self._live = live
        self._called_at: float | None = None
        self._stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._prefetched: Batch | None = None
        self._source_is_empty = False
        self._fault: Exception | None = None
        self._limits: tuple[Limits, Callable[[], None]] | None = None
        self._new_limits: tuple[Limits, Callable[[], None]] | None = None
        self._limits_kept: Callable[[], None] | None = None
        self._last_check = -math.inf
        self._rates: deque[tuple[float, int]] = deque(maxlen=RATE_OVER + 1)

    def stop(self, grace: float | None = None) -> None:
        """Begin nothing more, wait for replies to final dots, and end. May be called from any thread, or a signal
        handler. `grace` replaces the seconds that it waits.
        """
        self._grace = self._grace if grace is None else grace
        self._stopping = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._changed.set)

    def limit(self, limits: Limits, done: Callable[[], None]) -> None:
        """Keep these limits from now on; may be called from any thread.

        `done` is called in the loop's thread once no more is open or in flight than they allow. If the engine ends
        before, it isn't.
        """
        self._new_limits = (limits, done)

    async def run(self) -> EngineResult:
        """Send until the source has nothing to do now, `stop` is called, or sending can't continue.

        Raises what the source or the sink raised, or an error in the engine itself, after messages in flight have
        ended; the journal then has the outcomes that were not recorded.
        """
        self._loop = loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._on_exception)
        self._changed = asyncio.Event()
        self._in_flight = InFlight(
            self._delivery, self._journal, self._signers, loop.time, self._changed.set, self._headers
        )
        self._carrier = self._make_carrier()
        self._thread = ThreadPoolExecutor(1, "source and sink")
        ticker = asyncio.ensure_future(self._tick())
        try:
            result = await self._send_until_done(ticker)
            await self._drain()
            await self._return_prefetched()
            await self._settle(everything=True)
        finally:
            await self._drain()
            ticker.cancel()
            await self._call(self._close_thread)
            self._thread.shutdown()
            self._loop = None
        return result

    async def _send_until_done(self, ticker: asyncio.Future[None]) -> EngineResult:
        """Call source and sink as needed, until there is a reason to end."""
        while True:
            self._changed.clear()
            if self._fault is not None:
                raise self._fault
            if ticker.done():
                ticker.result()
            if result := self._end_reason():
                return result
            await self._begin_prefetched()
            await self._settle(everything=self._needs_early_report())
            await self._check_periodically()
            await self._fetch()
            await self._begin_prefetched()
            if self._source_is_empty and not self._in_flight.chunks and self._prefetched is None:
                return EngineResult(EndReason.DONE)
            with suppress(TimeoutError):
                async with asyncio.timeout(CHECK_INTERVAL):
                    await self._changed.wait()

    def _on_exception(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Stop after an unexpected exception in the middle of a message, so that `run` raises it.

        The loop would only log it, and the message would be tried again and again.
        """
        error = context.get("exception")
        if isinstance(error, Exception) and not isinstance(error, OSError):
            self._fault = error
            self._in_flight.halt(lambda chunk: True)
        else:
            loop.default_exception_handler(context)

    def _end_reason(self) -> EngineResult | None:
        """Return why nothing more is begun, or None."""
        if self._stopping:
            return EngineResult(EndReason.STOPPED)
        if self._in_flight.journal_problem is not None:
            return EngineResult(EndReason.JOURNAL, self._in_flight.journal_problem)
        if self._in_flight.unreachable:
            since, problem = self._in_flight.unreachable
            if self._now() - since >= self._patience:
                return EngineResult(EndReason.UNREACHABLE, problem)
        return None

    async def _tick(self) -> None:
        """Do what depends on time: admit waiting domains, check deadlines, open connections."""
        while True:
            await asyncio.sleep(TICK_INTERVAL)
            self._advance()
            if self._called_at is None or self._now() - self._called_at < LONGEST_CALL:
                self._live(working=len(self._carrier) > 0 or self._in_flight.outcome_count > 0)

    def _advance(self) -> None:
        now = self._now()
        self._apply_limits()
        self._in_flight.dispatch.advance(now)
        if len(self._carrier):
            self._in_flight.unreachable = None
        self._carrier.tick(now, self._in_flight.dispatch.ready)
        if self._in_flight.dispatch.ready:
            self._carrier.pump()

    def _apply_limits(self) -> None:
        """Apply new limits, and report when they are kept."""
        if self._new_limits is not self._limits and self._new_limits:
            self._limits = self._new_limits
            limits, self._limits_kept = self._limits
            self._delivery = limits.applied_to(self._delivery)
            self._in_flight.dispatch.limit(limits.rate, limits.domains, limits.excluded)
            self._carrier.limit(limits.connections, limits.rate.per_second)
        if self._limits_kept and not (self._carrier.over or self._in_flight.dispatch.over):
            self._limits_kept()
            self._limits_kept = None

    async def _drain(self) -> None:
        """Begin nothing more, and wait for what is in flight."""
        self._in_flight.halt(lambda chunk: True)
        self._carrier.drop_halted()
        await self._carrier.close(self._grace)

    # Chunks

    async def _fetch(self) -> None:
        """Claim the next chunk, if there is room for one."""
        unsettled = sum(chunk.unsettled for chunk in self._in_flight.chunks.values())
        if self._prefetched is not None or self._source_is_empty or unsettled > CHUNK:
            return
        limit = self._chunk_size()
        self._in_flight.refill_below = min(REFILL_BELOW, limit // 5)
        self._prefetched = await self._call(partial(self._source.next, limit))
        self._source_is_empty = self._prefetched is None

    async def _begin_prefetched(self) -> None:
        """Begin the chunk that was fetched ahead, if few messages are waiting."""
        if self._prefetched is None or self._in_flight.dispatch.ready > self._in_flight.refill_below:
            return
        pauses = self._in_flight.pauses  # not yet reported, so the source would still begin their chunks
        if self._prefetched.edition in pauses:
            return
        batch, self._prefetched = self._prefetched, None
        checked = await self._call(partial(self._source.begin, batch))
        if batch.edition in pauses:
            await self._return(batch)
            return
        try:
            self._in_flight.begin(checked)
        except JournalError as e:
            self._in_flight.give_up(e.message)
            await self._return(batch)
        except ValueError as e:
            self._in_flight.pause(batch.edition, EMAIL_NOT_MADE(cause=str(e)))
            await self._return(batch)
        else:
            self._advance()

    async def _settle(self, *, everything: bool) -> None:
        """Report pauses and finished chunks; with `everything`, also the outcomes of other chunks so far."""
        while self._in_flight.pauses:
            edition, reason = self._in_flight.pauses.popitem()
            self._carrier.drop_halted()
            await self._call(partial(self._sink.pause, edition, reason))
            if self._prefetched is not None and self._prefetched.edition == edition:
                await self._return_prefetched()
        for chunk in list(self._in_flight.chunks.values()):
            finished = chunk.done
            if finished or (everything and chunk.outcomes):
                outcomes = self._in_flight.take_outcomes(chunk)
                await self._call(partial(self._sink.settle, *chunk.key, outcomes, finished=finished))
                self._in_flight.settled(chunk, len(outcomes), finished=finished)
                self._source_is_empty = self._source_is_empty and not finished

    def _needs_early_report(self) -> bool:
        """Return whether reporting outcomes now makes room for the next chunk, which a few slow messages prevent."""
        unsettled = sum(chunk.unsettled for chunk in self._in_flight.chunks.values())
        left = unsettled - sum(len(chunk.outcomes) for chunk in self._in_flight.chunks.values())
        return self._in_flight.dispatch.ready <= self._in_flight.refill_below and unsettled > CHUNK >= left

    async def _check_periodically(self) -> None:
        """Once a second, report outcomes, renew leases, and look up recipients again who have waited for long."""
        now = self._now()
        if now - self._last_check < CHECK_INTERVAL:
            return
        self._last_check, self._source_is_empty = now, False
        self._rates.append((now, self._in_flight.outcome_count))
        await self._settle(everything=True)
        await self._renew_leases()
        for chunk in list(self._in_flight.chunks.values()):
            if chunk.waiting and now - chunk.checked > RECHECK_INTERVAL:
                await self._recheck(chunk)

    async def _renew_leases(self) -> None:
        keys = [chunk.key for chunk in self._in_flight.chunks.values() if not chunk.halted]
        ahead = (self._prefetched.edition, self._prefetched.chunk) if self._prefetched else None
        if not keys and not ahead:
            return
        going = await self._call(partial(self._source.renew_leases, [*keys, *([ahead] if ahead else [])]))
        if ahead and ahead not in going:
            await self._return_prefetched()
        elif ahead and self._prefetched:
            self._prefetched = replace(self._prefetched, lease_until=going[ahead])
        for chunk in self._in_flight.chunks.values():
            if chunk.key in going:
                chunk.lease(going[chunk.key], boottime())
        if any(key not in going for key in keys):
            self._in_flight.halt(lambda chunk: chunk.key not in going)
            self._carrier.drop_halted()

    async def _recheck(self, chunk: ActiveChunk) -> None:
        jobs = self._in_flight.recall(chunk)
        batch = replace(chunk.batch, recipients=tuple(job.recipient for job in jobs))
        self._in_flight.readmit(chunk, jobs, await self._call(partial(self._source.begin, batch)))

    async def _return_prefetched(self) -> None:
        if self._prefetched is not None:
            batch, self._prefetched = self._prefetched, None
            await self._return(batch)

    async def _return(self, batch: Batch) -> None:
        await self._call(partial(self._sink.settle, batch.edition, batch.chunk, (), finished=True))

    def _chunk_size(self) -> int:
        """Return the number of recipients that are at most a minute's work at the configured and the present rate."""
        rates = [rate for rate in (self._delivery.rate.per_second, self._per_second()) if rate]
        return max(1, min([CHUNK, *(int(rate * CHUNK_SECONDS) for rate in rates)]))

    def _per_second(self) -> float:
        """Return the messages per second over the last seconds; 0.0 if it is too early to say."""
        if len(self._rates) < RATE_OVER // 2:
            return 0.0
        (began, first_count), (ended, last_count) = self._rates[0], self._rates[-1]
        return (last_count - first_count) / (ended - began)

    def _make_carrier(self) -> Carrier:
        if self._other_carrier is not None:
            return self._other_carrier(self._in_flight)
        if self._delivery.provider == "file":
            settings = self._delivery.file
            folder = self._folder / settings["folder"]
            return FileCarrier(folder, settings["format"], self._in_flight)
        return Pool(self._delivery.smtp, self._delivery.connections, self._in_flight)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _call(self, function: Callable[[], T]) -> T:
        self._called_at = self._now()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, function)
        finally:
            self._called_at = None


def send(engine: Engine) -> EngineResult:
    """Run the engine to its end, on uvloop if it is installed."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(engine.run())


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    if find_spec("uvloop") is None:
        return asyncio.new_event_loop
    import uvloop

    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
