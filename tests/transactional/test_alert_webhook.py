"""The POST to `alert_url`: its time and its signature."""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from newsletter import config
from newsletter.events import signed_post
from newsletter.messages.delivery import ALERT_ANSWERED
from newsletter.messages.general import TEXT
from newsletter.transactional import alert_webhook

AT = datetime(2026, 2, 6, 14, 0, tzinfo=UTC)
ALERT = (AT, "paused", TEXT(words="på pause"), "kinaforum")
FIELDS = {"newsletter": "kinaforum", "kind": "paused", "edition": None, "text": "på pause", "code": "text"}


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Record the data and headers of each POST; the third fails."""
    got: list[dict[str, Any]] = []

    def post(url: str, body: bytes, headers: dict[str, str], **_: object) -> int:
        got.append({"data": body, "headers": headers})
        return 204 if len(got) < 3 else 500

    monkeypatch.setattr(signed_post, "post", post)
    monkeypatch.setattr(time, "time", lambda: 1_770_000_000.5 + len(got))
    return got


def configured(secret: str = "", url: str = "https://alerts.example/hook") -> config.Config:
    given = config.current()
    return replace(given, site=replace(given.site, alert_url=url, alert_secret=secret))


def test_every_attempt_has_the_time_and_the_same_event_id(posted: list[dict[str, Any]]) -> None:
    problems = [alert_webhook.post(configured(), *ALERT) for _ in range(3)]
    assert problems == [None, None, ALERT_ANSWERED(status="500")]
    assert json.loads(posted[0]["data"]) == {"time": "2026-02-06T14:00:00+00:00", **FIELDS}
    assert len({each["headers"]["webhook-id"] for each in posted}) == 1
    assert [each["headers"]["webhook-timestamp"] for each in posted] == ["1770000000", "1770000001", "1770000002"]
    assert "webhook-signature" not in posted[0]["headers"]


@pytest.mark.parametrize(
    ("secret", "key"),
    [("plain words", b"plain words"), ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
)
def test_a_receiver_can_check_the_signature(secret: str, key: bytes, posted: list[dict[str, Any]]) -> None:
    alert_webhook.post(configured(secret), *ALERT)
    headers, body = posted[0]["headers"], posted[0]["data"]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    octets = base64.b64decode(key) if secret.startswith("whsec_") else key
    expected = base64.b64encode(hmac.new(octets, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "http://127.0.0.1:9/", "http://localhost:9/"])
def test_a_private_address_is_not_called(url: str) -> None:
    given = config.current()
    config.use(replace(given, collect=replace(given.collect, allow_private_addresses=False)))
    problem = alert_webhook.post(configured(url=url), *ALERT)
    assert "not a public address" in str(problem)
