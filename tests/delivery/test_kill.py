"""kill -9 in mid-sending, then the journal: whoever was taken is known or unknown, and the rest is sent once."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.delivery.engine import Engine
from newsletter.delivery.journal import journals, take_over
from newsletter.domain.outcome import OutcomeKind
from tests.delivery.conftest import until
from tests.delivery.samples import desk
from tests.doubles.smtpd import Smtpd

pytestmark = pytest.mark.e2e

CONNECTIONS = 5
MAILS = 2000
KILLS = 4
SENDER = """
import sys
from pathlib import Path
from newsletter.config import DeliverySettings, Smtp
from newsletter.delivery.engine import Engine, send
from newsletter.delivery.journal import Journal
from tests.delivery.samples import desk
port, connections, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
todo = desk(folder.joinpath("todo").read_text().split())
smtp = Smtp(host="127.0.0.1", port=port, security="none")
journal = Journal.create(folder / "journal", "db", "boot")
send(Engine(DeliverySettings(connections=connections, smtp=smtp), todo, todo, journal))
journal.close()
"""


async def killed(server: Smtpd, folder: Path, after: int) -> None:
    """A process that sends the addresses in `todo`, killed when the server has taken so many more mails."""
    wanted = len(server.taken) + after
    arguments = ("-c", SENDER, str(server.port), str(CONNECTIONS), str(folder))
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments)
    await until(lambda: len(server.taken) >= wanted)
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()


async def test_kill_9_again_and_again_loses_nobody_and_doubles_nobody(
    tmp_path: Path, engine_for: Callable[..., Engine]
) -> None:
    unknown: set[str] = set()
    todo = [f"r{n}@reader.example" for n in range(MAILS)]
    async with Smtpd.of() as server:
        for kill in range(KILLS):
            tmp_path.joinpath("todo").write_text("\n".join(todo))
            await killed(server, tmp_path, 50 + 70 * kill)
            (path,) = [p for p in journals(tmp_path / "journal") if p.name.split("-")[0] != str(os.getpid())]
            orphan = take_over(path, "db", "boot")
            assert orphan
            known = {todo[e.outcome.number]: e.outcome.kind for e in orphan.entries}
            orphan.remove()
            open_ = {address for address, kind in known.items() if kind is OutcomeKind.UNKNOWN}
            assert len(open_) <= CONNECTIONS
            assert set(server.recipients) - unknown >= {a for a, kind in known.items() if kind is OutcomeKind.ACCEPTED}
            unknown |= open_
            todo = [address for address in todo if address not in known]
        rest = desk(todo)
        await engine_for(rest, server, connections=CONNECTIONS).run()
    assert rest.kinds() == {"accepted": len(todo)}
    assert max(Counter(server.recipients).values()) == 1
    never = {f"r{n}@reader.example" for n in range(MAILS)} - set(server.recipients)
    assert never <= unknown
