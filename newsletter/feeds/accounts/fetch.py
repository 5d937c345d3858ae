"""Fetches an account into a folder: `subscribers.zip` and `issues.json`, which the imports read.

Promises: the key is in memory only; the folder and its files can be read by nobody else; what an interrupted fetch has
read is not read again, and the two files are written when everything was read.
"""

import csv
import errno
import io
import json
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final

from newsletter import config
from newsletter.feeds.accounts import ghost, listmonk
from newsletter.feeds.accounts.answers import AccountProblem
from newsletter.feeds.accounts.client import Check, Client, Pause, clean_address
from newsletter.feeds.accounts.listings import Listings, Step, no_step, private, write_private
from newsletter.messages import tool_accounts as messages
from newsletter.sandbox import Sandbox

TOOLS: Final[dict[str, ModuleType]] = {"ghost": ghost, "listmonk": listmonk}
PEOPLE, ISSUES, PAGES, ORIGIN = "subscribers.zip", "issues.json", ".pages", "account.json"
MOST_HOURS = 6
"""How long an account is read at a time."""

COLUMNS = ("email", "name", "{tool}_status", "created_at", "unsubscribed_at", "tags")
"""The third column has one of these words: active, pending, unsubscribed, bounced, blocked, complained."""


@dataclass(frozen=True, slots=True)
class Account:
    """An installation of a tool, and its newsletter or list that moves ("" if it has one only)."""

    tool: str
    address: str
    newsletter: str = ""

    def to_json(self) -> str:
        """Return what a folder says of where its pages are from."""
        return json.dumps([self.tool, self.address, self.newsletter])


@dataclass(frozen=True, slots=True)
class Fetched:
    """How many people and issues were fetched."""

    people: int
    issues: int


def fetch(
    account: Account,
    key: str,
    folder: Path,
    collect: config.Collect,
    *,
    step: Step = no_step,
    check: Check = lambda: None,
    pause: Pause = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Fetched:
    """Fetch an account. Raises AccountProblem, and what `step` and `check` raise to stop it.

    `step` is called for each person, `check` at least every half second while a server is waited for.
    """
    tool = TOOLS[account.tool]
    account = Account(account.tool, clean_address(account.address), account.newsletter.strip())
    key = key.strip()
    tool.authorization(key)
    end = clock() + MOST_HOURS * 3600

    def check_all() -> None:
        check()
        if clock() > end:
            raise AccountProblem(messages.TOO_LONG(tool=tool.TOOL, hours=str(MOST_HOURS)))

    client = Client(tool.TOOL, account.address, lambda: str(tool.authorization(key)), collect, check_all, pause)
    try:
        listings = _begun(folder, account, tool.TOOL)
        with Sandbox(problem=AccountProblem) as sandbox:
            people = tool.people(client, listings, sandbox, account.newsletter, step)
            count = _write_people(account.tool, folder / PEOPLE, people)
            issues = tool.issues(client, listings, sandbox)
            sent = _write_issues(folder / ISSUES, tool.ISSUES_BEGIN, issues, tool.ISSUES_END)
        shutil.rmtree(folder / PAGES)
    except OSError as e:
        if e.errno in (errno.ENOSPC, errno.EDQUOT):
            shutil.rmtree(folder / PAGES, ignore_errors=True)
        raise AccountProblem(messages.NOT_WRITTEN(cause=e.strerror or str(e))) from e
    return Fetched(count, sent)


def _begun(folder: Path, account: Account, tool: str) -> Listings:
    """Return the pages of an interrupted fetch, or those of a new one in an empty or new folder."""
    pages = folder / PAGES
    origin = pages / ORIGIN
    if origin.exists():
        text = origin.read_text(encoding="utf-8")
        if text == account.to_json():
            return Listings(pages, tool)
        if any(path != origin for path in pages.iterdir()):
            raise AccountProblem(messages.OTHER_ACCOUNT(url=json.loads(text)[1]))
    elif folder.exists() and any(path.name != PAGES for path in folder.iterdir()):
        raise AccountProblem(messages.OTHER_FOLDER())
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    pages.mkdir(mode=0o700, exist_ok=True)
    write_private(origin, account.to_json())
    return Listings(pages, tool)


def _write_people(tool: str, path: Path, people: Iterator[str]) -> int:
    """Write the people into a ZIP archive, so that the columns need no choice at the desk; return their number."""
    count = 0
    with (
        private(path) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("subscribers.csv", "w") as member,
        io.TextIOWrapper(member, "utf-8", newline="") as text,
    ):
        writer = csv.writer(text, quoting=csv.QUOTE_ALL)
        writer.writerow([column.format(tool=tool) for column in COLUMNS])
        for row in people:
            *values, tags = json.loads(row)
            writer.writerow([*values, ", ".join(tag.replace(",", " ") for tag in tags)])
            count += 1
    return count


def _write_issues(path: Path, begin: str, issues: Iterator[str], end: str) -> int:
    """Write the issues into a JSON document, a line for each as it was read; return their number."""
    count = 0
    with private(path) as file:
        file.write(begin.encode())
        for row in issues:
            file.write((",\n" if count else "\n").encode() + row.encode())
            count += 1
        file.write(f"\n{end}\n".encode())
    return count
