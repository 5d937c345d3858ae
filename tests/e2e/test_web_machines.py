"""Web servers on several machines with one PostgreSQL: a login on one holds on all, and so do the API's limits."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.conftest import Site
from tests.doubles import postgresql
from tests.e2e.running_site import RunningSite
from tests.e2e.sending_samples import CONFIG

pytestmark = [pytest.mark.e2e, pytest.mark.postgresql]


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[list[Site]]:
    with postgresql.running(with_tables=True) as database:
        text = CONFIG.format(port=9, delivery="")
        text = text.replace("[site]", f'[site]\ndatabase = "{database}"\nsecret_key = "the same key on both machines"')
        found = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            found.append(Site(tmp_path / name, text))
        yield found
        for machine in found:
            machine.kill()


def test_a_login_on_one_machine_holds_on_the_other(machines: list[Site]) -> None:
    first, second = RunningSite(machines[0], with_admin=True), RunningSite(machines[1])
    person = first.admin
    assert "admin@example.org" in person.page("/desk/users/")
    assert person.address.rpartition(":")[2] != second.port
    person.address = person.address.rpartition(":")[0] + f":{second.port}"
    assert "admin@example.org" in person.page("/desk/users/")
    listed = person.page("/desk/workers/")
    assert all(f">{machine.folder.name}<" in listed for machine in machines)
    for each in (first, second):
        each.end()


def left(site: RunningSite, token: str) -> tuple[int, int]:
    """Make a request of the API; return how many are left, and the seconds until it begins anew."""
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.get(f"http://127.0.0.1:{site.port}/api/v1/newsletters", headers=headers, timeout=60)
    found = re.fullmatch(r'"token";r=(\d+);t=(\d+)', answer.headers["RateLimit"])
    assert found, answer.headers
    return int(found[1]), int(found[2])


def test_requests_of_a_token_are_counted_on_all_machines_together(machines: list[Site]) -> None:
    first, second = RunningSite(machines[0]), RunningSite(machines[1])
    token = machines[0].json("tokens", "add", "the examples", "--scope", "newsletters:read")["token"]
    answers = [left(site, token) for site in (first, second) * 2]
    while answers[-1][1] > answers[-4][1]:  # the minute has ended
        answers += [left(site, token) for site in (first, second) * 2]
    counted = [remaining for remaining, _seconds in answers[-4:]]
    assert counted == list(range(counted[0], counted[0] - 4, -1))
    for each in (first, second):
        each.end()


def test_sign_ups_for_an_address_on_two_machines_are_one_request(machines: list[Site]) -> None:
    sites = [RunningSite(machine) for machine in machines]
    with ThreadPoolExecutor() as together:
        asked = [(site, f"reader{n // 2}@example.org") for n, site in enumerate(sites * 10)]
        answers = list(together.map(lambda each: sign_up(*each), asked))
    assert answers == [202] * 20
    for n in range(10):
        shown = machines[0].json("subscribers", "show", f"reader{n}@example.org")
        (subscription,) = shown["subscriptions"]
        assert len(subscription["consents"]) == 1, shown
    for each in sites:
        each.end()


def sign_up(site: RunningSite, address: str) -> int:
    """Send the sign-up form; return the status."""
    url = f"http://127.0.0.1:{site.port}/n/kinaforum/subscribe"
    return requests.post(url, data={"address": address}, timeout=60).status_code
