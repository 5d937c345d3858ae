"""What the delivery tests share: an engine against a scripted server."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from newsletter.config import DeliverySettings, Smtp, Timeouts
from newsletter.delivery.engine import Engine, EngineResult
from newsletter.delivery.journal import Journal
from tests.delivery.samples import Desk
from tests.doubles.smtpd import SILENT, Smtpd

Send = Callable[..., Awaitable[EngineResult]]


def impatient(seconds: float) -> Timeouts:
    """All deadlines that short."""
    names = ("connect", "greeting", "command", "data", "block", "dot")
    return Timeouts(**{name: f"{int(seconds * 1000)}ms" for name in names})


async def until(condition: Callable[[], object]) -> None:
    """Waits for what other tasks bring about, at most ten seconds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0.005)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A journal of the database `db`."""
    made = Journal.create(tmp_path / "journal", "db", "boot-1")
    yield made
    made.close()


@pytest.fixture
def engine_for(journal: Journal) -> Callable[..., Engine]:
    """Makes an engine for a desk and a server."""

    def make(desk: Desk, server: Smtpd, *, connections: int = 2, patience: float = 0.6, **settings: object) -> Engine:
        silent = any(SILENT in actions for actions in server.script.values())
        timeouts = impatient(0.5) if silent else Timeouts()
        smtp = {"host": "127.0.0.1", "security": "none", "timeouts": timeouts} | dict(settings.pop("smtp", {}))  # type: ignore[call-overload]
        delivery = DeliverySettings(connections=connections, smtp=Smtp(port=server.port, **smtp), **settings)
        return Engine(delivery, desk, desk, journal, patience=patience, grace=1.0)

    return make


@pytest.fixture
def send_all(engine_for: Callable[..., Engine]) -> Send:
    """Runs an engine to its end."""

    async def run(desk: Desk, server: Smtpd, **settings: object) -> EngineResult:
        return await engine_for(desk, server, **settings).run()

    return run
