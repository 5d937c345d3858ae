"""Listings of listings as files, so that what was read is not read again after a kill.

Promises: only pages that were checked are kept; a listing that repeats itself, or has more pages or more data than are
read, ends with AccountProblem and leaves no file.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from newsletter.feeds.accounts.answers import AccountProblem, ListingPage
from newsletter.messages import tool_accounts as messages
from newsletter.messages.general import size_of

MOST_PAGES = 20_000
"""Of a listing: two million members of Ghost, ten million subscribers of listmonk."""

MOST_BYTES = 200_000_000
"""Octets of a listing's pages, the same as of a document of issues that can be imported."""

Step = Callable[[int, int], None]
"""What is called for each person: the number of people so far, and of all."""


def no_step(_done: int, _total: int) -> None:
    """Report nothing, as of issues, which are not counted as they are read."""


@dataclass(frozen=True, slots=True)
class Listings:
    """The pages of listings as files `NAME-1.jsonl`, `NAME-2.jsonl`, … in a private folder: a line with what the page
    says of itself, and one for each row.
    """

    folder: Path
    tool: str

    def rows(
        self, name: str, fetch: Callable[[int], ListingPage], *, whole: bool, step: Step = no_step
    ) -> Iterator[str]:
        """Yield the rows of a listing, each id once: those of an earlier attempt, and then what `fetch` returns for the
        number of a page.

        Raises AccountProblem, and removes the pages, if the listing does not end, or if it must be `whole` and there
        are fewer rows than it says: rows changed places between two requests.
        """
        try:
            yield from self._rows(name, fetch, whole=whole, step=step)
        except AccountProblem as problem:
            if any(kind.matches(problem.message) for kind in (messages.CHANGED, messages.ENDLESS, messages.TOO_MUCH)):
                for path in self.folder.glob(f"{name}-*.jsonl"):
                    path.unlink()
            raise

    def _rows(self, name: str, fetch: Callable[[int], ListingPage], *, whole: bool, step: Step) -> Iterator[str]:
        ids: set[bytes] = set()
        size = 0
        for number in range(1, MOST_PAGES + 1):
            path = self.folder / f"{name}-{number}.jsonl"
            page = _kept(path) or _keep(path, fetch(number))
            before, size = len(ids), size + path.stat().st_size
            if size > MOST_BYTES:
                break
            for key, row in zip(page.ids, page.rows, strict=True):
                digest = hashlib.blake2b(key.encode(), digest_size=8).digest()
                if digest not in ids:
                    ids.add(digest)
                    step(len(ids), max(page.total, len(ids)))
                    yield row
            if page.is_last:
                if whole and len(ids) < page.total:
                    raise AccountProblem(messages.CHANGED())
                return
            if len(ids) == before:
                raise AccountProblem(messages.ENDLESS(tool=self.tool, page=str(number)))
        raise AccountProblem(messages.TOO_MUCH(tool=self.tool, pages=str(MOST_PAGES), most=size_of(MOST_BYTES)))


def _kept(path: Path) -> ListingPage | None:
    """Return a page that was kept; None if there is none, or one that the disk has damaged."""
    try:
        head, *rows = path.read_bytes().decode().split("\n")
        is_last, total, ids = json.loads(head)
        return ListingPage(is_last, total, tuple(ids), tuple(rows)) if len(ids) == len(rows) else None
    except (FileNotFoundError, ValueError):
        return None


def _keep(path: Path, page: ListingPage) -> ListingPage:
    """Write a page to a file, and return it."""
    with private(path) as file:
        file.write(json.dumps([page.is_last, page.total, page.ids]).encode())
        for row in page.rows:
            file.write(b"\n" + row.encode())
    return page


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
