"""Confirmations to a local server: `python -m tests.bench.bench_transactional [LETTERS]`.

Queues so many confirmations and sends them to smtp-sink (Debian's package postfix; its daemon is not used). Prints
emails a second, the CPU milliseconds of one email, and the memory, descriptors and threads before and afterwards,
then the same after 200 runs of the engine that send one message each.
"""

import argparse
import gc
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from newsletter.domain.encoded_email import EncodedEmail, Header
from tests.bench.bench_engine import sinking

ENGINE_RUNS = 200
CONFIG = """
[site]
url = "https://news.example"
secret_key = "for tests only, and long enough to be a key of the usual length"
[delivery]
provider = "smtp"
smtp = {{ host = "127.0.0.1", port = {port} }}
[newsletters.kinaforum]
title = "Kinaforum"
language = "en"
from = "Kinaforum <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
[[newsletters.kinaforum.sources]]
url = "http://127.0.0.1:9/"
"""


def queue_emails(count: int) -> None:
    """Queue a confirmation to each of so many new subscribers."""
    from subscribers.models import Consent, Subscriber, Subscription, TransactionalEmail

    now = datetime.now(UTC)
    addresses = [f"r{n}@reader{n % 20}.example" for n in range(count)]
    people = [Subscriber(address=each, key=each, **Subscriber.hashed(each)) for each in addresses]
    people = Subscriber.objects.bulk_create(people, batch_size=200)
    of = [Subscription(subscriber=each, newsletter="kinaforum") for each in people]
    of = Subscription.objects.bulk_create(of, batch_size=200)
    agreed = Consent.objects.bulk_create([Consent(subscription=each, how="form", at=now) for each in of])
    TransactionalEmail.objects.bulk_create(
        [
            TransactionalEmail(
                kind="confirm",
                subscriber=person,
                subscription=subscription,
                newsletter="kinaforum",
                payload={"consent": consent.pk},
                created=now,
                due=now,
            )
            for person, subscription, consent in zip(people, of, agreed, strict=True)
        ],
        batch_size=200,
    )


def footprint() -> str:
    """Memory without garbage, descriptors and threads of this process."""
    gc.collect()
    status = Path("/proc/self/status").read_text(encoding="ascii")
    kilobytes = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    return f"{kilobytes / 1024:.1f} MB, {descriptors} descriptors, {threading.active_count()} threads"


def measure(folder: Path, count: int, port: int) -> None:
    """Send the emails, then run the engine 200 times, and print the figures."""
    from newsletter import config
    from newsletter.start import start

    (folder / "config.toml").write_text(CONFIG.format(port=port), encoding="utf-8")
    configuration = config.load(folder / "config.toml", {})
    start(configuration)
    from newsletter.transactional import subscriber_mail
    from newsletter.transactional.transport import outgoing, post

    queue_emails(count)
    sys.stdout.write(f"before: {footprint()}\n")
    cpu, wall, sent = time.process_time(), time.perf_counter(), 0
    while accepted := subscriber_mail.send_due(configuration, datetime.now(UTC)):
        sent += accepted
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    assert sent == count, f"{sent} of {count} emails were accepted"
    sys.stdout.write(f"{count} emails: {count / wall:.0f}/s, {cpu / count * 1000:.2f} ms CPU each; {footprint()}\n")
    fields = (("From", b"brev@example.org"), ("To", b"r@reader.example"), ("Subject", b"Hello"))
    headers = tuple(Header(name, (value,)) for name, value in fields)
    message = EncodedEmail(headers, (b"Hello\r\n",), "brev@example.org", "example.org")
    for run in range(1, ENGINE_RUNS + 1):
        outcome = post(configuration, "kinaforum", outgoing(message, "r@reader.example", "letter"))
        assert outcome.kind == "accepted", outcome
        if run in (1, ENGINE_RUNS // 2, ENGINE_RUNS):
            sys.stdout.write(f"after run {run} of the engine: {footprint()}\n")


def main() -> None:
    """Start the sink, and measure in a folder of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("emails", nargs="?", type=int, default=500)
    count = parser.parse_args().emails
    with sinking() as port, tempfile.TemporaryDirectory(prefix="newsletter-bench-") as folder:
        measure(Path(folder), count, port)


if __name__ == "__main__":
    main()
