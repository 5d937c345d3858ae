"""Connections are bounded, in all and of one client; sending keeps its descriptors, and unsubscribing always works."""

import contextlib
import re
import resource
import socket
import subprocess
import urllib.request
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from newsletter.web.connections import SPARE, ConnectionLimits, Connections, Peer, affordable, raise_descriptor_limit
from newsletter.web.requests import AsgiMessage, Receive, Send
from tests.conftest import Site
from tests.doubles.mailbox import Mailbox
from tests.e2e.sending_samples import CONFIG, EDITION, PREPARE
from tests.e2e.test_run import wait_for

PROXY = "10.0.0.1"
MOST, OF_ONE = 10, 4


class Open:
    """A registry of connections, with a clock that is set, that knows which were closed."""

    def __init__(self) -> None:
        self.now = 0.0
        self.connections = Connections(MOST, OF_ONE, [PROXY], lambda: self.now)
        self.closed: list[Peer] = []
        self._port = 0

    def one(self, host: str = "192.0.2.1", *, path: str = "", octets: int | None = None) -> Peer:
        """Open a connection; with a path a request for it is begun, and `octets` of a body that is not whole arrive."""
        self._port += 1
        self.now += 1
        peer = (host, self._port)
        self.connections.made(peer, lambda: self.closed.append(peer))
        self.served = not path or self.connections.begin(peer, path)
        if octets is not None:
            self.connections.expect_body(peer)
            self.connections.received(peer, octets, more=True)
        return peer


def test_a_client_s_new_connection_takes_the_place_of_the_one_that_was_idle_longest() -> None:
    opened = Open()
    first, second, *_ = [opened.one() for _ in range(OF_ONE)]
    opened.connections.begin(first, "/")
    opened.one("192.0.2.2")
    assert opened.closed == []
    opened.one()
    assert opened.closed == [second]
    opened.connections.end(first)
    assert len(opened.connections) == OF_ONE + 1


def test_a_client_with_too_many_requests_is_refused_but_may_unsubscribe() -> None:
    opened = Open()
    for _ in range(OF_ONE):
        opened.one(path="/n/daily/")
    opened.one(path="/n/daily/")
    assert not opened.served
    opened.one(path="/u/abc")
    assert opened.served
    opened.one("192.0.2.2", path="/n/daily/")
    assert opened.served, "others do not suffer"
    assert opened.closed == []


def test_a_trusted_proxy_is_not_one_client() -> None:
    opened = Open()
    for _ in range(MOST):
        opened.one(PROXY, path="/")
        assert opened.served
    assert opened.closed == []


def test_in_all_there_is_a_bound_too_and_a_proxy_s_idle_ones_go_last() -> None:
    opened = Open()
    proxy = opened.one(PROXY)
    others = [opened.one(f"192.0.2.{n}") for n in range(1, MOST)]
    opened.one("198.51.100.1")
    assert opened.closed == others[:1]
    for peer in others[1:]:
        opened.connections.begin(peer, "/")
    opened.one("198.51.100.2", path="/")
    opened.one("198.51.100.3", path="/")
    assert opened.closed == [others[0], ("198.51.100.1", 11), proxy]


def test_the_last_places_are_for_those_who_unsubscribe_and_end_too() -> None:
    opened = Open()
    busy = [opened.one(f"192.0.2.{n}", path="/u/x" if n == 1 else "/") for n in range(1, MOST + SPARE + 1)]
    assert opened.closed == []
    opened.one("198.51.100.1", path="/u/y")
    assert opened.served
    assert opened.closed == [busy[1]], "the oldest that does something else"
    assert len(opened.connections) == MOST + SPARE


FORM = "/n/daily/subscribe"


def test_the_slowest_body_gives_way_to_a_new_connection() -> None:
    opened = Open()
    bodies = [opened.one(f"192.0.2.{n}", path=FORM, octets=5 if n == 5 else 900) for n in range(1, MOST + 1)]
    opened.now += 30
    opened.one("198.51.100.1", path="/n/daily/")
    assert (opened.served, opened.closed) == (True, [bodies[4]])


def test_the_slowest_body_of_a_client_gives_way_to_another_connection_of_that_client() -> None:
    opened = Open()
    opened.one("192.0.2.2", path=FORM, octets=0)
    bodies = [opened.one(path=FORM, octets=n) for n in range(1, OF_ONE + 1)]
    opened.now += 30
    opened.one(path="/n/daily/")
    assert (opened.served, opened.closed) == (True, bodies[:1])


