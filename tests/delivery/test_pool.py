"""How many connections, and when a new one."""

import asyncio
from collections.abc import Callable

import pytest

from newsletter.config import Timeouts
from newsletter.delivery import pool
from newsletter.delivery.engine import Engine, Why
from newsletter.delivery.pace import LONGEST_GATHER
from newsletter.delivery.pool import Pool
from newsletter.delivery.smtp import Connection
from newsletter.mail import Kind
from tests.delivery.conftest import Send, until
from tests.delivery.samples import desk
from tests.doubles.smtpd import Say, Smtpd

BUSY = "421 4.7.0 too many connections"


async def test_connections_grow_with_mails_that_are_taken(send_all: Send) -> None:
    readers = desk(3000)
    async with Smtpd.of() as server:
        await send_all(readers, server, connections=5)
    assert readers.kinds() == {"accepted": 3000}
    assert 2 <= server.greeted <= 5


@pytest.mark.parametrize(
    ("connections", "heard", "rests"), [(1, 1, False), (2, 1, False), (20, 1, True), (20, 8, True), (20, 18, False)]
)
async def test_answers_of_a_moment_are_gathered_where_other_connections_have_work(
    connections: int, heard: int, rests: bool, engine_for: Callable[..., Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(pool.time, "sleep", slept.append)
    async with Smtpd.of() as server:
        engine = engine_for(desk(0), server)
        await engine.run()
    busy = Pool(engine._delivery.smtp, connections, engine._shift)
    busy._connections = {Connection(Timeouts()) for _ in range(connections)}
    for _ in range(50):
        for connection in list(busy._connections)[:heard]:
            busy._hear(connection)
        await asyncio.sleep(0)
    assert bool(slept) is rests
    assert max(slept, default=0.0) <= LONGEST_GATHER
    assert len(slept) <= 50


async def test_one_mail_needs_one_connection(send_all: Send) -> None:
    async with Smtpd.of() as server:
        await send_all(desk(1), server, connections=20)
    assert server.greeted == 1


async def test_a_server_that_turns_connections_away_gets_fewer(send_all: Send) -> None:
    readers = desk(300)
    async with Smtpd.of(GREETING=["220 hello", BUSY, BUSY, BUSY]) as server:
        await send_all(readers, server, connections=8)
    assert readers.kinds() == {"accepted": 300}
    assert server.greeted <= 8


async def test_each_of_several_connections_that_are_turned_away_at_once_counts(
    engine_for: Callable[..., Engine],
) -> None:
    async with Smtpd.of(GREETING=[BUSY] * 8) as server:
        engine = engine_for(desk(0), server)
        await engine.run()
        opened = Pool(engine._delivery.smtp, 8, engine._shift)
        opened._taken = 8
        opened.tend(0.0, waiting=8)
        assert len(opened._opening) == 8
        await until(lambda: not opened._opening)
        assert opened._ceiling == 1


async def test_a_bound_on_mails_per_connection_is_learnt(send_all: Send) -> None:
    readers = desk(24)
    async with Smtpd(per_connection=3) as server:
        await send_all(readers, server, connections=1)
    assert readers.kinds() == {"accepted": 24}
    assert server.turned_away == 2
    assert server.greeted == 24 // 3


async def test_421_between_mails_is_tried_on_a_new_connection(send_all: Send) -> None:
    readers = desk(5)
    async with Smtpd.of(MAIL=["250 ok", "250 ok", Say("421 4.7.0 enough", close=True)]) as server:
        await send_all(readers, server, connections=1)
    assert readers.kinds() == {"accepted": 5}
    assert server.greeted == 2


async def test_a_server_that_is_away_is_waited_for(send_all: Send) -> None:
    readers = desk(3)
    async with Smtpd.of() as gone:
        pass
    sending = asyncio.ensure_future(send_all(readers, gone, patience=10.0))
    await asyncio.sleep(0.1)
    async with Smtpd(port=gone.port) as server:
        ended = await sending
    assert ended.why is Why.DONE
    assert readers.kinds() == {"accepted": 3}
    assert len(server.taken) == 3


async def test_a_server_that_stays_away_ends_the_sending_and_costs_nobody(send_all: Send) -> None:
    readers = desk(3)
    async with Smtpd.of() as gone:
        pass
    ended = await send_all(readers, gone, patience=0.5)
    assert ended.why is Why.UNREACHABLE
    assert f"no connection to 127.0.0.1:{gone.port}" in ended.problem
    assert sorted(readers.back) == [0, 1, 2]
    assert readers.outcomes == {}


async def test_idle_connections_leave(engine_for: Callable[..., Engine]) -> None:
    async with Smtpd.of() as server:
        engine = engine_for(desk(0), server)
        await engine.run()
        pool = Pool(engine._delivery.smtp, 1, engine._shift)
        pool.tend(0.0, 1)
        await until(lambda: len(pool))
        pool.tend(asyncio.get_running_loop().time() + 61, 0)
        await until(lambda: not len(pool))
    assert server.commands[-1] == "QUIT"


async def test_after_half_a_minute_one_more_connection_is_tried(engine_for: Callable[..., Engine]) -> None:
    async with Smtpd.of(GREETING=[BUSY]) as server:
        engine = engine_for(desk(0), server)
        await engine.run()
        pool = Pool(engine._delivery.smtp, 4, engine._shift)
        pool.tend(0.0, 1)
        await until(lambda: engine._shift.unreachable)
        assert pool._ceiling == 1
        pool.tend(asyncio.get_running_loop().time() + 31, 0)
        assert pool._ceiling == 2
        await pool.close(0.1)


async def test_closing_gives_up_connections_that_are_being_opened(engine_for: Callable[..., Engine]) -> None:
    async with Smtpd.of(GREETING=[Say(silent=True)]) as server:
        engine = engine_for(desk(0), server)
        await engine.run()
        pool = Pool(engine._delivery.smtp, 4, engine._shift)
        pool.tend(0.0, 1)
        await until(lambda: server.greeted)
        await pool.close(0.1)
    assert len(pool) == 0
    assert engine._shift.counts[Kind.ACCEPTED] == 0


async def test_a_setting_that_cannot_be_said_to_a_server_is_not_silent(send_all: Send) -> None:
    readers = desk(1)
    async with Smtpd.of() as server:
        with pytest.raises(UnicodeEncodeError):
            await send_all(readers, server, smtp={"hello": "blåbær.example"})
    assert server.taken == []
