"""Who is told of a fault while an edition is being sent, by real processes: a table with a row for each fault.

    python -m tests.soak.faults_told [FAULT…]

An edition is sent to 600 subscribers at 20 emails a second. After 40 of them the fault begins, and the log, `/readyz`,
the desk, the metrics and `alert_url` are asked every two seconds what they say, and when they said it first. Takes
some minutes for each with the default time-outs; `--at-once` says how many are tried at the same time. The bounce
mailbox is read every ten minutes, and told of after two readings.

When an alert has said it, the remedy is carried out as the sentences say: the cause is ended, a paused edition is
resumed, unconfirmed emails are resent, or a backup is restored. What can't be done literally is a repair by others: the
operator of a mail server, a name server or a service, whose doubles are told to behave again.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.doubles import postgresql
from tests.soak.fault_kinds import FAULTS, fill
from tests.soak.fault_rows import HEAD, SEPARATOR, Row
from tests.soak.fault_trials import Fault, Trial

MINUTES = 12.0


@contextmanager
def place(fault: Fault) -> Iterator[Path]:
    """A folder for a site; one on a small disk of its own for a disk that gets full."""
    folder = Path(tempfile.mkdtemp(prefix="newsletter-"))
    mounted = fault.begin is fill
    if mounted:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        if mounted:
            subprocess.run(["umount", "-l", folder], check=True)
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("faults", nargs="*", metavar="FAULT", help=", ".join(FAULTS))
    arguments = parser.parse_args()
    if unknown := set(arguments.faults) - set(FAULTS):
        parser.error(f"no such fault: {', '.join(sorted(unknown))}")
    rows: dict[str, Row] = {}

    free = threading.Semaphore(arguments.at_once)

    def trial(name: str) -> None:
        with free, place(FAULTS[name]) as folder:
            rows[name] = Trial(FAULTS[name], folder, arguments.minutes).run()
        sys.stdout.write(rows[name].text() + "\n\n")
        sys.stdout.flush()

    if any(FAULTS[name].postgresql for name in arguments.faults or FAULTS):
        with postgresql.running():  # begins the server, which ends with the thread that began it
            pass
    threads = [threading.Thread(target=trial, args=(name,)) for name in arguments.faults or FAULTS]
    for thread in threads:
        thread.start()
        time.sleep(4)
    for thread in threads:
        thread.join()
    told = {name for name, row in rows.items() if row.said.get("log") and row.said.get("alert")}
    sys.stdout.write("\n".join([HEAD, SEPARATOR, *(row.line() for row in rows.values())]) + "\n")
    untold = [name for name in rows if FAULTS[name].told and name not in told]
    wrong = [name for name, row in rows.items() if row.lost or row.twice]
    unmended = [name for name, row in rows.items() if row.mended is None]
    if untold or wrong or unmended or len(rows) < len(threads):
        sys.exit(
            f"told to nobody: {untold}; lost or twice: {wrong}; not sent after the remedy: {unmended}; "
            f"{len(rows)} of {len(threads)} trials ended"
        )


if __name__ == "__main__":
    main()
