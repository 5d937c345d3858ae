"""Groups writes to the database that arrive at once: one thread, one transaction for all that wait."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from django.db import close_old_connections

from newsletter.sending.sql import database_watch

Item = TypeVar("Item")
Result = TypeVar("Result")

LARGEST_GROUP = 250


class GroupedWrites(Generic[Item, Result]):
    """Passes items to `act` in groups, which returns a result for each once it has committed.

    Used from one event loop. While a group is written the next one gathers, so that groups grow with the load.
    """

    def __init__(self, act: Callable[[Sequence[Item]], Sequence[Result]], thread: ThreadPoolExecutor) -> None:
        self._act, self._thread = act, thread
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def write(self, item: Item) -> Result:
        """Return the result of an item after its transaction; raise what `act` raised for its group."""
        loop = asyncio.get_running_loop()
        result: asyncio.Future[Result] = loop.create_future()
        self._waiting.append((item, result))
        if self._writing is None:
            self._writing = loop.create_task(self._write_all())
        return await result

    async def _write_all(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:LARGEST_GROUP], self._waiting[LARGEST_GROUP:]
            await self._write_group(group)
        self._writing = None

    async def _write_group(self, group: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        loop = asyncio.get_running_loop()
        try:
            results = await loop.run_in_executor(self._thread, self._acted, [item for item, _result in group])
        except Exception as e:  # noqa: BLE001 - every request of the group raises it
            for _item, result in group:
                if not result.done():
                    result.set_exception(e)
        else:
            for (_item, result), value in zip(group, results, strict=True):
                if not result.done():  # cancelled: its client waits no longer
                    result.set_result(value)

    def _acted(self, items: Sequence[Item]) -> Sequence[Result]:
        close_old_connections()
        database_watch.check()
        return self._act(items)
