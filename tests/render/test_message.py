"""MIME: what other people's parsers read in our mails."""

import re
from dataclasses import replace
from datetime import datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.message import Prepared
from newsletter.mail import Form, Slot, Value
from newsletter.render.edition import render
from newsletter.render.letter import letter
from newsletter.render.message import encoded, letter_message, mailbox, segments, value_bytes
from newsletter.render.preview import reader_html, reader_mail, reader_text
from tests.render.samples import NASTY_TITLE, ZONE, digest, letterhead, nasty, post, reader

DATE = datetime(2026, 2, 6, 18, tzinfo=ZONE)
TOKEN = Slot(Value.TOKEN, Form.ASCII)


def parsed(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body
    return str(body.get_content()).replace("\r\n", "\n")


def test_headers() -> None:
    mail = parsed(
        reader_mail(render(digest()), letterhead(reply_to="svar@example.org"), reader(), DATE, feedback_id="a:b:c:d")
    )
    token = reader().token
    assert dict(mail.items()) == {
        "From": "Kaffebrevet <brev@example.org>",
        "To": "ola@example.org",
        "Subject": "Kaffebrevet, uke 6: Post 0",
        "Date": "Fri, 06 Feb 2026 18:00:00 +0100",
        "Message-ID": "<kaffebrevet.2026-W06.1@example.org>",
        "Reply-To": "svar@example.org",
        "List-Id": "Kaffebrevet <kaffebrevet.brev.example.org>",
        "List-Unsubscribe": f"<https://brev.example.org/u/{token}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
        "Feedback-ID": "a:b:c:d",
        "MIME-Version": "1.0",
        "Content-Type": mail["Content-Type"],
    }
    assert mail.get_content_type() == "multipart/alternative"
    assert [p.get_content_type() for p in mail.iter_parts()] == ["text/plain", "text/html"]
    assert {p["Content-Transfer-Encoding"] for p in mail.iter_parts()} == {"quoted-printable"}


def test_one_click_only_beside_https() -> None:
    head = letterhead(site_url="http://localhost:8000")
    assert "List-Unsubscribe-Post" not in parsed(reader_mail(render(digest()), head, reader(), DATE))


def test_mailto_beside_the_address() -> None:
    head = letterhead(mailto_unsubscribe="brev+u-{token}@example.org")
    field = parsed(reader_mail(render(digest()), head, reader(token="abc"), DATE))["List-Unsubscribe"]
    assert field == "<https://brev.example.org/u/abc>, <mailto:brev+u-abc@example.org>"


def test_parts_are_what_the_preview_shows() -> None:
    rendered = render(digest([nasty(), post(1)], greeting="Hei {name|kaffevenn} & co!"))
    who = reader(name='Åse "Å" <å>')
    mail = parsed(reader_mail(rendered, letterhead(), who, DATE))
    assert part(mail, "plain") == reader_text(rendered, letterhead(), who)
    assert part(mail, "html").rstrip("\n") == reader_html(rendered, letterhead(), who).rstrip("\n")
    assert "Hei Åse &quot;Å&quot; &lt;å&gt; &amp; co!" in part(mail, "html")
    assert 'Hei Åse "Å" <å> & co!' in part(mail, "plain")


def test_the_fallback_stands_where_a_reader_has_no_name() -> None:
    rendered = render(digest(greeting="Hei {name|kaffevenn}!"))
    assert "Hei kaffevenn!" in part(parsed(reader_mail(rendered, letterhead(), reader(), DATE)), "plain")


def test_the_engine_splices_what_the_preview_shows() -> None:
    rendered = render(digest(greeting="Hei {name|kaffevenn} & co!"))
    for who in (reader(), reader(name="Åse 'Å' <å>"), reader(name="Ola N.")):
        mail = segments(rendered, letterhead(), date=DATE)
        spliced = parsed(b"".join(Prepared(mail).mail(who).pieces))
        shown = parsed(reader_mail(rendered, letterhead(), who, DATE))
        assert part(spliced, "html") == part(shown, "html")
        assert part(spliced, "plain") == part(shown, "plain")
        assert str(spliced["To"]) == str(shown["To"])
        assert spliced["List-Unsubscribe"] == shown["List-Unsubscribe"]


def test_only_tokens_and_names_differ_between_readers() -> None:
    mail = segments(render(digest(greeting="{name}")), letterhead(), date=DATE)
    assert {piece for piece in mail.body if isinstance(piece, Slot)} == {
        TOKEN,
        Slot(Value.NAME, Form.HTML),
        Slot(Value.NAME, Form.TEXT),
    }
    assert mail.sender == "brev@example.org"
    assert mail.message_id_domain == "example.org"


@pytest.mark.parametrize("token", ["a", "b" * 75])
def test_lines_of_the_whole_mail(token: str) -> None:
    rendered = replace(render(digest([nasty(), post(1)])), subject=NASTY_TITLE * 3)
    raw = reader_mail(rendered, letterhead(), reader(token=token, name="Å" * 60), DATE)
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert raw.endswith(b"--\r\n")
    for line in raw.split(b"\r\n"):
        assert len(line) <= (998 if line.startswith(b"List-Unsubscribe") else 78)
        assert not line.startswith(b".")
    assert parsed(raw)["Subject"] == NASTY_TITLE * 3


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=200))
def test_any_subject_comes_back(text: str) -> None:
    raw = b"Subject: " + encoded("Subject", text) + b"\r\n\r\n"
    assert all(len(line) <= 76 for line in raw.split(b"\r\n"))
    assert message_from_bytes(raw, policy=policy.default)["Subject"] == text


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=80))
def test_any_name_comes_back(name: str) -> None:
    field = mailbox(name, "a@example.org").decode().replace("\r\n", "")
    shown, address = parseaddr(field)
    assert (str(make_header(decode_header(shown))), address) == (name, "a@example.org")


def test_a_header_cannot_be_injected() -> None:
    assert encoded("Subject", "a\r\nBcc: x@example.org") == b"a Bcc: x@example.org"
    assert b"\n" not in mailbox("a\r\nBcc: x", "a@example.org")


def test_an_international_domain_is_written_in_ascii() -> None:
    assert mailbox("", "brev@blåbær.example") == b"brev@xn--blbr-roah.example"


def test_a_name_that_begins_with_a_dot_needs_no_stuffing() -> None:
    assert value_bytes(Slot(Value.NAME, Form.TEXT), ".x") == b"=2Ex"


def test_a_letter() -> None:
    worded = letter("welcome", letterhead(), LETTER)
    raw = letter_message(worded, letterhead(), to="ola@example.org", name="Ola", date=DATE, message_id="welcome.1")
    mail = parsed(raw)
    assert mail["To"] == "Ola <ola@example.org>"
    assert mail["Message-ID"] == "<welcome.1@example.org>"
    assert mail["Subject"] == "Velkommen"
    assert "List-Unsubscribe" not in mail
    assert "https://brev.example.org/x" in part(mail, "plain")
    assert not re.search(rb"^\.", raw, re.MULTILINE)


LETTER = {
    "subject": "Velkommen",
    "preheader": "Takk",
    "heading": "Velkommen",
    "paragraphs": ["Takk for at du leser."],
    "button": "Les",
    "link": "https://brev.example.org/x",
    "note": "",
    "title": "Kaffebrevet",
    "latest": None,
    "preferences": "https://brev.example.org/p/x",
}
