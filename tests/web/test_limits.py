"""Limits by network, and the queue for what hashes a password."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from newsletter.web.application import WAITING, WAITING_OF_ONE, PasswordQueue
from newsletter.web.desk.login.limits import FAILED_LOGINS, networks
from newsletter.web.requests import AsgiMessage, Receive, Send

AT = datetime(2026, 2, 6, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.77", ("192.0.2.77/32", "192.0.2.64/26", "192.0.0.0/21")),
        ("::ffff:192.0.2.77", ("192.0.2.77/32", "192.0.2.64/26", "192.0.0.0/21")),
        ("2001:db8:1:2:3:4:5:6", ("2001:db8:1:2::/64", "2001:db8:1::/48", "2001:db8::/32")),
        ("unknown", ("unknown",)),
    ],
)
def test_an_address_counts_for_three_networks(address: str, counted: tuple[str, ...]) -> None:
    assert networks(address) == counted


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("guessers", "address", "reached"),
    [
        (["192.0.2.1"] * 9, "192.0.2.1", False),
        (["192.0.2.1"] * 10, "192.0.2.1", True),
        (["192.0.2.1"] * 10, "192.0.2.2", False),
        ([f"192.0.2.{n}" for n in range(30)], "192.0.2.63", True),
        ([f"192.0.2.{n}" for n in range(30)], "192.0.2.64", False),
        ([f"192.0.{n // 20}.{n % 20 * 12}" for n in range(90)], "192.0.7.255", True),
        ([f"192.0.{n // 20}.{n % 20 * 12}" for n in range(90)], "192.0.8.0", False),
        ([f"2001:db8::{n:x}" for n in range(10)], "2001:db8::ffff", True),
        ([f"2001:db8:0:{n:x}::1" for n in range(30)], "2001:db8:0:ffff::1", True),
        ([f"2001:db8:{n:x}::1" for n in range(90)], "2001:db8:ffff::1", True),
        ([f"2001:db8:{n:x}::1" for n in range(90)], "2001:db9::1", False),
    ],
)
def test_failed_logins_of_a_minute(guessers: list[str], address: str, reached: bool) -> None:
    for each in guessers:
        FAILED_LOGINS.count(each, AT)
    assert FAILED_LOGINS.reached(address, AT + timedelta(seconds=59)) == reached
    assert not FAILED_LOGINS.reached(address, AT + timedelta(seconds=60))


@pytest.mark.django_db
def test_failed_logins_of_a_day() -> None:
    for minute in range(50):
        FAILED_LOGINS.count("192.0.2.1", AT + timedelta(minutes=minute))
    assert FAILED_LOGINS.reached("192.0.2.1", AT + timedelta(hours=11, minutes=59))
    assert not FAILED_LOGINS.reached("192.0.2.1", AT + timedelta(hours=12))


class Desk:
    """An application whose every request waits until it is let go."""

    def __init__(self) -> None:
        self.inside, self.most, self.done, self.go = 0, 0, 0, asyncio.Event()
        self.statuses: list[int] = []

    async def app(self, scope: AsgiMessage, receive: Receive, send: Send) -> None:
        """Wait, and remember how many were here at once."""
        self.inside += 1
        self.most = max(self.most, self.inside)
        await self.go.wait()
        self.inside -= 1
        self.done += 1

    async def send(self, message: AsgiMessage) -> None:
        """Keep the status of a refusal."""
        if "status" in message:
            self.statuses.append(message["status"])


async def _ask(lane: PasswordQueue, desk: Desk, path: str, address: str, method: str = "POST") -> None:
    scope = {"type": "http", "method": method, "path": path, "client": (address, 1), "headers": []}
    await lane(scope, asyncio.Event().wait, desk.send)


HASHING = ("/desk/login/", "/desk/setup/t/", "/desk/password/k/t/", "/desk/account/password/", "/desk/account/factor/")


async def test_one_password_is_hashed_at_a_time_and_the_rest_goes_on() -> None:
    desk = Desk()
    lane = PasswordQueue(desk.app)
    async with asyncio.TaskGroup() as clients:
        for path in HASHING:
            clients.create_task(_ask(lane, desk, path, f"192.0.2.{len(path)}"))
        await asyncio.sleep(0)
        assert desk.inside == 1
        for path, method in (("/n/daily/subscribe", "POST"), ("/desk/login/", "GET"), ("/desk/password/", "POST")):
            clients.create_task(_ask(lane, desk, path, "192.0.2.1", method))
        await asyncio.sleep(0)
        assert desk.inside == 4
        desk.go.set()
    assert desk.done == len(HASHING) + 3
    assert desk.statuses == []


async def test_few_wait_of_one_network_and_not_many_in_all() -> None:
    desk = Desk()
    lane = PasswordQueue(desk.app)
    async with asyncio.TaskGroup() as clients:
        for n in range(WAITING_OF_ONE + 3):
            clients.create_task(_ask(lane, desk, "/desk/login/", f"2001:db8::{n}"))
        await asyncio.sleep(0)
        assert desk.statuses == [503] * 3
        for n in range(WAITING):
            clients.create_task(_ask(lane, desk, "/desk/login/", f"192.0.2.{n}"))
        await asyncio.sleep(0)
        assert desk.statuses == [503] * (3 + WAITING_OF_ONE)
        desk.go.set()
    assert desk.done == WAITING
    await _ask(lane, desk, "/desk/login/", "2001:db8::1")
    assert desk.done == WAITING + 1, "whoever comes later finds the queue empty"
