"""Every phase of a session, with every fault: what becomes of the mail, and never twice."""

from collections.abc import Sequence

import pytest

from newsletter.delivery.engine import EndReason
from newsletter.delivery.journal import Journal
from newsletter.domain.outcome import Fault, OutcomeKind
from tests.delivery.conftest import Send
from tests.delivery.samples import desk
from tests.doubles.smtpd import CLOSE, FEATURES, SILENT, Action, Say, Smtpd

GARBAGE = "Gesundheit!"
PLAIN_FEATURES = tuple(word for word in FEATURES if word != "PIPELINING")
ways = pytest.mark.parametrize("features", [FEATURES, PLAIN_FEATURES], ids=["pipelined", "one by one"])

BEFORE_THE_DOT = [
    (phase, fault)
    for phase in ("MAIL", "RCPT", "DATA")
    for fault in (CLOSE, SILENT, GARBAGE, "421 4.3.2 bye", Say("421 4.3.2 bye", close=True), "299", "199 what")
    if (phase, fault) not in {("MAIL", "299"), ("RCPT", "299")}
]


@ways
@pytest.mark.parametrize(("phase", "fault"), BEFORE_THE_DOT, ids=str)
async def test_a_connection_lost_before_the_final_dot_is_retried_and_the_message_accepted_once(
    phase: str, fault: Action, features: Sequence[str], send_all: Send
) -> None:
    recipients = desk(1)
    async with Smtpd.of(features, **{phase: [fault]}) as server:
        ended = await send_all(recipients, server)
    assert ended.reason is EndReason.DONE
    assert recipients.kinds() == {"accepted": 1}
    assert server.recipients == ["r0@reader.example"]


@ways
@pytest.mark.parametrize("fault", [CLOSE, SILENT, GARBAGE, "354 what?", Say(take=True, close=True)], ids=str)
async def test_a_connection_lost_after_the_final_dot_leaves_the_message_unknown(
    fault: Action, features: Sequence[str], send_all: Send
) -> None:
    recipients = desk(3)
    async with Smtpd.of(features, DOT=[fault]) as server:
        await send_all(recipients, server, connections=1)
    assert recipients.kinds() == {"unknown": 1, "accepted": 2}
    assert [o.kind for o in recipients.outcomes[0]] == [OutcomeKind.UNKNOWN]
    assert len(server.recipients) == len(set(server.recipients))


@ways
async def test_421_after_the_final_dot_means_not_taken_and_is_tried_again(
    features: Sequence[str], send_all: Send
) -> None:
    recipients = desk(3)
    async with Smtpd.of(features, DOT=["421 4.3.2 not now"]) as server:
        await send_all(recipients, server, connections=1)
    assert recipients.kinds() == {"accepted": 3}
    assert sorted(server.recipients) == [f"r{n}@reader.example" for n in range(3)]


async def test_a_server_that_drops_in_mid_body_leaves_an_unknown_never_a_guess(send_all: Send) -> None:
    recipients = desk(1)
    async with Smtpd.of(BODY=[CLOSE]) as server:
        await send_all(recipients, server)
    assert recipients.kinds() == {"unknown": 1}
    assert server.recipients == []


@pytest.mark.parametrize(
    ("early", "after", "features"),
    [
        (Say("552 5.3.4 too large", close=True), "250 ok", FEATURES),
        (Say("552 5.3.4 too large", close=True), "250 ok", PLAIN_FEATURES),
        ("552 5.3.4 too large", Say(), FEATURES),
        ("552 5.3.4 too large", Say(), PLAIN_FEATURES),
        ("552 5.3.4 too large", "554 5.3.4 as I said", FEATURES),
    ],
)
async def test_a_refusal_in_the_midst_of_a_body_costs_that_recipient_only(
    early: Action, after: Action, features: Sequence[str], send_all: Send
) -> None:
    """Not even where the server answers the final dot as well, so that all its later answers come one too late."""
    recipients = desk(3)
    async with Smtpd.of(features, BODY=[early], DOT=[after]) as server:
        await send_all(recipients, server, connections=1)
    (outcome,) = recipients.outcomes[0]
    assert (outcome.kind, outcome.status) == (OutcomeKind.REFUSED, "5.3.4")
    assert recipients.kinds() == {"refused": 1, "accepted": 2}
    assert sorted(server.recipients) == ["r1@reader.example", "r2@reader.example"]


