"""Apply a function to every entry of a document so that an entry that fails leaves the others alone."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from newsletter.messages import Message, sources as messages

T = TypeVar("T")
R = TypeVar("R")
_log = logging.getLogger(__name__)


def apply_to_each(function: Callable[[T], R], entries: Iterable[T]) -> tuple[list[R], tuple[Message, ...]]:
    """Return the results in order, and a message for each entry for which the function raised an exception."""
    results: list[R] = []
    problems: list[Message] = []
    for number, entry in enumerate(entries, 1):
        try:
            results.append(function(entry))
        except Exception as e:  # noqa: BLE001 - foreign input: one bad entry must not cost the others
            _log.warning("entry %d can't be read", number, exc_info=True)
            problems.append(messages.ENTRY_LEFT_OUT(number=str(number), problem=fault(e)))
    return results, tuple(problems)


def fault(error: Exception) -> Message:
    """Say that reading failed because of an error in this program."""
    return messages.OUR_FAULT(error=type(error).__name__)
