"""Webhooks under load, on SQLite: how many events a second the running program stores and processes.

    python -m tests.bench.bench_webhooks [EVENTS] [PER_CALL] [CONNECTIONS]

One edition was accepted for as many readers as there are events; clients on loopback report each delivery as Mailjet
does, PER_CALL events in each call. Prints events a second until the last call was answered and until all are processed,
and the CPU time that the program took for each event.
"""

import asyncio
import base64
import contextlib
import json
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.bench_links import CONFIG
from tests.doubles.ports import free_port

SECRET_KEY = "for this benchmark only, and as long as a key usually is"
FILL = """
from datetime import UTC, datetime, timedelta
from newsletter.models import Delivery, Edition, Result
from subscribers.models import Subscriber, Subscription
now = datetime.now(UTC)
edition = Edition.objects.create(newsletter="weekly", period="2026-W06", state="sent", began_at=now, ended_at=now,
    since=now - timedelta(days=7), until=now, created_at=now, refreshed_at=now)
names = [f"r{n}@reader.example" for n in range(1, COUNT + 1)]
people = Subscriber.objects.bulk_create([Subscriber(address=a, key=a, **Subscriber.hashed(a)) for a in names], 500)
ties = Subscription.objects.bulk_create(
    [Subscription(subscriber=p, newsletter="weekly", state="active") for p in people], 500)
Delivery.objects.bulk_create([Delivery(edition=edition, number=n, subscription=s) for n, s in enumerate(ties, 1)], 500)
Result.objects.bulk_create([Result(edition=edition, number=n, attempt=1, kind="accepted", at=0, queue_id=f"id-{n}")
    for n in range(1, COUNT + 1)], 500)
from newsletter.bounces import webhook_secrets
print(webhook_secrets.current("mailjet"))
"""


def bodies(count: int, per_call: int) -> list[bytes]:
    """Return the bodies of the calls."""
    events = [
        {"event": "sent", "time": 1_770_400_000, "MessageID": f"id-{n}", "email": f"r{n}@reader.example"}
        for n in range(1, count + 1)
    ]
    return [json.dumps(events[at : at + per_call]).encode() for at in range(0, count, per_call)]


async def _client(port: int, waiting: Iterator[bytes], password: str) -> int:
    """Post bodies on one connection until there are none; return how many were not answered with 200."""
    credentials = base64.b64encode(f"newsletter:{password}".encode()).decode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    failed = 0
    for body in waiting:
        head = f"POST /hooks/mailjet/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Basic {credentials}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        failed += b" 200 " not in answer[:20]
        length = next((int(x[15:]) for x in answer.lower().split(b"\r\n") if x.startswith(b"content-length:")), 0)
        await reader.readexactly(length)
    writer.close()
    return failed


async def _post(port: int, waiting: list[bytes], password: str, connections: int) -> int:
    shared = iter(waiting)
    return sum(await asyncio.gather(*(_client(port, shared, password) for _ in range(connections))))


def _processed(database: Path, count: int) -> None:
    """Wait until all events are processed."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        while True:
            query = "SELECT count(*) FROM newsletter_webhookevent WHERE number IS NOT NULL"
            ((done,),) = connection.execute(query)
            if done >= count:
                return
            time.sleep(0.05)


def main(count: int = 20_000, per_call: int = 1, connections: int = 16) -> None:
    """Run the program, and report all events."""
    with tempfile.TemporaryDirectory() as name:
        place, port = Path(name), free_port()
        text = CONFIG.format(port=port).replace("[web]", f'secret_key = "{SECRET_KEY}"\n[web]', 1)
        (place / "config.toml").write_text(text, encoding="utf-8")
        newsletter = [sys.executable, "-m", "newsletter"]
        subprocess.run([*newsletter, "manage", "migrate", "-v0"], cwd=place, check=True)
        fill = [*newsletter, "manage", "shell", "--no-imports", "-c", f"COUNT = {count}\n{FILL}"]
        filled = subprocess.run(fill, cwd=place, check=True, capture_output=True, text=True)
        command = [*newsletter, "run", "--no-schedule", "--no-send", "--host", "127.0.0.1", "--port", str(port)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with (place / "log").open("wb") as log:
            program = subprocess.Popen(command, cwd=place, stdout=log, stderr=log)
            try:
                _wait_for(port)
                began = time.monotonic()
                failed = asyncio.run(_post(port, bodies(count, per_call), filled.stdout.strip(), connections))
                stored = time.monotonic() - began
                _processed(place / "newsletter.db", count)
                done = time.monotonic() - began
            finally:
                program.send_signal(signal.SIGTERM)
                program.wait()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = (used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime) / count
    sys.stdout.write(
        f"{count} events, {per_call} per call, {connections} connections, {failed} calls failed\n"
        f"stored {count / stored:,.0f} events a second, processed {count / done:,.0f} a second\n"
        f"CPU time of the program with its start: {cpu * 1000:.2f} ms an event\n"
    )


def _wait_for(port: int) -> None:
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
