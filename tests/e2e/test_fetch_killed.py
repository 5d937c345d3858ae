"""`newsletter fetch` as a process, killed while it reads an account and repeated; then both imports."""

import os
import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.doubles import accounts
from tests.e2e.faults import eventually
from tests.feeds.test_accounts import listmonk
from tests.site_texts import with_kinaforum

pytestmark = pytest.mark.e2e
CONFIG = with_kinaforum("""
[[newsletters.kinaforum.sources]]
url = "http://127.0.0.1:9/"
[delivery]
provider = "file"
""")


def test_a_fetch_that_is_killed_goes_on_when_it_is_repeated(site: Callable[[str], Any]) -> None:
    made, account = site(CONFIG), listmonk()
    account.faults.extend([200, 200, threading.Event()])
    with accounts.running("listmonk", account):
        (made.folder / "key").write_text(f"{accounts.LISTMONK_KEY}\n", encoding="utf-8")
        words = ("fetch", "listmonk", account.url, "export", "--list", "1", "--key-file", "key")
        process = made.start(*words)
        eventually(lambda: len(account.asked) == 3, 60)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        account.asked.clear()
        output = made.run(*words).stdout
    assert "1204 subscribers and 1 issue fetched" in output
    assert [path for path in account.asked if "page=1&per_page=500" in path] == []
    report = made.run("subscribers", "import", "export/subscribers.zip", "-n", "kinaforum", "--consent", "x").stdout
    assert "1204 lines = 1,200 active + 1 waiting + 3 suppressed + 0 already here + 0 refused." in report
    assert "1 issue added" in made.run("archive", "import", "export/issues.json", "-n", "kinaforum").stdout
