"""`newsletter bounces`: what it prints and how it ends."""

from pathlib import Path

import pytest

from newsletter.sending.return_path import return_path
from tests.bounces.reading.bounce_samples import prose, report
from tests.cli.conftest import CONFIG, Run
from tests.doubles import imap
from tests.sending import outbox_samples as samples

pytestmark = pytest.mark.django_db


def configure(folder: Path, server: imap.Imap, password: str = imap.PASSWORD) -> None:
    """Put that server's mailbox into the folder's config.toml."""
    mailbox = f'host = "127.0.0.1", port = {server.port}, user = "{imap.USER}", password = "{password}"'
    text = f'{CONFIG}\n[bounces]\nreturn_path = "bounce@example.org"\nimap = {{ {mailbox} }}\n'
    (folder / "config.toml").write_text(text, encoding="utf-8")


def test_it_reports_what_was_read(command: Run, tmp_path: Path) -> None:
    edition = samples.sending(1)
    mails = [report(to=return_path("bounce@example.org", edition.pk, 1)), prose("?", sender="a@b.example", subject="?")]
    with imap.Imap(mails) as server:
        configure(tmp_path, server)
        document = command("bounces", "--json").document
    nothing = {"soft": 0, "complaints": 0, "unsubscribed": 0, "codes": 0, "dmarc_reports": 0, "nothing": 0}
    assert document == {"read": 2, "hard": 1, **nothing, "not_understood": 1, "suppressed": 1}


def test_it_reports_in_sentences(command: Run, tmp_path: Path) -> None:
    with imap.Imap([prose("?", sender="a@b.example", subject="?")]) as server:
        configure(tmp_path, server)
        told = command("bounces").out.splitlines()
    assert told == [
        "messages read: 1",
        "not understood, left unread and flagged: 1",
        "addresses blocked: 0",
    ]


def test_without_a_mailbox_it_says_what_to_set(command: Run) -> None:
    assert command("bounces", status=2).sentence.startswith("bounces.imap.host is not set")


def test_a_login_that_is_refused_is_one_sentence(command: Run, tmp_path: Path) -> None:
    with imap.Imap() as server:
        configure(tmp_path, server, password="wrong")
        told = command("bounces", status=1).sentence
    assert told.endswith("refused the login; check bounces.imap.user and bounces.imap.password")
