"""What stops the engine: pauses, stops, leases, and a source, a sink or a journal that fails."""

import asyncio
import errno
from collections.abc import Callable
from dataclasses import replace

import pytest

from newsletter.delivery import engine as engine_room
from newsletter.delivery import journal as journals
from newsletter.delivery import shift as shift_room
from newsletter.delivery.engine import CHUNK, Engine, Why
from newsletter.delivery.held import Job
from newsletter.delivery.journal import Journal, JournalError, take_over
from newsletter.mail import Batch, Kind
from tests.delivery.conftest import Send, until
from tests.delivery.samples import desk, readers, segments
from tests.doubles.moody import Moods
from tests.doubles.smtpd import SILENT, Smtpd

EngineFor = Callable[..., Engine]
EDITION = "k/2026-W06"


async def test_a_paused_edition_stops_and_gives_back_what_was_not_begun(
    engine_for: EngineFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_room, "LOOK", 0.1)
    desk_ = desk(2000)
    async with Smtpd.of() as server:
        engine = engine_for(desk_, server, rate="100/s")
        running = asyncio.ensure_future(engine.run())
        await until(lambda: len(server.taken) > 5)
        assert engine.progress().connections > 0
        desk_.stopped = {EDITION}
        ended = await running
    assert ended.why is Why.DONE
    accepted = desk_.kinds()["accepted"]
    assert accepted == len(server.taken) < 200
    assert accepted + len(desk_.back) + sum(len(b.readers) for b in desk_.batches) == 2000


async def test_a_mail_that_was_announced_when_the_edition_was_paused_is_not_sent(
    engine_for: EngineFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_room, "LOOK", 0.05)
    desk_ = desk(3)
    async with Smtpd.of(RCPT=[SILENT]) as server:
        engine = engine_for(desk_, server, connections=1, smtp={"timeouts": {}})
        running = asyncio.ensure_future(engine.run())
        await until(
            lambda: "DATA" in " ".join(server.commands) or "RCPT TO:<r0@reader.example>" in " ".join(server.commands)
        )
        desk_.stopped = {EDITION}
        ended = await running
    assert ended.why is Why.DONE
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
    assert ended.why is Why.STOPPED
    assert desk_.kinds() == {"accepted": len(server.taken)}
    assert len(server.taken) + len(desk_.back) == 100


async def test_a_stop_that_no_reply_comes_to_leaves_an_unknown(engine_for: EngineFor, journal: Journal) -> None:
    desk_ = desk(3)
    async with Smtpd.of(DOT=[SILENT]) as server:
        engine = engine_for(desk_, server, connections=1, smtp={"timeouts": {}})
        running = asyncio.ensure_future(engine.run())
        await until(lambda: engine._loop and any(c.waits_for_dot for c in engine._carrier._connections))  # type: ignore[attr-defined]
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
    other = Batch("other/1", 0, segments(), readers(["z@y.example"]))
    desk_ = desk(300)
    desk_.batches.append(other)
    async with Smtpd.of(DOT=["554 5.7.1 looks like spam"] * 10) as server:
        ended = await send_all(desk_, server, connections=1)
    assert ended.why is Why.DONE
    assert "looks like spam" in desk_.pauses[EDITION]
    assert desk_.kinds()["refused"] == 10
    assert len(desk_.back) + sum(len(o) for o in desk_.outcomes.values()) == 301
    assert server.recipients[-1] == "z@y.example"


