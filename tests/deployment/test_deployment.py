"""The files that `newsletter deploy` prints, checked by the programs that they are for."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

import newsletter
from newsletter.config.load import load
from newsletter.config.references import Reference
from newsletter.deployment import (
    Installation,
    caddy_site,
    compose_file,
    installation,
    nginx_site,
    unit,
    worker_compose_file,
    worker_unit,
)
from newsletter.web.desk.body_limits import LARGEST_UPLOADS
from tests.site_texts import with_daily

ROOT = Path(__file__).parents[2]

SITE = Installation(
    program="/bin/true",
    user="root",
    config=Path("/srv/site/config.toml"),
    url="https://brev.example.org",
    port=8000,
    postgresql=False,
)
SOURCE = """
[[newsletters.daily.sources]]
url = "http://127.0.0.1:9/daily"
"""
SECRETS = frozenset({Reference("env", "API_KEY"), Reference("file", "key")})


def checked(*words: str) -> str:
    """Run a program that must find no fault; what it printed."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.e2e
def test_systemd_finds_no_fault_in_the_unit(tmp_path: Path) -> None:
    file = tmp_path / "newsletter.service"
    file.write_text(unit(replace(SITE, config=tmp_path / "a site" / "config.toml")), encoding="utf-8")
    assert "Unknown" not in checked("systemd-analyze", "verify", "--man=no", str(file))


@pytest.mark.e2e
@pytest.mark.parametrize("port", [443, 8000])
def test_the_unit_has_few_rights(tmp_path: Path, port: int) -> None:
    file = tmp_path / "newsletter.service"
    file.write_text(unit(replace(SITE, port=port)), encoding="utf-8")
    told = checked("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=30", str(file))
    assert re.search(r"exposure level for newsletter\.service: [0-2]\.", told)


def test_files_of_the_service_are_private() -> None:
    assert "UMask=0077\n" in unit(SITE)


def test_a_site_in_a_home_directory_can_be_reached() -> None:
    assert "ProtectHome=yes" in unit(SITE)
    assert "ProtectHome=" not in unit(replace(SITE, config=Path("/home/anna/site/config.toml")))
    assert "ProtectHome=" not in unit(replace(SITE, program="/home/anna/venv/bin/newsletter"))


def test_a_python_in_a_home_directory_can_be_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as pyenv's or uv's, which the environment only links to, perhaps through another link."""
    (tmp_path / "config.toml").write_text(with_daily(SOURCE), encoding="utf-8")
    configuration = load(tmp_path / "config.toml")
    home, environment = Path("/home/anna/.pyenv/versions/3.12"), tmp_path / "venv"
    environment.mkdir()
    (environment / "python").symlink_to(environment / "python3")
    (environment / "python3").symlink_to(home / "bin" / "python3")
    monkeypatch.setattr(sys, "executable", str(environment / "python"))
    assert "ProtectHome=" not in unit(installation.found(configuration))

    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    monkeypatch.setattr(sys, "base_prefix", "/usr")
    monkeypatch.setattr(newsletter, "__file__", "/srv/venv/newsletter/__init__.py")
    assert "ProtectHome=yes" in unit(installation.found(configuration))
    monkeypatch.setattr(sys, "base_prefix", str(home))
    assert "ProtectHome=" not in unit(installation.found(configuration))


def test_a_low_port_needs_one_capability() -> None:
    assert "CapabilityBoundingSet=\n" in unit(SITE)
    assert "AmbientCapabilities=CAP_NET_BIND_SERVICE\n" in unit(replace(SITE, port=80))


def test_secrets_are_passed_as_the_configuration_asks() -> None:
    lines = unit(replace(SITE, references=SECRETS)).splitlines()
    assert "EnvironmentFile=/etc/newsletter/environment" in lines
    assert not [line for line in unit(SITE).splitlines() if line.startswith("EnvironmentFile")]


def test_percent_signs_and_spaces_of_a_path_are_written_as_units_want_them() -> None:
    told = unit(replace(SITE, config=Path("/srv/50% off/config.toml")))
    assert 'ReadWritePaths="/srv/50%% off"' in told


@pytest.mark.e2e
def test_nginx_finds_no_fault(tmp_path: Path) -> None:
    key, certificate = tmp_path / "privkey.pem", tmp_path / "fullchain.pem"
    subject = ("-subj", "/CN=brev.example.org")
    checked(
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        str(key),
        "-out",
        str(certificate),
        *subject,
    )
    servers = nginx_site(SITE).replace("/etc/letsencrypt/live/brev.example.org", str(tmp_path))
    file = tmp_path / "nginx.conf"
    file.write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\n{servers}\n}}\n", encoding="utf-8")
    checked("/usr/sbin/nginx", "-t", "-q", "-c", str(file), "-e", str(tmp_path / "log"))


@pytest.mark.e2e
def test_caddy_finds_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "Caddyfile"
    file.write_text(caddy_site(SITE), encoding="utf-8")
    adapted = checked("caddy", "adapt", "--adapter", "caddyfile", "--config", str(file))
    assert "brev.example.org" in adapted
    assert "127.0.0.1:8000" in adapted


def test_nginx_takes_the_largest_file_that_the_program_takes() -> None:
    (megabytes,) = re.findall(r"client_max_body_size (\d+)m;", nginx_site(SITE))
    assert int(megabytes) * 1_000_000 >= max(LARGEST_UPLOADS.values())
    assert f"client_max_body_size {megabytes}m" in (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


@pytest.mark.e2e
def test_a_worker_has_a_unit_of_its_own(tmp_path: Path) -> None:
    told = worker_unit(SITE)
    assert "# /etc/systemd/system/newsletter-worker.service" in told
    assert re.search(r"^ExecStart=.* worker$", told, re.MULTILINE)
    path = tmp_path / "newsletter-worker.service"
    path.write_text(told, encoding="utf-8")
    assert "Unknown" not in checked("systemd-analyze", "verify", "--man=no", str(path))


def test_a_worker_has_a_compose_file_of_its_own(tmp_path: Path) -> None:
    site = replace(SITE, config=tmp_path / "config.toml", postgresql=True, references=SECRETS)
    document = yaml.safe_load(worker_compose_file(site))
    assert document["services"]["worker"]["command"] == ["worker"]
    assert "API_KEY" in document["services"]["worker"]["environment"]
    assert "NEWSLETTER__SITE__DATABASE" not in document["services"]["worker"]["environment"], "it is that of the site"


@pytest.mark.parametrize("postgresql", [False, True])
def test_the_compose_file_has_the_services_that_the_database_needs(tmp_path: Path, postgresql: bool) -> None:
    site = replace(SITE, config=tmp_path / "config.toml", postgresql=postgresql, references=SECRETS)
    document = yaml.safe_load(compose_file(site))
    assert set(document["services"]) == {"newsletter"} | ({"postgresql"} if postgresql else set())
    service = document["services"]["newsletter"]
    assert service["volumes"] == [f"{tmp_path}:/site"]
    assert service["ports"] == ["127.0.0.1:8000:8000"]
    assert "API_KEY" in service["environment"]
    assert ("NEWSLETTER__SITE__DATABASE" in service["environment"]) == postgresql


def test_the_compose_file_says_how_to_trust_the_proxy(tmp_path: Path) -> None:
    """Otherwise all visitors come from the network's gateway and share its limits."""
    assert "trusted_proxies" in compose_file(replace(SITE, config=tmp_path / "config.toml"))
