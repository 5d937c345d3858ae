"""Look up the packages of requirements files in a database of known vulnerabilities, with pip-audit.

Usage: python .ci/audit.py PIP-AUDIT SERVICE FILE...

The exit status is 1 if a vulnerability is known, and 2 if none is known but some packages could not be looked up.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

VULNERABLE, INCOMPLETE = 1, 2
OPTIONS = ("--disable-pip", "--require-hashes", "--progress-spinner=off", "--format=json")


def main(pip_audit: str, service: str, *files: str) -> int:
    """Audit each file, print a sentence for each finding, and return the exit status."""
    statuses = []
    for file in files:
        sentences, status = audit(pip_audit, service, file)
        sys.stdout.writelines(f"{file}: {each}\n" for each in sentences)
        statuses.append(status)
    return VULNERABLE if VULNERABLE in statuses else max(statuses, default=0)


def audit(pip_audit: str, service: str, file: str) -> tuple[list[str], int]:
    """Return what pip-audit found, in sentences, and the exit status for it."""
    command = [pip_audit, "--vulnerability-service", service, *OPTIONS, "--requirement", file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the Makefile names it
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:
        return [_failure(service, done.stderr)], INCOMPLETE
    return _report(service, packages)


def _report(service: str, packages: Sequence[dict[str, Any]]) -> tuple[list[str], int]:
    found = [flaw for each in packages for flaw in _flaws(each)]
    skipped = [each["name"] for each in packages if "skip_reason" in each]
    sentences = list(found)
    if not found and len(skipped) < len(packages):
        sentences.append(f"No known vulnerabilities in {len(packages) - len(skipped)} packages.")
    if skipped:
        count = f"{len(skipped)} of {len(packages)} packages"
        sentences.append(f"{count} could not be looked up at the service {service}: {', '.join(skipped)}.")
    return sentences, VULNERABLE if found else INCOMPLETE if skipped else 0


def _flaws(package: dict[str, Any]) -> Iterator[str]:
    for each in package.get("vulns", ()):
        fixed = " or ".join(each["fix_versions"])
        remedy = f"upgrade to {fixed}" if fixed else "no fixed version is known"
        yield f"{package['name']} {package['version']} has {each['id']}; {remedy}."


def _failure(service: str, errors: str) -> str:
    host = re.search(r"host='([^']+)'", errors)
    if host:
        return f"Nothing was checked: the service {service} ({host[1]}) can't be reached; try again online."
    lines = errors.strip().splitlines() or ["it printed nothing"]
    return f"Nothing was checked: pip-audit failed ({lines[-1]})."


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
