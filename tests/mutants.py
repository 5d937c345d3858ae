"""Small changes of the program that some test should notice: `python -m tests.mutants --count 100 --seed 1`.

The quick tests run once, to learn which of them run which lines. Then each change is tried in a copy of the project, in
a pytest process that runs the tests of its line until one fails. Prints the coverage of lines and branches, and
the changes that no test noticed, with the line as it was. `--coverage FILE` takes the data of an earlier run with
`--cov-context=test`, and paths limit the changes to some modules.
"""

import argparse
import ast
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from coverage import Coverage

ROOT = Path(__file__).parents[1]
PACKAGES = ("newsletter", "subscribers")
MOST_SECONDS = 90
"""CPU time of the tests of one change. A change that makes the program run on is noticed by that."""
MOST_TESTS = 300
NOT_RUN = (4, 5)
"""pytest's statuses of a wrong call, and of no tests."""
COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
CALCULATED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change: the file, the line, that of its statement, the number among the file's nodes, and what is done."""

    file: str
    line: int
    statement: int
    node: int
    change: str


class Change(ast.NodeTransformer):
    """Changes the node with a number, and notes what can be changed when that number is -1."""

    def __init__(self, wanted: int = -1) -> None:
        self.wanted = wanted
        self.number = -1
        self.statement = 0
        self.sites: list[tuple[int, int, int, str]] = []
        """The line, that of the statement, the number and the kind of each possible change."""

    def visit(self, node: ast.AST) -> ast.AST:
        """Change a node, or go on with those in it."""
        if isinstance(node, ast.Assert) or _is_description(node):
            return node
        self.number += 1
        if isinstance(node, ast.stmt):
            self.statement = node.lineno
        number, changed = self.number, _changed(node)
        if changed is not None and isinstance(node, ast.expr | ast.stmt):
            self.sites.append((node.lineno, self.statement, number, changed[0]))
            if number == self.wanted:
                return ast.copy_location(changed[1], node)
        return self.generic_visit(node)


