"""The sending engine: it takes chunks from a source, carries each mail away once, and tells a sink.

Promises: the source and the sink are called from one thread, one call after the other, and never from the event
loop, which goes on sending meanwhile; the next chunk is fetched ahead. No more than two chunks' worth of
readers are claimed and not yet reported. A chunk's readers are looked up again when it is begun, and each
minute after. Pause and stop are heeded within a second: nothing is begun, replies to final dots are waited for,
the rest goes back.
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
from typing import Any, TypeVar

from newsletter.config import Delivery
from newsletter.delivery.dkim import Signer, signed_headers
from newsletter.delivery.filebox import FileBox
from newsletter.delivery.held import Carrier, Held
from newsletter.delivery.journal import Journal, JournalError
from newsletter.delivery.pool import Pool
from newsletter.delivery.shift import LOW, Shift, boottime
from newsletter.mail import Batch, Kind, Sink, Source

CHUNK = 500
CHUNK_SECONDS = 60.0
LOOK = 1.0
TICK = 0.05
RECHECK = 50.0
RATE_OVER = 10

T = TypeVar("T")


class Why(StrEnum):
    """Why the engine ended."""

    DONE = "done"
    STOPPED = "stopped"
    UNREACHABLE = "unreachable"
    JOURNAL = "journal"


@dataclass(frozen=True, slots=True)
class Ended:
    """Why the engine ended; `problem` is a sentence for the operator where it could not go on."""

    why: Why
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the engine stands: attempts by outcome since it began, mails in hand, and mails a second of late."""

    counts: dict[Kind, int]
    waiting: int
    in_flight: int
    connections: int
    per_second: float


