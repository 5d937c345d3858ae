"""The job that reads an account at Ghost or listmonk, by its address and key, into files that the imports take.

Promises: the key is never in the database or the log. While the job goes on it is a file of mode 0600, so that the next
start of the program can continue; it is removed when the job ends. What an interrupted job has read is kept for a day,
and read no second time.
"""

import hashlib
import shutil
from datetime import UTC, datetime, timedelta
from typing import TypedDict

from newsletter.background import Task, enqueue
from newsletter.config import Config
from newsletter.feeds.accounts.client import write_private
from newsletter.feeds.accounts.fetch import ISSUES, PEOPLE, Account, fetch
from newsletter.messages import Problem
from newsletter.models import Job
from newsletter.web.desk.jobs import work
from newsletter.web.desk.jobs.work import JobProgress, Json
from newsletter.web.desk.subscribers import uploads

KEY, FILES = "key", "files"
STEP = 100
"""People between two reports of the progress."""
KEPT = timedelta(days=1)


class AccountOrder(TypedDict):
    """What is to be read: the tool, the address of its admin pages, the list that moves, and the folder for it all."""

    tool: str
    address: str
    list: str
    file: str


def order_of(tool: str, address: str, list_: str, newsletter: str) -> AccountOrder:
    """Return the order of an account; the same account has the same folder."""
    digest = hashlib.sha256("\n".join((tool, address, list_, newsletter)).encode()).hexdigest()[:32]
    return {"tool": tool, "address": address, "list": list_, "file": f"{uploads.HELD}/account-{digest}"}


def store_key(configuration: Config, order: AccountOrder, key: str) -> None:
    """Store the key until the job ends."""
    folder = uploads.path(order["file"], configuration)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.parent.chmod(0o700)
    write_private(folder / KEY, key)


def run(configuration: Config, job: Job, progress: JobProgress) -> Json:
    """Read the account. The results are files like uploaded ones."""
    order = job.order
    folder = uploads.path(order["file"], configuration)
    key = folder / KEY
    try:
        fetched = fetch(
            Account(order["tool"], order["address"], order["list"]),
            key.read_text(encoding="utf-8"),
            folder / FILES,
            configuration.collect,
            step=lambda done, total: None if done % STEP != 1 else progress(done, total, {"people": done}),
        )
    except Problem:
        remove_key(configuration, job)
        raise
    key.unlink(missing_ok=True)
    people, issues = (uploads.take(folder / FILES / file) for file in (PEOPLE, ISSUES))
    shutil.rmtree(folder)
    return {"people": fetched.people, "issues": fetched.issues, "people_file": people, "issues_file": issues}


def remove_key(configuration: Config, job: Job) -> None:
    """Remove the key of a job that has failed or was cancelled, and a day later what it has read.

    If the same account is being read again, both belong to that job.
    """
    name = str(job.order["file"])
    if not _is_read(name, but=job.pk):
        (uploads.path(name, configuration) / KEY).unlink(missing_ok=True)
    enqueue(REMOVE, name, datetime.now(UTC) + KEPT, name=name)


def can_continue(configuration: Config, job: Job) -> bool:
    """Return whether the key is still here."""
    return (uploads.path(str(job.order["file"]), configuration) / KEY).exists()


def _remove(configuration: Config, name: str) -> None:
    """Remove what an ended job has read, unless the account is being read again."""
    if not _is_read(name):
        shutil.rmtree(uploads.path(name, configuration), ignore_errors=True)


def _is_read(name: str, but: int = 0) -> bool:
    """Return whether a job goes on, other than `but`, that reads the account with this folder."""
    jobs = Job.objects.filter(state__in=work.UNFINISHED)
    return name in {job.order.get("file") for job in jobs if job.pk != but}


REMOVE = Task("remove account", _remove)
