"""Each API provider against a fake of its API: what is called, what each reader gets, and what faults mean."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from newsletter import config
from newsletter.config import Delivery
from newsletter.delivery.engine import Ended, Why
from newsletter.delivery.journal import Journal
from newsletter.jobs import progress, providers
from newsletter.jobs.carrying import carry
from newsletter.jobs.outbox import Holder, Outbox
from newsletter.mail import Form, Header, Segments, Slot, Value
from newsletter.models import Edition, Result, State
from subscribers import tokens
from subscribers.models import Subscriber
from tests.doubles import provider_api
from tests.doubles.provider_api import Api
from tests.jobs import outbox_samples as samples

pytestmark = pytest.mark.django_db
FOUR = ["mailgun", "postmark", "resend", "amazon_ses"]
CALLS_FOR_1200 = {"mailgun": 3, "postmark": 12, "resend": 12, "amazon_ses": 1200}
BOUNDARY = b"=_parts"
MAIL = Segments(
    headers=(
        Header("From", (b"Kinaforum <brev@example.org>",)),
        Header("To", (Slot(Value.TO, Form.HEADER),)),
        Header("Subject", (b"=?utf-8?q?Uke_6=3A_b=C3=A5ter?=",)),
        Header("Message-ID", (b"<", Slot(Value.MESSAGE_ID, Form.ASCII), b"@example.org>")),
        Header("List-Unsubscribe", (b"<http://localhost:8000/u/", samples.TOKEN, b">")),
        Header("MIME-Version", (b"1.0",)),
        Header("Content-Type", (b'multipart/alternative; boundary="' + BOUNDARY + b'"',)),
    ),
    body=(
        b"--" + BOUNDARY + b"\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\nHei ",
        Slot(Value.NAME, Form.TEXT, "du"),
        b"!\r\nhttp://localhost:8000/u/",
        samples.TOKEN,
        b"\r\n--" + BOUNDARY + b"\r\nContent-Type: text/html; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>Hei ",
        Slot(Value.NAME, Form.HTML, "du"),
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


def send(api: Api, provider: str, tmp_path: Path, stopped: Any = lambda: False, **more: Any) -> Ended:
    """Everything that is to be sent now."""
    settings = Delivery(provider=provider, **{provider: api.settings(provider), **more})
    journal = Journal.create(tmp_path, "tests")
    outbox = Outbox(Holder("here", journal.name), [samples.NEWSLETTER], settings)
    try:
        return carry(config.current(), settings, outbox, journal, stopped)
    finally:
        journal.close()


def edition_to(count: int) -> Edition:
    samples.readers(count)
    return samples.begun(samples.queued(mail=MAIL))


@pytest.mark.parametrize("provider", FOUR)
def test_1200_readers_get_one_mail_each_with_their_own_links(provider: str, api: Api, tmp_path: Path) -> None:
    edition = edition_to(1200)
    Subscriber.objects.filter(address="r7@reader.example").update(name="Kari <b>")
    assert send(api, provider, tmp_path).why is Why.DONE
    assert api.calls == CALLS_FOR_1200[provider]
    assert progress.counts(edition).accepted == 1200
    assert sorted(mail.address for mail in api.taken) == sorted(f"r{n}@reader.example" for n in range(1, 1201))
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


@pytest.mark.parametrize("provider", FOUR)
def test_too_fast_is_obeyed_and_tried_again(provider: str, api: Api, tmp_path: Path) -> None:
    edition = edition_to(1)
    api.faults.append(429)
    send(api, provider, tmp_path)
    assert (api.calls, progress.counts(edition).accepted) == (2, 1)


@pytest.mark.parametrize("provider", FOUR)
@pytest.mark.parametrize(
    ("fault", "kind"), [(500, "deferred"), (503, "deferred"), (502, "unknown"), (504, "unknown"), ("cut", "unknown")]
)
def test_what_a_fault_means(provider: str, fault: int | str, kind: str, api: Api, tmp_path: Path) -> None:
    edition = edition_to(3)
    api.faults.extend([fault] * 3)
    send(api, provider, tmp_path)
    assert getattr(progress.counts(edition), kind) == 3
    assert api.taken == []


@pytest.mark.parametrize("provider", FOUR)
def test_no_answer_in_time_leaves_all_of_the_call_unknown(
    provider: str, api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(providers, "ANSWER_SECONDS", 0.3)
    edition = edition_to(1)
    api.faults.append("silent")
    send(api, provider, tmp_path)
    assert (api.calls, progress.counts(edition).unknown) == (1, 1)


@pytest.mark.parametrize("provider", FOUR)
def test_a_provider_that_is_not_there_took_nothing(provider: str, api: Api, tmp_path: Path) -> None:
    edition = edition_to(2)
    api.url = "http://127.0.0.1:9"
    send(api, provider, tmp_path)
    assert progress.counts(edition).deferred == 2


@pytest.mark.parametrize("provider", FOUR)
def test_a_refused_reader_costs_nobody_else_their_mail(provider: str, api: Api, tmp_path: Path) -> None:
    samples.subscribe([f"r{n}@reader.example" for n in range(20)] + ["bad-1@reader.example"])
    edition = samples.begun(samples.queued(mail=MAIL))
    send(api, provider, tmp_path)
    counted = progress.counts(edition)
    assert (counted.accepted, counted.refused) == (20, 1)
    assert len({mail.address for mail in api.taken}) == len(api.taken) == 20
    refused = Result.objects.get(kind="refused")
    assert (refused.number, refused.fault) == (21, "reader")
    assert "bad-1" not in refused.text


@pytest.mark.parametrize("provider", FOUR)
def test_a_wrong_key_pauses_the_edition_and_costs_nobody(provider: str, api: Api, tmp_path: Path) -> None:
    edition = edition_to(5)
    send(api, provider, tmp_path, **{provider: api.settings(provider, key="another")})
    edition.refresh_from_db()
    assert edition.state == State.PAUSED
    assert "does not accept us" in edition.reason
    assert progress.counts(edition).pending == 5


def test_a_missing_key_is_said_by_name(tmp_path: Path, api: Api) -> None:
    edition_to(1)
    ended = send(api, "postmark", tmp_path, postmark={})
    assert ended.why is Why.UNREACHABLE
    assert ended.problem.startswith("delivery.postmark: ")


def test_a_rate_is_kept(api: Api, tmp_path: Path) -> None:
    edition = edition_to(3)
    send(api, "postmark", tmp_path, rate="20/s")
    assert progress.counts(edition).accepted == 3
    assert api.calls == 1


def test_a_stop_is_heeded_before_the_next_call(api: Api, tmp_path: Path) -> None:
    edition = edition_to(300)
    ended = send(api, "resend", tmp_path, stopped=lambda: api.calls >= 1, connections=1)
    assert ended.why is Why.STOPPED
    counted = progress.counts(edition)
    assert (counted.accepted, counted.pending) == (100, 200)


def test_a_reader_whose_address_can_not_stand_in_a_mail_is_refused_here(api: Api, tmp_path: Path) -> None:
    samples.subscribe(["r1@reader.example", "two words@reader.example"])
    edition = samples.begun(samples.queued(mail=MAIL))
    send(api, "mailgun", tmp_path)
    counted = progress.counts(edition)
    assert (counted.accepted, counted.refused) == (1, 1)
