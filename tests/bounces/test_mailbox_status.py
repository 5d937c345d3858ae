"""What the desk and editors are told about messages in the bounce mailbox that could not be processed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from newsletter import config
from newsletter.bounces import mailbox_status
from newsletter.bounces.imap import MailboxProblem
from newsletter.bounces.processing import read_mailbox
from newsletter.bounces.reading import Returned, parsing
from newsletter.config import Bounces, Config
from newsletter.editions import notices
from newsletter.models import Notice
from tests.bounces.reading.bounce_samples import prose, report
from tests.doubles.imap import PASSWORD, USER, Imap
from tests.sending.outbox_samples import NOW

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def server() -> Iterator[Imap]:
    with Imap([report(), report()]) as server:
        yield server


@pytest.fixture
def settings(server: Imap) -> Config:
    """A configuration with two newsletters that share an editor, and that server's mailbox."""
    imap = config.Imap(host="127.0.0.1", port=server.port, user=USER, password=PASSWORD)
    first = next(iter(config.current().newsletters.values()))
    newsletters = {
        "first": replace(first, name="first", editors=("editor@example.org", "other@example.org")),
        "second": replace(first, name="second", editors=("editor@example.org",)),
    }
    bounces = Bounces(return_path="bounce@example.org", imap=imap)
    return config.use(replace(config.current(), bounces=bounces, newsletters=newsletters))


def failing(raw: bytes) -> Returned:
    """The reader, with a fault."""
    raise KeyError("kari@reader.example")


def test_editors_are_told_of_a_mailbox_that_could_not_be_read_twice_in_a_row(settings: Config, server: Imap) -> None:
    settings = replace(settings, bounces=replace(settings.bounces, imap=replace(settings.bounces.imap, password="no")))
    for number, told in enumerate((0, 1, 1)):
        with pytest.raises(MailboxProblem):
            read_mailbox(settings, NOW + number * DAY / 100)
        assert Notice.objects.filter(kind=notices.MAILBOX, newsletter="first").count() == told
    assert "refused the login" in str(Notice.objects.get().text)


def test_editors_are_told_once_about_messages_that_could_not_be_processed(
    settings: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parsing, "read", failing)
    read_mailbox(settings, NOW)
    read_mailbox(settings, NOW + DAY / 2)
    notice = Notice.objects.get()
    assert (notice.newsletter, notice.kind) == ("first", notices.MAILBOX)
    for told in (f"at {NOW:%F %H:%M} UTC", "flagged", "INBOX at 127.0.0.1 (UID 1)", "KeyError", "remove the flag"):
        assert told in str(notice.text)
    assert "kari" not in str(notice.text)


def test_editors_are_told_again_after_a_day(settings: Config, server: Imap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "read", failing)
    read_mailbox(settings, NOW)
    server.mails["1"].flags.clear()
    read_mailbox(settings, NOW + DAY)
    assert Notice.objects.count() == 2


def test_nothing_is_flagged_before_the_notice_is_written(
    settings: Config, server: Imap, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(parsing, "read", failing)
    monkeypatch.setattr(notices, "tell_everyone", broken)
    with pytest.raises(RuntimeError):
        read_mailbox(settings, NOW)
    assert server.flags() == [set(), set()]


def test_a_message_that_is_not_understood_is_counted_without_a_notice(settings: Config, server: Imap) -> None:
    server.mails["1"].content = prose("Hello", sender="kari@reader.example", subject="Hi")
    read_mailbox(settings, NOW)
    assert not Notice.objects.exists()
    assert mailbox_status.set_aside(settings) == 2


def test_messages_that_an_editor_marked_as_read_are_no_longer_counted(settings: Config, server: Imap) -> None:
    read_mailbox(settings, NOW)
    for kept in server.mails.values():
        kept.flags.add(r"\Seen")
    read_mailbox(settings, NOW)
    assert mailbox_status.set_aside(settings) == 0


def test_nothing_is_counted_without_a_mailbox(settings: Config) -> None:
    read_mailbox(settings, NOW)
    assert mailbox_status.set_aside(replace(settings, bounces=Bounces())) == 0
