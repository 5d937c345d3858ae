"""Emails to one person."""

import email
import email.policy
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from newsletter.domain.encoded_email import EncodedEmail, Recipient
from newsletter.mime.message_builder import MessageBuilder
from newsletter.render.html.loader import TemplateProblem
from newsletter.render.message import encoded_transactional
from newsletter.render.transactional import render_email, render_shared_email
from tests.render.samples import letterhead

CHILD = (
    '{% extends "layout.mjml" %}{% block body %}'
    "<mj-section><mj-column><mj-text><p>{{ word }}</p></mj-text></mj-column></mj-section>{% endblock %}"
)


def write(folder: Path, text: str) -> None:
    (folder / "letters").mkdir()
    (folder / "letters" / "hello.txt").write_text(text)
    (folder / "letters" / "hello.mjml").write_text(CHILD)


def test_subject_text_and_html(tmp_path: Path) -> None:
    write(tmp_path, "{# A comment #}\nSubject: Hello {{ word }}\n\nText, {{ word }}.\n")
    rendered = render_email("hello", letterhead(), {"word": "<you>"}, tmp_path)
    assert rendered.subject == "Hello <you>"
    assert rendered.text == "Text, <you>.\n"
    assert "&lt;you&gt;</p>" in rendered.html
    assert "<title>Hello &lt;you&gt;</title>" in rendered.html
    assert "Postboks 1, 0001 Oslo" in rendered.html


def test_a_missing_subject_line_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "Hello\n")
    with pytest.raises(TemplateProblem, match=r'^templates/letters/hello\.txt line 1: write "Subject: …"'):
        render_email("hello", letterhead(), {"word": ""}, tmp_path)


TOKEN = "AAAAAAECAwQFBgcI-_0OnRoZSByZXN0Cg"
OTHER = "BBBBBBECAwQFBgcI-_0OnRoZSByZXN0Cg"


def parts(mail: EncodedEmail, recipient: Recipient) -> list[str]:
    """Subject, text and HTML of a message, decoded, without spaces at the ends of lines and tags."""
    raw = b"".join(MessageBuilder(mail).build(recipient).pieces)
    message = email.message_from_bytes(raw, policy=email.policy.default)
    contents = (re.sub(" *\r?\n", "\n", part.get_content()) for part in message.iter_parts())
    return [message["Subject"], message["To"], *(re.sub(" +>", ">", content).strip() for content in contents)]


@pytest.mark.parametrize("name", ["confirm", "me", "welcome", "change", "already"])
def test_a_shared_email_is_what_each_recipient_s_own_would_be(name: str) -> None:
    def context(token: str) -> dict[str, Any]:
        link = f"https://news.example/p/{token}"
        said = {key: f"{key} & “ø”" for key in ("subject", "preheader", "heading", "button", "note")}
        return {**said, "paragraphs": ["One.", "Two."], "link": link, "preferences": link, "latest": None, "title": "K"}

    shared = render_shared_email(name, letterhead(), context(TOKEN), TOKEN)
    assert shared is not None
    own = render_email(name, letterhead(), context(OTHER))
    assert OTHER in own.html
    recipient = Recipient(1, "ola@example.org", OTHER, "letter.1", "Ola")
    date = datetime(2026, 2, 6, tzinfo=UTC)
    sent, wanted = (parts(encoded_transactional(each, letterhead(), date=date), recipient) for each in (shared, own))
    assert sent == wanted


@pytest.mark.parametrize("use", ["{{ link | upper }}", "{{ link[:30] }}", "{{ link | reverse }}"])
def test_a_template_that_does_more_with_the_link_than_insert_it_is_not_shared(tmp_path: Path, use: str) -> None:
    write(tmp_path, f"Subject: Hello\n\n{use} {{{{ word }}}}\n")
    context = {"link": f"https://news.example/p/{TOKEN}", "word": ""}
    assert render_shared_email("hello", letterhead(), context, TOKEN, tmp_path) is None


def test_a_subject_with_the_token_is_not_shared(tmp_path: Path) -> None:
    write(tmp_path, "Subject: {{ link }}\n\nHello\n")
    context = {"link": f"https://news.example/p/{TOKEN}", "word": ""}
    assert render_shared_email("hello", letterhead(), context, TOKEN, tmp_path) is None
