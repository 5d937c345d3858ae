"""Accounts at servers that misbehave: whatever they answer, reading ends with a sentence, and keeps nothing of it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from newsletter.config import Collect
from newsletter.feeds.accounts import listings
from newsletter.feeds.accounts.answers import AccountProblem
from newsletter.feeds.accounts.fetch import Account, Fetched, fetch
from tests.doubles import accounts
from tests.doubles.accounts import GHOST_KEY, LISTMONK_KEY
from tests.feeds.test_accounts import ghost, listmonk, post, read

COLLECT = Collect(allow_private_addresses=True)
MEMBERS, SUBSCRIBERS = "members", "subscribers"
Answer = Callable[[str, int], bytes]
"""What a server answers: by the last part of a path, and the number of the page that was asked for."""


class Stopped(Exception):
    """Whoever waited for the reading has stopped it."""


@contextmanager
def serving(answer: Answer, asked: list[str], silent: threading.Event | None = None) -> Iterator[str]:
    """Run a server; after its head it sends nothing more while `silent` is not set."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            path, _question, query = self.path.partition("?")
            number = int(dict(pair.split("=") for pair in query.split("&")).get("page", 1))
            body = answer(path.rstrip("/").rpartition("/")[2], number)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if silent is not None:
                self.wfile.write(b" ")
                silent.wait(60)
                return
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        if silent is not None:
            silent.set()
        server.shutdown()
        server.server_close()


def member(number: int) -> dict[str, Any]:
    return {"id": f"m{number}", "email": f"m{number}@reader.example", "created_at": "2022-03-16T08:03:11.000Z"}


def members(number: int, rows: list[dict[str, Any]], pages_: int = 10**8) -> bytes:
    meta = {"pagination": {"page": number, "pages": pages_, "total": 10**8}}
    return json.dumps({"members": rows, "meta": meta}).encode()


def fetched(answer: Answer, folder: Path, asked: list[str] | None = None, **more: Any) -> Fetched:
    with serving(answer, [] if asked is None else asked) as url:
        return fetch(Account("ghost", url), GHOST_KEY, folder, COLLECT, pause=lambda _seconds: None, **more)


def of_ghost(body: Callable[[int], bytes]) -> Answer:
    """A Ghost without newsletters, whose pages of members are these."""
    return lambda name, number: body(number) if name == MEMBERS else b'{"newsletters": []}'


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


POISON = (
    b"1e999", b"-1e999", b"NaN", b"Infinity", b"-1", b"1.5", b'"many"', b"null", b"true2", b"[]", b"1" * 5_000, b"2e9",
    b"[" * 100_000, b'{"a":' * 100_000,
)  # fmt: skip


@pytest.mark.parametrize("tool", ["ghost", "listmonk"])
def test_a_page_with_impossible_numbers_is_refused_and_not_kept(tool: str, tmp_path: Path) -> None:
    poisoned = list[bytes]()

    def answer(name: str, _number: int) -> bytes:
        if name in (MEMBERS, SUBSCRIBERS):
            return poisoned[0]
        return b'{"newsletters": [], "data": {"results": [{"id": 1, "name": "Weekly"}]}}'

    key = {"ghost": GHOST_KEY, "listmonk": LISTMONK_KEY}[tool]
    with serving(answer, []) as url:
        for value in POISON:
            for field in (b'"total": %s, "pages": 1' % value, b'"total": 1, "pages": %s' % value):
                if tool == "ghost":
                    poisoned[:] = [b'{"members": [], "meta": {"pagination": {%s}}}' % field]
                else:
                    poisoned[:] = [b'{"data": {"results": [{}], %s}}' % field.replace(b"pages", b"per_page")]
                with pytest.raises(AccountProblem, match=f"is not {tool.capitalize() if tool == 'ghost' else tool}"):
                    fetch(Account(tool, url), key, tmp_path / "x", COLLECT)
                assert kept(tmp_path / "x") == [".subscribers.zip.part", "account.json"]
    account = {"ghost": ghost, "listmonk": listmonk}[tool]()
    assert read(tool, account, tmp_path / "x", {"ghost": "weekly", "listmonk": "1"}[tool]).people > 200


