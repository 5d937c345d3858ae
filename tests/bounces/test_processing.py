"""What comes back, from the mailbox to the subscriptions: what takes effect, and what only stays to be seen."""

import logging
import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError

from newsletter import config
from newsletter.bounces import imap as mailbox
from newsletter.bounces import mailbox_status, processing
from newsletter.bounces.imap import MailboxProblem
from newsletter.bounces.policy import Tried, is_over, weigh_refusals
from newsletter.bounces.processing import BounceEffect, read_mailbox, take
from newsletter.config import Bounces, Config
from newsletter.delivery.bounces import Returned, read
from newsletter.domain.outcome import Fault, OutcomeKind
from newsletter.models import Bounce, Edition, Result
from newsletter.sending import audience, return_path
from subscribers import tokens
from subscribers.models import Subscriber, Subscription, Suppression
from tests.delivery.bounce_samples import MALFORMED, complaint, prose, report
from tests.delivery.test_session import certificate
from tests.doubles import imap
from tests.sending import outbox_samples as samples
from tests.sending.outbox_samples import NOW

pytestmark = pytest.mark.django_db

BARE = "bounce@example.org"
DAY = timedelta(days=1)
FULL = {"status": "5.2.2", "diagnostic": "smtp; 552 5.2.2 Mailbox full"}
SPAM = {"status": "5.7.1", "diagnostic": "smtp; 550 5.7.1 Blocked as spam"}


@pytest.fixture
def settings() -> Config:
    """The tests' configuration with a return path."""
    return config.use(replace(config.current(), bounces=Bounces(return_path=BARE)))


def with_mailbox(server: imap.Imap, **keys: object) -> Config:
    """The configuration in force with that server's mailbox."""
    usual = {"host": "127.0.0.1", "port": server.port, "user": imap.USER, "password": imap.PASSWORD}
    return config.use(
        replace(config.current(), bounces=Bounces(return_path=BARE, imap=config.Imap(**{**usual, **keys})))
    )


def verp(edition: Edition, number: int = 1) -> str:
    """Where a bounce of that delivery comes to."""
    return return_path.return_path(BARE, edition.pk, number)


def reason(address: str = "r1@reader.example") -> str | None:
    """Why an address gets nothing more, if it does."""
    return Suppression.objects.suppressed([address]).get(address)


def accepted(edition: Edition, *numbers: int) -> None:
    """The edition was accepted for these numbers."""
    for number in numbers:
        Result.objects.create(edition=edition, number=number, attempt=1, kind="accepted", at=0)


def editions(count: int, days: int = 7) -> list[Edition]:
    """So many editions to one and the same reader, each accepted, one every so many days, the last one now."""
    samples.readers(1)
    made = []
    for back in reversed(range(count)):
        edition = samples.begun(samples.queued(f"2026-W{20 - back}"))
        Edition.objects.filter(pk=edition.pk).update(began_at=NOW - back * days * DAY)
        accepted(edition, 1)
        made.append(edition)
    return made


def came_back(settings: Config, edition: Edition, **said: str) -> tuple[BounceEffect, int]:
    """A report of the edition's first delivery is read."""
    raw = report(to=verp(edition), message_id=f"<{edition.pk}@mx.example>", **said)
    return take(settings, raw, NOW)


def test_no_such_mailbox_suppresses_at_once_and_is_kept_without_the_address(settings: Config) -> None:
    edition = samples.sending(2)
    assert came_back(settings, edition) == (BounceEffect.HARD, 1)
    assert (reason(), reason("r2@reader.example")) == ("bounced", None)
    bounce = Bounce.objects.get()
    assert (bounce.edition_id, bounce.number, bounce.kind, bounce.status) == (edition.pk, 1, "hard", "5.1.1")
    assert "@" not in bounce.text


def test_a_name_before_the_at_is_left_out_of_the_text_too(settings: Config) -> None:
    edition = samples.sending(1)
    came_back(settings, edition, diagnostic="smtp; 550 5.1.1 User R1 unknown")
    assert Bounce.objects.get().text == "smtp; 550 5.1.1 User … unknown"


