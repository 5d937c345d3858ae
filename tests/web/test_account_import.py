"""Reading an account at Ghost or listmonk at the desk: its subscribers and old issues go on to the imports."""

import contextlib
import logging
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from newsletter import config
from newsletter.feeds.accounts import client
from newsletter.feeds.accounts.client import Check
from newsletter.models import Edition, Job
from newsletter.sandbox import Sandbox
from newsletter.web.desk import account_import, jobs
from newsletter.web.desk.subscribers import uploads
from subscribers.models import Subscription, Suppression
from tests.doubles import accounts

pytestmark = pytest.mark.django_db

PAGE, IMPORT = "/desk/subscribers/import/account/", "/desk/subscribers/import/"
WEEKLY = {"id": "n1", "name": "Weekly", "slug": "weekly"}


@pytest.fixture(autouse=True)
def in_this_process(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Read archives in this process, wait for nothing, and read from loopback."""
    monkeypatch.setattr(Sandbox, "run", lambda _sandbox, function, *arguments: function(*arguments))
    monkeypatch.setattr(client, "MOST_SECONDS", 0.0)
    given = config.current()
    config.use(replace(given, collect=replace(given.collect, allow_private_addresses=True)))
    yield
    shutil.rmtree(given.path(uploads.HELD), ignore_errors=True)


@pytest.fixture
def ghost() -> Iterator[accounts.Account]:
    """Run Ghost with two members, one of whom complained, and a post."""
    spam = {"suppressed": True, "info": {"reason": "spam", "timestamp": "2024-01-01T00:00:00Z"}}
    members: list[dict[str, Any]] = [
        {"id": n, "email": f"{n}@reader.example", "created_at": "2022-03-16T08:03:11.000Z", "newsletters": [WEEKLY]}
        for n in ("kari", "ola")
    ]
    members[1]["email_suppression"] = spam
    post = {"id": "p", "uuid": "u", "title": "On bread", "slug": "bread", "status": "published", "visibility": "public"}
    post |= {"published_at": "2023-01-02T08:00:00.000Z", "html": "<p>How to bake.</p>"}
    rows: dict[str, list[Any]] = {"members": members, "posts": [post], "newsletters": [WEEKLY]}
    with accounts.running("ghost", accounts.Account(rows=rows)) as account:
        yield account


def read(admin: Client, account: accounts.Account, **fields: str) -> str:
    """Return the page after an account was read."""
    entered = {
        "tool": "ghost",
        "address": account.url,
        "key": accounts.GHOST_KEY,
        "list": "",
        "newsletter": "kinaforum",
    }
    return admin.post(PAGE, {**entered, **fields}, follow=True).text


def hidden(page: str, name: str) -> str:
    """Return the value of a hidden field."""
    match = re.search(f'name="{name}" value="([^"]*)"', page)
    assert match, name
    return match[1]


def held_keys() -> list[Path]:
    """The keys that are held; other tests may have left files of other jobs."""
    return list(config.current().path(uploads.HELD).rglob("key"))


def test_subscribers_and_issues_are_read_and_imported(
    admin: Client, ghost: accounts.Account, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert "Ghost was read" in read(admin, ghost)
    job = Job.objects.get()
    secret = accounts.GHOST_SECRET
    assert secret not in caplog.text + str(job.order) + str(job.result)
    assert not held_keys()
    form = admin.get(f"{IMPORT}?read={job.pk}").text
    fields = {"newsletter": "kinaforum", "status": "active", "consent": "membership at Ghost"}
    preview = admin.post(IMPORT, {**fields, "upload": hidden(form, "upload")}, follow=True).text
    step = {name: hidden(preview, name) for name in ("token", "shown")}
    admin.post(IMPORT, {**step, "act": "import"}, follow=True)
    assert [subscription.subscriber.key for subscription in Subscription.objects.all()] == ["kari@reader.example"]
    assert Suppression.objects.get().reason == Suppression.Reason.COMPLAINED
    admin.post(f"{PAGE}{job.pk}/issues/", follow=True)
    assert Edition.objects.get().name == "kinaforum/issue-2023-01-02"
    assert admin.get(f"/desk/jobs/{job.pk}/").text.count("To import them again, read the account again.") == 2


def test_what_is_wrong_is_said_and_only_the_key_is_lost(admin: Client, ghost: accounts.Account) -> None:
    for fields, sentence in (
        ({"key": "none"}, "This is not an Admin API key of Ghost"),
        ({"address": "http://blog.example"}, "The address must begin with https://"),
        ({"key": accounts.GHOST_KEY[:-2] + "00"}, "Ghost refuses the key (401)"),
        ({"list": "monthly"}, "Ghost has no newsletter or list monthly; it has: weekly"),
    ):
        page = read(admin, ghost, **{"list": "weekly", **fields})
        assert sentence in page
        assert f'value="{fields.get("list", "weekly")}"' in page
        assert accounts.GHOST_SECRET not in page
        assert not held_keys()


def test_an_interrupted_reading_goes_on(admin: Client, ghost: accounts.Account) -> None:
    ghost.faults.extend([200, 200, 503, 503, 503, 503])
    assert "it goes on where it has stopped" in read(admin, ghost)
    ghost.asked.clear()
    assert "Ghost was read" in read(admin, ghost)
    assert not any("/members/" in path for path in ghost.asked)


def test_after_a_restart_the_key_is_there_while_the_job_is_unfinished(
    admin: Client, ghost: accounts.Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "enqueue", lambda *_args, **_more: True)  # the program ends before the job begins
        read(admin, ghost)
    assert [(file.name, file.stat().st_mode & 0o777) for file in held_keys()] == [("key", 0o600)]
    uploads.remove_ended(config.current())
    jobs.resume(config.current(), lambda: None)
    assert Job.objects.get().state == "done"
    account_import.store_key(
        config.current(), account_import.order_of("ghost", "x", "", "kinaforum"), "of a killed job"
    )
    uploads.remove_ended(config.current())
    assert not held_keys()


def test_reading_shows_how_far_it_is_and_can_be_cancelled(
    admin: Client, ghost: accounts.Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(admin, ghost)
    assert (Job.objects.get().done, Job.objects.get().total) == (2, 2)
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "enqueue", lambda *_args, **_more: True)
        read(admin, ghost)
    job = Job.objects.latest("pk")
    progress = jobs.JobProgress(job)
    progress(1, 2, {"people": 1})
    page = admin.get(f"/desk/jobs/{job.pk}/").text
    assert "<dd>1 of 2</dd>" in page
    assert f'<a href="{PAGE}">Import from an account</a>' in page
    cancelled = admin.post(f"/desk/jobs/{job.pk}/cancel/", follow=True).text
    assert "<p>Cancelled.</p>" in cancelled
    assert not held_keys()
    with pytest.raises(jobs.Cancelled):
        progress(2, 2)
    account_import.store_key(
        config.current(), account_import.order_of("ghost", ghost.url, "", "kinaforum"), "of the next job"
    )
    Job.objects.create(kind="account", about="kinaforum", by="k", place="x", order=job.order)
    account_import.remove_key(config.current(), job)
    assert held_keys(), "the account is being read again"


def test_a_private_address_is_refused_at_once(admin: Client, ghost: accounts.Account) -> None:
    given = config.current()
    config.use(replace(given, collect=replace(given.collect, allow_private_addresses=False)))
    assert "collect.allow_private_addresses" in read(admin, ghost)
    assert not ghost.asked


@pytest.mark.parametrize("error", [OverflowError("1e999"), MemoryError(), OSError(28, "No space left on device")])
def test_the_key_is_removed_whatever_ends_the_job(
    error: BaseException, admin: Client, ghost: accounts.Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_more: object) -> None:
        assert held_keys()
        raise error

    monkeypatch.setattr(account_import, "fetch", fail)
    with contextlib.suppress(type(error)):
        read(admin, ghost)
    assert Job.objects.get().state == "failed"
    assert not held_keys()


def test_a_cancelled_job_leaves_nothing_of_what_it_has_read(
    admin: Client, ghost: accounts.Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancelled(_account: object, _key: str, folder: Path, *_args: object, check: Check, **_more: object) -> None:
        folder.mkdir()
        (folder / "members-1.jsonl").write_text("x")
        jobs.cancel(config.current(), Job.objects.get())
        check()

    monkeypatch.setattr(account_import, "fetch", cancelled)
    assert "<p>Cancelled.</p>" in read(admin, ghost)
    assert not uploads.path(Job.objects.get().order["file"], config.current()).exists()
