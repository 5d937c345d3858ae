"""What stops the engine: pauses, stops, leases, and a source, a sink or a journal that fails."""

import asyncio
import errno
from collections.abc import Callable
from dataclasses import replace

import pytest

from newsletter.delivery import engine as engine_module, in_flight as in_flight_module, journal as journals
from newsletter.delivery.active_chunk import DeliveryJob
from newsletter.delivery.engine import CHUNK, EndReason, Engine
from newsletter.delivery.journal import Journal, JournalError, take_over
from newsletter.delivery.smtp.connection import Connection
from newsletter.delivery.smtp.pool import Pool
from newsletter.delivery.smtp.states import ConnectionState
from newsletter.domain.batch import Batch
from newsletter.domain.outcome import OutcomeKind
from newsletter.messages import delivery as messages
from tests.delivery.conftest import Send, until
from tests.delivery.samples import desk, encoded, recipients
from tests.doubles.moody import Moods
from tests.doubles.smtpd import SILENT, Smtpd

EngineFor = Callable[..., Engine]
EDITION = "k/2026-W06"


def connections(engine: Engine) -> set[Connection]:
    """Return the connections of a running engine, none before its start."""
    if engine._loop is None:
        return set()
    assert isinstance(engine._carrier, Pool)
    return engine._carrier._connections


async def test_a_paused_edition_returns_what_was_not_begun(
    engine_for: EngineFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "CHECK_INTERVAL", 0.1)
    desk_ = desk(2000)
    async with Smtpd.of() as server:
        engine = engine_for(desk_, server, rate="100/s")
        running = asyncio.ensure_future(engine.run())
        await until(lambda: len(server.taken) > 5)
        assert connections(engine)
        desk_.stopped = {EDITION}
        ended = await running
    assert ended.reason is EndReason.DONE
    accepted = desk_.kinds()["accepted"]
    assert accepted == len(server.taken) < 200
    assert accepted + len(desk_.back) + sum(len(b.recipients) for b in desk_.batches) == 2000


async def test_a_mail_that_was_announced_when_the_edition_was_paused_is_not_sent(
    engine_for: EngineFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "CHECK_INTERVAL", 0.05)
    desk_ = desk(3)
    async with Smtpd.of(RCPT=[SILENT]) as server:
        engine = engine_for(desk_, server, connections=1, smtp={"timeouts": {}})
        running = asyncio.ensure_future(engine.run())
        await until(
            lambda: "DATA" in " ".join(server.commands) or "RCPT TO:<r0@reader.example>" in " ".join(server.commands)
        )
        desk_.stopped = {EDITION}
        ended = await running
    assert ended.reason is EndReason.DONE
    assert sorted(desk_.back) == [0, 1, 2]
    assert server.taken == []


async def test_stop_waits_for_replies_to_final_dots_and_gives_back_the_rest(engine_for: EngineFor) -> None:
    desk_ = desk(100)
    async with Smtpd.of() as server:
        engine = engine_for(desk_, server, connections=2, rate="50/s")
        running = asyncio.ensure_future(engine.run())
        await until(lambda: server.taken)
        engine.stop()
        ended = await running
    assert ended.reason is EndReason.STOPPED
    assert desk_.kinds() == {"accepted": len(server.taken)}
    assert len(server.taken) + len(desk_.back) == 100


async def test_a_stop_is_noticed_while_nothing_else_happens(
    engine_for: EngineFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "CHECK_INTERVAL", 3600.0)
    desk_ = desk(1)
    async with Smtpd.of(DOT=[SILENT]) as server, asyncio.timeout(60):
        engine = engine_for(desk_, server, connections=1, smtp={"timeouts": {}})
        running = asyncio.ensure_future(engine.run())
        await until(lambda: any(c.state is ConnectionState.SENT for c in connections(engine)))
        await until(lambda: len(desk_.limits) > 1)
        engine.stop()
        ended = await running
    assert ended.reason is EndReason.STOPPED


async def test_an_engine_that_is_stopped_before_it_runs_sends_nothing(engine_for: EngineFor) -> None:
    desk_ = desk(3)
    async with Smtpd.of() as server:
        engine = engine_for(desk_, server)
        engine.stop()
        ended = await engine.run()
    assert ended.reason is EndReason.STOPPED
    assert desk_.limits == []


