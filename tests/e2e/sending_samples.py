"""What tests of sending share: a site with a queued edition, a mail server that counts, and how to kill."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import IO

CONFIG = """
[site]
url = "http://localhost:8000"
[newsletters.kinaforum]
title = "Kinaforum"
from = "Kinaforum <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
[[newsletters.kinaforum.sources]]
url = "http://127.0.0.1:9/"
[delivery]
retry_delays = ["1s"]
{delivery}
smtp = {{ host = "127.0.0.1", port = {port}, security = "none" }}
"""
PREPARE = """
import sys
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from tests.jobs import outbox_samples as samples
samples.readers(int(sys.argv[1]))
samples.queued()
"""
EDITION = "kinaforum/2026-W06"
ROOT = Path(__file__).parents[2]


class MailServer:
    """Counts who got mail how often; `seconds` before each reply to a final dot."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.got: Counter[str] = Counter()
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        words = [sys.executable, "-m", "tests.doubles.mail_counter", str(self.port), str(self.seconds)]
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE, cwd=ROOT, text=True)
        assert self._process.stdout
        self.port = int(self._process.stdout.readline())
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,))
        self._reader.start()

    def _read(self, lines: IO[str]) -> None:
        with lines:
            for line in lines:
                self.got[line.strip()] += 1

    def kill(self) -> None:
        assert self._process
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def wait_for(self, count: int, seconds: float = 30.0) -> None:
        until = time.monotonic() + seconds
        while self.got.total() < count:
            assert time.monotonic() < until, f"{self.got.total()} of {count} mails came"
            time.sleep(0.02)


def kill_all(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def children_of(process: subprocess.Popen[str]) -> list[int]:
    """The sending processes."""
    return [int(child) for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
