"""Each reply is paired with the command that it answers: a reply that comes before its command ends the connection."""

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import cast

import pytest
from hypothesis import example, given, strategies as st

from newsletter.config import Timeouts
from newsletter.delivery.active_chunk import ActiveChunk, ConnectionProblem, DeliveryCallbacks, DeliveryJob
from newsletter.delivery.outcome import Phase
from newsletter.delivery.reply import Reply
from newsletter.delivery.smtp.connection import Connection
from newsletter.delivery.smtp.features import Features
from newsletter.delivery.smtp.session import Busy, LoginFailed, Unreachable, check_connection
from newsletter.domain.batch import Batch
from newsletter.domain.outcome import Fault, Outcome
from newsletter.messages import Message
from newsletter.mime.message_builder import MessageBuilder
from tests.delivery.conftest import Send
from tests.delivery.samples import desk, encoded, recipient
from tests.delivery.test_session import LOGIN_FEATURES, certificate, smtp_for, tls_server
from tests.doubles.smtpd import FEATURES, Say, Smtpd

EHLO = "250-double.example\r\n250-PIPELINING\r\n250 AUTH PLAIN LOGIN"
STRAY = "235 2.7.0 ok"


@pytest.mark.parametrize(
    "script",
    [
        {"GREETING": [f"220 double.example\r\n{STRAY}"]},
        {"GREETING": ["220 double.example\r\n" + EHLO]},
        {"EHLO": [f"{EHLO}\r\n{STRAY}"]},
        {"EHLO": [f"{EHLO}\r\n235 2.7"]},
        {"AUTH": ["535 5.7.8 bad credentials\r\n221 bye"]},
    ],
    ids=["greeting", "whole greeting", "EHLO", "part of a reply", "AUTH"],
)
async def test_a_reply_before_its_command_ends_the_connection(script: dict[str, list[str]]) -> None:
    async with Smtpd.of(LOGIN_FEATURES, "user:right", **script) as server:
        with pytest.raises(Unreachable, match="before the command that it answers"):
            await check_connection(smtp_for(server, user="user", password="wrong"))


async def test_data_between_starttls_and_the_handshake_ends_the_connection(tmp_path: Path) -> None:
    path = certificate(tmp_path)
    async with tls_server(path, STARTTLS=["220 2.0.0 go on\r\n250-evil.example\r\n250 AUTH PLAIN"]) as server:
        with pytest.raises(Unreachable, match="before the command that it answers"):
            await check_connection(smtp_for(server, security="starttls", ca=str(path)))


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ({"GREETING": ["250 hello"]}, "not a reply to the greeting: 250 hello"),
        ({"EHLO": [STRAY]}, "not a reply to EHLO: 235 2.7.0 ok"),
        ({"AUTH": ["250 ok"]}, "not a reply to AUTH: 250 ok"),
        ({"QUIT": ["535 5.7.8 bad credentials"]}, "not a reply to QUIT: 535 5.7.8 bad credentials"),
    ],
    ids=["greeting", "EHLO", "AUTH", "QUIT"],
)
async def test_a_code_that_does_not_fit_the_command_ends_the_connection(
    script: dict[str, list[str]], message: str
) -> None:
    async with Smtpd.of(LOGIN_FEATURES, "user:right", **script) as server:
        with pytest.raises(Unreachable, match=message):
            await check_connection(smtp_for(server, user="user", password="right"))


async def test_starttls_is_not_begun_by_another_reply(tmp_path: Path) -> None:
    async with tls_server(certificate(tmp_path), STARTTLS=["250 ok"]) as server:
        with pytest.raises(Unreachable, match="not a reply to STARTTLS: 250 ok"):
            await check_connection(smtp_for(server, security="starttls"))


@pytest.mark.parametrize("phase", ["GREETING", "EHLO"])
async def test_a_server_that_closes_between_commands_is_busy(phase: str) -> None:
    script = {
        phase: [Say(f"{'220 hi' if phase == 'GREETING' else EHLO}\r\n421 4.3.2 too many connections", close=True)]
    }
    async with Smtpd.of(LOGIN_FEATURES, **script) as server:
        with pytest.raises(Busy, match=r"421 4\.3\.2 too many"):
            await check_connection(smtp_for(server))


async def test_a_refused_login_stays_one_where_the_server_closes_behind_it() -> None:
    script = {"AUTH": [Say("535 5.7.8 bad credentials\r\n421 4.7.0 too many errors", close=True)]}
    async with Smtpd.of(LOGIN_FEATURES, "user:right", **script) as server:
        with pytest.raises(LoginFailed, match=r"535 5\.7\.8"):
            await check_connection(smtp_for(server, user="user", password="wrong"))


