"""A recipient's values of fields can't break a header, HTML, text or a link, in any encoding."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from urllib.parse import urlsplit

import lxml.html
import pytest
from hypothesis import given, settings, strategies as st

from newsletter.domain.encoded_email import EncodedEmail
from newsletter.mime.headers import clean_name
from newsletter.mime.message_builder import MessageBuilder
from newsletter.render.edition import render
from newsletter.render.message import encoded
from newsletter.render.personal_text import for_recipient
from tests.render.samples import UNTIL, digest, letterhead, post, recipient

HEAD = letterhead(fields=("town", "level"))
SUBJECT = "{level}, nytt fra {town|byen} å ({town}) og {name|deg}!"
GREETING = "Til {town|byen} fra {level}! [Les](https://blog.example/{town})\n\n**{level|ny}** {town}"
LATIN, KOREAN = "Ordinary words. ", "커피는 산에서 자랍니다. "
HOSTILE = (
    "\r\nBcc: x@y.example",
    "</p><script>",
    '"><a href=x>',
    "=?utf-8?q?a?=",
    "{level}",
    "\n.\n",
    "\u202e",
    "\ud800",
)
VALUES = st.one_of(st.text(max_size=100), st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=3).map("".join))


def mail(words: str, greeting: str) -> EncodedEmail:
    texts = {"greeting": greeting, "personal_subject": SUBJECT, "personal_preheader": "Nytt fra {town|byen}"}
    edition = digest([post(0, html=f"<p>{words * 99}</p>")], letterhead=HEAD, **texts)
    return encoded(render(edition), HEAD, date=UNTIL)


MAILS = {
    "quoted-printable": mail(LATIN, GREETING),
    "base64": mail(KOREAN, "Til {town|byen}\n\n{level|ny}"),
}


def parts_of(encoding: str, **values: str) -> tuple[EmailMessage, str, str]:
    """The message for a recipient with these values, its text and its HTML."""
    octets = b"".join(MessageBuilder(MAILS[encoding]).build(recipient(values=values)).pieces)
    assert b"\n" not in octets.replace(b"\r\n", b"")
    assert max(map(len, octets.split(b"\r\n"))) <= 998
    assert not re.search(rb"(?m)^\.", octets)
    message = message_from_bytes(octets, policy=policy.default)
    plain, rich = message.iter_parts()
    assert rich["Content-Transfer-Encoding"] == encoding
    return message, plain.get_content(), rich.get_content()


@pytest.mark.parametrize("encoding", MAILS)
@settings(max_examples=150, deadline=None)
@given(town=VALUES, level=VALUES)
def test_no_value_changes_anything_but_its_place(encoding: str, town: str, level: str) -> None:
    plain_message, _, plain_html = parts_of(encoding, town="T", level="L")
    message, text, html = parts_of(encoding, town=town, level=level)
    assert [item for item in message.items() if item[0] != "Subject"] == [
        item for item in plain_message.items() if item[0] != "Subject"
    ]
    assert message["Subject"] == for_recipient(SUBJECT, HEAD.fields, recipient(values={"town": town, "level": level}))
    tree, plain_tree = lxml.html.fromstring(html), lxml.html.fromstring(plain_html)
    assert [element.tag for element in tree.iter()] == [element.tag for element in plain_tree.iter()]
    assert [element.attrib.keys() for element in tree.iter()] == [
        element.attrib.keys() for element in plain_tree.iter()
    ]
    links = [element.get("href") for element in tree.iter("a")]
    plain_links = [element.get("href") for element in plain_tree.iter("a")]
    assert [urlsplit(url)[:2] for url in links] == [urlsplit(url)[:2] for url in plain_links], "no other server"
    shown = (clean_name(town) or "byen").encode("utf-8", "replace").decode()
    for content in (text, tree.text_content()):
        assert f"Til {shown}" in " ".join(content.split())


def test_the_subject_of_a_recipient_without_values_has_the_words_for_them() -> None:
    message, _, html = parts_of("quoted-printable")
    assert message["Subject"] == "nytt fra byen å og deg!"
    assert "Nytt fra byen" in " ".join(lxml.html.fromstring(html).text_content().split())


def test_without_a_value_the_words_beside_it_are_left_out() -> None:
    _, text, _ = parts_of("quoted-printable")
    assert "Til byen fra!" in text
