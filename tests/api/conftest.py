"""What the tests of the API share: a client that may do everything, and counters that have counted nothing."""

import pytest

from newsletter.api import operations, rate_limits
from tests.api.client import ApiClient, token


@pytest.fixture(autouse=True)
def nothing_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count the requests of each test anew."""
    monkeypatch.setattr(operations, "COUNTERS", rate_limits.RequestCounters())


@pytest.fixture
def api(db: None) -> ApiClient:
    """The API, with a token that has all scopes for all newsletters."""
    return ApiClient(token().text)
