"""Each API provider with a fake of its API: its calls, what each recipient gets, and what errors mean."""

import re
import uuid
from pathlib import Path

import pytest
import requests
from botocore.exceptions import ClientError

import newsletter
from newsletter.config import DeliverySettings
from newsletter.delivery.engine import EndReason
from newsletter.domain.encoded_email import Recipient
from newsletter.domain.outcome import OutcomeKind
from newsletter.messages.delivery import KEY_REFUSED
from newsletter.models import Result, State
from newsletter.sending import progress
from newsletter.sending.api_calls import amazon_ses_provider, anymail_provider, choice, interface
from newsletter.sending.api_calls.interface import ProviderProblem, idempotency_key
from newsletter.sending.api_calls.payload import api_message
from newsletter.sending.api_calls.responses import judge
from subscribers import tokens
from subscribers.models import Subscriber
from tests.doubles.provider_api import Api
from tests.doubles.providers import DOUBLES
from tests.sending import outbox_samples as samples
from tests.sending.provider_samples import ALL, MAIL, edition_to, send

pytestmark = pytest.mark.django_db(transaction=True)

VAGUE = ("sparkpost",)
"""These say that an address was refused, not why: nobody is blocked for it at once."""


@pytest.mark.parametrize("provider", ALL)
def test_each_subscriber_gets_one_mail_with_their_own_links(provider: str, api: Api, tmp_path: Path) -> None:
    most = DOUBLES[provider].most
    count = min(1200, 2 * most + 20)
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
def test_a_refused_recipient_affects_no_other_delivery(provider: str, api: Api, tmp_path: Path) -> None:
    samples.subscribe([f"r{n}@reader.example" for n in range(20)] + ["bad-1@reader.example"])
    edition = samples.begun(samples.queued(mail=MAIL))
    send(api, provider, tmp_path)
    counted = progress.counts(edition)
    assert (counted.accepted, counted.refused) == (20, 1)
    assert len({mail.address for mail in api.taken}) == len(api.taken) == 20
    refused = Result.objects.get(kind="refused")
    assert (refused.number, refused.fault) == (21, "mailbox" if provider in VAGUE else "reader")
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
    assert anymail_provider.mailbox(Recipient(1, address, "token", "m.1", name)) == mailbox


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
    answer, one = requests.Response(), Recipient(1, "r1@reader.example", "token", "m.1")
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
def test_amazons_errors_that_are_not_about_the_recipient_refuse_nobody(
    name: str, error: type[Exception], api: Api
) -> None:
    said = {"Error": {"Code": name, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    carrier, one = (
        amazon_ses_provider.AmazonSes(api.settings("amazon_ses")),
        Recipient(1, "r1@reader.example", "token", "m.1"),
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


def test_a_recipient_with_an_invalid_address_is_refused_without_a_call(api: Api, tmp_path: Path) -> None:
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
    first = Recipient(1, "r1@reader.example", "token", "id1")
    assert idempotency_key([first]) != idempotency_key([first._replace(attempt=2)])
    second = first._replace(number=2, message_id="id2")
    assert idempotency_key([first, second]) == idempotency_key([second, first])
