"""Messages as other MIME parsers read them."""

import re
from dataclasses import replace
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from newsletter.domain.digest import Letterhead, Rendered
from newsletter.domain.encoded_email import Recipient, Slot, SlotEncoding, SlotValue
from newsletter.mime.message_builder import MessageBuilder
from newsletter.render.edition import render
from newsletter.render.message import encoded, encoded_transactional
from newsletter.render.preview import recipient_html, recipient_text
from newsletter.render.transactional import render_email
from tests.render.samples import NASTY_TITLE, ZONE, digest, letterhead, nasty, post, recipient

DATE = datetime(2026, 2, 6, 18, tzinfo=ZONE)
TOKEN = Slot(SlotValue.TOKEN, SlotEncoding.ASCII)


def parsed(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def mail_of(rendered: Rendered, head: Letterhead, who: Recipient, **more: str) -> bytes:
    """Return the message as the engine sends it."""
    return b"".join(MessageBuilder(encoded(rendered, head, date=DATE, **more)).build(who).pieces)


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body
    return str(body.get_content()).replace("\r\n", "\n")


def test_headers() -> None:
    mail = parsed(
        mail_of(render(digest()), letterhead(reply_to="svar@example.org"), recipient(), feedback_id="a:b:c:d")
    )
    token = recipient().token
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
        "Feedback-ID": "a:b:c:d",
        "MIME-Version": "1.0",
        "Content-Type": mail["Content-Type"],
    }
    assert mail.get_content_type() == "multipart/alternative"
    assert [p.get_content_type() for p in mail.iter_parts()] == ["text/plain", "text/html"]
    assert {p["Content-Transfer-Encoding"] for p in mail.iter_parts()} == {"quoted-printable"}


def test_one_click_only_beside_https() -> None:
    head = letterhead(site_url="http://localhost:8000")
    assert "List-Unsubscribe-Post" not in parsed(mail_of(render(digest()), head, recipient()))


def test_mailto_beside_the_address() -> None:
    head = letterhead(mailto_unsubscribe="brev+u-{token}@example.org")
    field = parsed(mail_of(render(digest()), head, recipient(token="abc")))["List-Unsubscribe"]
    assert field == "<https://brev.example.org/u/abc>, <mailto:brev+u-abc@example.org>"


def test_parts_are_what_the_preview_shows() -> None:
    rendered = render(digest([nasty(), post(1)], greeting="Hei {name|kaffevenn} & co!"))
    who = recipient(name='Åse "Å" <å>')
    mail = parsed(mail_of(rendered, letterhead(), who))
    assert part(mail, "plain") == recipient_text(rendered, letterhead(), who)
    assert part(mail, "html").rstrip("\n") == recipient_html(rendered, letterhead(), who).rstrip("\n")
    assert "Hei Åse &quot;Å&quot; &lt;å&gt; &amp; co!" in part(mail, "html")
    assert 'Hei Åse "Å" <å> & co!' in part(mail, "plain")


KOREAN = "커피는 산에서 자라고, 사람들은 그것을 항구까지 나릅니다. "


def korean(**changes: Any) -> Rendered:
    return render(digest([post(n, title=f"소식 {n}", html=f"<p>{KOREAN * 30}</p>") for n in range(3)], **changes))


@pytest.mark.parametrize("token", ["a", "bc", "def", "T0ken-of_Ola" * 3, "x" * 120])
@pytest.mark.parametrize("name", ["", "Ola", "Åse & <김>"])
def test_parts_in_other_scripts_are_shorter_in_base64(token: str, name: str) -> None:
    rendered = korean(greeting="{name|독자}님,\n\n안녕하세요!")
    who = recipient(token=token, name=name)
    raw = mail_of(rendered, letterhead(), who)
    mail = parsed(raw)
    assert [p["Content-Transfer-Encoding"] for p in mail.iter_parts()] == ["base64", "base64"]
    assert re.sub(r" +$", "", part(mail, "plain"), flags=re.MULTILINE) == re.sub(
        r" +$", "", recipient_text(rendered, letterhead(), who), flags=re.MULTILINE
    )
    assert (
        re.sub(" +>", ">", part(mail, "html")).rstrip()
        == re.sub(" +>", ">", recipient_html(rendered, letterhead(), who)).rstrip()
    )
    assert all(len(line) <= 78 or line.startswith(b"List-Unsubscribe") for line in raw.split(b"\r\n"))
    assert len(raw) < 1.42 * len((rendered.html + rendered.text).encode()) + 1000


def test_two_values_in_a_line_keep_a_part_in_quoted_printable() -> None:
    rendered = korean(greeting="{name|독자} {name|독자}")
    mail = parsed(mail_of(rendered, letterhead(), recipient(name="Ola")))
    assert [p["Content-Transfer-Encoding"] for p in mail.iter_parts()] == ["quoted-printable"] * 2
    assert part(mail, "plain") == recipient_text(rendered, letterhead(), recipient(name="Ola"))


def test_a_recipient_without_a_name_gets_the_fallback() -> None:
    rendered = render(digest(greeting="Hei {name|kaffevenn}!"))
    assert "Hei kaffevenn!" in part(parsed(mail_of(rendered, letterhead(), recipient())), "plain")


def test_only_tokens_and_names_differ_between_recipients() -> None:
    mail = encoded(render(digest(greeting="{name}")), letterhead(), date=DATE)
    assert {piece for piece in mail.body if isinstance(piece, Slot)} == {
        TOKEN,
        Slot(SlotValue.NAME, SlotEncoding.HTML),
        Slot(SlotValue.NAME, SlotEncoding.TEXT),
    }
    assert mail.sender == "brev@example.org"
    assert mail.message_id_domain == "example.org"


@pytest.mark.parametrize("token", ["a", "b" * 75])
def test_no_line_of_the_message_is_too_long(token: str) -> None:
    rendered = replace(render(digest([nasty(), post(1)])), subject=NASTY_TITLE * 3)
    raw = mail_of(rendered, letterhead(), recipient(token=token, name="Å" * 60))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert raw.endswith(b"--\r\n")
    for line in raw.split(b"\r\n"):
        assert len(line) <= (998 if line.startswith(b"List-Unsubscribe") else 78)
        assert not line.startswith(b".")
    assert parsed(raw)["Subject"] == NASTY_TITLE * 3


def test_a_letter() -> None:
    worded = render_email("welcome", letterhead(), LETTER)
    ola = Recipient(1, "ola@example.org", "letter", "welcome.1", "Ola")
    raw = b"".join(MessageBuilder(encoded_transactional(worded, letterhead(), date=DATE)).build(ola).pieces)
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


def test_only_an_email_that_no_person_approved_says_so() -> None:
    rendered, head = render(digest()), letterhead()
    for automatic in (False, True):
        names = [header.name for header in encoded(rendered, head, date=DATE, automatic=automatic).headers]
        assert ("Auto-Submitted" in names) is automatic
