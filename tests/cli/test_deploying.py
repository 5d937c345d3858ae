"""`newsletter deploy`: the files are filled in for this site."""

import re
from pathlib import Path

from tests.cli.conftest import Run


def test_the_command_fills_in_this_site(command: Run, tmp_path: Path) -> None:
    told = command("deploy", "systemd", "--json").document["file"]
    assert f"WorkingDirectory={tmp_path}\n" in told
    assert re.search(rf"^ExecStart=\S+.* --config {tmp_path}/config\.toml run$", told, re.MULTILINE)


def test_a_proxy_needs_an_https_address(command: Run) -> None:
    assert "set it to the https address that caddy is to serve" in command("deploy", "caddy", status=1).sentence


def test_a_worker_needs_postgresql_and_no_proxy(command: Run) -> None:
    assert "needs PostgreSQL" in command("deploy", "systemd", "--worker", status=1).sentence
    assert "a worker answers no visitors" in command("deploy", "nginx", "--worker", status=2).sentence
