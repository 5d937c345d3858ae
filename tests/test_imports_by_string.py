"""Modules that are named in strings: they exist, are below the module that names them, and make no cycle.

`.importlinter` follows import statements. Django's settings, late addresses and modules that are loaded when they are
needed are named in strings.
"""

import ast
import configparser
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("newsletter", "subscribers")
START = ("newsletter.settings", "newsletter.apps", "subscribers.apps", "newsletter.asgi")
"""What Django is started with, which is above whatever starts it."""
KEYS = ("newsletter.api.limit", "newsletter.api.caller")
"""Keys of a request's `META`."""


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES, cache_dir=None)


def _constants(path: Path) -> Iterator[str]:
    """Yield the strings that look like names of our modules, without names of loggers and of models."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    loggers = {id(each) for call in calls if getattr(call.func, "attr", "") == "getLogger" for each in call.args}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in loggers:
            package, _, rest = node.value.partition(".")
            is_name = "." in rest and all(each.isidentifier() for each in rest.split("."))
            if package in PACKAGES and is_name and node.value not in KEYS:
                yield node.value


@pytest.fixture(scope="module")
def named(graph: grimp.ImportGraph) -> list[tuple[str, str, str]]:
    """The modules that have strings, the strings, and the modules that they name."""
    return list(_named(graph))


def _named(graph: grimp.ImportGraph) -> Iterator[tuple[str, str, str]]:
    for name in sorted(graph.modules):
        base = ROOT.joinpath(*name.split("."))
        file = base.with_suffix(".py")  # a package of this name may have left a folder of compiled files
        path = file if file.exists() else base / "__init__.py"
        if ".migrations." in name:
            continue
        for text in _constants(path):
            module = text if text in graph.modules else text.rpartition(".")[0]
            if module in graph.modules and not module.startswith(START):
                yield name, text, module


def test_what_strings_name_exists(named: list[tuple[str, str, str]]) -> None:
    for _, text, module in named:
        if text != module and module not in PACKAGES:
            assert hasattr(import_module(module), text.rpartition(".")[2]), text


def test_strings_name_modules_below(named: list[tuple[str, str, str]]) -> None:
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter", encoding="utf-8")
    floors = contracts["importlinter:contract:floors"]["layers"].split("\n")
    level = {name.strip(): number for number, line in enumerate(floors) for name in line.replace("|", ":").split(":")}

    def floor(module: str) -> int:
        return level.get(".".join(module.split(".")[:2]), len(floors))

    upward = [(name, text) for name, text, module in named if floor(name) > floor(module)]
    assert upward == []


def test_strings_make_no_cycle(graph: grimp.ImportGraph, named: list[tuple[str, str, str]]) -> None:
    for name, _, module in named:
        if name != module:
            graph.add_import(importer=name, imported=module)
    back = {
        (name, module): chain
        for name, _, module in named
        if name != module and (chain := graph.find_shortest_chain(importer=module, imported=name))
    }
    assert back == {}
