"""A mail server that counts, and a site with an edition for it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.e2e.sending_samples import CONFIG, PREPARE, MailServer

Made = Callable[..., Any]


@pytest.fixture
def server() -> Iterator[MailServer]:
    found = MailServer(0.002)
    found.start()
    yield found
    found.kill()


@pytest.fixture
def prepared(site: Made, server: MailServer) -> Made:
    """A site with an edition that is queued to so many readers."""

    def make(readers: int, delivery: str = "") -> Any:
        found = site(CONFIG.format(port=server.port, delivery=delivery))
        found.script(PREPARE, readers)
        return found

    return make
