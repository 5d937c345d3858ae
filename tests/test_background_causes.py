"""The log names the cause of a failed task, and nothing personal."""

import errno

import pytest
from django.db import DataError, OperationalError

from newsletter.background.causes import cause

ADDRESS = "kari@reader.example"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OperationalError("database is locked"), "OperationalError: database is locked"),
        (OperationalError("the server closed\nits address\n"), "OperationalError: the server closed"),
        (OSError(errno.ENOSPC, "No space left on device", ADDRESS), "OSError: No space left on device"),
        (OperationalError(), "OperationalError: without a word"),
    ],
)
def test_the_cause_is_named(error: Exception, words: str) -> None:
    assert cause(error) == words


@pytest.mark.parametrize("error", [DataError(f"value too long: {ADDRESS}"), ValueError(ADDRESS)])
def test_other_errors_are_named_by_their_place(error: Exception) -> None:
    try:
        raise error
    except type(error) as raised:
        words = cause(raised)
    assert words.startswith(f"{type(error).__name__} in test_background_causes.py, line ")
    assert ADDRESS not in words
