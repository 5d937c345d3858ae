"""Importing a module has no side effects: no threads, registrations, handlers or changes of loggers."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
SIDE_EFFECTS = {
    "ProcessPoolExecutor", "ThreadPoolExecutor", "Thread", "Timer", "addFilter", "addHandler", "basicConfig",
    "disable", "register_error", "setLevel", "simplefilter", "filterwarnings", "setrecursionlimit",
    "setdefaulttimeout", "setlocale", "umask",
}  # fmt: skip
REGISTRATIONS = {("atexit", "register"), ("codecs", "register"), ("signal", "signal"), ("faulthandler", "enable")}


def run_at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that an import evaluates: all but the bodies of functions, and the block of a script."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and "__main__" in ast.unparse(child.test):
            continue
        yield child
        yield from run_at_import(child)


def side_effect(node: ast.AST) -> bool:
    """Return whether a call or an assignment changes something outside of its module."""
    if isinstance(node, ast.Assign):
        return any("getLogger" in ast.unparse(target) for target in node.targets)
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Name):
        return node.func.id in SIDE_EFFECTS
    if isinstance(node.func, ast.Attribute):
        owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
        return node.func.attr in SIDE_EFFECTS or (owner, node.func.attr) in REGISTRATIONS
    return False


def test_importing_a_module_has_no_side_effects() -> None:
    modules = [path for package in ("newsletter", "subscribers") for path in sorted((ROOT / package).rglob("*.py"))]
    assert len(modules) > 500
    assert [
        f"{path.relative_to(ROOT)}: {ast.unparse(node)}"
        for path in modules
        for node in run_at_import(ast.parse(path.read_text(encoding="utf-8")))
        if side_effect(node)
    ] == []
