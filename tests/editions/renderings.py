"""Looks whether emails are rendered within a transaction, in which SQLite's other writers wait."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any
from unittest.mock import patch
from weakref import WeakSet

from django.db import connection
from django.db.transaction import Atomic

from newsletter.editions import approved_content, rendering

TESTS = f"{Path(__file__).resolve().parent.parent}/"
RECORDER = f"{TESTS}write_transactions.py"
_BLOCKS_OF_TESTS: WeakSet[Atomic] = WeakSet()


def is_in_transaction() -> bool:
    """Return whether the program began a transaction; those of tests don't count."""
    return any(not (vars(block)["_from_testcase"] or block in _BLOCKS_OF_TESTS) for block in connection.atomic_blocks)


@contextmanager
def refused_in_transactions() -> Iterator[None]:
    """An email that is rendered or packed in a transaction within fails the test."""
    enter = Atomic.__enter__

    def entered(self: Atomic) -> None:
        caller = sys._getframe(1)
        if caller.f_code.co_filename == RECORDER and caller.f_back is not None:
            caller = caller.f_back
        if caller.f_code.co_filename.startswith(TESTS):
            _BLOCKS_OF_TESTS.add(self)
        enter(self)

    with (
        patch.object(Atomic, "__enter__", entered),
        patch.object(rendering, "render", _refusing(vars(rendering)["render"])),
        patch.object(approved_content, "pack", _refusing(approved_content.pack)),
    ):
        yield


def _refusing(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def checked(*arguments: Any, **named: Any) -> Any:
        assert not is_in_transaction(), f"{function.__qualname__} is called in a transaction: see render_cache.py"
        return function(*arguments, **named)

    return checked


@contextmanager
def renderings() -> Iterator[list[bool]]:
    """Yield, for each rendering of an edition within, whether it kept SQLite's other writers waiting."""
    in_transaction: list[bool] = []
    render = vars(rendering)["render"]

    def rendered(*arguments: Any, **named: Any) -> Any:
        in_transaction.append(is_in_transaction())
        return render(*arguments, **named)

    with patch.object(rendering, "render", rendered):
        yield in_transaction
