"""Every route of the desk against every role."""

import re

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from newsletter.models import Act
from newsletter.web.desk import urls, users
from newsletter.web.desk.permissions import Role
from tests.web import make

TABLE: dict[str, Role] = {
    str(pattern.name): getattr(pattern.callback, "needed", Role.ANYONE) for pattern in urls.urlpatterns
}
"""The role that each route is for."""
EDITION_PATH = f"/desk/editions/kinaforum/{make.PERIOD}/"
TOO_LARGE = ("9" * 18, "9" * 19, str(2**63), "9" * 5_000, "٣")
VALUES = {**make.IN_ADDRESSES, "section": "general"}
OTHER_VALUES = {"settings-site": {"section": "delivery"}}
CONVERTERS = {str(pattern.name): pattern.pattern.converters for pattern in urls.urlpatterns}


def _address(name: str) -> str:
    values = {**VALUES, **OTHER_VALUES.get(name, {})}
    return reverse(f"desk:{name}", kwargs={each: values[each] for each in CONVERTERS[name]})


def test_every_route_has_a_role_and_only_the_way_in_is_for_anyone() -> None:
    assert all(isinstance(getattr(pattern.callback, "needed", None), Role) for pattern in urls.urlpatterns)
    open_to_all = {name for name, role in TABLE.items() if role is Role.ANYONE}
    assert open_to_all == {"login", "code", "logout", "setup", "forgotten", "password", "language"}


def _answered_otherwise(
    client: Client, expected: set[int], *roles: Role, methods: tuple[str, ...] = ("GET",)
) -> list[tuple[str, str, int]]:
    """Return the routes for these roles whose answers have another status, each with the method and the status."""
    names = [name for name, role in TABLE.items() if role in roles]
    tried = [(name, method, client.generic(method, _address(name)).status_code) for name in names for method in methods]
    assert tried
    return [each for each in tried if each[2] not in expected]


@pytest.mark.django_db
def test_nobody_gets_in_without_logging_in(client: Client) -> None:
    names = [name for name, role in TABLE.items() if role > Role.ANYONE]
    answers = [(name, ask(_address(name))) for name in names for ask in (client.get, client.post)]
    leads = [(name, answer.status_code, answer.headers.get("Location", "")) for name, answer in answers]
    assert [each for each in leads if each[1] != 302 or not each[2].startswith("/desk/login/")] == []
    assert len(leads) > 200


def test_an_editor_is_refused_what_is_for_admins(editor: Client) -> None:
    assert _answered_otherwise(editor, {403}, Role.ADMIN, methods=("GET", "POST")) == []


def test_an_editor_is_let_in_elsewhere(editor: Client) -> None:
    """A draft that is not there is 404, an act is 405 for GET."""
    assert _answered_otherwise(editor, {200, 404, 405}, Role.EDITOR, Role.SENDER) == []


@pytest.fixture
def drafts_only(editor: Client) -> Client:
    """The desk as an editor sees it whom an admin lets change drafts, but not send."""
    users.let_send(users.named("anna@example.org"), by="admin", sends=False)
    return editor


def test_an_editor_who_may_not_send_is_refused_by_every_view_that_sends(drafts_only: Client) -> None:
    assert _answered_otherwise(drafts_only, {403}, Role.SENDER, methods=("GET", "POST")) == []


@pytest.mark.parametrize("name", ["approve", "reopen", "send", "control", "settle", "report-csv"])
def test_an_editor_of_drafts_only_neither_sends_nor_sees_addresses(name: str) -> None:
    assert TABLE[name] is Role.SENDER


def test_an_editor_who_may_not_send_can_do_everything_else(drafts_only: Client) -> None:
    assert _answered_otherwise(drafts_only, {200, 404, 405}, Role.EDITOR) == []


def test_an_editor_who_may_not_send_sees_no_send_buttons(drafts_only: Client) -> None:
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
    assert Act.objects.filter(what__code="act.sending-changed", about="ny@example.org").count() == 2


def test_an_admin_is_let_in_everywhere(admin: Client) -> None:
    assert _answered_otherwise(admin, {200, 404, 405}, Role.ADMIN) == []


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


def test_nothing_of_the_desk_is_kept_by_caches(admin: Client) -> None:
    """Whatever the answer: a page, a redirect, a refusal, a file."""
    make.draft("First")
    names = [name for name in TABLE if name not in ("settings-provider", "raw")]
    answers = [(name, client.get(_address(name))) for name in names for client in (admin, Client())]
    found = {(name, each.headers.get("Cache-Control")) for name, each in answers if each.status_code != 404}
    assert {name for name, control in found if control != "private, no-store"} == set()
    assert len(found) > 100


def test_numbers_that_no_column_can_hold(admin: Client) -> None:
    make.draft("First")
    requests: list[tuple[str, dict[str, str]]] = [
        *((f"{EDITION_PATH}post/", {"act": f"out {n}", "revision": "1"}) for n in TOO_LARGE),
        *((f"{EDITION_PATH}post/", {"act": "pin 1", "revision": n}) for n in TOO_LARGE),
        *((f"{EDITION_PATH}post/", {"act": "move", "post": "1", "place": n, "day": "0001-01-01"}) for n in TOO_LARGE),
        *((f"{EDITION_PATH}words/", {"subject": "x", "revision": n}) for n in TOO_LARGE),
        *((f"{EDITION_PATH}undo/", {"to": n, "revision": "1"}) for n in TOO_LARGE),
        *((f"{EDITION_PATH}undo/", {"revision": n}) for n in TOO_LARGE),
        *((f"{EDITION_PATH}approve/", {"revision": n}) for n in TOO_LARGE),
        *((f"/desk/users/{n}/", {"act": "link"}) for n in TOO_LARGE),
        *((f"/desk/subscribers/{n}/act/", {"act": "tags"}) for n in TOO_LARGE),
    ]
    answers = [(path, fields, admin.post(path, fields).status_code) for path, fields in requests]
    assert [each for each in answers if each[-1] not in (200, 302, 404, 409, 422)] == []


@pytest.mark.parametrize("number", TOO_LARGE)
def test_numbers_that_no_column_can_hold_in_addresses(admin: Client, number: str) -> None:
    make.draft("First")
    for path in (f"/desk/subscribers/{number}/", f"{EDITION_PATH}post/{number}/"):
        assert admin.get(path).status_code == 404
    for path in ("/desk/subscribers/", "/desk/log/", "/desk/n/kinaforum/", "/n/kinaforum/"):
        assert admin.get(path, {"before": number, "page": number}).status_code == 200


@pytest.mark.parametrize("path", ["/desk/log/?about=a%00", "/desk/subscribers/?text=%00", "/desk/login/?next=%00"])
def test_nul_in_a_parameter_is_refused(admin: Client, path: str) -> None:
    """PostgreSQL can't look it up."""
    assert admin.get(path).status_code == 400
    assert admin.post(path.partition("?")[0], {"email": "a\0"}).status_code == 400