async def test_a_lease_that_is_not_renewed_begins_nothing_more(
    engine_for: EngineFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(shift_room, "boottime", lambda: clock[0])
    monkeypatch.setattr(engine_room, "boottime", lambda: clock[0])
    monkeypatch.setattr(engine_room, "LOOK", 0.05)
    desk_ = desk(60)
    desk_.batches[0] = replace(desk_.batches[0], lease_until=1090.0)
    desk_.leases = {(EDITION, 0): 1090.0}
    async with Smtpd.of() as server:
        engine = engine_for(desk_, server, rate="40/s", domains={})
        running = asyncio.ensure_future(engine.run())
        await until(lambda: server.taken)
        clock[0] = 1061.0
        await until(lambda: engine._shift.dispatch._later)
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
    monkeypatch.setattr(shift_room, "boottime", lambda: clock[0])
    monkeypatch.setattr(engine_room, "boottime", lambda: clock[0])
    monkeypatch.setattr(engine_room, "LOOK", 0.05)
    desk_ = desk(1)
    desk_.batches[0] = replace(desk_.batches[0], lease_until=1090.0)
    desk_.leases = {(EDITION, 0): 1090.0}
    take = shift_room.Shift.take

    def late_take(shift: shift_room.Shift) -> Job | None:
        job = take(shift)
        if job and clock[0] == 1000.0:
            clock[0] = 1061.0
            desk_.leases = {(EDITION, 0): 5000.0}
        return job

    monkeypatch.setattr(shift_room.Shift, "take", late_take)
    async with Smtpd.of() as server:
        await engine_for(desk_, server, connections=1).run()
    assert desk_.kinds() == {"accepted": 1}
    assert len(server.taken) == 1
    assert server.greeted == 2


async def test_a_chunk_fetched_ahead_is_given_back_with_its_edition(
    engine_for: EngineFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_room, "LOOK", 0.05)
    desk_ = desk(1000)
    async with Smtpd.of() as server:
        engine = engine_for(desk_, server, rate="20/s", domains={})
        engine._limit = lambda: CHUNK  # type: ignore[method-assign]
        running = asyncio.ensure_future(engine.run())
        await until(lambda: server.taken and engine._ahead)
        desk_.stopped = {EDITION}
        await running
    assert desk_.claimed == {}
    assert len(desk_.back) + len(server.taken) == 1000


async def test_pausing_from_inside_gives_the_chunk_ahead_back_too(send_all: Send) -> None:
    desk_ = desk(1000)
    async with Smtpd.of(DOT=["554 5.7.1 spam"] * 30) as server:
        await send_all(desk_, server, connections=1)
    assert desk_.claimed == {}
    assert len(desk_.back) + len(desk_.outcomes) + sum(len(b.readers) for b in desk_.batches) == 1000


@pytest.mark.parametrize("call", ["next", "begin", "hold", "settle", "pause"])
async def test_what_source_or_sink_raise_ends_the_sending_and_loses_nothing(
    call: str, engine_for: EngineFor, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_room, "LOOK", 0.02)
    desk_ = desk(800)

    def fail(*args: object, **kwargs: object) -> None:
        raise OSError("the database is locked")

    before = getattr(desk_, call)
    calls = iter(range(9))

    def fail_later(*args: object, **kwargs: object) -> object:
        return before(*args, **kwargs) if call == "next" and next(calls) == 0 else fail()

    setattr(desk_, call, fail_later)
    async with Smtpd.of(DOT=["554 5.7.1 spam"] * 20 if call == "pause" else []) as server:
        with pytest.raises(OSError, match="locked"):
            await engine_for(desk_, server).run()
    path = journal.path
    journal.close()
    orphan = take_over(path, "db", "boot-1")
    if orphan:
        known = {e.outcome.number for e in orphan.entries if e.outcome.kind is Kind.ACCEPTED} | set(desk_.outcomes)
        assert {f"r{n}@reader.example" for n in known} >= set(server.recipients)
        assert all(e.outcome.kind is not Kind.UNKNOWN for e in orphan.entries)
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
    assert ended.why is Why.JOURNAL
    assert "No space left" in ended.problem
    assert desk_.kinds().get("accepted", 0) == len(server.taken) < 50
    assert set(desk_.kinds()) <= {"accepted", "deferred"}, "what was not written is tried again, not unknown"
    assert len(desk_.back) + len(desk_.outcomes) == 50


async def test_a_fault_of_ours_in_the_midst_of_a_mail_ends_the_sending_with_it(
    send_all: Send, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(*args: object, **how: object) -> None:
        raise ZeroDivisionError("nobody thought of this")

    monkeypatch.setattr(journal, "came", faulty)
    async with Smtpd.of() as server:
        with pytest.raises(ZeroDivisionError, match="nobody thought"):
            await send_all(desk(50), server, connections=1)
    assert len(server.taken) <= 2


async def test_a_journal_that_cannot_be_compacted_stops_the_sending(
    send_all: Send, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise JournalError("no room")

    monkeypatch.setattr(journal, "settled", full)
    desk_ = desk(1200)
    async with Smtpd.of() as server:
        ended = await send_all(desk_, server)
    assert ended.why is Why.JOURNAL
    assert desk_.kinds()["accepted"] == len(server.taken)


async def test_after_a_421_to_the_dot_a_paused_edition_has_a_deferred_delivery(
    engine_for: EngineFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_room, "LOOK", 0.05)
    desk_ = desk(1)
    async with Smtpd.of(DOT=[SILENT]) as server:
        engine = engine_for(desk_, server, connections=1, smtp={"timeouts": {}})
        running = asyncio.ensure_future(engine.run())
        await until(lambda: engine._loop and any(c.waits_for_dot for c in engine._carrier._connections))  # type: ignore[attr-defined]
        desk_.stopped = {EDITION}
        await until(lambda: all(held.halted for held in engine._shift.held.values()))
        (connection,) = engine._carrier._connections  # type: ignore[attr-defined]
        connection.data_received(b"421 4.3.2 going down\r\n")
        await running
    assert [o.kind for o in desk_.outcomes[0]] == [Kind.DEFERRED]


async def test_a_ticker_that_fails_is_not_silent(engine_for: EngineFor, monkeypatch: pytest.MonkeyPatch) -> None:
    desk_ = desk(50)
    async with Smtpd.of() as server:
        engine = engine_for(desk_, server, rate="10/s", domains={})
        running = asyncio.ensure_future(engine.run())
        await until(lambda: engine._loop and engine._shift.held)

        def fail(now: float) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(engine._shift.dispatch, "stir", fail)
        with pytest.raises(ZeroDivisionError):
            await running
