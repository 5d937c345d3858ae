"""The demo forgets the environment of other newsletters; here it gets it back after each test."""

import os
from collections.abc import Iterator
from unittest.mock import patch

import pytest


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """What the demo took out of the environment is there again afterwards."""
    with patch.dict(os.environ):
        yield
