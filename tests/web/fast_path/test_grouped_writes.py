"""Writes that wait at the same time are one group, and each learns what became of it."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from newsletter.web import fast_path
from newsletter.web.fast_path import LARGEST_GROUP, GroupedWrites


@pytest.fixture(autouse=True)
def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """The functions under test write nothing."""
    monkeypatch.setattr(fast_path, "close_old_connections", lambda: None)


class Writer:
    """Keeps the groups; the first one lasts until `go` is set."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.begun, self.go = threading.Event(), threading.Event()

    def write(self, items: Sequence[int]) -> list[int]:
        self.groups.append(list(items))
        self.begun.set()
        assert self.go.wait(60)
        if 13 in items:
            raise ValueError("unlucky")
        return [-item for item in items]


async def test_writes_that_arrive_during_a_transaction_form_the_next_group() -> None:
    writer = Writer()
    writes = GroupedWrites(writer.write, ThreadPoolExecutor(1))
    first = asyncio.create_task(writes.write(1))
    await asyncio.to_thread(writer.begun.wait, 60)
    others = [asyncio.create_task(writes.write(n)) for n in (2, 3, 4)]
    await asyncio.sleep(0)
    assert not first.done(), "there is no answer before the write has ended"
    writer.go.set()
    assert await asyncio.gather(first, *others) == [-1, -2, -3, -4]
    assert writer.groups == [[1], [2, 3, 4]]


async def test_a_group_has_a_limit() -> None:
    writer = Writer()
    writer.go.set()
    writes = GroupedWrites(writer.write, ThreadPoolExecutor(1))
    wanted = list(range(1000, 1000 + 2 * LARGEST_GROUP))
    assert await asyncio.gather(*map(writes.write, wanted)) == [-n for n in wanted]
    assert max(len(group) for group in writer.groups) == LARGEST_GROUP


async def test_a_failure_is_that_of_its_group_only() -> None:
    writer = Writer()
    writer.go.set()
    writes = GroupedWrites(writer.write, ThreadPoolExecutor(1))
    found = await asyncio.gather(writes.write(13), writes.write(14), return_exceptions=True)
    assert [type(each) for each in found] == [ValueError, ValueError]
    assert await writes.write(15) == -15


async def test_a_request_that_ends_early_doesn_t_stop_the_others() -> None:
    writer = Writer()
    writes = GroupedWrites(writer.write, ThreadPoolExecutor(1))
    gone, kept = (asyncio.create_task(writes.write(n)) for n in (1, 2))
    await asyncio.to_thread(writer.begun.wait, 60)
    gone.cancel()
    writer.go.set()
    assert await kept == -2
    assert writer.groups == [[1, 2]], "what was asked for is written, whoever waits for it"
