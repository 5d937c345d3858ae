"""Calls a function when the process gets a signal, from a thread, so that the function may take locks.

Python runs a signal handler in the main thread, between any two of its instructions. A handler that sets a
`threading.Event` waits forever if the main thread was interrupted in `Event.wait` while that held the event's lock.
The handlers here only put an item into a `queue.SimpleQueue`, whose `put` is reentrant.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue


@contextmanager
def on_signals(function: Callable[[], object], *numbers: signal.Signals) -> Iterator[None]:
    """Call the function for each of these signals that the process gets, and restore the handlers at the end."""
    received: SimpleQueue[bool] = SimpleQueue()

    def wait() -> None:
        while received.get():
            function()

    thread = threading.Thread(target=wait, daemon=True, name="signals")
    thread.start()
    handlers = {number: signal.signal(number, lambda *_: received.put(True)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        received.put(False)
        thread.join()
