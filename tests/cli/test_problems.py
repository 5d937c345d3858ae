"""Errors as one sentence."""

from pathlib import Path

import pytest

from newsletter.cli.problems import sentence_and_status


def test_a_file_that_a_full_disk_cuts_short_is_one_sentence() -> None:
    """The error of a write names no file."""
    with pytest.raises(OSError, match="No space left") as caught:
        Path("/dev/full").write_text("x", encoding="ascii")
    assert caught.value.filename is None
    assert sentence_and_status(caught.value) == ("a file: No space left on device; free some space and try again", 1)