def test_a_bounce_leaves_the_subscription_as_it_is(settings: Config) -> None:
    came_back(settings, samples.sending(1))
    assert Subscription.objects.get().state == Subscription.State.ACTIVE


def test_the_same_mail_counts_once(settings: Config) -> None:
    edition = samples.sending(1)
    raw = report(to=verp(edition))
    assert [take(settings, raw, NOW) for _ in range(3)] == [
        (BounceEffect.HARD, 1),
        (BounceEffect.HARD, 0),
        (BounceEffect.HARD, 0),
    ]
    assert Bounce.objects.count() == 1


def test_a_made_up_return_path_touches_nobody(settings: Config) -> None:
    edition = samples.sending(1)
    forged = verp(edition).replace(verp(edition)[-16:-12], "0000")
    assert take(settings, report(to=forged, address="r1@reader.example"), NOW) == (BounceEffect.UNKNOWN, 0)
    assert reason() is None


def test_an_address_alone_proves_nothing(settings: Config) -> None:
    samples.sending(1)
    assert take(settings, report(to=BARE, address="r1@reader.example"), NOW) == (BounceEffect.UNKNOWN, 0)
    assert reason() is None


def forged(edition: Edition, number: int, *, by: str, **said: str) -> bytes:
    """A report with only the link or the Message-ID of a forwarded email."""
    raw = {"to": BARE, "address": "R1@reader.example", "message_id": f"<{edition.pk}@mx.example>", **said}
    if by == "link":
        return report(**raw, token=tokens.link_token(number))
    own, *_previous = audience.message_ids(edition.pk, number)
    return report(**raw).replace(b"0a1b2c", own.encode())


@pytest.mark.parametrize("by", ["link", "Message-ID"])
def test_a_hard_bounce_with_only_the_emails_link_or_message_id_ends_that_subscription_alone(
    settings: Config, by: str
) -> None:
    edition = samples.sending(1)
    number = Subscription.objects.get().pk
    other = Subscription.objects.create(subscriber=Subscriber.objects.get(), newsletter="daily", state="active")
    assert take(settings, forged(edition, number, by=by), NOW + DAY) == (BounceEffect.HARD, 0)
    assert reason() is None
    assert dict(Subscription.objects.values_list("pk", "state")) == {number: "unsubscribed", other.pk: "active"}
    assert Bounce.objects.get().proven is False


def test_repeated_bounces_with_only_the_message_ids_end_that_subscription_alone(settings: Config) -> None:
    made = editions(3)
    number = Subscription.objects.get().pk
    other = Subscription.objects.create(subscriber=Subscriber.objects.get(), newsletter="daily", state="active")
    states = []
    for edition in made:
        assert take(settings, forged(edition, number, by="Message-ID", **FULL), NOW) == (BounceEffect.SOFT, 0)
        states.append(Subscription.objects.get(pk=number).state)
    assert (states, reason()) == (["active", "active", "unsubscribed"], None)
    assert Subscription.objects.get(pk=other.pk).state == "active"


def test_bounces_that_are_not_proven_add_nothing_to_those_that_are(settings: Config) -> None:
    made = editions(4)
    number = Subscription.objects.get().pk
    for edition in made[:2]:
        take(settings, forged(edition, number, by="Message-ID", **FULL), NOW)
    assert came_back(settings, made[2], **FULL) == (BounceEffect.SOFT, 0)
    assert reason() is None


@pytest.mark.parametrize("odd", [b"\0", b"\xff\xfe", b"\xed\xa0\x80"])
def test_octets_that_no_database_takes_keep_no_other_mail_waiting(settings: Config, odd: bytes) -> None:
    edition = samples.sending(1)
    raw = report(to=verp(edition)).replace(b"User unknown", b"User unknown " + odd)
    assert take(settings, raw, NOW) == (BounceEffect.HARD, 1)
    assert take(settings, report(to=BARE).replace(b"kari@", b"ka" + odd + b"ri@"), NOW) == (BounceEffect.UNKNOWN, 0)


def test_a_delay_is_understood_and_changes_nothing(settings: Config) -> None:
    edition = samples.sending(1)
    assert came_back(settings, edition, action="delayed", status="4.4.1") == (BounceEffect.NOTHING, 0)
    assert not Bounce.objects.exists()


