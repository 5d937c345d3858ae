"""The way in: passwords, two-step login, set-up, forgotten passwords, sessions."""

import contextlib
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from axes.models import AccessLog
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from newsletter import config
from newsletter.config import Config
from newsletter.domain.outcome import Outcome, OutcomeKind
from newsletter.logs.setup import RoutesInsteadOfPaths
from newsletter.mime.message_builder import MessageBuilder
from newsletter.models import Act
from newsletter.transactional.transport import Outgoing
from newsletter.web.desk import users
from newsletter.web.desk.login import account, emails
from tests.web import make

RIGHT = {"email": "redaksjon@example.org", "password": "en lang nok setning"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def one_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time stands still: limits count in fixed windows, the shortest of which could end during a test."""
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)


def _code(device: TOTPDevice) -> str:
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    return f"{totp.token():06d}"


def test_the_right_password_opens_the_desk(client: Client) -> None:
    make.person()
    answer = client.post("/desk/login/?next=/desk/sources/", {**RIGHT, "email": "Redaksjon@Example.org"})
    assert answer.status_code == 302
    assert answer["Location"] == "/desk/sources/"
    assert client.get("/desk/").status_code == 200


def test_a_wrong_password_says_nothing_of_who_exists(client: Client) -> None:
    make.person()
    known = client.post("/desk/login/", {**RIGHT, "password": "wrong"})
    unknown = client.post("/desk/login/", {"email": "nobody@example.org", "password": "wrong"})
    assert known.status_code == unknown.status_code == 401
    assert "Wrong email or password" in known.content.decode()
    assert "Wrong email or password" in unknown.content.decode()


def test_six_wrong_passwords_lock_even_the_right_one(client: Client) -> None:
    make.person()
    for _ in range(6):
        last = client.post("/desk/login/", {**RIGHT, "password": "wrong"})
    assert last.status_code == 429
    answer = client.post("/desk/login/", RIGHT)
    assert answer.status_code == 429
    assert "Too many wrong passwords" in answer.content.decode()


@pytest.mark.usefixtures("one_window")
def test_guesses_at_many_names_are_limited_by_network(client: Client) -> None:
    """Six tries a name are no limit for who tries a name once: the network has one of its own (mox's windows)."""
    make.person()
    for n in range(10):
        given = {"email": f"nobody{n}@example.org", "password": "wrong"}
        assert client.post("/desk/login/", given, REMOTE_ADDR="192.0.2.7").status_code == 401
    answer = client.post("/desk/login/", RIGHT, REMOTE_ADDR="192.0.2.7")
    assert answer.status_code == 429
    assert "from your network" in answer.content.decode()
    assert client.post("/desk/login/", RIGHT, REMOTE_ADDR="192.0.2.8").status_code == 302


def test_an_ipv6_host_is_locked_by_its_64(client: Client) -> None:
    """One host has 2^64 addresses to guess from."""
    make.person()
    for n in range(6):
        client.post("/desk/login/", {**RIGHT, "password": "wrong"}, REMOTE_ADDR=f"2001:db8:0:1::{n}")
    assert client.post("/desk/login/", RIGHT, REMOTE_ADDR="2001:db8:0:1:ffff::9").status_code == 429
    assert client.post("/desk/login/", RIGHT, REMOTE_ADDR="2001:db8:0:2::1").status_code == 302


@pytest.mark.usefixtures("one_window")
def test_wrong_codes_count_for_the_network_too(client: Client) -> None:
    TOTPDevice.objects.create(user=make.person(), name="authenticator")
    client.post("/desk/login/", RIGHT)
    for _ in range(10):
        client.post("/desk/login/code/", {"code": "000000"})
    assert Client().post("/desk/login/", RIGHT).status_code == 429


def test_no_record_is_kept_of_who_logged_in_from_where(client: Client) -> None:
    make.person()
    client.post("/desk/login/", RIGHT)
    assert not AccessLog.objects.exists()


def test_a_forged_post_logs_no_live_link(caplog: pytest.LogCaptureFixture) -> None:
    """The address of a password link is a secret until it is used."""
    link = urlsplit(users.invitation(make.person(), "http://localhost")).path
    with redacted(caplog):
        assert Client(enforce_csrf_checks=True).post(link, {"password": "noe helt annet nå"}).status_code == 403
    assert "/desk/password/<str:key>/<str:token>/" in caplog.text
    assert link.split("/")[-2] not in caplog.text


@pytest.mark.parametrize("path", ["/u/secret", "/p/secret", "/me/secret", "/confirm/secret", "/desk/setup/secret/"])
def test_a_fault_logs_no_reader_s_link(
    path: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: object, **more: object) -> None:
        raise RuntimeError("broken")

    for name in ("subscribers.tokens._opened", "newsletter.web.desk.pages.render"):
        monkeypatch.setattr(name, broken)
    with redacted(caplog):
        assert Client(raise_request_exception=False).get(path).status_code == 500
    assert "Internal Server Error: /" in caplog.text
    assert "secret" not in caplog.text


@contextlib.contextmanager
def redacted(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """What is logged, as the filter of the settings leaves it."""
    routes = RoutesInsteadOfPaths()
    caplog.handler.addFilter(routes)
    yield
    caplog.handler.removeFilter(routes)


def test_a_new_password_opens_what_was_locked(client: Client) -> None:
    user = make.person()
    for _ in range(6):
        client.post("/desk/login/", {**RIGHT, "password": "wrong"})
    link = urlsplit(users.invitation(user, "http://localhost")).path
    assert client.post(link, {"password": "noe helt annet nå"}).status_code == 302
    assert client.get("/desk/").status_code == 200


def test_the_second_factor_stands_before_everything(client: Client) -> None:
    device = TOTPDevice.objects.create(user=make.person(admin=True), name="authenticator")
    answer = client.post("/desk/login/", RIGHT)
    assert urlsplit(answer["Location"]).path == "/desk/login/code/"
    assert client.get("/desk/settings/")["Location"].startswith("/desk/login/code/")
    assert client.post("/desk/login/code/", {"code": "000000"}).status_code == 401
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    assert client.post("/desk/login/code/", {"code": _code(device)}).status_code == 302
    assert client.get("/desk/settings/").status_code == 200


def test_the_second_factor_is_set_up_and_removed(client: Client) -> None:
    make.person()
    client.post("/desk/login/", RIGHT)
    client.post("/desk/account/factor/", {"act": "begin"})
    assert b"<svg" in client.get("/desk/account/").content
    client.post("/desk/account/factor/", {"act": "confirm", "code": "1"})
    assert not TOTPDevice.objects.filter(confirmed=True).exists()
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    client.post("/desk/account/factor/", {"act": "confirm", "code": _code(TOTPDevice.objects.get())})
    assert TOTPDevice.objects.get().confirmed
    client.post("/desk/account/factor/", {"act": "remove", "old": "wrong"})
    assert TOTPDevice.objects.exists()
    client.post("/desk/account/factor/", {"act": "remove", "old": RIGHT["password"]})
    assert not TOTPDevice.objects.exists()


def test_the_set_up_link_works_once(client: Client) -> None:
    link = users.setup_link("http://localhost:8000")
    assert link is not None
    path = urlsplit(link).path
    given = {"email": "Forste@Example.org", "password": "en lang nok setning"}
    assert client.post(path, {**given, "password": "kort"}).status_code == 422
    assert client.post(path, given).status_code == 302
    assert User.objects.get().is_superuser
    assert User.objects.get().username == "forste@example.org"
    assert client.get("/desk/settings/").status_code == 200
    assert Client().get(path).status_code == 410
    assert users.setup_link("http://localhost:8000") is None


def test_a_forged_or_old_set_up_link_does_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/desk/setup/forged/").status_code == 410
    link = users.setup_link("")
    monkeypatch.setattr(users, "SETUP_SECONDS", -1)
    assert client.get(link).status_code == 410


@pytest.fixture
def mailed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The password mails that were sent; what is done in the background is done at once."""
    mails: list[str] = []

    def post(_configuration: Config, _newsletter: str, message: Outgoing) -> Outcome:
        mails.append(b"".join(MessageBuilder(message.email).build(message.recipient).pieces).decode())
        return Outcome(message.recipient.number, 1, OutcomeKind.ACCEPTED, 0.0)

    monkeypatch.setattr(emails, "post", post)
    monkeypatch.setattr(emails, "enqueue", lambda task, key, **a: task.run(config.current(), **a))
    return mails


def test_the_answer_to_a_forgotten_password_is_the_same(client: Client, mailed: list[str]) -> None:
    make.person()
    known = client.post("/desk/password/", {"email": RIGHT["email"]}).content.decode()
    unknown = client.post("/desk/password/", {"email": "nobody@example.org"}).content.decode()
    strip = re.compile(r'value="[^"]*"')
    assert strip.sub("", known) == strip.sub("", unknown)
    assert len(mailed) == 1
    joined = mailed[0].replace("=\r\n", "")
    assert "/desk/password/" in joined


def test_a_forgotten_password_costs_the_same_work_for_everyone(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks could tell by the time otherwise: what depends on the address is done in the background."""
    make.person()
    later: list[object] = []
    monkeypatch.setattr(emails, "enqueue", lambda task, key, **a: later.append(a["address"]))
    work = []
    for email in ("first@example.org", RIGHT["email"], "nobody@example.org"):
        with CaptureQueriesContext(connection) as done:
            client.post("/desk/password/", {"email": email})
        work.append([re.sub(r"'[^']*'|\d+", "?", query["sql"]) for query in done])
    assert work[1] == work[2]
    assert later == ["first@example.org", RIGHT["email"], "nobody@example.org"]
    assert not Act.objects.exists()


def test_nobody_is_flooded_with_password_mails(client: Client, mailed: list[str]) -> None:
    make.person()
    for number in range(10):
        client.post("/desk/password/", {"email": RIGHT["email"]}, REMOTE_ADDR=f"192.0.2.{number * 9}")
    assert len(mailed) == 3


def test_password_mails_are_limited_by_network(client: Client, mailed: list[str]) -> None:
    statuses = [
        client.post("/desk/password/", {"email": f"a{n}@example.org"}, REMOTE_ADDR=f"2001:db8::{n}").status_code
        for n in range(11)
    ]
    assert statuses == [200] * 10 + [429]
    assert client.post("/desk/password/", {"email": "a@example.org"}, REMOTE_ADDR="2001:db9::1").status_code == 200


def test_a_password_link_works_once(client: Client) -> None:
    path = urlsplit(users.invitation(make.person(), "http://localhost")).path
    assert client.post(path, {"password": "noe helt annet nå"}).status_code == 302
    assert Client().post(path, {"password": "og noe tredje her"}).status_code == 410


def test_a_new_password_ends_the_other_sessions(client: Client) -> None:
    make.person()
    client.post("/desk/login/", RIGHT)
    other = Client()
    other.post("/desk/login/", RIGHT)
    client.post("/desk/account/password/", {"old": RIGHT["password"], "password": "noe helt annet nå"})
    assert client.get("/desk/").status_code == 200
    assert other.get("/desk/").status_code == 302


def test_a_session_elsewhere_can_be_ended(client: Client) -> None:
    make.person()
    client.post("/desk/login/", RIGHT)
    other = Client(headers={"User-Agent": "Mozilla/5.0 (iPhone) Safari/605"})
    other.post("/desk/login/", RIGHT)
    page = client.get("/desk/account/").content.decode()
    assert "Safari · iPhone" in page
    assert str(other.session.session_key) not in page
    mark = re.search(r'name="mark" value="([^"]+)"', page)
    assert mark is not None
    client.post("/desk/account/session/", {"mark": mark[1]})
    assert other.get("/desk/").status_code == 302


def test_nobody_ends_the_sessions_of_others(client: Client) -> None:
    make.person()
    make.person("anna@example.org")
    client.post("/desk/login/", RIGHT)
    other = Client()
    other.post("/desk/login/", {**RIGHT, "email": "anna@example.org"})
    client.post("/desk/account/session/", {"mark": account._session_mark(str(other.session.session_key))})
    assert other.get("/desk/").status_code == 200


def test_the_last_admin_stays(admin: Client) -> None:
    only = User.objects.get()
    admin.post(f"/desk/users/{only.pk}/", {"act": "remove", "typed": only.username})
    admin.post(f"/desk/users/{only.pk}/", {"act": "editor"})
    assert User.objects.get().is_superuser


def test_an_admin_lets_somebody_in(admin: Client) -> None:
    page = admin.post("/desk/users/", {"email": "ny@example.org", "role": "editor"}).content.decode()
    path = re.search(r"http://localhost:8000(/desk/password/[^<\s]+)", page)
    assert path is not None
    fresh = Client()
    assert fresh.post(path[1], {"password": "en lang nok setning"}).status_code == 302
    assert fresh.get("/desk/").status_code == 200
    assert list(Act.objects.filter(what__code="act.user-added").values_list("about", flat=True)) == ["ny@example.org"]


def test_the_desk_speaks_norwegian_or_english_only() -> None:
    assert 'lang="nb"' in Client().get("/desk/login/", headers={"Accept-Language": "nn"}).content.decode()
    assert 'lang="en"' in Client().get("/desk/login/", headers={"Accept-Language": "de"}).content.decode()