async def test_a_stop_that_no_reply_comes_to_leaves_an_unknown(engine_for: EngineFor, journal: Journal) -> None:
    desk_ = desk(3)
    async with Smtpd.of(DOT=[SILENT]) as server:
        engine = engine_for(desk_, server, connections=1, smtp={"timeouts": {}})
        running = asyncio.ensure_future(engine.run())
        await until(lambda: any(c._current is not None for c in connections(engine)))
        engine.stop()
        await running
    assert desk_.kinds() == {"unknown": 1}
    assert sorted(desk_.back) == [1, 2]


async def test_mails_that_are_tried_once_more_count_as_tries_of_those_that_may_pause_an_edition(send_all: Send) -> None:
    counts = {"ok": 20, "early": 200, "spam": 10}
    desk_ = desk(f"{kind}-{number}@{kind}.example" for kind, count in counts.items() for number in range(count))
    async with Smtpd(mood=Moods()) as server:
        await send_all(desk_, server, connections=20)
    assert desk_.pauses == {}
    assert desk_.kinds() == {"accepted": 220, "refused": 10}


async def test_an_edition_that_is_held_against_us_pauses_and_others_go_on(send_all: Send) -> None:
    other = Batch("other/1", 0, encoded(), recipients(["z@y.example"]))
    desk_ = desk(300)
    desk_.batches.append(other)
    async with Smtpd.of(DOT=["554 5.7.1 looks like spam"] * 10) as server:
        ended = await send_all(desk_, server, connections=1)
    assert ended.reason is EndReason.DONE
    assert "looks like spam" in str(desk_.pauses[EDITION])
    assert desk_.kinds()["refused"] == 10
    assert len(desk_.back) + sum(len(o) for o in desk_.outcomes.values()) == 301
    assert server.recipients[-1] == "z@y.example"


