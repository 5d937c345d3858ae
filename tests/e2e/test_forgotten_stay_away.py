"""Erased and blocked people stay away when the secret key is changed and the old one is dropped, with real commands."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.conftest import Site

pytestmark = pytest.mark.e2e

FIRST, SECOND = (f"key number {n}, which is long enough for a key" for n in ("one", "two"))
CONFIG = """
[site]
url = "http://localhost:8000"
secret_key = "{key}"
secret_key_previous = [{previous}]
[newsletters.kinaforum]
title = "Kinaforum"
language = "nb"
from = "Kinaforum <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
sources = [{{ url = "https://kinaforum.example/" }}]
[delivery]
provider = "file"
"""
PEOPLE = ("erased@reader.example", "blocked@reader.example", "anyone@elsewhere.example")
ADDED = "new@reader.example"


def use_key(site: Site, key: str, *previous: str) -> None:
    """Write the configuration with these keys."""
    text = CONFIG.format(key=key, previous=", ".join(f'"{each}"' for each in previous))
    (site.folder / "config.toml").write_text(text, encoding="utf-8")


def came_back(site: Site) -> list[str]:
    """Import everybody again; return who was added."""
    file = site.folder / "people.csv"
    file.write_text("email\n" + "".join(f"{each}\n" for each in (*PEOPLE, ADDED)), encoding="utf-8")
    done = site.json("subscribers", "import", file, "--newsletter", "kinaforum", "--consent", "at the fair")
    refused = {each["address"] for each in done["refused"]}
    return [each for each in (*PEOPLE, ADDED) if each not in refused]


@pytest.fixture
def left(site: Callable[[str], Site]) -> Site:
    """A site whose key is FIRST, that some people left: erased, blocked by hand, blocked with their domain."""
    made = site(CONFIG.format(key=FIRST, previous=""))
    made.run("subscribers", "add", PEOPLE[0], "--newsletter", "kinaforum")
    made.run("subscribers", "forget", PEOPLE[0], "--yes")
    made.run("subscribers", "suppress", PEOPLE[1])
    made.run("subscribers", "suppress", "@elsewhere.example")
    return made


def test_they_stay_away_when_the_old_key_is_no_longer_listed(left: Site) -> None:
    use_key(left, SECOND, FIRST)
    left.run("editions")
    use_key(left, SECOND)
    assert came_back(left) == [ADDED]


def test_a_key_that_was_dropped_too_early_is_asked_for(left: Site) -> None:
    """As on a site whose earlier version did not keep what recognizes them."""
    use_key(left, SECOND, FIRST)
    left.run("editions")
    with closing(sqlite3.connect(left.folder / "newsletter.db")) as database:
        database.execute("DELETE FROM subscribers_earlierkey")
        database.commit()
    use_key(left, SECOND)
    refused = left.run("run", status=None)
    assert refused.returncode != 0
    assert "list that key again" in refused.stderr
    use_key(left, SECOND, FIRST)
    left.run("editions")
    use_key(left, SECOND)
    assert came_back(left) == [ADDED]
