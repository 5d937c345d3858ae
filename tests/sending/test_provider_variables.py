"""Each subscriber's name and links among the words of an email, with a fake of each provider's API."""

import quopri
import re
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path
from urllib.parse import unquote

import pytest
from lxml.html import fromstring

from newsletter.domain.encoded_email import Header, Recipient
from newsletter.mime.message_builder import MessageBuilder
from newsletter.render import message as rendered_message
from newsletter.render.edition import render
from newsletter.render.merge_tags import NON_JOINER, escape_html
from newsletter.render.preview import recipient_html, recipient_text
from newsletter.sending.api_calls.payload import api_message, value
from subscribers import tokens
from subscribers.models import Subscriber
from tests.doubles.provider_api import Api
from tests.message_bodies import body_of
from tests.render.samples import UNTIL, digest, letterhead, post
from tests.sending import outbox_samples as samples
from tests.sending.provider_samples import ALL, MAIL, send

pytestmark = pytest.mark.django_db(transaction=True)
NAMELESS = ["Hei!", "Takk. Hei og du, sier."]
NAMED = ["Hei, Åse <b>!", "Takk (Åse <b>). Hei Åse <b> og Åse <b>, sier Åse <b>."]
HARVEST = "https://evil.example/?%recipient.v0%%recipient.v1%&%recipient.v2%"
TAGS = "{{{ pm:unsubscribe_url }}} {{{RESEND_UNSUBSCRIBE_URL}}} %unsubscribe_url% {% if a %} [[var:b]] *|C|* {$d}"


def encoded(text: str) -> bytes:
    """Quoted-printable with CRLF line ends."""
    return quopri.encodestring(text.encode()).replace(b"\n", b"\r\n")


@pytest.mark.parametrize("provider", ALL)
def test_merge_tags_in_content_reach_recipients_as_they_were_written(provider: str, api: Api, tmp_path: Path) -> None:
    page = f'<p title="{TAGS}">{TAGS} 100 % sure<img src="{HARVEST}"></p>'
    plain, rich = encoded(f"{TAGS} 100 % sure\r\n{HARVEST}\r\n"), encoded(escape_html(page))
    first, fifth = MAIL.body[0], MAIL.body[4]
    assert isinstance(first, bytes)
    assert isinstance(fifth, bytes)
    body = (first + plain, *MAIL.body[1:4], fifth + rich, *MAIL.body[5:])
    subject = Header("Subject", (f"{TAGS} {HARVEST}".encode(),))
    headers = tuple(subject if h.name == "Subject" else h for h in MAIL.headers)
    subscribed = samples.subscribe(["r1@reader.example"])
    samples.begun(samples.queued(mail=replace(MAIL, headers=headers, body=body)))
    send(api, provider, tmp_path)
    (mail,) = api.taken
    token = tokens.link_token(subscribed[0].pk)
    assert mail.text.count(token) == mail.html.count(token) == 1, "only the link that is theirs"
    assert "%recipient.v" not in mail.html
    (paragraph,) = [p for p in fromstring(mail.html).iter("p") if p.get("title")]
    assert (paragraph.get("title"), paragraph[0].get("src")) == (TAGS, HARVEST)
    assert f"{TAGS} 100 % sure" in (paragraph.text or "")
    shown = [unquote(text.replace(NON_JOINER, "")) for text in (mail.text, mail.headers["Subject"])]
    assert all(TAGS in text and HARVEST in text for text in shown)


GREETING = "Hei, {name}!\n\nTakk (**{name}**). Hei {name} og {name|du}, sier {name}."


