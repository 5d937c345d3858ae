"""Every route of the desk against every role: the table is the whole truth."""

import re

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from newsletter.models import Act
from newsletter.web.desk import urls, users
from newsletter.web.desk.access import TABLE, Role
from tests.web import make

EDITION = ("kinaforum", make.PERIOD)
ARGUMENTS: dict[str, tuple[object, ...]] = {
    "setup": ("token",),
    "password": ("key", "token"),
    "newsletter": ("kinaforum",),
    "draft": ("kinaforum",),
    "source-fetch": ("kinaforum",),
    "original": (*EDITION, 1),
    "subscriber": (1,),
    "subscriber-act": (1,),
    "user-act": (1,),
}
OUTSIDE_EDITIONS = (set(ARGUMENTS) - {"original"}) | {
    *("login", "code", "logout", "forgotten", "language", "home", "account", "account-password", "account-factor"),
    *("account-session", "sources", "source-try", "users", "log", "subscribers", "subscribers-add"),
    *("subscribers-import", "subscribers-export", "settings", "settings-dns", "settings-provider"),
}


def _address(name: str) -> str:
    return reverse(f"desk:{name}", args=ARGUMENTS.get(name, () if name in OUTSIDE_EDITIONS else EDITION))


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    assert {pattern.name for pattern in urls.urlpatterns} == set(TABLE)


@pytest.mark.django_db
@pytest.mark.parametrize("name", [name for name, role in TABLE.items() if role > Role.ANYONE])
def test_nobody_gets_in_without_logging_in(client: Client, name: str) -> None:
    for answer in (client.get(_address(name)), client.post(_address(name))):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/desk/login/")


@pytest.mark.parametrize("name", [name for name, role in TABLE.items() if role is Role.ADMIN])
def test_an_editor_is_refused_what_is_for_admins(editor: Client, name: str) -> None:
    assert editor.get(_address(name)).status_code == 403
    assert editor.post(_address(name)).status_code == 403


@pytest.mark.parametrize("name", [name for name, role in TABLE.items() if role in (Role.EDITOR, Role.SENDER)])
def test_an_editor_is_let_in_elsewhere(editor: Client, name: str) -> None:
    answer = editor.get(_address(name))
    assert answer.status_code in (200, 404, 405), "a draft that is not there is 404, an act is 405 for GET"


@pytest.fixture
def drafts_only(editor: Client) -> Client:
    """The desk as an editor sees it whom an admin lets change drafts, but not send."""
    users.let_send(users.named("anna@example.org"), by="admin", sends=False)
    return editor


@pytest.mark.parametrize("name", [name for name, role in TABLE.items() if role is Role.SENDER])
def test_who_may_not_send_is_refused_whatever_sends(drafts_only: Client, name: str) -> None:
    assert drafts_only.get(_address(name)).status_code == 403
    assert drafts_only.post(_address(name)).status_code == 403


@pytest.mark.parametrize("name", [name for name, role in TABLE.items() if role is Role.EDITOR])
def test_who_may_not_send_has_the_rest_of_an_editor_s_desk(drafts_only: Client, name: str) -> None:
    assert drafts_only.get(_address(name)).status_code in (200, 404, 405)


def test_who_may_not_send_is_offered_no_button_for_it(drafts_only: Client) -> None:
    make.draft("First")
    for part in ("side/", "preview/"):
        assert "/approve/" not in drafts_only.get(f"/desk/editions/kinaforum/{make.PERIOD}/{part}").content.decode()


def test_removing_somebody_wants_their_address_typed(admin: Client) -> None:
    other = make.person("anna@example.org")
    admin.post(f"/desk/users/{other.pk}/", {"act": "remove"})
    assert users.named("anna@example.org") == other
    admin.post(f"/desk/users/{other.pk}/", {"act": "remove", "typed": " Anna@example.org"})
    assert [user.username for user in users.everybody()] == ["redaksjon@example.org"]


def test_an_admin_decides_who_sends(admin: Client) -> None:
    admin.post("/desk/users/", {"email": "ny@example.org", "role": "editor drafts"})
    new = users.named("ny@example.org")
    assert not users.may_send(new)
    admin.post(f"/desk/users/{new.pk}/", {"act": "sends"})
    assert users.may_send(new)
    admin.post(f"/desk/users/{new.pk}/", {"act": "drafts"})
    assert not users.may_send(new)
    admin.post(f"/desk/users/{new.pk}/", {"act": "admin"})
    assert users.may_send(users.named("ny@example.org")), "an admin may send in any case"
    assert Act.objects.filter(what="sending changed", about="ny@example.org").count() == 2


@pytest.mark.parametrize("name", [name for name, role in TABLE.items() if role is Role.ADMIN])
def test_an_admin_is_let_in_everywhere(admin: Client, name: str) -> None:
    if name != "settings-dns":
        assert admin.get(_address(name)).status_code in (200, 404, 405)


def test_every_page_of_the_desk_has_its_policy(editor: Client) -> None:
    policy = editor.get("/desk/")["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe-inline" not in policy
    assert "frame-ancestors 'none'" in policy


def test_acts_need_the_token_against_forgery() -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/desk/login/", {"email": "a@example.org", "password": "x"}).status_code == 403


def test_a_part_of_a_page_makes_the_whole_page_log_in(client: Client, db: None) -> None:
    answer = client.get(_address("side"), headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer["HX-Redirect"] == "/desk/login/"


def test_the_way_back_leads_nowhere_else(client: Client, db: None) -> None:
    make.person()
    given = {"email": "redaksjon@example.org", "password": "en lang nok setning"}
    for evil in ("https://evil.example/", "//evil.example/desk/", "/desk/../n/", "javascript:alert(1)"):
        answer = Client().post("/desk/login/", {**given, "next": evil})
        assert answer.status_code == 302
        assert re.match(r"^/desk/", answer["Location"])
        assert "evil" not in answer["Location"]


def test_the_desk_is_found_under_its_own_names_only() -> None:
    assert get_resolver().resolve("/desk/").view_name == "desk:home"