@pytest.mark.parametrize(
    "rows",
    [
        [{"id": 1}],
        [{"id": [], "email": "a@reader.example", "created_at": ""}],
        [{"id": "m", "email": None, "created_at": ""}],
        [{"id": "m", "email": "a@reader.example", "created_at": 1e400}],
        [{"id": "x" * 200, "email": "a@reader.example", "created_at": ""}],
        [{**member(1), "labels": "Oslo"}],
        [{**member(1), "email_suppression": []}],
        ["m"],
    ],
)
def test_a_page_with_rows_of_another_form_is_refused_and_not_kept(rows: list[Any], tmp_path: Path) -> None:
    with pytest.raises(AccountProblem, match="is not Ghost"):
        fetched(of_ghost(lambda number: members(number, rows)), tmp_path / "x")
    assert kept(tmp_path / "x") == [".subscribers.zip.part", "account.json"]


def test_a_server_that_repeats_a_member_is_read_only_until_it_does(tmp_path: Path) -> None:
    asked = list[str]()
    with pytest.raises(AccountProblem, match="does not end: page 2 has nothing that was not on a page before"):
        fetched(of_ghost(lambda number: members(number, [member(1)] * 100)), tmp_path / "x", asked)
    assert len(asked) == 3
    assert kept(tmp_path / "x") == [".subscribers.zip.part", "account.json"]


@pytest.mark.parametrize("limit", [("MOST_PAGES", 5), ("MOST_BYTES", 500)])
def test_endless_pages_are_read_up_to_a_limit_of_pages_and_bytes(
    limit: tuple[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listings, *limit)
    asked = list[str]()
    with pytest.raises(AccountProblem, match="lists more people or issues than are read from an account"):
        fetched(
            of_ghost(lambda number: members(number, [member(2 * number), member(2 * number + 1)])),
            tmp_path / "x",
            asked,
        )
    assert len(asked) <= 1 + 5
    assert kept(tmp_path / "x") == [".subscribers.zip.part", "account.json"]


def test_an_account_is_read_for_some_hours_at_most_and_then_goes_on(tmp_path: Path) -> None:
    hours = iter([0, *[1] * 4, *[7] * 9])
    answer = of_ghost(lambda number: members(number, [member(number)]))
    with pytest.raises(AccountProblem, match="has taken 6 hours, the longest time; do the same again, and it goes on"):
        fetched(answer, tmp_path / "x", clock=lambda: 3_600.0 * next(hours))
    assert "members-1.jsonl" in kept(tmp_path / "x")


def test_reading_can_be_stopped_while_a_server_is_silent_in_its_answer(tmp_path: Path) -> None:
    asked, silent = list[str](), threading.Event()

    def check() -> None:
        if asked:
            raise Stopped

    with serving(lambda _name, _number: b" " * 1_000, asked, silent) as url, pytest.raises(Stopped):
        fetch(Account("ghost", url), GHOST_KEY, tmp_path / "x", COLLECT, check=check)
    assert len(asked) == 1


def test_reading_can_be_stopped_in_the_pause_that_a_server_asks_for(tmp_path: Path) -> None:
    account, pauses = ghost(), list[float]()
    account.faults.extend([503])

    def check() -> None:
        if len(pauses) == 3:
            raise Stopped

    with accounts.running("ghost", account), pytest.raises(Stopped):
        fetch(Account("ghost", account.url), GHOST_KEY, tmp_path / "x", COLLECT, check=check, pause=pauses.append)
    assert pauses == [0.5, 0.5, 0.5]


def test_a_page_that_the_disk_has_damaged_is_asked_for_again(tmp_path: Path) -> None:
    account = ghost()
    account.faults.extend([200, 200, 404])
    with pytest.raises(AccountProblem):
        read("ghost", account, tmp_path / "x", "weekly")
    page = tmp_path / "x" / ".pages" / "members-1.jsonl"
    for damaged in (page.read_bytes()[:-100], b"", b"[1, 2]\n", page.read_bytes().rpartition(b"\n")[0]):
        page.write_bytes(damaged)
        account.faults.extend([200, 200, 404])
        with pytest.raises(AccountProblem):
            read("ghost", account, tmp_path / "x", "weekly")
    assert read("ghost", account, tmp_path / "x", "weekly").people == 254


def test_a_post_that_comes_twice_is_written_once(tmp_path: Path) -> None:
    account = ghost()
    account.rows["posts"] = [post(1), post(1), post(2)]
    assert read("ghost", account, tmp_path / "x", "weekly").issues == 2


def test_names_in_a_sentence_are_short_however_long_and_many_they_are(tmp_path: Path) -> None:
    account = ghost()
    account.rows["newsletters"] = [{"id": f"n{number}", "name": "N" * 5_000} for number in range(100)]
    with pytest.raises(AccountProblem, match="choose the one that moves here") as caught:
        read("ghost", account, tmp_path / "x")
    assert len(str(caught.value)) < 2_000