def _is_description(node: ast.AST) -> bool:
    """Docstrings do nothing at run time."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _changed(node: ast.AST) -> tuple[str, ast.expr | ast.stmt] | None:  # noqa: C901
    """Return what is done to a node, and the node that takes its place; None if nothing is."""
    match node:
        case ast.Compare(left, [operator], others) if type(operator) in COMPARED:
            return "comparison", ast.Compare(left, [COMPARED[type(operator)]()], others)
        case ast.BoolOp(ast.And(), values):
            return "and to or", ast.BoolOp(ast.Or(), values)
        case ast.BoolOp(ast.Or(), values):
            return "or to and", ast.BoolOp(ast.And(), values)
        case ast.UnaryOp(ast.Not(), operand):
            return "without not", operand
        case ast.Constant(bool() as value):
            return "true and false", ast.Constant(not value)
        case ast.Constant(int() as value):
            return "one more", ast.Constant(value + 1)
        case ast.BinOp(left, operation, right) if type(operation) in CALCULATED:
            return "calculation", ast.BinOp(left, CALCULATED[type(operation)](), right)
        case ast.IfExp(test, body, orelse):
            return "other branch", ast.IfExp(test, orelse, body)
        case ast.Return(ast.expr() as value) if not isinstance(value, ast.Constant):
            return "returns None", ast.Return(ast.Constant(None))
        case ast.Expr(ast.Call()):
            return "call left out", ast.Pass()
    return None


def mutants_of(file: Path) -> Iterator[Mutant]:
    """All changes of a module."""
    change = Change()
    change.visit(ast.parse(file.read_text(encoding="utf-8")))
    for line, statement, number, kind in change.sites:
        yield Mutant(str(file.relative_to(ROOT)), line, statement, number, kind)


def mutated(mutant: Mutant) -> str:
    """Return the source of the module with the change."""
    tree = Change(mutant.node).visit(ast.parse((ROOT / mutant.file).read_text(encoding="utf-8")))
    return ast.unparse(ast.fix_missing_locations(tree))


def run_once(data: Path) -> None:
    """Run the quick tests, and note which of them run which lines."""
    options = [*(f"--cov={package}" for package in PACKAGES), "--cov-branch", "--cov-context=test", "--cov-report="]
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "-m", "quick", *options]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "COVERAGE_FILE": str(data)}, check=True)


class Trial:
    """A copy of the project in which changes are tried, and which tests run which lines."""

    def __init__(self, data: Path, folder: Path) -> None:
        self.coverage = Coverage(data_file=str(data), config_file=str(ROOT / "pyproject.toml"))
        self.coverage.load()
        self.folder = folder
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        for name in filter(None, listed.stdout.split("\0")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)

    def tests_of(self, mutant: Mutant) -> list[str]:
        """The tests that run the line, those of its package first; all of its package if it runs at the import."""
        contexts = self.coverage.get_data().contexts_by_lineno(str(ROOT / mutant.file))
        running = contexts.get(mutant.line) or contexts.get(mutant.statement) or []
        tests = {context.rpartition("|")[0] for context in running} - {""}
        parts = mutant.file.split("/")
        own = "tests/subscribers" if parts[0] == "subscribers" else f"tests/{parts[1]}"
        if running and not tests and (self.folder / own).is_dir():
            return [own]
        return sorted(tests, key=lambda test: (not test.startswith(f"{own}/"), test))[:MOST_TESTS]

    def is_noticed(self, mutant: Mutant, tests: Sequence[str]) -> bool:
        """Return whether a test fails with the change, or the program runs on."""
        file, names = self.folder / mutant.file, self.folder / "tests-of-the-mutant.txt"
        names.write_text("\n".join(tests), encoding="utf-8")
        file.write_text(mutated(mutant), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-m", "quick", "-p", "no:cacheprovider"]
        limit = lambda: resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))  # noqa: E731
        try:
            done = subprocess.run(
                [*command, f"@{names}"],
                cwd=self.folder,
                capture_output=True,
                preexec_fn=limit,
                timeout=20 * MOST_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return True
        finally:
            shutil.copy(ROOT / mutant.file, file)
        assert done.returncode not in NOT_RUN, done.stdout.decode()
        return done.returncode != 0


def print_coverage(coverage: Coverage, folder: Path) -> None:
    """Print how many of the lines and branches the tests run."""
    coverage.json_report(outfile=str(folder / "coverage.json"))
    totals = json.loads((folder / "coverage.json").read_text(encoding="utf-8"))["totals"]
    for name, done, of in (
        ("lines", "covered_lines", "num_statements"),
        ("branches", "covered_branches", "num_branches"),
    ):
        sys.stdout.write(f"{totals[done]} of {totals[of]} {name} ({totals[done] / totals[of]:.1%})\n")


def main() -> None:
    """Try a sample of changes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, default=[ROOT / package for package in PACKAGES])
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cpu-seconds", type=float, default=3600)
    parser.add_argument("--coverage", type=Path, help="the data of an earlier run with --cov-context=test")
    options = parser.parse_args()
    files = sorted(
        file
        for path in options.paths
        for file in ([path.resolve()] if path.is_file() else path.resolve().rglob("*.py"))
        if "migrations" not in file.parts
    )
    mutants = [mutant for file in files for mutant in mutants_of(file)]
    results: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        data = options.coverage or Path(name) / "coverage"
        if not options.coverage:
            run_once(data)
        trial = Trial(data, Path(name) / "project")
        print_coverage(trial.coverage, Path(name))
        for mutant in random.Random(options.seed).sample(mutants, min(options.count, len(mutants))):
            if _cpu_seconds() > options.cpu_seconds:
                break
            tests = trial.tests_of(mutant)
            result = "no test runs it" if not tests else "noticed" if trial.is_noticed(mutant, tests) else "survived"
            results[result] += 1
            if result != "noticed":
                line = (ROOT / mutant.file).read_text(encoding="utf-8").splitlines()[mutant.line - 1].strip()
                sys.stdout.write(f"{mutant.file}:{mutant.line}: {mutant.change}, {result}: {line}\n")
                sys.stdout.flush()
    sys.stdout.write(f"{results.total()} of {len(mutants)} changes tried, seed {options.seed}: {dict(results)}\n")


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
