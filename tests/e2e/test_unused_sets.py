"""Housekeeping deletes unused sets of posts while an audience is being fixed, with each database."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext

import pytest

from tests.conftest import Site
from tests.doubles import postgresql
from tests.site_texts import with_daily

pytestmark = pytest.mark.e2e
BOTH = pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
TEXT = with_daily("""
[[newsletters.daily.sources]]
url = "http://127.0.0.1:9/daily"
""")
SCRIPT = """
from datetime import UTC, datetime
from threading import Event, Thread
from django.db import connection, transaction
from newsletter import config
from newsletter.domain.ordinals import Ordinals
from newsletter.editions.offers import bases
from newsletter.scheduling import housekeeping
from subscribers import admin_actions
from subscribers.models import OfferedSet, Subscription

daily, now = config.current().newsletters["daily"], datetime.now(UTC)
admin_actions.add("kari@reader.example", "daily", consent="test")
bases.update(daily, now)
unused = OfferedSet.objects.key_of("daily", Ordinals.of([1, 2]))
looked_up, goes_on, stored, deleted = Event(), Event(), [], []

def fix_audience():
    with transaction.atomic():
        bases.update(daily, now)
        stored.append(OfferedSet.objects.key_of("daily", Ordinals.of([1, 2])))
        looked_up.set()
        goes_on.wait(60)
        Subscription.objects.update(offered=stored[0])
    connection.close()

def tidy():
    deleted.append(housekeeping.remove_unused_sets())
    connection.close()

fixing, tidying = Thread(target=fix_audience), Thread(target=tidy)
fixing.start()
assert looked_up.wait(60)
tidying.start()
tidying.join(1)
waits = tidying.is_alive()
goes_on.set()
fixing.join(60)
tidying.join(60)
subscription = Subscription.objects.select_related("offered").get()
print(connection.vendor, stored[0] == unused, waits, deleted, str(subscription.offered))
"""


@pytest.fixture
def database(kind: str) -> Iterator[str]:
    """Yield the line of a configuration file for a database of a kind, with a server that runs for it."""
    with postgresql.running() if kind == "postgresql" else nullcontext("sqlite:///newsletter.db") as url:
        yield f'database = "{url}"'


@BOTH
def test_a_set_that_is_looked_up_for_an_audience_is_not_deleted_before_somebody_has_it(
    site: Callable[[str], Site], kind: str, database: str
) -> None:
    here = site(TEXT.replace("[site]", f"[site]\n{database}"))
    here.run("manage", "migrate", "-v", "0")
    printed = here.run("manage", "shell", "-v", "0", "-c", SCRIPT).stdout
    assert printed.split(maxsplit=3) == [kind, "True", "True", "[0] 1:2\n"]
