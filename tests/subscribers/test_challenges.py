"""A challenge at sign-up: when it is in force, what solves it, and that nobody with a real address is turned away."""

import base64
import json
import re
from datetime import timedelta
from typing import Any

import altcha
import pytest
from django.db.models import F
from django.test import Client, override_settings
from django.utils import timezone

from newsletter import config
from subscribers.models import Hits, TransactionalEmail
from subscribers.protection import challenges, confirmation_budget as budget, sign_up_limits as limits
from subscribers.protection.challenges import SolvedChallenge
from tests import settings

pytestmark = pytest.mark.django_db
SUBSCRIBE, CHALLENGE = "/n/kinaforum/subscribe", "/n/kinaforum/challenge"
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Challenges that are solved at once."""
    monkeypatch.setattr(challenges, "ITERATIONS", 2)
    monkeypatch.setattr(challenges, "FEWEST", 3)
    monkeypatch.setattr(challenges, "MOST", 9)


def ask_for(setting: str, more: str = "") -> None:
    """Configure the newsletter's challenge."""
    text = settings.TEXT.replace('title = "Kinaforum"', f'title = "Kinaforum"\nchallenge = "{setting}"\n{more}')
    config.use(config.parse(text, settings.FOLDER / "config.toml"))


def solution(client: Client) -> str:
    """Fetch a challenge and solve it with ALTCHA's own library."""
    return solved(client.get(CHALLENGE).json())


def solved(found: Any) -> str:
    challenge = altcha.Challenge.from_dict(found)
    answer = altcha.solve_challenge(challenge)
    assert answer is not None
    return altcha.Payload(challenge, answer).to_base64()


def asked(client: Client, name: str, network: int = 1, **fields: str) -> int:
    """Sign up from one of many networks; return the status."""
    data = {"address": f"{name}@{name}.example", **fields}
    return client.post(SUBSCRIBE, data, REMOTE_ADDR=f"198.51.{network}.7").status_code


def flooded(client: Client) -> None:
    """Sign up as many as make an attack."""
    for n in range(limits.ATTACK):
        assert asked(client, f"bot{n}", n) == 202


def test_there_is_none_in_quiet_times(client: Client) -> None:
    assert asked(client, "kari") == 202
    assert "<script" not in client.get(SUBSCRIBE).text
    assert "script-src" not in client.get(SUBSCRIBE)["Content-Security-Policy"]


