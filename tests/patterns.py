"""The regular expressions of the program, and inputs that make a backtracking matcher slow.

Inputs follow from a pattern's own parts: what can be repeated in it is repeated, behind what leads there and before
something that doesn't match.
"""

import ast
import importlib
import pkgutil
import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

_constants, _parser = importlib.import_module("re._constants"), importlib.import_module("re._parser")
Pattern = re.Pattern[Any]
_FUNCTIONS = ("search", "finditer", "findall", "sub", "subn", "split", "match", "fullmatch", "compile")
_REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT)
_NOT_IMPORTED = ("newsletter.asgi", "newsletter.background.shared")
"""Modules that need a folder with a configuration, or an application that is installed with PostgreSQL only."""
_MANY = 30
_MOST = 40
_CHARACTERS = "a0 <&{%[(\"'/=.-_@:;,#\n\té\u0000Z"
_CATEGORIES = {
    _constants.CATEGORY_DIGIT: r"\d", _constants.CATEGORY_NOT_DIGIT: r"\D", _constants.CATEGORY_SPACE: r"\s",
    _constants.CATEGORY_NOT_SPACE: r"\S", _constants.CATEGORY_WORD: r"\w", _constants.CATEGORY_NOT_WORD: r"\W",
}  # fmt: skip


@dataclass(frozen=True)
class Use:
    """A pattern, where it is, and whether it is only matched at the beginning of a text."""

    where: str
    pattern: Pattern
    anchored: bool


class TooSlow(Exception):
    """The time is over."""


@cache
def uses() -> list[Use]:
    """Every pattern of the packages: those in modules' globals, and those written where they are used."""
    found: dict[tuple[str, str | bytes, int], Use] = {}
    for module in _modules():
        for use in (*_compiled(module), *_written(module)):
            found.setdefault((use.where.partition(":")[0], use.pattern.pattern, use.pattern.flags), use)
    return list(found.values())


@cache
def _modules() -> list[ModuleType]:
    return [
        importlib.import_module(each.name)
        for package in ("newsletter", "subscribers")
        for each in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}.")
        if ".migrations" not in each.name and each.name not in _NOT_IMPORTED
    ]


def _compiled(module: ModuleType) -> Iterator[Use]:
    """Patterns in a module's globals, alone or inside collections."""
    source = _source(module)
    for name, value in vars(module).items():
        inside = list(_inside(value))
        methods = set(re.findall(rf"\b{name}\.(\w+)", source)) if inside else set()
        for pattern in inside:
            yield Use(
                f"{module.__name__}:{name}", pattern, bool(methods) and methods <= {"match", "fullmatch", "pattern"}
            )


@cache
def _source(module: ModuleType) -> str:
    return Path(str(module.__file__)).read_text(encoding="utf-8")


def _inside(value: object) -> Iterator[Pattern]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, Mapping):
        yield from _inside(tuple(value.values()))
    elif isinstance(value, tuple | list | set | frozenset):
        for each in value:
            yield from _inside(each)


def _written(module: ModuleType) -> Iterator[Use]:
    """Patterns that are given to a function of `re`; what is filled in counts as a word."""
    for node, function, pattern in _calls(module):
        text = _text(pattern, vars(module))
        if text is not None:
            yield Use(f"{module.__name__}:{function}", re.compile(text, _flags(node)), function.endswith("match"))


def _calls(module: ModuleType) -> Iterator[tuple[ast.Call, str, ast.expr]]:
    """Calls of functions of `re`, with the function's name and the pattern as it is written."""
    for node in ast.walk(ast.parse(_source(module))):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=function), args=[first, *_]):
                if function in _FUNCTIONS:
                    yield node, function, first
            case _:
                continue


def unread() -> list[str]:
    """Patterns that are made where they are used, of what a module doesn't hold: `uses` can't know them."""
    return sorted(
        f"{module.__name__}:{ast.unparse(pattern)}"
        for module in _modules()
        for _, _, pattern in _calls(module)
        if _text(pattern, vars(module)) is None
    )


def _text(node: ast.expr, names: Mapping[str, object]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part, names) for part in node.values)
    if isinstance(node, ast.Name):
        held = names.get(node.id)
        return held if isinstance(held, str | bytes) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = [_text(part, names) for part in (node.left, node.right)]
        return None if None in parts else parts[0] + parts[1]
    if isinstance(node, ast.FormattedValue):
        known = names.get(node.value.id) if isinstance(node.value, ast.Name) else None
        return known if isinstance(known, str) else "word"
    return None


