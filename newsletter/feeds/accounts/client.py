"""Reads pages of a tool's API, and keeps each as a file, so that what was read is not read again after a kill."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import urlencode, urlsplit

from newsletter import config
from newsletter.domain.hosts import is_loopback
from newsletter.feeds.fetcher import Fetcher
from newsletter.feeds.model import SourceProblem
from newsletter.messages import Message, Problem, sources, tool_accounts as messages

TRIES = 4
MOST_SECONDS = 60.0
"""The longest pause before a request is repeated."""

Pause = Callable[[float], None]
Json = dict[str, Any]
Step = Callable[[int, int], None]
"""What is called for each person: the number of people so far, and of all."""


class AccountSubscriber(NamedTuple):
    """A person, with the time at which they joined and left, as the tool writes it ("" if it does not say)."""

    address: str
    name: str
    status: str
    joined: str = ""
    left: str = ""
    tags: tuple[str, ...] = ()


class AccountProblem(Problem):
    """The account can't be read; the message says why."""


def clean_address(address: str) -> str:
    """Return the address of an installation without what follows its path. Raises AccountProblem."""
    parts = urlsplit(address.strip())
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    if not secure or not parts.hostname:
        raise AccountProblem(messages.BAD_ADDRESS())
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")


@dataclass(frozen=True, slots=True)
class Client:
    """Sends requests to one installation. `authorization` returns the header for a request made now."""

    tool: str
    address: str
    authorization: Callable[[], str]
    collect: config.Collect
    pause: Pause = time.sleep

    def get(self, path: str, parameters: Mapping[str, object]) -> Json:
        """Return the answer of a path. Raises AccountProblem; a busy server is asked again after a pause."""
        url = f"{self.address}{path}?{urlencode(parameters)}"
        for tried in range(1, TRIES + 1):
            try:
                with Fetcher(self.collect, accept="application/json") as fetcher:
                    body = fetcher.get(url, authorization=self.authorization()).body
                return self._read(body)
            except SourceProblem as problem:
                if problem.status in (401, 403):
                    refused = messages.KEY_REFUSED(tool=self.tool, status=str(problem.status))
                    raise AccountProblem(refused) from problem
                cause = problem.message.param("message")
                if isinstance(cause, Message) and sources.PRIVATE_ADDRESS.matches(cause):
                    raise AccountProblem(cause) from problem
                if problem.status == 404:
                    raise AccountProblem(messages.NOT_FOUND(tool=self.tool)) from problem
                if tried == TRIES or (problem.status and problem.status != 429 and problem.status < 500):
                    raise AccountProblem(messages.BUSY(cause=problem.message)) from problem
                wait = problem.retry_after.total_seconds() if problem.retry_after else 2.0**tried
                self.pause(min(wait, MOST_SECONDS))
        raise AssertionError("the last try returns or raises")

    def _read(self, body: bytes) -> Json:
        try:
            document = json.loads(body)
        except (ValueError, RecursionError) as e:
            raise AccountProblem(messages.NOT_AN_ANSWER(tool=self.tool)) from e
        if not isinstance(document, dict):
            raise AccountProblem(messages.NOT_AN_ANSWER(tool=self.tool))
        return document


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of a listing as files `NAME-1.json`, `NAME-2.json`, … in a private folder."""

    folder: Path

    def read(self, name: str, fetch: Callable[[int], Json], is_last: Callable[[Json, int], bool]) -> Iterator[Json]:
        """Yield each page: that of an earlier attempt, else what `fetch` returns for its number.

        `is_last` says whether a page is the last one.
        """
        number = 1
        while True:
            path = self.folder / f"{name}-{number}.json"
            if path.exists():
                page: Json = json.loads(path.read_text(encoding="utf-8"))
            else:
                page = fetch(number)
                write_private(path, json.dumps(page))
            yield page
            if is_last(page, number):
                return
            number += 1

    def rows(
        self,
        name: str,
        fetch: Callable[[int], Json],
        is_last: Callable[[Json, int], bool],
        content: Callable[[Json], tuple[list[Json], int]],
        step: Step,
    ) -> Iterator[Json]:
        """Yield the rows of a listing, each `id` once; `content` returns the rows of a page, and the number of all.

        Raises AccountProblem, and removes the pages, if there are fewer: rows changed places between two requests.
        """
        ids = set()
        total = 0
        for page in self.read(name, fetch, is_last):
            rows, total = content(page)
            for row in rows:
                if row["id"] not in ids:
                    ids.add(row["id"])
                    step(len(ids), max(total, len(ids)))
                    yield row
        if len(ids) < total:
            for path in self.folder.glob(f"{name}-*.json"):
                path.unlink()
            raise AccountProblem(messages.CHANGED())


def named(tool: str, lists: list[Json], name: str, keys: tuple[str, ...], names: str) -> Json:
    """Return the newsletter or list of a tool that has this name, in any case, under one of the keys.

    Raises AccountProblem, which says the `names` of all, if there is none.
    """
    for entry in lists:
        if name.lower() in (str(entry.get(key, "")).lower() for key in keys):
            return entry
    raise AccountProblem(messages.NO_LIST(tool=tool, list=name, names=names))


@contextmanager
def private(path: Path) -> Iterator[BinaryIO]:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_name(f".{path.name}.part")
    with os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


def write_private(path: Path, text: str) -> None:
    """Write text to a file that only its owner can read, whole or not at all."""
    with private(path) as file:
        file.write(text.encode())