def test_an_attack_puts_it_in_force_for_this_newsletter(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    flooded(client)
    assert asked(client, "kari", 77) == 403
    assert client.post("/n/daily/subscribe", {"address": "kari@reader.example"}).status_code == 202
    assert TransactionalEmail.objects.filter(newsletter="kinaforum").count() == limits.ATTACK
    assert [r.getMessage() for r in caplog.records if r.name == "subscribers.protection"] == [
        "50 sign-ups for kinaforum within ten minutes: browsers have to solve a challenge until an hour after"
    ]


def test_a_continuing_attack_is_logged_once(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    flooded(client)
    Hits.objects.filter(count=limits.ATTACK).update(start=F("start") - 600)
    for n in range(limits.ATTACK + 5):
        assert asked(client, f"other{n}", n) == 403
    assert len([r for r in caplog.records if r.name == "subscribers.protection"]) == 1


def test_challenges_end_an_hour_after_the_attack(client: Client) -> None:
    flooded(client)
    Hits.objects.all().update(start=Hits.objects.values_list("start", flat=True)[0] - 4200)
    assert asked(client, "kari", 77) == 202


def test_off_leaves_sign_ups_to_the_ordinary_limits(client: Client) -> None:
    ask_for("off")
    flooded(client)
    assert asked(client, "kari", 77) == 202
    assert client.get(CHALLENGE).status_code == 404


def test_a_solution_is_accepted_once(client: Client) -> None:
    ask_for("on")
    found = solution(client)
    assert asked(client, "kari", altcha=found) == 202
    assert asked(client, "ola", altcha=found) == 403
    assert asked(client, "ola", 2, altcha=solution(client)) == 202
    assert TransactionalEmail.objects.count() == 2


def test_a_solution_that_was_not_used_up_can_be_sent_again(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    ask_for("on")
    found = solution(client)
    monkeypatch.setattr(limits, "PER_NETWORK", 0)
    assert asked(client, "kari", altcha=found) == 429
    monkeypatch.setattr(limits, "PER_NETWORK", 1)
    assert asked(client, "kari", altcha=found) == 202


def test_an_expired_solution_is_refused(client: Client) -> None:
    ask_for("on")
    old = solved(challenges.create(timezone.now() - challenges.LIFETIME - timedelta(seconds=2)))
    assert asked(client, "kari", altcha=old) == 403
    assert challenges.read(old) is None


def changed(found: str, **parameters: Any) -> str:
    """Change a solution without the secret key."""
    payload = json.loads(base64.b64decode(found))
    payload["challenge"]["parameters"] |= parameters
    return base64.b64encode(json.dumps(payload).encode()).decode()


@pytest.mark.parametrize(
    "parameters", [{"expiresAt": 2**31}, {"cost": 1}, {"keyPrefix": ""}, {"nonce": "00" * 16}, {"keySignature": None}]
)
def test_a_changed_challenge_is_refused(parameters: dict[str, Any]) -> None:
    found = solved(challenges.create(timezone.now()))
    assert challenges.read(found) is not None
    assert challenges.read(changed(found, **parameters)) is None


@pytest.mark.parametrize("text", ["", "x", "e30=", "bnVsbA==", "W10=", "eyJjaGFsbGVuZ2UiOjF9", "\ud800", "é" * 20])
def test_nonsense_is_refused(text: str) -> None:
    assert challenges.read(text) is None


def test_an_unsolved_challenge_is_refused() -> None:
    found = challenges.create(timezone.now())
    payload = {"challenge": found, "solution": {"counter": 0, "derivedKey": "00" * 32}}
    assert challenges.read(base64.b64encode(json.dumps(payload).encode()).decode()) is None


def test_solutions_stay_valid_when_the_key_changes() -> None:
    found = solved(challenges.create(timezone.now()))
    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        assert isinstance(challenges.read(found), SolvedChallenge)
    with override_settings(SECRET_KEY="other"):
        assert challenges.read(found) is None


def test_the_page_sends_what_was_entered_again(client: Client) -> None:
    ask_for("on")
    address = "kari&<b>@reader.example"
    sent = {"address": "kari@reader.example", "website": "", "cadence": "week", "topics": ["a", "b"], "altcha": "wrong"}
    page = client.post(SUBSCRIBE, sent, headers=ENGLISH)
    assert page.status_code == 403
    assert '<input type="hidden" name="address" value="kari@reader.example">' in page.text
    for name, value in (("cadence", "week"), ("topics", "a"), ("topics", "b")):
        assert f'<input type="hidden" name="{name}" value="{value}">' in page.text
    assert page.text.count('name="altcha"') == 1
    assert "Yes, send me Kinaforum by email." in page.text
    assert client.post(SUBSCRIBE, {"address": address}).status_code == 400
    policy = page["Content-Security-Policy"]
    nonce = re.findall(r'<script type="module" src="/static/v/\w+/challenge/page.js" nonce="([\w-]+)">', page.text)
    assert f"script-src 'nonce-{nonce[0]}'; worker-src 'self'; connect-src 'self'" in policy
    assert "default-src 'none'" in policy


def test_without_a_script_the_button_signs_up(client: Client) -> None:
    ask_for("on")
    assert asked(client, "kari", without_script="yes") == 202
    assert TransactionalEmail.objects.count() == 1


def test_sign_ups_without_a_script_have_low_limits(client: Client) -> None:
    ask_for("on")
    from_one = [asked(client, f"kari{n}", without_script="yes") for n in range(5)]
    assert from_one == [202] * 5
    assert TransactionalEmail.objects.filter(delayed_at=None).count() == budget.UNSOLVED_PER_NETWORK
    for n in range(budget.UNSOLVED * 2):
        asked(client, f"ola{n}", 2 + n, without_script="yes")
    assert TransactionalEmail.objects.filter(delayed_at=None).count() == budget.UNSOLVED


def test_an_attack_leaves_the_limits_of_solved_sign_ups_alone(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs with addresses of a large provider used up the domain's limit for everybody."""
    for name in ("OF_NEWSLETTER", "OF_DOMAIN"):
        monkeypatch.setattr(budget, name, limits.ATTACK + 1)
    for n in range(limits.ATTACK):
        client.post(SUBSCRIBE, {"address": f"bot{n}@mail.example"}, REMOTE_ADDR=f"198.51.{n}.7")
    real = {"address": "kari@mail.example", "altcha": solution(client)}
    assert client.post(SUBSCRIBE, real, REMOTE_ADDR="198.51.77.7").status_code == 202
    assert TransactionalEmail.objects.filter(subscriber__key="kari@mail.example").exists()


def test_scripts_learn_where_the_challenge_is(client: Client) -> None:
    ask_for("on", 'form_origins = ["https://blog.example"]')
    headers = {"Origin": "https://blog.example", **ENGLISH}

    def post(**fields: str) -> Any:
        body = json.dumps({"address": "kari@reader.example", **fields})
        return client.post(SUBSCRIBE, body, content_type="application/json", headers=headers)

    answer = post()
    url = "http://localhost:8000/n/kinaforum/challenge"
    told = {"error": "Your browser has to solve a challenge first.", "challenge": url}
    assert (answer.status_code, answer.json()) == (403, told)
    found = client.get(CHALLENGE, headers=headers)
    assert (found["Access-Control-Allow-Origin"], found["Cache-Control"]) == ("https://blog.example", "no-store")
    assert post(altcha=solved(found.json())).status_code == 202


def test_challenges_are_those_of_open_newsletters(client: Client) -> None:
    assert client.get("/n/unknown/challenge").status_code == 404
    assert client.post(CHALLENGE).status_code == 405


def test_counters_of_solutions_are_deleted_when_they_have_expired(client: Client) -> None:
    ask_for("on")
    assert asked(client, "kari", altcha=solution(client)) == 202
    before = Hits.objects.count()
    Hits.objects.delete_expired(timezone.now() + challenges.LIFETIME + timedelta(seconds=2))
    assert Hits.objects.count() < before
