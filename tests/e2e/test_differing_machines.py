"""Two machines that share a PostgreSQL database, one of them with another config.toml."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Site
from tests.doubles import postgresql
from tests.e2e.faults import eventually
from tests.e2e.running_site import RunningSite
from tests.e2e.sending_samples import CONFIG, EDITION, PREPARE, MailServer, run

pytestmark = [pytest.mark.e2e, pytest.mark.postgresql]
READERS = 1500
CLAIMED = """
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from newsletter.models import Chunk
print(sorted(set(Chunk.objects.values_list("machine", flat=True))))
"""


@pytest.fixture
def machines(tmp_path: Path, server: MailServer) -> Iterator[list[Site]]:
    with postgresql.running(with_tables=True) as database:
        text = CONFIG.format(port=server.port, delivery="connections = 4")
        text = text.replace("[site]", f'[site]\ndatabase = "{database}"\nsecret_key = "the same key on both machines"')
        found = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            found.append(Site(tmp_path / name, text))
        run(found[0], PREPARE, str(READERS))
        yield found
        for machine in found:
            machine.kill()


def test_the_machine_whose_configuration_differs_claims_nothing_and_says_so(
    machines: list[Site], server: MailServer
) -> None:
    first = RunningSite(machines[0])
    server.wait_for(100)
    (machines[1].folder / "config.toml").write_text(
        (machines[0].folder / "config.toml").read_text().replace("connections = 4", "connections = 5")
    )
    second = RunningSite(machines[1])
    told = "sends nothing, because its config.toml differs from that of"
    eventually(lambda: told in second.readyz())
    server.wait_for(READERS, 120)
    eventually(lambda: first.site.json("status", EDITION)["state"] == "sent")
    assert set(server.got.values()) == {1}
    assert len(run(machines[0], CLAIMED).split(",")) == 1
    assert f"{told} " in second.said()
    assert ": delivery; make these tables the same on both machines" in second.said()
    assert "ready" in first.readyz()
    second.change("connections = 5", "connections = 4")
    eventually(lambda: second.readyz().startswith("ready"))
    first.change("connections = 4", "connections = 3")
    eventually(lambda: told in first.readyz())
    second.change("connections = 4", "connections = 3")
    eventually(lambda: first.readyz().startswith("ready") and second.readyz().startswith("ready"))
    for each in (first, second):
        each.end()
