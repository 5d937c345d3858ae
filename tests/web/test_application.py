"""Threads that answer requests end when their event loop has ended."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from newsletter.web import application
from newsletter.web.application import ThreadAnswer


def test_a_thread_does_not_wait_for_a_loop_that_was_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop whose thread is killed may lose what it was asked to do."""
    asked = threading.Event()

    def lose(coroutine: Coroutine[object, object, None], _: asyncio.AbstractEventLoop) -> Future[None]:
        coroutine.close()
        asked.set()
        return Future()

    monkeypatch.setattr(asyncio, "run_coroutine_threadsafe", lose)
    monkeypatch.setattr(application, "LOOK_SECONDS", 0.01)
    loop = asyncio.new_event_loop()

    async def answer() -> ThreadAnswer:
        return ThreadAnswer(lambda *_: [], threads, 10)

    with ThreadPoolExecutor(1) as threads:
        made = loop.run_until_complete(answer())
        sent = threads.submit(made.send, None)
        assert asked.wait(10)
        loop.close()
        with pytest.raises(ConnectionAbortedError):
            sent.result(10)


async def test_a_thread_waits_for_a_client_that_reads_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue of an answer has one place here, which is taken."""
    monkeypatch.setattr(application, "LOOK_SECONDS", 0.01)
    with ThreadPoolExecutor(1) as threads:
        answer = ThreadAnswer(lambda *_: [], threads, 1)
        answer.send_queue.put_nowait(None)
        sent = threads.submit(answer.send, None)
        assert not await asyncio.to_thread(_ended_within, sent, 0.2)
        answer.send_queue.get_nowait()
        await asyncio.wrap_future(sent)


def _ended_within(future: Future[None], seconds: float) -> bool:
    try:
        future.result(seconds)
    except TimeoutError:
        return False
    return True
