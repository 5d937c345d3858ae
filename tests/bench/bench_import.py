"""Importing a file of new subscribers: `python -m tests.bench.bench_import [LINES] [--fields] [--postgresql]`.

With `--fields`, the file has six columns for own fields too, one of each kind and one more text.
Prints the CPU seconds, the lines per CPU second, the longest time that another process waited for a one-click
unsubscription meanwhile, and the memory.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from tests.doubles import postgresql

CONFIG = """
[site]
url = "https://news.example"
database = "{database}"
secret_key = "for tests only, and long enough to be a key of the usual length"
[newsletters.kinaforum]
title = "Kinaforum"
from = "Kinaforum <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
[[newsletters.kinaforum.sources]]
url = "http://127.0.0.1:9/"
[delivery]
provider = "file"
"""


FIELDS = """
[fields]
town = { label = "Town" }
employer = { label = "Employer" }
shoe-size = { label = "Shoe size", kind = "number" }
born = { label = "Born", kind = "date" }
member = { label = "Member", kind = "yes-no" }
level = { label = "Level", kind = "choice", choices = ["new", "old"] }
"""


def write(path: Path, lines: int, *, fields: bool) -> None:
    """Write a file in which a fourth of the addresses is at one provider, and none is in order."""
    domains = [*(f"mail{n}.example" for n in range(300)), *["large.example"] * 100]
    with path.open("w", encoding="utf-8") as file:
        more = ",town,employer,shoe-size,born,member,level" if fields else ""
        file.write(f"email,first_name,last_name,status,created_at,tags{more}\n")
        for n in range(lines):
            address = f"reader.{n * 7_919 % 10_000_000}@{domains[n % len(domains)]}"
            at = f"2023-0{n % 9 + 1}-{n % 28 + 1:02} 10:{n % 60:02}:00"
            born = f"19{n % 90 + 10}-{n % 12 + 1:02}-{n % 28 + 1:02}"
            values = f",Town {n % 900},Firm {n},{n % 50}.5,{born},{'yes' if n % 2 else 'no'},new" if fields else ""
            file.write(f'{address},First{n % 5_000},Last{n % 9_000},active,{at},"film,t{n % 7}"{values}\n')


WRITER = """
import sys, time
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml"))))
from django.utils import timezone
from subscribers.models import Subscription
from subscribers.preferences import unsubscribe
longest = 0.0
print("ready", flush=True)
while not Path("done").exists():
    began = time.monotonic()
    Subscription.objects.filter(newsletter="other").update(state="active")
    subscription = Subscription.objects.get(newsletter="other")
    unsubscribe(subscription.pk, timezone.now())
    longest = max(longest, time.monotonic() - began)
    time.sleep(0.02)
print(longest)
"""


@contextmanager
def unsubscribing(waits: list[float]) -> Iterator[None]:
    """Unsubscribe somebody again and again in another process, and append the longest time that it took."""
    from subscribers.models import Subscriber, Subscription

    person = Subscriber.objects.named("kari@reader.example", "kari@reader.example")
    Subscription.objects.create(subscriber=person, newsletter="other", state="active")
    writer = subprocess.Popen([sys.executable, "-c", WRITER], stdout=subprocess.PIPE, text=True)
    assert writer.stdout
    assert writer.stdout.readline() == "ready\n"
    try:
        yield
    finally:
        Path("done").touch()
        waits.append(float(writer.stdout.readline()))
        writer.wait()


def main() -> None:
    """Import a file and print what it took."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("lines", nargs="?", type=int, default=100_000)
    arguments.add_argument("--fields", action="store_true")
    arguments.add_argument("--postgresql", action="store_true")
    options = arguments.parse_args()
    server = postgresql.running() if options.postgresql else nullcontext("sqlite:///newsletter.db")
    with tempfile.TemporaryDirectory() as folder, server as database:
        os.chdir(folder)
        configuration = CONFIG.format(database=database) + (FIELDS if options.fields else "")
        Path("config.toml").write_text(configuration, encoding="utf-8")
        write(Path("readers.csv"), options.lines, fields=options.fields)
        measure(options.lines)


def measure(lines: int) -> None:
    """Import the file in the present folder."""
    from newsletter import config
    from newsletter.start import start

    start(config.use(config.load(Path("config.toml"))))
    from django.db import connection

    from subscribers.importing import import_file

    waits: list[float] = []
    with unsubscribing(waits):
        began, clock = time.process_time(), time.monotonic()
        report = import_file(Path("readers.csv"), "kinaforum", consent="x")
        seconds, real = time.process_time() - began, time.monotonic() - clock
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    rate = f"{seconds:.1f} s of CPU time ({real:.0f} s), {lines / seconds:,.0f} lines a CPU second"
    waited = f"longest unsubscription {waits[0]:.2f} s"
    sys.stdout.write(f"{connection.vendor}: {report.added:,} subscribers, {rate}, {waited}, {memory} MB\n")


if __name__ == "__main__":
    main()
