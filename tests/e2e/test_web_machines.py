"""Web servers on several machines with one PostgreSQL: whoever is logged in on one is logged in on all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Site
from tests.doubles import postgresql
from tests.e2e.running_site import RunningSite
from tests.e2e.sending_samples import CONFIG

pytestmark = [pytest.mark.e2e, pytest.mark.postgresql]


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[list[Site]]:
    with postgresql.running() as database:
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
    assert all(str(machine.folder) in listed for machine in machines)
    for each in (first, second):
        each.end()
