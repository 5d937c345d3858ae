"""How many lines and branches of each package the tests ran: `python -m tests.coverage_table FOLDER`.

`make coverage` calls it. The folder has the data of all processes. Ends with status 1 if the sending engine's tests ran
less than they must.
"""

import json
import os
import sys
from collections import Counter, defaultdict
from pathlib import Path

from coverage import Coverage

ROOT = Path(__file__).parents[1]
LEAST = {"newsletter/delivery": 95.0}
"""Per cent of the lines and branches together."""
COUNTED = ("covered_lines", "num_statements", "covered_branches", "num_branches")


def package_of(file: str) -> str:
    """The package below `newsletter` that a file is in, or the top one."""
    parts = Path(file).parts
    return "/".join(parts[:2]) if len(parts) > 2 and parts[0] == "newsletter" else parts[0]


def totals(folder: Path) -> dict[str, Counter[str]]:
    """Put the data of all processes together, and count by package."""
    os.environ["COVERAGE_FOLDER"] = str(folder)
    coverage = Coverage(config_file=str(Path(__file__).with_name("coverage.ini")))
    coverage.combine([str(folder)])
    coverage.json_report(outfile=str(folder / "coverage.json"))
    files = json.loads((folder / "coverage.json").read_text(encoding="utf-8"))["files"]
    packages: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for file, counts in files.items():
        for name in (package_of(os.path.relpath(file, ROOT)), "together"):
            packages[name].update({key: counts["summary"][key] for key in COUNTED})
    return dict(sorted(packages.items(), key=lambda item: (item[0] == "together", item[0])))


def main() -> None:
    """Print the table."""
    missing = False
    for name, counts in totals(Path(sys.argv[1]).absolute()).items():
        lines, all_lines, branches, all_branches = (counts[key] for key in COUNTED)
        share = 100 * (lines + branches) / max(1, all_lines + all_branches)
        missing |= share < LEAST.get(name, 0.0)
        less = f"  less than {LEAST[name]:g} %" if share < LEAST.get(name, 0.0) else ""
        cells = f"{lines:6} of {all_lines:6} lines {branches:6} of {all_branches:6} branches {share:5.1f} %"
        sys.stdout.write(f"{name:28} {cells}{less}\n")
    sys.exit(missing)


if __name__ == "__main__":
    main()