def test_one_full_mailbox_is_kept_and_costs_nothing(settings: Config) -> None:
    assert came_back(settings, editions(3)[-1], **FULL) == (BounceEffect.SOFT, 0)
    assert reason() is None


def test_three_editions_in_a_row_that_came_back_suppress(settings: Config) -> None:
    assert [came_back(settings, each, **FULL)[1] for each in editions(3)] == [0, 0, 1]
    assert reason() == "bounced"


def test_an_edition_between_that_was_taken_begins_the_count_anew(settings: Config) -> None:
    made = editions(5)
    assert [came_back(settings, each, **FULL)[1] for each in made if each is not made[2]] == [0, 0, 0, 0]


def test_three_editions_within_a_week_are_too_few(settings: Config) -> None:
    assert [came_back(settings, each, **FULL)[1] for each in editions(3, days=1)] == [0, 0, 0]


def test_what_is_held_against_us_never_counts(settings: Config) -> None:
    assert [came_back(settings, each, **SPAM) for each in editions(4)] == [(BounceEffect.SOFT, 0)] * 4
    assert reason() is None


def test_a_mail_younger_than_the_last_that_came_back_says_nothing() -> None:
    tried = [Tried(NOW + days * DAY, came_back) for days, came_back in ((0, True), (4, True), (8, True), (9, False))]
    assert is_over(tried)


def test_a_report_about_an_address_left_since_touches_nobody(settings: Config) -> None:
    edition = samples.sending(1)
    Subscriber.objects.update(moved_at=edition.began_at + DAY if edition.began_at else NOW)
    assert came_back(settings, edition) == (BounceEffect.HARD, 0)
    assert reason() is None


def test_a_bounce_of_a_forgotten_person_is_kept_and_touches_nobody(settings: Config) -> None:
    edition = samples.sending(1)
    Subscriber.objects.all().delete()
    assert came_back(settings, edition) == (BounceEffect.HARD, 0)


def test_a_complaint_ends_every_subscription_and_stays(settings: Config) -> None:
    edition = samples.sending(1)
    Subscription.objects.create(subscriber=Subscriber.objects.get(), newsletter="daily", state="active")
    assert take(settings, complaint(return_path=verp(edition)), NOW) == (BounceEffect.COMPLAINT, 1)
    assert reason() == "complained"
    assert set(Subscription.objects.values_list("state", flat=True)) == {"unsubscribed"}


def test_a_complaint_with_only_the_emails_link_ends_that_subscription_alone(settings: Config) -> None:
    edition = samples.sending(1)
    other = Subscription.objects.create(subscriber=Subscriber.objects.get(), newsletter="daily", state="active")
    number = Subscription.objects.exclude(pk=other.pk).get().pk
    forged = complaint(return_path="someone@elsewhere.example", token=tokens.link_token(number))
    assert take(settings, forged, NOW) == (BounceEffect.COMPLAINT, 0)
    assert reason() is None
    assert dict(Subscription.objects.values_list("pk", "state")) == {number: "unsubscribed", other.pk: "active"}
    assert Bounce.objects.get().edition_id == edition.pk


def test_a_report_on_authentication_is_no_complaint(settings: Config) -> None:
    edition = samples.sending(1)
    assert take(settings, complaint(kind="auth-failure", return_path=verp(edition)), NOW) == (BounceEffect.NOTHING, 0)
    assert reason() is None


def unsubscribing(token: str) -> bytes:
    """The mail that a mail program sends for the `mailto:` of List-Unsubscribe."""
    return prose("unsubscribe", to=f"Bounce+u-{token}@example.org", sender="r1@reader.example", subject="unsubscribe")


def test_a_mail_to_the_unsubscribe_address_unsubscribes(settings: Config) -> None:
    [tie] = samples.subscribe(["r1@reader.example"], newsletter="gone-since")
    assert take(settings, unsubscribing(tokens.link_token(tie.pk)), NOW) == (BounceEffect.UNSUBSCRIBED, 0)
    tie.refresh_from_db()
    assert (tie.state, tie.unsubscribed_at) == (Subscription.State.UNSUBSCRIBED, NOW)


