"""One name means one thing: classes and modules are called differently in different places."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    path
    for package in ("newsletter", "subscribers")
    for path in (ROOT / package).rglob("*.py")
    if "migrations" not in path.parts
)
CONVENTIONS = {"__init__", "models", "views", "urls", "forms", "queries"}
"""Names that Django gives to modules, and that each group of pages has."""


def test_no_two_public_classes_have_the_same_name() -> None:
    found = defaultdict(list)
    for path in MODULES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(str(path.relative_to(ROOT)))
    assert {name: paths for name, paths in found.items() if len(paths) > 1} == {}


def test_no_module_name_is_used_three_times() -> None:
    found = defaultdict(list)
    for path in MODULES:
        found[path.stem].append(str(path.relative_to(ROOT)))
    assert {name: paths for name, paths in found.items() if len(paths) > 2 and name not in CONVENTIONS} == {}


def test_sentences_are_imported_under_one_name() -> None:
    """`messages`, or `STAGE_messages` beside it; those of the log are `acts`."""
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("newsletter.messages"):
                aliases = {each.name: each.asname for each in node.names if each.asname and each.name.islower()}
                for stage, alias in aliases.items():
                    known = {"messages", f"{stage}_messages", "acts" if stage == "history" else ""}
                    assert alias in known, f"{path}: {stage} is called {alias}"


def test_no_module_is_longer_than_400_lines() -> None:
    modules = [*MODULES, *(ROOT / "tests").rglob("*.py")]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in modules}
    assert {name: length for name, length in lengths.items() if length > 400} == {}
