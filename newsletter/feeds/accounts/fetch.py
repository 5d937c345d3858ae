"""Fetches an account into a folder: `subscribers.zip` and `issues.json`, which the imports read.

Promises: the key is in memory only; the folder and its files can be read by nobody else; what an interrupted fetch has
read is not read again, and the two files are written when everything was read.
"""

import csv
import io
import json
import shutil
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final

from newsletter import config
from newsletter.feeds.accounts import ghost, listmonk
from newsletter.feeds.accounts.client import (
    AccountProblem,
    AccountSubscriber,
    Client,
    Pages,
    Pause,
    Step,
    clean_address,
    private,
    write_private,
)
from newsletter.messages import tool_accounts as messages

TOOLS: Final[dict[str, ModuleType]] = {"ghost": ghost, "listmonk": listmonk}
PEOPLE, ISSUES, PAGES, ORIGIN = "subscribers.zip", "issues.json", ".pages", "account.json"
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
    step: Step = lambda done, total: None,
    pause: Pause = time.sleep,
) -> Fetched:
    """Fetch an account. Raises AccountProblem."""
    tool = TOOLS[account.tool]
    account = Account(account.tool, clean_address(account.address), account.newsletter.strip())
    key = key.strip()
    tool.authorization(key)
    client = Client(tool.TOOL, account.address, lambda: str(tool.authorization(key)), collect, pause)
    try:
        pages = _begun(folder, account)
        count = _write_people(account.tool, folder / PEOPLE, tool.people(client, pages, account.newsletter, step))
        issues, sent = tool.issues(client, pages)
        write_private(folder / ISSUES, json.dumps(issues))
        shutil.rmtree(folder / PAGES)
    except OSError as e:
        raise AccountProblem(messages.NOT_WRITTEN(cause=e.strerror or str(e))) from e
    except (KeyError, TypeError, AttributeError, ValueError) as e:
        raise AccountProblem(messages.NOT_AN_ANSWER(tool=tool.TOOL)) from e
    return Fetched(count, sent)


def _begun(folder: Path, account: Account) -> Pages:
    """Return the pages of an interrupted fetch, or those of a new one in an empty or new folder."""
    pages = folder / PAGES
    origin = pages / ORIGIN
    if origin.exists():
        text = origin.read_text(encoding="utf-8")
        if text == account.to_json():
            return Pages(pages)
        if any(path != origin for path in pages.iterdir()):
            raise AccountProblem(messages.OTHER_ACCOUNT(url=json.loads(text)[1]))
    elif folder.exists() and any(path.name != PAGES for path in folder.iterdir()):
        raise AccountProblem(messages.OTHER_FOLDER())
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    pages.mkdir(mode=0o700, exist_ok=True)
    write_private(origin, account.to_json())
    return Pages(pages)


def _write_people(tool: str, path: Path, people: Iterator[AccountSubscriber]) -> int:
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
        for person in people:
            tags = ", ".join(tag.replace(",", " ") for tag in person.tags)
            writer.writerow([person.address, person.name, person.status, person.joined, person.left, tags])
            count += 1
    return count
