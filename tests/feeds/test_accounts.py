"""Accounts at Ghost and listmonk, read from doubles that were made after their documents."""

import csv
import io
import json
import stat
import zipfile
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from newsletter.config import Collect
from newsletter.feeds.accounts.answers import AccountProblem
from newsletter.feeds.accounts.fetch import Account, fetch
from newsletter.feeds.archives.files import files_of
from newsletter.feeds.archives.old_issue import OldIssue
from newsletter.feeds.archives.read import issues_of
from tests.doubles import accounts
from tests.doubles.accounts import GHOST_KEY, LISTMONK_KEY

COLLECT = Collect(allow_private_addresses=True)
WEEKLY, DAILY = {"id": "n1", "name": "Weekly", "slug": "weekly"}, {"id": "n2", "name": "Daily", "slug": "daily"}


def member(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"m{number}",
        "email": f"m{number}@reader.example",
        "name": "Kari Nordmann",
        "created_at": "2022-03-16T08:03:11.000Z",
        "labels": [{"name": "Oslo"}],
        "newsletters": [WEEKLY],
        "email_suppression": {"suppressed": False, "info": None},
        **more,
    }


def post(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"p{number}",
        "uuid": f"u{number}",
        "title": f"Bread {number}",
        "slug": f"bread-{number}",
        "status": "published",
        "visibility": "public",
        "published_at": "2023-01-02T08:00:00.000Z",
        "html": "<p>How to bake.</p>",
        **more,
    }


def ghost() -> accounts.Account:
    spam = {"suppressed": True, "info": {"reason": "spam", "timestamp": "2024-01-01T00:00:00Z"}}
    failed = {"suppressed": True, "info": {"reason": "fail", "timestamp": "2024-01-01T00:00:00Z"}}
    members = [member(number) for number in range(250)]
    members += [
        member(250, newsletters=[DAILY]),
        member(251, newsletters=[]),
        member(252, email_suppression=spam),
        member(253, email_suppression=failed),
    ]
    posts = [post(number) for number in range(20)]
    posts += [post(20, status="draft"), post(21, visibility="paid"), post(22, status="sent", email_only=True)]
    return accounts.Account(rows={"members": members, "posts": posts, "newsletters": [WEEKLY, DAILY]})


def subscriber(number: int, own: str = "confirmed", status: str = "enabled", list_: int = 1) -> dict[str, Any]:
    lists = [{"id": list_, "subscription_status": own, "subscription_updated_at": "2024-05-06T07:08:09+02:00"}]
    return {
        "id": number,
        "email": f"s{number}@reader.example",
        "name": "Ola",
        "status": status,
        "created_at": "2021-02-03T04:05:06+01:00",
        "lists": lists,
    }


def listmonk() -> accounts.Account:
    rows = [subscriber(number) for number in range(1_200)]
    rows += [
        subscriber(2_000, "unconfirmed"),
        subscriber(2_001, "unsubscribed"),
        subscriber(2_002, status="blocklisted"),
        subscriber(2_003, status="disabled"),
        subscriber(2_004, list_=2),
    ]
    campaign = {"uuid": "c1", "subject": "Bread", "body": "<p>Bake.</p>", "content_type": "html", "type": "regular"}
    campaigns = [{**campaign, "status": "finished", "created_at": "2023-01-02T08:00:00Z"}]
    lists = [{"id": 1, "name": "Weekly", "optin": "double"}, {"id": 2, "name": "Daily", "optin": "single"}]
    return accounts.Account(rows={"subscribers": rows, "campaigns": campaigns, "lists": lists})


def states(folder: Path) -> dict[str, str]:
    with zipfile.ZipFile(folder / "subscribers.zip") as archive:
        text = archive.read("subscribers.csv").decode()
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return {row["email"].partition("@")[0]: row.get("ghost_status") or row["listmonk_status"] for row in rows}


def titles(folder: Path) -> list[str]:
    with files_of(folder / "issues.json") as files:
        found = list(issues_of(files, ZoneInfo("UTC"), "https://old.example"))
    return [each.title for each in found if isinstance(each, OldIssue)]


def read(tool: str, account: accounts.Account, folder: Path, list_: str = "", key: str = "") -> Any:
    key = key or {"ghost": GHOST_KEY, "listmonk": LISTMONK_KEY}[tool]
    with accounts.running(tool, account):
        return fetch(Account(tool, account.url + "/", list_), key, folder, COLLECT, pause=lambda seconds: None)


def test_members_and_posts_of_ghost(tmp_path: Path) -> None:
    fetched = read("ghost", ghost(), tmp_path / "x", "weekly")
    assert (fetched.people, fetched.issues) == (254, 22)
    of = states(tmp_path / "x")
    assert [of[f"m{number}"] for number in (0, 249, 250, 251, 252, 253)] == [
        "active", "active", "unsubscribed", "unsubscribed", "complained", "bounced",
    ]  # fmt: skip
    assert len(titles(tmp_path / "x")) == 21  # one is for paying members


def test_subscribers_of_a_list_and_campaigns_of_listmonk(tmp_path: Path) -> None:
    fetched = read("listmonk", listmonk(), tmp_path / "x", "1")
    assert (fetched.people, fetched.issues) == (1_204, 1)
    of = states(tmp_path / "x")
    assert [of.get(f"s{number}") for number in (0, 2_000, 2_001, 2_002, 2_003, 2_004)] == [
        "active", "pending", "unsubscribed", "blocked", "blocked", None,
    ]  # fmt: skip
    assert titles(tmp_path / "x") == ["Bread"]


