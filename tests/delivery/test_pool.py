"""How many connections, and when a new one."""

import asyncio
import time
from collections.abc import Callable
from typing import cast

import pytest

from newsletter.config import DeliverySettings, Smtp, Timeouts
from newsletter.delivery.active_chunk import ConnectionProblem, DeliveryCallbacks
from newsletter.delivery.engine import EndReason, Engine
from newsletter.delivery.limits import Limits
from newsletter.delivery.pace import MAX_DELAY
from newsletter.delivery.smtp.connection import Connection
from newsletter.delivery.smtp.pool import Pool
from tests.delivery.conftest import Send, until
from tests.delivery.samples import desk
from tests.doubles.smtpd import Say, Smtpd

BUSY = "421 4.7.0 too many connections"


async def test_connections_grow_with_mails_that_are_taken(send_all: Send) -> None:
    recipients = desk(3000)
    async with Smtpd.of() as server:
        await send_all(recipients, server, connections=5)
    assert recipients.kinds() == {"accepted": 3000}
    assert 2 <= server.greeted <= 5


@pytest.mark.parametrize(
    ("connections", "heard", "rests"), [(1, 1, False), (2, 1, False), (20, 1, True), (20, 8, True), (20, 18, False)]
)
async def test_answers_of_a_moment_are_gathered_where_other_connections_have_work(
    connections: int, heard: int, rests: bool, engine_for: Callable[..., Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    async with Smtpd.of() as server:
        engine = engine_for(desk(0), server)
        await engine.run()
    busy = Pool(engine._delivery.smtp, connections, engine._in_flight)
    busy._connections = {Connection(Timeouts()) for _ in range(connections)}
    for _ in range(50):
        for connection in list(busy._connections)[:heard]:
            busy._on_data(connection)
        await asyncio.sleep(0)
    assert bool(slept) is rests
    assert max(slept, default=0.0) <= MAX_DELAY
    assert len(slept) <= 50


async def test_one_mail_needs_one_connection(send_all: Send) -> None:
    async with Smtpd.of() as server:
        await send_all(desk(1), server, connections=20)
    assert server.greeted == 1


async def test_a_server_that_refuses_connections_gets_fewer(send_all: Send) -> None:
    recipients = desk(300)
    async with Smtpd.of(GREETING=["220 hello", BUSY, BUSY, BUSY]) as server:
        await send_all(recipients, server, connections=8)
    assert recipients.kinds() == {"accepted": 300}
    assert server.greeted <= 8


async def test_each_of_several_connections_that_are_turned_away_at_once_counts(
    engine_for: Callable[..., Engine],
) -> None:
    async with Smtpd.of(GREETING=[BUSY] * 8) as server:
        engine = engine_for(desk(0), server)
        await engine.run()
        opened = Pool(engine._delivery.smtp, 8, engine._in_flight)
        opened._accepted = 8
        opened.tick(0.0, waiting=8)
        assert len(opened._opening) == 8
        await until(lambda: not opened._opening)
        assert opened._max_connections == 1


async def test_a_limit_of_messages_per_connection_is_learnt(send_all: Send) -> None:
    recipients = desk(24)
    async with Smtpd(per_connection=3) as server:
        await send_all(recipients, server, connections=1)
    assert recipients.kinds() == {"accepted": 24}
    assert server.turned_away == 2
    assert server.greeted == 24 // 3


async def test_a_message_refused_with_421_is_tried_on_a_new_connection(send_all: Send) -> None:
    recipients = desk(5)
    async with Smtpd.of(MAIL=["250 ok", "250 ok", Say("421 4.7.0 enough", close=True)]) as server:
        await send_all(recipients, server, connections=1)
    assert recipients.kinds() == {"accepted": 5}
    assert server.greeted == 2


async def test_an_unreachable_server_is_tried_again(send_all: Send) -> None:
    recipients = desk(3)
    async with Smtpd.of() as gone:
        pass
    sending = asyncio.ensure_future(send_all(recipients, gone, patience=10.0))
    await asyncio.sleep(0.1)
    async with Smtpd(port=gone.port) as server:
        ended = await sending
    assert ended.reason is EndReason.DONE
    assert recipients.kinds() == {"accepted": 3}
    assert len(server.taken) == 3


class Told:
    """Notes why connections failed."""

    def __init__(self) -> None:
        self.problems: list[ConnectionProblem] = []

    def connection_failed(self, problem: ConnectionProblem) -> None:
        self.problems.append(problem)


async def test_pauses_between_attempts_to_connect_double_up_to_the_longest() -> None:
    told = Told()
    made = Pool(Smtp(), 4, cast(DeliveryCallbacks, told))
    pauses = []
    for now in range(1000, 9000, 1000):
        made._open_failed(float(now), ConnectionProblem("refused", needs_operator=False))
        pauses.append(made._not_before - now)
    assert pauses == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 15.0])
    assert len(told.problems) == 8
    made.tick(made._not_before - 0.01, waiting=3)
    assert not made._opening