def _flags(node: ast.Call) -> int:
    named = {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
    return sum(getattr(re, name) for name in ("IGNORECASE", "MULTILINE", "DOTALL", "ASCII") if name in named)


def attacks(pattern: Pattern, size: int) -> list[Any]:
    """Texts of about so many characters that could take long to search for a pattern."""
    tree = _parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
    parts = [(prefix, body) for prefix, body in dict.fromkeys(_repeatable(list(tree), "")) if body]
    parts.sort(key=lambda part: not part[0])  # what the pattern itself repeats comes first
    texts: dict[str, None] = {}
    for prefix, body in parts[:: len(parts) // _MOST + 1]:
        texts.setdefault(prefix + body * (size // len(body)) + "\x00")
        texts.setdefault((prefix + body) * (size // len(prefix + body)))
    return [text.encode("latin-1", "ignore") if isinstance(pattern.pattern, bytes) else text for text in texts]


def _repeatable(items: list[Any], prefix: str) -> Iterator[tuple[str, str]]:
    """What can be repeated in a sequence, each after an example of what leads to it."""
    for op, value in items:
        for inner in _sequences(op, value):
            yield from _repeatable(inner, prefix)
        examples = _examples(op, value)
        if op in _REPEATS and value[1] > _MANY:
            yield from ((prefix, each) for each in _sequence_examples(list(value[2])))
        yield from (("", prefix + each) for each in examples)
        prefix += max(examples, key=len)


def _sequences(op: Any, value: Any) -> list[list[Any]]:
    if op in _REPEATS:
        return [list(value[2])]
    if op is _constants.SUBPATTERN:
        return [list(value[3])]
    if op is _constants.ATOMIC_GROUP:
        return [list(value)]
    if op is _constants.BRANCH:
        return [list(branch) for branch in value[1]]
    if op in (_constants.ASSERT, _constants.ASSERT_NOT):
        return [list(value[1])]
    return []


def _examples(op: Any, value: Any) -> list[str]:
    """A few short texts that an item matches."""
    if op is _constants.LITERAL:
        return [chr(value)]
    if op is _constants.NOT_LITERAL:
        return [next(c for c in _CHARACTERS if ord(c) != value)]
    if op is _constants.ANY:
        return ["a", "<"]
    if op is _constants.IN:
        return _set_examples(value)
    if op in _REPEATS:
        return [each * max(value[0], 1) for each in _sequence_examples(list(value[2]))]
    if op in (_constants.SUBPATTERN, _constants.ATOMIC_GROUP, _constants.BRANCH):
        return list(dict.fromkeys(e for inner in _sequences(op, value) for e in _sequence_examples(inner)))[:6]
    return [""]


def _sequence_examples(items: list[Any]) -> list[str]:
    found = [""]
    for op, value in items:
        found = [before + each for before in found for each in _examples(op, value)][:4]
    return found


def _set_examples(members: list[Any]) -> list[str]:
    negated = members[0][0] is _constants.NEGATE
    own = [
        chr(v[0] if op is _constants.RANGE else v) for op, v in members if op in (_constants.LITERAL, _constants.RANGE)
    ]
    fitting = [c for c in dict.fromkeys([*own, *_CHARACTERS]) if any(_holds(m, c) for m in members) != negated]
    return [*fitting[:3], *fitting[-1:]]


def _holds(member: Any, character: str) -> bool:
    op, value = member
    if op is _constants.LITERAL:
        return ord(character) == int(value)
    if op is _constants.RANGE:
        return int(value[0]) <= ord(character) <= int(value[1])
    return op is _constants.CATEGORY and bool(re.match(_CATEGORIES[value], character))


def in_time(act: Callable[[], object], seconds: float) -> bool:
    """Return whether something ends within so many seconds of CPU time. Works in the main thread."""

    def expire(number: int, frame: FrameType | None) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGVTALRM, expire)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        act()
    except TooSlow:
        return False
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    return True


def _anchored(pattern: re.Pattern[str], text: str) -> None:
    pattern.match(text)
    pattern.fullmatch(text)


def _anywhere(pattern: re.Pattern[str], text: str) -> None:
    for _ in pattern.finditer(text):
        pass


def slow_inputs(use: Use, size: int, seconds: float) -> Iterable[str]:
    """The beginnings of the texts of so many characters for which a pattern takes longer.

    A tenth of a text takes a tenth of the time or less, so only texts whose tenth takes long enough to notice are
    tried whole.
    """
    act = partial(_anchored if use.anchored else _anywhere, use.pattern)
    for number, part in enumerate(attacks(use.pattern, size // 10)):
        began = time.thread_time()
        quick = in_time(partial(act, part), seconds)
        if quick and time.thread_time() - began > seconds / 500:
            quick = in_time(partial(act, attacks(use.pattern, size)[number]), seconds)
        if not quick:
            yield repr(part[:60])
