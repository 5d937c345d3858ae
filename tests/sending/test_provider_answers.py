"""Whatever a provider answers to a call that it accepted, each subscriber has one outcome, and none is lost."""

import json
from contextlib import suppress

import pytest
import requests
from hypothesis import example, given, settings, strategies as st

from newsletter.config import DeliverySettings
from newsletter.domain.encoded_email import Recipient
from newsletter.domain.outcome import Fault, Outcome, OutcomeKind
from newsletter.sending.api_calls import choice
from newsletter.sending.api_calls.interface import ProviderRefused, RateLimited, WrongKey, cause_in
from newsletter.sending.api_calls.payload import api_message
from tests.doubles.providers import DOUBLES, settings_of
from tests.examples import examples
from tests.sending.provider_samples import MAIL

READERS = [Recipient(number, f"r{number}@reader.example", "token", f"m.{number}") for number in (1, 2, 3)]
KEYS = {name: settings_of(name, "http://127.0.0.1:9", "key") for name in DOUBLES if name != "amazon_ses"}
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
NAMES = st.sampled_from([
    "id", "data", "ErrorCode", "MessageID", "Message", "errors", "x", "messageIds", "Messages", "Status", "To",
    "success", "message_ids", "status", "emails", "results", "warnings", "total_accepted_recipients", "failed_emails",
    "messages",
])  # fmt: skip
ANSWERS = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)


def answered(provider: str, content: bytes, monkeypatch: pytest.MonkeyPatch) -> list[OutcomeKind]:
    """The kinds of the outcomes after this answer with the status 200, in the order of the subscribers."""
    return [outcome.kind for outcome in outcomes_after(provider, 200, content, monkeypatch)]


def outcomes_after(provider: str, status: int, content: bytes, monkeypatch: pytest.MonkeyPatch) -> list[Outcome]:
    chosen = choice.provider(DeliverySettings(provider=provider, **{provider: KEYS[provider]}))
    answer = requests.Response()
    answer.status_code, answer._content, answer.encoding = status, content, "utf-8"
    answer.headers["Content-Type"] = "application/json"

    def request(session: requests.Session, **given: object) -> requests.Response:
        for hook in session.hooks["response"]:
            hook(answer)
        return answer

    monkeypatch.setattr(requests.Session, "request", request)
    recipients = READERS[: chosen.most]
    found = chosen.call(api_message(MAIL), recipients)
    assert [outcome.number for outcome in found] == [recipient.number for recipient in recipients]
    return found


@pytest.mark.parametrize("provider", KEYS)
@settings(max_examples=examples(40))
@given(said=ANSWERS)
@example(said=[])
@example(said="taken")
@example(said={"data": None})
@example(said={"data": {"id": "a"}})
@example(said=[{"ErrorCode": None}, None, {"ErrorCode": "x"}])
@example(said={"status": "error", "failed_emails": {"a": []}})
def test_any_answer_is_an_outcome_for_each(provider: str, said: object) -> None:
    with (
        pytest.MonkeyPatch.context() as patch,
        suppress(ProviderRefused, WrongKey),
    ):  # an error of Postal's has status 200
        kinds = answered(provider, json.dumps(said).encode(), patch)
        assert set(kinds) <= {OutcomeKind.ACCEPTED, OutcomeKind.REFUSED, OutcomeKind.UNKNOWN}


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b"\xff", b"[" * 100_000, b"null", b"[]", b"{}", b'{"data": [1, 2, 3]}']
)
@pytest.mark.parametrize("provider", [name for name in KEYS if not DOUBLES[name].says_nothing])
def test_an_answer_that_does_not_say_so_does_not_count_as_accepted(
    provider: str, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(answered(provider, content, monkeypatch)) == {OutcomeKind.UNKNOWN}


@pytest.mark.parametrize(
    "item", [{"ErrorCode": False, "MessageID": "a"}, {"ErrorCode": 0, "MessageID": None}, {"ErrorCode": 0.5}, {}]
)
def test_a_message_of_which_postmark_says_nothing_clear_is_unknown(
    item: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = {"ErrorCode": 0, "MessageID": "b"}
    kinds = answered("postmark", json.dumps([item, taken, taken]).encode(), monkeypatch)
    assert kinds == [OutcomeKind.UNKNOWN, OutcomeKind.ACCEPTED, OutcomeKind.ACCEPTED]


TO = "…@reader.example"


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ("""{"message": "'to' parameter is not a valid address. please check documentation"}""", "address"),
        ("""{"code": "invalid_parameter", "message": "email is not valid in to"}""", "address"),
        ("""{"message": "Invalid `to` field. The email address needs to follow the format."}""", "address"),
        ("""{"message": "Does not contain a valid address.", "field": "personalizations.0.to.0.email"}""", "address"),
        ("""{"message": "The to.0.email must be a valid email address."}""", "address"),
        (f"""{{"errors": ["'to' address \\"{TO}\\" is invalid"]}}""", "address"),
        ("Missing final '@domain'", "address"),
        ("""{"message": "'from' parameter is not a valid address. please check documentation"}""", "message"),
        ("""{"message": "Invalid `from` field. The email address needs to follow the format."}""", "message"),
        ("""{"message": "The from.email domain must be verified in your account. #MS42207"}""", "message"),
        ("""{"message": "Sandbox subdomains are for test purposes only. Add the address to authorized recipients"}""",
         "message"),
        ("""{"message": "Failed to process the request, try to send again"}""", "message"),
        ("Configuration set <brev> does not exist", "message"),
        ("Domain brev.example.org is inactive", "message"),
        ("Invalid return-path address", "message"),
        ("Your account is inactive; write to the address below", "message"),
        ("Requests from this IP address are not valid for the key", "message"),
        ("""{"errors": [{"message": "Invalid header", "description": "List-Unsubscribe of recipient"}]}""", "message"),
    ],
)  # fmt: skip
def test_an_address_is_blamed_only_if_the_words_of_a_refusal_are_about_nothing_else(words: str, cause: str) -> None:
    assert cause_in(words) == cause


