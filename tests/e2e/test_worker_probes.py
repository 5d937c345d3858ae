"""`newsletter worker` answers what containers and Prometheus ask, and nothing else."""

import re
from collections.abc import Callable

import psycopg
import pytest
import requests

from tests.conftest import Site
from tests.doubles import postgresql
from tests.doubles.ports import free_port
from tests.e2e.sending_samples import CONFIG, SHARES, eventually, run

pytestmark = [pytest.mark.e2e, pytest.mark.postgresql]


def test_a_worker_answers_monitoring_and_no_pages(site: Callable[[str], Site]) -> None:
    with postgresql.running() as database:
        text = CONFIG.format(port=9, delivery="").replace("[site]", f'[site]\ndatabase = "{database}"', 1)
        here = site(text + f"\n[web]\nport = {free_port()}\n")
        run(here, SHARES)  # creates the tables
        worker = here.start("worker")
        assert worker.stdout is not None
        line = next(line for line in worker.stdout if "/healthz" in line)
        base = re.findall(r"http://127\.0\.0\.1:\d+", line)[0]
        eventually(lambda: requests.get(f"{base}/readyz", timeout=20).text.startswith("ready"))
        assert requests.get(f"{base}/healthz", timeout=20).text == "ok\n"
        assert 'newsletter_service_up{service="sender"} 1.0' in requests.get(f"{base}/metrics", timeout=20).text
        assert requests.get(f"{base}/desk/", timeout=20).status_code == 404
        elsewhere = requests.get(f"{base}/metrics", headers={"Host": "attacker.example"}, timeout=20)
        assert elsewhere.status_code == 400, "a page of another name must not read it (DNS rebinding)"
        second = here.start("worker")
        assert second.stdout is not None
        assert any("another program uses it" in line and "nobody answers" in line for line in second.stdout)
        here.kill()


def test_a_server_that_has_no_connection_left_is_not_ready_although_open_ones_work(
    site: Callable[[str], Site],
) -> None:
    with postgresql.running() as database, psycopg.connect(database, autocommit=True) as admin:
        admin.execute("DROP ROLE IF EXISTS few")
        admin.execute("CREATE ROLE few LOGIN")
        admin.execute(f"ALTER DATABASE {database.rpartition('/')[2]} OWNER TO few")
        admin.execute("GRANT ALL ON SCHEMA public TO few")
        own = database.replace(f"{postgresql.USER}@", "few@")
        text = CONFIG.format(port=9, delivery="").replace("[site]", f'[site]\ndatabase = "{own}"', 1)
        here = site(text + f"\n[web]\nport = {free_port()}\n")
        run(here, SHARES)  # creates the tables
        worker = here.start("worker")
        assert worker.stdout is not None
        line = next(line for line in worker.stdout if "/healthz" in line)
        ready = re.findall(r"http://127\.0\.0\.1:\d+", line)[0] + "/readyz"
        eventually(lambda: requests.get(ready, timeout=20).text.startswith("ready"))
        admin.execute("ALTER ROLE few CONNECTION LIMIT 0")
        answer = requests.get(ready, timeout=20)
        assert (answer.status_code, "too many connections" in answer.text) == (503, True)
        admin.execute("ALTER ROLE few CONNECTION LIMIT -1")
        eventually(lambda: requests.get(ready, timeout=20).text.startswith("ready"))
        here.kill()
        admin.execute(f"REASSIGN OWNED BY few TO {postgresql.USER}")
        admin.execute("DROP OWNED BY few")
        admin.execute("DROP ROLE few")
