"""Recovery codes of two-step login: ten, shown once, each good once, and nothing of them in the database."""

import re

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from newsletter.models import Act
from newsletter.web.desk.login import recovery_codes
from tests.web import make
from tests.web.test_entrance import RIGHT, _code

pytestmark = pytest.mark.django_db
CODE = re.compile(r"<code>([a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4})</code>")


@pytest.fixture
def person() -> User:
    """An editor with two-step login."""
    user = make.person()
    TOTPDevice.objects.create(user=user, name="authenticator")
    return user


def _asked(client: Client) -> Client:
    client.post("/desk/login/", RIGHT)
    return client


def _unbraked() -> None:
    StaticDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)


def _enters(code: str) -> bool:
    client = _asked(Client())
    client.post("/desk/login/code/", {"recovery": code})
    return client.get("/desk/").status_code == 200


def test_switching_it_on_shows_ten_codes_once(client: Client) -> None:
    make.person()
    _asked(client)
    client.post("/desk/account/factor/", {"act": "begin"})
    answer = client.post("/desk/account/factor/", {"act": "confirm", "code": _code(TOTPDevice.objects.get())})
    codes = CODE.findall(answer.content.decode())
    assert len(set(codes)) == 10
    page = client.get("/desk/account/").content.decode()
    assert "10 recovery codes left." in page
    assert not any(code in page for code in codes)


def test_a_code_works_once(person: User) -> None:
    code, *_others = recovery_codes.make(person, by=person.username)
    assert _enters(code)
    assert not _enters(code)
    assert recovery_codes.left(person) == 9
    assert Act.objects.filter(what__code="act.recovery-code-used", about=person.username).count() == 1


def test_a_code_is_read_however_it_is_typed(person: User) -> None:
    first, second, *_others = recovery_codes.make(person, by=person.username)
    assert _enters(first.replace("-", "").upper())
    assert _enters(f"  {second.replace('-', ' ')} ")


def test_stored_codes_can_not_be_used_to_log_in(person: User) -> None:
    codes = recovery_codes.make(person, by=person.username)
    held = set(StaticToken.objects.values_list("token", flat=True))
    assert len(held) == 10
    assert not held & {code.replace("-", "") for code in codes}
    for stored in held:
        _unbraked()
        client = _asked(Client())
        for field in ("recovery", "code"):
            client.post("/desk/login/code/", {field: stored})
        assert client.get("/desk/").status_code == 302


def test_a_wrong_code_slows_down_the_next(person: User) -> None:
    code, *_others = recovery_codes.make(person, by=person.username)
    assert not _enters("aaaa-aaaa-aaaa")
    wrong = StaticDevice.objects.get(throttling_failure_count=1)
    StaticDevice.objects.filter(pk=wrong.pk).update(throttling_failure_count=20)  # as after 19 more: it lasts for days
    assert not _enters(code)
    _unbraked()
    assert _enters(code)


def test_nobody_enters_with_another_person_s_code(person: User) -> None:
    code, *_others = recovery_codes.make(make.person("anna@example.org"), by="anna@example.org")
    recovery_codes.make(person, by=person.username)
    assert not _enters(code)


def test_new_codes_want_the_password_and_end_the_old_ones(client: Client, person: User) -> None:
    old, *_others = recovery_codes.make(person, by=person.username)
    _asked(client).post("/desk/login/code/", {"code": _code(TOTPDevice.objects.get())})
    client.post("/desk/account/factor/", {"act": "codes", "old": "wrong"})
    assert recovery_codes.use(person, old) is not None
    answer = client.post("/desk/account/factor/", {"act": "codes", "old": RIGHT["password"]})
    new = CODE.findall(answer.content.decode())
    assert len(new) == 10
    assert not _enters(_others[0])
    _unbraked()
    assert _enters(new[0])


def test_a_code_stays_good_under_a_new_secret_key(person: User, settings: LazySettings) -> None:
    code, *_others = recovery_codes.make(person, by=person.username)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key of the site, long enough to be one"
    assert recovery_codes.use(person, code) is not None


def test_an_admin_switches_a_lost_factor_off(admin: Client) -> None:
    lost = make.person("anna@example.org")
    TOTPDevice.objects.create(user=lost, name="authenticator")
    recovery_codes.make(lost, by=lost.username)
    assert "Turn off two-step login" in admin.get("/desk/users/").content.decode()
    admin.post(f"/desk/users/{lost.pk}/", {"act": "factor"})
    assert not TOTPDevice.objects.exists()
    assert not StaticDevice.objects.exists()
