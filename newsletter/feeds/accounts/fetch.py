"""Fetches an account into a folder: `subscribers.zip` and `issues.json`, which the imports read.

Promises: the key is in memory only; the folder and its files can be read by nobody else; what an interrupted fetch has
read is not read again, and the two files are written when everything was read.
"""

import io
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final

from newsletter import config
from newsletter.feeds.accounts import ghost, listmonk
from newsletter.feeds.accounts.account_subscriber import AccountSubscriber, write_table
from newsletter.feeds.accounts.client import AccountProblem, Client, Pages, Pause, clean_address, private, write_private
from newsletter.messages import tool_accounts as messages

TOOLS: Final[dict[str, ModuleType]] = {"ghost": ghost, "listmonk": listmonk}
PEOPLE, ISSUES, PAGES, ORIGIN = "subscribers.zip", "issues.json", ".pages", "account.json"


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
    step: Callable[[int, int], None] = lambda done, total: None,
    **pause: Pause,
) -> Fetched:
    """Fetch an account. `step` is called with the number of people so far, and of all. Raises AccountProblem."""
    tool = TOOLS[account.tool]
    account = Account(account.tool, clean_address(account.address), account.newsletter.strip())
    key = key.strip()
    tool.authorization(key)
    client = Client(tool.TOOL, account.address, lambda: str(tool.authorization(key)), collect, **pause)
    try:
        pages = _begun(folder, account)
        totals = [0]
        people = _counted(tool.people(client, pages, account.newsletter, totals.append), totals, step)
        count = _write_people(account.tool, folder / PEOPLE, people)
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
        if any(each != origin for each in pages.iterdir()):
            raise AccountProblem(messages.OTHER_ACCOUNT(url=json.loads(text)[1]))
    elif folder.exists() and any(each.name != PAGES for each in folder.iterdir()):
        raise AccountProblem(messages.OTHER_FOLDER())
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    pages.mkdir(mode=0o700, exist_ok=True)
    write_private(origin, account.to_json())
    return Pages(pages)


def _counted(
    people: Iterator[AccountSubscriber], totals: Sequence[int], step: Callable[[int, int], None]
) -> Iterator[AccountSubscriber]:
    for count, each in enumerate(people, 1):
        step(count, max(totals[-1], count))
        yield each


def _write_people(tool: str, path: Path, people: Iterator[AccountSubscriber]) -> int:
    """Write the people into a ZIP archive, so that the columns need no choice at the desk; return their number."""
    with (
        private(path) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("subscribers.csv", "w") as member,
        io.TextIOWrapper(member, "utf-8", newline="") as text,
    ):
        return write_table(tool, people, text)
