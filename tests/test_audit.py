"""`make audit`: what it reports, with a script in place of pip-audit, whose services need the network."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e
AUDIT = Path(__file__).parents[1] / ".ci/audit.py"
GOOD = {"name": "django", "version": "5.2.19", "vulns": []}
SKIPPED = {"name": "lxml", "skip_reason": "Dependency not found on PyPI and could not be audited: lxml (6.1.3)"}
UNREACHED = (
    "Traceback (most recent call last):\n  requests.exceptions.ConnectionError: HTTPSConnectionPool(host='osv.example',"
    " port=443): Max retries exceeded"
)


def audit(folder: Path, packages: list[dict[str, Any]] | None, errors: str = "") -> tuple[int, str]:
    """The exit status and output of the audit when pip-audit reports `packages`."""
    said = "" if packages is None else json.dumps({"dependencies": packages, "fixes": []})
    stub = folder / "pip-audit"
    stub.write_text(f"#!{sys.executable}\nimport sys\nsys.stdout.write({said!r})\nsys.exit({errors!r} or 0)\n")
    stub.chmod(0o755)
    done = subprocess.run([sys.executable, AUDIT, stub, "osv", "a.txt"], capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.returncode, done.stdout


def test_all_well(tmp_path: Path) -> None:
    assert audit(tmp_path, [GOOD]) == (0, "a.txt: No known vulnerabilities in 1 packages.\n")


def test_vulnerability_is_named_with_its_remedy(tmp_path: Path) -> None:
    flaw = {"id": "PYSEC-2026-1", "fix_versions": ["5.2.20"], "aliases": [], "description": "…"}
    status, said = audit(tmp_path, [GOOD | {"vulns": [flaw]}, SKIPPED])
    assert status == 1
    assert said.splitlines()[0] == "a.txt: django 5.2.19 has PYSEC-2026-1; upgrade to 5.2.20."


def test_skipped_packages_are_named_and_an_error(tmp_path: Path) -> None:
    status, said = audit(tmp_path, [GOOD, SKIPPED])
    assert status == 2
    assert said.splitlines()[1] == "a.txt: 1 of 2 packages could not be looked up at the service osv: lxml."


def test_unreachable_service_is_named_in_one_sentence(tmp_path: Path) -> None:
    expected = "a.txt: Nothing was checked: the service osv (osv.example) can't be reached; try again online.\n"
    assert audit(tmp_path, None, UNREACHED) == (2, expected)


def test_other_failure_is_quoted(tmp_path: Path) -> None:
    expected = "a.txt: Nothing was checked: pip-audit failed (no such file).\n"
    assert audit(tmp_path, None, "error:\nno such file") == (2, expected)


def test_nothing_is_said_to_be_well_when_every_package_was_skipped(tmp_path: Path) -> None:
    expected = "a.txt: 1 of 1 packages could not be looked up at the service osv: lxml.\n"
    assert audit(tmp_path, [SKIPPED]) == (2, expected)
