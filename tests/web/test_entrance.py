"""The way in: passwords, second factor, set-up, forgotten passwords, sessions."""

import re
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from newsletter.models import Act
from newsletter.web.desk import sessions, users
from tests.web import make

RIGHT = {"email": "redaksjon@example.org", "password": "en lang nok setning"}
pytestmark = pytest.mark.django_db


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
    assert "fit together" in known.content.decode()
    assert "fit together" in unknown.content.decode()


def test_six_wrong_passwords_lock_even_the_right_one(client: Client) -> None:
    make.person()
    for _ in range(6):
        last = client.post("/desk/login/", {**RIGHT, "password": "wrong"})
    assert last.status_code == 429
    answer = client.post("/desk/login/", RIGHT)
    assert answer.status_code == 429
    assert "Too many wrong passwords" in answer.content.decode()


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
    assert client.post(path, {**given, "password": "kort"}).status_code == 200
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


def test_the_answer_to_a_forgotten_password_is_the_same(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make.person()
    mailed: list[str] = []
    monkeypatch.setattr("newsletter.web.desk.reset_mail._post", lambda c, address, raw: mailed.append(raw.decode()))
    monkeypatch.setattr("newsletter.web.desk.reset_mail._mailing.submit", lambda act, *a: act(*a), raising=False)
    known = client.post("/desk/password/", {"email": RIGHT["email"]}).content.decode()
    unknown = client.post("/desk/password/", {"email": "nobody@example.org"}).content.decode()
    strip = re.compile(r'value="[^"]*"')
    assert strip.sub("", known) == strip.sub("", unknown)
    assert len(mailed) == 1
    joined = mailed[0].replace("=\r\n", "")
    assert "/desk/password/" in joined


def test_nobody_is_flooded_with_password_mails(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make.person()
    mailed: list[str] = []
    monkeypatch.setattr("newsletter.web.desk.reset_mail._mailing.submit", lambda act, *a: mailed.append(a[1]))
    for _ in range(10):
        client.post("/desk/password/", {"email": RIGHT["email"]})
    assert len(mailed) == 3


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
    client.post("/desk/account/session/", {"mark": sessions._mark(str(other.session.session_key))})
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
    assert list(Act.objects.filter(what="user added").values_list("about", flat=True)) == ["ny@example.org"]


def test_the_desk_speaks_norwegian_or_english_only() -> None:
    assert 'lang="nb"' in Client().get("/desk/login/", headers={"Accept-Language": "nn"}).content.decode()
    assert 'lang="en"' in Client().get("/desk/login/", headers={"Accept-Language": "de"}).content.decode()