async def test_a_server_that_never_stops_asking_for_the_login_is_left() -> None:
    async with Smtpd.of(LOGIN_FEATURES, AUTH=["334 "]) as server:
        server.script["OTHER"] = deque(["334 "] * 9)
        with pytest.raises(LoginFailed, match="334"):
            await check_connection(smtp_for(server, user="user", password="secret"))


async def test_a_server_that_closes_after_the_login_keeps_no_mail(send_all: Send) -> None:
    recipients = desk(3)
    async with Smtpd.of(LOGIN_FEATURES, "user:secret", AUTH=[Say("235 2.7.0 ok", close=True)] * 2) as server:
        smtp = {"user": "user", "password": "secret"}
        await send_all(recipients, server, connections=1, patience=5.0, smtp=smtp)
    assert recipients.kinds() == {"accepted": 3}
    assert server.greeted == 3


async def test_a_size_without_an_end_is_no_size(send_all: Send) -> None:
    recipients = desk(1)
    async with Smtpd.of(["PIPELINING", "SIZE " + "9" * 5000]) as server:
        await send_all(recipients, server)
    assert recipients.kinds() == {"accepted": 1}


@pytest.mark.parametrize("features", [FEATURES, ["8BITMIME"]], ids=["pipelining", "one by one"])
@pytest.mark.parametrize(
    ("phase", "said"),
    [
        ("MAIL", "250 ok\r\n250 ok"),
        ("RCPT", "250 ok\r\n354 go on"),
        ("DATA", "354 go on\r\n250 2.0.0 ok"),
        ("DOT", "250 ok\r\n250 ok"),
    ],
)
async def test_an_extra_reply_accepts_no_message(
    phase: str, said: str, features: Sequence[str], send_all: Send
) -> None:
    recipients = desk(3)
    async with Smtpd.of(features, **{phase: [said]}) as server:
        await send_all(recipients, server, connections=1, patience=5.0)
    accepted = [
        f"r{number}@reader.example" for number, kinds in recipients.outcomes.items() if kinds[-1].kind == "accepted"
    ]
    assert set(accepted) <= set(server.recipients)
    assert len(server.recipients) == len(set(server.recipients))


class Wire:
    """A transport that counts the final dots that were written."""

    def __init__(self) -> None:
        self.octets = b""
        self.closing = False

    def write(self, octets: bytes) -> None:
        self.octets += octets

    def is_closing(self) -> bool:
        return self.closing

    def abort(self) -> None:
        self.closing = True

    @property
    def dots(self) -> int:
        return self.octets.count(b"\r\n.\r\n")


class Jobs(DeliveryCallbacks):
    """Mails to be sent, and how each of them came back."""

    def __init__(self, count: int) -> None:
        builder = MessageBuilder(encoded())
        held = ActiveChunk(Batch("k/1", 0, encoded(), tuple(recipient(n) for n in range(count))), builder, 0.0)
        self.waiting = deque(DeliveryJob(held, one) for one in held.batch.recipients)
        for job in self.waiting:
            job.message = builder.build(job.recipient)
        self.taken: list[int] = []
        self.ended: list[tuple[int, str]] = []

    def take(self) -> DeliveryJob | None:
        if self.waiting:
            self.taken.append(self.waiting[0].recipient.number)
        return self.waiting.popleft() if self.waiting else None

    def lease_is_valid(self, job: DeliveryJob) -> bool:
        return True

    def log_intent(self, job: DeliveryJob) -> bool:
        return True

    def reply_received(self, job: DeliveryJob, phase: Phase, reply: Reply) -> None:
        accepted = phase is Phase.DOT and reply.positive
        self.ended.append((job.recipient.number, "accepted" if accepted else "refused"))

    def return_undelivered(self, job: DeliveryJob, problem: Message, *_: object, uncounted: bool = False) -> None:
        self.ended.append((job.recipient.number, "back"))

    def reply_lost(self, job: DeliveryJob, problem: Message) -> None:
        self.ended.append((job.recipient.number, "lost"))

    def flush(self) -> bool:
        return True

    def refuse(self, job: DeliveryJob, fault: Fault, status: str, problem: Message) -> None:
        self.ended.append((job.recipient.number, "refused"))

    def outcome_received(self, job: DeliveryJob, outcome: Outcome) -> None:
        self.ended.append((job.recipient.number, str(outcome.kind)))

    def return_untried(self, job: DeliveryJob, problem: Message) -> None:
        self.ended.append((job.recipient.number, "back"))

    def connection_failed(self, problem: ConnectionProblem) -> None:
        raise AssertionError(problem)


