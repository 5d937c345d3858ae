"""Whatever a provider answers to a call that it accepted, each subscriber has one outcome, and none is lost."""

import json
from contextlib import suppress

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.config import DeliverySettings
from newsletter.domain.encoded_email import Recipient
from newsletter.domain.outcome import OutcomeKind
from newsletter.sending.api_calls import choice
from newsletter.sending.api_calls.interface import ProviderRefused, WrongKey
from newsletter.sending.api_calls.payload import api_message
from tests.doubles.providers import DOUBLES, settings_of
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
    chosen = choice.provider(DeliverySettings(provider=provider, **{provider: KEYS[provider]}))
    answer = requests.Response()
    answer.status_code, answer._content, answer.encoding = 200, content, "utf-8"
    answer.headers["Content-Type"] = "application/json"

    def request(session: requests.Session, **given: object) -> requests.Response:
        for hook in session.hooks["response"]:
            hook(answer)
        return answer

    monkeypatch.setattr(requests.Session, "request", request)
    recipients = READERS[: chosen.most]
    found = chosen.call(api_message(MAIL), recipients)
    assert [outcome.number for outcome in found] == [recipient.number for recipient in recipients]
    return [outcome.kind for outcome in found]


@pytest.mark.parametrize("provider", KEYS)
@given(said=ANSWERS)
@example(said=[])
@example(said="taken")
@example(said={"data": None})
@example(said={"data": {"id": "a"}})
@example(said=[{"ErrorCode": None}, None, {"ErrorCode": "x"}])
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
