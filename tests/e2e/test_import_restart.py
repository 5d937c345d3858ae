"""A large import in the browser, and a program that is killed in the middle of it."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.e2e.faults import eventually
from tests.e2e.running_site import RunningSite
from tests.site_texts import with_kinaforum

pytestmark = pytest.mark.e2e

ROWS = 30_000
IMPORT = "/desk/subscribers/import/"
CONFIG = with_kinaforum("""
[[newsletters.kinaforum.sources]]
url = "http://127.0.0.1:9/"
[delivery]
provider = "file"
""")


@pytest.fixture
def running(site: Callable[[str], Any]) -> Iterator[RunningSite]:
    found = RunningSite(site(CONFIG), with_admin=True)
    yield found
    found.end()


def finished(running: RunningSite, job: str, title: str) -> str:
    """The job's page once it is finished."""
    eventually(lambda: title in running.admin.page(job), 120)
    return running.admin.page(job)


def path_of(answer: requests.Response) -> str:
    return "/" + answer.url.split("/", 3)[3]


def figure(page: str, name: str) -> int:
    found = re.search(rf"<dt>{name}</dt><dd>([\d,]+)</dd>", page)
    return int(found[1].replace(",", "")) if found else 0


def test_an_import_that_is_killed_continues_after_the_restart(running: RunningSite) -> None:
    admin = running.admin
    rows = "email,name\n" + "".join(f"r{n}@reader.example,Reader {n}\n" for n in range(ROWS)) + "broken,B\n"
    answer = admin.send(admin.page(IMPORT), IMPORT, {"consent": "the old list"}, {"file": ("readers.csv", rows)})
    job = path_of(admin.send(answer.text, IMPORT, {"act": "try"}))
    preview = finished(running, job, "Import preview")
    assert (figure(preview, "Active"), figure(preview, "Refused")) == (ROWS, 1)
    job = path_of(admin.send(preview, IMPORT, {"act": "import"}))
    live = f"{job}live/"
    eventually(lambda: 0 < figure(admin.page(live), "New") < ROWS, 60)
    assert "An import is running." in admin.page("/desk/subscribers/")
    running.restart(kill=True)
    page = finished(running, job, "Import complete")
    assert "where it had stopped; nothing was lost." in page
    assert (figure(page, "Lines in the file"), figure(page, "Active"), figure(page, "Refused")) == (ROWS + 1, ROWS, 1)
    assert figure(page, "Already here") == 0
    assert list((running.site.folder / ".imports").iterdir()) == []
    counted = running.site.run("subscribers", "export", "--newsletter", "kinaforum").stdout
    assert counted.count("@reader.example") == ROWS