LINES = (
    b"220 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", b"250-a\r\n", b"250-a\r\n250 b\r\n", b"354 go\r\n", b"354 go\r\n",
    b"550 5.1.1 no\r\n", b"451 later\r\n", b"235 ok\r\n", b"421 bye\r\n", b"221 bye\r\n", b"334 \r\n", b"25", b"2",
    b"\r\n", b"nonsense\r\n", b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n", b"250 ok\r\n250 ok\r\n354 go\r\n",
)  # fmt: skip


@given(st.booleans(), st.lists(st.tuples(st.sampled_from(LINES), st.booleans()), max_size=40))
@example(True, [(LINES[-1], False), (b"250 ok\r\n", True)])
@example(False, [(b"250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n", True)])
def test_a_mail_is_accepted_only_after_its_dot_was_written(pipelining: bool, said: list[tuple[bytes, bool]]) -> None:
    async def run() -> None:
        jobs, wire, connection = Jobs(8), Wire(), Connection(Timeouts())
        connection.connection_made(cast(asyncio.Transport, wire))
        connection.data_received(b"220 mail.example\r\n")
        connection.features = Features(pipelining=pipelining)
        connection.start(jobs, None)
        connection.pump()
        for piece, rest in said:
            if connection.closed.done():
                break
            before = wire.dots
            connection.data_received(piece)
            assert sum(how == "accepted" for _, how in jobs.ended) <= before
            if rest:
                connection.release(logged=jobs.flush())
        connection.end("over")
        ended = dict(jobs.ended)
        assert sorted(ended) == sorted(jobs.taken), "each that was taken came back"
        assert len(ended) == len(jobs.ended), "once"
        assert sum(how in ("accepted", "lost") for how in ended.values()) <= wire.dots

    asyncio.run(run())


COMMANDS = (
    (b"", Phase.GREETING),
    (b"EHLO x\r\n", Phase.EHLO),
    (b"AUTH PLAIN\r\n", Phase.AUTH),
    (b"QUIT\r\n", Phase.QUIT),
)
LINE = 11
CODES = st.sampled_from([220, 250, 235, 221]) | st.sampled_from([334, 354, 421, 550])


@given(st.lists(CODES, max_size=8), st.sets(st.integers(0, 90)))
@example([220, 250, 235, 221], set())
@example([220, 250, 235, 221], {11, 22, 33})
@example([220, 250, 235, 221], {5, 11, 16, 22, 27, 33})
@example([220, 250], {12})
def test_a_reply_in_setup_answers_the_command_that_was_written_last(codes: list[int], cuts: set[int]) -> None:
    """Each line has eleven octets, and the number of lines before it as its text."""
    octets = b"".join(b"%d n%04d\r\n" % (code, number) for number, code in enumerate(codes))
    assert len(octets) == LINE * len(codes)
    places = [0, *sorted(cut for cut in cuts if 0 < cut < len(octets)), len(octets)]
    asked_at: dict[int, int] = {}

    async def run() -> dict[int, int]:
        connection, wire, answered = Connection(Timeouts()), Wire(), dict[int, int]()
        connection.connection_made(cast(asyncio.Transport, wire))

        async def client() -> None:
            for number, (command, phase) in enumerate(COMMANDS):
                reply = await connection.ask(command, phase)
                answered[number] = int(reply.lines[0][1:])

        task = asyncio.create_task(client())
        for first, last in pairwise(places):
            for _ in range(6):
                await asyncio.sleep(0)
            asked_at.update(dict.fromkeys(range(first, last), wire.octets.count(b"\n")))
            if not connection.closed.done():
                connection.data_received(octets[first:last])
        connection.end("over")
        await asyncio.gather(task, return_exceptions=True)
        return answered

    answered = asyncio.run(run())
    assert list(answered.values()) == list(range(len(answered))), "no reply was passed over"
    for command, line in answered.items():
        assert {asked_at[octet] for octet in range(line * LINE, (line + 1) * LINE)} == {command}
    if places == list(range(0, 4 * LINE + 1, LINE)) and codes == [220, 250, 235, 221]:
        assert len(answered) == 4