def test_a_proofs_unsubscribe_address_acts_on_nobody(settings: Config) -> None:
    samples.readers(1)
    assert take(settings, unsubscribing(tokens.link_token_for_tests()), NOW) == (BounceEffect.UNSUBSCRIBED, 0)
    assert Subscription.objects.get().state == Subscription.State.ACTIVE


def test_a_forged_unsubscribe_address_is_not_understood(settings: Config) -> None:
    assert take(settings, unsubscribing("A" * 28), NOW) == (BounceEffect.UNKNOWN, 0)


def test_the_unsubscribe_address_inside_a_bounce_unsubscribes_nobody(settings: Config) -> None:
    edition = samples.sending(1)
    came_back(settings, edition, token=tokens.link_token(Subscription.objects.get().pk), **FULL)
    assert Subscription.objects.get().state == Subscription.State.ACTIVE


def refuse(edition: Edition, *numbers: int, fault: Fault = Fault.READER, status: str = "5.1.1") -> None:
    """The server refused these numbers in the session."""
    for number in numbers:
        Result.objects.create(
            edition=edition, number=number, attempt=1, kind="refused", fault=fault, status=status, at=0
        )


def test_a_mailbox_that_the_session_called_missing_is_suppressed_once(settings: Config) -> None:
    edition = samples.sending(2)
    accepted(edition, 2)
    refuse(edition, 1)
    assert [weigh_refusals(settings, NOW) for _ in range(2)] == [1, 0]
    assert reason() == "bounced"


@pytest.mark.parametrize(
    ("fault", "status"), [(Fault.POLICY, "5.7.1"), (Fault.CONTENT, "5.6.0"), (Fault.READER, "5.6.7")]
)
def test_refusals_that_are_our_own_fault_cost_nobody(settings: Config, fault: Fault, status: str) -> None:
    edition = samples.sending(1)
    refuse(edition, 1, fault=fault, status=status)
    assert weigh_refusals(settings, NOW) == 0
    assert reason() is None


def test_a_server_that_knows_nobody_is_not_believed(settings: Config) -> None:
    edition = samples.sending(12)
    accepted(edition, 12)
    refuse(edition, *range(1, 12))
    assert weigh_refusals(settings, NOW) == 0


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

    monkeypatch.setattr(processing, "take", broken)
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
    monkeypatch.setattr(processing, "read", failing)
    good = report(to=verp(edition), address="r1@reader.example", diagnostic="smtp; 550 5.1.1 User unknown")
    with imap.Imap([report(), good]) as server:
        assert read_mailbox(with_mailbox(server), NOW).counts["hard"] == 1
    assert server.flags() == [{r"\Flagged"}, {r"\Seen"}]
    assert "KeyError at test_processing.py" in caplog.text
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
    ],
)
def test_what_goes_wrong_is_one_sentence(keys: dict[str, str], script: dict[str, str], told: str) -> None:
    with imap.Imap([b"Subject: Hi\r\n\r\nHello"], script=script) as server, pytest.raises(MailboxProblem) as raised:
        read_mailbox(with_mailbox(server, **keys), NOW)
    assert f"the bounce mailbox at 127.0.0.1:{server.port}" in str(raised.value)
    assert told in str(raised.value)


def test_the_clock_tells_of_a_mailbox_that_fails_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with imap.Imap() as server:
        settings = with_mailbox(server, password="wrong")
        with caplog.at_level(logging.WARNING):
            processing.tick(settings, NOW)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "wrong" not in caplog.text


def test_what_keeps_the_mailbox_from_being_read_is_remembered_until_it_is_read() -> None:
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


def test_a_return_path_is_met_in_any_case(settings: Config) -> None:
    edition = samples.sending(1)
    assert take(settings, report(to=verp(edition).upper()), NOW) == (BounceEffect.HARD, 1)


def test_an_outcome_that_was_accepted_stays_accepted(settings: Config) -> None:
    [edition] = editions(1)
    came_back(settings, edition)
    assert Result.objects.get().kind == OutcomeKind.ACCEPTED


def test_the_bounce_library_logs_no_message() -> None:
    logger = logging.getLogger("flufl.bounce")
    assert not logger.propagate
    assert logging.NullHandler in map(type, logger.handlers)
