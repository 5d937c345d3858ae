"""Emails to single people go out over few connections, and each outcome is reported."""

import threading
import time
from dataclasses import replace
from pathlib import Path

from newsletter import config
from newsletter.config import Config, Smtp
from newsletter.delivery.engine import CHECK_INTERVAL
from newsletter.domain.encoded_email import EncodedEmail, Header
from newsletter.domain.outcome import Outcome, OutcomeKind
from newsletter.messages import Message
from newsletter.messages.delivery import NO_CONNECTION
from newsletter.transactional.transport import outgoing, post, post_all
from tests.doubles import moody
from tests.doubles.gate import Gate
from tests.doubles.smtpd import FEATURES, Smtpd
from tests.factories import NAME

HEADERS = (("From", b"brev@example.org"), ("To", b"reader"), ("Subject", b"=?utf-8?q?Bekreft?="))
EMAIL = EncodedEmail(
    tuple(Header(name, (value,)) for name, value in HEADERS), (b"Hei!\r\n",), "brev@example.org", "example.org"
)


def through(server: Smtpd, **smtp: str) -> Config:
    now = config.current()
    return replace(now, delivery=replace(now.delivery, smtp=Smtp(host="127.0.0.1", port=server.port, **smtp)))


def send(configuration: Config, addresses: list[str]) -> tuple[list[Outcome], Message | None]:
    found: list[Outcome] = []
    messages = [outgoing(EMAIL, address, "letter", n) for n, address in enumerate(addresses, 1)]
    return found, post_all(configuration, "smtp", messages, found.extend)


def test_two_hundred_emails_need_no_more_logins_than_connections() -> None:
    addresses = [f"r{n}@reader.example" for n in range(200)]
    with moody.running(login="ola:right", private=True, features=(*FEATURES, "AUTH PLAIN")) as server:
        found, problem = send(through(server, user="ola", password="right"), addresses)
        assert problem is None
        assert sorted(o.number for o in found if o.kind is OutcomeKind.ACCEPTED) == list(range(1, 201))
        assert sorted(taken.recipient for taken in server.taken) == sorted(addresses)
        assert 1 <= server.greeted <= config.current().delivery.connections


def test_each_outcome_belongs_to_its_message() -> None:
    addresses = ["ok-1@a.example", "unknown-1@a.example", "drop-1@a.example", "ok-2@a.example", "full-1@a.example"]
    with moody.running() as server:
        found, problem = send(through(server), addresses)
    assert problem is None
    assert {o.number: o.kind for o in found} == {
        1: OutcomeKind.ACCEPTED,
        2: OutcomeKind.REFUSED,
        3: OutcomeKind.UNKNOWN,
        4: OutcomeKind.ACCEPTED,
        5: OutcomeKind.DEFERRED,
    }


def test_a_refused_login_is_the_reason_for_all_and_is_tried_a_few_times_at_most() -> None:
    with moody.running(login="ola:right", private=True, features=(*FEATURES, "AUTH PLAIN")) as server:
        found, problem = send(through(server, user="ola", password="wrong"), [f"r{n}@a.example" for n in range(20)])
        assert found == []
        assert "refused the login" in str(problem)
        assert len([c for c in server.commands if c.startswith("AUTH")]) <= config.current().delivery.connections


def test_a_single_message_that_can_not_be_sent_is_deferred_with_the_reason() -> None:
    with moody.running() as server:
        configuration = through(server)
    outcome = post(configuration, NAME, outgoing(EMAIL, "a@a.example", "letter"))
    assert outcome.kind is OutcomeKind.DEFERRED
    assert NO_CONNECTION.matches(outcome.problem)


def used() -> tuple[int, int]:
    """Return the number of descriptors and threads of this process."""
    return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()


def test_descriptors_and_threads_stay_the_same_over_many_batches() -> None:
    with moody.running() as server:
        configuration = through(server)
        send(configuration, ["r@a.example"])
        before = used()
        for _ in range(20):
            found, _problem = send(configuration, [f"r{n}@a.example" for n in range(10)])
            assert len(found) == 10
        end = time.monotonic() + 30
        while used() > before and time.monotonic() < end:
            time.sleep(0.01)  # the server, in this process too, closes its side of the last connections a little later
        assert used() <= before


def test_an_email_is_sent_when_the_server_is_back_after_its_lease_was_renewed() -> None:
    with moody.running() as server, Gate(server.port) as gate:
        gate.shut()
        now = config.current()
        away = replace(now, delivery=replace(now.delivery, smtp=Smtp(host="127.0.0.1", port=gate.port)))
        back = threading.Timer(CHECK_INTERVAL * 2, gate.open)
        back.start()
        found, problem = send(away, ["ok-1@a.example"])
        back.join()
    assert problem is None
    assert [outcome.kind for outcome in found] == [OutcomeKind.ACCEPTED]