@ways
@pytest.mark.parametrize(
    ("phase", "reply", "kind", "fault"),
    [
        ("MAIL", "550 5.7.1 sender refused", OutcomeKind.REFUSED, Fault.POLICY),
        ("MAIL", "451 4.3.0 later", OutcomeKind.DEFERRED, Fault.CONNECTION),
        ("RCPT", "550 5.1.1 no such user", OutcomeKind.REFUSED, Fault.RECIPIENT),
        ("RCPT", "452 4.2.2 mailbox full", OutcomeKind.DEFERRED, Fault.MAILBOX),
        ("RCPT", "550-5.1.1 no\r\n550-5.1.1 such\r\n550 5.1.1 user", OutcomeKind.REFUSED, Fault.RECIPIENT),
        ("DATA", "451 4.7.1 greylisted", OutcomeKind.DEFERRED, Fault.POLICY),
        ("DATA", "554 5.5.1 no", OutcomeKind.REFUSED, Fault.POLICY),
        ("DOT", "554 5.6.0 bad content", OutcomeKind.REFUSED, Fault.CONTENT),
        ("DOT", "451 4.3.0 try later", OutcomeKind.DEFERRED, Fault.CONNECTION),
    ],
)
async def test_a_refusal_costs_one_recipient_and_the_connection_goes_on(
    phase: str, reply: str, kind: OutcomeKind, fault: Fault, features: Sequence[str], send_all: Send
) -> None:
    recipients = desk(4)
    async with Smtpd.of(features, **{phase: [reply]}) as server:
        await send_all(recipients, server, connections=1)
    (outcome,) = recipients.outcomes[0]
    assert (outcome.kind, outcome.fault, outcome.code) == (kind, fault, int(reply[:3]))
    assert server.recipients == [f"r{n}@reader.example" for n in (1, 2, 3)]
    assert server.greeted == 1


@pytest.mark.parametrize("phase", ["MAIL", "RCPT"])
async def test_after_a_354_to_a_refused_mail_a_lone_dot_is_sent_and_its_reply_ignored(
    phase: str, send_all: Send
) -> None:
    recipients = desk(2)
    script: dict[str, list[Action]] = {phase: ["550 5.1.1 no"], "DATA": ["354 go on all the same"]}
    async with Smtpd.of(**script) as server:
        await send_all(recipients, server, connections=1)
    assert recipients.outcomes[0][0].kind is OutcomeKind.REFUSED
    assert server.recipients == ["r1@reader.example"]
    assert "RSET" not in server.commands


async def test_a_refusal_counts_even_where_the_connection_breaks_right_after(send_all: Send) -> None:
    recipients = desk(2)
    async with Smtpd.of(RCPT=[Say("550 5.1.1 no such user", close=True)]) as server:
        await send_all(recipients, server, connections=1)
    assert recipients.outcomes[0][0].status == "5.1.1"
    assert server.recipients == ["r1@reader.example"]


@ways
@pytest.mark.parametrize("phase", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "DOT"])
async def test_replies_that_arrive_octet_by_octet_are_understood(
    phase: str, features: Sequence[str], send_all: Send
) -> None:
    replies = {
        "GREETING": "220-double\r\n220 example",
        "EHLO": "250-double.example\r\n250-SIZE 1000000\r\n250 PIPELINING",
        "DATA": "354-go\r\n354 on",
    }
    recipients = desk(2)
    said = Say(replies.get(phase, "250-2.0.0 fine\r\n250 2.0.0 queued as Q1"), split=True)
    async with Smtpd.of(features, **{phase: [said]}) as server:
        await send_all(recipients, server, connections=1)
    assert recipients.kinds() == {"accepted": 2}
    assert len(server.taken) == 2


@pytest.mark.parametrize("phase", ["GREETING", "EHLO"])
@pytest.mark.parametrize("fault", [CLOSE, SILENT, GARBAGE, "421 4.7.0 too many", "450 not now", "550 go away"], ids=str)
async def test_a_connection_that_cannot_be_set_up_is_tried_anew(phase: str, fault: Action, send_all: Send) -> None:
    recipients = desk(2)
    async with Smtpd.of(**{phase: [fault]}) as server:
        await send_all(recipients, server, connections=1, patience=5.0)
    assert recipients.kinds() == {"accepted": 2}