async def test_a_server_that_stays_unreachable_ends_sending_without_attempts(send_all: Send) -> None:
    recipients = desk(3)
    async with Smtpd.of() as gone:
        pass
    ended = await send_all(recipients, gone, patience=0.5)
    assert ended.reason is EndReason.UNREACHABLE
    assert f"no connection to 127.0.0.1:{gone.port}" in str(ended.problem)
    assert sorted(recipients.back) == [0, 1, 2]
    assert recipients.outcomes == {}


async def test_idle_connections_are_closed(engine_for: Callable[..., Engine]) -> None:
    async with Smtpd.of() as server:
        engine = engine_for(desk(0), server)
        await engine.run()
        pool = Pool(engine._delivery.smtp, 1, engine._in_flight)
        pool.tick(0.0, 1)
        await until(lambda: len(pool))
        pool.tick(asyncio.get_running_loop().time() + 61, 0)
        await until(lambda: not len(pool))
    assert server.commands[-1] == "QUIT"


async def test_after_half_a_minute_one_more_connection_is_tried(engine_for: Callable[..., Engine]) -> None:
    async with Smtpd.of(GREETING=[BUSY]) as server:
        engine = engine_for(desk(0), server)
        await engine.run()
        pool = Pool(engine._delivery.smtp, 4, engine._in_flight)
        pool.tick(0.0, 1)
        await until(lambda: engine._in_flight.unreachable)
        assert pool._max_connections == 1
        pool.tick(pool._max_changed_at + 30.0, 0)
        assert pool._max_connections == 1
        pool.tick(pool._max_changed_at + 30.5, 0)
        assert pool._max_connections == 2
        await pool.close(0.1)


async def test_only_one_connection_is_opened_until_a_message_is_accepted(engine_for: Callable[..., Engine]) -> None:
    async with Smtpd.of() as server:
        engine = engine_for(desk(0), server)
        await engine.run()
        pool = Pool(engine._delivery.smtp, 4, engine._in_flight)
        pool.tick(0.0, 100)
        await until(lambda: len(pool))
        pool.tick(0.1, 100)
        await pool.close(0.1)
    assert server.greeted == 1


async def test_closing_gives_up_connections_that_are_being_opened(engine_for: Callable[..., Engine]) -> None:
    async with Smtpd.of(GREETING=[Say(silent=True)]) as server:
        engine = engine_for(desk(0), server)
        await engine.run()
        pool = Pool(engine._delivery.smtp, 4, engine._in_flight)
        pool.tick(0.0, 1)
        await until(lambda: server.greeted)
        await pool.close(0.1)
    assert len(pool) == 0
    assert engine._in_flight.outcome_count == 0


async def test_a_setting_that_can_not_be_sent_raises_an_error(send_all: Send) -> None:
    recipients = desk(1)
    async with Smtpd.of() as server:
        with pytest.raises(UnicodeEncodeError):
            await send_all(recipients, server, smtp={"hello": "blåbær.example"})
    assert server.taken == []


async def test_a_domain_that_is_excluded_while_sending_gets_no_further_message(
    engine_for: Callable[..., Engine],
) -> None:
    recipients, kept = desk([f"r{n}@{'other' if n % 2 else 'reader'}.example" for n in range(400)]), list[int]()
    async with Smtpd.of() as server:
        engine = engine_for(recipients, server, rate="200/s", connections=1)
        running = asyncio.ensure_future(engine.run())
        await until(lambda: server.taken)
        limits = Limits.of(DeliverySettings(connections=1))._replace(excluded=frozenset({"other.example"}))
        engine.limit(limits, lambda: kept.append(len(server.taken)))
        await until(lambda: kept)
        await until(lambda: len(server.taken) >= 200)
        engine.stop()
        await running
    others = [address for address in server.recipients if address.endswith("@other.example")]
    assert len(others) <= kept[0] + 2


async def test_a_lower_limit_closes_connections_after_their_messages(engine_for: Callable[..., Engine]) -> None:
    recipients, kept = desk(3000), list[int]()
    async with Smtpd.of() as server:
        engine = engine_for(recipients, server, connections=6)
        running = asyncio.ensure_future(engine.run())
        await until(lambda: len(getattr(engine, "_carrier", ())) == 6)
        engine.limit(Limits.of(DeliverySettings(connections=2)), lambda: kept.append(len(engine._carrier)))
        await until(lambda: kept)
        engine.limit(Limits.of(DeliverySettings(connections=4)), lambda: None)
        await running
    assert kept[0] <= 2
    assert recipients.kinds() == {"accepted": 3000}
