"""What tests of sending share: a site with a queued edition, a mail server that counts, and how to kill."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import IO

from tests.conftest import Site
from tests.doubles import fork_workers
from tests.site_texts import with_kinaforum

CONFIG = with_kinaforum("""
[[newsletters.kinaforum.sources]]
url = "http://127.0.0.1:9/"
[delivery]
retry_delays = ["1s"]
{delivery}
smtp = {{ host = "127.0.0.1", port = {port}, security = "none" }}
""")
PREPARE = """
import sys
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from tests.sending import outbox_samples as samples
samples.subscribers(int(sys.argv[1]))
samples.queued()
"""
PREPARE_BOUNCING = """
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from tests.sending import outbox_samples as samples
samples.subscribe(f"{'gone' if n > 300 and n % 20 < 3 else 'r'}{n}@reader.example" for n in range(1, 2501))
samples.queued()
"""
"""An edition to 2,500 readers, of whom the first 300 exist, and 15 % of the others don't."""

SHARES = """
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from newsletter.sending.machines.share import machines_taking_part, share_at
from newsletter.sending.sql import database
now = database.now()
joined, most = machines_taking_part(now), config.current().delivery.connections
shares = [share for name in joined if (share := share_at(now, name, joined, most))]
print(sorted((share.place, share.parts) for share in shares))
"""
"""Creates the tables if needed, and prints the place and parts of each machine that has a share."""

EDITION = "kinaforum/2026-W06"
ROOT = Path(__file__).parents[2]


class MailServer:
    """Counts who got mail how often; `seconds` before each reply to a final dot, which is `refusal` if there is one."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.got: Counter[str] = Counter()
        self.most_connections = 0
        self.port = 0
        self.refusal = ""
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        words = [sys.executable, "-m", "tests.doubles.mail_counter", str(self.port), str(self.seconds), self.refusal]
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE, cwd=ROOT, text=True)
        assert self._process.stdout
        self.port = int(self._process.stdout.readline())
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,))
        self._reader.start()

    def _read(self, lines: IO[str]) -> None:
        with lines:
            for line in lines:
                word, _, count = line.strip().partition(" ")
                if count:
                    self.most_connections = int(count)
                else:
                    self.got[word] += 1

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


def run(machine: Site, script: str, *words: str) -> str:
    """Run a script in a machine's folder, and return what it prints."""
    return machine.script(script, *words).stdout.strip()


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until the condition is true, at most two minutes."""
    until = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.2)


def children_of(process: subprocess.Popen[str]) -> list[int]:
    """The sending processes, whichever thread has started them."""
    tasks = Path(f"/proc/{process.pid}/task").glob("*/children")
    children = [child for task in tasks for child in task.read_text().split()]
    helper = fork_workers.NAME.decode()
    return [int(child) for child in children if Path(f"/proc/{child}/comm").read_text().strip() != helper]