async def test_nothing_is_begun_without_a_renewed_lease(engine_for: EngineFor, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr(in_flight_module, "boottime", lambda: clock[0])
    monkeypatch.setattr(engine_module, "boottime", lambda: clock[0])
    monkeypatch.setattr(engine_module, "CHECK_INTERVAL", 0.05)
    desk_ = desk(60)
    desk_.batches[0] = replace(desk_.batches[0], lease_until=1090.0)
    desk_.leases = {(EDITION, 0): 1090.0}
    async with Smtpd.of() as server:
        engine = engine_for(desk_, server, rate="40/s", domains={})
        running = asyncio.ensure_future(engine.run())
        await until(lambda: server.taken)
        clock[0] = 1061.0
        await until(lambda: engine._in_flight.dispatch._later)
        count = len(server.taken)
        await asyncio.sleep(0.3)
        assert len(server.taken) <= count + 2
        desk_.leases = {(EDITION, 0): 2000.0}
        await running
    assert desk_.kinds() == {"accepted": 60}


async def test_a_lease_that_ends_between_announcement_and_body_gives_the_mail_back(
    engine_for: EngineFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(in_flight_module, "boottime", lambda: clock[0])
    monkeypatch.setattr(engine_module, "boottime", lambda: clock[0])
    monkeypatch.setattr(engine_module, "CHECK_INTERVAL", 0.05)
    desk_ = desk(1)
    desk_.batches[0] = replace(desk_.batches[0], lease_until=1090.0)
    desk_.leases = {(EDITION, 0): 1090.0}
    take = in_flight_module.InFlight.take

    def late_take(shift: in_flight_module.InFlight) -> DeliveryJob | None:
        job = take(shift)
        if job and clock[0] == 1000.0:
            clock[0] = 1061.0
            desk_.leases = {(EDITION, 0): 5000.0}
        return job

    monkeypatch.setattr(in_flight_module.InFlight, "take", late_take)
    async with Smtpd.of() as server:
        await engine_for(desk_, server, connections=1).run()
    assert desk_.kinds() == {"accepted": 1}
    assert len(server.taken) == 1
    assert server.greeted == 2


async def test_a_prefetched_chunk_is_returned_with_its_edition(
    engine_for: EngineFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "CHECK_INTERVAL", 0.05)
    desk_ = desk(1000)
    async with Smtpd.of() as server:
        engine = engine_for(desk_, server, rate="20/s", domains={})
        engine._chunk_size = lambda: CHUNK  # type: ignore[method-assign]
        running = asyncio.ensure_future(engine.run())
        await until(lambda: server.taken and engine._prefetched)
        desk_.stopped = {EDITION}
        await running
    assert desk_.claimed == {}
    assert len(desk_.back) + len(server.taken) == 1000


async def test_a_prefetched_chunk_of_a_stopped_edition_is_returned_and_never_begun(
    engine_for: EngineFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "CHECK_INTERVAL", 0.05)
    desk_ = desk(400)
    desk_.batches.append(Batch("other/1", 0, encoded(), recipients(["z@y.example"])))
    async with Smtpd.of() as server:
        engine = engine_for(desk_, server, rate="100/s", domains={})
        running = asyncio.ensure_future(engine.run())
        await until(lambda: server.taken and engine._prefetched)
        desk_.stopped = {"other/1"}
        await until(lambda: desk_.finished)
        engine.stop()
        await running
    assert desk_.finished[0] == ("other/1", 0)
    assert len(desk_.begun) == 1
    assert "z@y.example" not in server.recipients


@pytest.mark.parametrize("when", ["before", "while"])
async def test_a_chunk_ahead_of_an_edition_that_pauses_is_not_sent(
    engine_for: EngineFor, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """The pause is not reported to the sink yet `before` or `while` the source begins the chunk."""
    monkeypatch.setattr(engine_module, "CHECK_INTERVAL", 0.05)
    desk_ = desk(60)
    async with Smtpd.of() as server:
        engine = engine_for(desk_, server, rate="50/s", domains={})
        engine._chunk_size = lambda: 30  # type: ignore[method-assign]
        running = asyncio.ensure_future(engine.run())
        loop, begin = asyncio.get_running_loop(), desk_.begin

        def begin_and_pause(batch: Batch) -> Batch:
            loop.call_soon_threadsafe(engine._in_flight.pause, EDITION, messages.CLOSED())
            return begin(batch)

        await until(lambda: server.taken and engine._prefetched)
        if when == "before":
            engine._in_flight.pause(EDITION, messages.CLOSED())
        else:
            monkeypatch.setattr(desk_, "begin", begin_and_pause)
        await running
    assert set(desk_.pauses) == {EDITION}
    assert desk_.claimed == {}
    assert max(desk_.outcomes) < 30


async def test_pausing_from_inside_gives_the_chunk_ahead_back_too(send_all: Send) -> None:
    desk_ = desk(1000)
    async with Smtpd.of(DOT=["554 5.7.1 spam"] * 30) as server:
        await send_all(desk_, server, connections=1)
    assert desk_.claimed == {}
    assert len(desk_.back) + len(desk_.outcomes) + sum(len(b.recipients) for b in desk_.batches) == 1000


@pytest.mark.parametrize("call", ["next", "begin", "renew_leases", "settle", "pause"])
async def test_an_error_in_source_or_sink_ends_sending_and_loses_nothing(
    call: str, engine_for: EngineFor, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "CHECK_INTERVAL", 0.02)
    desk_ = desk(800)

    before = getattr(desk_, call)
    calls = iter(range(9))

    def fail_later(*args: object, **kwargs: object) -> object:
        if call == "next" and next(calls) == 0:
            return before(*args, **kwargs)
        raise OSError("the database is locked")

    setattr(desk_, call, fail_later)
    async with Smtpd.of(DOT=["554 5.7.1 spam"] * 20 if call == "pause" else []) as server:
        with pytest.raises(OSError, match="locked"):
            await engine_for(desk_, server).run()
    path = journal.path
    journal.close()
    orphan = take_over(path, "db", "boot-1")
    if orphan:
        known = {e.outcome.number for e in orphan.entries if e.outcome.kind is OutcomeKind.ACCEPTED} | set(
            desk_.outcomes
        )
        assert {f"r{n}@reader.example" for n in known} >= set(server.recipients)
        assert all(e.outcome.kind is not OutcomeKind.UNKNOWN for e in orphan.entries)
        orphan.release()


@pytest.mark.parametrize("connections", [1, 5])
@pytest.mark.parametrize("writes", [0, 1, 2, 4, 9])
async def test_a_full_disk_stops_the_sending_before_the_next_mail(
    writes: int, connections: int, send_all: Send, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = iter(range(writes))
    write = journals._write_whole

    def full(fd: int, content: bytes, size: int) -> None:
        if next(room, None) is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(fd, content, size)

    monkeypatch.setattr(journals, "_write_whole", full)
    desk_ = desk(50)
    async with Smtpd.of() as server:
        ended = await send_all(desk_, server, connections=connections)
    assert ended.reason is EndReason.JOURNAL
    assert "No space left" in str(ended.problem)
    assert desk_.kinds().get("accepted", 0) == len(server.taken) < 50
    assert set(desk_.kinds()) <= {"accepted", "deferred"}, "what was not written is tried again, not unknown"
    assert len(desk_.back) + len(desk_.outcomes) == 50


async def test_an_error_in_the_engine_during_a_message_ends_sending(
    send_all: Send, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(*args: object, **how: object) -> None:
        raise ZeroDivisionError("nobody thought of this")

    monkeypatch.setattr(journal, "log_result", faulty)
    async with Smtpd.of() as server:
        with pytest.raises(ZeroDivisionError, match="nobody thought"):
            await send_all(desk(50), server, connections=1)
    assert len(server.taken) <= 2


@pytest.mark.parametrize("error", [None, OSError("no route to host"), SystemExit(1)])
async def test_a_fault_of_the_network_or_of_nothing_known_does_not_end_sending(
    error: BaseException | None, engine_for: EngineFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk_ = desk(30)
    logged: list[object] = []
    async with Smtpd.of() as server:
        engine = engine_for(desk_, server, rate="100/s")
        running = asyncio.ensure_future(engine.run())
        await until(lambda: server.taken)
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "default_exception_handler", logged.append)
        loop.call_exception_handler({"message": "something failed"} | ({"exception": error} if error else {}))
        ended = await running
    assert ended.reason is EndReason.DONE
    assert desk_.kinds() == {"accepted": 30}
    assert len(logged) == 1


async def test_a_journal_that_cannot_be_compacted_stops_the_sending(
    send_all: Send, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise JournalError(messages.STOPPED())

    monkeypatch.setattr(journal, "forget", full)
    desk_ = desk(1200)
    async with Smtpd.of() as server:
        ended = await send_all(desk_, server)
    assert ended.reason is EndReason.JOURNAL
    assert desk_.kinds()["accepted"] == len(server.taken)


async def test_after_a_421_to_the_dot_a_paused_edition_has_a_deferred_delivery(
    engine_for: EngineFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "CHECK_INTERVAL", 0.05)
    desk_ = desk(1)
    async with Smtpd.of(DOT=[SILENT]) as server:
        engine = engine_for(desk_, server, connections=1, smtp={"timeouts": {}})
        running = asyncio.ensure_future(engine.run())
        await until(lambda: any(c._current is not None for c in connections(engine)))
        desk_.stopped = {EDITION}
        await until(lambda: all(held.halted for held in engine._in_flight.chunks.values()))
        (connection,) = connections(engine)
        connection.data_received(b"421 4.3.2 going down\r\n")
        await running
    assert [o.kind for o in desk_.outcomes[0]] == [OutcomeKind.DEFERRED]


async def test_a_ticker_that_fails_is_not_silent(engine_for: EngineFor, monkeypatch: pytest.MonkeyPatch) -> None:
    desk_ = desk(50)
    async with Smtpd.of() as server:
        engine = engine_for(desk_, server, rate="10/s", domains={})
        running = asyncio.ensure_future(engine.run())
        await until(lambda: engine._loop and engine._in_flight.chunks)

        def fail(now: float) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(engine._in_flight.dispatch, "advance", fail)
        with pytest.raises(ZeroDivisionError):
            await running
