"""Webhooks under load, on SQLite: how many events a second the running program stores and processes.

    python -m tests.bench.bench_webhooks [EVENTS] [CONNECTIONS] [EACH]

One edition was accepted for as many readers as there are events (20,000). Clients on loopback, with CONNECTIONS (16)
connections, report the deliveries as eleven services do in turn, with their signatures: most as delivered, some as
deferred, bounced or complained about. A call has one event; with EACH, those of the services that send lists have so
many. First the same server answers these calls with a constant, which is the limit. Each service has reported once
before the measurement, which so leaves out the start. Prints events a second until the last call was answered and
until all are processed, and the CPU time of the server and of the clients for each event.
"""

import asyncio
import contextlib
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

from newsletter import config
from newsletter.start import start
from tests.bench.bench_burst import CONSTANT, cpu
from tests.bench.bench_links import CONFIG
from tests.doubles.ports import free_port
from tests.doubles.providers import CALLS, DOUBLES, LISTS, SIGNING
from tests.doubles.webhook_calls import Happened

SECRET_KEY = "for this benchmark only, and as long as a key usually is"
PROVIDERS = tuple(name for name in CALLS if name != "amazon_ses")  # whose certificate would be fetched
WARM = len(PROVIDERS)
"""The number of calls before the measurement."""
RARE = ("deferred", "soft", "hard", "complained")
EVERY = 25
"""One event in so many isn't a delivery."""
FILL = """
from datetime import UTC, datetime, timedelta
from newsletter.models import Delivery, Edition, Result
from subscribers.models import Subscriber, Subscription
now = datetime.now(UTC)
edition = Edition.objects.create(newsletter="weekly", period="2026-W06", state="sent", began_at=now, ended_at=now,
    since=now - timedelta(days=7), until=now, created_at=now, refreshed_at=now)
names = [f"r{n}@reader.example" for n in range(1, COUNT + 1)]
people = Subscriber.objects.bulk_create([Subscriber(address=a, key=a, **Subscriber.hashed(a)) for a in names], 500)
subscriptions = Subscription.objects.bulk_create(
    [Subscription(subscriber=p, newsletter="weekly", state="active") for p in people], 500)
Delivery.objects.bulk_create(
    [Delivery(edition=edition, number=n, subscription=s) for n, s in enumerate(subscriptions, 1)], 500)
Result.objects.bulk_create([Result(edition=edition, number=n, attempt=1, kind="accepted", at=0, queue_id=f"id-{n}")
    for n in range(1, COUNT + 1)], 500)
"""


def requests(count: int, each: int = 1) -> list[bytes]:
    """Return the calls, with one event about each reader; the first are one call of each service."""
    numbers = iter(range(1, count + 1))
    made = [_request(PROVIDERS[place], [number]) for place, number in zip(range(WARM), numbers, strict=False)]
    for place in cycle(range(WARM)):
        provider = PROVIDERS[place]
        about = list(islice(numbers, each if provider in LISTS else 1))
        if not about:
            return made
        made.append(_request(provider, about))
    return made


def _request(provider: str, numbers: Sequence[int]) -> bytes:
    call = {**CALLS, **LISTS}[provider](*(_happened(provider, number) for number in numbers))
    fields = {"Host": "127.0.0.1", "Content-Type": call.content_type, "Content-Length": len(call.body), **call.headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST /hooks/{provider}/ HTTP/1.1\r\n{lines}\r\n".encode() + call.body


def _happened(provider: str, number: int) -> Happened:
    kind = RARE[number // EVERY % len(RARE)] if number % EVERY == 0 else "delivered"
    kind = kind if kind in DOUBLES[provider].kinds else "delivered"
    return Happened(kind, f"id-{number}", f"r{number}@reader.example", datetime.now(UTC))


async def _client(port: int, waiting: Iterator[bytes]) -> int:
    """Post calls on one connection until there are none; return how many were not answered with 200."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    failed = 0
    for request in waiting:
        writer.write(request)
        answer = await reader.readuntil(b"\r\n\r\n")
        failed += b" 200 " not in answer[:20]
        length = next((int(x[15:]) for x in answer.lower().split(b"\r\n") if x.startswith(b"content-length:")), 0)
        await reader.readexactly(length)
    writer.close()
    return failed


async def _post(port: int, waiting: list[bytes], connections: int) -> int:
    shared = iter(waiting)
    return sum(await asyncio.gather(*(_client(port, shared) for _ in range(connections))))


def _processed(database: Path, count: int) -> None:
    """Wait until all events are processed."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        while True:
            query = "SELECT count(*) FROM newsletter_webhookevent WHERE number IS NOT NULL"
            ((done,),) = connection.execute(query)
            if done >= count:
                return
            time.sleep(0.05)


def main(count: int = 20_000, connections: int = 16, each: int = 1) -> None:
    """Run the constant and then the program, and report all events to each."""
    with tempfile.TemporaryDirectory() as name:
        place, port = Path(name), free_port()
        (place / "config.toml").write_text(_configuration(port), encoding="utf-8")
        (place / "config.toml").chmod(0o600)
        start(config.use(config.load(place / "config.toml")))
        load = _Load(requests(count + WARM, each), count, connections)
        newsletter = [sys.executable, "-m", "newsletter"]
        fill = [*newsletter, "manage", "shell", "--no-imports", "-c", f"COUNT = {count + WARM}\n{FILL}"]
        subprocess.run(fill, cwd=place, check=True)
        _measure("constant", [sys.executable, "-c", CONSTANT, str(port)], place, port, load)
        run = [*newsletter, "run", "--no-schedule", "--no-send", "--host", "127.0.0.1", "--port", str(port)]
        _measure("program", run, place, port, load)


def _configuration(port: int) -> str:
    text = CONFIG.format(port=port).replace("[web]", f'secret_key = "{SECRET_KEY}"\n[web]', 1)
    tables = [
        f"[delivery.{name}]\n" + "".join(f'{k} = "{v}"\n' for k, v in keys().items()) for name, keys in SIGNING.items()
    ]
    return text + "".join(tables)


@dataclass(frozen=True, slots=True)
class _Load:
    """The calls, of which the first WARM are not measured, and how many events the others have."""

    calls: list[bytes]
    count: int
    connections: int


def _measure(what: str, command: list[str], place: Path, port: int, load: _Load) -> None:
    """Run a server, put the load on it, and print its figures; the program's also when all events are processed."""
    with (place / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=place, stdout=log, stderr=log)
    try:
        _wait_for(port)
        asyncio.run(_post(port, load.calls[:WARM], 1))
        if what == "program":
            _processed(place / "newsletter.db", WARM)
        before, clients, began = cpu(server.pid), time.process_time(), time.monotonic()
        failed = asyncio.run(_post(port, load.calls[WARM:], load.connections))
        stored, clients = time.monotonic() - began, time.process_time() - clients
        if what == "program":
            _processed(place / "newsletter.db", load.count + WARM)
        done, used = time.monotonic() - began, cpu(server.pid) - before
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()
    sys.stdout.write(
        f"{what}: {load.count} events in {len(load.calls) - WARM} calls on {load.connections} connections,"
        f" {failed} calls failed; answered {load.count / stored:,.0f} a second, processed {load.count / done:,.0f} a"
        f" second; CPU time an event: server {used / load.count * 1000:.2f} ms,"
        f" clients {clients / load.count * 1000:.2f} ms\n"
    )


def _wait_for(port: int) -> None:
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