def test_bodies_that_arrive_whole_or_fast_or_have_just_begun_are_not_closed() -> None:
    opened = Open()
    whole, *_others = [opened.one(f"192.0.2.{n}", path=FORM, octets=10) for n in range(1, MOST)]
    for peer in (whole, *_others):
        opened.connections.received(peer, 10, more=False)
    opened.one("192.0.2.99", path="/desk/import/", octets=10_000_000)
    opened.now += 30
    opened.one("198.51.100.1", path="/n/daily/")
    assert (opened.served, opened.closed) == (False, [])
    opened.connections.end(whole)
    opened.connections.begin(whole, FORM)
    opened.connections.expect_body(whole)
    opened.one("198.51.100.2", path="/n/daily/")  # a second later
    assert (opened.served, opened.closed) == (False, [])


def test_bodies_of_those_who_unsubscribe_give_way_last_and_only_after_five_seconds() -> None:
    opened = Open()
    leaving = [opened.one(f"192.0.2.{n}", path="/u/x", octets=0) for n in range(1, MOST)]
    opened.now += 30
    slow = opened.one("192.0.2.99", path=FORM, octets=5_000)
    opened.now += 1
    opened.one("198.51.100.1", path="/n/daily/")
    assert (opened.served, opened.closed) == (True, [slow])
    opened.one("198.51.100.2", path="/n/daily/")
    assert (opened.served, opened.closed) == (True, [slow, leaving[0]])


def test_a_connection_that_was_just_opened_outlives_a_slow_body() -> None:
    opened = Open()
    slow = [opened.one(f"192.0.2.{n}", path=FORM, octets=0) for n in range(1, MOST)]
    opened.now += 30
    fresh = opened.one("198.51.100.1")
    opened.now -= 0.5
    opened.one("198.51.100.2")
    assert opened.closed == slow[:1]
    assert opened.connections.begin(fresh, "/n/daily/")


async def test_a_body_counts_until_it_is_whole() -> None:
    opened = Open()
    peer = opened.one()
    pieces: list[AsgiMessage] = [
        {"type": "http.request", "body": b"abc", "more_body": True},
        {"type": "http.request", "body": b"d"},
    ]
    paces: list[float | None] = []

    async def receive() -> AsgiMessage:
        return pieces.pop(0)

    async def app(scope: AsgiMessage, receive: Receive, send: Send) -> None:
        for _ in range(2):
            await receive()
            opened.now += 2
            paces.append(opened.connections._open[peer].pace(opened.now))

    await ConnectionLimits(app, opened.connections)({"type": "http", "path": "/", "client": peer}, receive, None)
    assert paces == [1.5, None]


def test_ipv6_is_counted_by_its_64() -> None:
    opened = Open()
    for n in range(OF_ONE + 1):
        opened.one(f"2001:db8::{n + 1:x}")
    assert len(opened.closed) == 1
    opened.one("2001:db8:0:1::1")
    opened.one("::ffff:192.0.2.1")
    assert len(opened.closed) == 1


def test_those_that_say_nothing_are_closed_and_those_at_work_are_not() -> None:
    opened = Open()
    idle, busy = opened.one(), opened.one(path="/")
    opened.now += 100
    late = opened.one()
    opened.connections.close_slow(50)
    assert opened.closed == [idle]
    opened.connections.end(busy)
    opened.connections.close_slow(50)
    assert opened.closed == [idle]
    opened.now += 50
    opened.connections.close_slow(50)
    assert opened.closed == [idle, late, busy]


Steps = st.lists(
    st.tuples(st.sampled_from(["open", "begin", "unsubscribe", "receive", "end", "lose"]), st.integers(0, 40)),
    max_size=200,
)


@given(Steps)
def test_the_limits_hold_and_the_counts_are_right_in_any_order_of_events(steps: list[tuple[str, int]]) -> None:
    opened = Open()
    peers: list[Peer] = []
    begun: Counter[Peer] = Counter()
    for what, number in steps:
        if what == "open":
            peers.append(opened.one(f"192.0.2.{number % 5}"))
        elif peers:
            peer = peers[number % len(peers)]
            if what in ("begin", "unsubscribe"):
                served = opened.connections.begin(peer, "/u/x" if what == "unsubscribe" else "/")
                assert served or what == "begin"
                begun[peer] += 1
            elif what == "receive" and begun[peer]:
                opened.connections.expect_body(peer)
                opened.connections.received(peer, number, more=number % 2 == 0)
            elif what == "end" and begun[peer]:
                begun[peer] -= 1
                opened.connections.end(peer)
            elif what == "lose":
                opened.connections.lost(peer)
        assert len(opened.connections) <= MOST + SPARE
        assert len(opened.closed) == len(set(opened.closed))
    for peer in peers:
        opened.connections.lost(peer)
    assert len(opened.connections) == 0
    assert not opened.connections._by_client
    assert not opened.connections._idle


