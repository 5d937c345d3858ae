"""The engine as a whole: chunks, pauses, leases, stops, and what it makes of a source or a sink that fails."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.config import Delivery, Smtp
from newsletter.delivery import engine as engine_room
from newsletter.delivery import retry as retry_room
from newsletter.delivery import shift as shift_room
from newsletter.delivery.dkim import DkimError, new_key
from newsletter.delivery.engine import CHUNK, Engine, Why, send
from newsletter.delivery.held import Job
from newsletter.delivery.journal import Journal, JournalError, journals, take_over
from newsletter.mail import Batch, Fault, Form, Header, Kind, Outcome, Reader, Slot, Value
from tests.delivery.conftest import Send, until
from tests.delivery.samples import Desk, desk, reader, readers, segments
from tests.doubles.smtpd import SILENT, Smtpd

EngineFor = Callable[..., Engine]
EDITION = "k/2026-W06"


async def test_every_reader_of_many_chunks_has_one_outcome(send_all: Send, journal: Journal) -> None:
    desk_ = desk(1750)
    async with Smtpd.of() as server:
        ended = await send_all(desk_, server, connections=4)
    assert ended.why is Why.DONE
    assert desk_.kinds() == {"accepted": 1750}
    assert sorted(server.recipients) == sorted(f"r{n}@reader.example" for n in range(1750))
    assert {len(outcomes) for outcomes in desk_.outcomes.values()} == {1}
    assert max(desk_.limits) == CHUNK
    assert desk_.claimed == {}
    journal.close()
    assert journals(journal.path.parent) == []


async def test_nothing_to_do_is_done_at_once(send_all: Send) -> None:
    async with Smtpd.of() as server:
        ended = await send_all(Desk([]), server)
    assert ended.why is Why.DONE
    assert server.greeted == 0


async def test_several_editions_each_have_their_own_mail(send_all: Send) -> None:
    desk_ = Desk(
        [
            Batch("a/1", 0, segments(subject=b"One"), (reader(1, "a@x.example"),)),
            Batch("b/1", 0, segments(subject=b"Two"), (reader(1, "b@x.example"),)),
            Batch("a/1", 1, segments(subject=b"One"), (reader(2, "c@x.example"),)),
        ]
    )
    async with Smtpd.of() as server:
        await send_all(desk_, server)
    subjects = {mail.recipient: mail.content.count(b"Subject: One") for mail in server.taken}
    assert subjects == {"a@x.example": 1, "b@x.example": 0, "c@x.example": 1}


async def test_who_left_before_a_chunk_was_begun_gets_nothing(send_all: Send) -> None:
    desk_ = desk(5)
    desk_.gone = {1, 3}
    async with Smtpd.of() as server:
        await send_all(desk_, server)
    assert sorted(server.recipients) == ["r0@reader.example", "r2@reader.example", "r4@reader.example"]
    assert desk_.back == []


async def test_a_chunk_that_everybody_left_is_finished_at_once(send_all: Send) -> None:
    desk_ = desk(1500)
    desk_.gone = set(range(1500))
    async with Smtpd.of() as server, asyncio.timeout(2):
        await send_all(desk_, server)
    assert server.greeted == 0
    assert len(desk_.finished) == 3


async def test_who_leaves_while_a_slow_chunk_is_sent_gets_nothing(
    engine_for: EngineFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_room, "RECHECK", 0.2)
    monkeypatch.setattr(engine_room, "LOOK", 0.1)
    desk_ = desk(30)
    async with Smtpd.of() as server:
        engine = engine_for(desk_, server, rate="10/s")
        running = asyncio.ensure_future(engine.run())
        await until(lambda: server.taken)
        desk_.gone = set(range(20, 30))
        await running
    assert sorted(server.recipients) == sorted(f"r{n}@reader.example" for n in range(20))
    assert len(desk_.begun) > 2


async def test_a_rate_makes_chunks_of_a_minutes_work(send_all: Send) -> None:
    desk_ = desk(3)
    async with Smtpd.of() as server:
        await send_all(desk_, server, rate="300/m", domains={})
    assert desk_.limits[0] == 300


async def test_the_present_rate_makes_chunks_smaller(engine_for: EngineFor) -> None:
    async with Smtpd.of() as server:
        engine = engine_for(desk(0), server)
        await engine.run()
    engine._rates.clear()
    engine._rates.extend((float(second), second * 2) for second in range(6))
    assert engine._limit() == 120
    assert engine.progress().per_second == 2.0


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


async def test_a_reader_with_an_impossible_address_is_refused_and_others_go_on(send_all: Send) -> None:
    desk_ = desk(["ok@x.example", "bad address@x.example", "also@x.example"])
    async with Smtpd.of() as server:
        await send_all(desk_, server)
    (outcome,) = desk_.outcomes[1]
    assert (outcome.kind, outcome.fault, outcome.status, outcome.code) == (Kind.REFUSED, Fault.READER, "5.1.3", 0)
    assert len(server.taken) == 2


async def test_a_fault_of_ours_in_a_readers_values_is_not_the_readers(send_all: Send) -> None:
    desk_ = Desk([Batch(EDITION, 0, segments(), (Reader(0, "a@x.example", "to/ken", "id"),))])
    async with Smtpd.of() as server:
        await send_all(desk_, server)
    assert desk_.outcomes[0][0].fault is Fault.CONTENT


async def test_segments_that_no_reader_can_fill_pause_the_edition(send_all: Send) -> None:
    wrong = segments(extra=(Header("X-Wrong", (Slot(Value.UNSUBSCRIBE, Form.ASCII),)),))
    desk_ = Desk([Batch(EDITION, 0, wrong, readers(["a@x.example"]))])
    async with Smtpd.of() as server:
        await send_all(desk_, server)
    assert "cannot be made" in desk_.pauses[EDITION]
    assert desk_.back == [0]


async def test_changed_segments_are_sent_as_they_are_now(send_all: Send) -> None:
    desk_ = Desk(
        [
            Batch(EDITION, 0, segments(subject=b"One"), readers(["a@x.example"])),
            Batch(EDITION, 1, segments(subject=b"Two"), (reader(1, "b@x.example"),)),
        ]
    )
    async with Smtpd.of() as server:
        await send_all(desk_, server)
    assert {mail.recipient: b"Subject: Two" in mail.content for mail in server.taken} == {
        "a@x.example": False,
        "b@x.example": True,
    }


async def test_one_slow_reader_does_not_keep_the_next_chunks_from_being_claimed(
    send_all: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_room, "CHUNK", 20)
    monkeypatch.setattr(shift_room, "LOW", 5)
    desk_ = desk(["slow@slow.example", *(f"r{n}@reader.example" for n in range(1, 400))])
    domains = {"slow.example": {"rate": "1/s"}}
    desk_.batches[0] = replace(desk_.batches[0], readers=(*desk_.batches[0].readers, reader(400, "late@slow.example")))
    async with Smtpd.of(RCPT=["421 4.3.2 later"]) as server:
        await send_all(desk_, server, connections=2, domains=domains)
    assert desk_.kinds() == {"accepted": 401}
    assert desk_.finished[0] != (EDITION, 0)


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


@pytest.mark.parametrize("step", ["begin", "about", "came"])
async def test_a_full_disk_stops_the_sending_before_the_next_mail(
    step: str, send_all: Send, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = iter(range(1000))
    write = getattr(journal, step)

    def full(*args: object, **how: object) -> None:
        if next(calls) >= (0 if step == "begin" else 3):
            raise JournalError("cannot write the journal: No space left on device")
        write(*args, **how)

    monkeypatch.setattr(journal, step, full)
    desk_ = desk(50)
    async with Smtpd.of() as server:
        ended = await send_all(desk_, server, connections=1)
    assert ended.why is Why.JOURNAL
    assert "No space left" in ended.problem
    assert desk_.kinds().get("accepted", 0) == len(server.taken) == {"begin": 0, "about": 3, "came": 4}[step]
    assert len(desk_.back) + len(server.taken) == 50


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


async def test_a_server_that_reads_slowly_is_given_up_and_its_mail_was_not_taken(
    send_all: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry_room, "RECONNECT_DELAYS", (0.0,))
    whole = replace(segments(), body=((b"y" * 76 + b"\r\n") * 200_000,))
    desk_ = Desk([Batch(EDITION, 0, whole, readers(["a@x.example"]))])
    async with Smtpd.of(BODY=[SILENT, SILENT]) as server:
        await send_all(desk_, server, connections=1)
    (outcome,) = desk_.outcomes[0]
    assert (outcome.kind, outcome.fault) == (Kind.DEFERRED, Fault.CONNECTION)
    assert outcome.text == "timed out waiting for the server to read on"
    assert server.taken == []


async def test_a_server_that_reads_in_bursts_gets_all_of_it(send_all: Send) -> None:
    whole = replace(segments(), body=((b"y" * 76 + b"\r\n") * 200_000,))
    desk_ = Desk([Batch(EDITION, 0, whole, readers(["a@x.example", "b@x.example"]))])
    async with Smtpd.of() as server:
        await send_all(desk_, server, connections=1)
    assert desk_.kinds() == {"accepted": 2}
    assert {len(mail.content) for mail in server.taken} == {len(server.taken[0].content)}


def test_a_dkim_key_that_is_none_is_said_before_anything_is_sent(journal: Journal) -> None:
    with pytest.raises(DkimError):
        Engine(Delivery(dkim={"domain": "a.example", "selector": "s", "key": "none"}), Desk([]), Desk([]), journal)


async def test_mails_are_signed_where_a_key_is_configured(send_all: Send) -> None:
    key = new_key("example.org", "s1", "ed25519")
    async with Smtpd.of() as server:
        await send_all(desk(1), server, dkim={"domain": "example.org", "selector": "s1", "key": key.pem})
    assert server.taken[0].content.startswith(b"DKIM-Signature: ")


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_send_runs_on_uvloop_where_there_is_one(
    loop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, journal: Journal
) -> None:
    if loop == "asyncio":
        monkeypatch.setattr(engine_room, "find_spec", lambda name: None)
    seen: list[str] = []

    class Watching(Desk):
        def begin(self, batch: Batch) -> Batch:
            return super().begin(batch)

    desk_ = Watching(desk(3).batches)
    engine = Engine(Delivery(provider="file", file={"folder": "mails"}), desk_, desk_, journal, folder=tmp_path)
    run = engine.run

    async def watched() -> object:
        seen.append(type(asyncio.get_running_loop()).__module__)
        return await run()

    monkeypatch.setattr(engine, "run", watched)
    assert send(engine).why is Why.DONE
    assert seen[0].startswith("uvloop" if loop == "uvloop" else "asyncio")
    assert "uvloop" in sys.modules


def test_source_and_sink_are_called_from_one_thread_only(tmp_path: Path, journal: Journal) -> None:
    import threading

    names: set[int] = set()

    class Watching(Desk):
        def settle(self, edition: str, chunk: int, outcomes: Sequence[Outcome], *, finished: bool) -> None:
            names.add(threading.get_ident())
            super().settle(edition, chunk, outcomes, finished=finished)

        def next(self, limit: int) -> Batch | None:
            names.add(threading.get_ident())
            return super().next(limit)

    desk_ = Watching(desk(1200).batches)
    send(Engine(Delivery(provider="file", file={"folder": "m"}, smtp=Smtp()), desk_, desk_, journal, folder=tmp_path))
    assert len(names) == 1
    assert threading.get_ident() not in names
