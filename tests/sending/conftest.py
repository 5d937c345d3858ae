"""A fake of the providers' APIs."""

from collections.abc import Iterator

import pytest

from tests.doubles import provider_api
from tests.doubles.provider_api import Api


@pytest.fixture
def api() -> Iterator[Api]:
    """The fake, which answers while the test runs."""
    with provider_api.running() as running:
        yield running