@pytest.mark.parametrize(("descriptors", "most"), [(256, 56), (1024, 440), (4096, 500), (64, 8)])
def test_the_limit_on_open_files_leaves_enough_for_sending(descriptors: int, most: int) -> None:
    assert affordable(500, descriptors) == most


UNLIMITED = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("soft", "hard", "raised"),
    [
        (1024, 8192, 4096),
        (1024, 2048, 2048),
        (1024, UNLIMITED, 4096),
        (8192, 8192, None),
        (UNLIMITED, UNLIMITED, None),
    ],
)
def test_the_soft_limit_on_open_files_is_raised_as_far_as_allowed(
    soft: int, hard: int, raised: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda which: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda which, both: limits.append(both))
    assert raise_descriptor_limit() == (raised or (4096 if soft == UNLIMITED else soft))
    assert limits == ([(raised, hard)] if raised else [])


async def answered(opened: Open, **scope: object) -> list[AsgiMessage]:
    """What a client gets: "served" from the application behind, or an answer of its own."""
    sent: list[AsgiMessage] = []

    async def send(message: AsgiMessage) -> None:
        sent.append(message)

    async def app(scope: AsgiMessage, receive: Receive, send: Send) -> None:
        await send({"type": "served"})

    async def receive() -> AsgiMessage:
        return {"type": "http.request"}

    whole_scope = {"type": "http", "path": "/", "headers": [], **scope}
    await ConnectionLimits(app, opened.connections)(whole_scope, receive, send)
    return sent


async def test_a_connection_beyond_the_limit_is_asked_to_come_again() -> None:
    opened = Open()
    for _ in range(OF_ONE):
        opened.one(path="/n/daily/")
    start, body, *_end = await answered(opened, client=opened.one())
    assert (start["status"], dict(start["headers"])[b"retry-after"]) == (429, b"5")
    assert body["body"].startswith(b"Too many connections")
    assert await answered(opened, client=opened.one("192.0.2.2")) == [{"type": "served"}]


@pytest.mark.parametrize("scope", [{"type": "lifespan", "client": ("192.0.2.1", 1)}, {"client": None}])
async def test_scopes_without_a_client_or_a_request_are_not_counted(scope: dict[str, object]) -> None:
    assert await answered(Open(), **scope) == [{"type": "served"}]


def descriptors_of(process: "subprocess.Popen[str]") -> int:
    return len(list(Path(f"/proc/{process.pid}/fd").iterdir()))


def in_site(site: Site, code: str, *words: str) -> str:
    """Run this code in the site's folder; return what it printed."""
    return site.script(code, *words).stdout.strip()


def few_descriptors() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))


@pytest.mark.e2e
def test_a_thousand_idle_connections_stop_neither_sending_nor_unsubscribing(site: Callable[[str], Site]) -> None:
    """With 256 descriptors: a sending process, a reader and a machine that asks all have their turn."""
    readers = 60
    with Mailbox() as mailbox, contextlib.ExitStack() as held:
        here = site(CONFIG.format(port=mailbox.port, delivery=""))
        running = subprocess.Popen(
            here.command("run", "--port", "0", "--no-schedule"),
            cwd=here.folder,
            env=here.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=few_descriptors,
        )
        try:
            assert running.stdout is not None
            base = "http://127.0.0.1:" + re.findall(r":(\d+)/desk/", running.stdout.readline())[0]
            for number in range(1030):
                held.enter_context(socket.create_connection(("127.0.0.1", int(base.rpartition(":")[2])), timeout=10))
                if number % 100 == 0:
                    assert len(list(Path(f"/proc/{running.pid}/fd").iterdir())) < 240
            in_site(here, PREPARE, str(readers))
            link = in_site(here, LINK)
            with urllib.request.urlopen(f"{base}{link}", b"List-Unsubscribe=One-Click", timeout=10) as answer:
                assert answer.status == 200
            for path, expected in (("/healthz", b"ok\n"), ("/readyz", b"ready\n")):
                with urllib.request.urlopen(base + path, timeout=10) as answer:
                    assert answer.read() == expected
            wait_for(lambda: here.json("status", EDITION)["state"] == "sent", 60)
        finally:
            running.terminate()
            said, _ = running.communicate(timeout=30)
        got = Counter(mailbox.recipients)
        assert set(got.values()) == {1}
        assert len(got) in (readers, readers - 1), "the one who left may have been in time"
        assert "Too many open files" not in said
        assert "Traceback" not in said


LINK = """
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from subscribers import tokens
from subscribers.models import Subscription
print("/u/" + tokens.link_token(Subscription.objects.order_by("-pk")[0].pk))
"""
