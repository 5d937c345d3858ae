"""Two imports of the same people at once, and sign-ups of some of them meanwhile, with PostgreSQL."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Site
from tests.doubles import postgresql
from tests.site_texts import with_kinaforum

pytestmark = [pytest.mark.e2e, pytest.mark.postgresql]

ROWS, SIGNED_UP = 6_000, 300
CONFIG = with_kinaforum("""
[[newsletters.kinaforum.sources]]
url = "http://127.0.0.1:9/"
[delivery]
provider = "file"
""")
SIGN_UP = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from subscribers.models import Subscriber
for number in reversed(range(int(sys.argv[1]), int(sys.argv[2]))):
    key = f"r{number}@reader.example"
    Subscriber.objects.get_or_create(
        key=key, defaults={"address": key, "created": datetime.now(UTC), **Subscriber.hashed(key)}
    )
"""
COUNT = """
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from subscribers.models import Consent, Subscriber, Subscription
print(Subscriber.objects.count(), Subscription.objects.filter(state="active").count(), Consent.objects.count())
"""


def test_two_imports_at_once_and_sign_ups_store_everybody_once(tmp_path: Path) -> None:
    with postgresql.running() as url:
        site = Site(tmp_path, CONFIG.replace("[site]", f'[site]\ndatabase = "{url}"'))
        site.run("status")
        rows = [f"r{n}@reader.example,Reader {n}\n" for n in range(ROWS)]
        for name, lines in (("one.csv", rows), ("two.csv", rows[::-1])):
            (site.folder / name).write_text("email,name\n" + "".join(lines), encoding="utf-8")
        begun = [begin_import(site, name) for name in ("one.csv", "two.csv")]
        site.script(SIGN_UP, ROWS - SIGNED_UP, ROWS)
        reports = [result(process) for process in begun]
        assert sum(each["added"] for each in reports) == ROWS
        assert sum(each["unchanged"] + each["updated"] for each in reports) == ROWS
        people, active, consents = map(int, site.script(COUNT).stdout.split())
        assert (people, active, consents) == (ROWS, ROWS, ROWS)


def begin_import(site: Site, name: str) -> "subprocess.Popen[str]":
    words = ("subscribers", "import", name, "--newsletter", "kinaforum", "--consent", "a form, 2026", "--json")
    return subprocess.Popen(
        site.command(*words),
        cwd=site.folder,
        env=site.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def result(process: "subprocess.Popen[str]") -> dict[str, int]:
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    report: dict[str, int] = json.loads(output)
    return report
