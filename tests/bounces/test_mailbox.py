"""The bounce mailbox: read over IMAP and marked, its connection, and what goes wrong with it."""

import io
import logging
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from newsletter.bounces import imap as mailbox, mailbox_status, processing
from newsletter.bounces.imap import MailboxProblem
from newsletter.bounces.processing import BounceEffect, process, read_mailbox
from newsletter.bounces.reading import Returned, parsing
from newsletter.bounces.reading.parsing import read
from newsletter.config import Bounces, Config
from tests.bounces.reading.bounce_samples import MALFORMED, prose, report
from tests.bounces.returned_mails import BARE, verp, with_mailbox
from tests.delivery.test_session import certificate
from tests.doubles import imap
from tests.sending import outbox_samples as samples
from tests.sending.outbox_samples import NOW

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("odd", [b"\0", b"\xff\xfe", b"\xed\xa0\x80"])
def test_octets_that_no_database_takes_keep_no_other_mail_waiting(settings: Config, odd: bytes) -> None:
    edition = samples.sending(1)
    raw = report(to=verp(edition)).replace(b"User unknown", b"User unknown " + odd)
    assert process(settings, raw, NOW) == (BounceEffect.HARD, 1)
    assert process(settings, report(to=BARE).replace(b"kari@", b"ka" + odd + b"ri@"), NOW) == (BounceEffect.UNKNOWN, 0)


def test_the_mailbox_is_read_and_marked_and_read_once(settings: Config) -> None:
    edition = samples.sending(1)
    with imap.Imap([report(to=verp(edition)), prose("Hello", sender="kari@reader.example", subject="Hi")]) as server:
        first, second = (read_mailbox(with_mailbox(server), NOW) for _ in range(2))
    assert (first.read, first.suppressed, first.counts["hard"], first.counts["not_understood"]) == (2, 1, 1, 1)
    assert second.read == 0
    assert server.flags() == [{r"\Seen"}, {r"\Flagged"}]