class Engine:
    """Sends what `source` gives. One engine a process, with the journal that the process made; used once.

    `folder` is where relative paths of `delivery.file` begin. `patience`: seconds without any connection after
    which it gives up; `grace`: seconds that a stop waits for replies to final dots.
    """

    def __init__(
        self,
        delivery: Delivery,
        source: Source,
        sink: Sink,
        journal: Journal,
        *,
        folder: Path = Path(),
        patience: float = 60.0,
        grace: float = 10.0,
    ) -> None:
        """Raises `DkimError` for a key that cannot sign."""
        names = signed_headers(delivery.provider, delivery.smtp.host)
        self._signers = tuple(Signer(dkim, names) for dkim in delivery.dkim)
        self._delivery = delivery
        self._source = source
        self._sink = sink
        self._journal = journal
        self._folder = folder
        self._patience = patience
        self._grace = grace
        self._stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ahead: Batch | None = None
        self._dry = False
        self._fault: Exception | None = None
        self._looked = -math.inf
        self._rates: deque[tuple[float, int]] = deque(maxlen=RATE_OVER + 1)

    def stop(self) -> None:
        """Begin nothing more, wait for replies to final dots, end. From any thread, or a signal handler."""
        self._stopping = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._news.set)

    def progress(self) -> Progress:
        """Where it stands; from the loop's thread, while it runs."""
        return Progress(
            dict(self._shift.counts),
            len(self._shift.dispatch),
            sum(held.in_flight for held in self._shift.held.values()),
            len(self._carrier),
            self._per_second(),
        )

    async def run(self) -> Ended:
        """Until the source has nothing to do now, or `stop`, or it cannot go on.

        What the source or the sink raise, or a fault of ours on the way, it raises, after what was in flight has
        ended; the journal then holds the outcomes that were not recorded.
        """
        self._loop = loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._unforeseen)
        self._news = asyncio.Event()
        self._shift = Shift(self._delivery, self._journal, self._signers, loop.time, self._news.set)
        self._carrier = self._make_carrier()
        self._thread = ThreadPoolExecutor(1, "source and sink")
        ticker = asyncio.ensure_future(self._tick())
        try:
            ended = await self._work(ticker)
            await self._quiet()
            await self._hand_back_ahead()
            await self._settle(everything=True)
        finally:
            await self._quiet()
            ticker.cancel()
            self._thread.shutdown(wait=False)
            self._loop = None
        return ended

    async def _work(self, ticker: asyncio.Future[None]) -> Ended:
        """The only one who calls source and sink."""
        while True:
            self._news.clear()
            if self._fault is not None:
                raise self._fault
            if ticker.done():
                ticker.result()
            if ended := self._over():
                return ended
            await self._begin_ahead()
            await self._settle(everything=self._short_of_room())
            await self._look()
            await self._fetch()
            await self._begin_ahead()
            if self._dry and not self._shift.held and self._ahead is None:
                return Ended(Why.DONE)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await self._news.wait()

    def _unforeseen(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A fault of ours in the midst of a mail: nothing more is begun, and `run` raises it.

        Without this the loop would only log it, and the mail would be tried again, and again.
        """
        error = context.get("exception")
        if isinstance(error, Exception) and not isinstance(error, OSError):
            self._fault = error
            self._shift.halt(lambda held: True)
        else:
            loop.default_exception_handler(context)

    def _over(self) -> Ended | None:
        """Why no more is begun, if so."""
        if self._stopping:
            return Ended(Why.STOPPED)
        if self._shift.broken is not None:
            return Ended(Why.JOURNAL, self._shift.broken)
        if self._shift.unreachable:
            since, problem = self._shift.unreachable
            if self._now() - since >= self._patience:
                return Ended(Why.UNREACHABLE, problem)
        return None

    async def _tick(self) -> None:
        """What time brings: domains that open again, deadlines, connections to be opened."""
        while True:
            await asyncio.sleep(TICK)
            self._stir()

    def _stir(self) -> None:
        now = self._now()
        self._shift.dispatch.stir(now)
        if len(self._carrier):
            self._shift.unreachable = None
        self._carrier.tend(now, self._shift.dispatch.ready)
        if self._shift.dispatch.ready:
            self._carrier.pump()

    async def _quiet(self) -> None:
        """Begin nothing more, and wait for what is in flight."""
        self._shift.halt(lambda held: True)
        self._carrier.drop_halted()
        await self._carrier.close(self._grace)

    # Chunks.

    async def _fetch(self) -> None:
        """Claim the next chunk, where there is room for one."""
        unsettled = sum(held.unsettled for held in self._shift.held.values())
        if self._ahead is not None or self._dry or unsettled > CHUNK:
            return
        limit = self._limit()
        self._shift.low = min(LOW, limit // 5)
        self._ahead = await self._call(partial(self._source.next, limit))
        self._dry = self._ahead is None

    async def _begin_ahead(self) -> None:
        """Begin the chunk that was fetched ahead, where little else waits."""
        if self._ahead is None or self._shift.dispatch.ready > self._shift.low:
            return
        batch, self._ahead = self._ahead, None
        checked = await self._call(partial(self._source.begin, batch))
        try:
            self._shift.begin(checked)
        except JournalError as e:
            self._shift.give_up(str(e))
            await self._hand_back(batch)
        except ValueError as e:
            self._shift.pause(batch.edition, f"the edition's mail cannot be made: {e}")
            await self._hand_back(batch)
        else:
            self._stir()

    async def _settle(self, *, everything: bool) -> None:
        """Pauses, chunks that are done, and, where everything is asked for, what is known of the others."""
        while self._shift.pauses:
            edition, reason = self._shift.pauses.popitem()
            self._carrier.drop_halted()
            await self._call(partial(self._sink.pause, edition, reason))
            if self._ahead is not None and self._ahead.edition == edition:
                await self._hand_back_ahead()
        for held in list(self._shift.held.values()):
            finished = held.done
            if finished or (everything and held.outcomes):
                found = self._shift.report(held)
                await self._call(partial(self._sink.settle, *held.key, found, finished=finished))
                self._shift.settled(held, len(found), finished=finished)
                self._dry = self._dry and not finished

    def _short_of_room(self) -> bool:
        """A few slow mails must not keep the next chunk from being claimed: report the others."""
        unsettled = sum(held.unsettled for held in self._shift.held.values())
        known = sum(len(held.outcomes) for held in self._shift.held.values())
        return self._shift.dispatch.ready <= self._shift.low and unsettled > CHUNK >= unsettled - known

    async def _look(self) -> None:
        """Once a second: report, ask what may go on, renew leases, look up again those who have waited for long."""
        now = self._now()
        if now - self._looked < LOOK:
            return
        self._looked, self._dry = now, False
        self._rates.append((now, sum(self._shift.counts.values())))
        await self._settle(everything=True)
        await self._hold()
        for held in list(self._shift.held.values()):
            if held.waiting and now - held.checked > RECHECK:
                await self._look_again(held)

    async def _hold(self) -> None:
        keys = [held.key for held in self._shift.held.values() if not held.halted]
        ahead = (self._ahead.edition, self._ahead.chunk) if self._ahead else None
        if not keys and not ahead:
            return
        going = await self._call(partial(self._source.hold, [*keys, *([ahead] if ahead else [])]))
        if ahead and ahead not in going:
            await self._hand_back_ahead()
        elif ahead and self._ahead:
            self._ahead = replace(self._ahead, lease_until=going[ahead])
        for held in self._shift.held.values():
            if held.key in going:
                held.lease(going[held.key], boottime())
        if any(key not in going for key in keys):
            self._shift.halt(lambda held: held.key not in going)
            self._carrier.drop_halted()

    async def _look_again(self, held: Held) -> None:
        jobs = self._shift.recall(held)
        batch = replace(held.batch, readers=tuple(job.reader for job in jobs))
        self._shift.readmit(held, jobs, await self._call(partial(self._source.begin, batch)))

    async def _hand_back_ahead(self) -> None:
        if self._ahead is not None:
            batch, self._ahead = self._ahead, None
            await self._hand_back(batch)

    async def _hand_back(self, batch: Batch) -> None:
        await self._call(partial(self._sink.settle, batch.edition, batch.chunk, (), finished=True))

    def _limit(self) -> int:
        """How many readers are at most a minute's work at the configured rate, and at the present one."""
        rates = [rate for rate in (self._delivery.rate.per_second, self._per_second()) if rate]
        return max(1, min([CHUNK, *(int(rate * CHUNK_SECONDS) for rate in rates)]))

    def _per_second(self) -> float:
        """Mails a second over the last seconds; 0.0 where it is too early to say."""
        if len(self._rates) < RATE_OVER // 2:
            return 0.0
        (begun, before), (ended, after) = self._rates[0], self._rates[-1]
        return (after - before) / (ended - begun)

    def _make_carrier(self) -> Carrier:
        if self._delivery.provider == "file":
            settings = self._delivery.file
            folder = self._folder / settings.get("folder", "mails")
            return FileBox(folder, settings.get("format", "maildir"), self._shift)
        return Pool(self._delivery.smtp, self._delivery.connections, self._shift)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _call(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def send(engine: Engine) -> Ended:
    """`engine.run()` to its end, on uvloop where there is one."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(engine.run())


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    if find_spec("uvloop") is None:
        return asyncio.new_event_loop
    import uvloop

    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