def test_unconfirmed_people_of_a_list_with_single_opt_in_get_it(tmp_path: Path) -> None:
    account = listmonk()
    account.rows["subscribers"] = [subscriber(1, "unconfirmed", list_=2)]
    read("listmonk", account, tmp_path / "x", "Daily")
    assert states(tmp_path / "x") == {"s1": "active"}


def test_an_interrupted_fetch_goes_on_and_asks_again_for_nothing(tmp_path: Path) -> None:
    account = listmonk()
    account.faults.extend([200, 200, 503, 503, 503, 503])
    with pytest.raises(AccountProblem, match="goes on where it has stopped"):
        read("listmonk", account, tmp_path / "x", "1")
    assert not (tmp_path / "x" / "subscribers.zip").exists()
    account.asked.clear()
    assert read("listmonk", account, tmp_path / "x", "1").people == 1_204
    assert [path for path in account.asked if "page=1&per_page=500" in path] == []


def test_a_busy_server_is_asked_again(tmp_path: Path) -> None:
    account = ghost()
    account.faults.extend([429, 200, 503])
    assert read("ghost", account, tmp_path / "x", "weekly").people == 254


def test_people_who_are_missing_from_the_pages_are_noticed(tmp_path: Path) -> None:
    account = ghost()
    account.total_more = 1
    with pytest.raises(AccountProblem, match="added or deleted"):
        read("ghost", account, tmp_path / "x", "weekly")
    account.total_more = 0
    assert read("ghost", account, tmp_path / "x", "weekly").people == 254


def test_the_key_is_in_no_file_and_the_files_are_private(tmp_path: Path) -> None:
    account = ghost()
    account.faults.extend([200, 200, 404])
    with pytest.raises(AccountProblem):
        read("ghost", account, tmp_path / "x", "weekly")
    files = [path for path in (tmp_path / "x").rglob("*") if path.is_file()]
    assert files
    assert not any(accounts.GHOST_SECRET.encode() in path.read_bytes() for path in files)
    read("ghost", account, tmp_path / "x", "weekly")
    kept = [tmp_path / "x", *(tmp_path / "x").iterdir()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o700, 0o600}
    assert sorted(path.name for path in kept[1:]) == ["issues.json", "subscribers.zip"]


@pytest.mark.parametrize(
    ("tool", "list_", "key", "words"),
    [
        ("ghost", "", "", "several newsletters.*weekly, daily"),
        ("ghost", "monthly", "", "no newsletter or list monthly"),
        ("ghost", "weekly", "not a key", "not an Admin API key"),
        ("ghost", "weekly", GHOST_KEY[:-2] + "00", "refuses the key .401."),
        ("listmonk", "", "", "several.*1 .Weekly."),
        ("listmonk", "1", "token", "API user and its token"),
        ("listmonk", "1", "mover:wrong", "refuses the key .403."),
    ],
)
def test_what_is_wrong_is_named(tool: str, list_: str, key: str, words: str, tmp_path: Path) -> None:
    account = {"ghost": ghost, "listmonk": listmonk}[tool]()
    with pytest.raises(AccountProblem, match=words):
        read(tool, account, tmp_path / "x", list_, key)


def test_another_program_at_the_address_and_other_folders_are_refused(tmp_path: Path) -> None:
    account = accounts.Account(rows={"newsletters": [], "members": [{"x": 1}], "posts": []})
    with pytest.raises(AccountProblem, match="is not Ghost"):
        read("ghost", account, tmp_path / "x")
    account = ghost()
    account.faults.extend([200, 200, 404])
    with pytest.raises(AccountProblem, match="does not answer"):
        read("ghost", account, tmp_path / "x", "weekly")
    with pytest.raises(AccountProblem, match=r"an interrupted fetch of another account or list .http://127"):
        read("listmonk", listmonk(), tmp_path / "x", "1")
    (tmp_path / "y").mkdir()
    (tmp_path / "y" / "thesis.txt").write_text("x")
    with pytest.raises(AccountProblem, match="has other files"):
        read("listmonk", listmonk(), tmp_path / "y", "1")
    with pytest.raises(AccountProblem, match="begin with https"):
        fetch(Account("ghost", "http://ghost.example"), GHOST_KEY, tmp_path / "z", COLLECT)


def test_a_list_can_be_named_after_the_question_which(tmp_path: Path) -> None:
    account = ghost()
    with pytest.raises(AccountProblem, match="choose the one that moves here"):
        read("ghost", account, tmp_path / "x")
    assert read("ghost", account, tmp_path / "x", "weekly").people == 254


def test_posts_are_in_the_form_of_the_export_with_the_subjects_of_their_emails(tmp_path: Path) -> None:
    account = ghost()
    account.rows["posts"] = [post(1, title="", email_subject="Bake!")]
    read("ghost", account, tmp_path / "x", "weekly")
    data = json.loads((tmp_path / "x" / "issues.json").read_text("utf-8"))["db"][0]["data"]
    assert data["posts"][0]["html"] == "<p>How to bake.</p>"
    assert titles(tmp_path / "x") == ["Bake!"]