def test_nothing_is_marked_where_it_could_not_be_recorded(settings: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OperationalError("the database is gone")

    monkeypatch.setattr(processing, "process", broken)
    with imap.Imap([report()]) as server, pytest.raises(OperationalError):
        read_mailbox(with_mailbox(server), NOW)
    assert server.flags() == [set()]


@pytest.mark.parametrize("bad", MALFORMED)
def test_a_malformed_message_does_not_stop_the_mailbox(settings: Config, bad: bytes) -> None:
    edition = samples.sending(1)
    with imap.Imap([bad, report(to=verp(edition))]) as server:
        assert read_mailbox(with_mailbox(server), NOW).counts["hard"] == 1
    assert len(server.flags()[0]) == 1


def test_a_message_that_makes_the_program_fail_is_flagged_and_logged_without_its_content(
    settings: Config, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(raw: bytes) -> Returned:
        if b"kari@" in raw:
            raise KeyError("kari@reader.example")
        return read(raw)

    edition = samples.sending(1)
    monkeypatch.setattr(parsing, "read", failing)
    good = report(to=verp(edition), address="r1@reader.example", diagnostic="smtp; 550 5.1.1 User unknown")
    with imap.Imap([report(), good]) as server:
        assert read_mailbox(with_mailbox(server), NOW).counts["hard"] == 1
    assert server.flags() == [{r"\Flagged"}, {r"\Seen"}]
    assert "KeyError at test_mailbox.py" in caplog.text
    assert "kari" not in caplog.text


@pytest.mark.parametrize("plain", [True, False])
def test_the_login_goes_by_either_way(plain: bool) -> None:
    with imap.Imap(plain=plain) as server:
        assert read_mailbox(with_mailbox(server), NOW).read == 0


def test_a_folder_may_be_named_in_any_letters() -> None:
    with imap.Imap(folder='"Avviste &- tapt/&AOY-"') as server:
        assert read_mailbox(with_mailbox(server, folder="Avviste & tapt/æ"), NOW).read == 0


def tls_of(path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with that certificate, and a client's that trusts it."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cafile=path)


def test_a_verified_connection_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served, trusting = tls_of(certificate(tmp_path))
    with imap.Imap([report()], tls=served) as server:
        monkeypatch.setattr(mailbox, "TLS_PORT", server.port)
        with mailbox.ImapMailbox(with_mailbox(server).bounces.imap, trusting) as opened:
            assert opened.unread() == ["1"]


@pytest.mark.parametrize("name", ["127.0.0.1", "elsewhere.example"])
def test_a_certificate_that_is_not_trusted_or_names_another_ends_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served, trusting = tls_of(certificate(tmp_path, name=name))
    client = ssl.create_default_context() if name == "127.0.0.1" else trusting
    with imap.Imap(tls=served) as server:
        monkeypatch.setattr(mailbox, "TLS_PORT", server.port)
        with (
            pytest.raises(MailboxProblem, match="CERTIFICATE_VERIFY_FAILED"),
            mailbox.ImapMailbox(with_mailbox(server).bounces.imap, client),
        ):
            pass
    assert server.commands == []


def test_a_password_never_leaves_in_clear_but_on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "is_loopback", lambda host: False)
    with imap.Imap() as server, pytest.raises(MailboxProblem, match="offers no TLS"):
        read_mailbox(with_mailbox(server), NOW)
    assert not [told for told in server.commands if told.startswith(("LOGIN", "AUTH"))]


@pytest.mark.parametrize(
    ("keys", "script", "told"),
    [
        ({"password": "wrong"}, {}, "refused the login; check bounces.imap.user and bounces.imap.password"),
        ({"folder": "Elsewhere"}, {}, "has no folder 'Elsewhere'; check bounces.imap.folder"),
        ({}, {"UID SEARCH": "NO not now"}, "can't be searched"),
        ({}, {"UID FETCH": "NO not now"}, "can't be read"),
        ({}, {"UID STORE": "NO not now"}, "can't be marked"),
        ({}, {"UID FETCH": ""}, "failed (abort); we'll try again"),
        ({}, {"UID FETCH": "* 1 FETCH (BODY[] {4000000000}"}, "failed (Message too long); we'll try again"),
        ({}, {"UID FETCH": "* 1 FETCH (BODY[] {" + "9" * 5000 + "}"}, "failed (ValueError); we'll try again"),
        ({}, {"UID SEARCH": "* OK searching\r\n" * 500}, "failed (Message too long); we'll try again"),
    ],
)
def test_a_failure_is_one_sentence(
    keys: dict[str, str], script: dict[str, str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "MOST_OCTETS", 6_000)
    with imap.Imap([b"Subject: Hi\r\n\r\nHello"], script=script) as server, pytest.raises(MailboxProblem) as raised:
        read_mailbox(with_mailbox(server, **keys), NOW)
    assert f"the bounce mailbox at 127.0.0.1:{server.port}" in str(raised.value)
    assert told in str(raised.value)


class Dripping(io.RawIOBase):
    """A connection from which one octet comes at a time, without end."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        buffer[:1] = b"."
        return 1


def test_a_line_and_an_email_that_come_octet_by_octet_end_with_the_time_for_an_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with imap.Imap() as server:
        client = mailbox.BoundedImap("127.0.0.1", server.port, timeout=10)
        monkeypatch.setattr(mailbox, "MOST_SECONDS", 0.05)
        client.file = io.BufferedReader(Dripping())
        for read in (client.readline, lambda: client.read(10_000_000)):
            client.begin()
            with pytest.raises(TimeoutError):
                read()
        client.shutdown()


def test_the_clock_tells_of_a_mailbox_that_fails_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with imap.Imap() as server:
        settings = with_mailbox(server, password="wrong")
        with caplog.at_level(logging.WARNING):
            processing.tick(settings, NOW)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "wrong" not in caplog.text


def test_a_failure_is_stored_until_the_mailbox_can_be_read_again() -> None:
    with imap.Imap() as server:
        wrong = with_mailbox(server, password="wrong")
        processing.tick(wrong, NOW)
        assert "refused the login" in str(mailbox_status.trouble(wrong))
        assert mailbox_status.trouble(replace(wrong, bounces=Bounces())) is None, "nobody reads it any more"
        right = with_mailbox(server)
        processing.tick(right, NOW)
        assert mailbox_status.trouble(right) is None


def test_the_clock_reads_nothing_where_no_mailbox_is_set(settings: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[Callable[..., object]] = []
    monkeypatch.setattr(processing, "read_mailbox", called.append)
    processing.tick(settings, NOW)
    assert called == []


def test_the_bounce_library_logs_no_message() -> None:
    logger = logging.getLogger("flufl.bounce")
    assert not logger.propagate
    assert logging.NullHandler in map(type, logger.handlers)
