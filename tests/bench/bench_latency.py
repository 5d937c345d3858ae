"""The engine behind a round trip of 20 ms, against smtp-source: both through a delaying proxy to smtp-sink.

    python -m tests.bench.bench_latency [mails] [rounds]

Prints one line; needs Debian's package postfix (its daemon is not used).
"""

import asyncio
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import cast

from newsletter.mime.message_builder import MessageBuilder
from tests.bench.bench_engine import CONNECTIONS, MAIL, SINK, sinking, source, wait_for
from tests.delivery.samples import recipient
from tests.doubles.ports import free_port

ROUND_TRIP = 0.020


class Side(asyncio.Protocol):
    """One side of a proxied connection: what it reads, the other side writes half a round trip later."""

    def __init__(self, other: "Side | None" = None, to: int = 0) -> None:
        self.other = other
        self._to = to
        self._early: list[bytes] = []
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The first side opens the second."""
        self.transport = cast(asyncio.Transport, transport)
        if self.other is None:
            loop = asyncio.get_running_loop()
            self.other = Side(self)
            other = self.other
            self._connecting = asyncio.ensure_future(loop.create_connection(lambda: other, "127.0.0.1", self._to))
        for data in self._early:
            self.transport.write(data)

    def data_received(self, data: bytes) -> None:
        """Later."""
        asyncio.get_running_loop().call_later(ROUND_TRIP / 2, cast(Side, self.other).write, data)

    def write(self, data: bytes) -> None:
        """Now, or when the connection stands."""
        if self.transport is None:
            self._early.append(data)
        elif not self.transport.is_closing():
            self.transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Both sides end."""
        other = cast(Side, self.other)
        if other.transport is not None:
            asyncio.get_running_loop().call_later(ROUND_TRIP / 2, other.transport.close)


async def proxy(port: int, to: int) -> None:
    """For ever."""
    server = await asyncio.get_running_loop().create_server(lambda: Side(to=to), "127.0.0.1", port)
    await server.serve_forever()


def main(mails: int, rounds: int) -> None:
    """Alternate, and print medians."""
    size = MessageBuilder(MAIL).build(recipient(1)).size
    mine, theirs, near = [], [], free_port()
    with sinking() as far:
        command = [sys.executable, "-m", "tests.bench.bench_latency", "--proxy", str(near), str(far)]
        with subprocess.Popen(command) as delaying:
            try:
                wait_for(near)
                ours = [sys.executable, "-m", "tests.bench.bench_engine", "--ours", str(near), str(mails)]
                for _ in range(rounds):
                    done = subprocess.run(ours, check=True, capture_output=True)
                    mine.append(mails / json.loads(done.stdout)[0])
                    theirs.append(mails / source(near, mails, size))
            finally:
                delaying.terminate()
    ratio = statistics.median(own / other for own, other in zip(mine, theirs, strict=True))
    sys.stdout.write(
        f"engine behind {ROUND_TRIP * 1000:.0f} ms and {CONNECTIONS} connections: {statistics.median(mine):.0f}/s, "
        f"{ratio:.1f} times smtp-source -d\n"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--proxy"]:
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(proxy(int(sys.argv[2]), int(sys.argv[3])))
    elif not Path(SINK).exists():
        sys.stdout.write("engine behind a round trip: not measured, Debian's package postfix is missing\n")
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 3000, int(sys.argv[2]) if sys.argv[2:] else 3)