@pytest.mark.parametrize(("name", "words"), [("", NAMELESS), ("Åse <b>", NAMED)])
@pytest.mark.parametrize("provider", ALL)
def test_the_text_around_a_name_is_what_smtp_would_have_sent(
    provider: str, name: str, words: list[str], api: Api, tmp_path: Path
) -> None:
    edition = digest(1, greeting=GREETING, personal_subject="Hei {name}, nå {name|du} – %recipient.v0%")
    mail = rendered_message.encoded(render(edition), letterhead(), date=UNTIL)
    (subscription,) = samples.subscribe(["r1@reader.example"])
    Subscriber.objects.update(name=name)
    samples.begun(samples.queued(mail=mail))
    send(api, provider, tmp_path)
    (sent,) = api.taken
    one = Recipient(1, "r1@reader.example", tokens.link_token(subscription.pk), "m.1", name)
    by_smtp = message_from_bytes(b"".join(MessageBuilder(mail).build(one).pieces), policy=policy.default)
    text, html = (body_of(by_smtp, kind) for kind in ("plain", "html"))
    assert (sent.text, sent.html) == (text, html)
    named = "Hei Åse <b>, nå Åse <b> – " if name else "Hei, nå du – "
    assert by_smtp["Subject"] == f"{named}%recipient.v0%"
    assert unquote(sent.headers["Subject"].replace(NON_JOINER, "")) == by_smtp["Subject"]
    assert [line for line in sent.text.splitlines() if line in words] == words
    paragraphs = [p.text_content() for p in fromstring(sent.html).iter("p")]
    assert [p for p in paragraphs if p in words] == words


@pytest.mark.parametrize("provider", ALL)
def test_values_of_own_fields_are_what_smtp_would_have_sent(provider: str, api: Api, tmp_path: Path) -> None:
    head = letterhead(fields=("town", "shoe-size", "level"))
    greeting = "Fra {town|byen din} ({level}): {shoe-size|0}, {unknown|x}"
    mail = rendered_message.encoded(render(digest(1, letterhead=head, greeting=greeting)), head, date=UNTIL)
    assert mail.fields == {"town", "shoe-size", "level"}
    samples.subscribe(["r1@reader.example", "r2@reader.example"])
    stored = {"town": "<b>Å</b>&%recipient.x%", "shoe-size": 42.5, "other": "secret"}
    Subscriber.objects.filter(key__startswith="r1").update(field_values=stored)
    samples.begun(samples.queued(mail=mail))
    send(api, provider, tmp_path)
    texts = [" ".join(sent.text.replace(NON_JOINER, "").split()) for sent in api.taken]
    for words in ("Fra <b>Å</b>&%recipient.x%: 42.5, {unknown|x}", "Fra byen din: 0, {unknown|x}"):
        assert [words in text for text in texts].count(True) == 1
    assert all("secret" not in sent.html and "<b>Å" not in sent.html for sent in api.taken)


def test_values_within_base64_are_variables_too() -> None:
    edition = digest([post(0, html=f"<p>{'커피는 산에서 자랍니다. ' * 99}</p>")], greeting="{name|독자}님,")
    rendered = render(edition)
    mail = rendered_message.encoded(rendered, letterhead(), date=UNTIL)
    one = Recipient(1, "r1@reader.example", "T0ken", "m.1", "Åse")
    assert b"Content-Transfer-Encoding: base64" in b"".join(p for p in mail.body if isinstance(p, bytes))
    message = api_message(mail)
    text, html = (
        part.render(lambda slot: value(slot, one)).replace("\r\n", "\n") for part in (message.text, message.html)
    )
    assert re.sub(" +\n", "\n", text) == re.sub(" +\n", "\n", recipient_text(rendered, letterhead(), one))
    assert re.sub(" +>", ">", html).strip() == re.sub(" +>", ">", recipient_html(rendered, letterhead(), one)).strip()


def test_no_content_can_name_a_variable() -> None:
    names = {name for _ in range(50) for name in api_message.__wrapped__(MAIL).variables.values()}
    assert len(names) == 50 * len(api_message(MAIL).variables)
    assert all(len(name) > 16 for name in names)


def test_a_name_that_is_a_merge_tag_stays_a_name(api: Api, tmp_path: Path) -> None:
    samples.subscribe(["r1@reader.example"])
    Subscriber.objects.update(name="%unsubscribe_url%")
    samples.begun(samples.queued(mail=MAIL))
    send(api, "mailgun", tmp_path)
    (mail,) = api.taken
    assert "Hei &#37;unsubscribe_url%!" in mail.html
    assert "Hei %unsubscribe_url%!" in mail.text.replace(NON_JOINER, "")
