"""The demo's mailbox keeps what it takes, and shows it where it can do no harm."""

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from newsletter.demo.mailbox import MAIL_POLICY, MailCatcher, receiving
from newsletter.demo.place import _free_ports
from newsletter.demo.serving import DemoProblem

HTML = '<!doctype html><html lang="nb"><head><title>Uke 6</title></head><body><script>a()</script>Blåbær</body></html>'


def message(subject: str = "Østbrevet, uke 6") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "brev@example.org", "reader01@example.org", subject
    mail.set_content("Blåbær\n.\nog en linje til\n")
    mail.add_alternative(HTML, subtype="html")
    return mail


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[MailCatcher]:
    """A mailbox that took one mail by SMTP."""
    found = MailCatcher(tmp_path / "mailbox")
    (port,) = _free_ports(1)
    with receiving(found, port):
        with smtplib.SMTP("127.0.0.1", port) as server:
            server.send_message(message())
        yield found


def test_messages_are_counted(mailbox: MailCatcher) -> None:
    assert (mailbox.taken, mailbox.numbers()) == (1, [1])


def test_a_lone_dot_does_not_end_a_mail(mailbox: MailCatcher) -> None:
    assert mailbox("/1/text", {}).body.decode().splitlines()[:3] == ["Blåbær", ".", "og en linje til"]


def test_the_list_links_to_the_mail(mailbox: MailCatcher) -> None:
    assert '<a href="/1">Østbrevet, uke 6</a>' in mailbox("/", {}).body.decode()


@pytest.mark.parametrize(("way", "width"), [("phone", 375), ("desktop", 700)])
def test_the_frame_has_the_width_asked_for(mailbox: MailCatcher, way: str, width: int) -> None:
    assert f'src="/1/html" style="width:{width}px"' in mailbox("/1", {"as": way}).body.decode()


def test_the_frame_and_the_mail_in_it_run_no_script(mailbox: MailCatcher) -> None:
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in mailbox("/1", {}).body.decode()
    assert mailbox("/1/html", {}).policy == MAIL_POLICY
    assert "script-src" not in MAIL_POLICY
    assert MAIL_POLICY.startswith("default-src 'none'")


def test_links_of_the_mail_open_elsewhere(mailbox: MailCatcher) -> None:
    assert b'<head><base target="_blank">' in mailbox("/1/html", {}).body


def test_the_source_is_the_mail_as_it_came(mailbox: MailCatcher) -> None:
    assert mailbox("/1/source", {}).body.startswith(b"From: brev@example.org")


def test_a_subject_can_not_write_into_the_page(tmp_path: Path) -> None:
    mailbox = MailCatcher(tmp_path)
    (tmp_path / "00001.eml").write_bytes(message("<b>1 & 2</b>").as_bytes())
    assert "&lt;b&gt;1 &amp; 2&lt;/b&gt;" in mailbox("/", {}).body.decode()


@pytest.mark.parametrize("path", ["/2", "/x", "/1/none", "/1/../1", "/favicon.ico"])
def test_a_missing_message_is_404(mailbox: MailCatcher, path: str) -> None:
    assert mailbox(path, {}).status == 404


def test_counting_continues_in_a_folder_with_messages(tmp_path: Path) -> None:
    (tmp_path / "00007.eml").write_bytes(message().as_bytes())
    mailbox = MailCatcher(tmp_path)
    (port,) = _free_ports(1)
    with receiving(mailbox, port), smtplib.SMTP("127.0.0.1", port) as server:
        server.send_message(message())
    assert mailbox.numbers() == [7, 8]


def test_a_port_that_is_taken_is_told_in_a_sentence(tmp_path: Path) -> None:
    (port,) = _free_ports(1)
    second = receiving(MailCatcher(tmp_path), port)
    with receiving(MailCatcher(tmp_path), port), pytest.raises(DemoProblem, match="perhaps another demo runs here"):
        second.__enter__()
