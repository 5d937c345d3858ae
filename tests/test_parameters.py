"""No function has a parameter with a default that no caller of the program passes: the default is a constant then."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
TREES = [
    (path, ast.parse(path.read_text("utf-8")))
    for package in ("newsletter", "subscribers")
    for path in sorted((ROOT / package).rglob("*.py"))
    if "migrations" not in path.parts
]
SEAMS = {"clock", "now", "pace", "tls"}
"""What only tests pass: the time, how long a body may take, and the certificates that are trusted."""
OF_FRAMEWORKS = {"csrf_failed"}
"""Functions that Django calls, by a name in the settings."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Uses:
    """How functions of one name are called."""

    positions: int = 0
    keywords: set[str] = field(default_factory=set)
    unknown: bool = False
    """Whether one is called with a list of arguments, or handed on as a value."""


def name_of(node: ast.expr) -> str:
    """The last name of what is called or handed on."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def uses() -> dict[str, Uses]:
    """The uses of each name in the program."""
    found: defaultdict[str, Uses] = defaultdict(Uses)
    for _, tree in TREES:
        called = {}
        aliases = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                aliases.update({alias.asname: alias.name for alias in node.names if alias.asname})
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called[id(node.func)] = node
        for node in ast.walk(tree):
            if not isinstance(node, ast.Name | ast.Attribute) or not isinstance(node.ctx, ast.Load):
                continue
            name = name_of(node)
            of_name = found[aliases.get(name, name)]
            call = called.get(id(node))
            if call is None:
                of_name.unknown = True
                continue
            of_name.positions = max(of_name.positions, len(call.args))
            of_name.keywords |= {keyword.arg for keyword in call.keywords if keyword.arg}
            starred = any(isinstance(argument, ast.Starred) for argument in call.args)
            of_name.unknown |= starred or any(keyword.arg is None for keyword in call.keywords)
    return found


def functions(tree: ast.Module) -> Iterator[tuple[str, Function, bool]]:
    """Each function and method without a decorator that changes its signature, by the name that it is called by."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, Function) and not node.bases:
                    name = node.name if method.name == "__init__" else method.name
                    static = any(name_of(decorator) == "staticmethod" for decorator in method.decorator_list)
                    yield name, method, not static
    for node in tree.body:
        if isinstance(node, Function):
            yield node.name, node, False


def optional(function: Function, *, bound: bool) -> Iterator[tuple[str, int | None]]:
    """The parameters with a default, with their position where they may be given by it."""
    positional = [*function.args.posonlyargs, *function.args.args]
    first = len(positional) - len(function.args.defaults)
    for position, argument in enumerate(positional):
        if position >= first:
            yield argument.arg, position - bound
    for argument, default in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True):
        if default is not None:
            yield argument.arg, None


CHANGE_CALLS = {"classmethod", "staticmethod", "contextmanager", "cache", "lru_cache"}


def never_passed() -> Iterator[str]:
    """The parameters that no caller passes."""
    used = uses()
    for path, tree in TREES:
        for name, function, bound in functions(tree):
            decorators = {
                name_of(decorator.func if isinstance(decorator, ast.Call) else decorator)
                for decorator in function.decorator_list
            }
            calls = used[name]
            if name.startswith("__") or name in OF_FRAMEWORKS or calls.unknown or decorators - CHANGE_CALLS:
                continue
            for parameter, position in optional(function, bound=bound):
                if parameter not in SEAMS | calls.keywords and (position is None or position >= calls.positions):
                    yield f"{path.relative_to(ROOT)}: {name}({parameter})"


def test_every_optional_parameter_is_passed_by_some_caller_of_the_program() -> None:
    assert list(never_passed()) == []