@pytest.mark.parametrize(
    ("provider", "status", "content"),
    [
        ("brevo", 402, {"code": "not_enough_credits", "message": "Not enough credits to send to recipients"}),
        ("mailgun", 404, {"message": "Domain not found: brev.example.org"}),
        ("mandrill", 200, [{"status": "rejected", "_id": "m", "reject_reason": "unsigned"}]),
        ("postal", 200, {"status": "error", "data": {"code": "UnauthenticatedFromAddress", "message": "From"}}),
        ("postmark", 200, [{"ErrorCode": 405, "Message": "Not allowed to send"}] * 3),
        ("postmark", 422, {"ErrorCode": 413, "Message": "Account May Not Send"}),
        ("mailersend", 422, {"message": "The from.email domain must be verified. #MS42207", "errors": {}}),
        ("sparkpost", 400, {"errors": [{"code": "7001", "message": "Invalid domain"}]}),
        ("mailjet", 403, {"Messages": [{"Status": "error", "Errors": [
            {"ErrorCode": "x", "StatusCode": 403, "ErrorMessage": "not an authorized sender"}]}] * 3}),
    ],
)  # fmt: skip
def test_what_a_provider_holds_against_the_account_refuses_nobody(
    provider: str, status: int, content: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(WrongKey):
        outcomes_after(provider, status, json.dumps(content).encode(), monkeypatch)


def test_an_account_that_reaches_its_limit_within_a_call_loses_no_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    said = [{"ErrorCode": 0, "MessageID": "a"}, *[{"ErrorCode": 405, "Message": "Not allowed to send"}] * 2]
    kinds = answered("postmark", json.dumps(said).encode(), monkeypatch)
    assert kinds == [OutcomeKind.ACCEPTED, OutcomeKind.DEFERRED, OutcomeKind.DEFERRED]


def test_the_hourly_limit_of_sparkpost_is_a_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RateLimited):
        outcomes_after("sparkpost", 420, b'{"errors": [{"message": "Exceed Sending Limit (hourly)"}]}', monkeypatch)


MAILJET = {"Messages": [
    {"Status": "success", "To": [{"Email": "a", "MessageID": 1}]},
    {"Status": "error", "Errors": [{"ErrorCode": "mj-0013", "StatusCode": 400, "ErrorMessage": "invalid address"}]},
    {"Status": "error", "Errors": [{"ErrorCode": "mj-0004", "StatusCode": 400, "ErrorMessage": "Type mismatch."}]},
]}  # fmt: skip


@pytest.mark.parametrize(
    ("provider", "status", "content", "faults"),
    [
        ("mailjet", 400, MAILJET, [Fault.NONE, Fault.RECIPIENT, Fault.POLICY]),
        ("mandrill", 200, [{"status": "rejected", "reject_reason": "hard-bounce"}], [Fault.RECIPIENT]),
        ("mandrill", 200, [{"status": "rejected", "reject_reason": "soft-bounce"}], [Fault.MAILBOX]),
        ("mandrill", 200, [{"status": "rejected", "reject_reason": "rule"}], [Fault.POLICY]),
        ("postmark", 200, [{"ErrorCode": 300, "Message": "Invalid 'To' address: 'a'."},
                           {"ErrorCode": 300, "Message": "Error parsing 'Headers'"},
                           {"ErrorCode": 406, "Message": "Found inactive addresses"}],
         [Fault.RECIPIENT, Fault.POLICY, Fault.RECIPIENT]),
    ],
)  # fmt: skip
def test_what_a_provider_says_of_each_message_is_its_fault(
    provider: str, status: int, content: object, faults: list[Fault], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = outcomes_after(provider, status, json.dumps(content).encode(), monkeypatch)
    assert [outcome.fault for outcome in found] == faults


@pytest.mark.parametrize(("failure", "cause"), [("invalid", "address"), ("temporary_unavailable", "mailbox")])
def test_unisender_says_why_it_refuses_an_address(failure: str, cause: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"status": "error", "code": 204, "message": "No valid recipients", "failed_emails": {"a": failure}}
    with pytest.raises(ProviderRefused) as raised:
        outcomes_after("unisender_go", 400, json.dumps(said).encode(), monkeypatch)
    assert raised.value.cause == cause
