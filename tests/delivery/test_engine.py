"""The engine as a whole: chunks, whom they reach, what their mails hold; what stops it is test_engine_stops.py."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from newsletter.config import DeliverySettings, Smtp
from newsletter.delivery import engine as engine_module, in_flight as in_flight_module, retries
from newsletter.delivery.dkim_keys import DkimError, new_key
from newsletter.delivery.engine import CHUNK, EndReason, Engine, send
from newsletter.delivery.journal import Journal, journals
from newsletter.domain.batch import Batch
from newsletter.domain.encoded_email import Header, Recipient, Slot, SlotEncoding, SlotValue
from newsletter.domain.outcome import Fault, Outcome, OutcomeKind
from newsletter.messages import delivery as messages
from tests.delivery.conftest import Send, until
from tests.delivery.samples import Desk, desk, encoded, recipient, recipients
from tests.doubles.smtpd import SILENT, Smtpd

EngineFor = Callable[..., Engine]
EDITION = "k/2026-W06"


async def test_every_recipient_of_many_chunks_has_one_outcome(send_all: Send, journal: Journal) -> None:
    desk_ = desk(1750)
    async with Smtpd.of() as server:
        ended = await send_all(desk_, server, connections=4)
    assert ended.reason is EndReason.DONE
    assert desk_.kinds() == {"accepted": 1750}
    assert sorted(server.recipients) == sorted(f"r{n}@reader.example" for n in range(1750))
    assert {len(outcomes) for outcomes in desk_.outcomes.values()} == {1}
    assert max(desk_.limits) == CHUNK
    assert desk_.claimed == {}
    journal.close()
    assert journals(journal.path.parent) == []


class WholeVariants(Desk):
    """A source that gives almost two chunks at once, as at the end of a variant."""

    def next(self, limit: int) -> Batch | None:
        """The first batch, cut to more than was asked for."""
        return super().next(2 * limit - 1)


async def test_chunks_larger_than_asked_for_are_sent_like_others(send_all: Send) -> None:
    desk_ = WholeVariants(desk(3 * (2 * CHUNK - 1)).batches)
    async with Smtpd.of() as server:
        ended = await send_all(desk_, server, connections=4)
    assert ended.reason is EndReason.DONE
    assert desk_.kinds() == {"accepted": 2997}
    assert [len(numbers) for numbers in desk_.begun] == [999] * 3


async def test_an_empty_source_ends_the_engine_at_once(send_all: Send) -> None:
    async with Smtpd.of() as server:
        ended = await send_all(Desk([]), server)
    assert ended.reason is EndReason.DONE
    assert server.greeted == 0


async def test_each_edition_has_its_own_content(send_all: Send) -> None:
    desk_ = Desk(
        [
            Batch("a/1", 0, encoded(subject=b"One"), (recipient(1, "a@x.example"),)),
            Batch("b/1", 0, encoded(subject=b"Two"), (recipient(1, "b@x.example"),)),
            Batch("a/1", 1, encoded(subject=b"One"), (recipient(2, "c@x.example"),)),
        ]
    )
    async with Smtpd.of() as server:
        await send_all(desk_, server)
    subjects = {mail.recipient: mail.content.count(b"Subject: One") for mail in server.taken}
    assert subjects == {"a@x.example": 1, "b@x.example": 0, "c@x.example": 1}


async def test_a_recipient_who_unsubscribed_before_the_chunk_began_gets_nothing(send_all: Send) -> None:
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


async def test_a_recipient_who_unsubscribes_during_a_slow_chunk_gets_nothing(
    engine_for: EngineFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "RECHECK_INTERVAL", 0.2)
    monkeypatch.setattr(engine_module, "CHECK_INTERVAL", 0.1)
    desk_ = desk(30)
    async with Smtpd.of() as server:
        engine = engine_for(desk_, server, rate="10/s")
        running = asyncio.ensure_future(engine.run())
        await until(lambda: server.taken)
        desk_.gone = set(range(20, 30))
        await running
    assert sorted(server.recipients) == sorted(f"r{n}@reader.example" for n in range(20))
    assert len(desk_.begun) > 2


async def test_a_chunk_is_sent_without_waiting_for_the_next_tick(
    send_all: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "TICK_INTERVAL", 3600.0)
    desk_ = desk(3)
    async with Smtpd.of() as server, asyncio.timeout(60):
        await send_all(desk_, server)
    assert desk_.kinds() == {"accepted": 3}


async def test_recipients_are_not_looked_up_again_before_their_interval(
    engine_for: EngineFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "CHECK_INTERVAL", 0.01)
    desk_ = desk(1000)
    async with Smtpd.of() as server:
        engine = engine_for(desk_, server, rate="100/s", domains={})
        running = asyncio.ensure_future(engine.run())
        await until(lambda: len(desk_.held) > 5)
        assert len(desk_.begun) == 1
        engine.stop()
        await running


async def test_work_that_comes_while_the_last_chunk_is_sent_is_taken(
    engine_for: EngineFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "CHECK_INTERVAL", 3600.0)
    desk_ = desk(3)
    settle = desk_.settle

    def settle_and_add(*args: Any, **how: Any) -> None:
        settle(*args, **how)
        if len(desk_.finished) == 1:
            desk_.batches.append(Batch(EDITION, 500, encoded(), (recipient(500),)))

    monkeypatch.setattr(desk_, "settle", settle_and_add)
    async with Smtpd.of() as server, asyncio.timeout(60):
        await engine_for(desk_, server).run()
    assert desk_.kinds() == {"accepted": 4}


async def test_outcomes_of_a_slow_chunk_are_reported_before_it_is_finished(
    engine_for: EngineFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "CHECK_INTERVAL", 0.05)
    desk_ = desk(1000)
    async with Smtpd.of() as server:
        engine = engine_for(desk_, server, rate="100/s", domains={})
        running = asyncio.ensure_future(engine.run())
        await until(lambda: desk_.outcomes)
        assert desk_.finished == []
        engine.stop()
        await running
    assert desk_.kinds() == {"accepted": len(server.taken)}


async def test_a_rate_makes_chunks_of_a_minutes_work_and_the_next_is_fetched_at_a_fifth(engine_for: EngineFor) -> None:
    desk_ = desk(3)
    async with Smtpd.of() as server:
        engine = engine_for(desk_, server, rate="300/m", domains={})
        await engine.run()
    assert desk_.limits[0] == 300
    assert engine._in_flight.refill_below == 60


async def test_the_present_rate_is_measured_while_sending(
    engine_for: EngineFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "CHECK_INTERVAL", 0.02)
    async with Smtpd.of() as server:
        engine = engine_for(desk(40), server, rate="200/s", domains={})
        await engine.run()
    counts = [count for _, count in engine._rates]
    assert counts == sorted(counts)
    assert 0 < counts[-1] <= 40


async def test_the_present_rate_makes_chunks_smaller(engine_for: EngineFor) -> None:
    async with Smtpd.of() as server:
        engine = engine_for(desk(0), server)
        await engine.run()
    engine._rates.clear()
    engine._rates.extend((float(second), second * 2) for second in range(6))
    assert engine._chunk_size() == 120


async def test_a_recipient_with_an_impossible_address_is_refused_and_others_go_on(send_all: Send) -> None:
    desk_ = desk(["ok@x.example", "bad address@x.example", "also@x.example"])
    async with Smtpd.of() as server:
        await send_all(desk_, server)
    (outcome,) = desk_.outcomes[1]
    assert (outcome.kind, outcome.fault, outcome.status, outcome.code) == (
        OutcomeKind.REFUSED,
        Fault.RECIPIENT,
        "5.1.3",
        0,
    )
    assert len(server.taken) == 2


async def test_a_fault_of_ours_in_a_recipients_values_is_not_the_recipients(send_all: Send) -> None:
    desk_ = Desk([Batch(EDITION, 0, encoded(), (Recipient(0, "a@x.example", "to/ken", "id"),))])
    async with Smtpd.of() as server:
        await send_all(desk_, server)
    assert desk_.outcomes[0][0].fault is Fault.CONTENT


async def test_segments_that_no_recipient_can_fill_pause_the_edition(send_all: Send) -> None:
    wrong = encoded(extra=(Header("X-Wrong", (Slot(SlotValue.UNSUBSCRIBE, SlotEncoding.ASCII),)),))
    desk_ = Desk([Batch(EDITION, 0, wrong, recipients(["a@x.example"]))])
    async with Smtpd.of() as server:
        await send_all(desk_, server)
    assert "can't be made" in str(desk_.pauses[EDITION])
    assert desk_.back == [0]


async def test_changed_segments_are_sent_as_they_are_now(send_all: Send) -> None:
    desk_ = Desk(
        [
            Batch(EDITION, 0, encoded(subject=b"One"), recipients(["a@x.example"])),
            Batch(EDITION, 1, encoded(subject=b"Two"), (recipient(1, "b@x.example"),)),
        ]
    )
    async with Smtpd.of() as server:
        await send_all(desk_, server)
    assert {mail.recipient: b"Subject: Two" in mail.content for mail in server.taken} == {
        "a@x.example": False,
        "b@x.example": True,
    }


async def test_one_slow_recipient_does_not_keep_the_next_chunks_from_being_claimed(
    send_all: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "CHUNK", 20)
    monkeypatch.setattr(in_flight_module, "REFILL_BELOW", 5)
    desk_ = desk(["slow@slow.example", *(f"r{n}@reader.example" for n in range(1, 400))])
    domains = {"slow.example": {"rate": "1/s"}}
    desk_.batches[0] = replace(
        desk_.batches[0], recipients=(*desk_.batches[0].recipients, recipient(400, "late@slow.example"))
    )
    async with Smtpd.of(RCPT=["421 4.3.2 later"]) as server:
        await send_all(desk_, server, connections=2, domains=domains)
    assert desk_.kinds() == {"accepted": 401}
    assert desk_.finished[0] != (EDITION, 0)


async def test_a_server_that_reads_slowly_is_given_up_and_its_mail_was_not_taken(
    send_all: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "RECONNECT_DELAYS", (0.0,))
    whole = replace(encoded(), body=((b"y" * 76 + b"\r\n") * 200_000,))
    desk_ = Desk([Batch(EDITION, 0, whole, recipients(["a@x.example"]))])
    async with Smtpd.of(BODY=[SILENT, SILENT]) as server:
        await send_all(desk_, server, connections=1)
    (outcome,) = desk_.outcomes[0]
    assert (outcome.kind, outcome.fault) == (OutcomeKind.DEFERRED, Fault.CONNECTION)
    assert outcome.problem == messages.WRITE_TIMED_OUT()
    assert server.taken == []


async def test_a_server_that_reads_in_bursts_gets_all_of_it(send_all: Send) -> None:
    whole = replace(encoded(), body=((b"y" * 76 + b"\r\n") * 200_000,))
    desk_ = Desk([Batch(EDITION, 0, whole, recipients(["a@x.example", "b@x.example"]))])
    async with Smtpd.of() as server:
        await send_all(desk_, server, connections=1)
    assert desk_.kinds() == {"accepted": 2}
    assert {len(mail.content) for mail in server.taken} == {len(server.taken[0].content)}


def test_a_dkim_key_that_is_none_is_said_before_anything_is_sent(journal: Journal) -> None:
    with pytest.raises(DkimError):
        Engine(
            DeliverySettings(dkim={"domain": "a.example", "selector": "s", "key": "none"}), Desk([]), Desk([]), journal
        )


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
        monkeypatch.setattr(engine_module, "find_spec", lambda name: None)
    seen: list[str] = []

    class Watching(Desk):
        def begin(self, batch: Batch) -> Batch:
            return super().begin(batch)

    desk_ = Watching(desk(3).batches)
    engine = Engine(DeliverySettings(provider="file", file={"folder": "mails"}), desk_, desk_, journal, folder=tmp_path)
    run = engine.run

    async def watched() -> object:
        seen.append(type(asyncio.get_running_loop()).__module__)
        return await run()

    monkeypatch.setattr(engine, "run", watched)
    assert send(engine).reason is EndReason.DONE
    assert seen[0].startswith("uvloop" if loop == "uvloop" else "asyncio")


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
    send(
        Engine(
            DeliverySettings(provider="file", file={"folder": "m"}, smtp=Smtp()), desk_, desk_, journal, folder=tmp_path
        )
    )
    assert len(names) == 1
    assert threading.get_ident() not in names
