"""The queue of tasks in the background."""

import gc
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from weakref import WeakValueDictionary

import pytest
from django.db import connections
from hypothesis import given, settings, strategies as st

from newsletter import config
from newsletter.background import Task, TaskQueue, local as background
from newsletter.config import Config

NOW = datetime(2026, 2, 6, 14, tzinfo=UTC)
Seen = list[tuple[str, int]]


@pytest.fixture
def queue() -> Iterator[TaskQueue]:
    made = TaskQueue()
    yield made
    made.end()


def noting(seen: Seen, name: str = "note") -> Task:
    """A task that notes its argument and the thread that runs it."""

    def run(configuration: Config, what: str) -> None:
        assert configuration == config.current()
        seen.append((what, threading.get_ident()))

    return Task(name, run)


def held(gate: threading.Event) -> Task:
    """A task that ends when it may."""

    def run(configuration: Config) -> None:
        assert gate.wait(30)

    return Task("wait", run)


def test_tasks_run_in_order_in_a_thread_of_their_own(queue: TaskQueue) -> None:
    seen: Seen = []
    for what in "abc":
        assert queue.enqueue(noting(seen), what, what=what)
    queue.end()
    assert [what for what, _ in seen] == ["a", "b", "c"]
    assert threading.get_ident() not in {thread for _, thread in seen}


@settings(max_examples=30, deadline=None)
@given(keys=st.lists(st.sampled_from("abc"), max_size=12))
def test_a_key_waits_once_and_may_be_added_again_when_it_has_begun(keys: list[str]) -> None:
    queue, gate, seen = TaskQueue(), threading.Event(), Seen()
    queue.enqueue(held(gate), "first")
    for key in keys:
        assert queue.enqueue(noting(seen), key, what=key)
    gate.set()
    queue.end(30)
    assert Counter(what for what, _ in seen) == Counter(set(keys))
    queue.enqueue(noting(seen), "a", what="again")
    queue.end(30)
    assert seen[-1][0] == "again"


def test_the_same_key_of_another_task_is_another(queue: TaskQueue) -> None:
    gate, seen = threading.Event(), Seen()
    queue.enqueue(held(gate), "first")
    queue.enqueue(noting(seen, "one"), "key", what="one")
    queue.enqueue(noting(seen, "two"), "key", what="two")
    gate.set()
    queue.end()
    assert [what for what, _ in seen] == ["one", "two"]


def test_a_task_runs_when_it_is_due_and_the_thread_ends_with_the_last() -> None:
    now, ran = [NOW], threading.Event()
    queue = TaskQueue(lambda: now[0])
    queue.enqueue(Task("later", lambda configuration: ran.set()), "key", NOW + timedelta(hours=1))
    thread = queue._thread
    assert thread is not None
    queue.wake()
    assert not ran.is_set()
    now[0] += timedelta(hours=1)
    queue.wake()
    thread.join(30)
    assert ran.is_set()
    assert not thread.is_alive()


def test_the_end_runs_what_is_due_and_drops_what_is_not() -> None:
    queue, gate, seen = TaskQueue(lambda: NOW), threading.Event(), Seen()
    queue.enqueue(held(gate), "first")
    queue.enqueue(noting(seen), "now", what="now")
    queue.enqueue(noting(seen), "later", NOW + timedelta(hours=1), what="later")
    gate.set()
    queue.end()
    assert [what for what, _ in seen] == ["now"]


def test_lanes_end_together_and_are_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "_queues", WeakValueDictionary())
    gate, began = threading.Event(), threading.Semaphore(0)
    joined: list[float] = []

    def run(configuration: Config) -> None:
        began.release()
        assert gate.wait(30)

    for lane in "abc":
        background.queue(lane).enqueue(Task("wait", run), "key")
        assert began.acquire(timeout=30)
    threads = [background.queue(lane)._thread for lane in "abc"]
    for thread in threads:
        monkeypatch.setattr(thread, "join", joined.append)
    monkeypatch.setattr(background, "time", SimpleNamespace(monotonic=iter((0.0, 4.0, 9.0, 13.0)).__next__))
    background.end_all(10.0)
    assert joined == [6.0, 1.0, 0.0]
    gate.set()
    for thread in threads:
        assert thread is not None
        threading.Thread.join(thread, 30)
    del threads, thread
    gc.collect()
    assert not background._queues


def test_a_task_that_fails_is_logged_and_the_next_runs(queue: TaskQueue, caplog: pytest.LogCaptureFixture) -> None:
    def fail(configuration: Config) -> None:
        raise ValueError("no")

    seen: Seen = []
    queue.enqueue(Task("fails", fail), "key")
    queue.enqueue(noting(seen), "next", what="next")
    queue.end()
    assert [what for what, _ in seen] == ["next"]
    assert "the task fails failed" in caplog.text


def test_the_tasks_that_wait_are_bounded(queue: TaskQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "LIMIT", 2)
    gate, seen = threading.Event(), Seen()
    queue.enqueue(held(gate), "first")
    assert [queue.enqueue(noting(seen), key, what=key) for key in "abc"] == [True, True, False]
    gate.set()
    queue.end()
    assert len(seen) == 2


def test_the_database_connections_of_the_thread_are_closed_after_each_task(
    queue: TaskQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[int] = []
    close: Callable[[], None] = connections.close_all

    def close_and_note() -> None:
        closed.append(threading.get_ident())
        close()

    monkeypatch.setattr(connections, "close_all", close_and_note)
    seen: Seen = []
    for key in "ab":
        queue.enqueue(noting(seen), key, what=key)
    queue.end()
    assert closed == [thread for _, thread in seen]