@pytest.mark.parametrize("phase", ["MAIL", "RCPT"])
async def test_a_reply_that_answers_nothing_breaks_the_connection_and_the_mail_is_tried_again(
    phase: str, send_all: Send
) -> None:
    recipients = desk(2)
    async with Smtpd.of(**{phase: ["354 what?"]}) as server:
        await send_all(recipients, server, connections=1)
    assert recipients.kinds() == {"accepted": 2}
    assert server.greeted == 2


async def test_421_after_a_lone_dot_leaves_the_refusal_as_it_is(send_all: Send) -> None:
    recipients = desk(2)
    script: dict[str, list[Action]] = {
        "RCPT": ["550 5.1.1 no"],
        "DATA": ["354 go on all the same"],
        "DOT": ["421 4.3.2 bye"],
    }
    async with Smtpd.of(**script) as server:
        await send_all(recipients, server, connections=1)
    assert recipients.outcomes[0][0].status == "5.1.1"
    assert server.recipients == ["r1@reader.example"]


@pytest.mark.parametrize("fault", [CLOSE, SILENT, GARBAGE, "500 what?"], ids=str)
async def test_a_bad_goodbye_changes_nothing(fault: Action, send_all: Send) -> None:
    recipients = desk(1)
    async with Smtpd.of(QUIT=[fault]) as server:
        ended = await send_all(recipients, server)
    assert ended.reason is EndReason.DONE
    assert recipients.kinds() == {"accepted": 1}


async def test_a_server_without_ehlo_is_greeted_with_helo(send_all: Send) -> None:
    recipients = desk(2)
    async with Smtpd.of(EHLO=["502 5.5.2 what is EHLO?"]) as server:
        await send_all(recipients, server, connections=1)
    assert recipients.kinds() == {"accepted": 2}
    assert any(command.startswith("HELO [127.0.0.1]") for command in server.commands)


async def test_a_mail_whose_connections_keep_breaking_is_deferred_and_others_go_on(send_all: Send) -> None:
    recipients = desk(3)
    async with Smtpd.of(RCPT=[CLOSE] * 50) as server:
        server.script["RCPT"].clear()
        server.script["RCPT"].extend([CLOSE] * 5)
        await send_all(desk_ := desk(1), server, connections=1)
        await send_all(recipients, server, connections=1)
    (outcome,) = desk_.outcomes[0]
    assert (outcome.kind, outcome.fault, outcome.code) == (OutcomeKind.DEFERRED, Fault.CONNECTION, 0)
    assert recipients.kinds() == {"accepted": 3}


async def test_mails_that_lose_their_connection_under_others_are_not_given_up(send_all: Send) -> None:
    recipients = desk(40)
    async with Smtpd.of(DOT=[CLOSE] * 9) as server:
        await send_all(recipients, server, connections=1)
    assert recipients.kinds() == {"unknown": 9, "accepted": 31}
    assert len(server.recipients) == len(set(server.recipients)) == 31


async def test_a_connection_that_the_server_closes_while_idle_is_replaced(send_all: Send) -> None:
    recipients = desk(4)
    async with Smtpd.of(DOT=[Say("250 2.0.0 ok", close=True, take=True)]) as server:
        await send_all(recipients, server, connections=1)
    assert recipients.kinds() == {"accepted": 4}
    assert sorted(server.recipients) == [f"r{n}@reader.example" for n in range(4)]


async def test_an_unasked_reply_ends_the_connection_and_loses_nothing(send_all: Send) -> None:
    recipients = desk(3)
    async with Smtpd.of(DOT=["250 2.0.0 ok\r\n250 2.0.0 and again"]) as server:
        await send_all(recipients, server, connections=1)
    assert recipients.kinds() == {"accepted": 3}
    assert sorted(server.recipients) == [f"r{n}@reader.example" for n in range(3)]


@ways
@pytest.mark.parametrize("reply", ["550 5.1.1 no R0 here (r0@reader.example)", "451 4.2.0 r0 is busy, R0 waits"])
async def test_neither_journal_nor_outcome_names_the_recipient(
    reply: str, features: Sequence[str], send_all: Send, journal: Journal
) -> None:
    recipients = desk(1)
    async with Smtpd.of(features, RCPT=[reply] * 40) as server:
        await send_all(recipients, server)
    assert "…" in recipients.outcomes[0][-1].text
    assert "r0" not in recipients.outcomes[0][-1].text.lower()
    assert b"r0" not in journal.path.read_bytes().lower()
