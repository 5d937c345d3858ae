"""The engine against Postfix's smtp-sink, in turn with smtp-source: ratio of rates, CPU and memory.

    python -m tests.bench.bench_engine [mails] [rounds]

Journal on, source and sink in memory. Prints one line; needs Debian's package postfix (its daemon is not used).
"""

import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from newsletter.config import DeliverySettings, Smtp
from newsletter.delivery.engine import Engine, send
from newsletter.delivery.journal import Journal
from newsletter.domain.batch import Batch, ChunkKey
from newsletter.domain.encoded_email import Recipient
from newsletter.domain.outcome import Outcome
from newsletter.mime.message_builder import MessageBuilder
from tests.delivery.samples import encoded, recipient
from tests.doubles.ports import free_port

SOURCE, SINK = "/usr/sbin/smtp-source", "/usr/sbin/smtp-sink"
CONNECTIONS = 20
LINES = 850
LINE = "<p style='margin:0 0 16px'>A line of some length, as an edition has many of them.</p>\n"
MAIL = encoded(html="<p>Hei {name}</p>\n" + LINE * LINES + "<a href='https://brev.example/u/{token}'>bye</a>\n")


class Desk:
    """Readers made as they are asked for, outcomes only counted: what the engine itself costs."""

    def __init__(self, mails: int) -> None:
        self._left = range(mails)
        self.settled = 0

    def next(self, limit: int) -> Batch | None:
        """So many readers."""
        taken, self._left = self._left[:limit], self._left[limit:]
        recipients: tuple[Recipient, ...] = tuple(recipient(number) for number in taken)
        return Batch("bench/1", taken[0], MAIL, recipients) if recipients else None

    def begin(self, batch: Batch) -> Batch:
        """All of them."""
        return batch

    def renew_leases(self, held: Sequence[ChunkKey]) -> dict[ChunkKey, float]:
        """All of them."""
        return dict.fromkeys(held, 0.0)

    def settle(self, edition: str, chunk: int, outcomes: Sequence[Outcome], *, finished: bool) -> None:
        """Count."""
        self.settled += len(outcomes)

    def pause(self, edition: str, reason: str) -> None:
        """Not here."""
        raise AssertionError(reason)


def ours(port: int, mails: int) -> None:
    """In a process of its own: seconds, CPU seconds and peak memory in MB, as JSON."""
    desk = Desk(mails)
    smtp = Smtp(host="127.0.0.1", port=port, security="none")
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal.create(Path(folder), "bench")
        begun, before = time.perf_counter(), time.process_time()
        send(Engine(DeliverySettings(connections=CONNECTIONS, smtp=smtp, domains={}), desk, desk, journal))
        seconds, cpu = time.perf_counter() - begun, time.process_time() - before
        journal.close()
    if desk.settled != mails:
        raise SystemExit(f"{desk.settled} outcomes for {mails} mails")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps([seconds, cpu, memory]))


def source(port: int, mails: int, size: int) -> float:
    """The seconds that smtp-source takes for the same."""
    begun = time.perf_counter()
    command = [SOURCE, "-d", "-s", str(CONNECTIONS), "-l", str(size), "-m", str(mails), f"127.0.0.1:{port}"]
    subprocess.run(command, check=True)
    return time.perf_counter() - begun


@contextmanager
def sinking() -> Iterator[int]:
    """A mail server that takes everything; its port."""
    port = free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    with subprocess.Popen([SINK, *user, f"127.0.0.1:{port}", "1000"], stdout=subprocess.DEVNULL) as sink:
        try:
            wait_for(port)
            yield port
        finally:
            sink.terminate()


def main(mails: int, rounds: int) -> None:
    """Alternate, and print medians."""
    size = MessageBuilder(MAIL).build(recipient(1)).size
    mine, theirs = [], []
    with sinking() as port:
        command = [sys.executable, "-m", "tests.bench.bench_engine", "--ours", str(port), str(mails)]
        for _ in range(rounds):
            mine.append(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
            theirs.append(source(port, mails, size))
    ratio = statistics.median(other / own[0] for own, other in zip(mine, theirs, strict=True))
    seconds, cpu, memory = (statistics.median(column) for column in zip(*mine, strict=True))
    sys.stdout.write(
        f"engine: {size} B a mail, {mails / seconds:.0f}/s, {ratio:.2f} of smtp-source -d, "
        f"{cpu / mails * 1000:.3f} CPU-s per 1,000, peak {memory:.0f} MB\n"
    )


def wait_for(port: int) -> None:
    """Until the sink listens."""
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit("smtp-sink does not listen")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--ours"]:
        ours(int(sys.argv[2]), int(sys.argv[3]))
    elif not Path(SINK).exists():
        sys.stdout.write("engine: not measured, Debian's package postfix is missing\n")
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 20_000, int(sys.argv[2]) if sys.argv[2:] else 3)
